"""Holding an increment at the version its writer saw: its name, its state and its iterations together."""

from django.db.models import Q

from planning.actions.writing import Board
from planning.models import Increment
from portfolio.actions.writing import Conflict


def hold_increment(board: Board, version: int | None) -> Increment:
    """The increment that is held. Raises Conflict when it is not at the `version` that the writer saw."""
    row = board.increment
    if version is None or row.version == version:
        return row
    of_it = Q(changes__contains=[{"kind": "increment"}]) | Q(changes__contains=[{"kind": "iteration"}])
    last = row.events.filter(of_it).order_by("-number").first()
    raise Conflict(row, last.actor_name, last.text, last.at, {"line": last.number}) if last else Conflict(row)


def renew(board: Board) -> None:
    """What hangs on the increment was changed: a writer that saw it before is stale."""
    board.increment.version += 1
    board.increment.save(update_fields=["version"])
