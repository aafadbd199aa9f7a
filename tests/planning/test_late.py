"""Late risk of a pair, by hand, over what was due in increments that are over."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from metrics.models import EpicLink
from planning.delivered import delivered
from planning.models import Card, Dependency, Increment
from planning.queries.late import Tally, tallies
from planning.queries.strings import strings
from portfolio.models import Feature
from tests.cast import Cast
from tests.funding.cast import board, derived, item
from tests.planning.cast import Planned, make_planned

# Iteration 1 of the cast ends on Friday 16 January 2026, iteration 2 on the 30th.
END = date(2026, 1, 16)


def due(plan: Planned, number: int, delivered_on: date | None = None, **fields: Any) -> Dependency:
    """Heron was to provide something to Falcon until iteration 1 ends."""
    provider = plan.card(f"Provider {number}", plan.heron, 1)
    consumer = plan.card(f"Consumer {number}", plan.falcon, 2)
    state = {"agreement": "delivered", "delivered_on": delivered_on} if delivered_on else {}
    return plan.need(provider, consumer, **{"needed_in": plan.iterations[0]} | state | fields)


def closed(plan: Planned, state: str = "closed") -> None:
    closed_at = timezone.now() if state == "closed" else None
    Increment.objects.update(state=state, closed_at=closed_at, committed_at=timezone.now())


def test_a_day_after_its_iteration_is_late_and_so_is_never(cast: Cast) -> None:
    plan = make_planned(cast)
    due(plan, 1, END)
    due(plan, 2, END + timedelta(days=1))
    due(plan, 3)
    # Neither agreed nor needed any more: no promise was broken.
    due(plan, 4, agreement="requested")
    due(plan, 5, agreement="declined")
    pair = ("team", cast.heron.pk), ("team", cast.falcon.pk)
    assert tallies(date(2026, 6, 1)) == {}
    closed(plan)
    found = tallies(date(2026, 6, 1))
    assert found == {pair: Tally(late=2, n=3)}
    # (2 + 1) / (3 + 2) = 60 %.
    assert found[pair].text == "60 %"
    assert found[pair].title == "Late risk 60 %: 2 of 3 dependencies of this pair came late; (2 + 1) ÷ (3 + 2)."


def test_of_a_committed_increment_only_iterations_that_are_over_count(cast: Cast) -> None:
    plan = make_planned(cast)
    due(plan, 1, END)
    # Without a wish it is due with the consumer's iteration, the second.
    due(plan, 2, needed_in=None)
    closed(plan, "committed")
    counts = {
        on: sum(one.n for one in tallies(on).values()) for on in (END, END + timedelta(days=1), date(2026, 1, 31))
    }
    assert list(counts.values()) == [0, 1, 2]


def test_a_pair_is_of_teams_and_names_whatever_the_increment(cast: Cast) -> None:
    """External rows are known by their name; a card that moved to another row is provided there."""
    plan = make_planned(cast)
    consumer = plan.card("Payouts", plan.falcon, 2)
    outside = plan.need(plan.card("Certificate", plan.bank, 1), consumer)
    moved = plan.need(plan.card("Tokens", plan.kite, 1), consumer)
    Dependency.objects.filter(pk=moved.pk).update(provider_lane=plan.heron)
    closed(plan)
    falcon = ("team", cast.falcon.pk)
    both = {(("name", "bank"), falcon): Tally(1, 1), (("team", cast.kite.pk), falcon): Tally(1, 1)}
    assert tallies(date(2026, 6, 1)) == both
    # (1 + 1) / (1 + 2) = 67 %.
    found = {one.id: (one.badge, one.has_history) for one in strings(plan.increment, on=date(2026, 6, 1))}
    assert found == {outside.pk: ("67 %", True), moved.pk: ("67 %", True)}


def test_what_nobody_marked_came_with_its_feature(cast: Cast) -> None:
    """By its last item in time, and a day late; closed without items in time, and open: 2 of 4 are late."""
    plan = make_planned(cast)
    for number, day in enumerate((END, END + timedelta(days=1)), 1):
        feature = Feature.objects.create(team=cast.heron, name=f"Feature {number}", rank=number)
        EpicLink.objects.create(feature=feature, source=board(cast.heron), parent=feature.name)
        item(cast.heron, f"H-{number}", "2026-01-07 08:00", f"{day} 12:00", parent=feature.name)
        Card.objects.filter(serves=due(plan, number)).update(feature=feature)
    derived(cast.heron)
    for number, ended_on in ((3, END), (4, None)):
        feature = Feature.objects.create(team=cast.heron, name=f"Feature {number}", rank=number, ended_on=ended_on)
        Card.objects.filter(serves=due(plan, number)).update(feature=feature)
    closed(plan)
    assert tallies(date(2026, 6, 1)) == {(("team", cast.heron.pk), ("team", cast.falcon.pk)): Tally(late=2, n=4)}


def test_the_day_of_a_delivery_is_the_portals() -> None:
    """Noon UTC of the 15th is one o'clock at night of the 16th in Auckland."""
    card, noon = Card(pk=1, done_on=date(2026, 1, 16)), datetime(2026, 1, 15, 12, tzinfo=UTC)
    assert delivered([card], noon) == {}
    with timezone.override(ZoneInfo("Pacific/Auckland")):
        assert delivered([card], noon) == {1: date(2026, 1, 16)}
