"""Whose check-in is due: of which key results, since when, and who should say it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from metrics.kpis import value_text
from okrs.formulas import progress
from okrs.formulas.progress import GRACE_DAYS, State
from okrs.models import CheckIn, KeyResult, KeyResultKind, Objective
from okrs.queries.standings import newest, progress_of
from okrs.rules import place_of, today
from portfolio.rules import can


@dataclass(frozen=True, slots=True)
class Due:
    """A key result and its next check-in, as at `day`, which is today where it belongs; `last` is the newest one."""

    key_result: KeyResult
    last: CheckIn | None
    due_on: date
    day: date
    state: State

    @property
    def is_due(self) -> bool:
        """Whether it is due on this day or was before; what would be due after the cycle's end never is."""
        return self.due_on <= min(self.day, self.key_result.objective.cycle.ends_on)

    @property
    def late(self) -> int:
        """For how many days; 0 on the due day."""
        return (self.day - self.due_on).days

    @property
    def outdated_on(self) -> date:
        """The first day on which it is outdated, when nobody checks in."""
        return self.due_on + timedelta(days=GRACE_DAYS + 1)

    @property
    def when(self) -> str:
        """Since when it is due, and what becomes of it: due today; due since 9 Nov, outdated from tomorrow on."""
        if self.late < 0:
            return f"due on {self.due_on:%-d %b}"
        since = f"due since {self.due_on:%-d %b}" if self.late else "due today"
        if self.late > GRACE_DAYS:
            return f"{'outdated' if self.last else 'pending'}: {since}"
        return f"{since}, outdated from tomorrow on" if self.late == GRACE_DAYS else since

    @property
    def last_text(self) -> str:
        """What was said last, and when."""
        if self.last is None:
            return "no check-in yet"
        confidence = "" if self.last.confidence is None else f", confidence {self.last.confidence} of 10"
        return f"{said(self.key_result, self.last.value)} on {self.last.on:%-d %b}{confidence}"

    @property
    def responsible(self) -> User | None:
        """The owner of the key result, else of its objective; only who is active."""
        owners = (self.key_result.owner, self.key_result.objective.owner)
        return next((one for one in owners if one is not None and one.is_active), None)


def day_of(key_result: KeyResult, now: datetime | None = None) -> date:
    """The day that a check-in is about when nothing else is said: today, at most the cycle's last day."""
    return min(today(key_result.objective, now), key_result.objective.cycle.ends_on)


def said(key_result: KeyResult, value: float) -> str:
    """A value in words: 12.5 %, 3 days; a milestone is reached or not."""
    if key_result.kind == KeyResultKind.MILESTONE:
        return "reached" if value >= 1 else "not yet reached"
    return value_text(value, key_result.unit)


def way(key_result: KeyResult) -> str:
    """Where it begins and where it should get: from 12 to 5 days; between 2 % and 4 %."""
    one = key_result
    if one.kind == KeyResultKind.MILESTONE:
        return "a milestone: not yet, or reached"
    if one.kind == KeyResultKind.BAND and one.band_low is not None and one.band_high is not None:
        return f"between {value_text(one.band_low, '')} and {value_text(one.band_high, one.unit)}"
    if one.baseline is None or one.target is None:
        return ""
    return f"from {value_text(one.baseline, '')} to {value_text(one.target, one.unit)}"


def closed_words(key_result: KeyResult) -> str:
    """Why nobody can check in any more; empty while they can."""
    objective = key_result.objective
    if objective.cycle.closed_at:
        return f"{objective.cycle} is closed: its check-ins stay as they are."
    return "The objective is closed: its check-ins stay as they are." if objective.closed_at else ""


def running() -> Q:
    """Key results of open objectives in open cycles."""
    return Q(objective__closed_at=None, objective__cycle__closed_at=None)


def by_hand(key_results: "QuerySet[KeyResult]") -> "QuerySet[KeyResult]":
    """Those that people check in, of open objectives in open cycles."""
    return key_results.filter(running(), kpi=None)


