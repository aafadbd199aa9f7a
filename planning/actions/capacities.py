"""Capacities given by hand, each with its reason; they stand in place of the computed ones."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from planning.actions.writing import Board, write
from planning.models import Capacity, Iteration, Lane, LaneKind
from planning.queries.capacities import plain, units
from portfolio.actions.writing import Conflict
from portfolio.rules import Person


def set_capacity(
    *, actor: Person, lane: Lane, iteration: Iteration, amount: Decimal, reason: str, version: int | None = None
) -> Capacity:
    """What the team can take on in the iteration, in the unit that it plans in; `version` 0: there was none.

    Raises ValidationError by field, Conflict when somebody else gave one since, PermissionDenied.
    """
    with write(actor, lane.increment, "set a capacity") as board:
        row, column = _place(board, lane, iteration)
        unit, known = units([row])[row.pk], _known(board, row, column, version)
        if not reason.strip():
            raise ValidationError({"reason": "Say why: others see only the number."})
        values: dict[str, Any] = {"amount": amount, "unit": unit, "reason": reason.strip()}
        found = board.set(known, **values) if known else board.add(Capacity(lane=row, iteration=column, **values))
        board.say(f"set the capacity of {row.name} in {column.name} to {plain(Decimal(amount))} {unit}: {found.reason}")
    return found


def clear_capacity(*, actor: Person, lane: Lane, iteration: Iteration, version: int | None = None) -> None:
    """The computed capacity counts again; nothing happens when none was given by hand."""
    with write(actor, lane.increment, "cleared a capacity") as board:
        row, column = _place(board, lane, iteration)
        known = _known(board, row, column, version)
        if known:
            board.say(f"let the capacity of {row.name} in {column.name} be computed again")
            board.remove(known)


def _place(board: Board, lane: Lane, iteration: Iteration) -> tuple[Lane, Iteration]:
    row, column = board.hold(lane), board.hold(iteration)
    board.require(row.pk)
    if row.kind != LaneKind.TEAM or column.increment_id != row.increment_id:
        raise ValidationError("Only rows of teams have a capacity, in the iterations of their increment.")
    if column.is_ip:
        raise ValidationError({"amount": "The IP iteration carries no features: it has no capacity to give."})
    return row, column


def _known(board: Board, lane: Lane, iteration: Iteration, version: int | None) -> Capacity | None:
    """The one given by hand so far. Raises Conflict when it is not what the writer saw."""
    found = Capacity.objects.filter(lane=lane, iteration=iteration).first()
    if found is None and version:
        raise Conflict(lane, verb="let the capacity be computed again of")
    return board.hold(found, version) if found else None
