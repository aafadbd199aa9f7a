"""When a level's clock runs: its spell less the pauses; and when so much of its time has passed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple


class Stretch(NamedTuple):
    """A time in which a clock runs."""

    first: datetime
    last: datetime


def stretches(first: datetime, last: datetime, pauses: Iterable[tuple[datetime, datetime]]) -> list[Stretch]:
    """The parts of `first`…`last` that lie in no pause, in their order. Pauses may overlap and stick out."""
    found = []
    for begin, end in sorted(pauses):
        if end <= first or begin >= last:
            continue
        if begin > first:
            found.append(Stretch(first, begin))
        first = max(first, end)
    return [*found, Stretch(first, last)] if first < last else found


def runs_out(
    parts: Sequence[Stretch],
    spent: Sequence[float],
    limit: float,
    after: Callable[[datetime, float], datetime],
    *,
    goes_on: bool,
) -> datetime | None:
    """When a clock has run `limit` seconds, of which it ran `spent` in each of `parts`.

    `after(at, seconds)` says when so much more will have passed. `goes_on`: the clock runs on from the end of the last
    part. None: it stands before that.
    """
    left = limit
    for part, seconds in zip(parts, spent, strict=True):
        if seconds >= left:
            return after(part.first, left)
        left -= seconds
    return after(parts[-1].last, left) if goes_on and parts else None
