"""The repair of a plan as a proposal: which cards to move, and what it is like before and after. Nothing is written."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.core.cache import cache
from django.utils import timezone

from metrics.formulas.forecast import train as formula
from metrics.formulas.forecast.shown import shown_chance
from metrics.formulas.forecast.train import Result, Train
from planning import capacity, chances
from planning.actions.placing import called
from planning.capacity import FEATURES, Load
from planning.chances import Read
from planning.formulas.expected import Expected
from planning.formulas.repair import Faults, Piece, Problem, Repair, faults, repair
from planning.models import Card, CardKind, Increment, Iteration, Lane, LaneKind
from planning.queries.capacities import plain, units
from planning.queries.strings import provider_of
from planning.rules import Reach

# Sizes and capacities have one decimal.
TENTHS = 10
CACHE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class MoveLine:
    """One move of the proposal: "Refund API of Falcon, from Iteration 2 to Iteration 3"; with the card's chance before
    and after all moves, as shown. `may`: the reader may do it.
    """

    card: Card
    lane: Lane
    origin: Iteration
    target: Iteration
    before: str
    after: str
    may: bool

    @property
    def name(self) -> str:
        return called(self.card)

    @property
    def value(self) -> str:
        """What the form sends: the card, the version that was seen, and where it is to go."""
        return f"{self.card.pk}:{self.card.version}:{self.target.pk}"


@dataclass(frozen=True, slots=True)
class Side:
    """The plan before or after: conflicts, overloaded cells, cards where none may stand, and what to expect."""

    conflicts: int
    overloads: int
    misplaced: int
    expected: Expected

    @property
    def problems(self) -> int:
        return self.conflicts + self.overloads + self.misplaced


@dataclass(frozen=True, slots=True)
class Proposal:
    """`number`: the line of the log of which the plan was read. `left`: what no move clears, in words."""

    increment: Increment
    number: int
    moves: Sequence[MoveLine]
    before: Side
    after: Side
    left: Sequence[str]
    is_proven: bool

    @property
    def finding(self) -> str:
        """The sentence of the page."""
        if not self.before.problems:
            return "No conflict and no overload: nothing is to be repaired"
        moves = "1 move clears" if len(self.moves) == 1 else f"{len(self.moves)} moves clear"
        cleared, problems = self.before.problems - self.after.problems, self.before.problems
        if not self.moves:
            return f"No move within the rows clears {_problems(problems)}"
        return f"{moves} {_problems(problems) if cleared == problems else f'{cleared} of {_problems(problems)}'}"

    @property
    def is_open(self) -> bool:
        """Whether the reader may do any of it."""
        return any(line.may for line in self.moves)


def _problems(n: int) -> str:
    return "1 problem" if n == 1 else f"{n} problems"


def propose(increment: Increment, mine: Reach, at: datetime | None = None) -> Proposal:
    """The smallest repair of a plan as it stands; the reader may do the moves of their rows (`mine`)."""
    number = increment.number
    plan = chances.read(increment, at or timezone.now())
    sketch = Sketch(plan)
    found = _solved(increment, sketch.problem)
    before, after = formula.answer(plan.train), formula.answer(sketch.moved(found.moves))
    return Proposal(
        increment,
        number,
        sketch.lines(found.moves, before, after, mine),
        _side(plan, faults(sketch.problem), before),
        _side(plan, found.left, after),
        sketch.words(found.left),
        found.is_proven,
    )


def _solved(increment: Increment, problem: Problem) -> Repair:
    """The same plan is not solved twice; what it depends on is in the problem itself."""
    name = f"plan-repair:{increment.pk}:{_name_of(problem)}"
    found: Repair | None = cache.get(name)
    if found is None:
        found = repair(problem)
        cache.set(name, found, CACHE_SECONDS)
    return found


def _name_of(problem: Problem) -> str:
    text = repr((problem.pieces, sorted(problem.rooms.items()), problem.orders))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _side(plan: Read, wrong: Faults, result: Result) -> Side:
    value = chances.expected(plan.goals, {one.id: one.chance for one in result.goals})
    return Side(len(wrong.orders), len(wrong.over), len(wrong.misplaced), value)


class Sketch:
    """A plan as the program reads it, and its moves as people do."""

    def __init__(self, plan: Read) -> None:
        self.plan = plan
        self.columns = {one.pk: place for place, one in enumerate(plan.iterations)}
        self.lanes = {lane.pk: lane for lane in plan.lanes}
        self.cards = {card.pk: card for card in plan.cards if card.iteration_id in self.columns}
        self.unit = units([lane for lane in plan.lanes if lane.kind == LaneKind.TEAM])
        self.loads = capacity.loads(plan.increment, plan.lanes, plan.iterations, plan.cards)
        today = timezone.localdate(plan.at)
        self.open = [place for place, one in enumerate(plan.iterations) if one.last_on >= today and not one.is_ip]
        self.over = {place for place, one in enumerate(plan.iterations) if one.last_on < today}
        self.ip = {place for place, one in enumerate(plan.iterations) if one.is_ip}
        done = {one.id for one in plan.train.cards if one.done_on or one.is_dropped}
        self.done = {pk for pk in self.cards if str(pk) in done}
        self.problem = Problem(tuple(map(self._piece, self.cards.values())), self._rooms(), self._orders())

    def _piece(self, card: Card) -> Piece:
        lane, at = self.lanes[card.lane_id or 0], self.columns[card.iteration_id or 0]
        may_go = lane.kind == LaneKind.TEAM and not lane.left_on and card.pk not in self.done
        allowed = tuple(sorted({at, *self.open})) if may_go and card.kind != CardKind.MILESTONE else (at,)
        is_feature = lane.kind == LaneKind.TEAM and card.kind in FEATURES and card.pk not in self.done
        banned = tuple(self.ip - self.over) if is_feature else ()
        return Piece(card.pk, lane.pk, at, self._size(card, lane), allowed, banned)

    def _size(self, card: Card, lane: Lane) -> int:
        """In tenths; 0 where it is not added to the load (another unit, no size, a milestone)."""
        if lane.kind != LaneKind.TEAM or card.kind == CardKind.MILESTONE or card.size is None:
            return 0
        return int(card.size * TENTHS) if card.unit == self.unit[lane.pk] else 0

    def _rooms(self) -> dict[tuple[int, int], int]:
        """What each cell can carry, where that is known and still ahead; IP iterations ban features instead."""
        skipped = self.ip | self.over
        return {
            (lane, self.columns[column]): int(load.capacity * TENTHS)
            for (lane, column), load in self.loads.items()
            if load.capacity is not None and load.unit == self.unit[lane] and self.columns[column] not in skipped
        }

    def _orders(self) -> tuple[tuple[int, int], ...]:
        """Providers and consumers that both stand in an iteration, of what has not come yet."""
        pairs = [
            (provider.pk, row.consumer_id)
            for row in self.plan.needs
            if not row.delivered_on and (provider := provider_of(row)) is not None
        ]
        return tuple(sorted({(one, other) for one, other in pairs if one in self.cards and other in self.cards}))

    def moved(self, moves: Mapping[int, int]) -> Train:
        """The inputs of the simulation after the moves: a card that comes into a cell stands at its end."""
        at = {str(pk): place for pk, place in moves.items()}
        cards = [replace(one, iteration=at.get(one.id, one.iteration)) for one in self.plan.train.cards]
        order = sorted(enumerate(cards), key=lambda pair: (pair[1].iteration or 0, pair[1].id in at, pair[0]))
        return replace(self.plan.train, cards=tuple(card for _, card in order))

    def lines(self, moves: Mapping[int, int], before: Result, after: Result, mine: Reach) -> list[MoveLine]:
        """The moves, by row and by where they begin."""
        was, will = formula.by_id(before.cards), formula.by_id(after.cards)
        found = [
            MoveLine(
                self.cards[pk],
                self.lanes[self.cards[pk].lane_id or 0],
                self.plan.iterations[self.columns[self.cards[pk].iteration_id or 0]],
                self.plan.iterations[place],
                shown_chance(was[str(pk)].chance),
                shown_chance(will[str(pk)].chance),
                mine.may(self.cards[pk].lane_id),
            )
            for pk, place in moves.items()
        ]
        return sorted(found, key=lambda one: (one.lane.position, one.lane.pk, one.origin.number, one.card.rank))

    def words(self, left: Faults) -> list[str]:
        """What no move can clear, one sentence each."""
        return [
            *(self._late(one, other) for one, other in left.orders),
            *(self._over(cell, amount) for cell, amount in left.over.items()),
            *(f"{called(self.cards[pk])} stands in an iteration that carries no features" for pk in left.misplaced),
        ]

    def _late(self, provider: int, consumer: int) -> str:
        one, other = self.cards[provider], self.cards[consumer]
        rows = self.lanes[one.lane_id or 0].name, self.lanes[other.lane_id or 0].name
        return f"{called(one)} of {rows[0]} still comes after {called(other)} of {rows[1]}, which needs it"

    def _over(self, cell: tuple[int, int], amount: int) -> str:
        lane, iteration = self.lanes[cell[0]], self.plan.iterations[cell[1]]
        load: Load = self.loads[lane.pk, iteration.pk]
        size = plain(Decimal(amount) / TENTHS)
        return f"{lane.name} is still over by {size} {load.unit} in {iteration.name}: take cards out of its row"
