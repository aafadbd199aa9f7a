"""Taking back: one's own last writes, or any line of the log by who may. Nothing is rewound: it is a new write that
does the opposite, refused where somebody changed the same since, and it can be taken back itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from accounts.models import User
from planning.actions.dependencies import check_no_circle
from planning.actions.iterations import keep_iterations
from planning.actions.placing import (
    Cell,
    called,
    cards_in,
    cell_of,
    check_carried_once,
    column_there,
    number,
    row_there,
)
from planning.actions.reverting import require_reverting
from planning.actions.rows import keep_rows
from planning.actions.writing import Board, conflict, write
from planning.models import Card, Event, Increment, Iteration, Lane, Objective
from planning.replay import KINDS, values_of
from portfolio.actions.writing import Conflict
from portfolio.rules import Person

Change = Mapping[str, Any]
# What has `removed_at` is not deleted when its making is taken back.
KEPT = {"card", "dependency", "objective", "risk"}


def last_of(user: User, increment: Increment) -> Event | None:
    """What somebody wrote last on a board and did not take back yet; taking back is not counted."""
    return increment.events.filter(actor=user, undone_by=None, undoes=None).order_by("-number").first()


def undo(*, actor: Person, increment: Increment, event: Event, seen: int | None = None) -> Event | None:
    """Do the opposite of a line of the log; the new line, or None when all of it is as before already.

    Raises Conflict when somebody changed the same since then, unless that was at or before the line `seen` (the writer
    saw it and wants it all the same); ValidationError when it was taken back already or cannot be; PermissionDenied.
    """
    with write(actor, increment, "undid") as board:
        line = Event.objects.select_for_update(of=("self",)).get(pk=event.pk, increment=board.increment)
        _check(line)
        require_reverting(board, line)
        rows = {_key(change): _row(change) for change in line.changes}
        for change in line.changes:
            _check_unchanged(board, change, rows[_key(change)], seen)
        _check_places(board, line.changes, rows)
        places = _places(line.changes, rows)
        for change in _ordered(line.changes):
            _revert(board, change, rows[_key(change)])
        _arrange(board, places)
        _frame(board, {change["kind"] for change in line.changes})
        check_no_circle(board.increment)
        check_carried_once(board)
        board.undoes = line
        board.say(f"took back: {line.actor_name or 'the portal'} {line.text}")
    return board.event


def undo_last(*, actor: User, increment: Increment) -> Event | None:
    """Take back what the actor wrote last. Raises ValidationError when there is nothing, else as `undo` does."""
    event = last_of(actor, increment)
    if event is None:
        raise ValidationError("There is nothing of yours to take back.")
    return undo(actor=actor, increment=increment, event=event)


def _check(event: Event) -> None:
    if event.undone_by_id is not None:
        raise ValidationError(f"“{event.text}” was taken back already.")
    if any(change["kind"] == "increment" for change in event.changes):
        raise ValidationError("What was done to the increment itself is changed on its own page.")


def _key(change: Change) -> tuple[str, int]:
    return change["kind"], change["id"]


def _row(change: Change) -> models.Model | None:
    return KINDS[change["kind"]]._base_manager.filter(pk=change["id"]).first()


def _check_unchanged(board: Board, change: Change, row: models.Model | None, seen: int | None) -> None:
    """Raise Conflict unless the row is as the line left it: gone where it was deleted, its columns as they were set."""
    after = change["after"]
    if after is None:
        if row is not None:
            raise ValidationError(f"“{row}” is there again.")
        return
    if row is None:
        raise ValidationError("What this line wrote is not there any more: nothing can be taken back.")
    now = values_of(row)
    # The place among its neighbours is arranged anew; what came beside it since is no conflict.
    moved_on = [name for name, value in after.items() if name != "rank" and name in now and now[name] != value]
    if not moved_on:
        return
    said = conflict(board.increment, row)
    if seen is None or (said.data or {}).get("line", 0) > seen:
        raise said


def _check_places(board: Board, changes: Sequence[Change], rows: Mapping[tuple[str, int], models.Model | None]) -> None:
    """Raise ValidationError where a card would go back to a row or an iteration that is gone, or whose team left."""
    returning = {_key(change) for change in changes if change["after"] is None}
    for change in changes:
        before = change["before"] or {}
        lane, column = before.get("lane_id"), before.get("iteration_id")
        if change["kind"] == "card" and "lane_id" not in before and before.get("removed_at", "") is None:
            # It comes back to the board where it stood when it was taken off.
            lane = cast(Card, rows[_key(change)]).lane_id
        if change["kind"] == "card" and lane and ("lane", lane) not in returning:
            row_there(board, Lane(pk=lane, name="of then"))
        if change["kind"] == "card" and column and "lane_id" not in before:
            _check_in_a_row(cast(Card, rows[_key(change)]))
        if column and ("iteration", column) not in returning:
            column_there(board, Iteration(pk=column, name="The iteration of then"))


def _check_in_a_row(card: Card) -> None:
    if card.lane_id is None:
        raise ValidationError(f"{called(card)} stands in the parking lot now: move it to a row instead.")


def _ordered(changes: Sequence[Change]) -> list[Change]:
    """Rows that others need come back first, and what was made last goes first."""
    back = [change for change in changes if change["after"] is None]
    return [*reversed(back), *reversed([change for change in changes if change["after"] is not None])]


def _places(changes: Sequence[Change], rows: Mapping[tuple[str, int], models.Model | None]) -> list[tuple[Card, int]]:
    """Cards whose place changed, each with the rank that it had before."""
    found = []
    for change in changes:
        if change["kind"] == "card" and change["before"] is not None:
            row = cast(Card, rows[_key(change)])
            found.append((row, int(change["before"].get("rank", row.rank))))
    return found


def _revert(board: Board, change: Change, row: models.Model | None) -> None:
    """Give one row the columns that it had before; its rank is seen to by `_arrange`."""
    kind, before = change["kind"], change["before"]
    if row is None:
        _bring_back(board, kind, change["id"], before)
    elif before is None and kind in KEPT:
        board.set(row, removed_at=timezone.now())
    elif before is None:
        board.remove(row)
    else:
        values = _values(type(row), {name: value for name, value in before.items() if name != "rank"})
        # A place among others is not a text that somebody else has seen.
        board.set(row, **values)


def _bring_back(board: Board, kind: str, pk: int, before: Mapping[str, Any]) -> None:
    """Make a deleted row again, as it was, under its number."""
    model = KINDS[kind]
    columns = {field.attname for field in model._meta.concrete_fields}
    own = {"increment_id": board.increment.pk} if "increment_id" in columns else {}
    # Newer than any version that it had: who saw one of those is told.
    own |= {"version": board.increment.number + 1} if "version" in columns else {}
    board.add(model(pk=pk, **own, **_values(model, before)))


def _values(model: type[models.Model], columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of the log as Python has them; the cards of an objective by their ids."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    found = {name: fields[name].to_python(value) for name, value in columns.items() if name in fields}
    if model is Objective and "cards" in columns:
        found["cards"] = columns["cards"]
    return found


def _frame(board: Board, kinds: set[str]) -> None:
    """Rows and columns go on to be those of the train, and to follow each other."""
    if "iteration" in kinds:
        keep_iterations(board)
    if kinds & {"lane", "iteration"} and keep_rows(board) and "iteration" not in kinds:
        raise ValidationError("Rows of teams follow the train: change its teams.")


def _arrange(board: Board, places: Sequence[tuple[Card, int]]) -> None:
    """Put cards back among their neighbours: each at the rank it had, what came since around them; the cells that they
    left close up."""
    touched: dict[Cell, list[tuple[int, Card]]] = {}
    for card, rank in places:
        if card.removed_at is None:
            touched.setdefault(cell_of(card), []).append((rank, card))
    own = [card.pk for card, _ in places]
    for cell in _cells(board) | touched.keys():
        order = cards_in(board, cell, but=own)
        for rank, card in sorted(touched.get(cell, []), key=lambda pair: pair[0]):
            order.insert(rank, card)
        number(board, order)


def _cells(board: Board) -> set[Cell]:
    """The cells that cards of this write stood in before it, or stand in now."""
    cards = [change for change in board.changes if change["kind"] == "card"]
    there = Card.objects.filter(pk__in=[change["id"] for change in cards])
    now = {card.pk: cell_of(card) for card in there}
    was = set()
    for change in cards:
        lane, iteration = now[change["id"]]
        before = change["before"] or {}
        was.add((before.get("lane_id", lane), before.get("iteration_id", iteration)))
    return was | set(now.values())


__all__ = ["Conflict", "last_of", "undo", "undo_last"]
