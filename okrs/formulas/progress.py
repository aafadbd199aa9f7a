"""How far key results and objectives are: progress, score, grade, pace, and when a check-in is due.

Rules: docs/users/objectives.md. Shares are floats from 0 to 1; days are dates, both ends of a cycle belong to it.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from math import fsum
from typing import Literal

Grade = Literal["red", "yellow", "green"]
State = Literal["pending", "fresh", "due", "outdated"]
# Grades: red below 0.4, yellow below 0.7, green from there on.
YELLOW, GREEN = 0.4, 0.7
# What an objective is expected to score.
EXPECTED = {"committed": 1.0, "aspirational": 0.7}
# A set of objectives that scores more than this on average is asked whether it was ambitious.
TOO_EASY = 0.85
# After the day it is due a check-in has so many days before the key result is outdated.
GRACE_DAYS = 3
# Binary fractions such as 0.1 are not exact: what differs by less than this is the same.
SAME = 1e-9


def progress(
    kind: str,
    value: float | None,
    baseline: float | None = None,
    target: float | None = None,
    low: float | None = None,
    high: float | None = None,
) -> float:
    """The share of the way from baseline to target, 0 to 1; no value yet is 0.

    `kind`: increase, reduce and metric go from `baseline` to `target`; a band is 1 within `low` and `high` (both
    belong to it), else 0; a milestone is 1 when its value is. Raises ValueError where there is no way to go.
    """
    if value is None:
        return 0.0
    if kind == "milestone":
        return 1.0 if value >= 1 else 0.0
    if kind == "band":
        if low is None or high is None:
            raise ValueError("A band has two edges.")
        return 1.0 if low <= value <= high else 0.0
    if baseline is None or target is None or baseline == target:
        raise ValueError("The target is the baseline: there is no way between them.")
    return min(max((value - baseline) / (target - baseline), 0.0), 1.0)


def score(parts: Iterable[tuple[float, float]]) -> float | None:
    """The mean of progress by weight, from pairs of (weight, progress); None when the weights sum to nothing."""
    pairs = list(parts)
    total = fsum(weight for weight, _ in pairs)
    if total <= 0:
        return None
    return fsum(weight * share for weight, share in pairs) / total


def grade(of: float) -> Grade:
    """The grade of a score: red below 0.4, yellow below 0.7, else green."""
    if of >= GREEN - SAME:
        return "green"
    return "yellow" if of >= YELLOW - SAME else "red"


def elapsed(first: date, last: date, day: date) -> float:
    """The share of a period's calendar days that are over at the end of `day`: 0 before it, 1 from its last day on."""
    days = (last - first).days + 1
    return min(max((day - first).days + 1, 0), days) / days


def pace(of: float | None, share: float) -> float | None:
    """Score minus elapsed share: 0.1 is ten points ahead of the calendar; None without a score."""
    return None if of is None else of - share


def is_on_pace(of: float | None) -> bool:
    """Whether a pace is level with the calendar or ahead of it."""
    return of is not None and of >= -SAME


def due_on(last_check_in: date | None, every_days: int, starts_on: date) -> date:
    """The day the next check-in is due: `every_days` after the last one, else after the day before the cycle."""
    return (last_check_in or starts_on - timedelta(days=1)) + timedelta(days=every_days)


def state(last_check_in: date | None, due: date, day: date) -> State:
    """What the end of `day` says of a key result: pending without a check-in, then fresh, due, after grace outdated."""
    if last_check_in is None:
        return "pending"
    if day < due:
        return "fresh"
    return "due" if day <= due + timedelta(days=GRACE_DAYS) else "outdated"


def is_too_easy(scores: Iterable[float | None]) -> bool:
    """Whether a set of scores averages above 0.85; those that are n/a do not count."""
    known = [one for one in scores if one is not None]
    return bool(known) and fsum(known) / len(known) > TOO_EASY + SAME
