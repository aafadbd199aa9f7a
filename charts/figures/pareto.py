"""Which few causes make up most: bars from the largest, each with what it and those above it make up together."""

from collections.abc import Mapping

from charts.figures.base import Number, Spec, ceiling
from charts.figures.series import ranking
from charts.theme import colour, series

# The causes that together make up this share are drawn strongly.
MOST = 0.8


def pareto(parts: Mapping[str, Number], *, unit: str, height: str = "medium") -> Spec:
    """Horizontal bars, the largest on top, with their share and the share up to and with them; those that make up the
    first 80 % stand out. `parts` come in any order; what is 0 is left out.
    """
    kept = sorted(((name, value) for name, value in parts.items() if value > 0), key=lambda pair: (-pair[1], pair[0]))
    whole, so_far, rows = sum(value for _, value in kept) or 1, 0.0, []
    for name, value in kept:
        before, so_far = so_far, so_far + value
        rows.append((name, value, value / whole, so_far / whole, before / whole < MOST))
    spec = ranking(dict(kept), unit=unit, height=height)
    # Room for the words at the end of the longest bar.
    spec["layout"]["xaxis"]["range"][1] = ceiling([value for _, value in kept]) * 1.2
    bars = spec["data"][0]
    bars |= {
        "text": [_per_cent(so_far) + ("" if n else " together") for n, (*_, so_far, _) in enumerate(rows)][::-1],
        "textposition": "outside",
        "textfont": {"color": colour("ink-2"), "size": 11},
        "cliponaxis": False,
        "customdata": [_per_cent(share) for _, _, share, _, _ in rows][::-1],
        "hovertemplate": "%{y}: %{x} " + unit + ", %{customdata}; with those above %{text}<extra></extra>",
    }
    bars["marker"] = {"color": [series(0) if is_most else colour("line-strong") for *_, is_most in rows][::-1]}
    told = [[name, value, _per_cent(share), _per_cent(so_far)] for name, value, share, so_far, _ in rows]
    spec["layout"]["meta"]["table"] = {"head": ["What", unit, "Share", "Together"], "rows": told}
    return spec


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f}\u00a0%"
