"""For which teams somebody may log and work on impediments: for many teams at once."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from impediments.models import Impediment
from portfolio.models import Membership, Team
from portfolio.rules import Person, can, can_somewhere


def _own_teams(user: User) -> set[int]:
    """The teams that somebody is in today."""
    today = timezone.localdate()
    rows = Membership.objects.filter(user=user, during__contains=today).order_by()
    return set(rows.values_list("team", flat=True))


def workable(user: User, teams: Iterable[Team]) -> set[int]:
    """The primary keys of those of `teams` whose impediments somebody may log and work on: one query."""
    own = _own_teams(user)
    return {team.pk for team in teams if team.pk in own or can(user, "log_impediment", team)}


def may_log_somewhere(user: Person) -> bool:
    """Whether to offer the form at all."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return can_somewhere(user, "log_impediment") or bool(_own_teams(user))


def teams_to_log(user: User) -> list[Team]:
    """The teams that go on and for which somebody may log; their own come first."""
    running = Q(ended_on=None) | Q(ended_on__gte=timezone.localdate())
    teams = list(Team.objects.for_user(user).filter(running).select_related("stream"))
    allowed, own = workable(user, teams), _own_teams(user)
    return sorted((one for one in teams if one.pk in allowed), key=lambda one: (one.pk not in own, one.name))


def usual_team(user: User, teams: list[Team]) -> Team | None:
    """The team a form begins with: the only one, the one logged for last, else one's own."""
    if len(teams) == 1:
        return teams[0]
    by_id = {team.pk: team for team in teams}
    last = Impediment.objects.filter(logged_by=user, team__in=by_id).values_list("team", flat=True).first()
    if last is not None:
        return by_id[last]
    own = _own_teams(user)
    return next((team for team in teams if team.pk in own), None)
