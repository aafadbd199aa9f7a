"""Objectives whose chances, values and flags can be told by hand: Payments in the second quarter of 2025.

The teams and their work are those of tests/metrics/forecast_board.py: today is Monday, 2 June 2025, noon UTC.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from okrs.models import CheckIn, Contribution, Cycle, KeyResult, Objective
from portfolio.models import Feature, Initiative, ValueStream

FIRST, LAST = date(2025, 4, 1), date(2025, 6, 30)
# The Sunday before today: weeks before it are whole.
SUNDAY = date(2025, 6, 1)


def cycle(first: date = FIRST, last: date = LAST) -> Cycle:
    slug = f"{first:%Y-%m-%d}-{last:%Y-%m-%d}"
    return Cycle.objects.get_or_create(slug=slug, defaults={"name": slug, "starts_on": first, "ends_on": last})[0]


def key_result(stream: ValueStream, name: str = "Refunds within a day", **fields: Any) -> KeyResult:
    """Of an objective of the stream in the quarter; from 0 to 100, unless said otherwise."""
    at = fields.pop("of", None) or cycle()
    objective, _ = Objective.objects.get_or_create(cycle=at, level="stream", stream=stream, name="Quick refunds")
    return KeyResult.objects.create(objective=objective, name=name, **{"baseline": 0, "target": 100} | fields)


def say(row: KeyResult, values: Sequence[float], last: date = SUNDAY, sure: Sequence[int] = ()) -> None:
    """A check-in on each Sunday up to `last`, oldest first; confidence 5 unless said."""
    for n, value in enumerate(values):
        on = last - timedelta(weeks=len(values) - 1 - n)
        CheckIn.objects.create(key_result=row, on=on, value=value, confidence=sure[n] if sure else 5)


def moves(row: KeyResult, thing: Initiative | Feature, lift: float) -> Contribution:
    named = {"initiative": thing} if isinstance(thing, Initiative) else {"feature": thing}
    return Contribution.objects.create(key_result=row, lift=lift, **named)
