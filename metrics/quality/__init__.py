"""Data quality of a source: what is stored against what ought to be, as a list of checks.

As of now, always: it is about what is stored, and what can be mended. A check reads arrays or asks the database once;
none loops over rows.
"""

from metrics.quality.checks import CHECKS
from metrics.quality.report import HEAD, Line, Report, cells, inspect, lines
from metrics.quality.shapes import Check, Found, NotChecked, Result, Stored, found

__all__ = [
    "CHECKS",
    "HEAD",
    "Check",
    "Found",
    "Line",
    "NotChecked",
    "Report",
    "Result",
    "Stored",
    "cells",
    "found",
    "inspect",
    "lines",
]
