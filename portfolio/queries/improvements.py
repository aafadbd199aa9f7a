"""Improvement actions as people may see them: what is open, what was done, whose day is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from portfolio.models import Action, ActionState, Membership, Team, ValueStream
from portfolio.queries.scopes import Scope
from portfolio.rules import can

PLACES = ("team__stream", "stream", "owner", "made_by")


@dataclass(frozen=True, slots=True)
class OpenAction:
    """An action that was open as at an instant; `is_late`: its day was over."""

    action: Action
    is_late: bool


def actions_for(user: User) -> QuerySet[Action]:
    """The actions that `user` may see, with their places and people."""
    return Action.objects.for_user(user).select_related(*PLACES)


def of_scope(rows: QuerySet[Action], scope: Scope | None) -> QuerySet[Action]:
    """Those of a team, or of a value stream and its teams; None and the portfolio: all."""
    if scope is None or scope.kind == "portfolio":
        return rows
    found = Q(team__in=scope.teams)
    return rows.filter(found | Q(stream__slug=scope.slug) if scope.kind == "stream" else found)


def open_actions(rows: QuerySet[Action], as_of: datetime) -> list[OpenAction]:
    """What was open, the earliest day first, then the oldest."""
    day = timezone.localdate(as_of)
    there = rows.filter(Q(closed_at=None) | Q(closed_at__gt=as_of), made_at__lte=as_of)
    ordered = there.order_by(F("due_on").asc(nulls_last=True), "made_at", "pk")
    return [OpenAction(row, row.due_on is not None and row.due_on < day) for row in ordered]


def closed_actions(rows: QuerySet[Action], as_of: datetime) -> QuerySet[Action]:
    """What was done or dropped by then, the latest first."""
    return rows.filter(closed_at__lte=as_of).order_by("-closed_at", "-pk")


def place_text(action: Action) -> str:
    """Where it belongs, in words."""
    return str(action.team or action.stream or "the whole portal")


HEAD = ["Action", "Place", "Owner", "Due on", "State", "Made on", "Closed on", "Outcome", "Description"]


def as_row(action: Action, as_of: datetime) -> Sequence[Any]:
    """A line for spreadsheets, as it was at an instant."""
    is_open = action.closed_at is None or action.closed_at > as_of
    return [
        action.name,
        place_text(action),
        str(action.owner or ""),
        action.due_on,
        ActionState.OPEN.label if is_open else action.get_state_display(),
        timezone.localdate(action.made_at),
        None if is_open or action.closed_at is None else timezone.localdate(action.closed_at),
        "" if is_open else action.outcome,
        action.description,
    ]


def places_to_improve(user: User, today: date) -> tuple[bool, list[ValueStream], list[Team]]:
    """Where `user` may agree on actions: whether for the whole portal, the value streams, the teams that go on."""
    mine = set(Membership.objects.filter(user=user, during__contains=today).values_list("team", flat=True))
    goes_on = Q(ended_on=None) | Q(ended_on__gte=today)
    streams = [one for one in ValueStream.objects.for_user(user).filter(goes_on) if can(user, "manage_actions", one)]
    teams = Team.objects.for_user(user).filter(goes_on)
    return (
        can(user, "manage_actions"),
        streams,
        [team for team in teams if team.pk in mine or can(user, "manage_actions", team)],
    )
