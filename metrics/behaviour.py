"""Process behaviour charts (XmR) of a scope: weekly points, natural limits between baselines, signals in words.

A point is a week from Monday to Sunday: throughput and arrivals are its sum, WIP and total work item age stand at its
last day's end, cycle time is the median of its finishes (a week without any has no point). Limits and signals are made
of full weeks only. The rules are in metrics/formulas/stats.py.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Min
from django.utils.formats import date_format

from metrics.forms import Asked
from metrics.formulas import stats
from metrics.measurement import Measurement, Number, Window
from metrics.models import CHARTED, Baseline, FlowDay
from metrics.queries import measure_many
from metrics.registry import METRICS
from metrics.standards import baselines_of, baselines_of_each
from metrics.templatetags.measures import plain, value_text

MEASURES = tuple(key for key, _ in CHARTED)
SUMMED = {"throughput", "arrivals"}
WEEK = timedelta(days=7)
# A week's value in words.
SAID: Mapping[str, Callable[[Number], str]] = {
    "throughput": lambda value: f"{plain(value)} finished",
    "arrivals": lambda value: f"{plain(value)} came in",
    "wip": lambda value: f"{plain(value)} in progress",
    "total_work_item_age": lambda value: value_text(value, "item days"),
    "cycle_time": lambda value: f"median {value_text(value, 'days')}",
}


@dataclass(frozen=True, slots=True)
class Week:
    """A week by its Monday. `is_partial`: the window, the as-of time, a baseline or the first record cuts it."""

    monday: date
    value: Number
    is_partial: bool = False

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Named:
    """A signal: which weeks (Mondays), by which rule (stats), on which side of the centre, and in words."""

    mondays: tuple[date, ...]
    rule: str
    side: int
    text: str


@dataclass(frozen=True, slots=True)
class Segment:
    """What lies between two baselines, as far as it is drawn: `first` to `last` day.

    `baseline` None: before the first one, where the limits are made of the window's own weeks. `limits.reason` says
    why there are none. `n` full weeks made them. `signals` are those with a week that is drawn.
    """

    baseline: Baseline | None
    first: date
    last: date
    limits: stats.Behaviour
    n: int
    signals: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class BehaviourChart:
    """The weeks of a window with their segments, oldest first; `reason` when there is nothing to measure at all."""

    measure: str
    unit: str
    weeks: tuple[Week, ...] = ()
    segments: tuple[Segment, ...] = ()
    reason: str = ""

    @property
    def signals(self) -> tuple[Named, ...]:
        return tuple(signal for segment in self.segments for signal in segment.signals)

    @property
    def current(self) -> Segment | None:
        """The segment at the window's end."""
        return self.segments[-1] if self.segments else None

    @property
    def noted(self) -> list[int]:
        """The places among `weeks` that belong to a signal."""
        mondays = {monday for signal in self.signals for monday in signal.mondays}
        return [place for place, week in enumerate(self.weeks) if week.monday in mondays and not week.is_partial]

    @property
    def last_full(self) -> Week | None:
        return next((week for week in reversed(self.weeks) if not week.is_partial), None)


def chart(measure: str, asked: Asked, at: datetime) -> BehaviourChart:
    """The process behaviour chart of one measure (of MEASURES). `at` is as_of, or now."""
    return charts([measure], asked, at)[measure]


def charts(measures: Iterable[str], asked: Asked, at: datetime) -> dict[str, BehaviourChart]:
    """The charts of several measures; their figures come from the same measurements as every tile and report."""
    measures = list(measures)
    local = at.astimezone(asked.scope.zone).date()
    marks = {
        key: [mark for mark in found if mark.starts_on <= local] for key, found in baselines_of(asked.scope).items()
    }
    drawn = measure_many(measures, asked.scope, asked.window, at, asked.facets)
    wide = {key: _reach(marks.get(key, []), asked.window, local) for key in measures}
    windows = {window for window in wide.values() if window != asked.window}
    # All that reach further are read in one go.
    reach = Window(min(w.first for w in windows), max(w.last for w in windows)) if windows else asked.window
    longer = [key for key in measures if wide[key] != asked.window]
    base = measure_many(longer, asked.scope, reach, at, asked.facets) if longer else {}
    first = min(_first_records(asked.scope.teams).values(), default=date.max)
    frame = _Frame(asked.window, reach, _whole_day(asked, at), first)
    return {key: _chart(key, marks.get(key, []), drawn[key], base.get(key), frame) for key in measures}


