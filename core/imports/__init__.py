"""Imports of files: a dry run with counts and problems by line, then all or nothing, and a way back.

An app subclasses `Importer` and registers it when it is ready; the pages (/imports/<kind>/) and the API are the same
for all kinds. docs/developers/imports.md shows how.
"""

from core.imports.protocol import Checked, Column, Importer, Problem, Refused, Row, find, register, repeated, trial
from core.imports.running import apply, roll_back, rows_of, run_for, runs_for, start
from core.imports.tables import MOST_ROWS, Table, read

__all__ = [
    "MOST_ROWS",
    "Checked",
    "Column",
    "Importer",
    "Problem",
    "Refused",
    "Row",
    "Table",
    "apply",
    "find",
    "read",
    "register",
    "repeated",
    "roll_back",
    "rows_of",
    "run_for",
    "runs_for",
    "start",
    "trial",
]
