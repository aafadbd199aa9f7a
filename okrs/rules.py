"""Where objectives belong, and who may check in."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from okrs.models import KeyResult, Objective
from portfolio.models import Membership
from portfolio.rules import WORDS, Person, Place, can


def place_of(objective: Objective) -> Place:
    """Where the objective belongs: its team, its value stream, or the whole portal (None)."""
    return objective.team or objective.stream


def zone_of(objective: Objective) -> ZoneInfo:
    """In whose zone its days end: the team's, else the portal's."""
    return objective.team.zone if objective.team else ZoneInfo(settings.TIME_ZONE)


def today(objective: Objective, now: datetime | None = None) -> date:
    """The day it is where the objective belongs."""
    return (now or timezone.now()).astimezone(zone_of(objective)).date()


def may_check_in(user: Person, key_result: KeyResult) -> bool:
    """The owner (of it or of its objective), the team's members, and the roles of the place; who sees it, that is."""
    if not isinstance(user, User) or not user.is_active:
        return False
    objective = key_result.objective
    if not Objective.objects.for_user(user).filter(pk=objective.pk).exists():
        return False
    if user.pk in {key_result.owner_id, objective.owner_id} or can(user, "check_in", place_of(objective)):
        return True
    team, day = objective.team_id, timezone.localdate()
    return team is not None and Membership.objects.filter(user=user, team=team, during__contains=day).exists()


def require_check_in(actor: Person, key_result: KeyResult) -> None:
    """Raise PermissionDenied, in words, unless `actor` may check in; None is the portal itself and may."""
    if actor is not None and not may_check_in(actor, key_result):
        raise PermissionDenied(WORDS["check_in"])
