"""The Limits page: what is usual for a process, what is more than noise, and when the process changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.urls import reverse
from django.utils.html import escape

from charts.figures import Spec
from charts.figures.behaviour import Cut, Piece
from charts.figures.behaviour import behaviour as behaviour_figure
from dashboards.queries.base import Widget, count
from metrics.behaviour import MEASURES, BehaviourChart, Segment, Week, charts, day_text, decimal
from metrics.forms import Asked
from metrics.measurement import Window
from metrics.models import CHARTED, Baseline
from metrics.standards import baselines_of

QUESTIONS: Mapping[str, str] = {
    "throughput": "Do we finish as many items a week as usual?",
    "arrivals": "Does as much work come in a week as usual?",
    "wip": "Is as much in progress as usual?",
    "total_work_item_age": "Is the work in progress as old as usual?",
    "cycle_time": "Does an item take as long as usual?",
}
# What stands behind "its usual 6.3 to 18.9".
PER: Mapping[str, str] = {
    "throughput": " a week",
    "arrivals": " a week",
    "wip": " in progress",
    "total_work_item_age": " item days",
    "cycle_time": " days",
}
NOTES: Mapping[str, str] = {
    "throughput": "items finished a week",
    "arrivals": "items that came in a week",
    "wip": "items in progress at each week’s end",
    "total_work_item_age": "age of all work in progress at each week’s end",
    "cycle_time": "median of the items finished each week",
}
LABELS = dict(CHARTED)
# A signal with one of so many last full weeks asks for a look now.
RECENT = 4
# So many signals are listed at once.
SHOWN = 4
CSV_HEAD = ["week", "value", "partial", "mean", "lower limit", "upper limit", "baseline from", "reason", "signal"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A row of the table of limits: from when to when, what they are or why there are none, and who set them."""

    baseline: Baseline | None
    since: str
    mean: str
    limits: str
    weeks: str
    wider: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart with all that is said of it. `key` is the measure."""

    key: str
    label: str
    widget: Widget
    chart: BehaviourChart
    stretches: Sequence[Stretch]

    @property
    def csv(self) -> str:
        """The weeks of the chart with their limits."""
        return f"{reverse('flow-limits')}?{self.widget.query}&measure={self.key}&format=csv"

    @property
    def signals(self) -> tuple[list[str], list[str]]:
        """The signals in words, the latest first; and those that come after the first few."""
        said = [_capital(signal.text) for signal in reversed(self.chart.signals)]
        return (said, []) if len(said) <= SHOWN + 1 else (said[:SHOWN], said[SHOWN:])


def limits_page(asked: Asked, at: datetime) -> tuple[str, list[Panel]]:
    """The page's finding and its panels."""
    found = charts(MEASURES, asked, at)
    panels = [_panel(key, found[key], asked) for key in MEASURES]
    return _finding(asked.scope.name, panels), panels


def later_baselines(asked: Asked, at: datetime) -> list[Baseline]:
    """Baselines of the scope that the window or the as-of time does not reach: they are drawn in no chart."""
    last = min(asked.window.last, at.astimezone(asked.scope.zone).date())
    return [mark for marks in baselines_of(asked.scope).values() for mark in marks if mark.starts_on > last]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _finding(name: str, panels: Sequence[Panel]) -> str:
    noted = [panel.label.lower() for panel in panels if is_noted_lately(panel.chart)]
    if noted:
        what = noted[0] if len(noted) == 1 else f"{', '.join(noted[:-1])} and {noted[-1]}"
        return f"{name}: {what} changed by more than noise in the last {RECENT} weeks"
    known = [panel for panel in panels if panel.chart.current and not panel.chart.current.limits.reason]
    if not known:
        return f"{name}: too little data to tell signals from noise"
    return f"{name}: nothing out of the usual in the last {RECENT} weeks"


def is_noted_lately(chart: BehaviourChart) -> bool:
    """Whether one of the last full weeks is part of a signal."""
    full = {week.monday for week in chart.weeks if not week.is_partial}
    last = set(sorted(full)[-RECENT:])
    return any(last.intersection(signal.mondays) for signal in chart.signals)


def _panel(key: str, chart: BehaviourChart, asked: Asked) -> Panel:
    spec = drawn(chart)
    widget = Widget(
        key,
        QUESTIONS[key],
        _answer(chart),
        _change(chart),
        size="w12",
        tag="n/a" if chart.reason else "signal" if is_noted_lately(chart) else "",
        tone="" if chart.reason else "warn",
        spec=spec,
        query=asked.query,
        note=_note(key, spec),
    )
    stretches = [_stretch(segment, chart, asked) for segment in reversed(chart.segments)]
    return Panel(key, LABELS[key], widget, chart, stretches)


def _note(key: str, spec: Spec | None) -> str:
    said = f"{NOTES[key]}; open circles: weeks cut by the window, the as-of time or a change"
    return f"{said}; the axis does not begin at 0" if spec and spec["layout"]["yaxis"]["range"][0] else said


def _year(chart: BehaviourChart) -> int:
    return chart.weeks[-1].monday.year


def _usual(key: str, segment: Segment) -> str:
    return f"{decimal(segment.limits.lower)} to {decimal(segment.limits.upper)}{PER[key]}"