def side_by_side(
    measure: str, parts: Sequence[tuple[Asked, Callable[[Window], Measurement]]], at: datetime
) -> list[BehaviourChart]:
    """The chart of one measure for many scopes, each with what measures it in a window; as many queries as for one."""
    marks = baselines_of_each([asked.scope for asked, _ in parts], measure)
    since = _first_records({team for asked, _ in parts for team in asked.scope.teams})
    found = []
    for asked, measured in parts:
        local = at.astimezone(asked.scope.zone).date()
        own = [mark for mark in marks.get(asked.scope.text, []) if mark.starts_on <= local]
        reach = _reach(own, asked.window, local)
        first = min((since[team] for team in asked.scope.teams if team in since), default=date.max)
        frame = _Frame(asked.window, reach, _whole_day(asked, at), first)
        base = measured(reach) if reach != asked.window else None
        found.append(_chart(measure, own, measured(asked.window), base, frame))
    return found


@dataclass(frozen=True, slots=True)
class _Frame:
    """The window drawn, the window read for the limits, the last day that is over, and the first with a record."""

    window: Window
    reach: Window
    whole_day: date
    since: date


def _whole_day(asked: Asked, at: datetime) -> date:
    """The last day of the scope that is over at `at`."""
    return (at + timedelta(microseconds=1)).astimezone(asked.scope.zone).date() - timedelta(days=1)


def _first_records(teams: Collection[int]) -> dict[int, date]:
    """The first day on which anything is known of each team; weeks before it are no weeks of zero."""
    rows = FlowDay.objects.filter(team__in=teams, measure="held").order_by()
    return dict(rows.values_list("team").annotate(first=Min("on")))


def _reach(marks: Sequence[Baseline], window: Window, today: date) -> Window:
    """What has to be read for the limits: from the start of the baseline in force at the window's first day, to now."""
    shown = [mark for mark in marks if mark.starts_on <= window.last]
    if not shown:
        return window
    before = [mark.starts_on for mark in shown if mark.starts_on <= window.first]
    return Window(before[-1] if before else window.first, max(window.last, today))


def _chart(
    measure: str, marks: Sequence[Baseline], drawn: Measurement, base: Measurement | None, frame: _Frame
) -> BehaviourChart:
    unit = METRICS[measure].unit
    if not drawn.series:
        return BehaviourChart(measure, unit, reason=drawn.reason)
    cuts = [mark.starts_on for mark in marks]
    weeks = _weeks(measure, drawn, frame.window, frame, cuts)
    if not weeks:
        return BehaviourChart(measure, unit, reason="nothing is recorded in this window")
    read = weeks if base is None else _weeks(measure, base, frame.reach, frame, cuts)
    segments = [
        _segment(measure, mark, first, last, read, weeks)
        for mark, first, last in _spans(marks, frame.window)
        if any(first <= week.sunday and week.monday <= last for week in weeks)
    ]
    return BehaviourChart(measure, unit, tuple(weeks), tuple(segments))


def _spans(marks: Sequence[Baseline], window: Window) -> list[tuple[Baseline | None, date, date]]:
    """Each baseline with its first and last day; None is what the window has before the first one."""
    starts = [window.first, *(mark.starts_on for mark in marks)]
    ends = [*(mark.starts_on - timedelta(days=1) for mark in marks), date.max]
    spans = zip([None, *marks], starts, ends, strict=True)
    return [(mark, first, last) for mark, first, last in spans if first <= window.last and last >= window.first]


def _weeks(measure: str, found: Measurement, window: Window, frame: _Frame, cuts: Sequence[date]) -> list[Week]:
    """The weeks of a series that the records reach."""
    values: dict[date, Number] = {}
    for point in found.series:
        if point.value is not None:
            monday = point.at - timedelta(days=point.at.weekday())
            values[monday] = (values.get(monday, 0) if measure in SUMMED else 0) + point.value
    first, last = max(window.first, frame.since), min(window.last, frame.whole_day)
    weeks = [Week(monday, value) for monday, value in sorted(values.items()) if monday + WEEK > frame.since]
    return [
        Week(week.monday, week.value, week.monday < first or week.sunday > last or _is_cut(week, cuts))
        for week in weeks
    ]


def _is_cut(week: Week, cuts: Sequence[date]) -> bool:
    """Whether a baseline begins within the week: it is of both, and comparable with neither."""
    return any(week.monday < cut <= week.sunday for cut in cuts)


