"""PI objectives: written by the teams, valued by leaders, frozen by the commitment."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max
from django.utils import timezone

from planning.actions.writing import Board, write
from planning.models import Card, Increment, IncrementState, Lane, LaneKind, Objective
from planning.rules import may_manage
from portfolio.models import Team
from portfolio.rules import Person, can

VALUERS = "Only leaders and the PMO of this team give its objectives their business value."
PROMISED = "It was committed to: what was promised is measured. Step back to planning to change it."
NOT_YET = "Actual value is given once the plan is committed to."


def values_team(user: Person, team: Team | None) -> bool:
    """Whether `user` is a business owner of a team: its leaders; its PMO writes down what they say."""
    return team is not None and (can(user, "decide", team) or can(user, "manage_trains", team))


def may_value(user: Person, increment: Increment, lane: Lane | None = None) -> bool:
    """Whether `user` may give business value to objectives of a row; without one, of the train: as of any of its teams.

    None is the portal itself.
    """
    if user is None or may_manage(user, increment.train):
        return True
    rows = [lane] if lane else increment.lanes.filter(kind=LaneKind.TEAM).select_related("team")
    return any(values_team(user, row.team) for row in rows)


def add_objective(
    *, actor: Person, increment: Increment, lane: Lane | None = None, cards: Sequence[Card] = (), **fields: Any
) -> Objective:
    """An objective of a team's row, or (without one) of the train. `fields`: title, is_committed, planned_value.

    After the commitment only uncommitted ones can be added. Raises ValidationError by field, PermissionDenied.
    """
    with write(actor, increment, "added an objective") as board:
        row = _row(board, lane)
        if board.increment.state == IncrementState.COMMITTED and fields.get("is_committed", True):
            raise ValidationError({"is_committed": "The plan is committed to: what comes now is uncommitted."})
        if fields.get("planned_value") is not None:
            _require_value(board, row)
        last = board.increment.objectives.filter(lane=row).aggregate(last=Max("position"))["last"]
        place = 0 if last is None else last + 1
        made = board.add(Objective(increment=board.increment, lane=row, position=place, **fields))
        if cards:
            board.set(made, quietly=True, cards=_checked(board, cards))
        board.say(f"added the objective “{made}” of {_whose(made)}")
    return made


def change_objective(*, actor: Person, objective: Objective, version: int | None = None, **fields: Any) -> Objective:
    """`fields`: title, is_committed, position, cards (all of them). Raises Conflict when it is not at `version`."""
    with write(actor, objective.increment, "changed an objective") as board:
        row = _held(board, objective, version)
        committed = fields.get("is_committed", row.is_committed)
        if committed != row.is_committed and board.increment.state == IncrementState.COMMITTED:
            raise ValidationError({"is_committed": PROMISED})
        if "cards" in fields:
            fields["cards"] = _checked(board, fields["cards"])
        board.set(row, **fields)
        board.say(f"changed the objective “{row}” of {_whose(row)}")
    return row


def plan_value(*, actor: Person, objective: Objective, value: int | None, version: int | None = None) -> Objective:
    """Give the planned business value, 1 to 10 (None: not yet). What was committed to keeps it."""
    with write(actor, objective.increment, "planned a value") as board:
        row = _held(board, objective, version)
        _require_value(board, row.lane)
        if board.increment.state == IncrementState.COMMITTED and row.planned_value is not None:
            if value != row.planned_value:
                raise ValidationError({"value": PROMISED})
            return row
        board.say(f"gave “{row}” of {_whose(row)} {_points(value)}")
        board.set(row, planned_value=value)
    return row


def give_actual_value(
    *, actor: Person, objective: Objective, value: int | None, version: int | None = None
) -> Objective:
    """Give the actual business value, 0 to 10 (None: not yet): when the increment ends, before it is closed."""
    with write(actor, objective.increment, "gave an actual value") as board:
        row = _held(board, objective, version)
        _require_value(board, row.lane)
        if board.increment.state != IncrementState.COMMITTED:
            raise ValidationError({"value": NOT_YET})
        board.say(f"gave “{row}” of {_whose(row)} {_points(value, 'actual')}")
        board.set(row, actual_value=value)
    return row


def remove_objective(*, actor: Person, objective: Objective, version: int | None = None) -> Objective:
    """Take it off the plan; `restore_objective` brings it back. One that was committed to stays."""
    with write(actor, objective.increment, "removed an objective") as board:
        row = _held(board, objective, version)
        if board.increment.state == IncrementState.COMMITTED and row.is_committed:
            raise ValidationError(PROMISED)
        board.say(f"removed the objective “{row}” of {_whose(row)}")
        board.set(row, removed_at=timezone.now())
    return row


def restore_objective(*, actor: Person, objective: Objective, version: int | None = None) -> Objective:
    """Bring it back; nothing happens when it is there."""
    with write(actor, objective.increment, "restored an objective") as board:
        row = board.hold(objective, version)
        board.require(row.lane_id)
        if row.removed_at and row.is_committed and board.increment.state == IncrementState.COMMITTED:
            raise ValidationError("The plan is committed to: what comes now is uncommitted.")
        board.say(f"brought the objective “{row}” of {_whose(row)} back")
        board.set(row, removed_at=None)
    return row


def check_taking_back(board: Board, changes: Iterable[Mapping[str, Any]]) -> None:
    """Refuse to whoever takes lines of the log back what the verbs here refuse: values are the business owners', and
    what was committed to stays."""
    touched = {change["id"]: change["before"] for change in changes if change["kind"] == "objective"}
    rows = Objective.objects.filter(pk__in=touched).select_related("lane__team")
    is_committed = board.increment.state == IncrementState.COMMITTED
    for row in rows:
        before = touched[row.pk]
        if before and before.keys() & {"planned_value", "actual_value"}:
            _require_value(board, row.lane)
        if is_committed and _breaks_promise(row, before):
            raise ValidationError(PROMISED)


def _breaks_promise(row: Objective, before: Mapping[str, Any] | None) -> bool:
    """Whether giving these columns back changes what was promised; None: the objective would go."""
    if before is None or "removed_at" in before:
        return row.is_committed
    return "is_committed" in before or before.get("planned_value") is not None


def _held(board: Board, objective: Objective, version: int | None) -> Objective:
    row = board.hold(objective, version)
    board.require(row.lane_id)
    if row.removed_at is not None:
        raise ValidationError("This objective was removed: bring it back first.")
    return row


def _row(board: Board, lane: Lane | None) -> Lane | None:
    row = board.hold(lane) if lane else None
    board.require(row.pk if row else None)
    if row and (row.kind != LaneKind.TEAM or row.increment_id != board.increment.pk):
        raise ValidationError({"lane": "Objectives are of a team or of the whole train."})
    return row


def _require_value(board: Board, lane: Lane | None) -> None:
    if not may_value(board.actor, board.increment, lane):
        raise PermissionDenied(VALUERS)


def _checked(board: Board, cards: Iterable[Card]) -> list[Card]:
    """The cards as they may be linked. Raises ValidationError for one of another increment, or off the board."""
    found = list(cards)
    for card in found:
        if card.increment_id != board.increment.pk or card.removed_at is not None:
            raise ValidationError({"cards": f"“{card}” is not on this board."})
    return found


def _whose(objective: Objective) -> str:
    return objective.lane.name if objective.lane else "the train"


def _points(value: int | None, kind: str = "planned") -> str:
    return f"no {kind} value" if value is None else f"{kind} value {value}"
