"""The strategy of the demo organisation: it fits the teams that are there, comes once, and can be emptied."""

from decimal import Decimal

import pytest

from connectors.demo import actions
from funding.models import Amendment
from okrs.models import CheckIn, KeyResult, Objective
from portfolio.models import Approval, Decision, Initiative, StageEntry, ValueStream
from portfolio.quarters import Quarter
from tests.demo import UNTIL
from vmo import demo as strategy
from vmo.demo.story import AMENDED, BUDGETS

pytestmark = pytest.mark.usefixtures("demo")


def test_it_is_made_for_the_streams_that_are_there() -> None:
    strategy.load(UNTIL)
    there = set(ValueStream.objects.values_list("slug", flat=True))
    assert there == {"payments", "onboarding", "platform"}
    assert set(Initiative.objects.values_list("stream__slug", flat=True)) == there
    assert not Objective.objects.filter(stream__slug="customer-care").exists()


def test_what_the_rules_of_the_house_demand_holds() -> None:
    strategy.load(UNTIL)
    for initiative in Initiative.objects.exclude(hypothesis=""):
        last = StageEntry.objects.filter(initiative=initiative).latest("at")
        assert last.stage == initiative.stage
        assert (initiative.stage == "done") == (initiative.ended_on is not None) == bool(initiative.verdict)
    # What costs more than 200,000 and is implemented was approved; Instant transfers waits for it.
    dear = Initiative.objects.filter(stage="implementing", estimated_cost__gt=Decimal(200_000))
    assert dear.exists()
    assert not dear.exclude(approvals__state="approved").exists()
    assert Approval.objects.get(state="asked").initiative.name == "Instant transfers by default"
    assert not CheckIn.objects.filter(on__gt=UNTIL).exists()
    assert not Decision.objects.filter(state="open").exists()


def test_a_budget_was_amended_in_the_quarter() -> None:
    strategy.load(UNTIL)
    quarter = Quarter.of(UNTIL).first
    amounts = Amendment.objects.filter(stream__slug="payments", quarter=quarter).order_by("at")
    first, _, reason = AMENDED["payments"]
    assert [int(one.amount) for one in amounts] == [first * 1000, BUDGETS["payments"][1] * 1000]
    assert amounts[1].reason == reason


def test_the_refund_time_loses_confidence_three_times_in_a_row() -> None:
    strategy.load(UNTIL)
    refunds = KeyResult.objects.get(name="Refund time", objective__cycle__slug=Quarter.of(UNTIL).slug)
    assert list(refunds.check_ins.order_by("on").values_list("confidence", flat=True))[-4:] == [8, 7, 5, 4]


def _counts() -> list[int]:
    return [model._default_manager.count() for model in (Initiative, StageEntry, CheckIn, Amendment, Approval)]


def test_loading_again_adds_nothing() -> None:
    strategy.load(UNTIL)
    before = _counts()
    strategy.load(UNTIL)
    assert _counts() == before


def test_the_whole_demo_can_be_emptied() -> None:
    strategy.load(UNTIL)
    strategy.empty()
    actions.empty(force=True)
    assert not ValueStream.objects.exists()
    assert not Initiative.objects.exists()
