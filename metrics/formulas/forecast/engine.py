"""From the inputs of a forecast to its result: pure, and the same bytes for the same inputs.

ENGINE names the rules below; a change that can change a result gets a new name, so that a stored forecast says whether
today's engine is the one that made it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

import numpy as np

from metrics.formulas.forecast import queue
from metrics.formulas.forecast.calendar import day, number, working
from metrics.formulas.forecast.shapes import Inputs, Line, Target, TeamInput, canonical, load
from metrics.formulas.forecast.spread import CERTAIN, START, Flags, Floats, Ints, Spread, added, kernel, rounded, unfold

ENGINE = "exact-1"
# A burn-up's fan and a stored curve end two years on: beyond it nobody reads days off a figure.
DRAWN_DAYS = 730
# Chances of counts are kept where they are further than this from 0 and 1.
UNSURE = 0.001


def run(text: str) -> str:
    """The canonical result of canonical inputs (shapes.py). Raises ValueError for a text that is none."""
    return canonical(answer(load(text)))


def answer(inputs: Inputs) -> dict[str, Any]:
    """The result as JSON-able data: `targets` in the order of the inputs', and `counting` when it was asked for."""
    axis = _Axis(inputs)
    lines = [_Unfolded(inputs, axis, place) for place in range(len(inputs.lines))]
    found: dict[str, Any] = {"targets": [_target(inputs, axis, lines, one) for one in inputs.targets]}
    if inputs.counting and inputs.by:
        found["counting"] = _counting(inputs, axis, inputs.by)
    return found


class _Axis:
    """The calendar days looked at: from the first after every team's today to the horizon."""

    def __init__(self, inputs: Inputs) -> None:
        days = [number(team.today) for team in inputs.teams] or [number(inputs.today)]
        self.first = min(days) + 1
        self.days = np.arange(self.first, number(inputs.horizon) + 1)

    def place(self, on: date) -> int:
        """The place of a day, at most the last."""
        return min(number(on), int(self.days[-1])) - self.first

    def worked(self, team: TeamInput) -> Flags:
        """On which of the days the team can finish something."""
        return working(self.days, team.weekdays, team.holidays) & (self.days > number(team.today))


@dataclass(frozen=True, slots=True)
class _Order:
    """What a queue's order says: whose item each finish is, with which finish each part is done; unknown from there."""

    owners: Ints
    done_at: Ints
    known: int

    @staticmethod
    def of(line: Line) -> "_Order":
        sizes = [part.items for part in line.parts]
        before, known = queue.known(sizes)
        done_at = np.zeros(len(sizes), dtype=np.int64)
        done_at[: len(before)] = queue.done_at(before, line.limit)
        done_at[known:] = 0
        return _Order(queue.owners(before, line.limit), done_at, known)


class _Unfolded:
    """A queue over the days: for each part the chance, day by day, that it is done."""

    def __init__(self, inputs: Inputs, axis: _Axis, place: int) -> None:
        self.line = inputs.lines[place]
        self.order = _Order.of(self.line)
        self.teams = [inputs.teams[team] for team in self.line.teams]
        self.reason = next((team.reason for team in self.teams if team.reason), "")
        self.spreads: list[Spread] = []
        self.marks = np.unique(self.order.done_at[self.order.done_at > 0])
        wants_fan = any(one.detail and place in dict(one.parts) for one in inputs.targets)
        self.chances = np.zeros((0, 0)) if self.reason else self._unfold(axis, wants_fan)

    def _unfold(self, axis: _Axis, wants_fan: bool) -> Floats:
        """Rows are days until everything is as good as done, columns are `marks`."""
        rows: list[Floats] = []
        before: Spread | None = None
        cap = int(self.marks[-1]) if len(self.marks) else 0
        kernels = [kernel(team.counts or {}, team.factor) for team in self.teams]
        for spread in unfold(kernels, [axis.worked(team) for team in self.teams], cap):
            if wants_fan and len(self.spreads) < DRAWN_DAYS:
                self.spreads.append(spread)
            # A day off changes nothing.
            rows.append(rows[-1] if spread is before else 1.0 - spread.below(self.marks))
            before = spread
            if cap == 0 or rows[-1][-1] >= CERTAIN:
                break
        return rounded(np.array(rows))

    def gap(self, places: Sequence[int]) -> str:
        """Why the parts at `places` cannot be forecast, or nothing."""
        if self.reason or max(places) < self.order.known:
            return self.reason
        part = self.line.parts[self.order.known]
        if self.order.known in places:
            return f"too little data: nothing says how many items {part.name} will have"
        return f"too little data: nothing says how many items {part.name}, which comes before, will have"

    def curve(self, places: Sequence[int], days: int) -> Floats:
        """The chance at the end of each of the first `days` days that all of the parts are done."""
        last = int(self.order.done_at[list(places)].max(initial=0))
        if not last:
            return np.ones(days)
        column = self.chances[:days, int(np.searchsorted(self.marks, last))]
        return np.concatenate([column, np.ones(days - len(column))])

    def finished(self, counts: Ints, at: int) -> Floats:
        """The distribution of a progress (`queue.progress`) at the end of the day at place `at`."""
        if at >= len(self.spreads):
            return _certain(int(counts[-1]))
        spread = self.spreads[at]
        reach = counts[spread.lowest : spread.lowest + len(spread.mass)]
        mass = np.bincount(reach, spread.mass, int(counts[-1]) + 1).astype(np.float64)
        # What the cap does not tell apart is beyond the last mark, and with that everything forecast is done.
        mass[-1] += max(1.0 - float(spread.mass.cumsum()[-1]) if len(reach) else 1.0, 0.0)
        return mass


