"""Flow and delivery of every value stream (or of the teams of one): what got worse, with natural limits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Literal

from django.core.cache import cache
from django.urls import reverse

from dashboards.queries.base import count, per_cent
from metrics.behaviour import BehaviourChart, side_by_side
from metrics.forms import Asked
from metrics.many import Found, measure_each
from metrics.measurement import Measurement, Number, Window
from metrics.queries import CACHE_SECONDS, data_stamp, fingerprint
from metrics.registry import METRICS
from metrics.templatetags.measures import plain, value_text
from portfolio.overview import Ask, Cell, Head, Spark, Tile
from portfolio.queries import Scope, scopes_for

# What the table shows: the measure, its column's head, and the percentile where it is not the value.
FLOW: tuple[tuple[str, str, int], ...] = (
    ("throughput", "Finished", 0),
    ("cycle_time", "Cycle time 50 / 85\u00a0%", 85),
    ("flow_efficiency", "Efficiency", 0),
    ("wip", "In progress", 0),
    ("work_item_age", "Age, 85\u00a0%", 85),
)
DELIVERY: tuple[tuple[str, str, int], ...] = (
    ("deployment_frequency", "Deploys", 0),
    ("change_lead_time", "Lead time", 0),
    ("change_fail_rate", "Fail rate", 0),
    ("failed_deployment_recovery_time", "Recovery", 0),
    ("deployment_rework_rate", "Rework", 0),
)
COLUMNS = (*FLOW, *DELIVERY)
KEYS = [key for key, _, _ in COLUMNS]
# What a notable change for the worse is called; the percentage is the change of the measure itself.
SAID = {
    "throughput": "{name} finishes {by} fewer items",
    "cycle_time": "Items at {name} take {by} longer",
    "flow_efficiency": "The flow efficiency of {name} fell by {by}",
    "wip": "{name} has {by} more items in progress",
    "work_item_age": "Work in progress at {name} is {by} older",
    "deployment_frequency": "{name} deploys {by} less often",
    "change_lead_time": "Changes at {name} take {by} longer to reach production",
    "change_fail_rate": "Deployments of {name} fail {by} more often",
    "failed_deployment_recovery_time": "{name} takes {by} longer to recover from a failed deployment",
    "deployment_rework_rate": "{name}: the share of deployments that repair rose by {by}",
}
# Worse by more than this share of what it was is worth a look; by more than twice of it, first of all.
NOTABLE = 0.25
# Fewer rows than this behind a figure, now or before, say nothing about a change.
FEWEST = 20
# Counts and shares must have moved by more than this many standard errors: a change within them is chance.
ERRORS = 2
SHOWN = 6
WHY = (
    "Each figure is the one of the Flow and Delivery pages for the same place, window and as-of time; follow it to the "
    "rows behind it.",
    "Below it stands how it moved against the equal period before, where that is by more than a quarter and by more "
    "than chance: both figures rest on at least 20 rows, and counts and shares moved by more than two standard errors.",
    "The small line is the items finished per week; the thin lines are its natural limits (mean ± 2.66 × mean moving "
    "range, at least 8 full weeks), as on the Limits page. Those with most that got worse come first.",
)


@dataclass(frozen=True, slots=True)
class Moved:
    """A measure of one place: the value in words, and how it moved against the period before. `worse` is the share by
    which a notable change is for the worse; below 0 it is for the better, 0: not notable."""

    key: str
    value: float | None
    text: str
    reason: str
    worse: float
    before: str
    address: str

    @property
    def tone(self) -> Literal["", "warn", "bad", "good"]:
        if not self.worse:
            return ""
        return "good" if self.worse < 0 else "bad" if self.worse > 2 * NOTABLE else "warn"

    @property
    def change(self) -> str:
        return f"{per_cent(abs(self.worse))} {'better' if self.worse < 0 else 'worse'}" if self.worse else ""


@dataclass(frozen=True, slots=True)
class Line:
    """A value stream or a team with its measures, in the order of COLUMNS."""

    scope: Scope
    cells: Sequence[Moved]
    address: str
    spark: Spark | None = None
    signal: str = ""

    @property
    def badness(self) -> float:
        """How much got worse: what lines are ordered by, and nothing else."""
        return sum(cell.worse for cell in self.cells if cell.worse > 0)

    @property
    def worst(self) -> Moved | None:
        """The measure that got worse the most."""
        found = [cell for cell in self.cells if cell.worse > 0]
        return max(found, key=lambda cell: cell.worse, default=None)


def _of(measured: Measurement, rank: int) -> Number | None:
    return measured.percentiles.get(rank) if rank else measured.value


def is_more_than_chance(now: Measurement, before: Measurement) -> bool:
    """Whether two figures rest on enough rows, and differ by more than counts and shares do by themselves."""
    if min(now.n, before.n) < FEWEST or now.value is None or before.value is None:
        return False
    if now.unit in {"items", "per day"}:
        return abs(now.n - before.n) > ERRORS * math.sqrt(now.n + before.n)
    if now.unit == "ratio":
        both = (now.value * now.n + before.value * before.n) / (now.n + before.n)
        error = math.sqrt(max(0.0, both * (1 - both)) * (1 / now.n + 1 / before.n))
        return abs(now.value - before.value) > ERRORS * error
    return True


def moved(key: str, rank: int, now: Measurement, before: Measurement, query: str) -> Moved:
    """A measure with how it moved; `query` asks for the same place and window."""
    value, past = _of(now, rank), _of(before, rank)
    change = 0.0
    if value is not None and past and is_more_than_chance(now, before):
        change = float(value) / float(past) - 1
    worse = {"more": -change, "less": change}.get(METRICS[key].better or "", 0.0)
    return Moved(
        key,
        None if value is None else float(value),
        _short(key, value, now),
        now.reason,
        worse if abs(worse) > NOTABLE else 0.0,
        value_text(past, before.unit),
        f"{reverse('explain', args=[key])}?{query}",
    )


def _short(key: str, value: Number | None, measured: Measurement) -> str:
    """A value as the table says it: the columns say what it is of."""
    if value is None or measured.unit not in {"items", "days"}:
        return value_text(value, measured.unit).replace(" a day", "/day")
    if key == "cycle_time" and measured.value is not None:
        return f"{plain(measured.value)} / {plain(value)} d"
    return plain(value) if measured.unit == "items" else f"{plain(value)} d"


def parts(ask: Ask) -> list[Scope]:
    """The places that the table shows: the teams of a stream, else the streams that the reader may see, else teams."""
    seen = scopes_for(ask.user)
    if ask.scope.kind == "stream":
        return [one for one in seen if one.kind == "team" and set(one.teams) <= set(ask.scope.teams)]
    return [one for one in seen if one.kind == "stream"] or [one for one in seen if one.kind == "team"]


def lines(ask: Ask, of: Sequence[Scope]) -> list[Line]:
    """The measures of places, those with most that got worse first (teams stand in their order: nobody is ranked)."""
    window = Window(ask.first, ask.last)
    before = Window(ask.first - timedelta(days=window.days), ask.first - timedelta(days=1))
    found = measure_each(KEYS, of, [window, before], ask.at, with_series=["throughput"])
    sparks = _sparks(ask, of, found, window)
    made = [_line(ask, scope, found[scope.text], window, before, sparks.get(scope.text)) for scope in of]
    return made if of and of[0].kind == "team" else sorted(made, key=lambda line: -line.badness)


def _line(
    ask: Ask, scope: Scope, found: Found, window: Window, before: Window, spark: "tuple[Spark, str] | None"
) -> Line:
    query = Asked(scope, window, ask.as_of).query
    cells = [moved(key, rank, found[window, key], found[before, key], query) for key, _, rank in COLUMNS]
    address = f"{reverse('home' if scope.kind == 'stream' else 'flow')}?{query}"
    return Line(scope, cells, address, *(spark or (None, "")))


def _sparks(ask: Ask, of: Sequence[Scope], found: dict[str, Found], window: Window) -> dict[str, tuple[Spark, str]]:
    """The weekly throughput of each place with its natural limits; kept like the figures it is made of."""
    text = fingerprint([scope.text for scope in of], [scope.teams for scope in of], window, ask.day, data_stamp())
    name = f"sparks:{text}"
    kept = cache.get(name) if ask.as_of is None else None
    if kept is not None:
        return dict(kept)
    wide: dict[Window, dict[str, Found]] = {}

    def measured(scope: Scope, reach: Window) -> Measurement:
        if reach == window:
            return found[scope.text][window, "throughput"]
        if reach not in wide:
            wide[reach] = measure_each(["throughput"], of, [reach], ask.at, with_series=["throughput"])
        return wide[reach][scope.text][reach, "throughput"]

    asked = [(Asked(scope, window, ask.as_of), partial(measured, scope)) for scope in of]
    charts = side_by_side("throughput", asked, ask.at)
    sparks = {scope.text: spark for scope, chart in zip(of, charts, strict=True) if (spark := _spark(chart))}
    if ask.as_of is None:
        cache.set(name, sparks, CACHE_SECONDS)
    return sparks


def _spark(chart: BehaviourChart) -> tuple[Spark, str] | None:
    """A line of the full weeks, and the latest signal in words."""
    weeks = [week for week in chart.weeks if not week.is_partial]
    if len(weeks) < 2:
        return None
    limits = chart.current.limits if chart.current else None
    low, high = (limits.lower, limits.upper) if limits and not limits.reason else (None, None)
    last = weeks[-1]
    usual = f", usually {plain(round(low or 0, 1))} to {plain(round(high, 1))}" if high is not None else ""
    said = f"{plain(last.value)} finished in the last full week{usual}"
    is_now = bool(chart.noted) and chart.weeks[chart.noted[-1]].monday == last.monday
    values = [float(week.value) for week in weeks]
    return Spark(values, said, low, high), chart.signals[-1].text if is_now else ""


def tile(ask: Ask) -> Tile | None:
    """How healthy flow is, place by place."""
    of = parts(ask)
    made = lines(ask, of)
    what = "Value stream" if of and of[0].kind == "stream" else "Team"
    heads = [Head(what), Head("Finished a week")]
    heads += [
        Head(label, is_number=True, is_side=key in {"wip", "deployment_rework_rate"}) for key, label, _ in COLUMNS
    ]
    return Tile(
        key="flow",
        question="How healthy is flow?",
        answer=_answer(made, what, ask.days),
        head=heads,
        rows=[_row(line) for line in made],
        shown=max(SHOWN, 0 if what == "Value stream" else len(made)),
        noun=what.lower(),
        why=WHY,
        finding=_finding(made),
        heat={"Flow": {line.scope.text: _heat(line) for line in made}},
        page=f"{reverse('flow-compare')}?{ask.query}",
        page_label="Side by side",
    )


def _row(line: Line) -> list[Cell]:
    name = Cell(line.scope.name, line.address)
    week = Cell("", spark=line.spark, note=line.signal, value=line.spark.values[-1] if line.spark else "")
    cells = [_cell(cell) for cell in line.cells]
    return [name, week, *cells]


def _cell(cell: Moved) -> Cell:
    """A measure as the table shows it; what got better is no news that needs anybody."""
    then = cell.reason or (f"{cell.before} before" if cell.before != "n/a" else "")
    if cell.worse > 0:
        return Cell(cell.text, cell.address, cell.change, cell.tone, title=then, value=cell.value)
    return Cell(cell.text, cell.address, title=then, value="" if cell.value is None else cell.value)


def _heat(line: Line) -> Cell:
    """What a place's flow and delivery are worth saying in the table of where to look first."""
    worst = line.worst
    if worst is None:
        known = any(cell.value is not None for cell in line.cells)
        return Cell("calm", title="nothing got notably worse") if known else Cell("n/a", title=line.cells[0].reason)
    label = next(label for key, label, _ in COLUMNS if key == worst.key)
    return Cell(worst.change, worst.address, tone=worst.tone, title=label)


