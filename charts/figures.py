"""Figures as plain dicts that Plotly draws: {"data": [...], "layout": {...}}.

Colours are theme tokens (charts/theme.py); heights are fixed, so that nothing jumps. A label never lies on a point:
names of lines and bands stand in the right margin, pushed apart; a narrow screen gets a legend instead
(`layout.meta.narrow`, applied by static/js/figures.js). No WebGL: many points are thinned by a grid instead.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from textwrap import wrap
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from charts.theme import colour, series

Spec = dict[str, Any]
Number = int | float
X = date | datetime | str | Number

HEIGHTS = {"small": 180, "medium": 260, "large": 380}
MAX_POINTS = 5000
# The year stands under the first tick of each year only.
DATES = {"type": "date", "tickformat": "%-d %b\n%Y"}
_LABEL_PX = 15
_TOP, _BOTTOM, _LEFT, _RIGHT, _NARROW_RIGHT = 12, 34, 48, 16, 12


class Dot(NamedTuple):
    """A point of a scatter; `key` goes into the link and stands in the hover text."""

    x: date | datetime | str
    y: Number
    text: str
    key: int | str = ""


class Level(NamedTuple):
    """A horizontal line across a figure, and its name."""

    y: Number
    text: str
    dash: str = "solid"


class Mark(NamedTuple):
    """Something on a time line's lane: an instant, or a span when it has an end."""

    lane: str
    at: datetime
    text: str
    kind: str
    end: datetime | None = None
    link: str = ""


def _x(value: X) -> str | Number:
    return value.isoformat() if isinstance(value, date) else value


def _ceiling(values: Sequence[Number], levels: Sequence[Level] = ()) -> float:
    """The top of a y axis that starts at 0: what is highest and a little air; 1 for nothing or only zeros."""
    top = max([0.0, *values, *(level.y for level in levels)])
    return top * 1.08 or 1.0


