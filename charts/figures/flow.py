"""Figures of flow: what stands where, ages on bands of pace, percentiles over time, shares against a policy."""

from collections.abc import Mapping, Sequence
from datetime import date

from charts.figures.base import (
    Dot,
    Level,
    Number,
    Spec,
    X,
    as_x,
    ceiling,
    layout_of,
    name_in_margin,
    shortened,
    stops_of,
)
from charts.figures.points import strip
from charts.theme import colour, series

# Lines beside the strong one that get a name; of more the table and the hover tell.
NAMED = 4
# Bands of pace, the quickest first.
PACES = (("seq-1", 0.9), ("seq-2", 0.75), ("seq-3", 0.6), ("seq-4", 0.5))
LETTER = 6.6
# More dots than this are drawn smaller.
MANY = 200


def standing(
    xs: Sequence[X],
    lines: Mapping[str, Sequence[Number | None]],
    *,
    strong: str,
    unit: str,
    since: date | None = None,
    since_text: str = "",
    height: str = "medium",
) -> Spec:
    """Lines of which one is `strong`, the others stand back; an upright line marks `since`."""
    values = [y for ys in lines.values() for y in ys if y is not None]
    layout = layout_of(height, ceiling(values), unit)
    stops = stops_of(xs, layout)
    named = [name for name in lines if name != strong][:NAMED]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": stops,
            "y": list(ys),
            "name": name,
            "line": {"color": colour("series-2"), "width": 3}
            if name == strong
            else {"color": series(_place(named, name)) if name in named else colour("line-strong"), "width": 1.3},
            "showlegend": name == strong or name in named,
        }
        # The strong one last: it lies above the others.
        for name, ys in sorted(lines.items(), key=lambda pair: pair[0] == strong)
    ]
    traces = traces[::-1]
    inks = {strong: colour("series-2")} | {name: series(_place(named, name)) for name in named}
    name_in_margin(layout, [(_last(lines[name]), name, ink) for name, ink in inks.items() if name in lines])
    layout["hovermode"] = "closest" if len(lines) > NAMED + 1 else "x unified"
    if since is not None:
        _mark(layout, since, since_text)
    return {"data": traces, "layout": layout}


def _place(named: Sequence[str], name: str) -> int:
    """Which of the series' colours a line gets; the second is the strong one's."""
    place = list(named).index(name)
    return place if place < 1 else place + 1


def _last(ys: Sequence[Number | None]) -> float:
    return next((y for y in reversed(ys) if y is not None), 0.0)


def _mark(layout: Spec, at: date, text: str) -> None:
    """An upright line at a day, with a word at its top."""
    layout["shapes"] = [
        {
            "type": "line",
            "x0": as_x(at),
            "x1": as_x(at),
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "line": {"color": colour("ink-2"), "width": 1.3, "dash": "dash"},
        }
    ]
    top = layout["yaxis"]["range"][1]
    place = {"x": as_x(at), "xref": "x", "xanchor": "left", "xshift": 4, "y": top, "yref": "y", "yanchor": "bottom"}
    layout["annotations"].append(
        {**place, "text": text, "showarrow": False, "font": {"size": 11, "color": colour("ink-2")}}
    )


def ageing(
    dots: Sequence[Dot],
    groups: Sequence[str],
    pace: Mapping[str, Mapping[int, Number]],
    levels: Sequence[Level] = (),
    *,
    unit: str = "days",
    link: str = "",
    late: Sequence[bool] = (),
    width: int = 250,
    height: str = "large",
) -> Spec:
    """Items above the state each is in, on bands of pace: by which age so many per cent of items had left the state.

    `pace` says for a group the age per percentile; `late` marks dots that have missed what was expected. `width` is
    the least room in pixels that the labels of the groups may count on.
    """
    spec = strip(dots, groups, levels, name="Items", unit=unit, link=link, height=height)
    points, lines, layout = spec["data"][0], spec["data"][1:], spec["layout"]
    missed = list(late) or [False] * len(dots)
    points["marker"] = {
        "color": [colour("bad") if one else colour("ink") for one in missed],
        "symbol": ["diamond" if one else "circle" for one in missed],
        "size": 7 if len(dots) <= MANY else 5,
        "opacity": 0.7 if len(dots) <= MANY else 0.45,
    }
    bands = _paces(groups, pace)
    tops = [max(at.values()) for at in pace.values() if at]
    layout["yaxis"]["range"] = [0, ceiling([*(dot.y for dot in dots), *tops], levels)]
    layout |= {"barmode": "stack", "bargap": 0.08}
    if bands:
        layout["meta"]["also"] = _pace_table(groups, pace, unit)
        points["showlegend"] = False
        layout["showlegend"] = True
        layout["legend"] |= {"traceorder": "normal"}
        layout["margin"]["t"] = 30
    name_groups(layout, groups, width)
    return {"data": [points, *bands, *lines], "layout": layout}


def _pace_table(groups: Sequence[str], pace: Mapping[str, Mapping[int, Number]], unit: str) -> Spec:
    """The bands as a table: they are drawn, so they are told too."""
    ranks = sorted({rank for at in pace.values() for rank in at})
    head = ["Where", *(f"{rank}\u00a0% left by ({unit})" for rank in ranks)]
    return {
        "head": head,
        "rows": [[group, *(pace[group].get(rank) for rank in ranks)] for group in groups if group in pace],
    }


