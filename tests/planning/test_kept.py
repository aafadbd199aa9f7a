"""What capacities and late risks are kept until: whatever they rest on. Only what is committed is kept at all, so these
tests commit."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from planning.actions.capacities import clear_capacity, set_capacity
from planning.actions.cards import move_card
from planning.actions.writing import write
from planning.capacity import loads
from planning.models import Card, Dependency, Increment, IncrementState, Seat
from planning.queries.late import Tally, tallies
from portfolio.actions.organisation import add_holidays
from portfolio.models import Team
from tests.cast import Cast, make_cast
from tests.planning.cast import Planned, make_planned

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def plan(cast: Cast) -> Planned:
    Team.objects.filter(pk=cast.falcon.pk).update(planning_unit="points")
    plan = make_planned(cast)
    with write(None, plan.increment, "added a person") as board:
        board.add(Seat(lane=plan.falcon, name="Nora"))
    return plan


def shown(plan: Planned) -> str:
    """Of Falcon in the first iteration; the increment as it was read long ago."""
    return loads(plan.increment)[plan.falcon.pk, plan.iterations[0].pk].text


def test_a_capacity_is_kept_until_what_it_rests_on_changes(plan: Planned, cast: Cast) -> None:
    # 8 points × 1 person × 10 ÷ 10 working days.
    assert shown(plan) == "0 / 8"
    place = {"actor": cast.pmo, "lane": plan.falcon, "iteration": plan.iterations[0]}
    set_capacity(**place, amount=Decimal(5), reason="Training")  # type: ignore[arg-type]
    assert shown(plan) == "0 / 5"
    clear_capacity(**place)  # type: ignore[arg-type]
    assert shown(plan) == "0 / 8"
    add_holidays(actor=cast.pmo, calendar=cast.calendar, days=[(date(2026, 1, 6), "Epiphany")])
    # 9 of 10 working days.
    assert shown(plan) == "0 / 7.2"


def test_a_move_reads_the_capacity_that_is_kept(plan: Planned, cast: Cast) -> None:
    card = plan.card("Refunds", plan.falcon, 1, size=3)
    assert shown(plan) == "3 / 8"
    move_card(actor=cast.pmo, card=Card.objects.get(pk=card.pk), lane=plan.falcon, iteration=plan.iterations[1])
    with CaptureQueriesContext(connection) as queries:
        assert shown(plan) == "0 / 8"
    assert not any("planning_seat" in query["sql"] for query in queries)


def test_what_is_taken_back_leaves_nothing_behind(plan: Planned) -> None:
    with transaction.atomic():
        with write(None, plan.increment, "added a person") as board:
            board.add(Seat(lane=plan.falcon, name="Omar"))
        assert shown(plan) == "0 / 16"
        transaction.set_rollback(True)
    assert shown(plan) == "0 / 8"
    # The same line of the log again, with something else in it.
    with write(None, plan.increment, "added a person") as board:
        board.add(Seat(lane=plan.falcon, name="Ida", share=50))
    # 8 × 1.5.
    assert shown(plan) == "0 / 12"


def test_late_risks_are_kept_until_a_plan_that_counts_changes(plan: Planned, cast: Cast) -> None:
    provider, consumer = plan.card("Ledger", plan.heron, 1), plan.card("Refunds", plan.falcon, 2)
    need = plan.need(provider, consumer, agreement="agreed")
    with write(None, plan.increment, "closed") as board:
        board.set(board.increment, state=IncrementState.CLOSED, closed_at=timezone.now())
    pair, day = (("team", cast.heron.pk), ("team", cast.falcon.pk)), date(2026, 6, 1)
    # Never delivered.
    assert tallies(day) == tallies(day) == {pair: Tally(late=1, n=1)}
    with write(None, Increment.objects.get(pk=plan.increment.pk), "delivered", even_closed=True) as board:
        board.set(board.hold(Dependency.objects.get(pk=need.pk)), agreement="delivered", delivered_on=date(2026, 1, 7))
    assert tallies(day) == {pair: Tally(late=0, n=1)}
