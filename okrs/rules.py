"""Where objectives belong, and who may do what there: by role at the place, owners to their own."""

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


def may_change(user: Person, objective: Objective) -> bool:
    """Whether `user` may change an objective, its key results and links, and close it: its owner may, too."""
    return _owns(user, objective.owner_id) or can(user, "manage_objectives", place_of(objective))


def may_change_key_result(user: Person, key_result: KeyResult) -> bool:
    """The same of one key result: its own owner may, too."""
    return _owns(user, key_result.owner_id) or may_change(user, key_result.objective)


def _owns(user: Person, owner_id: int | None) -> bool:
    return user is not None and user.is_authenticated and user.is_active and user.pk == owner_id


def works_on(user: Person, objective: Objective) -> bool:
    """Who may check in at the place, the owner, and members there: of the team, of the value stream, of any team."""
    if not isinstance(user, User) or not user.is_active:
        return False
    if _owns(user, objective.owner_id) or can(user, "check_in", place_of(objective)):
        return True
    mine = Membership.objects.filter(user=user, during__contains=timezone.localdate())
    if objective.team_id:
        return mine.filter(team=objective.team_id).exists()
    return (mine.filter(team__stream=objective.stream_id) if objective.stream_id else mine).exists()


def require_change(actor: Person, objective: Objective) -> None:
    """Raise PermissionDenied, in words, unless `actor` may; None is the portal itself and may."""
    if actor is not None and not may_change(actor, objective):
        raise PermissionDenied(WORDS["manage_objectives"])


def require_change_key_result(actor: Person, key_result: KeyResult) -> None:
    """The same for one key result."""
    if actor is not None and not may_change_key_result(actor, key_result):
        raise PermissionDenied(WORDS["manage_objectives"])


def require_vote(actor: Person, objective: Objective) -> None:
    """The same for opening, giving and revealing votes of confidence."""
    if actor is not None and not works_on(actor, objective):
        raise PermissionDenied("Only those who work on this objective vote on it.")


def may_follow(user: Person, rest: str) -> bool:
    """Who may hear the live topic okr:ID: whoever may see that objective."""
    is_number = rest.isdecimal() and len(rest) < 19
    return is_number and isinstance(user, User) and Objective.objects.for_user(user).filter(pk=int(rest)).exists()
