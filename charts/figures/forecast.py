"""Figures of forecasts: burn-up with its fan, chances by date and by count, lanes of features."""

from collections.abc import Mapping, Sequence
from datetime import date
from textwrap import wrap
from typing import NamedTuple

from charts.figures.base import DATES, Number, Spec, as_x, ceiling, layout_of, name_in_margin, stops_of
from charts.theme import colour, series

# How certain a line is, as dashes: the same everywhere percentiles are drawn.
DASHES = {50: "dot", 70: "dash", 85: "solid", 95: "dashdot"}
SHADES = ("seq-1", "seq-2", "seq-3")
# More lanes than this are in the table only.
MOST_LANES = 16
# Up to so many lanes a name has room for two lines.
TWO_LINES = 9
PER_CENT = "% chance"
# Nobody can know better than this: no chance is drawn outside.
LEAST, MOST = 0.05, 0.95


class Lane(NamedTuple):
    """A feature of a queue: the day by which it is done at each rank (per cent), and the day it is promised for."""

    name: str
    dates: Mapping[int, date]
    due: date | None = None


def burn_up(
    days: Sequence[date],
    done: Sequence[Number | None],
    scope: Sequence[Number | None],
    bands: Mapping[int, Sequence[Number | None]],
    *,
    due: date | None = None,
    unit: str = "items",
    height: str = "large",
) -> Spec:
    """What is done, what there is to do, and at least how much will be done at each rank of `bands` (per cent).

    All are as long as `days`; None where a line does not go.
    """
    values = [y for ys in (done, scope, *bands.values()) for y in ys if y is not None]
    layout = layout_of(height, ceiling(values), unit)
    stops = stops_of(days, layout)
    ranks = sorted(bands)
    traces = [*_fills(stops, bands, ranks), line_of(stops, done, "Done", "series-1", "solid", 2.4)]
    names = []
    if any(y is not None for y in scope):
        traces.append(line_of(stops, scope, "Scope", "ink-2", "longdash", 1.6))
        names.append((_last(scope), "scope", colour("ink-2")))
    for rank in ranks:
        name = f"{rank}\u00a0% at least"
        traces.append(line_of(stops, bands[rank], name, "series-1", DASHES.get(rank, "dash"), 1.4))
        names.append((_last(bands[rank]), f"{rank}\u00a0%: {_last(bands[rank])}", colour("series-1")))
    if due is not None and stops:
        _upright(layout, traces, due, f"by {_short(due)}", _is_late(due, days))
    name_in_margin(layout, names)
    return {"data": traces, "layout": layout}


def line_of(xs: Sequence[object], ys: Sequence[Number | None], name: str, ink: str, dash: str, width: float) -> Spec:
    look = {"color": colour(ink), "width": width, "dash": dash}
    return {"type": "scatter", "mode": "lines", "x": list(xs), "y": list(ys), "name": name, "line": look}


def _fills(stops: Sequence[object], bands: Mapping[int, Sequence[Number | None]], ranks: Sequence[int]) -> list[Spec]:
    """The areas between neighbouring ranks, the least certain darkest."""
    return [
        _area(stops, bands[low], bands[high], SHADES[min(i, len(SHADES) - 1)])
        for i, (high, low) in enumerate(zip(ranks[::-1], ranks[-2::-1], strict=False))
    ]


def _area(stops: Sequence[object], upper: Sequence[Number | None], lower: Sequence[Number | None], ink: str) -> Spec:
    rows = [row for row in zip(stops, upper, lower, strict=True) if row[1] is not None and row[2] is not None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for x, _, _ in rows] + [x for x, _, _ in rows[::-1]],
        "y": [high for _, high, _ in rows] + [low for _, _, low in rows[::-1]],
        "fill": "toself",
        "fillcolor": colour(ink),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        "name": "",
        "meta": {"level": True},
    }


def _last(ys: Sequence[Number | None]) -> Number:
    return next((y for y in reversed(ys) if y is not None), 0)


