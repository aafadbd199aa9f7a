"""What the flow formulas share: the days of a window, who is a candidate, counts per day, evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from metrics import states
from metrics.columns.shapes import NEVER, FlowColumns, StatusInfo
from metrics.measurement import Evidence, Measurement, Number, Point, Unit, Window
from metrics.rows import STATES

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

EPOCH = date(1970, 1, 1)
ORDINAL = EPOCH.toordinal()
# 1970-01-01 was a Thursday.
WEEKDAY = 3
# In a workflow's order backlog comes first, then what is in progress, then done and removed.
PHASE = (0, 1, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a window that have begun by as_of: day numbers, both included."""

    first: int
    last: int

    @property
    def n(self) -> int:
        return self.last - self.first + 1

    def dates(self) -> list[date]:
        start = date.fromordinal(self.first + ORDINAL)
        return [start + timedelta(days=number) for number in range(self.n)]


def number(on: date) -> int:
    """Days since 1970-01-01."""
    return on.toordinal() - ORDINAL


def mondays(days: Ints) -> Ints:
    """The Monday of each day's week."""
    return days - (days + WEEKDAY) % 7


def days_of(columns: FlowColumns, window: Window) -> Days:
    return Days(number(window.first), min(number(window.last), columns.day_at))


def gap(columns: FlowColumns, days: Days) -> str:
    """Why nothing can be said about these days, or nothing."""
    if columns.gap:
        return columns.gap
    return "the window begins after the as-of time" if days.n < 1 else ""


def unavailable(unit: Unit, reason: str, **fields: object) -> Measurement:
    """n/a, with the reason in words."""
    return Measurement(None, unit, reason=reason, **fields)  # type: ignore[arg-type]


def candidates(columns: FlowColumns) -> Flags:
    """Per item: whether a team of the scope ever held it."""
    flags = np.zeros(len(columns.ids), dtype=np.bool_)
    flags[columns.item[columns.in_scope]] = True
    return flags


def evidence(columns: FlowColumns, rule: Ints, values: Floats | Ints, rules: Sequence[str], label: str) -> Evidence:
    """Evidence with a row per candidate item: `rule` 0 is in, others point at why not."""
    rows = candidates(columns)
    included = (rule == 0)[rows]
    kept = np.where(included, values[rows].astype(np.float64), np.nan)
    return Evidence("item", columns.ids[rows], included, kept, rule[rows].astype(np.int16), tuple(rules), label)


def all_out(columns: FlowColumns, reason: str) -> Evidence:
    """The evidence of a figure that is n/a for a reason: every candidate is out by it."""
    n = len(columns.ids)
    return evidence(columns, np.ones(n, dtype=np.int64), np.zeros(n), ("", f"excluded: {reason}"), "")


def with_base(rows: Evidence, columns: FlowColumns, base: Floats, label: str) -> Evidence:
    """The evidence of a ratio: `base` is what each item adds below the line."""
    kept = np.where(rows.included, base[candidates(columns)], np.nan)
    return replace(rows, base=kept, base_label=label)


def base_of(rows: Evidence) -> Floats:
    """What the rows add below the line of a ratio."""
    return np.ones(len(rows.ids)) if rows.base is None else rows.base


def groups(columns: FlowColumns) -> tuple[list[str], Ints]:
    """The bands of a scope in the workflow's order, and the band of each stay.

    A team's bands are its statuses (those of one name are one), a stream's and the portfolio's are the states.
    """
    if columns.scope_kind != "team":
        return list(STATES), columns.state.astype(np.int64)
    return status_bands(columns)


def status_bands(columns: FlowColumns) -> tuple[list[str], Ints]:
    """The names of the statuses in the workflow's order (those of one name are one), and the place of each stay."""
    # Only those that items of the scope have had by as_of: what comes later must not change the order.
    used = np.unique(columns.status[candidates(columns)[columns.item]]).tolist()
    names = merged([columns.statuses[at] for at in used])
    place = {name: number for number, name in enumerate(names)}
    band = np.array([place.get(info.name, 0) for info in columns.statuses], dtype=np.int64)
    return names, band[columns.status]


