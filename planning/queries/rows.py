"""Rows of a board: whose value stream they are, and the order in which those see them who have none of their own."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from accounts.models import User
from planning.models import BoardView, Increment, Lane, LaneKind


class Kin(NamedTuple):
    """What rows stand beside each other for: a value stream, or that they are no team's."""

    slug: str
    name: str


def kin_of(lane: Lane) -> Kin:
    """The value stream of a team's row; what others are. Reads team and stream: fetch them with the rows."""
    if lane.team and lane.kind == LaneKind.TEAM:
        return Kin(lane.team.stream.slug, lane.team.stream.name)
    return Kin(lane.kind, "Outside the train" if lane.kind == LaneKind.EXTERNAL else "Milestones")


def beside(lanes: Iterable[Lane]) -> list[Lane]:
    """Rows of one value stream beside each other, where the first of them stands."""
    groups: dict[str, list[Lane]] = {}
    for lane in lanes:
        groups.setdefault(kin_of(lane).slug, []).append(lane)
    return [lane for group in groups.values() for lane in group]


@dataclass(frozen=True, slots=True)
class Order:
    """The rows as everybody sees them, and `own`: as the reader does (the same without an order of their own)."""

    rows: list[Lane]
    own: list[Lane]

    @property
    def is_own(self) -> bool:
        return self.rows != self.own


def order_of(increment: Increment, user: User) -> Order:
    """In which order the rows of a board stand."""
    rows = beside(increment.lanes.select_related("team__stream"))
    view = BoardView.objects.filter(increment=increment, user=user).first()
    return Order(rows, beside(in_own_order(rows, view)) if view else rows)


def in_own_order(lanes: Iterable[Lane], view: BoardView) -> list[Lane]:
    """The reader's own order first; rows that it does not know follow in the board's."""
    place = {pk: n for n, pk in enumerate(view.lanes)}
    return sorted(lanes, key=lambda lane: place.get(lane.pk, len(place)))
