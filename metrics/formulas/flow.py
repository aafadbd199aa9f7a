"""The measures of flow that count finished items and what goes in and out of work in progress.

All formulas have one signature: (columns, window, as_of_day, …options), and give a Measurement whose evidence
recomputes it. Stocks (WIP, ages, cumulative flow) are in metrics/formulas/stocks.py.
"""

from collections.abc import Iterable
from datetime import date

import numpy as np

from metrics import states
from metrics.columns.shapes import OPEN, FlowColumns
from metrics.formulas import frame, stats
from metrics.formulas.frame import Days, Finishes, Floats, Ints
from metrics.measurement import Measurement, Number, Point, Window

SECOND = 1_000_000
NO_TIME = "no finished item spent time in progress"


def is_cut(monday: int, window: Window, whole_day: int) -> bool:
    """Whether the window, or as_of, cuts the week that begins on this day number."""
    return monday < frame.number(window.first) or monday + 6 > min(frame.number(window.last), whole_day)


def weekly(whole_day: int, window: Window, days: Ints, values: Ints, ranks: Iterable[int]) -> list[Point]:
    """Per week with a finish: the 50th percentile, and all `ranks` as parts; weeks that are cut are marked."""
    weeks, wanted = frame.mondays(days), sorted({50, *ranks})
    points = []
    for monday in np.unique(weeks).tolist():
        found = stats.percentiles(values[weeks == monday], wanted)
        on = date.fromordinal(monday + frame.ORDINAL)
        parts = {f"p{p}": value for p, value in found.items()}
        points.append(Point(on, found[50], parts, is_partial=is_cut(monday, window, whole_day)))
    return points


def _times(columns: FlowColumns, window: Window, values: Ints, ends: Finishes, ranks: Iterable[int]) -> Measurement:
    """Percentiles of a time in days, over the items finished in the window."""
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("days", reason)
    rule = frame.finish_rule(columns, ends, days)
    rows = frame.evidence(columns, rule, values.astype(np.float64), frame.FINISH_RULES, "days")
    chosen = rule == 0
    if not chosen.any():
        return frame.unavailable("days", "no item finished in this window", evidence=rows)
    wanted = {50, *ranks}
    found = stats.percentiles(values[chosen], wanted)
    return Measurement(
        found[50],
        "days",
        n=int(chosen.sum()),
        percentiles={p: found[p] for p in sorted(found)},
        series=weekly(columns.whole_day, window, ends.day[chosen], values[chosen], wanted),
        evidence=rows,
    )


def cycle_time(
    columns: FlowColumns, window: Window, as_of_day: date, *, percentiles: Iterable[int] = stats.DRAWN
) -> Measurement:
    """Finished date − started date + 1, days, of the items finished in the window; the value is the 50th percentile."""
    ends = frame.finishes(columns)
    return _times(columns, window, ends.cycle, ends, percentiles)


def lead_time(
    columns: FlowColumns, window: Window, as_of_day: date, *, percentiles: Iterable[int] = stats.DRAWN
) -> Measurement:
    """Finished date − created date + 1, days, of the items finished in the window; the value is the 50th percentile."""
    ends = frame.finishes(columns)
    return _times(columns, window, ends.lead, ends, percentiles)


