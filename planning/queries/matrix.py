"""Who needs what of whom: rows of a board against each other."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from planning.formulas.schedule import Schedule
from planning.models import Lane
from planning.queries.dependencies import Line
from planning.queries.late import Tally


@dataclass(frozen=True, slots=True)
class Square:
    """What one row provides to another: how many, how many of them in which state, what came late before."""

    provider: Lane
    consumer: Lane
    total: int = 0
    conflicts: int = 0
    risks: int = 0
    unplanned: int = 0
    unanswered: int = 0
    delivered: int = 0
    late: Tally | None = None

    @property
    def tone(self) -> str:
        if self.conflicts:
            return "bad"
        return "warn" if self.risks or self.unplanned or self.unanswered else "good"

    @property
    def words(self) -> str:
        """What stands below the count: never colour alone."""
        named = [
            (self.conflicts, "in conflict"),
            (self.risks, "at risk"),
            (self.unplanned, "unplanned"),
            (self.unanswered, "not agreed"),
        ]
        return ", ".join(f"{count} {word}" for count, word in named if count) or (
            "delivered" if self.delivered == self.total else "healthy"
        )


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows provide, columns need; only who does any of it."""

    consumers: Sequence[Lane]
    rows: Sequence[tuple[Lane, Sequence[Square | None], int]]

    @property
    def totals(self) -> list[int]:
        """How many dependencies each column needs."""
        return [
            sum(one.total for _, squares, _ in self.rows if (one := squares[at])) for at in range(len(self.consumers))
        ]


def matrix(lanes: Sequence[Lane], lines: Sequence[Line]) -> Matrix:
    """The rows of a board against each other; cards in the parking lot need nothing of anybody here."""
    by_pair: dict[tuple[int, int], list[Line]] = defaultdict(list)
    for line in lines:
        if line.consumer_lane is not None:
            by_pair[line.provider_lane.pk, line.consumer_lane.pk].append(line)
    gives, needs = {one for one, _ in by_pair}, {other for _, other in by_pair}
    consumers = [lane for lane in lanes if lane.pk in needs]
    rows = []
    for lane in lanes:
        if lane.pk in gives:
            squares = [_square(lane, other, by_pair.get((lane.pk, other.pk))) for other in consumers]
            rows.append((lane, squares, sum(one.total for one in squares if one)))
    return Matrix(consumers, rows)


def _square(provider: Lane, consumer: Lane, lines: Sequence[Line] | None) -> Square | None:
    if not lines:
        return None
    live = [line for line in lines if not line.is_over]
    states = [line.schedule for line in live]
    return Square(
        provider,
        consumer,
        total=len(lines),
        conflicts=states.count(Schedule.CONFLICT),
        risks=states.count(Schedule.RISK),
        unplanned=states.count(Schedule.UNPLANNED),
        unanswered=sum(line.row.agreement != "agreed" for line in lines if not line.is_resolved),
        delivered=sum(line.is_resolved for line in lines),
        late=lines[0].late,
    )
