"""Doing what a repair proposes, or a part of it: one write, one line of the log, one undo."""

from collections.abc import Sequence
from typing import NamedTuple

from django.core.exceptions import ValidationError

from planning.actions.placing import called, column_there, put, row_there
from planning.actions.writing import Board, write
from planning.models import Card, Event, Increment, Iteration
from portfolio.rules import Person


class Move(NamedTuple):
    """A card (primary key) to the end of another iteration (primary key) of its row; `version`: the one seen."""

    card: int
    iteration: int
    version: int | None = None


def apply_moves(*, actor: Person, increment: Increment, moves: Sequence[Move]) -> Event | None:
    """Move all of these cards, or none; None when they stand there already.

    Raises Conflict when one is not at its version, ValidationError when one cannot be moved, PermissionDenied.
    """
    if not moves:
        raise ValidationError("Choose a move.")
    with write(actor, increment, "repaired") as board:
        known = board.increment.cards.in_bulk([move.card for move in moves])
        columns = board.increment.iterations.in_bulk([move.iteration for move in moves])
        said = []
        for move in moves:
            card = known.get(move.card)
            if card is None or card.removed_at is not None or move.iteration not in columns:
                raise ValidationError("One of these cards or iterations is not on the board any more.")
            row = board.hold(card, move.version)
            board.require(row.lane_id)
            said.append(_put(board, row, columns[move.iteration]))
        board.say(f"repaired the plan: {', '.join(said)}")
    return board.event


def _put(board: Board, card: Card, iteration: Iteration) -> str:
    if card.lane is None:
        raise ValidationError(f"{called(card)} stands in no row any more.")
    lane = row_there(board, card.lane, stays=True)
    put(board, card, lane, column_there(board, iteration))
    return f"{called(card)} to {iteration.name}"