def merged(statuses: Sequence[StatusInfo]) -> list[str]:
    """The names of statuses of several workflows in one order, which keeps that of each as far as they agree.

    First by what states mean (backlog, in progress, done, removed), then no status before one that precedes it in a
    workflow; among those that may come next, the one of the least position, then by the alphabet.
    """
    infos = sorted(statuses, key=lambda info: (PHASE[info.state], info.position, info.name))
    rank = {name: number for number, name in enumerate(dict.fromkeys(info.name for info in infos))}
    phase = {info.name: PHASE[info.state] for info in reversed(infos)}
    before: dict[str, set[str]] = {name: set() for name in rank}
    for source in {info.source for info in infos}:
        for one, other in pairwise(info.name for info in infos if info.source == source):
            if one != other and phase[one] == phase[other]:
                before[other].add(one)
    order: list[str] = []
    while rank:
        first = next(iter(rank))
        # Where the workflows contradict each other, nothing may come next: then the least of all does.
        free = (name for name in rank if phase[name] == phase[first] and not before[name] & rank.keys())
        order.append(next(free, first))
        del rank[order[-1]]
    return order


def standing(columns: FlowColumns, mask: Flags, days: Days, weights: Floats | Ints | None = None) -> Floats:
    """Per day: how many of the stays in `mask` hold at its end (or the sum of their weights)."""
    heights: Floats = bands(columns, mask, days, np.zeros(int(mask.sum()), dtype=np.int64), 1, weights)[0]
    return heights


def bands(
    columns: FlowColumns, mask: Flags, days: Days, band: Ints, n: int, weights: Floats | Ints | None = None
) -> Floats:
    """Per band and day: how many of the stays in `mask` hold at the day's end; `band` is theirs, 0…n-1."""
    low = np.clip(columns.day[mask], days.first, days.last + 1) - days.first
    high = np.clip(columns.until_day[mask], days.first, days.last + 1) - days.first
    width = days.n + 1
    changes = np.bincount(band * width + low, weights, n * width) - np.bincount(band * width + high, weights, n * width)
    heights: Floats = changes.reshape(n, width).cumsum(axis=1)[:, :-1]
    return heights


def in_wip(columns: FlowColumns) -> Flags:
    """Per stay: in progress, with a team of the scope."""
    return states.in_progress(columns.state) & columns.in_scope


@dataclass(frozen=True, slots=True)
class Finishes:
    """Per item, as at as_of: whether, when (day number) and in which stay it finished, and its times in days."""

    done: Flags
    stay: Ints
    day: Ints
    cycle: Ints
    lead: Ints
    in_scope: Flags


def finishes(columns: FlowColumns) -> Finishes:
    done = columns.ended[columns.last] != NEVER
    stay = columns.finishing[columns.last]
    day = columns.day[stay]
    cycle = np.where(done, day - np.where(done, columns.began_day[stay], 0) + 1, 0)
    lead = np.where(done, day - columns.created_day + 1, 0)
    return Finishes(done, stay, day, cycle, lead, done & columns.in_scope[stay])


FINISH_RULES = (
    "finished in the window",
    "excluded: not finished",
    "excluded: removed",
    "excluded: finished outside the window",
    "excluded: finished by a team outside this scope",
)


def finish_rule(columns: FlowColumns, ends: Finishes, days: Days) -> Ints:
    """Per item: the place in FINISH_RULES."""
    removed = columns.state[columns.last] == states.REMOVED
    inside = (ends.day >= days.first) & (ends.day <= days.last)
    return np.select([removed, ~ends.done, ~ends.in_scope, ~inside], [2, 1, 4, 3], 0).astype(np.int64)


def day_points(days: Days, values: Sequence[Number]) -> list[Point]:
    return [Point(on, value) for on, value in zip(days.dates(), values, strict=True)]