def _is_late(day: date, days: Sequence[date]) -> bool:
    return 4 * (day - days[0]) > 3 * (days[-1] - days[0])


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def _upright(
    layout: Spec, traces: list[Spec], day: date, text: str, is_late: bool = False, ink: str = "warn", height: float = 0
) -> None:
    """An upright line at a day, named at its foot, or so high of it: to the left where the axis is nearly over."""
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": [as_x(day)] * 2,
            "y": list(layout["yaxis"]["range"]),
            "name": text,
            "line": {"color": colour(ink), "width": 1.4, "dash": "dash"},
            "hoverinfo": "skip",
            "showlegend": False,
            "meta": {"level": True},
        }
    )
    layout["annotations"].append(
        {
            "x": as_x(day),
            "xref": "x",
            "xanchor": "right" if is_late else "left",
            "xshift": -4 if is_late else 4,
            "y": height,
            "yref": "paper",
            "yanchor": "bottom",
            "text": text,
            "showarrow": False,
            "font": {"size": 11, "color": colour(ink)},
        }
    )


def per_cent(values: Sequence[float]) -> list[float]:
    return [round(100 * value, 1) for value in values]


def _held(values: Sequence[float]) -> list[float]:
    """Chances in per cent; what is beyond what anybody can know is drawn at its bound."""
    return [min(max(value, 100 * LEAST), 100 * MOST) for value in per_cent(values)]


def _chance_layout(height: str, head: str, names: Sequence[object], texts: Sequence[str]) -> Spec:
    layout = layout_of(height, 100, PER_CENT)
    ticks = [100 * LEAST, 25, 50, 75, 100 * MOST]
    layout["yaxis"] |= {"tickvals": ticks, "ticktext": [f"< {ticks[0]:g}", "25", "50", "75", f"> {ticks[-1]:g}"]}
    rows = [[str(name), text] for name, text in zip(names, texts, strict=True)]
    layout["meta"]["table"] = {"head": [head, "Chance"], "rows": rows}
    return layout


def _levels(xs: Sequence[object], ranks: Mapping[int, str]) -> tuple[list[Spec], list[tuple[float, str, str]]]:
    """A thin line across per rank, and its name for the margin."""
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [xs[0], xs[-1]],
            "y": [rank, rank],
            "name": text,
            "line": {"color": colour("ink-3"), "width": 1, "dash": DASHES.get(rank, "dash")},
            "hoverinfo": "skip",
            "meta": {"level": True},
        }
        for rank, text in ranks.items()
        if xs
    ]
    return lines, [(float(rank), text, colour("ink-2")) for rank, text in ranks.items()]


def chance_by_date(
    days: Sequence[date],
    chances: Sequence[float],
    texts: Sequence[str],
    marks: Mapping[int, date],
    *,
    name: str = "Done by then",
    due: date | None = None,
    height: str = "medium",
) -> Spec:
    """The chance (0…1) that it is done by the end of each day, and how it is written; `marks` are the days at which
    ranks are reached.
    """
    layout = _chance_layout(height, "By the end of", days, texts)
    stops = stops_of(days, layout)
    curve = line_of(stops, _held(chances), name, "series-1", "solid", 2) | {
        "hovertext": list(texts),
        "hovertemplate": "%{hovertext} by %{x|%-d %b %Y}<extra></extra>",
        "showlegend": False,
    }
    curve["line"]["shape"] = "hv"
    lines, names = _levels(stops, {rank: f"{rank}\u00a0%: {_short(day)}" for rank, day in marks.items()})
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [as_x(day) for day in marks.values()],
        "y": list(marks),
        "name": "percentiles",
        "marker": {"color": series(0), "size": 8},
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": {"level": True},
    }
    traces = [*lines, curve, points]
    if due is not None and stops:
        # Its name keeps clear of the curve: that is low on the days before it rises.
        chance = next((one for day, one in zip(days, chances, strict=True) if day >= due), MOST)
        _upright(layout, traces, due, f"by {_short(due)}", _is_late(due, days), height=0.6 if chance < 0.5 else 0)
    name_in_margin(layout, names)
    return {"data": traces, "layout": layout}


def chance_by_count(
    counts: Sequence[int],
    chances: Sequence[float],
    texts: Sequence[str],
    marks: Mapping[int, int],
    *,
    unit: str = "items",
    height: str = "medium",
) -> Spec:
    """The chance (0…1) of at least each count, and how it is written; `marks` are the counts reached at a rank."""
    layout = _chance_layout(height, f"At least ({unit})", counts, texts)
    layout |= {"bargap": 0.2, "hovermode": "closest"}
    layout["xaxis"]["nticks"] = 12
    sure = marks.get(85, -1)
    bars = {
        "type": "bar",
        "x": list(counts),
        "y": _held(chances),
        "name": "Chance",
        "hovertext": list(texts),
        "marker": {"color": [series(0) if n <= sure else colour("seq-2") for n in counts]},
        "hovertemplate": "%{hovertext} for at least %{x} " + unit + "<extra></extra>",
        "showlegend": False,
    }
    ends = [counts[0] - 0.5, counts[-1] + 0.5] if counts else []
    lines, names = _levels(ends, {rank: f"{rank}\u00a0%: {n}" for rank, n in marks.items()})
    name_in_margin(layout, names)
    return {"data": [bars, *lines], "layout": layout}


