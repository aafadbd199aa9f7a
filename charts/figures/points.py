"""Figures of single points: scatter, strip, time line."""

from collections.abc import Mapping, Sequence
from datetime import date
from textwrap import wrap
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from charts.figures.base import (
    DATES,
    Dot,
    Level,
    Mark,
    Number,
    Spec,
    as_x,
    ceiling,
    layout_of,
    level_traces,
    name_in_margin,
    shortened,
)
from charts.theme import colour, series

MAX_POINTS = 5000
# Cells of the grid that thins more points than that.
COLUMNS, ROWS = 120, 32
EPOCH = date(1970, 1, 1).toordinal()
# More groups than this have no room for upright labels beside one another.
MOST_LEVEL = 8


class Cloud(NamedTuple):
    """Many dots as columns: days since 1970-01-01 (or numbers of any kind), values, texts and keys of one length.

    For tens of thousands of dots, where an object each would take longer than the rest.
    """

    x: npt.NDArray[np.int64]
    y: npt.NDArray[np.float64]
    text: Sequence[str]
    key: Sequence[int | str]


def _cloud(dots: Sequence[Dot]) -> Cloud:
    days = [dot.x.toordinal() - EPOCH for dot in dots if isinstance(dot.x, date)]
    values = np.array([dot.y for dot in dots], dtype=np.float64)
    return Cloud(np.array(days, dtype=np.int64), values, [dot.text for dot in dots], [dot.key for dot in dots])


def thin(x: npt.NDArray[Any], y: npt.NDArray[Any], limit: int = MAX_POINTS) -> npt.NDArray[np.int64]:
    """Indices of the points to draw: all up to `limit`; beyond, one per cell of a grid and every y above the 95th
    percentile (nearest rank), so that the cloud keeps its shape and no outlier is lost. The same for the same points.
    """
    n = len(x)
    if n <= limit:
        return np.arange(n)
    rank = int(np.ceil(0.95 * n)) - 1
    edge = float(np.partition(y, rank)[rank])
    cell = grid_cells(x, y, edge)
    # The first point of each cell: written last, it stays.
    first = np.full(COLUMNS * ROWS, -1, dtype=np.int64)
    first[cell[::-1]] = np.arange(n)[::-1]
    drawn = y > edge
    drawn[first[first >= 0]] = True
    return np.flatnonzero(drawn)


def grid_cells(x: npt.NDArray[Any], y: npt.NDArray[Any], edge: float) -> npt.NDArray[np.int64]:
    """The number of the grid's cell that each point lies in; above `edge` each column is one cell."""
    low = min(float(y.min()), 0.0)
    column = ((x - x.min()) * ((COLUMNS - 1) / (float(np.ptp(x)) or 1.0))).astype(np.int64)
    row = np.minimum((y - low) * ((ROWS - 2) / ((edge - low) or 1.0)), ROWS - 1).astype(np.int64)
    cells: npt.NDArray[np.int64] = column * ROWS + row
    return cells


def scatter(
    dots: Sequence[Dot] | Cloud,
    levels: Sequence[Level] = (),
    *,
    name: str,
    unit: str,
    link: str = "",
    height: str = "medium",
) -> Spec:
    """Points over time with lines across; `link` is an address with {} where a point's key goes."""
    cloud = dots if isinstance(dots, Cloud) else _cloud(dots)
    places = thin(cloud.x, cloud.y)
    drawn, is_all = places.tolist(), len(places) == len(cloud.x)
    xs = _day_texts(cloud.x[places])
    ys = numbers(cloud.y[places])
    layout = layout_of(height, ceiling((float(cloud.y.max()),) if len(ys) else (), levels), unit)
    layout["hovermode"] = "closest"
    layout["xaxis"] |= DATES
    layout["meta"] |= {"link": link, "total": len(cloud.x), "drawn": len(drawn)}
    if not is_all:
        layout["meta"]["note"] = f"{len(drawn):,} of {len(cloud.x):,} points drawn; all above the 95th percentile."
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": xs,
        "y": ys,
        "text": list(cloud.text) if is_all else [cloud.text[i] for i in drawn],
        "customdata": list(cloud.key) if is_all else [cloud.key[i] for i in drawn],
        "name": name,
        "marker": {"color": series(0), "size": 6 if is_all else 5, "opacity": 0.55},
        "hovertemplate": "%{text}<br>%{x|%-d %b %Y}: %{y} " + unit + "<extra></extra>",
    }
    name_in_margin(layout, [(level.y, level.text, colour("ink-2")) for level in levels])
    ends = [min(xs), max(xs)] if xs else []
    return {"data": [points, *level_traces(levels, ends)], "layout": layout}


