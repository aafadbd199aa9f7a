"""Cards: put on the board, changed, moved, taken off and brought back. Pages, drag, API and commands call the same."""

from typing import Any

from django.core.exceptions import ValidationError

from planning.actions.dependencies import check_no_circle
from planning.actions.placing import (
    called,
    cell_of,
    check_carried_once,
    column_there,
    place_of,
    place_words,
    put,
    put_new,
    row_there,
    take_off,
)
from planning.actions.writing import Board, write
from planning.models import Card, Increment, Iteration, Lane
from portfolio.models import Feature
from portfolio.rules import Person

# What `change_card` may set.
FIELDS = ("kind", "key", "title", "description", "url", "value_type", "size", "unit", "feature", "done_on")


def add_card(
    *,
    actor: Person,
    increment: Increment,
    lane: Lane | None = None,
    iteration: Iteration | None = None,
    rank: int | None = None,
    **fields: Any,
) -> Card:
    """Put a new card on the board: in a row and an iteration, unplanned in a row, or (no row) in the parking lot.

    `fields` are those of FIELDS; without a `unit` it is counted in what the row's team plans in. Raises
    ValidationError by field, PermissionDenied.
    """
    with write(actor, increment, "added") as board:
        row, column = _there(board, lane, iteration)
        board.require(row.pk if row else None)
        if row and row.team and "unit" not in fields:
            fields["unit"] = row.team.planning_unit
        card = Card(increment=board.increment, lane=row, iteration=column, **fields)
        _check_once(card, card.key, card.feature)
        put_new(board, card, rank)
        board.say(f"added {called(card)} to {place_of(card)}")
    return _told(board, card)


def change_card(*, actor: Person, card: Card, version: int | None = None, **fields: Any) -> Card:
    """Set what a card says (FIELDS). Raises Conflict when it is not at `version`, ValidationError, PermissionDenied."""
    with write(actor, card.increment, "changed") as board:
        row = _held(board, card, version)
        board.require(row.lane_id)
        named = [_label(name) for name, value in fields.items() if getattr(row, name) != value]
        _check_once(row, fields.get("key", ""), fields.get("feature"))
        board.say(f"changed {called(row)}: {', '.join(named)}")
        board.set(row, **fields)
    return _told(board, row)


def move_card(
    *,
    actor: Person,
    card: Card,
    lane: Lane | None,
    iteration: Iteration | None = None,
    rank: int | None = None,
    version: int | None = None,
) -> Card:
    """Let a card stand in another cell, or at another place (`rank` from 0, None: the end) of its own.

    Raises Conflict when it is not at `version`; ValidationError at `cell` (the row's team left the train, the
    iteration is gone) or of a closed increment; PermissionDenied when it may not be taken from or put there.
    """
    with write(actor, card.increment, "moved") as board:
        row = _held(board, card, version)
        board.require(row.lane_id)
        to, column = _there(board, lane, iteration, row)
        board.require(to.pk if to else None)
        was, began, at = place_of(row), cell_of(row), row.rank
        put(board, row, to, column, rank)
        board.say(_moved(row, was, began, at))
    return _told(board, row)


def remove_card(*, actor: Person, card: Card, version: int | None = None) -> Card:
    """Take a card off the board; `restore_card` brings it back to where it stood."""
    with write(actor, card.increment, "removed") as board:
        row = _held(board, card, version)
        board.require(row.lane_id)
        board.say(f"took {called(row)} off the board (it stood in {place_of(row)})")
        take_off(board, row)
    return _told(board, row)


def restore_card(*, actor: Person, card: Card, version: int | None = None) -> Card:
    """Bring a card back to the place where it stood; nothing happens when it is on the board."""
    with write(actor, card.increment, "restored") as board:
        row = board.hold(card, version)
        board.require(row.lane_id)
        if row.removed_at is not None:
            lane = row_there(board, row.lane)
            _check_once(row, row.key, row.feature)
            put(board, row, lane, row.iteration, row.rank, removed_at=None)
            # What was asked meanwhile did not see it.
            check_no_circle(board.increment)
            check_carried_once(board)
            board.say(f"brought {called(row)} back to {place_of(row)}")
    return _told(board, row)


def _told(board: Board, card: Card) -> Card:
    """The card with the line of the log that was written about it, and its increment as it is then."""
    card.line, card.increment = board.event, board.increment
    return card


def _held(board: Board, card: Card, version: int | None) -> Card:
    """The card as it is now; one that was taken off the board cannot be changed."""
    row = board.hold(card, version)
    if row.removed_at is not None:
        raise ValidationError(f"{called(row)} was taken off the board: bring it back first.")
    return row


def _there(
    board: Board, lane: Lane | None, iteration: Iteration | None, card: Card | None = None
) -> tuple[Lane | None, Iteration | None]:
    """Row and iteration as they are now."""
    if lane is None and iteration is not None:
        raise ValidationError({"cell": "In an iteration a card has a row: choose one."})
    stays = card is not None and lane is not None and card.lane_id == lane.pk
    return row_there(board, lane, stays=stays), column_there(board, iteration)


def _check_once(card: Card, key: str, feature: Feature | None) -> None:
    """Raise ValidationError at the field when another card has the key or the feature: the board is held, so that
    nobody else can take it meanwhile."""
    others = Card.objects.filter(increment=card.increment_id, removed_at=None).exclude(pk=card.pk)
    if key and (other := others.filter(key=key).first()):
        raise ValidationError({"key": f"“{other.title}” has the key {key} in this increment."})
    if feature and (other := others.filter(feature=feature).first()):
        raise ValidationError({"feature": f"“{other.title}” stands for this feature on the board."})


def _moved(card: Card, was: str, began: tuple[int | None, int | None], at: int) -> str:
    """A move as a sentence; a row that stays is named once."""
    if cell_of(card) == began:
        return f"moved {called(card)} {'up' if card.rank < at else 'down'} in {was}"
    is_same_row = card.lane is not None and began[0] == card.lane_id
    column = card.iteration.name if card.iteration else "unplanned"
    return f"moved {called(card)} from {was} to {column if is_same_row else place_words(card.lane, card.iteration)}"


def _label(name: str) -> str:
    """A column as people call it."""
    return {"url": "address", "value_type": "kind of value", "done_on": "day of delivery"}.get(name, name)