def _certain(n: int) -> Floats:
    mass = np.zeros(n + 1)
    mass[n] = 1.0
    return mass


def _target(inputs: Inputs, axis: _Axis, lines: Sequence[_Unfolded], target: Target) -> dict[str, Any]:
    places: dict[int, list[int]] = {}
    for line, place in target.parts:
        places.setdefault(line, []).append(place)
    items = sum(inputs.lines[line].parts[place].items or 0 for line, place in target.parts)
    found: dict[str, Any] = {"id": target.id, "items": items}
    if reason := target.reason or next(filter(None, (lines[one].gap(here) for one, here in places.items())), ""):
        return found | {"reason": reason}
    if not items:
        return found | {"done": True}
    days = max(len(lines[one].chances) for one in places)
    curves = [lines[one].curve(here, days) for one, here in sorted(places.items())]
    chances = rounded(reduce(np.multiply, curves))
    due = target.due_on or inputs.by
    found |= {"when": _when(axis, chances, inputs.ranks), "chance": _chance(axis, chances, due)}
    if target.detail:
        drawn = _drawn(axis, chances, due)
        parts = [(lines[one], here) for one, here in sorted(places.items())]
        found |= {"first": day(axis.first).isoformat(), "curve": chances[:drawn].tolist()}
        found["fan"] = _fan(parts, min(drawn, _reached(chances, max(inputs.ranks)) + 1), inputs.ranks)
    return found


def _reached(chances: Floats, rank: float) -> int:
    """The place of the first day with at least that chance (per cent); the number of days when there is none."""
    places = np.flatnonzero(chances >= rank / 100)
    return int(places[0]) if len(places) else len(chances)


def _when(axis: _Axis, chances: Floats, ranks: Sequence[int]) -> dict[str, str | None]:
    places = {rank: _reached(chances, rank) for rank in ranks}
    return {
        str(rank): day(axis.first + place).isoformat() if place < len(chances) else None
        for rank, place in places.items()
    }


def _chance(axis: _Axis, chances: Floats, due: date | None) -> float | None:
    """The chance by the end of `due`; what is unfinished on a day that is past was not finished by it."""
    if due is None:
        return None
    place = number(due) - axis.first
    if place < 0:
        return 0.0
    return float(chances[place]) if place < len(chances) else float(chances[-1])


def _drawn(axis: _Axis, chances: Floats, due: date | None) -> int:
    """How many days a figure shows: until it is as good as certain, and the due day."""
    certain = _reached(chances, 99.9) + 1
    wanted = max(certain, axis.place(due) + 1 if due else 0)
    return min(wanted, len(chances), DRAWN_DAYS)


def _fan(parts: Sequence[tuple[_Unfolded, list[int]]], days: int, ranks: Sequence[int]) -> dict[str, list[int]]:
    """Per rank and day: so many items of the parts are finished at the day's end in at least so many % of futures."""
    counted = [(line, queue.progress(line.order.owners, places)) for line, places in parts]
    spreads = (Spread(0, reduce(added, [line.finished(counts, at) for line, counts in counted])) for at in range(days))
    return _by_rank(np.array([spread.at_least(ranks) for spread in spreads]), ranks)


def _by_rank(found: Ints, ranks: Sequence[int]) -> dict[str, list[int]]:
    return {str(rank): found[:, place].tolist() for place, rank in enumerate(ranks)}


def _counting(inputs: Inputs, axis: _Axis, by: date) -> dict[str, Any]:
    """How many items the teams finish together, per day up to `by`."""
    teams = [inputs.teams[place] for place in inputs.counting]
    kernels = [kernel(team.counts or {}, team.factor) for team in teams]
    if axis.place(by) < 0:
        # A day that is today in each team's zone already: only days to come bring something.
        return {"first": by.isoformat(), "fan": {str(rank): [0] for rank in inputs.ranks}, "chances": []}
    worked = [axis.worked(team)[: axis.place(by) + 1] for team in teams]
    found, last = [], START
    for last in unfold(kernels, worked):
        found.append(last.at_least(inputs.ranks))
    fan = _by_rank(np.array(found), inputs.ranks)
    return {"first": day(axis.first).isoformat(), "fan": fan, "chances": _chances(last)}


def _chances(spread: Spread) -> list[list[float]]:
    """[n, the chance of at least n] for each n that is neither as good as certain nor as good as impossible."""
    numbers = np.arange(spread.lowest, spread.lowest + len(spread.mass))
    chances = rounded(1.0 - spread.below(numbers))
    open_ones = (chances >= UNSURE) & (chances <= 1.0 - UNSURE)
    return [[n, chance] for n, chance in zip(numbers[open_ones].tolist(), chances[open_ones].tolist(), strict=True)]
