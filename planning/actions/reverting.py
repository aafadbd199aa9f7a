"""Who may take a line of the log back: whoever may change every row that it changed, as it was and as it is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from planning.actions.objectives import check_taking_back
from planning.actions.writing import Board
from planning.models import (
    Absence,
    Agreement,
    Capacity,
    Card,
    Dependency,
    Event,
    Lane,
    LaneKind,
    Objective,
    Risk,
    Seat,
)
from planning.queries.strings import lane_of

Change = Mapping[str, Any]
# Kinds that only who manages the train may change.
MANAGED = {"iteration", "check", "increment"}


def require_reverting(board: Board, line: Event) -> None:
    """Raise PermissionDenied unless the writer may change all that this line of the log touched."""
    changes: Sequence[Change] = line.changes
    kinds = {change["kind"] for change in changes}
    if kinds & MANAGED or _team_rows(changes):
        board.require_manage()
    for lane_id in _rows_of(changes):
        board.require(lane_id)
    if kinds & {"lane"}:
        board.require(None)
    _require_sides(board, line)
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
    return found


def _require_sides(board: Board, line: Event) -> None:
    """Raise PermissionDenied unless the writer may take back what was said of dependencies: what one said oneself on
    either side; what somebody else said, on the side that says what would stand again.
    """
    found = Dependency.objects.filter(pk__in=_ids(line.changes, "dependency"))
    rows = found.select_related("consumer", "provider_lane", "provider__lane").in_bulk()
    is_own = board.actor is not None and line.actor_id == board.actor.pk
    for change in line.changes:
        if change["kind"] != "dependency" or change["id"] not in rows:
            continue
        row = rows[change["id"]]
        gives, needs = lane_of(row).pk, row.consumer.lane_id
        if not (is_own and board.reach.may(gives)):
            board.require(gives if _is_an_answer(row, change["before"]) and not is_own else needs)


def _is_an_answer(row: Dependency, before: Mapping[str, Any] | None) -> bool:
    """Whether the provider's word comes back: not where it is asked again, withdrawn or brought back."""
    if before is None or "removed_at" in before:
        return False
    return bool(before.get("agreement", row.agreement) != Agreement.REQUESTED)
