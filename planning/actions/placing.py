"""Where cards stand: every verb that moves one, puts one on the board or takes one off does it with these.

In each cell (a row and an iteration; a row's unplanned column; the parking lot) ranks go from 0 without gaps.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.utils import timezone
from django.utils.formats import date_format

from planning.actions.writing import Board
from planning.models import Card, Iteration, Lane
from planning.replay import values_of

Cell = tuple[int | None, int | None]


def cell_of(card: Card) -> Cell:
    """The cell a card stands in: its row and iteration by their ids."""
    return card.lane_id, card.iteration_id


def place_words(lane: Lane | None, iteration: Iteration | None) -> str:
    """A cell in words: "Falcon, Iteration 2", "Falcon, unplanned", "the parking lot"."""
    if lane is None:
        return "the parking lot"
    return f"{lane.name}, {iteration.name if iteration else 'unplanned'}"


def place_of(card: Card) -> str:
    """Where a card stands, in words; one that was taken off the board: "off the board"."""
    return place_words(card.lane, card.iteration) if card.removed_at is None else "off the board"


def called(card: Card) -> str:
    """What sentences call a card: its key, else its title."""
    return card.key or f"“{card.title}”"


def cards_in(board: Board, cell: Cell, *, but: Sequence[int | None] = ()) -> list[Card]:
    """The cards on the board in a cell, in order, without those with the ids `but`."""
    lane, iteration = cell
    rows = Card.objects.filter(increment=board.increment, lane=lane, iteration=iteration, removed_at=None)
    return list(rows.exclude(pk__in=[pk for pk in but if pk]).order_by("rank", "pk"))


def number(board: Board, cards: Sequence[Card]) -> None:
    """Give the cards of a cell the ranks of their order; nobody's writing is stale by that."""
    changed = [(card, values_of(card), place) for place, card in enumerate(cards) if card.rank != place]
    for card, _, place in changed:
        card.rank = place
    Card.objects.bulk_update([card for card, _, _ in changed], ["rank"])
    for card, before, _ in changed:
        board.note(card, before)


def put(
    board: Board, card: Card, lane: Lane | None, iteration: Iteration | None, rank: int | None = None, **fields: Any
) -> Card:
    """Let a held card stand in a cell at `rank` (None: at the end), with other columns set alike; the cell that it
    leaves closes up. A change of the rank alone leaves the card's version."""
    was = cell_of(card) if card.removed_at is None else None
    there = (lane.pk if lane else None, iteration.pk if iteration else None)
    others = cards_in(board, there, but=[card.pk])
    at = len(others) if rank is None else min(rank, len(others))
    others.insert(at, card)
    is_same = was == there and not fields
    board.set(card, quietly=is_same, lane=lane, iteration=iteration, rank=at, **fields)
    number(board, others)
    if was is not None and was != there:
        number(board, cards_in(board, was, but=[card.pk]))
    return card


def put_new(board: Board, card: Card, rank: int | None = None) -> Card:
    """Put a new card into the cell that it names, at `rank` (None: at the end)."""
    others = cards_in(board, cell_of(card))
    at = len(others) if rank is None else min(rank, len(others))
    card.rank = at
    board.add(card)
    number(board, [*others[:at], card, *others[at:]])
    return card


def take_off(board: Board, card: Card) -> Card:
    """Take a held card off the board; it keeps where it stood, and its cell closes up."""
    board.set(card, removed_at=timezone.now())
    number(board, cards_in(board, cell_of(card)))
    return card


def check_carried_once(board: Board) -> None:
    """Raise ValidationError when two cards on the board were carried over from the same one: for verbs that bring cards
    back."""
    carried = Card.objects.filter(increment=board.increment, removed_at=None).exclude(carried_from=None)
    found = carried.order_by().values("carried_from", "carried_from__title").annotate(n=Count("pk")).filter(n__gt=1)
    if twice := list(found[:1]):
        title = twice[0]["carried_from__title"]
        raise ValidationError(f"“{title}” was carried over once more meanwhile: take that card off the board first.")


def row_there(board: Board, lane: Lane | None, *, stays: bool = False) -> Lane | None:
    """The row as it is now. Raises ValidationError at the place when it is gone or its team left the train.

    `stays`: the card stands in that row already; None is the parking lot.
    """
    if lane is None:
        return None
    found = Lane.objects.select_related("team").filter(pk=lane.pk, increment=board.increment).first()
    if found is None:
        raise ValidationError({"cell": f"The row {lane.name} is not on this board (any more)."})
    if found.left_on and not stays:
        day = date_format(found.left_on, "j M Y")
        raise ValidationError(
            {"cell": f"{found.name} is in the train until {day} only: nothing can come into its row any more."}
        )
    return found


def column_there(board: Board, iteration: Iteration | None) -> Iteration | None:
    """The iteration as it is now; None is the column of the unplanned. Raises ValidationError when it is gone."""
    if iteration is None:
        return None
    found = Iteration.objects.filter(pk=iteration.pk, increment=board.increment).first()
    if found is None:
        raise ValidationError({"cell": f"{iteration.name} is not on this board (any more)."})
    return found
