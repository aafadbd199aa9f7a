"""What impediments cost: capacity (prepared days), delay (forecasts), the formula written out, what is on top."""

from impediments.costs.base import added, is_open_at, last_days, money_streams, open_at
from impediments.costs.capacity import Capacity, TeamPart, by_month, capacity, whole
from impediments.costs.delay import Delay, Release, Slip, delay, releases, together, told
from impediments.costs.explaining import Explanation, Projection, Run, day_rows, explain, project, rate_on
from impediments.costs.top import GivesBack, Line, blocked_items, gives_back, top

__all__ = [
    "Capacity",
    "Delay",
    "Explanation",
    "GivesBack",
    "Line",
    "Projection",
    "Release",
    "Run",
    "Slip",
    "TeamPart",
    "added",
    "blocked_items",
    "by_month",
    "capacity",
    "day_rows",
    "delay",
    "explain",
    "gives_back",
    "is_open_at",
    "last_days",
    "money_streams",
    "open_at",
    "project",
    "rate_on",
    "releases",
    "together",
    "told",
    "top",
    "whole",
]
