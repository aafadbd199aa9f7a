"""The measures of flow from sums per day (metrics/rollups.py): the same figures as from columns, without evidence."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from metrics import states
from metrics.formulas import flow, frame, stats
from metrics.formulas.frame import Days, Ints
from metrics.measurement import Measurement, Number, Point, Window
from metrics.rows import STATES


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over a scope's teams. `cells`: measure → (day, part, n); of stocks, what was before the window lies on the
    day before it. `since`: (team, day, day of the start, change of WIP). `team_days`: the teams' local days at as_of.
    """

    window: Window
    days: Days
    whole_day: int
    cells: Mapping[str, list[tuple[int, str, int]]]
    since: list[tuple[int, int, int, int]]
    team_days: Mapping[int, int]

    def per_day(self, measure: str) -> Ints:
        """A flow's count on each day."""
        counts = np.zeros(self.days.n, dtype=np.int64)
        for day, _, n in self.cells.get(measure, []):
            counts[day - self.days.first] += n
        return counts

    def total(self, measure: str) -> int:
        return sum(n for _, _, n in self.cells.get(measure, []))

    def by_part(self, measure: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for _, part, n in self.cells.get(measure, []):
            found[part] = found.get(part, 0) + n
        return found

    def held(self) -> dict[str, Ints]:
        """Per state, the items in it at each day's end."""
        changes: dict[str, Ints] = {state: np.zeros(self.days.n + 1, dtype=np.int64) for state in STATES}
        for day, state, n in self.cells.get("held", []):
            changes[state][day - self.days.first + 1] += n
        return {state: change.cumsum()[1:] for state, change in changes.items()}


NONE_FINISHED = "no item finished in this window"


def _counts(sums: Sums, counts: Ints, n: int) -> Measurement:
    return Measurement(int(counts.sum()), "items", n=n, series=frame.day_points(sums.days, counts.tolist()))


def _times(sums: Sums, measure: str) -> Measurement:
    cells = sums.cells.get(measure, [])
    if not cells:
        return frame.unavailable("days", NONE_FINISHED)
    day, values, n = (np.array([cell[place] for cell in cells], dtype=np.int64) for place in range(3))
    days, values = np.repeat(day, n), np.repeat(values, n)
    found = stats.percentiles(values, {50, *stats.DRAWN})
    series = flow.weekly(sums.whole_day, sums.window, days, values, stats.DRAWN)
    return Measurement(found[50], "days", n=len(values), percentiles=dict(sorted(found.items())), series=series)


def _net(sums: Sums) -> Measurement:
    left, came = sums.per_day("departed"), sums.per_day("arrived")
    return _counts(sums, left - came, int(left.sum() + came.sum()))


def _wip(sums: Sums) -> Measurement:
    held = sums.held()
    counts = held["active"] + held["waiting"]
    value = int(counts[-1])
    return Measurement(value, "items", n=value, series=frame.day_points(sums.days, counts.tolist()))


def _cfd(sums: Sums) -> Measurement:
    held = {state: counts.tolist() for state, counts in sums.held().items() if state != "removed"}
    columns = zip(*held.values(), strict=True)
    series = [
        Point(on, parts=dict(zip(held, column, strict=True)))
        for on, column in zip(sums.days.dates(), columns, strict=True)
    ]
    parts = {state: counts[-1] for state, counts in held.items()}
    value = sum(parts.values())
    return Measurement(value, "items", n=value, parts=parts, series=series)


def _ages(sums: Sums) -> Ints:
    """The ages in days of the WIP at the end."""
    found: dict[tuple[int, int], int] = {}
    for team, _, began, n in sums.since:
        found[team, began] = found.get((team, began), 0) + n
    rows = [(min(sums.days.last, sums.team_days[team]) - began + 1, n) for (team, began), n in found.items()]
    ages, counts = (np.array([row[place] for row in rows], dtype=np.int64) for place in (0, 1))
    return np.repeat(ages, counts)


def _age(sums: Sums) -> Measurement:
    ages = _ages(sums)
    if not len(ages):
        return frame.unavailable("days", "nothing is in progress")
    found = stats.percentiles(ages, {50, *stats.DRAWN})
    return Measurement(found[50], "days", n=len(ages), percentiles=dict(sorted(found.items())))


def _total_age(sums: Sums) -> Measurement:
    days = np.arange(sums.days.first, sums.days.last + 1)
    totals = np.zeros(sums.days.n, dtype=np.int64)
    count = 0
    for team in {row[0] for row in sums.since}:
        changes = np.zeros((2, sums.days.n + 1), dtype=np.int64)
        for _, day, began, n in (row for row in sums.since if row[0] == team):
            changes[:, day - sums.days.first + 1] += (n, n * (1 - began))
        held, weights = changes.cumsum(axis=1)[:, 1:]
        totals += held * np.minimum(days, sums.team_days[team]) + weights
        count += int(held[-1])
    return Measurement(int(totals[-1]), "item days", n=count, series=frame.day_points(sums.days, totals.tolist()))


def _time_in_state(sums: Sums) -> Measurement:
    n = sums.total("finished")
    if not n:
        return frame.unavailable("seconds", NONE_FINISHED)
    parts = {state: spent / flow.SECOND for state, spent in sums.by_part("spent").items() if spent}
    return Measurement(flow.whole(sums.total("spent") / flow.SECOND), "seconds", n=n, parts=parts)


def _efficiency(sums: Sums) -> Measurement:
    n, busy, whole = (sums.total(measure) for measure in ("finished", "busy", "whole"))
    if not n:
        return frame.unavailable("ratio", NONE_FINISHED)
    parts = {"active": busy / flow.SECOND, "waiting": (whole - busy) / flow.SECOND}
    reason = "" if whole else flow.NO_TIME
    return Measurement(busy / whole if whole else None, "ratio", n=n, reason=reason, parts=parts)


def _distribution(sums: Sums) -> Measurement:
    n = sums.total("finished")
    if not n:
        return frame.unavailable("ratio", NONE_FINISHED)
    found = sums.by_part("finished")
    shares: dict[str, Number] = {kind: found.get(kind, 0) / n for kind in states.KIND_NAMES}
    return Measurement(shares["feature"], "ratio", n=n, parts=shares)


MEASURES: dict[str, Callable[[Sums], Measurement]] = {
    "cycle_time": lambda sums: _times(sums, "cycle"),
    "lead_time": lambda sums: _times(sums, "lead"),
    "throughput": lambda sums: _counts(sums, sums.per_day("finished"), sums.total("finished")),
    "arrivals": lambda sums: _counts(sums, sums.per_day("arrived"), sums.total("arrived")),
    "departures": lambda sums: _counts(sums, sums.per_day("departed"), sums.total("departed")),
    "net_flow": _net,
    "wip": _wip,
    "work_item_age": _age,
    "total_work_item_age": _total_age,
    "time_in_state": _time_in_state,
    "flow_efficiency": _efficiency,
    "cfd": _cfd,
    "flow_distribution": _distribution,
}


def figures(sums: Sums, keys: Iterable[str]) -> dict[str, Measurement]:
    """The measures `keys` that there are here."""
    return {key: MEASURES[key](sums) for key in keys if key in MEASURES}
