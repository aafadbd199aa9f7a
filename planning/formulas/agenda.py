"""When the parts of a day begin: each after the one before it, but for those that are pinned to a time."""

from collections.abc import Sequence
from typing import NamedTuple

# When a day begins whose first part says no time, in minutes after midnight.
MORNING = 9 * 60


class Place(NamedTuple):
    """From and to, in minutes after midnight; `late`: so many minutes of it lie in the part before."""

    start: int
    end: int
    late: int


def placed(parts: Sequence[tuple[int, int | None]]) -> list[Place]:
    """The places of a day's parts, given as (minutes, pinned start or None), in order."""
    found: list[Place] = []
    now = MORNING
    for minutes, pinned in parts:
        start = now if pinned is None else pinned
        found.append(Place(start, start + minutes, max(0, now - start) if found else 0))
        now = start + minutes
    return found
