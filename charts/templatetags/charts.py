"""`{% figure spec label %}`: a figure's box, its spec, and the same data as a table."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django import template
from django.utils.timezone import is_aware, localtime

from charts.figures import Spec

register = template.Library()

# More rows than this are the CSV's.
TABLE_ROWS = 400
# Heads of columns of words; all others hold numbers.
WORDS = ("When", "Where", "What", "Feature", "Said", "Whose")


class Cell(NamedTuple):
    """A cell of a table; `url`: where it leads, or nothing."""

    text: str
    url: str = ""
    is_number: bool = False


class Table(NamedTuple):
    """A figure's data as text: at most TABLE_ROWS rows; `left_out` more are only in the CSV.

    `urls` says per row where its item is ("": nowhere); it is the cell under "What" that leads there.
    """

    head: list[str]
    rows: list[list[str]]
    left_out: int
    urls: Sequence[str] = ()

    @property
    def left_out_text(self) -> str:
        return f"{self.left_out:,}"

    @property
    def heads(self) -> list[Cell]:
        return [Cell(text, "", bool(n) and text not in WORDS) for n, text in enumerate(self.head)]

    @property
    def lines(self) -> list[list[Cell]]:
        place = self.head.index("What") if any(self.urls) else -1
        numbers = [cell.is_number for cell in self.heads]
        urls = self.urls or [""] * len(self.rows)
        return [
            [Cell(text, url if n == place else "", numbers[n]) for n, text in enumerate(row)]
            for row, url in zip(self.rows, urls, strict=True)
        ]


@register.inclusion_tag("charts/figure.html")
def figure(spec: Spec, label: str, csv: str = "", rows: str = "", name: str = "") -> dict[str, Any]:
    """Render `spec`; `label` is the sentence a screen reader says instead.

    `csv` is where all values are, `rows` where the rows behind the figure are. With a `name` of its own on the page
    the figure is the same text whenever it is rendered.
    """
    meta = spec["layout"].get("meta", {})
    table = table_of(spec)
    return {
        "spec": spec,
        "id": f"figure-{name or secrets.token_hex(4)}",
        "height": spec["layout"]["height"],
        "label": label,
        "csv": csv,
        # Points are items: a series of weeks, as the CSV has it, is not what is left out of their table.
        "more": rows if meta.get("link") and rows else csv,
        "more_is_rows": bool(meta.get("link") and rows),
        "note": meta.get("note", ""),
        "is_linked": any(table.urls),
        "table": table,
        "also": _told(meta["also"]) if "also" in meta else None,
    }


def table_of(spec: Spec) -> Table:
    """The data of a spec as a table: a row per point of a cloud or of a time line, else a row per x.

    Only what is shown is put into words.
    """
    traces = [trace for trace in spec["data"] if not trace.get("meta", {}).get("level")]
    meta = spec["layout"].get("meta", {})
    if "table" in meta:
        # The figure says itself what its data is.
        return _told(meta["table"])
    if any("text" in trace for trace in traces):
        return _points(traces, meta)
    return _columns(traces, meta)


def _told(given: Spec) -> Table:
    """A table that a figure brings with it."""
    shown = [[text_of(cell) for cell in row] for row in given["rows"][:TABLE_ROWS]]
    return Table(given["head"], shown, max(0, len(given["rows"]) - TABLE_ROWS))


def _points(traces: list[Spec], meta: Spec) -> Table:
    """A row per point: the highest first where points stand in groups, else the latest first."""
    link = meta.get("link", "")
    points = [point for trace in traces for point in _places(trace, meta) if point[0] is not None]
    points.sort(
        key=(lambda point: -point[2]) if "groups" in meta else (lambda point: point[:3]), reverse="groups" not in meta
    )
    total = max(len(points), meta.get("total", 0))
    points = points[:TABLE_ROWS]
    urls = [_address(link, key) for *_, key in points]
    has_value = bool(meta.get("y"))
    head = ["Where" if "groups" in meta else "When", "What", *([f"Value ({meta['y']})"] if has_value else [])]
    rows = [[text_of(x), text, *([text_of(y)] if has_value else [])] for x, text, y, _ in points]
    return Table(head, rows, total - len(points), urls)


def _address(link: str, key: object) -> str:
    """Where a point leads: its key in the figure's link, or the key itself where that is an address."""
    if key in ("", None):
        return ""
    if link:
        return link.replace("{}", str(key))
    return str(key) if str(key).startswith(("/", "https://", "http://")) else ""


def _places(trace: Spec, meta: Spec) -> list[tuple[Any, str, Any, Any]]:
    """Where a trace's points are, what they are called, their values and keys."""
    keys = trace.get("customdata") or [""] * len(trace["x"])
    if "groups" in meta:
        texts = [text.split("<br>")[0] for text in trace["text"]]
        return list(zip(meta["groups"], texts, trace["y"], keys, strict=True))
    texts = [text.replace("<br>", ", ") for text in trace["text"]]
    return list(zip(trace["x"], texts, trace["y"], keys, strict=True))


def _columns(traces: list[Spec], meta: Spec) -> Table:
    """A row per x, a column per trace."""
    if traces and traces[0].get("orientation") == "h":
        trace = traces[0]
        pairs = list(zip(trace["y"], trace["x"], strict=True))[::-1]
        return Table(["What", str(meta["x"])], [[text_of(name), text_of(value)] for name, value in pairs], 0)
    unit = f" ({meta['y']})" if meta.get("y") else ""
    head = [str(meta.get("x") or "When"), *(f"{trace['name']}{unit}" for trace in traces)]
    xs = meta.get("names") or (traces[0]["x"] if traces else [])
    columns = [trace["y"][:TABLE_ROWS] for trace in traces]
    rows = [[text_of(x), *map(text_of, values)] for x, *values in zip(xs[:TABLE_ROWS], *columns, strict=True)]
    return Table(head, rows, max(0, len(xs) - TABLE_ROWS))


def text_of(value: object) -> str:
    """A cell: dates as people write them, numbers with at most two decimals, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    # 2025-03-04, and maybe a time.
    return _time_text(text) if text[:4].isdigit() and text[4:5] == "-" == text[7:8] else text


def _time_text(text: str) -> str:
    if len(text) == len("2025-03-04"):
        return _day_text(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    at = localtime(at) if is_aware(at) else at
    return f"{at.day} {at:%b} {at.year}, {at:%H:%M}"


@lru_cache(maxsize=4096)
def _day_text(text: str) -> str:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{on.day} {on:%b} {on.year}"
