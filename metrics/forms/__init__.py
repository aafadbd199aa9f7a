"""What the address of a page or of the API says; the pickers that change it; the filters of lists."""

from metrics.forms.asked import (
    DAYS,
    FACETS,
    MOST_DAYS,
    Asked,
    as_of_said,
    as_of_text,
    ask,
    day_text,
    default_window,
    parse_as_of,
    parse_day,
    parse_facets,
    parse_ranks,
    past,
    window_text,
)
from metrics.forms.filters import DeploymentFilter, ItemFilter, Order, PullRequestFilter, search
from metrics.forms.pickers import pickers

__all__ = [
    "DAYS",
    "FACETS",
    "MOST_DAYS",
    "Asked",
    "DeploymentFilter",
    "ItemFilter",
    "Order",
    "PullRequestFilter",
    "as_of_said",
    "as_of_text",
    "ask",
    "day_text",
    "default_window",
    "parse_as_of",
    "parse_day",
    "parse_facets",
    "parse_ranks",
    "past",
    "pickers",
    "search",
    "window_text",
]
