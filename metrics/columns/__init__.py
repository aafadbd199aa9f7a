"""Facts to NumPy columns: the only road from SQL to formulas."""

from metrics.columns.facts import read_items, read_scope, read_sources, read_teams
from metrics.columns.flow import Moves, derive, gaps, load, moves_of, same_until
from metrics.columns.shapes import NEVER, OPEN, UNKNOWN_STATUS, ExpectationInfo, FlowColumns, StatusInfo, TeamInfo
from metrics.columns.zones import day_date, day_number, instant, local_day, local_days, micros

__all__ = [
    "NEVER",
    "OPEN",
    "UNKNOWN_STATUS",
    "ExpectationInfo",
    "FlowColumns",
    "Moves",
    "StatusInfo",
    "TeamInfo",
    "day_date",
    "day_number",
    "derive",
    "gaps",
    "instant",
    "load",
    "local_day",
    "local_days",
    "micros",
    "moves_of",
    "read_items",
    "read_scope",
    "read_sources",
    "read_teams",
    "same_until",
]
