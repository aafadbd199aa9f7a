"""What a check of data quality is, what it finds, and what it looks at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from metrics import columns
from metrics.columns import NEVER, FlowColumns, Moves, day_number, micros
from metrics.columns.facts import Facts, native, since_1970
from metrics.models import Source

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

Subject = Literal["item", "status", "day"]
# What a line is called: its name, its title, its address here and its address in the tool.
Called = tuple[str, str, str, str]
# Where a person acts: a page of the portal, or the tool itself.
Place = Literal["mapping", "settings", "calendar", "team", "runs", "tool", ""]


class Found(NamedTuple):
    """What a check found, a place each, in the order of its list.

    `ids` are primary keys of the check's subject (of days: day numbers), `at` is when (µs; NEVER: no such instant),
    `a` and `b` are what its words are made of.
    """

    ids: Ints
    at: Ints
    a: Ints
    b: Ints


def found(ids: Ints, at: Ints | None = None, a: Ints | None = None, b: Ints | None = None) -> Found:
    """Findings, the latest first; those of no instant last."""
    zeros = np.zeros(len(ids), dtype=np.int64)
    at = zeros + NEVER if at is None else at
    order = np.lexsort((ids, -np.maximum(at, NEVER + 1)))
    parts = (ids, at, zeros if a is None else a, zeros if b is None else b)
    return Found(*(np.asarray(part, dtype=np.int64)[order] for part in parts))


class Names(NamedTuple):
    """What the numbers of findings are called: statuses by primary key, and other sources by theirs."""

    statuses: Mapping[int, str]
    teams: Mapping[int, str]


class NotChecked(Exception):
    """A check says nothing about this source, and why."""


@dataclass(frozen=True)
class Stored:
    """A source as it is stored at the instant `at`: what the checks look at. Each part is read once, when needed."""

    source: Source
    at: datetime

    @cached_property
    def has_items(self) -> bool:
        return self.source.items.exists()

    @cached_property
    def facts(self) -> Facts:
        return columns.read_sources([self.source.pk])

    @cached_property
    def flow(self) -> FlowColumns:
        """The items' histories as the flow formulas see them, of every team that holds one."""
        facts = self.facts
        teams = frozenset(team.pk for team in facts.teams)
        return columns.derive(facts, micros(self.at), teams, zone=self.source.team.zone)

    @cached_property
    def moves(self) -> Moves:
        return columns.moves_of(self.facts)

    @cached_property
    def created(self) -> Ints:
        """Per item of `moves.ids`: when the tool says that it was created (µs; NEVER: it does not say)."""
        return since_1970(native(self.facts.items, "at"))

    @cached_property
    def status_ids(self) -> Ints:
        """Primary keys of the statuses that `moves` and `flow` number; 0 stands for the unknown one."""
        return np.array([*(status.id for status in self.facts.statuses), 0], dtype=np.int64)

    @property
    def known_until(self) -> int:
        """The latest instant (µs) whose events a sync can have brought."""
        synced, tried = self.source.synced_at, self.source.attempted_at
        is_over = synced is not None and (tried is None or tried <= synced)
        return micros(synced if is_over and synced is not None else self.at)

    @cached_property
    def working(self) -> Ints:
        """The working days of the source's team, day numbers, from its first event up to yesterday."""
        first, today = int(self.flow.day.min(initial=self.flow.day_at)), self.flow.day_at
        calendar = self.source.team.calendar
        days = np.arange(first, max(today, first))
        holidays = [day_number(on) for on in calendar.holidays.values_list("on", flat=True)]
        # 1970-01-01, day 0, was a Thursday: ISO weekday 4.
        return days[np.isin((days + 3) % 7 + 1, calendar.weekdays) & ~np.isin(days, holidays)]


@dataclass(frozen=True, slots=True)
class Check:
    """A check of data quality. `find` may raise NotChecked with the reason; `say(names, a, b)` words a finding."""

    key: str
    title: str
    # One and many of what it counts.
    nouns: tuple[str, str]
    meaning: str
    remedy: str
    find: Callable[[Stored], Found]
    say: Callable[[Names, int, int], str]
    place: Place = ""
    action: str = ""
    subject: Subject = "item"
    # Figures are different from what they would be with the data mended.
    changes_figures: bool = False
    # Nothing is wrong, but whoever reads figures should know.
    is_note: bool = False
    # Says nothing about a source without work items.
    of_items: bool = True
    # How lines are called that are neither items nor statuses nor days.
    call: Callable[[Found], Sequence[Called]] | None = None
    # Counted is the sum of `a`, not the number of lines.
    is_summed: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a check says of a source: findings, or why it says nothing."""

    check: Check
    found: Found | None
    reason: str = ""

    @property
    def count(self) -> int:
        if self.found is None:
            return 0
        return int(self.found.a.sum()) if self.check.is_summed else len(self.found.ids)

    @property
    def lines(self) -> int:
        return 0 if self.found is None else len(self.found.ids)

    @property
    def severity(self) -> str:
        if self.check.changes_figures:
            return "changes figures"
        return "to know" if self.check.is_note else "worth a look"

    @property
    def counted(self) -> str:
        """ "1 item", "12 items"."""
        return f"{self.count:,} {self.check.nouns[self.count != 1]}"
