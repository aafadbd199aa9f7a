"""What a row carries against what its team can: units apart, first increments, velocity, holidays, by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from metrics.actions import refresh
from metrics.models import WorkItem
from planning.actions.writing import write
from planning.capacity import Load, loads
from planning.models import Absence, Capacity, Card, Increment, Iteration, Lane, LaneKind, Seat, Train
from portfolio.models import Holiday, Team
from tests.cast import Cast
from tests.funding.cast import board, item
from tests.planning.cast import Planned, make_planned


@pytest.fixture
def plan(cast: Cast) -> Planned:
    """Falcon plans in points, the others in items."""
    Team.objects.filter(pk=cast.falcon.pk).update(planning_unit="points")
    return make_planned(cast)


def of(plan: Planned, lane: Lane, iteration: int = 1) -> Load:
    return loads(plan.increment)[lane.pk, plan.iterations[iteration - 1].pk]


def test_a_first_increment_is_reckoned_from_its_people(plan: Planned, cast: Cast) -> None:
    Seat.objects.create(lane=plan.falcon, name="Full")
    half = Seat.objects.create(lane=plan.falcon, name="Half", share=50)
    Seat.objects.create(lane=plan.falcon, name="Product owner", makes_capacity=False)
    Holiday.objects.create(calendar=cast.calendar, on=date(2026, 1, 6))
    # Friday to Monday: two working days of half a person.
    Absence.objects.create(seat=half, first_on=date(2026, 1, 9), last_on=date(2026, 1, 12))
    plan.card("Refund API", plan.falcon, 1, size=8)
    found = of(plan, plan.falcon)
    # 8 × 1.5 × 9 ÷ 10 = 10.8, less 1.
    assert (found.text, found.capacity, found.tone) == ("8 / 9.8", Decimal("9.8"), "")
    assert found.formula == (
        "8 points × 1.5 full-time people × 9 ÷ 10 working days \u2212 1 person-days off = 9.8 points"
    )
    # The second iteration has ten days and nobody is off.
    assert of(plan, plan.falcon, 2).capacity == 12


def test_without_people_or_a_rule_it_is_not_known(plan: Planned) -> None:
    plan.card("Refund API", plan.falcon, 1, size=8)
    plan.card("Ledger split", plan.heron, 1, size=2, unit="items")
    falcon, heron = of(plan, plan.falcon), of(plan, plan.heron)
    assert (falcon.text, falcon.capacity, falcon.tone, falcon.share) == ("8 / n/a", None, "", None)
    assert "nobody who develops or tests" in falcon.title
    assert heron.title.startswith("2 items, capacity n/a: there is no rule for the first increment")


def test_units_are_not_mixed(plan: Planned) -> None:
    Capacity.objects.create(
        lane=plan.falcon, iteration=plan.iterations[0], amount=33, unit="points", reason="As agreed"
    )
    plan.card("Refund API", plan.falcon, 1, size=36)
    plan.card("Letters", plan.falcon, 1, size=5, unit="items")
    plan.card("Later", plan.falcon, 1)
    plan.card("Go-live", plan.falcon, 1, kind="milestone")
    plan.card("Unplanned", plan.falcon, size=50)
    gone = plan.card("Gone", plan.falcon, 1, size=50)
    Card.objects.filter(pk=gone.pk).update(removed_at="2026-01-01T00:00Z")
    found = of(plan, plan.falcon)
    assert (found.text, found.tone, found.over, found.by_hand) == ("36 / 33", "red", Decimal(3), True)
    # 36 ÷ 33 = 109.09 %.
    assert found.title == ("36 of 33 points, 109.1 %, over by 3; 1 card in items is not added; 1 card without a size")
    assert found.formula == "33 points by hand: As agreed"


def test_a_capacity_by_hand_in_another_unit_is_not_used(plan: Planned) -> None:
    Capacity.objects.create(lane=plan.heron, iteration=plan.iterations[0], amount=33, unit="points", reason="Old")
    found = of(plan, plan.heron)
    assert (found.capacity, found.by_hand) == (None, False)
    assert "the capacity by hand is in points, the team plans in items" in found.title


@pytest.mark.parametrize(("size", "tone"), [("89.9", ""), ("90", "amber"), ("100", "amber"), ("100.1", "red")])
def test_thresholds(plan: Planned, size: str, tone: str) -> None:
    Capacity.objects.create(lane=plan.falcon, iteration=plan.iterations[0], amount=100, unit="points", reason="Even")
    plan.card("Refund API", plan.falcon, 1, size=Decimal(size))
    assert of(plan, plan.falcon).tone == tone


def test_the_ip_iteration_carries_no_features(plan: Planned) -> None:
    assert (of(plan, plan.falcon, 6).text, of(plan, plan.falcon, 6).tone) == ("0 / 0", "")
    plan.card("Hackathon", plan.falcon, 6, size=3, kind="other")
    assert of(plan, plan.falcon, 6).tone == ""
    plan.card("Not sized", plan.falcon, 6)
    found = of(plan, plan.falcon, 6)
    assert (found.tone, found.title) == ("red", "0 points: IP carries no features; 1 card without a size")


def finish(team: Team, counts: list[int], last: date) -> None:
    """So many items finished in each fortnight of the team, the last of which ends on `last`."""
    for back, count in enumerate(reversed(counts)):
        day = last - timedelta(days=14 * back + 3)
        for number in range(count):
            item(team, f"{day:%m%d}-{number}", f"{day - timedelta(days=2)} 08:00", f"{day} 12:00")
    refresh(board(team))


def test_in_the_first_increment_of_a_team_in_items_its_velocity_stands_in(plan: Planned, cast: Cast) -> None:
    # Fortnights begin on 29 December 2025 and every 14 days before: five of them lie in the 84 days before 5 January.
    finish(cast.heron, [1, 2, 4, 5, 20], date(2025, 12, 28))
    # The sixth, which begins on 29 December, is cut: it does not count.
    item(cast.heron, "cut", "2025-12-29 08:00", "2025-12-30 12:00")
    refresh(board(cast.heron))
    Holiday.objects.create(calendar=cast.calendar, on=date(2026, 1, 6))
    found = of(plan, plan.heron)
    # The median of 1, 2, 4, 5, 20 is 4; × 9 ÷ 10.
    assert found.capacity == Decimal("3.6")
    assert found.formula == (
        "median velocity 4 items × 9 ÷ 10 working days = 3.6 items; no people are entered, so nobody's days off are "
        "taken off; its velocity stands in: there is no rule for the first increment of a team that plans in items"
    )
    seat = Seat.objects.create(lane=plan.heron, name="Full")
    Absence.objects.create(seat=seat, first_on=date(2026, 1, 12), last_on=date(2026, 1, 14))
    # Three of nine person-days off: 3.6 × (1 − 3 ÷ 9) = 2.4.
    assert of(plan, plan.heron).capacity == Decimal("2.4")


def test_velocity_is_of_the_time_since_the_team_holds_items(plan: Planned, cast: Cast) -> None:
    """Since 24 November: the fortnights that end on 7 and 21 December and, far west of the portal, on 4 January, with
    1, 2 and 4 items. With the three before as zeros the median would be 0; without the last it would be 1."""
    Team.objects.filter(pk=cast.heron.pk).update(timezone="America/Los_Angeles", iteration_starts_on=date(2025, 12, 22))
    cast.heron.refresh_from_db()
    finish(cast.heron, [1, 2, 4], date(2026, 1, 4))
    WorkItem.objects.update(created_at="2025-11-24T12:00Z")
    refresh(board(cast.heron))
    assert of(plan, plan.heron).capacity == 2


def test_after_a_closed_increment_people_do_not_make_points(plan: Planned) -> None:
    """Without a velocity there is no figure: guessing 8 points a head ends with the first increment."""
    Seat.objects.create(lane=plan.falcon, name="Full")
    assert of(plan, plan.falcon).capacity == 8
    closed_before(plan)
    found = of(plan, plan.falcon)
    assert found.capacity is None
    assert found.reason == "its velocity is n/a (no source connected): give it by hand"


def test_points_by_people_in_the_first_increment_by_velocity_from_the_second_on(plan: Planned, cast: Cast) -> None:
    Seat.objects.create(lane=plan.falcon, name="Full")
    # Two items of 3 points in each fortnight.
    finish(cast.falcon, [2] * 6, date(2025, 12, 28))
    WorkItem.objects.update(points=3)
    refresh(board(cast.falcon))
    assert of(plan, plan.falcon).capacity == 8
    closed_before(plan)
    assert of(plan, plan.falcon).capacity == 6


def closed_before(plan: Planned) -> None:
    """An increment of Falcon in December."""
    earlier = Increment.objects.create(
        train=Train.objects.get(), slug="pi-25-4", name="PI 25.4", seed=1, state="closed", closed_at="2025-12-30T00:00Z"
    )
    Lane.objects.create(increment=earlier, kind=LaneKind.TEAM, team=plan.falcon.team, name="Falcon")
    Iteration.objects.create(increment=earlier, number=1, name="1", first_on="2025-12-01", last_on="2025-12-12")


def test_as_many_queries_for_three_rows_as_for_one(plan: Planned) -> None:
    asked = []
    for lanes in ([plan.falcon], [plan.falcon, plan.heron, plan.kite]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(loads(plan.increment, lanes)) == 6 * len(lanes)
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_only_what_is_asked_is_answered(plan: Planned) -> None:
    card = plan.card("Refund API", plan.falcon, 1, size=8)
    with write(None, plan.increment, "moved") as held:
        held.set(held.hold(card), iteration=plan.iterations[1])
    found = loads(plan.increment, [plan.falcon, plan.bank], plan.iterations[:2], Card.objects.all())
    assert {place: one.load for place, one in found.items()} == {
        (plan.falcon.pk, plan.iterations[0].pk): 0,
        (plan.falcon.pk, plan.iterations[1].pk): 8,
    }
