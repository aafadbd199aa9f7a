"""How right forecasts were: what was said against what happened."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from charts.figures.base import Spec, layout_of
from charts.figures.forecast import line_of, per_cent
from charts.theme import colour, series


class Bin(NamedTuple):
    """Forecasts that said about the same: how many, what they said and what came true on average (0…1)."""

    label: str
    n: int
    stated: float
    happened: float


def reliability(groups: Mapping[str, Sequence[Bin]], *, height: str = "large") -> Spec:
    """What was said against what happened, a point per bin and group, larger for more; on the diagonal both agree."""
    layout = layout_of(height, 110, "% came true")
    ticks = [0, 25, 50, 75, 100]
    layout |= {"hovermode": "closest", "showlegend": True}
    title = {"text": "% said", "font": {"size": 11}}
    layout["xaxis"] |= {"range": [-4, 104], "tickvals": ticks, "showgrid": True, "title": title}
    # Room for the numbers above and below the points.
    layout["yaxis"] |= {"range": [-10, 110], "tickvals": ticks}
    layout["margin"] |= {"t": 44, "r": 28, "b": 46}
    layout["legend"] |= {"x": 1, "xanchor": "right"}
    layout["meta"]["table"] = {
        "head": ["Said", "Whose", "How many", "Said on average (%)", "Came true (%)"],
        "rows": [
            [one.label, name, str(one.n), *(f"{100 * value:.0f}" for value in (one.stated, one.happened))]
            for name, bins in groups.items()
            for one in bins
            if one.n
        ],
    }
    diagonal = line_of([0, 100], [0, 100], "said = happened", "ink-3", "dash", 1.2)
    traces = [diagonal | {"hoverinfo": "skip", "meta": {"level": True}}]
    traces += [_bins(name, bins, i, layout) for i, (name, bins) in enumerate(groups.items())]
    return {"data": traces, "layout": layout}


def _bins(name: str, bins: Sequence[Bin], index: int, layout: Spec) -> Spec:
    """One group's points; how many forecasts a point stands for is written above it."""
    found = [one for one in bins if one.n]
    sizes = [round(min(26, 7 + 2.2 * one.n**0.5), 1) for one in found]
    xs, ys = per_cent([one.stated for one in found]), per_cent([one.happened for one in found])
    layout["annotations"] += [
        {
            "x": x,
            "y": y,
            "yref": "y",
            "text": str(one.n),
            "showarrow": False,
            "yshift": 15 if index % 2 == 0 else -15,
            "font": {"size": 11, "color": colour("ink-2")},
        }
        for x, y, one in zip(xs, ys, found, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": xs,
        "y": ys,
        "hovertext": [f"{one.n} that said {one.label}" for one in found],
        "name": name,
        "marker": {"color": series(index), "symbol": ("circle", "diamond")[index % 2], "size": sizes},
        "hovertemplate": "%{hovertext}: %{y} % came true<extra></extra>",
    }