def lanes(rows: Sequence[Lane], today: date, *, height: str = "large") -> Spec:
    """A lane per feature, the first on top: from the 50 to the 95 % day, with marks at 50, 85, 95 and the promise."""
    shown = rows[:MOST_LANES]
    layout = layout_of(height, 1, "")
    layout |= {"hovermode": "closest", "showlegend": True}
    layout["xaxis"] |= DATES | {"showgrid": True}
    places = list(range(len(shown)))[::-1]
    lines = 2 if len(shown) <= TWO_LINES else 1
    layout["yaxis"] |= {
        "range": [-0.7, len(shown) - 0.3],
        "tickvals": places,
        "ticktext": [_folded(lane.name, 26, lines) for lane in shown],
        "automargin": True,
        "showgrid": False,
        "ticklabelstandoff": 6,
    }
    layout["margin"]["t"] = 44
    short = [_folded(lane.name, 14, lines) for lane in shown]
    layout["meta"]["narrow"]["yaxis"] = {"ticktext": short, "tickfont": {"size": 10}}
    layout["meta"]["table"] = _lane_table(rows)
    traces = [
        _span(shown, places, 85, 95, 3, "seq-2"),
        _span(shown, places, 50, 85, 7, "seq-3"),
        *(
            _marks(shown, places, rank, symbol)
            for rank, symbol in ((50, "circle-open"), (85, "circle"), (95, "line-ns"))
        ),
    ]
    if any(lane.due for lane in shown):
        traces.append(_dues(shown, places))
    if shown:
        _upright(layout, traces, today, "today", ink="ink-3")
    return {"data": traces, "layout": layout}


def _folded(text: str, width: int, lines: int) -> str:
    """A name in at most so many lines of about `width` signs."""
    return "<br>".join(wrap(text, width, max_lines=lines, placeholder="…"))


def _lane_table(rows: Sequence[Lane]) -> Spec:
    ranks = sorted({rank for lane in rows for rank in lane.dates})
    head = ["Feature", *(f"{rank}\u00a0%" for rank in ranks), "Due"]
    cells = [[lane.name, *(lane.dates.get(rank) for rank in ranks), lane.due] for lane in rows]
    return {"head": head, "rows": [[str(cell or "") for cell in row] for row in cells]}


def _span(rows: Sequence[Lane], places: Sequence[int], low: int, high: int, width: int, ink: str) -> Spec:
    """A line per lane from one rank's day to another's; None breaks it between lanes."""
    xs: list[object] = []
    ys: list[int | None] = []
    for lane, y in zip(rows, places, strict=True):
        if low in lane.dates and high in lane.dates:
            xs += [as_x(lane.dates[low]), as_x(lane.dates[high]), None]
            ys += [y, y, None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": xs,
        "y": ys,
        "name": f"{low} to {high} %",
        "line": {"color": colour(ink), "width": width},
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": {"level": True},
    }


def _marks(rows: Sequence[Lane], places: Sequence[int], rank: int, symbol: str) -> Spec:
    found = [(lane, y) for lane, y in zip(rows, places, strict=True) if rank in lane.dates]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [as_x(lane.dates[rank]) for lane, _ in found],
        "y": [y for _, y in found],
        "text": [lane.name for lane, _ in found],
        "name": f"{rank} %",
        "marker": {"color": series(0), "size": 9, "symbol": symbol, "line": {"color": series(0), "width": 2}},
        "hovertemplate": "%{text}<br>" + f"{rank} %" + ": %{x|%-d %b %Y}<extra></extra>",
    }


def _dues(rows: Sequence[Lane], places: Sequence[int]) -> Spec:
    found = [(lane, y) for lane, y in zip(rows, places, strict=True) if lane.due]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [as_x(lane.due) for lane, _ in found if lane.due],
        "y": [y for _, y in found],
        "text": [lane.name for lane, _ in found],
        "name": "due",
        "marker": {"color": colour("warn"), "size": 10, "symbol": "diamond"},
        "hovertemplate": "%{text}<br>due %{x|%-d %b %Y}<extra></extra>",
    }
