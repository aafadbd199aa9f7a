"""Whose check-in is due: of which key results, since when, and who should say it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from metrics.kpis import value_text
from okrs.formulas import progress
from okrs.formulas.progress import GRACE_DAYS, State
from okrs.models import CheckIn, KeyResult, KeyResultKind
from okrs.queries.standings import newest
from okrs.rules import today


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
    def when(self) -> str:
        """Since when it is due, and what becomes of it: due today; due since 9 Nov, outdated from tomorrow on."""
        if self.late < 0:
            return f"due on {self.due_on:%-d %b}"
        since = f"due since {self.due_on:%-d %b}" if self.late else "due today"
        if self.late > GRACE_DAYS:
            return f"outdated: {since}"
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


def said(key_result: KeyResult, value: float) -> str:
    """A value in words: 12.5 %, 3 days; a milestone is reached or not."""
    if key_result.kind == KeyResultKind.MILESTONE:
        return "reached" if value >= 1 else "not yet reached"
    return value_text(value, key_result.unit)


def by_hand(key_results: "QuerySet[KeyResult]") -> "QuerySet[KeyResult]":
    """Those that people check in, of open objectives in open cycles."""
    open_ones = Q(objective__closed_at=None, objective__cycle__closed_at=None)
    return key_results.filter(open_ones, kpi=None)


def mine(user: User) -> "QuerySet[KeyResult]":
    """The key results that `user` should check in: they own it, or its objective where it has no owner."""
    owns = Q(owner=user) | Q(owner=None, objective__owner=user)
    return by_hand(KeyResult.objects.filter(owns))


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