def throughput(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Items finished in the window; per day, days with none included."""
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("items", reason)
    ends = frame.finishes(columns)
    rule = frame.finish_rule(columns, ends, days)
    chosen = rule == 0
    counts = np.bincount(ends.day[chosen] - days.first, minlength=days.n)
    total = int(chosen.sum())
    return Measurement(
        total,
        "items",
        n=total,
        series=frame.day_points(days, counts.tolist()),
        evidence=frame.evidence(columns, rule, np.ones(len(chosen)), frame.FINISH_RULES, "items"),
    )


def changes(columns: FlowColumns, days: Days, mask: frame.Flags | None = None) -> tuple[Ints, Ints, Ints, Ints]:
    """Net changes of WIP in the days, one per item, team and day: item, team, day, and +1 (entered) or -1 (left).

    `mask`: of what is in these stays, in place of WIP.
    """
    mask = frame.in_wip(columns) if mask is None else mask
    day = np.concatenate([columns.day[mask], columns.until_day[mask]])
    inside = (day >= days.first) & (day <= days.last) & (day != OPEN)
    item = np.tile(columns.item[mask], 2)[inside]
    team = np.tile(columns.team[mask], 2)[inside]
    sign = np.repeat([1, -1], int(mask.sum()))[inside]
    keys = (item * max(len(columns.teams), 1) + team) * days.n + day[inside] - days.first
    found, first, place = np.unique(keys, return_index=True, return_inverse=True)
    net = np.bincount(place, sign, len(found)).astype(np.int64)
    kept = net != 0
    return item[first][kept], team[first][kept], day[inside][first][kept], net[kept]


def _movement(columns: FlowColumns, window: Window, entering: int, leaving: int, words: tuple[str, str]) -> Measurement:
    """Entries count `entering` each, exits `leaving`; per day, and per item as evidence."""
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("items", reason)
    item, _, day, net = changes(columns, days)
    counted = np.where(net > 0, entering, leaving)
    item, day, counted = item[counted != 0], day[counted != 0], counted[counted != 0]
    counts = np.bincount(day - days.first, counted, days.n).astype(np.int64)
    values = np.bincount(item, counted, len(columns.ids))
    touched = np.bincount(item, minlength=len(columns.ids)) > 0
    return Measurement(
        int(counts.sum()),
        "items",
        n=len(item),
        series=frame.day_points(days, counts.tolist()),
        evidence=frame.evidence(columns, np.where(touched, 0, 1), values, words, "items"),
    )


ARRIVAL_RULES = ("entered work in progress in the window", "excluded: did not enter work in progress in the window")
DEPARTURE_RULES = ("left work in progress in the window", "excluded: did not leave work in progress in the window")
NET_RULES = (
    "entered or left work in progress in the window",
    "excluded: neither entered nor left work in progress in the window",
)


def arrivals(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Items entering WIP (started, reopened, moved in), net per item and day."""
    return _movement(columns, window, 1, 0, ARRIVAL_RULES)


def departures(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Items leaving WIP (finished, returned, removed, moved out), net per item and day."""
    return _movement(columns, window, 0, 1, DEPARTURE_RULES)


def net_flow(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Departures − arrivals."""
    return _movement(columns, window, -1, 1, NET_RULES)


def flow_distribution(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Shares of the items finished in the window per kind (parts); the value is the share of features."""
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("ratio", reason)
    rule = frame.finish_rule(columns, frame.finishes(columns), days)
    chosen = rule == 0
    features = (columns.kinds == states.KIND_NAMES.index("feature")).astype(np.float64)
    rows = frame.evidence(columns, rule, features, frame.FINISH_RULES, "is a feature")
    n = int(chosen.sum())
    if not n:
        return frame.unavailable("ratio", "no item finished in this window", evidence=rows)
    counts = np.bincount(columns.kinds[chosen], minlength=len(states.KIND_NAMES)).tolist()
    shares = {kind: count / n for kind, count in zip(states.KIND_NAMES, counts, strict=True)}
    return Measurement(shares["feature"], "ratio", n=n, parts=shares, evidence=rows)


def mean(values: Floats) -> Number | None:
    """The share of ones among zeros and ones."""
    return values.sum().item() / len(values) if len(values) else None


def whole(value: float) -> Number:
    """The same number, as an int where it is one."""
    return int(value) if value.is_integer() else value


def total(values: Floats) -> Number:
    """The sum of whole numbers."""
    return whole(values.sum().item())


def _microseconds(values: Floats) -> int:
    """The sum of seconds in µs: whole numbers, so that it is the same in whatever order and portions they are added."""
    return int(np.rint(values * SECOND).astype(np.int64).sum())


def seconds(values: Floats) -> Number:
    """The sum of seconds."""
    return whole(_microseconds(values) / SECOND)


def middle(values: Floats) -> Number | None:
    """The 50th percentile of whole numbers."""
    return stats.median(values.astype(np.int64))


def before_finish(columns: FlowColumns, ends: Finishes, chosen: frame.Flags) -> frame.Flags:
    """Per stay: of a chosen item, before the stay in which it finished."""
    return chosen[columns.item] & (np.arange(len(columns.item)) < ends.stay[columns.item])


def lengths(columns: FlowColumns) -> Ints:
    """Per stay its length so far, µs."""
    return np.minimum(columns.until, columns.as_of) - columns.at


def time_in_state(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Seconds in each status (streams, portfolio: state), from creation to finish, of items finished in the window."""
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("seconds", reason)
    ends = frame.finishes(columns)
    rule = frame.finish_rule(columns, ends, days)
    chosen = rule == 0
    stays = before_finish(columns, ends, chosen)
    spent = np.bincount(columns.item[stays], lengths(columns)[stays], len(columns.ids)) / SECOND
    rows = frame.evidence(columns, rule, spent, frame.FINISH_RULES, "seconds")
    if not chosen.any():
        return frame.unavailable("seconds", "no item finished in this window", evidence=rows)
    names, band = frame.groups(columns)
    per_band = np.bincount(band[stays], lengths(columns)[stays], len(names)) / SECOND
    return Measurement(
        seconds(rows.values[rows.included]),
        "seconds",
        n=int(chosen.sum()),
        parts={name: spent for name, spent in zip(names, per_band.tolist(), strict=True) if spent},
        evidence=rows,
    )


def _blocked_while_active(columns: FlowColumns, stays: frame.Flags) -> Floats:
    """Per item: µs in which it was both blocked and in an active one of `stays`."""
    n = len(columns.ids)
    has_block = np.bincount(columns.blocked_item, minlength=n) > 0
    busy = stays & (columns.state == states.ACTIVE) & has_block[columns.item]
    begin, end = columns.at[busy], np.minimum(columns.until, columns.as_of)[busy]
    until = np.minimum(columns.blocked_until, columns.as_of)
    m, k = len(begin), len(until)
    item = np.concatenate([columns.item[busy], columns.item[busy], columns.blocked_item, columns.blocked_item])
    at = np.concatenate([begin, end, columns.blocked_from, until])
    works = np.concatenate([np.ones(m), -np.ones(m), np.zeros(2 * k)])
    blocks = np.concatenate([np.zeros(2 * m), np.ones(k), -np.ones(k)])
    order = np.lexsort((at, item))
    both = (works[order].cumsum() > 0) & (blocks[order].cumsum() > 0)
    spans = np.diff(at[order], append=0)
    inside: Floats = np.bincount(item[order], np.where(both, spans, 0), n).astype(np.float64)
    return inside


def busy_and_waiting(columns: FlowColumns, stays: frame.Flags) -> tuple[Floats, Floats]:
    """Per item, µs spent active and waiting in `stays`; blocked time counts as waiting."""
    n = len(columns.ids)
    spans = lengths(columns)
    active, waiting = (
        np.bincount(columns.item[chosen], spans[chosen], n)
        for chosen in (stays & (columns.state == states.ACTIVE), stays & (columns.state == states.WAITING))
    )
    blocked = _blocked_while_active(columns, stays)
    worked: Floats = active - blocked
    waited: Floats = waiting + blocked
    return worked, waited


def flow_efficiency(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Active ÷ (active + waiting) time from start to finish, sum over sum, of the items finished in the window."""
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("ratio", reason)
    ends = frame.finishes(columns)
    rule = frame.finish_rule(columns, ends, days)
    chosen = rule == 0
    stays = before_finish(columns, ends, chosen)
    stays &= columns.at >= columns.began[ends.stay][columns.item]
    active, waiting = busy_and_waiting(columns, stays)
    rows = frame.evidence(columns, rule, active / SECOND, frame.FINISH_RULES, "active seconds")
    rows = frame.with_base(rows, columns, (active + waiting) / SECOND, "active and waiting seconds")
    if not chosen.any():
        return frame.unavailable("ratio", "no item finished in this window", evidence=rows)
    value = ratio(rows.values[rows.included], frame.base_of(rows)[rows.included])
    reason = "" if value is not None else NO_TIME
    parts = {"active": float(active[chosen].sum() / SECOND), "waiting": float(waiting[chosen].sum() / SECOND)}
    return Measurement(value, "ratio", n=int(chosen.sum()), reason=reason, parts=parts, evidence=rows)


def ratio(values: Floats, base: Floats) -> Number | None:
    """Sum over sum, of seconds."""
    below = _microseconds(base)
    return _microseconds(values) / below if below else None
