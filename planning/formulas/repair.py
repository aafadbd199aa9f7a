"""The smallest repair of a plan: which cards to move to other iterations so that no provider comes after its consumer
and no cell carries more than it can.

A mixed-integer program, solved by HiGHS in two steps. First as few problems as possible are left (conflicts, overloaded
cells, cards where none may stand), and of equals the one with the least overload; usually nothing is left. Then, with
that held, the fewest cards are moved, and of equals the least far. Cards stay in their rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import highspy

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A card in iteration `at` (places from 0) of `row`; it may stand in `allowed`, which holds `at`.

    `size` counts where its row has room for so much (0: it takes none). `banned`: standing there is a problem.
    """

    id: int
    row: int
    at: int
    size: int
    allowed: tuple[int, ...]
    banned: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """`rooms`: what (row, iteration) can carry, where that is known and counts; in the unit of the sizes.

    `orders`: (provider, consumer) by their ids; the provider must not come later.
    """

    pieces: tuple[Piece, ...]
    rooms: Mapping[Cell, int]
    orders: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a plan: `orders` whose provider is late, by how much cells are over, misplaced cards."""

    orders: tuple[tuple[int, int], ...]
    over: Mapping[Cell, int]
    misplaced: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.orders) + len(self.over) + len(self.misplaced)


@dataclass(frozen=True, slots=True)
class Repair:
    """`moves`: card → iteration. `left`: what no move can clear.

    `is_proven`: there is no smaller one; else the time was over, and this is the best that was found.
    """

    moves: Mapping[int, int]
    left: Faults
    is_proven: bool


def faults(problem: Problem, moves: Mapping[int, int] | None = None) -> Faults:
    """What is wrong with the plan after `moves`."""
    at = {piece.id: (moves or {}).get(piece.id, piece.at) for piece in problem.pieces}
    carried: dict[Cell, int] = {}
    for piece in problem.pieces:
        cell = piece.row, at[piece.id]
        carried[cell] = carried.get(cell, 0) + piece.size
    return Faults(
        tuple((one, other) for one, other in problem.orders if at[one] > at[other]),
        {cell: carried[cell] - room for cell, room in sorted(problem.rooms.items()) if carried.get(cell, 0) > room},
        tuple(piece.id for piece in problem.pieces if at[piece.id] in piece.banned),
    )


def repair(problem: Problem, seconds: float = 5.0) -> Repair:
    """The smallest set of moves; at most about `seconds`. The same problem has the same answer."""
    before = faults(problem)
    if not before.count:
        return Repair({}, before, is_proven=True)
    model = _Model(problem, seconds)
    proven = model.clear() and model.shrink()
    moves = model.moves()
    left = faults(problem, moves)
    # What is found in too little time may be no plan at all.
    if left.count > before.count:
        return Repair({}, before, is_proven=False)
    return Repair(moves, left, proven)


class _Model:
    """The program: a yes or no for each card and iteration it may stand in."""

    def __init__(self, problem: Problem, seconds: float) -> None:
        self.problem = problem
        self.solver = highspy.Highs()  # type: ignore[no-untyped-call]
        options = {"output_flag": False, "threads": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 1e-6, "time_limit": seconds}
        for name, value in options.items():
            self.solver.setOptionValue(name, value)
        self.stands = {piece.id: {at: self.solver.addBinary() for at in piece.allowed} for piece in problem.pieces}
        for places in self.stands.values():
            self.solver.addConstr(_sum(places.values()) == 1)
        self.before = faults(problem)
        over = [self._room(cell, room) for cell, room in sorted(problem.rooms.items())]
        late = [self._order(*order) for order in problem.orders]
        wrong = [self._stand(piece.id, at) for piece in problem.pieces for at in piece.banned]
        total = 1 + sum(piece.size for piece in problem.pieces)
        self.problems = _sum([*late, *wrong, *(is_over for is_over, _ in over)])
        self.problems += _sum(amount * (1 / total) for _, amount in over)

    def _room(self, cell: Cell, room: int) -> tuple[Any, Any]:
        """Whether a cell is over, and by how much."""
        here = self._here(*cell)
        most = self.before.over.get(cell, 0)
        is_over, amount = self.solver.addIntegral(0, min(most, 1)), self.solver.addVariable(lb=0, ub=most)
        if here:
            self.solver.addConstr(_sum(var * size for size, var in here) - amount <= room)
            self.solver.addConstr(amount - is_over * most <= 0)
        return is_over, amount

    def _stand(self, id: int, at: int) -> Any:
        """Whether a card stands where none may."""
        if at in self.stands[id]:
            return self.stands[id][at]
        return self.solver.addIntegral(0, 0)

    def _here(self, row: int, at: int) -> list[tuple[int, Any]]:
        return [
            (piece.size, self.stands[piece.id][at])
            for piece in self.problem.pieces
            if piece.row == row and piece.size and at in self.stands[piece.id]
        ]

    def _order(self, provider: int, consumer: int) -> Any:
        """Whether the provider is late."""
        first, second = self._iteration(provider), self._iteration(consumer)
        is_late = self.solver.addIntegral(0, int((provider, consumer) in self.before.orders))
        span = max(self.stands[provider]) - min(self.stands[consumer])
        if span > 0:
            self.solver.addConstr(first - second - is_late * span <= 0)
        return is_late

    def _iteration(self, id: int) -> Any:
        return _sum(var * at for at, var in self.stands[id].items())

    def clear(self) -> bool:
        """As few problems as possible, and then hold to that; whether it is proven."""
        self.solver.minimize(self.problems)
        best = self.solver.getObjectiveValue()
        proven = self._is_optimal()
        self.solver.addConstr(self.problems <= best + 1e-6)
        return proven

    def shrink(self) -> bool:
        """As few moves as possible, and as short ones; whether it is proven."""
        pieces = [piece for piece in self.problem.pieces if len(piece.allowed) > 1]
        longest = 1 + sum(max(abs(at - piece.at) for at in piece.allowed) for piece in pieces)
        costs = (
            self.stands[piece.id][at] * (longest + abs(at - piece.at))
            for piece in pieces
            for at in piece.allowed
            if at != piece.at
        )
        self.solver.minimize(_sum(costs))
        return self._is_optimal()

    def _is_optimal(self) -> bool:
        return bool(self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    def moves(self) -> dict[int, int]:
        found = {}
        for piece in self.problem.pieces:
            at = max(piece.allowed, key=lambda place: self.solver.val(self.stands[piece.id][place]))
            if at != piece.at:
                found[piece.id] = at
        return found


def _sum(terms: Any) -> Any:
    total = highspy.highs.highs_linear_expression()
    for term in terms:
        total += term
    return total
