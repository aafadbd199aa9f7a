"""Velocity: what a team finishes per iteration, in the unit that it plans in."""

from dataclasses import replace
from datetime import date

import numpy as np

from metrics.columns.shapes import FlowColumns, TeamInfo
from metrics.formulas import flow, frame, stats
from metrics.formulas.frame import Days, Finishes, Floats, Ints
from metrics.measurement import Measurement, Number, Point, Unit, Window

RULES = (*frame.FINISH_RULES, "excluded: finished in an iteration that is not wholly in the window")
CUT = len(frame.FINISH_RULES)


def _reason(teams: list[TeamInfo]) -> str:
    """Why the velocities of these teams cannot be added up, or nothing."""
    if not teams:
        return "no team of this scope has held an item yet"
    first = teams[0]
    if len({team.planning_unit for team in teams}) > 1:
        return "these teams plan in different units"
    if len(teams) > 1 and first.planning_unit == "points":
        return "points of different teams cannot be added up"
    lengths = {team.iteration_days for team in teams}
    if (
        len(lengths) > 1
        or len({(team.iteration_from - first.iteration_from) % first.iteration_days for team in teams}) > 1
    ):
        return "the iterations of these teams begin on different days"
    return ""


def per_group(values: Floats, group: Ints, groups: int) -> Floats:
    """The sum of each group's values, in the order of the rows."""
    sums: Floats = np.bincount(group, values, groups).astype(np.float64)
    return sums


def middle(values: Floats, group: Ints, groups: int) -> Number | None:
    """The median over all groups of the sum of each."""
    found = stats.median(per_group(values, group, groups))
    return None if found is None else flow.whole(float(found))


def _series(
    team: TeamInfo, days: Days, whole_day: int, ends: Finishes, chosen: frame.Flags, sizes: Floats
) -> list[Point]:
    """A point per iteration that the days touch: what was finished in it within the days."""
    length = team.iteration_days
    first, last = ((day - team.iteration_from) // length for day in (days.first, days.last))
    place = (ends.day[chosen] - team.iteration_from) // length - first
    sums = per_group(sizes[chosen], place, last - first + 1)
    points = []
    for number, value in zip(range(first, last + 1), sums.tolist(), strict=True):
        begin = team.iteration_from + number * length
        is_cut = begin < days.first or begin + length - 1 > min(days.last, whole_day)
        points.append(Point(date.fromordinal(begin + frame.ORDINAL), flow.whole(value), is_partial=is_cut))
    return points


def velocity(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """The median, over the iterations that lie wholly in the window, of what was finished in each.

    In points where the team plans in points: an item without any adds nothing and is counted in detail["unsized"].
    """
    days = frame.days_of(columns, window)
    # Teams that have held an item by as_of.
    teams = [columns.teams[at] for at in np.unique(columns.team[columns.in_scope]).tolist()]
    unit: Unit = "points" if teams and teams[0].planning_unit == "points" else "items"
    if reason := frame.gap(columns, days):
        return frame.unavailable(unit, reason)
    if reason := _reason(teams):
        rows = frame.all_out(columns, reason)
        return frame.unavailable(unit, reason, evidence=replace(rows, group=np.full(len(rows.ids), -1)))
    ends = frame.finishes(columns)
    finished = frame.finish_rule(columns, ends, days)
    unsized = np.isnan(columns.points) & (unit == "points")
    sizes = np.ones(len(unsized)) if unit == "items" else np.where(unsized, 0, columns.points)
    series = _series(teams[0], days, columns.whole_day, ends, finished == 0, sizes)
    full = [point for point in series if not point.is_partial]
    length, begin = teams[0].iteration_days, frame.number(full[0].at) if full else 0
    place = (ends.day - begin) // length
    inside = (finished == 0) & (place >= 0) & (place < len(full))
    rule = np.where((finished == 0) & ~inside, CUT, finished)
    rows = frame.evidence(columns, rule, sizes, RULES, unit)
    group = np.where(inside, place, -1)[frame.candidates(columns)]
    rows = replace(rows, group=group, groups=tuple(point.at.isoformat() for point in full))
    detail: dict[str, str | Number] = {
        "iterations": len(full),
        "days": length,
        "unsized": int((unsized & inside).sum()),
    }
    found = middle(rows.values[rows.included], group[rows.included], len(full)) if full else None
    reason = "" if full else f"no iteration of {length} days lies wholly in this window"
    return Measurement(found, unit, n=int(inside.sum()), reason=reason, detail=detail, series=series, evidence=rows)
