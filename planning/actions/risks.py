"""Risks of a plan: raised, then resolved, owned, accepted or mitigated (ROAM)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from planning.actions.writing import Board, write
from planning.models import Card, Increment, Lane, LaneKind, Risk, Roam
from portfolio.rules import Person

# What each answer needs, by field.
NEEDS = {
    Roam.OWNED: {"owner_name": "Say who owns it.", "due_on": "Say until when."},
    Roam.MITIGATED: {"plan": "Say what is done about it."},
}


def add_risk(
    *, actor: Person, increment: Increment, text: str, lane: Lane | None = None, card: Card | None = None, **fields: Any
) -> Risk:
    """A risk of a team's row, or (without one) of the train. `fields`: roam, owner_name, owner, due_on, plan.

    Raises ValidationError by field, PermissionDenied.
    """
    with write(actor, increment, "raised a risk") as board:
        _check_place(board, lane, card)
        made = Risk(increment=board.increment, lane=lane, card=card, text=text, **fields)
        _check_answer(made)
        board.add(made)
        board.say(f"raised the risk “{made}” of {_whose(made)}")
    return made


def change_risk(*, actor: Person, risk: Risk, version: int | None = None, **fields: Any) -> Risk:
    """`fields`: text, lane, card, roam, owner_name, owner, due_on, plan. Raises Conflict, ValidationError by field."""
    with write(actor, risk.increment, "changed a risk") as board:
        row = _held(board, risk, version)
        _check_place(board, fields.get("lane", row.lane), fields.get("card", row.card), row)
        _answer(board, row, fields)
        board.say(f"changed the risk “{row}” of {_whose(row)}")
    return row


def answer_risk(*, actor: Person, risk: Risk, roam: str, version: int | None = None, **fields: Any) -> Risk:
    """ROAM it, or ("") say that it was not discussed after all. `fields`: owner_name, owner, due_on, plan.

    What was said for another answer stays, so that nothing is lost on the way back.
    """
    with write(actor, risk.increment, "answered a risk") as board:
        row = _held(board, risk, version)
        _answer(board, row, {"roam": roam, **fields})
        board.say(f"{_said(row)} the risk “{row}” of {_whose(row)}")
    return row


def remove_risk(*, actor: Person, risk: Risk, version: int | None = None) -> Risk:
    """Take it off the plan; `restore_risk` brings it back."""
    with write(actor, risk.increment, "removed a risk") as board:
        row = _held(board, risk, version)
        board.say(f"removed the risk “{row}” of {_whose(row)}")
        board.set(row, removed_at=timezone.now())
    return row


def restore_risk(*, actor: Person, risk: Risk, version: int | None = None) -> Risk:
    """Bring it back; nothing happens when it is there."""
    with write(actor, risk.increment, "restored a risk") as board:
        row = board.hold(risk, version)
        board.require(row.lane_id)
        board.say(f"brought the risk “{row}” of {_whose(row)} back")
        board.set(row, removed_at=None)
    return row


def _held(board: Board, risk: Risk, version: int | None) -> Risk:
    row = board.hold(risk, version)
    board.require(row.lane_id)
    if row.removed_at is not None:
        raise ValidationError("This risk was removed: bring it back first.")
    return row


def _answer(board: Board, row: Risk, fields: dict[str, Any]) -> None:
    known = {name: getattr(row, name) for name in ("roam", "owner_name", "due_on", "plan")}
    _check_answer(Risk(**(known | {name: value for name, value in fields.items() if name in known})))
    board.set(row, **fields)


def _check_answer(risk: Risk) -> None:
    """Raise ValidationError at each field that the answer needs and that is empty."""
    if risk.roam not in Roam.values:
        raise ValidationError({"roam": f"“{risk.roam}” is no answer to a risk."})
    needed = NEEDS.get(Roam(risk.roam), {})
    missing = {name: text for name, text in needed.items() if not str(getattr(risk, name) or "").strip()}
    if missing:
        raise ValidationError(missing)


def _check_place(board: Board, lane: Lane | None, card: Card | None, row: Risk | None = None) -> None:
    """Raise ValidationError for a row or card of another board, PermissionDenied for one of others."""
    board.require(lane.pk if lane else None)
    if lane and (lane.increment_id != board.increment.pk or lane.kind == LaneKind.MILESTONES):
        raise ValidationError({"lane": "Risks are of a row of this board or of the whole train."})
    is_new = card and (row is None or row.card_id != card.pk)
    if card and is_new and (card.increment_id != board.increment.pk or card.removed_at is not None):
        raise ValidationError({"card": f"“{card}” is not on this board."})


def _whose(risk: Risk) -> str:
    return risk.lane.name if risk.lane else "the train"


def _said(risk: Risk) -> str:
    return "reopened" if risk.roam == Roam.OPEN else str(Roam(risk.roam).label).lower()
