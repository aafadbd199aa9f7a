"""Who may take a line of the log back: whoever may change every row that it changed, as it was and as it is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from planning.actions.objectives import check_taking_back
from planning.actions.writing import Board
from planning.models import Absence, Capacity, Card, Dependency, Lane, LaneKind, Objective, Risk, Seat

Change = Mapping[str, Any]
# Kinds that only who manages the train may change.
MANAGED = {"iteration", "check", "increment"}


def require_reverting(board: Board, changes: Sequence[Change]) -> None:
    """Raise PermissionDenied unless the writer may change all that these changes touched."""
    kinds = {change["kind"] for change in changes}
    if kinds & MANAGED or _team_rows(changes):
        board.require_manage()
    for lane_id in _rows_of(changes):
        board.require(lane_id)
    if kinds & {"lane"}:
        board.require(None)
    check_taking_back(board, changes)


def _sides(changes: Iterable[Change], kind: str) -> list[Mapping[str, Any]]:
    of_kind = [change for change in changes if change["kind"] == kind]
    return [change[side] or {} for change in of_kind for side in ("before", "after")]


def _ids(changes: Iterable[Change], kind: str) -> list[int]:
    return [change["id"] for change in changes if change["kind"] == kind]


def _team_rows(changes: Sequence[Change]) -> bool:
    """Whether rows of teams were made, changed or removed."""
    kinds = {side["kind"] for side in _sides(changes, "lane") if "kind" in side}
    kinds |= set(Lane.objects.filter(pk__in=_ids(changes, "lane")).values_list("kind", flat=True))
    return LaneKind.TEAM in kinds


def _rows_of(changes: Sequence[Change]) -> set[int | None]:
    """The rows that these changes touched, before and after and as they are now; None is the parking lot."""
    found: set[int | None] = {
        side["lane_id"]
        for kind in ("card", "objective", "risk", "seat", "capacity")
        for side in _sides(changes, kind)
        if "lane_id" in side
    }
    of_rows = ((Card, "card"), (Seat, "seat"), (Capacity, "capacity"), (Objective, "objective"), (Risk, "risk"))
    for model, kind in of_rows:
        found |= set(model._default_manager.filter(pk__in=_ids(changes, kind)).values_list("lane", flat=True))
    seats = [side["seat_id"] for side in _sides(changes, "absence") if "seat_id" in side]
    found |= set(Seat.objects.filter(pk__in=seats).values_list("lane", flat=True))
    found |= set(Absence.objects.filter(pk__in=_ids(changes, "absence")).values_list("seat__lane", flat=True))
    return found | _rows_of_dependencies(changes)


def _rows_of_dependencies(changes: Sequence[Change]) -> set[int | None]:
    """The rows that need: whoever asked may take it back, and whoever answered."""
    rows = Dependency.objects.filter(pk__in=_ids(changes, "dependency")).select_related("consumer")
    return {row.consumer.lane_id for row in rows}