def _day_texts(days: npt.NDArray[np.int64]) -> list[str]:
    """Day numbers as ISO dates; each day is put into words once."""
    known, place = np.unique(days, return_inverse=True)
    texts: list[str] = np.datetime_as_string(known.astype("datetime64[D]")).astype(object)[place].tolist()
    return texts


def numbers(values: npt.NDArray[np.float64]) -> list[Number]:
    """Values as JSON writes them shortest: whole ones without a point."""
    whole = values.astype(np.int64)
    return whole.tolist() if (whole == values).all() else values.tolist()  # type: ignore[no-any-return]


def strip(
    dots: Sequence[Dot],
    groups: Sequence[str],
    levels: Sequence[Level] = (),
    *,
    name: str,
    unit: str,
    link: str = "",
    height: str = "medium",
) -> Spec:
    """Points above the group each is in (`x` of a dot is one of `groups`), beside one another where they are many."""
    layout = layout_of(height, ceiling([dot.y for dot in dots], levels), unit)
    layout["hovermode"] = "closest"
    layout["xaxis"] |= {
        "range": [-0.5, len(groups) - 0.5],
        "tickvals": list(range(len(groups))),
        "ticktext": [_wrapped(group) for group in groups],
    }
    if len(groups) > MOST_LEVEL:
        layout["xaxis"] |= {"tickangle": -45, "ticktext": [shortened(group, 18) for group in groups]}
        layout["margin"]["b"] = 92
    layout["meta"] |= {"link": link, "groups": [str(dot.x) for dot in dots]}
    layout["meta"]["narrow"].pop("xaxis")
    place = {group: i for i, group in enumerate(groups)}
    at = np.array([place[str(dot.x)] for dot in dots], dtype=np.float64)
    points = {
        "type": "scatter",
        "mode": "markers",
        # Steps of the golden ratio: neighbours in the list never come to lie on one another.
        "x": np.round(at + (np.arange(len(dots)) * 0.618034 % 1 - 0.5) * 0.7, 3).tolist(),
        "y": [dot.y for dot in dots],
        "text": [f"{dot.text}<br>{dot.x}" for dot in dots],
        "customdata": [dot.key for dot in dots],
        "name": name,
        "marker": {"color": series(0), "size": 7, "opacity": 0.6},
        "hovertemplate": "%{text}: %{y} " + unit + "<extra></extra>",
    }
    name_in_margin(layout, [(level.y, level.text, colour("ink-2")) for level in levels])
    return {"data": [points, *level_traces(levels, [-0.5, len(groups) - 0.5])], "layout": layout}


def _wrapped(text: str, width: int = 12) -> str:
    """A label of an axis in lines of about `width` signs."""
    return "<br>".join(wrap(text, width, break_long_words=False)[:3])


def timeline(marks: Sequence[Mark], kinds: Mapping[str, tuple[str, str]], *, height: str = "medium") -> Spec:
    """Lanes with marks; `kinds` says token and symbol per kind. A mark with an end is drawn as a line to it."""
    lanes = list(dict.fromkeys(mark.lane for mark in marks))
    layout = layout_of(height, 1, "")
    layout["hovermode"] = "closest"
    layout["xaxis"] |= DATES
    layout["yaxis"] |= {
        "range": [-0.6, len(lanes) - 0.4],
        "tickvals": list(range(len(lanes))),
        "ticktext": lanes,
        "automargin": True,
    }
    layout |= {"showlegend": True}
    layout["margin"]["t"] = 30
    places = {lane: i for i, lane in enumerate(lanes)}
    return {"data": [_lane_trace(marks, kind, *look, places) for kind, look in kinds.items()], "layout": layout}


def _lane_trace(marks: Sequence[Mark], kind: str, token: str, symbol: str, places: Mapping[str, int]) -> Spec:
    """One kind of mark as a trace; None breaks the line between one span and the next."""
    trace: Spec = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": kind,
        "x": [],
        "y": [],
        "text": [],
        "customdata": [],
        "connectgaps": False,
        "line": {"color": colour(token), "width": 4},
        "marker": {"color": colour(token), "symbol": symbol, "size": 9},
        "hovertemplate": "%{text}<extra></extra>",
    }
    for mark in marks:
        if mark.kind != kind:
            continue
        for at in (mark.at, *([mark.end] if mark.end else []), None):
            trace["x"].append(as_x(at) if at else None)
            trace["y"].append(places[mark.lane] if at else None)
            trace["text"].append(mark.text if at else "")
            trace["customdata"].append(mark.link if at else "")
    return trace
