"""Figures of single points: scatter, strip, time line."""

from collections.abc import Mapping, Sequence
from datetime import date
from textwrap import wrap

import numpy as np
import numpy.typing as npt

from charts.figures.base import DATES, Dot, Level, Mark, Spec, as_x, ceiling, layout_of, level_traces, name_in_margin
from charts.theme import colour, series

MAX_POINTS = 5000


def thin(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], limit: int = MAX_POINTS) -> npt.NDArray[np.int64]:
    """Indices of the points to draw: all up to `limit`; beyond, one per cell of a grid and every y above the 95th
    percentile, so that the cloud keeps its shape and no outlier is lost.
    """
    if len(x) <= limit:
        return np.arange(len(x))
    edge = np.sort(y)[int(np.ceil(0.95 * len(y))) - 1]
    columns = np.floor((x - x.min()) / (np.ptp(x) or 1) * 119)
    rows = np.floor(y / (edge or 1) * 29)
    _, kept = np.unique(columns * 100 + rows, return_index=True)
    return np.union1d(kept, np.flatnonzero(y > edge))


def scatter(
    dots: Sequence[Dot],
    levels: Sequence[Level] = (),
    *,
    name: str,
    unit: str,
    link: str = "",
    height: str = "medium",
) -> Spec:
    """Points over time with lines across; `link` is an address with {} where a point's key goes."""
    x = np.array([dot.x.toordinal() for dot in dots if isinstance(dot.x, date)], dtype=np.float64)
    y = np.array([dot.y for dot in dots], dtype=np.float64)
    drawn = [dots[i] for i in thin(x, y).tolist()]
    layout = layout_of(height, ceiling([dot.y for dot in drawn], levels), unit)
    layout["hovermode"] = "closest"
    layout["xaxis"] |= DATES
    layout["meta"] |= {"link": link, "total": len(dots), "drawn": len(drawn)}
    places = [as_x(dot.x) for dot in drawn]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": places,
        "y": [dot.y for dot in drawn],
        "text": [dot.text for dot in drawn],
        "customdata": [dot.key for dot in drawn],
        "name": name,
        "marker": {"color": series(0), "size": 6, "opacity": 0.55},
        "hovertemplate": "%{text}<br>%{x|%-d %b %Y}: %{y} " + unit + "<extra></extra>",
    }
    name_in_margin(layout, [(level.y, level.text, colour("ink-2")) for level in levels])
    return {"data": [points, *level_traces(levels, places)], "layout": layout}


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
    layout["meta"] |= {"link": link}
    layout["meta"]["narrow"].pop("xaxis")
    place = {group: i for i, group in enumerate(groups)}
    points = {
        "type": "scatter",
        "mode": "markers",
        # Steps of the golden ratio: neighbours in the list never come to lie on one another.
        "x": [round(place[str(dot.x)] + (n * 0.618034 % 1 - 0.5) * 0.7, 3) for n, dot in enumerate(dots)],
        "y": [dot.y for dot in dots],
        "text": [f"{dot.text}<br>{dot.x}" for dot in dots],
        "customdata": [dot.key for dot in dots],
        "name": name,
        "marker": {"color": series(0), "size": 7, "opacity": 0.6},
        "hovertemplate": "%{text}: %{y} " + unit + "<extra></extra>",
    }
    layout["meta"]["groups"] = [str(dot.x) for dot in dots]
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
