"""What pages show of key figures: the drawn history, the rows of CSVs, the sections of streams and initiatives."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple, cast

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from charts.figures import Level, Spec, run_chart
from metrics import kpis
from metrics.forms.kpis import day_asked
from metrics.models import Kpi
from metrics.registry import METRICS
from portfolio.models import Initiative, ValueStream
from portfolio.panels import Panel
from portfolio.rules import can

CSV_HEAD = [
    *("stream", "initiative", "key figure", "short name", "unit", "day", "value", "target", "target by", "state"),
    *("owner", "measure"),
]
VALUES_HEAD = ["key figure", "day", "value", "unit", "origin", "note"]


def drawn(line: kpis.Line, values: Sequence[kpis.At]) -> Spec | None:
    """The history with the target as a line across; None while there is nothing to draw."""
    if not values:
        return None
    kpi = line.kpi
    aim = [] if kpi.target is None else [Level(kpi.target, f"target {kpis.value_text(kpi.target, kpi.unit)}", "dash")]
    ys = [round(at.value, 4) for at in values]
    spec = run_chart([at.on for at in values], ys, aim, name=kpi.name, unit=kpi.unit, height="medium")
    if (low := min([*ys, *(level.y for level in aim)])) < 0:
        spec["layout"]["yaxis"]["range"][0] = low * 1.08
    return spec


class ValueLine(NamedTuple):
    """A day's value in words; `iso` is the day as addresses write it."""

    on: date
    iso: str
    text: str
    origin_text: str
    note: str


def value_lines(kpi: Kpi, values: Sequence[kpis.At]) -> list[ValueLine]:
    """The values in words, the newest first."""
    return [
        ValueLine(at.on, at.on.isoformat(), kpis.value_text(at.value, kpi.unit), kpis.origin_text(at), at.note)
        for at in reversed(values)
    ]


def answer(line: kpis.Line) -> str:
    """How a figure stands to its target, in a sentence."""
    kpi = line.kpi
    if line.now is None:
        return "It has no value yet"
    if kpi.target is None:
        return f"It is {line.value_text}; it has no target"
    way = "at or above" if kpi.better == "more" else "at or below"
    if line.is_reached:
        return f"It is {way} its target of {kpis.value_text(kpi.target, kpi.unit)}"
    missing = kpis.difference_text(abs(kpi.target - line.now.value), kpi.unit)
    until = f", which it should reach by {kpi.target_on:%-d %b %Y}" if kpi.target_on else ""
    return f"It is {missing} {'below' if kpi.better == 'more' else 'above'} its target{until}"


def measure_text(kpi: Kpi) -> str:
    """Which measure of the portal a linked figure is, in words; nothing for one that people feed."""
    if kpi.measure not in METRICS:
        return kpi.measure
    rank = f", {kpi.percentile}th percentile" if kpi.percentile else ""
    return f"{METRICS[kpi.measure].label}{rank} of {kpi.team or kpi.stream} over {kpi.window_days} days"


def csv_rows(groups: Sequence[kpis.Group]) -> Iterator[list[object]]:
    """A line per figure, as CSV_HEAD says."""
    for line in (line for group in groups for line in group.lines):
        kpi, at = line.kpi, line.now
        yield [
            *(kpi.stream.name, kpi.initiative and kpi.initiative.name, kpi.name, kpi.slug, kpi.unit),
            *(at and at.on, at and at.value, kpi.target, kpi.target_on, line.tag[0]),
            *(kpi.owner and kpi.owner.name, kpi.measure),
        ]


def value_rows(kpi: Kpi, day: date) -> Iterator[list[object]]:
    """A line per day, as VALUES_HEAD says."""
    for at in kpis.history(kpi.pk, day):
        yield [kpi.name, at.on, at.value, kpi.unit, kpis.origin_text(at), at.note]


def _panel(
    request: HttpRequest, lines: list[kpis.Line], stream: ValueStream, day: date, **more: object
) -> Panel | None:
    may_add = can(request.user, "manage_kpis", stream) and not more["is_past"]
    if not lines and not may_add:
        return None
    about = {"lines": lines, "may_add": may_add, "stream": stream, "day": day}
    return Panel("metrics/kpi_panel.html", about | more)


def stream_panel(pk: int, request: HttpRequest) -> Panel | None:
    """The key figures of a value stream, for its page."""
    stream, (day, is_past, _) = ValueStream.objects.get(pk=pk), day_asked(request.GET, timezone.now())
    lines = kpis.of_stream(pk, cast(User, request.user), day)
    return _panel(request, lines, stream, day, is_past=is_past)


def initiative_panel(pk: int, request: HttpRequest) -> Panel | None:
    """The leading measures of an initiative, for its page."""
    initiative = Initiative.objects.select_related("stream").get(pk=pk)
    day, is_past, _ = day_asked(request.GET, timezone.now())
    lines = kpis.of_initiative(pk, cast(User, request.user), day)
    return _panel(request, lines, initiative.stream, day, is_past=is_past, initiative=initiative)
