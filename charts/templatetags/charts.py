"""`{% figure spec label %}`: a figure's box, its spec, and the same data as a table."""

import secrets
from typing import Any, NamedTuple

from django import template
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import is_aware, localtime

from charts.figures import Spec

register = template.Library()

# More rows than this are the CSV's.
TABLE_ROWS = 400


class Table(NamedTuple):
    """A figure's data: what is drawn, as text. `left_out` rows are only in the CSV."""

    head: list[str]
    rows: list[list[str]]
    left_out: int


@register.inclusion_tag("charts/figure.html")
def figure(spec: Spec, label: str, csv: str = "") -> dict[str, Any]:
    """Render `spec`; `label` is the sentence a screen reader says instead; `csv` is where all rows are."""
    return {
        "spec": spec,
        "id": f"figure-{secrets.token_hex(4)}",
        "height": spec["layout"]["height"],
        "label": label,
        "csv": csv,
        "table": table_of(spec),
    }


def table_of(spec: Spec) -> Table:
    """The data of a spec as a table: a row per point of a cloud or of a time line, else a row per x."""
    traces = [trace for trace in spec["data"] if not trace.get("meta", {}).get("level")]
    meta = spec["layout"].get("meta", {})
    if "table" in meta:
        # The figure says itself what its data is.
        head, rows = meta["table"]["head"], [[text_of(cell) for cell in row] for row in meta["table"]["rows"]]
        total = len(rows)
    elif any("text" in trace for trace in traces):
        rows, total = _group_rows(traces[0], meta["groups"]) if "groups" in meta else _point_rows(traces)
        head = ["Where" if "groups" in meta else "When", "What"] + ([f"Value ({meta['y']})"] if meta.get("y") else [])
        rows = [row[: len(head)] for row in rows]
    else:
        head, rows = _column_rows(traces, meta)
        total = len(rows)
    return Table(head, rows[:TABLE_ROWS], max(0, total - TABLE_ROWS))


def _point_rows(traces: list[Spec]) -> tuple[list[list[str]], int]:
    """The latest points as text, and how many there are: what is not shown is not put into words."""
    points = [
        point
        for trace in traces
        for point in zip(trace["x"], trace["text"], trace["y"], strict=True)
        if point[0] is not None
    ]
    shown = sorted(points, reverse=True)[:TABLE_ROWS]
    return [[text_of(x), text.replace("<br>", ", "), text_of(y)] for x, text, y in shown], len(points)


def _group_rows(trace: Spec, groups: list[str]) -> tuple[list[list[str]], int]:
    """The highest points of all groups as text, and how many there are."""
    points = sorted(zip(groups, trace["text"], trace["y"], strict=True), key=lambda point: -point[2])
    return [[group, text.split("<br>")[0], text_of(y)] for group, text, y in points[:TABLE_ROWS]], len(points)


def _column_rows(traces: list[Spec], meta: Spec) -> tuple[list[str], list[list[str]]]:
    if traces and traces[0].get("orientation") == "h":
        trace = traces[0]
        pairs = list(zip(trace["y"], trace["x"], strict=True))[::-1]
        return ["What", str(meta["x"])], [[text_of(name), text_of(value)] for name, value in pairs]
    unit = f" ({meta['y']})" if meta.get("y") else ""
    head = [str(meta.get("x") or "When"), *(f"{trace['name']}{unit}" for trace in traces)]
    xs = meta.get("names") or (traces[0]["x"] if traces else [])
    columns = [trace["y"] for trace in traces]
    rows = [[text_of(x), *map(text_of, values)] for x, *values in zip(xs, *columns, strict=True)]
    return head, rows


def text_of(value: object) -> str:
    """A cell: dates as people write them, numbers with at most two decimals, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return f"{value:,}"
    return _date_text(str(value)) or str(value)


def _date_text(text: str) -> str:
    try:
        if day := parse_date(text):
            return date_format(day, "j M Y")
        at = parse_datetime(text)
    except ValueError:
        return ""
    return date_format(localtime(at) if is_aware(at) else at, "j M Y, H:i") if at else ""