def mine(user: User) -> "QuerySet[KeyResult]":
    """The key results that `user` should check in: they own it, or its objective where it has no owner."""
    return by_hand(owned(user))


def owned(user: User) -> "QuerySet[KeyResult]":
    """Those that `user` owns, of objectives that they may see."""
    seen = Objective.objects.for_user(user).order_by().values("pk")
    return KeyResult.objects.filter(Q(owner=user) | Q(owner=None, objective__owner=user), objective__in=seen)


def standing(key_results: "QuerySet[KeyResult]", now: datetime | None = None) -> list[Due]:
    """When the next check-in of each is due, the longest due first; those whose cycle has begun. Two queries."""
    now = now or timezone.now()
    places = ("objective__cycle", "objective__team", "objective__stream", "objective__owner", "owner")
    # The latest day it is anywhere: the day where each belongs is looked at below.
    begun = key_results.filter(objective__cycle__starts_on__lte=now.date() + timedelta(days=1))
    rows = list(begun.select_related(*places).order_by("objective", "position", "pk"))
    last = newest(CheckIn.objects.filter(key_result__in=rows))
    found = [_due(row, last.get(row.pk), today(row.objective, now)) for row in rows]
    started = [one for one in found if one.key_result.objective.cycle.starts_on <= one.day]
    return sorted(started, key=lambda one: one.due_on)


def _due(row: KeyResult, last: CheckIn | None, day: date) -> Due:
    at = last.on if last else None
    due_on = progress.due_on(at, row.every_days, row.objective.cycle.starts_on)
    return Due(row, last, due_on, day, progress.state(at, due_on, day))


@dataclass(frozen=True, slots=True)
class Work:
    """What a person should check in: `due` now, `later`, and what the portal writes for them by itself.

    `missing` are outdated ones of others at the places that the person coordinates.
    """

    due: list[Due]
    later: list[Due]
    automatic: list[Due]
    missing: list[Due]

    @property
    def first(self) -> KeyResult | None:
        return self.due[0].key_result if self.due else None


def work_of(user: User, now: datetime | None = None) -> Work:
    """What `user` should check in, and what they should look after; a constant number of queries."""
    own = standing(mine(user), now)
    linked = owned(user).filter(running()).exclude(kpi=None)
    return Work(
        due=[one for one in own if one.is_due],
        later=[one for one in own if not one.is_due and one.due_on <= one.key_result.objective.cycle.ends_on],
        automatic=standing(linked, now),
        missing=missing_for(user, now),
    )


def missing_for(user: User, now: datetime | None = None) -> list[Due]:
    """Outdated check-ins of other people, where `user` may change the objectives."""
    seen = Objective.objects.for_user(user).order_by().values("pk")
    others = by_hand(KeyResult.objects.filter(objective__in=seen)).exclude(pk__in=mine(user).order_by().values("pk"))
    late = [one for one in standing(others, now) if one.is_due and one.late > GRACE_DAYS]
    return [one for one in late if can(user, "manage_objectives", place_of(one.key_result.objective))]


def next_of(user: User) -> KeyResult | None:
    """The key result that `user` should check in next; None when nothing is due."""
    return next((one.key_result for one in standing(mine(user)) if one.is_due), None)


def left_of(user: User, besides: KeyResult) -> int:
    """How many more are due."""
    return sum(one.is_due and one.key_result.pk != besides.pk for one in standing(mine(user)))


class Line(NamedTuple):
    """A check-in in a history: the value in words, and how far that was."""

    check_in: CheckIn
    text: str
    share: float


def history(key_result: KeyResult) -> list[Line]:
    """The check-ins of a key result, the newest day first. One query."""
    rows = key_result.check_ins.select_related("by").order_by("-on")
    return [Line(one, said(key_result, one.value), progress_of(key_result, one.value)) for one in rows]
