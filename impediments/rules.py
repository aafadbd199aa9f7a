"""Who may do what with impediments: by role at the team, its members, and owners with their own."""

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from impediments.models import Impediment
from portfolio.models import Membership, Team
from portfolio.rules import WORDS, Person, can


def may_log(user: Person, team: Team) -> bool:
    """Whether `user` may log impediments of a team: the roles of the place, and who is in the team today."""
    if not isinstance(user, User) or not user.is_active:
        return False
    if can(user, "log_impediment", team):
        return True
    return Membership.objects.filter(user=user, team=team, during__contains=timezone.localdate()).exists()


def may_work_on(user: Person, impediment: Impediment) -> bool:
    """Whether `user` may move, change, comment on and resolve an impediment: who may log there, and its owner."""
    is_owner = isinstance(user, User) and user.is_active and user.pk == impediment.owner_id
    return is_owner or may_log(user, impediment.team)


def require_log(actor: Person, team: Team) -> None:
    """Raise PermissionDenied, in words, unless `actor` may; None is the portal itself and may."""
    if actor is not None and not may_log(actor, team):
        raise PermissionDenied(WORDS["log_impediment"])


def require_work(actor: Person, impediment: Impediment) -> None:
    """The same of one impediment."""
    if actor is not None and not may_work_on(actor, impediment):
        raise PermissionDenied(WORDS["log_impediment"])


def may_follow(user: Person, rest: str) -> bool:
    """Who may hear the live topics impediments:all and impediments:ID: that something changed, never what.

    The first everybody who is known; the other who may see that impediment.
    """
    if rest == "all":
        return True
    is_number = rest.isdecimal() and len(rest) < 19
    return is_number and isinstance(user, User) and Impediment.objects.for_user(user).filter(pk=int(rest)).exists()
