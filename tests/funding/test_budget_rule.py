"""The budget decision: proposed when the straight-line forecast is more than 5 % above the budget, with its cost."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from funding.evidence import overspends
from funding.models import LedgerEntry
from portfolio import actions, proposals
from portfolio.models import Decision, ValueStream
from tests.cast import Cast
from tests.funding.cast import HALF, at, budget, line, no_teams
from tests.portfolio.test_api import Api

# Three days of the quarter are left, 87 of 90 are over.
LATE = at("2025-03-28 12:00")


@pytest.fixture
def payments(cast: Cast) -> ValueStream:
    """A budget of 1,000 and nothing but a ledger."""
    no_teams(cast.falcon, cast.heron, cast.kite)
    budget(cast.payments, "1000")
    return cast.payments


def spend(stream: ValueStream, amount: str) -> None:
    LedgerEntry.objects.filter(stream=stream).delete()
    line(stream, "all", date(2025, 2, 3), amount)


@pytest.mark.parametrize(
    ("spent", "is_proposed"),
    # At half of the quarter the forecast is twice the spend: 1,050 is 5 % above 1,000, which is not more than 5 %.
    [("400", False), ("500", False), ("525", False), ("525.01", True), ("700", True)],
)
def test_more_than_five_per_cent(payments: ValueStream, spent: str, is_proposed: bool) -> None:
    spend(payments, spent)
    assert len(overspends(HALF)) == is_proposed


@pytest.mark.parametrize(
    ("when", "spent", "cost"),
    [
        # Forecast 1,200, over by 200; from 14 February 14 + 31 = 45 days are left: 200 × 7 ÷ 45 = 31.11 a week.
        (HALF, "600", "31.11"),
        # Forecast 1,160 × 90 ÷ 87 = 1,200, over by 200; three days are left, which count as one week.
        (LATE, "1160", "200.00"),
    ],
)
def test_waiting_costs_the_overspend_a_week(payments: ValueStream, when: datetime, spent: str, cost: str) -> None:
    spend(payments, spent)
    [found] = overspends(when)
    assert (found.stream, found.cost_kind, found.cost_per_week) == (payments, "overspend", Decimal(cost))


def test_nothing_is_said_without_a_budget_or_of_what_has_ended(payments: ValueStream, cast: Cast) -> None:
    spend(payments, "900")
    line(cast.platform, "platform", date(2025, 2, 3), "900")
    assert [one.stream for one in overspends(HALF)] == [payments]
    ValueStream.objects.filter(pk=payments.pk).update(ended_on=date(2025, 2, 13))
    assert overspends(HALF) == []


def test_asked_once_and_again_with_another_tenth(payments: ValueStream, cast: Cast) -> None:
    spend(payments, "600")
    [made] = proposals.propose(HALF)
    # 1,200 is 20 % above: 60 % spent at 50 % of the quarter.
    assert made.question.replace("\xa0", " ").startswith("Payments: add 200")
    assert "60 % of the budget of Q1 2025 is spent when 50 %" in made.why.replace("\xa0", " ")
    assert proposals.propose(HALF) == []
    actions.dismiss_decision(actor=cast.leader, decision=made)
    spend(payments, "640")
    assert proposals.propose(HALF) == [], "28 % is in the same tenth"
    spend(payments, "660")
    assert len(proposals.propose(HALF)) == 1, "32 % is another"


def test_the_api_and_the_page_say_what_waiting_costs_to_those_who_see_money(payments: ValueStream, cast: Cast) -> None:
    spend(payments, "600")
    [made] = proposals.propose(HALF)
    _, found = Api(cast.leader)("get", f"decisions/{made.pk}/")
    assert isinstance(found, dict)
    assert (found["cost_kind"], found["cost_per_week"]) == ("overspend", "31.11")
    assert Api(cast.coach)("get", f"decisions/{made.pk}/")[0] == 404
    assert Decision.objects.get().cost_per_week == Decimal("31.11")
    page = Api(cast.leader).client
    page.force_login(cast.leader)
    assert "31" in page.get(f"/portfolio/decisions/{made.pk}/").content.decode()
