"""Who needs what of whom: rows of a board against each other."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from planning.formulas.schedule import Schedule
from planning.models import Lane
from planning.queries.dependencies import Line
from planning.queries.late import Tally
from planning.queries.links import Link


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
    # Items of the consumer that wait for items of the provider, as the tools link them.
    links: int = 0

    @property
    def tone(self) -> str:
        if self.conflicts:
            return "bad"
        if not self.total:
            return ""
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
        said = [word if count == self.total else f"{count} {word}" for count, word in named if count]
        return ", ".join(said) or ("delivered" if self.delivered == self.total else "healthy")


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


def matrix(lanes: Sequence[Lane], lines: Sequence[Line], links: Sequence[Link] = ()) -> Matrix:
    """The rows of a board against each other; cards in the parking lot need nothing of anybody here."""
    by_pair: dict[tuple[int, int], list[Line]] = defaultdict(list)
    for line in lines:
        if line.consumer_lane is not None:
            by_pair[line.provider_lane.pk, line.consumer_lane.pk].append(line)
    linked = _linked(lanes, links)
    pairs = by_pair.keys() | linked.keys()
    gives, needs = {one for one, _ in pairs}, {other for _, other in pairs}
    consumers = [lane for lane in lanes if lane.pk in needs]
    rows = []
    for lane in lanes:
        if lane.pk in gives:
            keys = [(lane.pk, other.pk) for other in consumers]
            squares = [
                _square(lane, other, by_pair.get(key, ()), linked[key])
                for other, key in zip(consumers, keys, strict=True)
            ]
            rows.append((lane, squares, sum(one.total for one in squares if one)))
    return Matrix(consumers, rows)


def _linked(lanes: Sequence[Lane], links: Sequence[Link]) -> Counter[tuple[int, int]]:
    """How many items wait, by the rows of their teams."""
    rows = {lane.team_id: lane.pk for lane in lanes if lane.team_id}
    pairs = [(rows.get(one.other.team_id), rows.get(one.item.team_id)) for one in links if not one.is_done]
    return Counter((gives, needs) for gives, needs in pairs if gives and needs)


def _square(provider: Lane, consumer: Lane, lines: Sequence[Line], links: int) -> Square | None:
    if not lines and not links:
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
        late=lines[0].late if lines else None,
        links=links,
    )
