"""Load against capacity, per row and iteration of a board: read from the plan, reckoned by planning/formulas/capacity.

A capacity by hand stands before a computed one. Else a team's first increment is reckoned from its people (there is no
such rule for items), every later one from its measured velocity: the median of the iterations that lie wholly in the 84
days before the increment begins (before today, while it has not begun), so that it does not move while the increment
runs.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from planning.formulas.capacity import Tone, tone
from planning.models import Card, CardKind, Increment, Iteration, Lane, LaneKind
from planning.queries.capacities import Room, plain, rooms

NO_FEATURES = "IP carries no features"
FEATURES = {CardKind.FEATURE, CardKind.ENABLER}
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Load:
    """What a team's row carries in an iteration, against what it can. Amounts are in `unit` (points or items).

    `capacity` is None for want of a rule or of data: n/a, with the `reason`. `tone` is "red" above 100 %, "amber" from
    90 %. `text` is what stands in the cell ("36 / 33", "36 / n/a"), `title` the same in words with what was left out;
    `formula` is how the capacity came about, `notes` what was left out of either.
    """

    lane_id: int
    iteration_id: int
    load: Decimal
    capacity: Decimal | None
    unit: str
    tone: Tone = ""
    reason: str = ""
    formula: str = ""
    notes: tuple[str, ...] = ()
    by_hand: bool = False
    is_ip: bool = False

    @property
    def share(self) -> float | None:
        """Load ÷ capacity; None where there is no capacity to divide by."""
        return float(self.load / self.capacity) if self.capacity else None

    @property
    def over(self) -> Decimal:
        """By how much the load is above the capacity, in `unit`; 0 where it fits or nothing is known."""
        return max(self.load - self.capacity, Decimal(0)) if self.capacity is not None else Decimal(0)

    @property
    def share_text(self) -> str:
        """The share in words: "109.1 %", "90 %"; nothing where there is none."""
        return "" if self.share is None else f"{self.share * 100:.1f}".removesuffix(".0") + " %"

    @property
    def over_text(self) -> str:
        """By how much it is over: "over by 3"."""
        return f"over by {plain(self.over)}"

    @property
    def text(self) -> str:
        return f"{plain(self.load)} / {'n/a' if self.capacity is None else plain(self.capacity)}"

    @property
    def title(self) -> str:
        return "; ".join((self._words, *self.notes))

    @property
    def _words(self) -> str:
        load = f"{plain(self.load)} {self.unit}"
        if self.capacity is None:
            return f"{load}, capacity n/a: {self.reason}"
        if self.is_ip:
            return f"{load}: {self.reason}" if self.tone else self.reason
        share = f", {self.share_text}" if self.share_text else ""
        over = f", {self.over_text}" if self.over else ""
        return f"{plain(self.load)} of {plain(self.capacity)} {self.unit}{share}{over}"


@dataclass(slots=True)
class _Sum:
    """What stands in a cell: the sizes that can be added, and how many cards cannot."""

    size: Decimal = Decimal(0)
    features: int = 0
    unsized: int = 0
    other: Counter[str] = field(default_factory=Counter)

    def add(self, card: Card, unit: str, *, is_ip: bool) -> None:
        is_feature = card.kind in FEATURES
        self.features += is_feature
        if card.kind == CardKind.MILESTONE or (is_ip and not is_feature):
            return
        if card.size is None:
            self.unsized += 1
        elif card.unit != unit:
            self.other[card.unit] += 1
        else:
            self.size += card.size

    @property
    def notes(self) -> tuple[str, ...]:
        mixed = [f"{_cards(n)} in {unit} {_is(n)} not added" for unit, n in sorted(self.other.items())]
        return (*mixed, *([f"{_cards(self.unsized)} without a size"] if self.unsized else ()))


def _cards(n: int) -> str:
    return f"{n} card" if n == 1 else f"{n} cards"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def loads(
    increment: Increment,
    lanes: Sequence[Lane] | None = None,
    iterations: Sequence[Iteration] | None = None,
    cards: Iterable[Card] | None = None,
    known: str = "",
) -> dict[Place, Load]:
    """The load of every team's row in every iteration, by (lane id, iteration id).

    What is at hand may be given, and is then not read again: `lanes`, `iterations`, `cards` that are not removed, what
    is `known` today (planning.queries.late.known_by). Only the rows and columns given are answered. External rows,
    milestones and unplanned cards have no load. The number of queries does not depend on the number of rows.
    """
    given = increment.lanes.filter(kind=LaneKind.TEAM) if lanes is None else lanes
    rows = [lane for lane in given if lane.kind == LaneKind.TEAM]
    columns = list(increment.iterations.all() if iterations is None else iterations)
    if not rows or not columns:
        return {}
    stand = increment.cards.filter(removed_at=None, lane__in=rows, iteration__in=columns) if cards is None else cards
    found = rooms(increment, rows, columns, known)
    sums = _sums(rows, columns, {place[0]: room.unit for place, room in found.items()}, stand)
    return {(lane.pk, one.pk): _load(lane, one, found[lane.pk, one.pk], sums) for lane in rows for one in columns}


def _sums(
    lanes: Sequence[Lane], iterations: Sequence[Iteration], unit: dict[int, str], cards: Iterable[Card]
) -> dict[Place, _Sum]:
    is_ip = {one.pk: one.is_ip for one in iterations}
    sums = {(lane.pk, one.pk): _Sum() for lane in lanes for one in iterations}
    for card in cards:
        place = (card.lane_id or 0, card.iteration_id or 0)
        if place in sums:
            sums[place].add(card, unit[place[0]], is_ip=is_ip[place[1]])
    return sums


def _load(lane: Lane, iteration: Iteration, room: Room, sums: dict[Place, _Sum]) -> Load:
    carried = sums[lane.pk, iteration.pk]
    known: Tone = "" if room.amount is None else tone(carried.size, room.amount)
    reason = room.reason
    if iteration.is_ip:
        known, reason = ("red" if carried.features else ""), NO_FEATURES
    return Load(
        lane.pk,
        iteration.pk,
        carried.size,
        room.amount,
        room.unit,
        known,
        reason,
        room.formula,
        carried.notes + room.notes,
        room.by_hand is not None,
        iteration.is_ip,
    )
