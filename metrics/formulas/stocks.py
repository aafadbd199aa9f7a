"""The measures of flow that say what is there at the end of a day: WIP, ages, cumulative flow."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import numpy as np

from metrics import states
from metrics.columns.shapes import FlowColumns
from metrics.formulas import frame, stats
from metrics.formulas.frame import Days, Flags, Ints
from metrics.measurement import Measurement, Point, Window

WIP_RULES = (
    "in progress at the end",
    "excluded: in the backlog",
    "excluded: done",
    "excluded: removed",
    "excluded: with a team outside this scope",
    "excluded: not created yet",
)
BAND_RULES = (
    "in a band at the end",
    "excluded: removed",
    "excluded: with a team outside this scope",
    "excluded: not created yet",
)
# Where an item of each state stands in WIP_RULES and BAND_RULES.
WIP_OF_STATE = np.array([1, 0, 0, 2, 3])
BAND_OF_STATE = np.array([0, 0, 0, 0, 1])


def _holding(columns: FlowColumns, day: int) -> Flags:
    """Per stay: whether it holds at the end of `day` of its team."""
    return (columns.day <= day) & (day < columns.until_day)


def _rule(columns: FlowColumns, day: int, of_state: Ints, outside: int) -> Ints:
    """Per item, by its state at the end of `day`: the place in the rules; 0 wherever a team of the scope has it so."""
    rule = np.full(len(columns.ids), outside + 1)
    holding = _holding(columns, day)
    rule[columns.item[holding]] = outside
    inside = holding & columns.in_scope
    rule[columns.item[inside]] = of_state[columns.state[inside]]
    counted = inside & (of_state[columns.state] == 0)
    rule[columns.item[counted]] = 0
    return rule


def wip(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Items in progress at the end of the window (or at as_of), and of each day."""
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("items", reason)
    mask = frame.in_wip(columns)
    counts = frame.standing(columns, mask, days).astype(np.int64)
    values = np.bincount(columns.item[mask & _holding(columns, days.last)], minlength=len(columns.ids))
    rule = _rule(columns, days.last, WIP_OF_STATE, 4)
    return Measurement(
        int(counts[-1]),
        "items",
        n=int(counts[-1]),
        series=frame.day_points(days, counts.tolist()),
        evidence=frame.evidence(columns, rule, values, WIP_RULES, "items"),
    )


def ages(columns: FlowColumns, days: Days) -> tuple[Ints, Ints]:
    """The stays in WIP at the end of the days, and the age in days that each gives its item."""
    stays = np.flatnonzero(frame.in_wip(columns) & _holding(columns, days.last))
    today = np.minimum(columns.of_teams("as_of_day")[stays], days.last)
    return stays, today - columns.began_day[stays] + 1


def work_item_age(
    columns: FlowColumns, window: Window, as_of_day: date, *, percentiles: Iterable[int] = stats.DRAWN
) -> Measurement:
    """Age in days of each item in progress at the end of the window (or at as_of); the value is the 50th percentile."""
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("days", reason)
    stays, of_stay = ages(columns, days)
    values = np.zeros(len(columns.ids))
    values[columns.item[stays]] = of_stay
    rule = _rule(columns, days.last, WIP_OF_STATE, 4)
    rows = frame.evidence(columns, rule, values, WIP_RULES, "days")
    if not len(stays):
        return frame.unavailable("days", "nothing is in progress", evidence=rows)
    found = stats.percentiles(values[rule == 0].astype(np.int64), {50, *percentiles})
    return Measurement(
        found[50], "days", n=int((rule == 0).sum()), percentiles={p: found[p] for p in sorted(found)}, evidence=rows
    )


def flow_load(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Items in progress per kind at the end of the window (or at as_of), and of each day; the value is all of them."""
    found = wip(columns, window, as_of_day)
    if found.value is None:
        return found
    days, mask = frame.days_of(columns, window), frame.in_wip(columns)
    kinds = columns.kinds[columns.item[mask]].astype(np.int64)
    heights = frame.bands(columns, mask, days, kinds, len(states.KIND_NAMES)).astype(np.int64)
    series = [
        Point(on, parts=dict(zip(states.KIND_NAMES, column, strict=True)))
        for on, column in zip(days.dates(), heights.T.tolist(), strict=True)
    ]
    return replace(found, parts=dict(zip(states.KIND_NAMES, heights[:, -1].tolist(), strict=True)), series=series)


def _total_ages(columns: FlowColumns, days: Days) -> Ints:
    """Per day the sum of the ages of the WIP. A team whose day at as_of is an earlier one ages no further."""
    mask = frame.in_wip(columns)
    numbers = np.arange(days.first, days.last + 1)
    began = columns.began_day[mask].astype(np.float64)
    totals = numbers * frame.standing(columns, mask, days) + frame.standing(columns, mask, days, 1 - began)
    for place, team in enumerate(columns.teams):
        if team.in_scope and team.as_of_day < days.last:
            held = frame.standing(columns, mask & (columns.team == place), days)
            totals -= held * np.maximum(numbers - team.as_of_day, 0)
    return np.rint(totals).astype(np.int64)


def total_work_item_age(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """The sum of the ages of the items in progress, at the end of the window (or at as_of) and of each day."""
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("item days", reason)
    totals = _total_ages(columns, days)
    stays, of_stay = ages(columns, days)
    values = np.bincount(columns.item[stays], of_stay, len(columns.ids))
    rule = _rule(columns, days.last, WIP_OF_STATE, 4)
    return Measurement(
        int(totals[-1]),
        "item days",
        n=len(stays),
        series=frame.day_points(days, totals.tolist()),
        evidence=frame.evidence(columns, rule, values, WIP_RULES, "days"),
    )


def cfd(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Items in each status (streams, portfolio: state) at the end of each day; the value is all of them at the end."""
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("items", reason)
    names, band = frame.groups(columns)
    mask = columns.in_scope & (columns.state != states.REMOVED)
    # A team's statuses that were never used are no bands; the states are always there.
    used = np.unique(band[mask]) if columns.scope_kind == "team" else np.arange(states.REMOVED)
    heights = frame.bands(columns, mask, days, np.searchsorted(used, band[mask]), len(used)).astype(np.int64)
    names = [names[place] for place in used]
    series = [
        Point(on, parts=dict(zip(names, column, strict=True)))
        for on, column in zip(days.dates(), heights.T.tolist(), strict=True)
    ]
    values = np.bincount(columns.item[mask & _holding(columns, days.last)], minlength=len(columns.ids))
    rule = _rule(columns, days.last, BAND_OF_STATE, 2)
    last = heights[:, -1]
    return Measurement(
        int(last.sum()),
        "items",
        n=int(last.sum()),
        parts=dict(zip(names, last.tolist(), strict=True)),
        series=series,
        evidence=frame.evidence(columns, rule, values, BAND_RULES, "items"),
    )
