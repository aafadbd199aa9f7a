"""What became of a plan of the demo organisation: when its features landed, and what was said to be delivered, line by
line in the order of the days. Nothing of it is known when the plan is committed to."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from metrics.forecasts import work as works
from metrics.forecasts.landing import landed
from planning.models import Card, Dependency, IncrementState
from portfolio.models import Feature

if TYPE_CHECKING:
    from vmo.demo.plan import Plan

SLICES = (
    *("A pilot with ten customers", "Screens agreed with support", "Load test passed", "The old way is switched off"),
    *("Support knows what to say", "Contract with the supplier", "Figures for the regulator", "A week without alarms"),
    *("Texts in three languages", "Rights reviewed", "Restore rehearsed", "First branch uses it"),
)
# Each team promised one of them for each of these iterations.
PROMISED_FOR = (2, 4)
# What was moved after the commitment was moved after so many days.
MOVED_AFTER = timedelta(days=20)


def landings(features: Iterable[Feature], today: date) -> dict[int, date]:
    """Feature (primary key) → the day on which the last of its items was finished, of those where it was by `today`."""
    rows = list(features)
    work = works.of_features(rows, timezone.now())
    known = landed(work, today)
    return {row.pk: day for row in work.features if (day := known.get(row.pk)) and day <= today}


def slices(plan: "Plan") -> None:
    """What is no feature in the data: days that a team promised; a few of them it missed."""
    titles = list(SLICES)
    plan.dice.shuffle(titles)
    for place, team in enumerate(plan.teams):
        for n, iteration in enumerate(PROMISED_FOR):
            card = plan.add_card(
                team.slug,
                iteration,
                key=f"{team.slug[:3].upper()}-P{n + 1}",
                title=titles[(len(PROMISED_FOR) * place + n) % len(titles)],
                kind="milestone",
                unit=team.planning_unit,
            )
            days = plan.story.slow.get((team.slug, iteration), -2)
            plan.done[card.pk] = plan.columns[iteration - 1].last_on + timedelta(days=days)


def delivery(plan: "Plan", late: int | None, row: Dependency) -> date | None:
    """When a dependency was delivered: so many days after the iteration it was needed in, else when its provider was;
    None: nobody said so."""
    if late is not None and row.needed_in:
        return row.needed_in.last_on + timedelta(days=late)
    provider = row.provider
    return plan.done.get(provider.pk) or plan.landed.get(provider.feature_id or 0) if provider else None


def go_on(plan: "Plan") -> None:
    """From the commitment to the end, or to yesterday: what was moved, and what was delivered."""
    last = min(plan.columns[-1].last_on, plan.today - timedelta(days=1))
    days: list[tuple[date, Callable[[], None]]] = [(plan.first + MOVED_AFTER, plan.move)]
    for pk, day in plan.done.items():
        days.append((day, _said_done(plan, pk, day)))
    for late, row in plan.needs:
        if on := delivery(plan, late, row):
            days.append((on, _said_delivered(plan, row, on)))
    # What was done on the same day is written in this order.
    for day, verb in sorted(days, key=lambda pair: pair[0]):
        if day <= last or verb == plan.move:
            plan.on(day)
            verb()


def _said_done(plan: "Plan", pk: int, day: date) -> Callable[[], None]:
    def said() -> None:
        card = Card.objects.select_related("lane__team").get(pk=pk)
        who = plan.someone(card.lane.team if card.lane else None)
        with plan.line(who, "changed", f"changed {card.key or card.title}: day of delivery") as board:
            board.set(board.hold(card), done_on=day)

    return said


def _said_delivered(plan: "Plan", row: Dependency, day: date) -> Callable[[], None]:
    def said() -> None:
        text = f"delivered “{row.what}” of {row.provider_lane} for {row.consumer.key or row.consumer.title}"
        team = row.provider_lane.team if row.provider_lane else None
        with plan.line(plan.someone(team), "delivered", text) as board:
            board.set(board.hold(row), agreement="delivered", delivered_on=day)

    return said


def iteration_of(plan: "Plan", feature: Feature) -> int | None:
    """In which iteration a feature was planned; None: in none.

    Of a plan that is over the one in which it landed, or one before where the team hoped too much (`hopes` of the
    story); what did not land comes last. Else the one of the day on which it is due, or ended.
    """
    last = len(plan.columns) - 1
    if plan.story.state == IncrementState.CLOSED:
        day = plan.landed.get(feature.pk)
        early = 1 if feature.pk in plan.hopes else 0
        return max(1, min(_column(plan, day), last) - early) if day else last
    end = feature.ended_on or feature.due_on
    if end is None or end > plan.columns[-1].last_on:
        return None
    return min(_column(plan, end), last)


def _column(plan: "Plan", day: date) -> int:
    return next((column.number for column in plan.columns if day <= column.last_on), len(plan.columns))


__all__ = ["SLICES", "delivery", "go_on", "iteration_of", "landings", "slices"]
