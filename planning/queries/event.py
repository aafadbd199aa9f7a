"""What the page of the event shows: the timer, the agenda with its times, the votes, the walls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from planning.formulas.agenda import placed
from planning.models import AgendaItem, Increment, JoinLink, LaneKind, Timer
from planning.queries.polls import Vote, votes_of
from planning.queries.timer import timer_of, timer_state


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of the agenda with its times; `late`: minutes that it begins before the one above it ends."""

    item: AgendaItem
    start: time
    end: time
    late: int
    is_on: bool


@dataclass(frozen=True, slots=True)
class Day:
    number: int
    slots: Sequence[Slot]

    @property
    def minutes(self) -> int:
        return sum(slot.item.minutes for slot in self.slots)


@dataclass(frozen=True, slots=True)
class EventPage:
    """An event as it is now."""

    timer: Timer
    state: dict[str, Any]
    days: Sequence[Day]
    votes: Sequence[Vote]
    links: Sequence[JoinLink]
    # Teams on the board that have no vote yet, by the key of their row.
    missing: Sequence[tuple[int, str]]

    @property
    def finding(self) -> str:
        """The heading: what is going on."""
        open_ones = [vote for vote in self.votes if vote.is_open]
        if open_ones:
            first = open_ones[0]
            more = f" and {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
            return f"The vote of {first.of if first.poll.lane_id else 'the train'}{more} is open"
        said = [vote for vote in self.votes if vote.result and vote.result.votes]
        doubts = [vote.of for vote in said if vote.result and not vote.result.accepted]
        if doubts:
            return f"{doubts[0]}{f' and {len(doubts) - 1} more' if len(doubts) > 1 else ''} asked for rework"
        if said and not self.missing:
            return "Every team accepts the plan"
        if self.state["state"] != "stopped" and self.state["title"]:
            return f"Now: {self.state['title']}"
        if said:
            left = len(self.missing)
            return f"{left} team{'' if left == 1 else 's'} still to vote; those that did accept the plan"
        return "Nothing was voted on yet" if self.days else "This event has no agenda yet"


def event_page(increment: Increment, *, manages: bool) -> EventPage:
    """The event; links are told to those who manage the train."""
    timer, votes = timer_of(increment), votes_of(increment)
    asked = {vote.poll.lane_id for vote in votes}
    lanes = increment.lanes.filter(kind=LaneKind.TEAM, left_on=None)
    return EventPage(
        timer,
        timer_state(timer, timezone.now()),
        days_of(increment, timer.item_id if timer.ends_at or timer.left_seconds is not None else None),
        votes,
        list(increment.links.filter(revoked_at=None, expires_at__gt=timezone.now())) if manages else [],
        [(lane.pk, lane.name) for lane in lanes if lane.pk not in asked],
    )


def days_of(increment: Increment, on: int | None = None) -> list[Day]:
    """The agenda by day, each part with its times; `on` is the part whose timer runs."""
    by_day: dict[int, list[AgendaItem]] = {}
    for item in increment.agenda.all():
        by_day.setdefault(item.day, []).append(item)
    return [Day(day, _slots(items, on)) for day, items in by_day.items()]


def _slots(items: Sequence[AgendaItem], on: int | None) -> list[Slot]:
    places = placed([(item.minutes, _minute(item.starts_at)) for item in items])
    return [
        Slot(item, _clock(place.start), _clock(place.end), place.late, item.pk == on)
        for item, place in zip(items, places, strict=True)
    ]


def _minute(at: time | None) -> int | None:
    return at.hour * 60 + at.minute if at else None


def _clock(minutes: int) -> time:
    return (datetime(2000, 1, 1, tzinfo=timezone.get_default_timezone()) + timedelta(minutes=minutes)).time()
