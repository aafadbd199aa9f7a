"""What all figures share: their parts, layout, names in the margin, lines across."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from charts.theme import colour

Spec = dict[str, Any]
Number = int | float
X = date | datetime | str | Number

HEIGHTS = {"small": 180, "medium": 260, "large": 380}
# The year stands under the first tick of each year only.
DATES = {"type": "date", "tickformat": "%-d %b\n%Y"}
LABEL_PX = 15
# What fits into the widest right margin.
MARGIN_LETTERS = 24
TOP, BOTTOM, LEFT, RIGHT = 24, 34, 48, 16


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


def as_x(value: X) -> str | Number:
    return value.isoformat() if isinstance(value, date) else value


def ceiling(values: Sequence[Number], levels: Sequence[Level] = ()) -> float:
    """The top of a y axis that starts at 0: what is highest and a little air; 1 for nothing or only zeros."""
    top = max([0.0, *values, *(level.y for level in levels)])
    return top * 1.08 or 1.0


def layout_of(height: str, top: float, title: str, right: int = RIGHT) -> Spec:
    quiet = colour("ink-3")
    axis = {"gridcolor": colour("line"), "zeroline": False, "tickfont": {"color": quiet}, "automargin": False}
    return {
        "height": HEIGHTS[height],
        "margin": {"t": TOP, "b": BOTTOM, "l": LEFT, "r": right, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12, "color": colour("ink-2")},
        "hoverlabel": {
            "bgcolor": colour("raised"),
            "bordercolor": colour("line-strong"),
            "font": {"color": colour("ink")},
        },
        "showlegend": False,
        "annotations": _unit(title),
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": 11}},
        "hovermode": "x unified",
        "xaxis": axis | {"showgrid": False, "linecolor": colour("line-strong"), "showline": True, "tickangle": 0},
        "yaxis": axis | {"range": [0, top], "title": {"text": ""}},
        "meta": {"y": title, "narrow": {"margin": {"r": 12}, "xaxis": {"nticks": 4}}},
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


def name_in_margin(layout: Spec, names: Sequence[tuple[float, str, str]]) -> None:
    """Write (y, text, colour) into the right margin, none over another; a narrow screen gets the legend."""
    if not names:
        return
    height = layout["height"] - TOP - BOTTOM
    low, top = layout["yaxis"]["range"]
    places = spread([y for y, _, _ in names], (top - low) * LABEL_PX / height, low, top)
    layout["annotations"] += [
        {
            "x": 1,
            "xref": "paper",
            "xanchor": "left",
            "xshift": 6,
            "y": place,
            "yref": "y",
            "text": shortened(text),
            "showarrow": False,
            "font": {"size": 11, "color": ink},
            "align": "left",
        }
        for place, (_, text, ink) in zip(places, names, strict=True)
    ]
    longest = max(len(shortened(text)) for _, text, _ in names)
    layout["margin"]["r"] = 14 + round(6.4 * longest)
    layout["meta"]["narrow"] |= {"annotations": [], "showlegend": True}


def shortened(text: str, length: int = MARGIN_LETTERS) -> str:
    """A name that fits where names stand; the hover and the table say all of it."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _unit(text: str) -> list[Spec]:
    """The unit of the y axis, above it."""
    place = {"x": 0, "xref": "paper", "xanchor": "left", "xshift": -LEFT, "y": 1, "yref": "paper", "yanchor": "bottom"}
    font = {"size": 11, "color": colour("ink-3")}
    return [{**place, "text": text, "showarrow": False, "font": font, "yshift": 4}] if text else []


def level_traces(levels: Sequence[Level], xs: Sequence[str | Number]) -> list[Spec]:
    if not xs:
        return []
    ends = [min(xs), max(xs)]
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


def stops_of(xs: Sequence[X], layout: Spec) -> list[str | Number]:
    if xs and isinstance(xs[0], date):
        layout["xaxis"] |= DATES
    elif xs and isinstance(xs[0], str):
        layout["xaxis"]["type"] = "category"
    return [as_x(x) for x in xs]
