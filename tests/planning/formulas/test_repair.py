"""The smallest repair against every plan there is, where there are few."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.formulas.repair import Piece, Problem, faults, repair

EVERYWHERE = (0, 1, 2)


def piece(id: int, at: int, size: int = 0, row: int = 0, **fields: tuple[int, ...]) -> Piece:
    return Piece(id, row, at, size, **({"allowed": EVERYWHERE} | fields))


def worth(problem: Problem, moves: dict[int, int]) -> tuple[int, int, int, int]:
    """What is made small, in this order: problems, overload, moves, distance."""
    left = faults(problem, moves)
    at = {piece.id: piece.at for piece in problem.pieces}
    moved = [abs(to - at[id]) for id, to in moves.items() if to != at[id]]
    return left.count, sum(left.over.values()), len(moved), sum(moved)


def by_brute_force(problem: Problem) -> tuple[int, int, int, int]:
    ids = [piece.id for piece in problem.pieces]
    plans = product(*(piece.allowed for piece in problem.pieces))
    every = (dict(zip(ids, plan, strict=True)) for plan in plans)
    return min(worth(problem, moves) for moves in every if harmless(problem, moves))


def harmless(problem: Problem, moves: dict[int, int]) -> bool:
    """Whether nothing got worse anywhere."""
    before, after = faults(problem), faults(problem, moves)
    is_ordered = set(after.orders) <= set(before.orders)
    return is_ordered and all(amount <= before.over.get(cell, 0) for cell, amount in after.over.items())


def test_a_plan_without_problems_stays() -> None:
    problem = Problem((piece(1, 0, 5), piece(2, 1, 5)), {(0, 0): 5, (0, 1): 5}, ((1, 2),))
    found = repair(problem)
    assert (found.moves, found.left.count, found.is_proven) == ({}, 0, True)


def test_one_move_clears_a_conflict_and_an_overload() -> None:
    """1 provides for 2 and comes after it; moving 1 into the first iteration would overload it, 2 fits into the third.
    By hand: 2 to the third is one move; 1 to the first needs another one away from it."""
    pieces = (piece(1, 1, 5), piece(2, 0, 5), piece(3, 0, 5))
    problem = Problem(pieces, {(0, 0): 8, (0, 1): 8, (0, 2): 8}, ((1, 2),))
    assert (len(faults(problem).orders), faults(problem).over) == (1, {(0, 0): 2})
    found = repair(problem)
    assert (found.moves, found.left.count, found.is_proven) == ({2: 2}, 0, True)


def test_what_cannot_be_cleared_is_left_and_said() -> None:
    """Twelve points for two iterations of five: the second cannot take six either, and is not made to; and a milestone
    that stands before the only iteration in which its provider can come."""
    pieces = (
        piece(1, 0, 6, allowed=(0, 1)),
        piece(2, 0, 6, allowed=(0, 1)),
        piece(8, 2, row=1, allowed=(2,)),
        piece(9, 0, row=2, allowed=(0,)),
    )
    found = repair(Problem(pieces, {(0, 0): 5, (0, 1): 5}, ((8, 9),)))
    assert found.left.orders == ((8, 9),)
    assert (found.left.over, found.moves) == ({(0, 0): 7}, {})


def test_where_none_may_stand_is_left() -> None:
    problem = Problem((piece(1, 2, 3, banned=(2,)),), {(0, 1): 2}, ())
    assert repair(problem).moves == {1: 0}


@pytest.mark.parametrize("seconds", [0.0])
def test_without_time_it_says_that_nothing_is_proven(seconds: float) -> None:
    pieces = tuple(piece(n, 0, 3) for n in range(6))
    found = repair(Problem(pieces, {(0, at): 6 for at in EVERYWHERE}, ()), seconds)
    assert not found.is_proven
    assert found.left.count <= 1


pieces = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 1), st.booleans()), min_size=2, max_size=5
)
orders = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=4)


@settings(max_examples=40)
@given(pieces, orders, st.lists(st.integers(0, 7), min_size=6, max_size=6))
def test_as_good_as_the_best_of_all_plans(
    given_pieces: list[tuple[int, int, int, bool]], given_orders: list[tuple[int, int]], rooms: list[int]
) -> None:
    made = tuple(
        piece(n, at, size, row, allowed=(at,) if is_fixed else EVERYWHERE)
        for n, (at, size, row, is_fixed) in enumerate(given_pieces)
    )
    pairs = tuple((a, b) for a, b in dict.fromkeys(given_orders) if a < b < len(made))
    problem = Problem(made, {(row, at): rooms[row * 3 + at] for row in (0, 1) for at in EVERYWHERE}, pairs)
    found = repair(problem)
    assert worth(problem, dict(found.moves)) == by_brute_force(problem)
    assert harmless(problem, dict(found.moves))
    assert found.is_proven