def worst_said(made: Sequence[Line]) -> list[tuple[float, Line, Moved, str]]:
    """The changes for the worse in sentences, the largest first."""
    found = [(cell.worse, line, cell) for line in made for cell in line.cells if cell.worse > 0]
    found.sort(key=lambda entry: -entry[0])
    said = [SAID[cell.key].format(name=line.scope.name, by=per_cent(cell.worse)) for _, line, cell in found]
    return [(*entry, text) for entry, text in zip(found, said, strict=True)]


def _finding(made: Sequence[Line]) -> str:
    said = worst_said(made)
    return said[0][3] if said else ""


def _answer(made: Sequence[Line], what: str, days: int) -> str:
    if not made:
        return "No team yet: with a value stream, a team and a source this table shows how work flows."
    said = worst_said(made)
    if not said:
        known = any(cell.value is not None for line in made for cell in line.cells)
        return f"Nothing got notably worse in {days} days." if known else "Nothing is measured yet."
    _, _, cell, text = said[0]
    places = len({line.scope.text for _, line, _, _ in said})
    where = (
        f" {count(len(said), 'figure')} of {count(places, what.lower())} got notably worse." if len(said) > 1 else ""
    )
    value = value_text(cell.value, METRICS[cell.key].unit)
    return f"{text} ({value}, {cell.before} in the {days} days before).{where}"
