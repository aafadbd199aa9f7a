"""Figures of values in order: line, bar, ranking, stacked area, histogram, run chart."""

from collections.abc import Mapping, Sequence

import numpy as np

from charts.figures.base import Level, Number, Spec, X, ceiling, layout_of, level_traces, name_in_margin, stops_of
from charts.theme import colour, series

# Widths of a histogram's bins, and how many there may be.
BINS = (1, 2, 5, 7, 14, 28, 56, 112, 365)
MOST_BINS = 45
# Counts up to this get a tick each.
FEW = 5


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
    layout = layout_of(height, ceiling(values, levels), unit)
    stops = stops_of(xs, layout)
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers" if _has_single(ys) else "lines",
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
    name_in_margin(layout, names)
    return {"data": [*traces, *level_traces(levels, stops)], "layout": layout}


def _has_single(ys: Sequence[Number | None]) -> bool:
    """Whether a value stands between two gaps: a line alone would not show it."""
    around = [None, *ys, None]
    return any(y is not None and around[i] is None and around[i + 2] is None for i, y in enumerate(ys))


def bar(
    xs: Sequence[X],
    bars: Mapping[str, Sequence[Number]],
    levels: Sequence[Level] = (),
    *,
    unit: str,
    stacked: bool = False,
    faint: Sequence[bool] = (),
    colours: Mapping[str, str] | None = None,
    height: str = "medium",
) -> Spec:
    """Bars over time or categories. `faint` marks bars that are not to be compared (a week that the window cuts);
    `colours` are tokens by name.
    """
    columns = list(zip(*bars.values(), strict=True))
    heights = [sum(column) for column in columns] if stacked else [y for ys in bars.values() for y in ys]
    layout = layout_of(height, ceiling(heights, levels), unit)
    layout |= {"barmode": "stack" if stacked else "group", "bargap": 0.25}
    if max(heights, default=0) <= FEW and all(float(y).is_integer() for y in heights):
        # No half deployments on the axis.
        layout["yaxis"]["dtick"] = 1
    stops = stops_of(xs, layout)
    inks = {name: colour(colours[name]) if colours else series(i) for i, name in enumerate(bars)}
    traces = [
        {
            "type": "bar",
            "x": stops,
            "y": list(ys),
            "name": name,
            "marker": {"color": inks[name], "opacity": [0.35 if weak else 1 for weak in faint] or 1},
        }
        for name, ys in bars.items()
    ]
    name_in_margin(layout, [(level.y, level.text, colour("ink-2")) for level in levels])
    if len(bars) > 1:
        layout["showlegend"] = True
        layout["legend"] |= {"traceorder": "normal"}
        layout["margin"]["t"] = 30
    return {"data": [*traces, *level_traces(levels, stops)], "layout": layout}


def ranking(parts: Mapping[str, Number], *, unit: str, height: str = "medium", strong: str = "") -> Spec:
    """Horizontal bars, the first on top; `strong` is the one that the answer names."""
    names = list(parts)[::-1]
    values = [parts[name] for name in names]
    layout = layout_of(height, 1, unit)
    layout["hovermode"] = "closest"
    layout["yaxis"] |= {
        "type": "category",
        "range": None,
        "automargin": True,
        "showgrid": False,
        # Every bar has its name, however many there are.
        "dtick": 1,
        "ticklabelstandoff": 6,
    }
    # The unit stands above the figure; behind every tick it would run into the next one on a phone.
    layout["xaxis"] |= {"range": [0, ceiling(values)], "showgrid": True, "showline": False}
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
    layout = layout_of(height, ceiling(totals), unit)
    stops = stops_of(xs, layout)
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
    layout["yaxis"]["range"][0] = floor
    name_in_margin(layout, _band_names(bands, floor))
    return {"data": traces, "layout": layout}


def _band_names(bands: Mapping[str, Sequence[Number]], floor: float) -> list[tuple[float, str, str]]:
    """Where each band ends at the right: the middle of what is seen of its last value."""
    names, below = [], 0.0
    for name, ys in bands.items():
        last = ys[-1] if ys else 0
        if last:
            names.append(((max(below, floor) + below + last) / 2, name, colour("ink-2")))
        below += last
    return names


def histogram(values: Sequence[Number], levels: Sequence[Level] = (), *, unit: str, height: str = "medium") -> Spec:
    """How often values come, in bins of whole numbers; `levels` are upright lines at values (percentiles)."""
    whole = np.array(values, dtype=np.int64)
    width = next((size for size in BINS if not len(whole) or np.ptp(whole) < MOST_BINS * size), BINS[-1])
    bins, counts = np.unique((whole - 1) // width, return_counts=True)
    middles = (bins * width + 1 + (width - 1) / 2).tolist() if width > 1 else (bins + 1).tolist()
    spec = bar(middles, {"items": counts.tolist()}, unit="items", height=height)
    spec["data"][0] |= {"width": width * 0.9, "hovertemplate": "%{customdata} " + unit + ": %{y}<extra></extra>"}
    spec["data"][0]["customdata"] = [_bin_text(int(n), width) for n in bins]
    layout = spec["layout"]
    layout["hovermode"] = "closest"
    layout["xaxis"]["ticksuffix"] = f" {unit}"
    layout["meta"] |= {"x": unit, "names": spec["data"][0]["customdata"]}
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


def _bin_text(number: int, width: int) -> str:
    low = number * width + 1
    return str(low) if width == 1 else f"{low} to {low + width - 1}"


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
    layout = layout_of(height, ceiling(ys, levels), unit)
    stops = stops_of(xs, layout)
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
    name_in_margin(layout, [(level.y, level.text, colour("ink-2")) for level in levels])
    return {"data": [points, *level_traces(levels, stops)], "layout": layout}