def _since(segment: Segment, chart: BehaviourChart) -> str:
    first = segment.baseline.starts_on if segment.baseline else segment.first
    return day_text(first, _year(chart))


def _answer(chart: BehaviourChart) -> str:
    segment = chart.current
    if segment is None:
        return f"{_capital(chart.reason)}."
    if segment.limits.reason:
        return f"{_capital(segment.limits.reason)} since {_since(segment, chart)}."
    usual = _usual(chart.measure, segment)
    signals = segment.signals
    if not signals:
        return f"Within its usual {usual} since {_since(segment, chart)}; no signal."
    more = f"{count(len(signals), 'signal')}, the latest: " if len(signals) > 1 else "one signal: "
    return f"Usually {usual} since {_since(segment, chart)}; {more}{signals[-1].text}."


def _change(chart: BehaviourChart) -> str:
    """What the last change of the process did, where limits before and after it are known."""
    known = [segment for segment in chart.segments if not segment.limits.reason]
    if len(known) < 2 or known[-1].baseline is None or known[-1] is not chart.segments[-1]:
        return ""
    before, after, mark = known[-2], known[-1], known[-1].baseline
    day = day_text(mark.starts_on, _year(chart))
    new, old = (f"{decimal(segment.limits.centre)}{PER[chart.measure]}" for segment in (after, before))
    return f"Mean {new} since {day} (“{mark.reason}”), {old} before."


def _stretch(segment: Segment, chart: BehaviourChart, asked: Asked) -> Stretch:
    limits, mark = segment.limits, segment.baseline
    last = segment is chart.segments[-1]
    since = _since(segment, chart)
    return Stretch(
        mark,
        f"Since {since}" if last else f"{since} to {day_text(segment.last, _year(chart))}",
        decimal(limits.centre) if limits.centre is not None else "",
        f"{decimal(limits.lower)} to {decimal(limits.upper)}" if limits.centre is not None else limits.reason,
        count(segment.n, "week"),
        _wider(mark, asked) if mark and mark.starts_on < asked.window.first else "",
    )


def _wider(mark: Baseline, asked: Asked) -> str:
    """The address of this page with the change, and half a year before it, in the window."""
    window = Window(mark.starts_on - timedelta(days=182), asked.window.last)
    wide = Asked(asked.scope, window, asked.as_of, facets=asked.facets, ranks=asked.ranks)
    return f"{reverse('flow-limits')}?{wide.query}"


def _noon(day: date, days: float = 0) -> datetime:
    return datetime.combine(day, time()) + timedelta(days=days)


def _begin(segment: Segment) -> datetime:
    """Where a segment begins on the axis: between two points, which stand at Mondays."""
    return _noon(segment.first, -3.5 if segment.first.weekday() == 0 else 0)


def drawn(chart: BehaviourChart, name: str = "", height: str = "medium") -> Spec | None:
    """The chart with the limits of each stretch where they hold; None where there is no week to draw."""
    if not chart.weeks:
        return None
    weeks, segments = chart.weeks, chart.segments
    ends = [*(_begin(segment) for segment in segments[1:]), _noon(weeks[-1].monday, 3.5)]
    pieces = [
        Piece(_begin(segment), end, segment.limits.centre, segment.limits.lower, segment.limits.upper)
        for segment, end in zip(segments, ends, strict=True)
    ]
    whole = max((weeks[-1].monday - weeks[0].monday).days, 1)
    cuts = [
        Cut(_begin(segment), (segment.first - weeks[0].monday).days / whole, _mark_text(segment.baseline, chart))
        for segment in segments
        if segment.baseline and segment.baseline.starts_on >= weeks[0].monday
    ]
    return behaviour_figure(
        [week.monday for week in weeks],
        [week.value for week in weeks],
        pieces,
        cuts,
        name=name or LABELS[chart.measure],
        unit={"items": "items", "days": "days"}.get(chart.unit, chart.unit),
        signals=chart.noted,
        faint=[week.is_partial for week in weeks],
        height=height,
    )


def _mark_text(mark: Baseline, chart: BehaviourChart) -> str:
    """Plotly reads marks of HTML in texts; a reason has none."""
    return str(escape(f"{day_text(mark.starts_on, _year(chart))}: {mark.reason}"))


def csv_rows(chart: BehaviourChart) -> Iterator[list[object]]:
    """The weeks of a chart, each with its limits and the signals it is part of."""
    for week in chart.weeks:
        segment = next((s for s in chart.segments if s.first <= week.sunday and week.monday <= s.last), None)
        yield [week.monday.isoformat(), week.value, week.is_partial, *_limits_of(segment), _signals_of(week, chart)]


def _limits_of(segment: Segment | None) -> list[object]:
    if segment is None:
        return [None] * 5
    mark, limits = segment.baseline, segment.limits
    start = mark.starts_on.isoformat() if mark else None
    return [limits.centre, limits.lower, limits.upper, start, mark.reason if mark else None]


def _signals_of(week: Week, chart: BehaviourChart) -> str:
    if week.is_partial:
        return ""
    return "; ".join(signal.rule for signal in chart.signals if week.monday in signal.mondays)