def _paces(groups: Sequence[str], pace: Mapping[str, Mapping[int, Number]]) -> list[Spec]:
    """A bar per percentile, each standing on the one before."""
    ranks = sorted({rank for at in pace.values() for rank in at})
    found, below = [], [0.0] * len(groups)
    for rank, (token, weight) in zip(ranks, PACES, strict=False):
        tops = [float(pace.get(group, {}).get(rank, low)) for group, low in zip(groups, below, strict=True)]
        found.append(
            {
                "type": "bar",
                "x": list(range(len(groups))),
                "y": [top - low for top, low in zip(tops, below, strict=True)],
                "name": f"{rank}\u00a0% left by",
                "customdata": [""] * len(groups),
                "text": [f"{group}: {rank} % had left at an age of {top:g} {unit_of(top)}"
                         for group, top in zip(groups, tops, strict=True)],
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
                # Of the whole trace, so that the legend shows the colour that is drawn.
                "opacity": weight,
                "marker": {"color": colour(token), "line": {"width": 0}},
                "meta": {"level": True},
            }
        )  # fmt: skip
        below = tops
    return found


def unit_of(days: float) -> str:
    return "day" if days == 1 else "days"


def name_groups(layout: Spec, groups: Sequence[str], width: int) -> None:
    """Labels of the groups that never touch: in lines where there is room, else slanted; upright on a phone."""
    slot = width / max(len(groups), 1)
    longest = max((len(word) for group in groups for word in group.split()), default=0)
    tall = round(min(150, 14 + 6.1 * max((len(shortened(group, 22)) for group in groups), default=0)))
    short = [shortened(group, 22) for group in groups]
    upright = {"tickangle": -90, "ticktext": short, "tickfont": {"size": 10, "color": colour("ink-3")}}
    narrow = layout["meta"]["narrow"]
    if longest * LETTER > slot:
        slant = -45 if slot > 22 else -90
        layout["xaxis"] |= {"tickangle": slant, "ticktext": short, "tickfont": upright["tickfont"]}
        layout["margin"]["b"] = max(layout["margin"]["b"], tall if slant == -90 else round(0.8 * tall))
    if longest * LETTER > 250 / max(len(groups), 1):
        narrow["xaxis"] = upright
        narrow["margin"] = narrow.get("margin", {}) | {"b": tall}


def percentiles_over_time(
    xs: Sequence[X],
    lines: Mapping[int, Sequence[Number | None]],
    *,
    unit: str,
    faint: Sequence[bool] = (),
    height: str = "medium",
) -> Spec:
    """A line per percentile, named in the margin; open marks are steps that are not to be compared."""
    values = [y for ys in lines.values() for y in ys if y is not None]
    layout = layout_of(height, ceiling(values), unit)
    stops = stops_of(xs, layout)
    weak = list(faint) or [False] * len(xs)
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": stops,
            "y": list(ys),
            "name": f"{rank}\u00a0%",
            "line": {"color": series(i), "width": 1.8, "dash": ("solid", "dash", "dot", "dashdot")[i % 4]},
            "marker": {"symbol": ["circle-open" if one else "circle" for one in weak], "size": 6},
        }
        for i, (rank, ys) in enumerate(lines.items())
    ]
    name_in_margin(layout, [(_last(ys), f"{rank}\u00a0%", series(i)) for i, (rank, ys) in enumerate(lines.items())])
    return {"data": traces, "layout": layout}


def shares(
    parts: Mapping[str, Number], policy: Mapping[str, Number], tolerance: Number = 0, *, height: str = "medium"
) -> Spec:
    """Shares in per cent as bars, the first on top, beside what a policy says: a mark with its tolerance."""
    names = list(parts)[::-1]
    top = ceiling([*parts.values(), *(share + tolerance for share in policy.values())])
    layout = layout_of(height, 1, "%")
    layout["hovermode"] = "closest"
    layout["yaxis"] |= {"type": "category", "range": None, "automargin": True, "showgrid": False}
    layout["yaxis"]["ticklabelstandoff"] = 6
    layout["xaxis"] |= {"range": [0, top], "showgrid": True, "showline": False}
    layout["meta"]["table"] = {
        "head": ["What", "Finished (%)", *(["Policy (%)"] if policy else [])],
        "rows": [[name, share, *([policy.get(name)] if policy else [])] for name, share in parts.items()],
    }
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [parts[name] for name in names],
        "y": names,
        "name": "Finished",
        "marker": {"color": series(0)},
        "hovertemplate": "%{y}: %{x} %<extra></extra>",
    }
    held = [name for name in names if name in policy]
    marks = {
        "type": "scatter",
        "mode": "markers",
        "x": [policy[name] for name in held],
        "y": held,
        "name": f"Policy ± {tolerance:g}",
        "error_x": {"type": "constant", "value": tolerance, "color": colour("ink-2"), "thickness": 1.5, "width": 5},
        "marker": {"color": colour("ink"), "symbol": "diamond", "size": 9},
        "hovertemplate": "%{y}: policy %{x} %<extra></extra>",
        "meta": {"level": True},
    }
    if held:
        layout |= {"showlegend": True}
        layout["margin"]["t"] = 30
    return {"data": [bars, *([marks] if held else [])], "layout": layout}
