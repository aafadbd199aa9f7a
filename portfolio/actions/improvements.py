"""What people do to improvement actions: agree on one, change it, end it as done or dropped, take it up again."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core import outbox
from portfolio.actions.writing import Conflict, change, create, lock
from portfolio.models import Action, ActionState, Team, ValueStream
from portfolio.rules import WORDS, Person, Place, may_change_action, may_improve

# Written by closing it, never beside.
ENDED = {"state", "closed_at", "outcome", "version", "made_by", "made_at"}


def place_of(action: Action) -> Place:
    """Where an action belongs: a team, a value stream, or (None) the whole portal."""
    return action.team or action.stream


def create_action(
    *,
    actor: Person,
    name: str,
    team: Team | None = None,
    stream: ValueStream | None = None,
    description: str = "",
    owner: User | None = None,
    due_on: date | None = None,
    at: datetime | None = None,
) -> Action:
    """An action of a team, a value stream, or (neither) the whole portal. Its owner is told. `at`: made then."""
    _require(actor, team or stream)
    _check_place(team, stream)
    _check_day(due_on, timezone.localdate(at))
    thing = Action(
        name=name.strip(),
        description=description.strip(),
        team=team,
        stream=stream,
        owner=owner,
        due_on=due_on,
        made_by=actor if isinstance(actor, User) else None,
        made_at=at or timezone.now(),
    )
    _check_owner(owner)
    with transaction.atomic():
        made = create(actor, "agreed on", thing)
        _tell_owner(made, actor)
    return made


def change_action(*, actor: Person, action: Action, version: int | None = None, **fields: Any) -> Action:
    """`fields`: name, description, team, stream, owner, due_on. Elsewhere it needs the right there too."""
    if ENDED & fields.keys():
        raise ValidationError("An action ends by being closed.")
    _require_change(actor, action)
    fields |= {name: fields[name].strip() for name in ("name", "description") if name in fields}
    with transaction.atomic():
        row = lock(action, version)
        team, stream = fields.get("team", row.team), fields.get("stream", row.stream)
        if (team, stream) != (row.team, row.stream):
            _require(actor, team or stream)
            _check_place(team, stream)
        if fields.get("due_on", row.due_on) != row.due_on:
            _check_day(fields["due_on"], timezone.localdate())
        is_handed_over = fields.get("owner", row.owner) != row.owner
        if is_handed_over:
            _check_owner(fields["owner"])
        changed = change(actor, "changed", row, fields)
        if is_handed_over:
            _tell_owner(changed, actor)
    return changed


def close_action(
    *,
    actor: Person,
    action: Action,
    outcome: str = "",
    state: str = ActionState.DONE,
    version: int | None = None,
    at: datetime | None = None,
) -> Action:
    """It is done, or dropped: then `outcome` says why. Raises Conflict when it was closed meanwhile."""
    _require_change(actor, action)
    if state not in (ActionState.DONE, ActionState.DROPPED):
        raise ValidationError({"state": "An action ends as done or as dropped."})
    if state == ActionState.DROPPED and not outcome.strip():
        raise ValidationError({"outcome": "Say why it is dropped."})
    with transaction.atomic():
        row = lock(action, version)
        if row.state != ActionState.OPEN:
            raise Conflict(row, verb="closed", at=row.closed_at)
        fields = {"state": state, "outcome": outcome.strip(), "closed_at": at or timezone.now()}
        return change(actor, "finished" if state == ActionState.DONE else "dropped", row, fields)


def reopen_action(*, actor: Person, action: Action, version: int | None = None) -> Action:
    """It goes on; the outcome that was said is forgotten here and stays in the audit trail."""
    _require_change(actor, action)
    with transaction.atomic():
        row = lock(action, version)
        fields = {"state": ActionState.OPEN, "outcome": "", "closed_at": None}
        return change(actor, "reopened", row, fields) if row.state != ActionState.OPEN else row


def _require(actor: Person, place: Place) -> None:
    if actor is not None and not may_improve(actor, place):
        raise PermissionDenied(WORDS["manage_actions"])


def _require_change(actor: Person, action: Action) -> None:
    if actor is not None and not may_change_action(actor, action):
        raise PermissionDenied(WORDS["manage_actions"])


def _check_place(team: Team | None, stream: ValueStream | None) -> None:
    if team and stream:
        raise ValidationError({"team": "An action belongs to a team or to a value stream, not to both."})
    place = team or stream
    if place is not None and place.ended_on is not None and place.ended_on < timezone.localdate():
        field = "team" if team else "stream"
        raise ValidationError({field: f"{place} ended on {place.ended_on:%-d %b %Y}."})


def _check_day(due_on: date | None, today: date) -> None:
    if due_on and due_on < today:
        raise ValidationError({"due_on": "This day is over: choose today or a later one."})


def _check_owner(owner: User | None) -> None:
    if owner is not None and not owner.is_active:
        raise ValidationError({"owner": f"{owner} does not use the portal any more."})


def _tell_owner(action: Action, actor: Person) -> None:
    """A notice to whoever is asked, unless they did it themselves; once for each time it is handed over."""
    if action.owner is None or action.owner == actor:
        return
    url = reverse("improvement-action", args=[action.pk])
    key = f"action:{action.pk}:{action.version}"
    outbox.notify(user_id=action.owner.pk, key=key, text=f"An improvement is asked of you: {action.name}", url=url)
