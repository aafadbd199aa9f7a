"""Rows that are no team's: somebody outside the train who provides something, and the milestones. The rows of teams
follow the train (planning/actions/rows.py). And the order of all of them."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db.models import Max

from planning.actions.writing import Board, write
from planning.models import Card, Event, Increment, Lane, LaneKind
from planning.queries.rows import beside
from portfolio.actions.writing import Conflict
from portfolio.rules import Person


def add_lane(*, actor: Person, increment: Increment, name: str, kind: str = LaneKind.EXTERNAL) -> Lane:
    """A row for somebody outside the train, or (once) for the milestones; at the end. Whoever takes part may."""
    if kind == LaneKind.TEAM:
        raise ValidationError({"kind": "Rows of teams come with the train: add the team to it."})
    with write(actor, increment, "added a row") as board:
        board.require(None)
        _check_name(board, name)
        if kind == LaneKind.MILESTONES and board.increment.lanes.filter(kind=kind).exists():
            raise ValidationError({"kind": "The board has a row of milestones."})
        last = board.increment.lanes.aggregate(last=Max("position"))["last"]
        place = 0 if last is None else last + 1
        lane = board.add(Lane(increment=board.increment, kind=kind, name=name.strip(), position=place))
        board.say(f"added the row {lane}")
    return lane


def rename_lane(*, actor: Person, lane: Lane, name: str, version: int | None = None) -> Lane:
    """Call a row of nobody's team otherwise. Raises Conflict when it is not at `version`."""
    with write(actor, lane.increment, "renamed a row") as board:
        row = _held(board, lane, version)
        _check_name(board, name, row)
        board.say(f"renamed the row {row} to {name.strip()}")
        board.set(row, name=name.strip())
    return row


def remove_lane(*, actor: Person, lane: Lane, version: int | None = None) -> None:
    """Take a row of nobody's team off the board; refused while cards stand in it. Cards that were taken off it before
    are kept in the parking lot's list of those."""
    with write(actor, lane.increment, "removed a row") as board:
        row = _held(board, lane, version)
        there = Card.objects.filter(lane=row, removed_at=None).count()
        if there:
            noun = "card stands" if there == 1 else "cards stand"
            raise ValidationError(f"{there} {noun} in the row {row}: move what stands in it first.")
        for card in Card.objects.filter(lane=row):
            board.set(card, lane=None, iteration=None)
        board.say(f"removed the row {row}")
        board.remove(row)


def order_lanes(*, actor: Person, increment: Increment, order: Sequence[int], seen: Sequence[int]) -> list[Lane]:
    """Let the rows stand in `order` for everybody who has no order of their own; rows of one value stream come to stand
    beside each other. Whoever manages the train may.

    `seen` is the order that the writer saw: Conflict when it is another by now; ValidationError unless both name the
    same rows.
    """
    with write(actor, increment, "ordered the rows") as board:
        board.require_manage()
        rows = beside(board.increment.lanes.select_related("team__stream"))
        if [row.pk for row in rows] != list(seen):
            raise _reordered(board.increment)
        if sorted(order) != sorted(seen):
            raise ValidationError("Name each row once.")
        place = {pk: n for n, pk in enumerate(order)}
        rows = beside(sorted(rows, key=lambda row: place[row.pk]))
        board.say(f"ordered the rows: {', '.join(map(str, rows))}")
        for n, row in enumerate(rows):
            # A place among others is not a text that somebody else has seen.
            board.set(row, quietly=True, position=n)
    return rows


def _reordered(increment: Increment) -> Conflict:
    """Who ordered, added or removed rows last."""
    of_rows = Event.objects.filter(increment=increment, changes__contains=[{"kind": "lane"}])
    last = of_rows.order_by("-number").first()
    return Conflict(increment, last.actor_name, last.text, last.at) if last else Conflict(increment)


def _held(board: Board, lane: Lane, version: int | None) -> Lane:
    """The row as it is now, which the writer may change."""
    row = board.hold(lane, version)
    board.require(row.pk)
    if row.kind == LaneKind.TEAM:
        raise ValidationError("Rows of teams follow the train: change its teams.")
    return row


def _check_name(board: Board, name: str, but: Lane | None = None) -> None:
    if not name.strip():
        raise ValidationError({"name": "Give the row a name."})
    others = board.increment.lanes.filter(name__iexact=name.strip())
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise ValidationError({"name": "The board has a row of that name."})
