"""Figures as plain dicts that Plotly draws: {"data": [...], "layout": {...}}.

Colours are theme tokens (charts/theme.py); heights are fixed, so that nothing jumps. A label never lies on a point:
names of lines and bands stand in the right margin, pushed apart; a narrow screen gets a legend instead
(`layout.meta.narrow`, applied by static/js/figures.js). No WebGL: many points are thinned by a grid instead.
"""

from charts.figures.base import HEIGHTS, Dot, Level, Mark, Number, Spec, spread
from charts.figures.flow import ageing, percentiles_over_time, shares, standing
from charts.figures.points import MAX_POINTS, Cloud, scatter, strip, thin, timeline
from charts.figures.series import bar, histogram, line, ranking, run_chart, stacked_area

__all__ = [
    "HEIGHTS",
    "MAX_POINTS",
    "Cloud",
    "Dot",
    "Level",
    "Mark",
    "Number",
    "Spec",
    "ageing",
    "bar",
    "histogram",
    "line",
    "percentiles_over_time",
    "ranking",
    "run_chart",
    "scatter",
    "shares",
    "spread",
    "stacked_area",
    "standing",
    "strip",
    "thin",
    "timeline",
]
