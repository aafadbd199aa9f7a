"""A confidence vote, fist of five: an average of 3 or more accepts the plan; who shows 1 or 2 is invited to speak."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

FINGERS = (1, 2, 3, 4, 5)
# At least this average accepts; up to so many fingers somebody is asked what would raise it.
ACCEPTED = 3
SPEAKS = 2


class Result(NamedTuple):
    """`counts` of 1 to 5 fingers; `average` (None: nobody voted) is cut, not rounded, to two places: 2.996 is not 3."""

    votes: int
    counts: tuple[int, ...]
    average: Decimal | None
    accepted: bool
    doubtful: int


def result(fingers: Sequence[int]) -> Result:
    """The result of these votes, each from 1 to 5."""
    counts = tuple(sum(1 for one in fingers if one == finger) for finger in FINGERS)
    total, votes = sum(fingers), len(fingers)
    average = (Decimal(total) / votes).quantize(Decimal("0.01"), ROUND_FLOOR) if votes else None
    return Result(votes, counts, average, bool(votes) and total >= ACCEPTED * votes, sum(counts[:SPEAKS]))
