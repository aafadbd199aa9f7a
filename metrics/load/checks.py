"""What makes a row unusable, before the database sees it. A bad row is rejected with a reason; the rest goes on."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from metrics.rows import STATES, BlockRow, CommitRow, Row, StatusRow, TransitionRow

R = TypeVar("R", bound=Row)

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
RECORD_LENGTH = 500

# Longest texts the columns hold; what is not here is text without a limit.
LIMITS: Mapping[str, int] = {
    "external_id": 200,
    "key": 200,
    "name": 200,
    "item": 200,
    "needs": 200,
    "status": 200,
    "from_status": 200,
    "to_status": 200,
    "tool_type": 100,
    "parent": 200,
    "class_of_service": 60,
    "number": 40,
    "sha": 64,
    "merge_sha": 64,
    "merge_method": 8,
    "environment": 200,
    "severity": 60,
    "pull_request": 200,
    "deployment": 200,
    "fix": 200,
    "service": 120,
}
HASH_LENGTH = 64
NEEDED = ("external_id", "item", "to_status", "needs")


class Reject(NamedTuple):
    """A row that could not be used: its place (kind and external id), why, and its start."""

    place: str
    reason: str
    record: str


def reject(row: Row, reason: str) -> Reject:
    kind = type(row).__name__.removesuffix("Row")
    return Reject(clean(f"{kind} {row.external_id}")[:200], reason, clean(repr(row))[:RECORD_LENGTH])


def clean(text: str) -> str:
    """`text` as PostgreSQL can store it."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()


def _text_fault(name: str, text: str, limit: int | None) -> str:
    if "\x00" in text:
        return f"{name} contains a NUL character"
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return f"{name} contains half a character (a lone surrogate)"
    if limit is not None and len(text) > limit:
        return f"{name} is longer than {limit} characters"
    return f"{name} is empty" if not text and name in NEEDED else ""


def _time_fault(name: str, at: datetime) -> str:
    if at.tzinfo is None or at.utcoffset() is None:
        return f"{name} has no time zone"
    return "" if EARLIEST <= at < LATEST else f"{name} is not between 1970 and 2100"


def _fault(name: str, value: object, limit: int | None) -> str:
    """Why `value` cannot be the field `name`, or nothing."""
    if isinstance(value, str):
        return _text_fault(name, value, limit)
    if isinstance(value, datetime):
        return _time_fault(name, value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{name} is not a number"
    if isinstance(value, tuple):
        hashes = HASH_LENGTH if name in ("commits", "parents") else None
        return next((fault for part in value if (fault := _text_fault(name, part, hashes))), "")
    return ""


def _whole_fault(row: Row) -> str:
    """What is wrong with fields that are fine one by one."""
    if isinstance(row, StatusRow) and row.hint is not None and row.hint not in STATES:
        return f"{row.hint} is no state"
    if isinstance(row, BlockRow) and row.to_at is not None and row.to_at < row.from_at:
        return "the block ends before it starts"
    if isinstance(row, TransitionRow) and not isinstance(row.at, datetime):
        return "the move has no time"
    return ""


def fault(row: Row, limits: Sequence[int | None]) -> str:
    """Why `row` cannot be stored, or nothing. `limits` are those of its fields, in their order."""
    for name, value, limit in zip(row._fields, row, limits, strict=True):
        if value is None or value == "":
            if name in NEEDED:
                return f"{name} is empty"
        elif why := _fault(name, value, limit):
            return why
    return _whole_fault(row)


def limits_of(row: Row) -> list[int | None]:
    """The length limits of a row's fields, in their order."""
    limits = [LIMITS.get(name) for name in row._fields]
    if isinstance(row, CommitRow):
        limits[0] = HASH_LENGTH
    return limits


def split(rows: Sequence[R]) -> tuple[list[R], list[Reject]]:
    """The usable ones of `rows` (all of one type), and the others with the reason."""
    limits = limits_of(rows[0]) if rows else []
    good: list[R] = []
    bad: list[Reject] = []
    for row in rows:
        if why := fault(row, limits):
            bad.append(reject(row, why))
        else:
            good.append(row)
    return good, bad
