"""Impediments as their reader sees them: how old, who acts, what they block and what they cost; many at once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import BooleanField, Count, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from impediments import clocks
from impediments.costs.base import added, is_open_at, money_streams
from impediments.costs.capacity import Capacity, capacity
from impediments.models import Block, Impediment, Level, Period, Spell, State
from impediments.queries import words
from impediments.queries.people import workable
from metrics.formulas.stats import percentile


@dataclass(frozen=True, slots=True)
class Row:
    """One impediment. `items` are those it blocks; `cost` has the money that the reader may see, and no other.

    `state` and `level` are those of the instant asked for: of a past one the state is open or resolved, no more.
    """

    one: Impediment
    state: str
    level: int
    age: clocks.Age
    standing: clocks.Standing | None
    items: int
    cost: Capacity
    may_work: bool

    @property
    def is_open(self) -> bool:
        return self.state != State.RESOLVED

    @property
    def state_text(self) -> str:
        return State(self.state).label if self.state else "Open"

    @property
    def level_text(self) -> str:
        return words.level_text(self.level)

    @property
    def level_tone(self) -> str:
        return words.TONES[Level(self.level)] if self.is_open else ""

    @property
    def age_text(self) -> str:
        return words.age_text(self.age)

    @property
    def short_age(self) -> str:
        """The age where there is little room: the unit is said beside it."""
        return self.age_text.replace("working ", "")

    @property
    def bar_tone(self) -> str:
        return "over" if self.clock_tone == "bad" else ""

    @property
    def clock_text(self) -> str:
        return words.clock_text(self.standing) if self.standing and self.is_open else ""

    @property
    def clock_tone(self) -> str:
        return words.clock_tone(self.standing) if self.standing and self.is_open else ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What open impediments are together; ages in working days, `cost` of those whose money the reader sees."""

    open: int
    high: int
    median: float | None
    p85: float | None
    lost_days: float
    cost: Decimal | None

    @property
    def median_text(self) -> str:
        return "n/a" if self.median is None else words.days_text(self.median)

    @property
    def p85_text(self) -> str:
        return "n/a" if self.p85 is None else words.days_text(self.p85)


def level_at(as_of: datetime) -> Subquery:
    """The level at which an impediment was at an instant, or was last before it."""
    spells = Spell.objects.filter(impediment=OuterRef("pk"), from_at__lte=as_of).order_by("-from_at")
    return Subquery(spells.values("level")[:1])


def ended(as_of: datetime) -> dict[str, Subquery]:
    """When and how it was last resolved by an instant: `ended_then`, `resolution_then`, `root_cause_then`."""
    last = Period.objects.filter(impediment=OuterRef("pk"), to_at__lte=as_of).order_by("-to_at", "-pk")
    names = {"ended_then": "to_at", "resolution_then": "resolution", "root_cause_then": "root_cause"}
    return {name: Subquery(last.values(column)[:1]) for name, column in names.items()}


def seen(user: User, as_of: datetime) -> QuerySet[Impediment]:
    """What `user` may see of what had been logged by then, with `is_open_then`, `level_then` and what `ended` says.

    What was merged into another after that is left out: what it blocked is shown there, in the past too.
    """
    found = Impediment.objects.for_user(user).filter(logged_at__lte=as_of)
    found = found.exclude(merged_into__isnull=False, resolved_at__gt=as_of)
    is_open = ExpressionWrapper(is_open_at(as_of), BooleanField())
    found = found.annotate(is_open_then=is_open, level_then=level_at(as_of), **ended(as_of))
    return found.select_related("team__stream", "owner", "merged_into")


def blocked(ids: Collection[int], as_of: datetime) -> dict[int, int]:
    """How many items each of these blocks at an instant; one that blocks none is left out."""
    during = Q(from_at__lte=as_of) & (Q(to_at=None) | Q(to_at__gt=as_of))
    rows = Block.objects.filter(during, impediment__in=ids).order_by().values_list("impediment")
    return dict(rows.annotate(Count("key", distinct=True)))


def rows_of(found: Iterable[Impediment], user: User, as_of: datetime, *, is_past: bool = False) -> list[Row]:
    """The rows of `seen` impediments, in their order: the same number of queries for one and for many."""
    ones = list(found)
    ids, streams = [one.pk for one in ones], money_streams(user)
    age, standing, items = clocks.ages(ones, as_of), clocks.standing(ones, as_of), blocked(ids, as_of)
    costs = {pk: one.seen(streams) for pk, one in capacity(ids, as_of=as_of).items()}
    allowed = workable(user, {one.team for one in ones})
    return [
        Row(
            one=one,
            **_then(one) if is_past else {"state": one.state, "level": one.level},
            age=age[one.pk],
            standing=standing.get(one.pk),
            items=items.get(one.pk, 0),
            cost=costs[one.pk],
            may_work=not is_past and (one.team_id in allowed or one.owner_id == user.pk),
        )
        for one in ones
    ]


def _then(one: Impediment) -> dict[str, Any]:
    """State and level of one of `seen` as they were: of a past instant open and resolved are told apart, no more."""
    is_open, level = one.is_open_then, one.level_then  # type: ignore[attr-defined]
    return {"state": "" if is_open else State.RESOLVED.value, "level": level or one.level}


def summary(rows: Sequence[Row]) -> Summary:
    """What the open ones of `rows` are together."""
    mine = [row for row in rows if row.is_open]
    days = np.array([row.age.days for row in mine])
    return Summary(
        open=len(mine),
        high=sum(row.level >= Level.BOARD for row in mine),
        median=percentile(days, 50),
        p85=percentile(days, 85),
        lost_days=sum(row.cost.days for row in mine),
        cost=added([row.cost.amount for row in mine]),
    )
