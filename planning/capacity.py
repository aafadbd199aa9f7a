"""Load against capacity, per row and iteration of a board."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from planning.models import Card, Increment, Iteration, Lane

Tone = Literal["", "amber", "red"]


@dataclass(frozen=True, slots=True)
class Load:
    """What a team's row carries in an iteration, against what it can. Amounts are in `unit` (points or items).

    `capacity` is None for want of a rule or of data: n/a, with the `reason`. `tone` is "red" above 100 %, "amber" from
    90 %. `text` is what stands in the cell ("36 / 33", "36 / n/a"), `title` the same in words with what was left out.
    """

    lane_id: int
    iteration_id: int
    load: Decimal
    capacity: Decimal | None
    unit: str
    tone: Tone = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    by_hand: bool = False
    text: str = ""
    title: str = ""

    @property
    def share(self) -> float | None:
        """Load ÷ capacity; None where there is no capacity to divide by."""
        return float(self.load / self.capacity) if self.capacity else None

    @property
    def over(self) -> Decimal:
        """By how much the load is above the capacity, in `unit`; 0 where it fits or nothing is known."""
        return max(self.load - self.capacity, Decimal(0)) if self.capacity is not None else Decimal(0)


def loads(
    increment: Increment,
    lanes: Sequence[Lane] | None = None,
    iterations: Sequence[Iteration] | None = None,
    cards: Iterable[Card] | None = None,
) -> dict[tuple[int, int], Load]:
    """The load of every team's row in every iteration, by (lane id, iteration id).

    What is at hand may be given, and is then not read again: `lanes` with their `team` and its calendar, `iterations`,
    `cards` that are not removed. Only the rows and columns given are answered. External rows, milestones and unplanned
    cards have no load. The number of queries does not depend on the number of rows.
    """
    return {}