def _layout(height: str, top: float, title: str, right: int = _RIGHT) -> Spec:
    quiet = colour("ink-3")
    axis = {"gridcolor": colour("line"), "zeroline": False, "tickfont": {"color": quiet}, "automargin": False}
    return {
        "height": HEIGHTS[height],
        "margin": {"t": _TOP, "b": _BOTTOM, "l": _LEFT, "r": right, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12, "color": colour("ink-2")},
        "hoverlabel": {
            "bgcolor": colour("raised"),
            "bordercolor": colour("line-strong"),
            "font": {"color": colour("ink")},
        },
        "showlegend": False,
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": 11}},
        "hovermode": "x unified",
        "xaxis": axis | {"showgrid": False, "linecolor": colour("line-strong"), "showline": True, "tickangle": 0},
        "yaxis": axis | {"range": [0, top], "title": {"text": ""}},
        "meta": {"y": title, "narrow": {"margin": {"r": _NARROW_RIGHT}, "xaxis": {"nticks": 4}}},
    }


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """`positions` pushed apart to at least `gap`, kept in their order and, where they fit, between `low` and `high`."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    placed = [min(max(positions[i], low), high) for i in order]
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    for i in reversed(range(len(placed))):
        ceiling = high if i == len(placed) - 1 else placed[i + 1] - gap
        placed[i] = min(placed[i], ceiling)
    result = [0.0] * len(positions)
    for place, i in zip(placed, order, strict=True):
        result[i] = place
    return result


def _name_in_margin(layout: Spec, names: Sequence[tuple[float, str, str]]) -> None:
    """Write (y, text, colour) into the right margin, none over another; a narrow screen gets the legend."""
    height = layout["height"] - _TOP - _BOTTOM
    top = layout["yaxis"]["range"][1]
    places = spread([y for y, _, _ in names], top * _LABEL_PX / height, 0, top)
    layout["annotations"] = [
        {
            "x": 1,
            "xref": "paper",
            "xanchor": "left",
            "xshift": 6,
            "y": place,
            "yref": "y",
            "text": text,
            "showarrow": False,
            "font": {"size": 11, "color": ink},
            "align": "left",
        }
        for place, (_, text, ink) in zip(places, names, strict=True)
    ]
    longest = max((len(text) for _, text, _ in names), default=0)
    layout["margin"]["r"] = min(160, 14 + round(6.4 * longest))
    layout["meta"]["narrow"] |= {"annotations": [], "showlegend": True}


def _level_traces(levels: Sequence[Level], xs: Sequence[str | Number]) -> list[Spec]:
    if not xs:
        return []
    ends = [min(xs), max(xs)]  # type: ignore[type-var]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": ends,
            "y": [level.y, level.y],
            "name": level.text,
            "line": {"color": colour("ink-2"), "width": 1.3, "dash": level.dash},
            "hoverinfo": "skip",
            "meta": {"level": True},
        }
        for level in levels
    ]


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
    layout = _layout(height, _ceiling([dot.y for dot in drawn], levels), unit)
    layout["hovermode"] = "closest"
    layout["xaxis"] |= DATES
    layout["meta"] |= {"link": link, "total": len(dots), "drawn": len(drawn)}
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [_x(dot.x) for dot in drawn],
        "y": [dot.y for dot in drawn],
        "text": [dot.text for dot in drawn],
        "customdata": [dot.key for dot in drawn],
        "name": name,
        "marker": {"color": series(0), "size": 6, "opacity": 0.55},
        "hovertemplate": "%{text}<br>%{x|%-d %b %Y}: %{y} " + unit + "<extra></extra>",
    }
    _name_in_margin(layout, [(level.y, level.text, colour("ink-2")) for level in levels])
    return {"data": [points, *_level_traces(levels, points["x"])], "layout": layout}


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
    layout = _layout(height, _ceiling([dot.y for dot in dots], levels), unit)
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
    _name_in_margin(layout, [(level.y, level.text, colour("ink-2")) for level in levels])
    return {"data": [points, *_level_traces(levels, [-0.5, len(groups) - 0.5])], "layout": layout}


def _wrapped(text: str, width: int = 12) -> str:
    """A label of an axis in lines of about `width` signs."""
    return "<br>".join(wrap(text, width, break_long_words=False)[:3])


def _stops(xs: Sequence[X], layout: Spec) -> list[str | Number]:
    if xs and isinstance(xs[0], date):
        layout["xaxis"] |= DATES
    elif xs and isinstance(xs[0], str):
        layout["xaxis"]["type"] = "category"
    return [_x(x) for x in xs]


def line(
    xs: Sequence[X],
    lines: Mapping[str, Sequence[Number | None]],
    levels: Sequence[Level] = (),
    *,
    unit: str,
    height: str = "medium",
) -> Spec:
    """One or more lines; None is a gap. Each is named in the margin at its last value."""
    values = [y for ys in lines.values() for y in ys if y is not None]
    layout = _layout(height, _ceiling(values, levels), unit)
    stops = _stops(xs, layout)
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": stops,
            "y": list(ys),
            "name": name,
            "line": {"color": series(i), "width": 2, "dash": ("solid", "dash", "dot")[i % 3]},
        }
        for i, (name, ys) in enumerate(lines.items())
    ]
    names = [(level.y, level.text, colour("ink-2")) for level in levels]
    if len(lines) > 1:
        names += [
            (next((y for y in reversed(ys) if y is not None), 0.0), name, series(i))
            for i, (name, ys) in enumerate(lines.items())
        ]
    _name_in_margin(layout, names)
    return {"data": [*traces, *_level_traces(levels, stops)], "layout": layout}


def bar(
    xs: Sequence[X],
    bars: Mapping[str, Sequence[Number]],
    levels: Sequence[Level] = (),
    *,
    unit: str,
    stacked: bool = False,
    faint: Sequence[bool] = (),
    height: str = "medium",
) -> Spec:
    """Bars over time or categories. `faint` marks bars that are not to be compared (a week that the window cuts)."""
    columns = list(zip(*bars.values(), strict=True))
    heights = [sum(column) for column in columns] if stacked else [y for ys in bars.values() for y in ys]
    layout = _layout(height, _ceiling(heights, levels), unit)
    layout |= {"barmode": "stack" if stacked else "group", "bargap": 0.25}
    stops = _stops(xs, layout)
    traces = [
        {
            "type": "bar",
            "x": stops,
            "y": list(ys),
            "name": name,
            "marker": {"color": series(i), "opacity": [0.35 if weak else 1 for weak in faint] or 1},
        }
        for i, (name, ys) in enumerate(bars.items())
    ]
    _name_in_margin(layout, [(level.y, level.text, colour("ink-2")) for level in levels])
    if len(bars) > 1:
        layout["showlegend"] = True
        layout["margin"]["t"] = 30
    return {"data": [*traces, *_level_traces(levels, stops)], "layout": layout}


def ranking(parts: Mapping[str, Number], *, unit: str, height: str = "medium", strong: str = "") -> Spec:
    """Horizontal bars, the first on top; `strong` is the one that the answer names."""
    names = list(parts)[::-1]
    values = [parts[name] for name in names]
    layout = _layout(height, 1, unit)
    layout["hovermode"] = "closest"
    layout["yaxis"] |= {
        "type": "category",
        "range": None,
        "automargin": True,
        "showgrid": False,
        "ticklabelstandoff": 6,
    }
    layout["xaxis"] |= {"range": [0, _ceiling(values)], "showgrid": True, "showline": False, "ticksuffix": f" {unit}"}
    layout["meta"]["x"] = unit
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": names,
        "name": unit,
        "marker": {"color": [series(1) if name == strong else series(0) for name in names]},
        "hovertemplate": "%{y}: %{x} " + unit + "<extra></extra>",
    }
    return {"data": [bars], "layout": layout}


def stacked_area(
    xs: Sequence[X],
    bands: Mapping[str, Sequence[Number]],
    colours: Mapping[str, str] | None = None,
    *,
    unit: str,
    floor: float = 0,
    height: str = "medium",
) -> Spec:
    """Bands stacked from the first; `colours` are tokens by band; `floor` is where the y axis starts."""
    totals = [sum(column) for column in zip(*bands.values(), strict=True)]
    layout = _layout(height, _ceiling(totals), unit)
    stops = _stops(xs, layout)
    inks = {name: colour((colours or {})[name]) if colours else series(i) for i, name in enumerate(bands)}
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "stackgroup": "all",
            "x": stops,
            "y": list(ys),
            "name": name,
            "fillcolor": inks[name],
            "line": {"color": colour("surface"), "width": 0.6},
            "hoverlabel": {"bordercolor": inks[name]},
        }
        for name, ys in bands.items()
    ]
    _name_in_margin(layout, _band_names(bands))
    layout["yaxis"]["range"] = [floor, layout["yaxis"]["range"][1]]
    return {"data": traces, "layout": layout}


def _band_names(bands: Mapping[str, Sequence[Number]]) -> list[tuple[float, str, str]]:
    """Where each band ends at the right: the middle of its last value."""
    names, below = [], 0.0
    for name, ys in bands.items():
        last = ys[-1] if ys else 0
        if last:
            names.append((below + last / 2, name, colour("ink-2")))
        below += last
    return names


def histogram(values: Sequence[Number], levels: Sequence[Level] = (), *, unit: str, height: str = "medium") -> Spec:
    """How often each whole value comes; `levels` are upright lines at values (percentiles)."""
    days, counts = np.unique(np.array(values, dtype=np.int64), return_counts=True)
    spec = bar(days.tolist(), {"items": counts.tolist()}, unit="items", height=height)
    layout = spec["layout"]
    layout["hovermode"] = "closest"
    layout["xaxis"]["ticksuffix"] = f" {unit}"
    layout["meta"]["x"] = unit
    top = layout["yaxis"]["range"][1]
    spec["data"] += [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [level.y, level.y],
            "y": [0, top],
            "name": level.text,
            "line": {"color": colour("ink-2"), "width": 1.3, "dash": level.dash},
            "hoverinfo": "skip",
            "meta": {"level": True},
        }
        for level in levels
    ]
    layout |= {"showlegend": bool(levels), "bargap": 0.05}
    layout["margin"]["t"] = 30
    return spec


def run_chart(
    xs: Sequence[X],
    ys: Sequence[Number],
    levels: Sequence[Level] = (),
    *,
    name: str,
    unit: str,
    signals: Sequence[int] = (),
    faint: Sequence[bool] = (),
    height: str = "medium",
) -> Spec:
    """Values in order with their centre and natural limits; `signals` are the positions that are more than noise."""
    layout = _layout(height, _ceiling(ys, levels), unit)
    stops = _stops(xs, layout)
    noted, weak = set(signals), list(faint) or [False] * len(ys)
    points = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": stops,
        "y": list(ys),
        "name": name,
        "line": {"color": series(0), "width": 1.6},
        "marker": {
            "color": [colour("warn") if i in noted else series(0) for i in range(len(ys))],
            "symbol": ["diamond" if i in noted else "circle-open" if weak[i] else "circle" for i in range(len(ys))],
            "size": [9 if i in noted else 6 for i in range(len(ys))],
        },
    }
    _name_in_margin(layout, [(level.y, level.text, colour("ink-2")) for level in levels])
    return {"data": [points, *_level_traces(levels, stops)], "layout": layout}


def timeline(marks: Sequence[Mark], kinds: Mapping[str, tuple[str, str]], *, height: str = "medium") -> Spec:
    """Lanes with marks; `kinds` says token and symbol per kind. A mark with an end is drawn as a line to it."""
    lanes = list(dict.fromkeys(mark.lane for mark in marks))
    layout = _layout(height, 1, "")
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
            trace["x"].append(_x(at) if at else None)
            trace["y"].append(places[mark.lane] if at else None)
            trace["text"].append(mark.text if at else "")
            trace["customdata"].append(mark.link if at else "")
    return trace
