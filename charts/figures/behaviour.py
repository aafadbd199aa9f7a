"""Process behaviour charts: values in order, the natural limits of each stretch, and where the process changed."""

from collections.abc import Sequence
from typing import NamedTuple

from charts.figures.base import Level, Number, Spec, X, as_x, ceiling, name_in_margin
from charts.figures.series import run_chart
from charts.theme import colour

# Room for a reason above the figure, in characters; what is longer is cut (the whole is below the figure, in words).
CHARACTERS = 84
FEWEST_CHARACTERS = 6
# An axis whose lowest value is beyond this share of its top does not begin at 0.
FAR_FROM_ZERO = 0.65


class Piece(NamedTuple):
    """A stretch with limits of its own, from x to x; None: too little data for limits."""

    first: X
    last: X
    centre: float | None
    lower: float | None
    upper: float | None


class Cut(NamedTuple):
    """Where the process changed: how far along the axis (0…1), and why."""

    at: X
    share: float
    text: str


def behaviour(
    xs: Sequence[X],
    ys: Sequence[Number],
    pieces: Sequence[Piece],
    cuts: Sequence[Cut] = (),
    *,
    name: str,
    unit: str,
    signals: Sequence[int] = (),
    faint: Sequence[bool] = (),
    height: str = "medium",
) -> Spec:
    """A run chart with a centre and limits per piece, an upright line at each cut, its reason above.

    The lines of the last piece are named in the margin; those before it are paler. `signals` and `faint` as in
    run_chart.
    """
    spec = run_chart(xs, ys, name=name, unit=unit, signals=signals, faint=faint, height=height)
    layout = spec["layout"]
    low, top = layout["yaxis"]["range"] = _range([*ys, *_bounds(pieces)])
    for place, piece in enumerate(pieces):
        spec["data"] += _lines(piece, is_last=place == len(pieces) - 1)
    spec["data"] += [_upright(cut, low, top) for cut in cuts]
    layout["annotations"] += _reasons(cuts, top)
    if pieces:
        name_in_margin(layout, [(level.y, level.text, colour("ink-2")) for level in levels_of(pieces[-1])])
    # A narrow screen shows the lines without names: the page says them in words below.
    layout["meta"]["narrow"]["showlegend"] = False
    return spec


def _bounds(pieces: Sequence[Piece]) -> list[float]:
    return [y for piece in pieces for y in (piece.lower, piece.upper) if y is not None]


def _range(values: Sequence[Number]) -> list[float]:
    """The y axis from 0, but from near the lowest value where all lie in its upper third: else nobody could tell the
    limits apart.
    """
    top, low = ceiling(values), float(min(values, default=0))
    if low < FAR_FROM_ZERO * top:
        return [0, top]
    air = 0.12 * (max(values) - low) or 0.1 * top
    return [low - air, max(values) + air]


def levels_of(piece: Piece) -> list[Level]:
    """The centre and the limits of a piece, with their names."""
    named = [(piece.centre, "mean", "dash"), (piece.upper, "limit", "dot"), (piece.lower, "limit", "dot")]
    return [Level(y, f"{word} {_number(y)}", dash) for y, word, dash in named if y is not None]


def _number(value: float) -> str:
    """One decimal where there is one, none from 1,000 on; thin spaces between thousands."""
    return f"{value:,.{0 if abs(value) >= 1000 else 1}f}".removesuffix(".0")


def _lines(piece: Piece, *, is_last: bool) -> list[Spec]:
    ink = colour("ink-2" if is_last else "ink-3")
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [as_x(piece.first), as_x(piece.last)],
            "y": [level.y, level.y],
            "name": level.text,
            "line": {"color": ink, "width": 1.3, "dash": level.dash},
            "hoverinfo": "skip",
            "showlegend": is_last,
            "meta": {"level": True},
        }
        for level in levels_of(piece)
    ]


def _upright(cut: Cut, low: float, top: float) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [as_x(cut.at), as_x(cut.at)],
        "y": [low, top],
        "name": _shortened(cut.text, CHARACTERS // 3),
        "line": {"color": colour("accent"), "width": 1.5},
        "hoverinfo": "skip",
        "meta": {"level": True},
    }


def _reasons(cuts: Sequence[Cut], top: float) -> list[Spec]:
    """Each cut's reason above its line, as long as there is room before the next one; the last may stand left of it.

    They belong to the y axis, not to the paper: so a narrow screen leaves them out.
    """
    found = []
    for place, cut in enumerate(cuts):
        before = cuts[place - 1].share if place else 0.0
        after = cuts[place + 1].share if place + 1 < len(cuts) else 1.0
        is_left = place == len(cuts) - 1 and cut.share - before > after - cut.share
        room = round(CHARACTERS * ((cut.share - before) / (2 if place else 1) if is_left else after - cut.share))
        if place + 1 < len(cuts) and place + 2 == len(cuts) and 1 - cuts[-1].share < cuts[-1].share - cut.share:
            # The last one stands left of its line and needs half of the room between them.
            room //= 2
        if room >= FEWEST_CHARACTERS:
            found.append(_reason(cut, room, top, is_left=is_left))
    return found


def _reason(cut: Cut, room: int, top: float, *, is_left: bool) -> Spec:
    return {
        "x": as_x(cut.at),
        "xref": "x",
        "xanchor": "right" if is_left else "left",
        "xshift": 4 if is_left else -4,
        "y": top,
        "yref": "y",
        "yanchor": "bottom",
        "yshift": 2,
        "text": _shortened(cut.text, room),
        "showarrow": False,
        "font": {"size": 11, "color": colour("ink-2")},
    }


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1].rstrip()}…"