def _segment(
    measure: str, mark: Baseline | None, first: date, last: date, read: Sequence[Week], drawn: Sequence[Week]
) -> Segment:
    own = [week for week in read if not week.is_partial and first <= week.monday and week.sunday <= last]
    until = mark.ends_on if mark and mark.ends_on else last
    n = sum(week.sunday <= until for week in own)
    limits = stats.behaviour([week.value for week in own], baseline=n)
    shown = {week.monday for week in drawn if not week.is_partial}
    year = drawn[-1].monday.year
    named = [_named(measure, signal, own, limits, year) for signal in _together(limits.signals)]
    seen = tuple(signal for signal in named if shown.intersection(signal.mondays))
    return Segment(mark, max(first, drawn[0].monday), min(last, drawn[-1].sunday), limits, n, seen)


def _together(signals: Sequence[stats.Signal]) -> list[stats.Signal]:
    """Signals with neighbours outside the same limit as one: a list of forty weeks says less than "40 in a row"."""
    found: list[stats.Signal] = []
    last: dict[int, int] = {}
    for signal in signals:
        at = last.get(signal.side)
        if signal.rule != stats.OUTSIDE:
            found.append(signal)
        elif at is not None and found[at].places[-1] + 1 == signal.places[0]:
            found[at] = stats.Signal(found[at].places + signal.places, signal.rule, signal.side)
        else:
            last[signal.side] = len(found)
            found.append(signal)
    return found


def _named(measure: str, signal: stats.Signal, weeks: Sequence[Week], limits: stats.Behaviour, year: int) -> Named:
    """The signal in words, with its weeks."""
    own = [weeks[place] for place in signal.places]
    mondays = tuple(week.monday for week in own)
    side, which = ("above", "upper") if signal.side > 0 else ("below", "lower")
    limit = decimal(limits.upper if signal.side > 0 else limits.lower, *(week.value for week in own))
    mean = decimal(limits.centre, *(week.value for week in own))
    when = f"weeks of {day_text(mondays[0], year)} to {day_text(mondays[-1], year)}"
    n, whole = len(own), max(signal.places[-1] - signal.places[0] + 1, stats.NEAR_OF)
    if signal.rule == stats.OUTSIDE and n == 1:
        value = SAID[measure](own[0].value)
        text = f"week of {day_text(mondays[0], year)}: {value}, {side} the {which} limit {limit}"
    elif signal.rule == stats.OUTSIDE:
        text = f"{when}: {n} in a row {side} the {which} limit {limit}, the last {SAID[measure](own[-1].value)}"
    elif signal.rule == stats.LONG_RUN:
        text = f"{when}: {n} in a row {side} the mean {mean}"
    else:
        text = f"{when}: {n} of {whole} nearer the {which} limit than the mean {mean}"
    return Named(mondays, signal.rule, signal.side, text)


def day_text(day: date, year: int) -> str:
    """A day, with its year where it is not `year`."""
    return date_format(day, "j M" if day.year == year else "j M Y")


def decimal(limit: float | None, *values: Number) -> str:
    """A limit with one decimal, from 1,000 on with none; with one more where it would look like one of `values`, which
    lie beside it.
    """
    if limit is None:
        return "n/a"
    places = 1 if abs(limit) < 1000 else 0
    rounded = round(limit, places + 1 if round(limit, places) in values else places)
    return plain(int(rounded) if rounded == int(rounded) else rounded)


def as_data(found: BehaviourChart) -> dict[str, Any]:
    """A chart as JSON-able data."""
    return {
        "measure": found.measure,
        "unit": found.unit,
        "reason": found.reason,
        "weeks": [{"at": w.monday.isoformat(), "value": w.value, "partial": w.is_partial} for w in found.weeks],
        "segments": [_segment_data(segment) for segment in found.segments],
    }


def _segment_data(segment: Segment) -> dict[str, Any]:
    limits = segment.limits
    return {
        "first": segment.first.isoformat(),
        "last": segment.last.isoformat(),
        "baseline": segment.baseline.pk if segment.baseline else None,
        "points": segment.n,
        "centre": limits.centre,
        "lower": limits.lower,
        "upper": limits.upper,
        "reason": limits.reason,
        "signals": [
            {"weeks": [monday.isoformat() for monday in one.mondays], "rule": one.rule, "text": one.text}
            for one in segment.signals
        ],
    }
