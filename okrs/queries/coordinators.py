"""Who is told when nobody checks in: the PMO and the coaches of the place, else of the next wider one."""

from collections.abc import Iterator

from django.db.models import Q

from accounts.models import User
from okrs.models import Objective
from portfolio.models import Grant, Role

# A place: ("team", id), ("stream", id), ("portal", 0).
Spot = tuple[str, int]


class Coordinators:
    """By place, read once (two queries)."""

    def __init__(self) -> None:
        roles = Q(role__in=[Role.PMO, Role.COACH]) | Q(role=Role.ADMINISTRATOR)
        grants = Grant.objects.filter(roles, user__is_active=True).select_related("user").order_by("user__name", "pk")
        self.at: dict[Spot, list[User]] = {}
        for grant in grants:
            spot: Spot = ("team", grant.team_id) if grant.team_id else ("portal", 0)
            if grant.stream_id:
                spot = ("stream", grant.stream_id)
            if grant.role == Role.ADMINISTRATOR:
                spot = ("administrators", 0)
            self.at.setdefault(spot, []).append(grant.user)
        superusers = User.objects.filter(is_superuser=True, is_active=True).order_by("name", "pk")
        self.at.setdefault(("administrators", 0), []).extend(superusers)

    def of(self, objective: Objective, besides: User | None = None) -> list[User]:
        """Those of the nearest place that has any but `besides`; nobody anywhere: the administrators."""
        for spot in _spots(objective):
            found = {user.pk: user for user in self.at.get(spot, []) if besides is None or user.pk != besides.pk}
            if found:
                return list(found.values())
        return []


def _spots(objective: Objective) -> Iterator[Spot]:
    if objective.team:
        yield "team", objective.team.pk
        yield "stream", objective.team.stream_id
    elif objective.stream_id:
        yield "stream", objective.stream_id
    yield "portal", 0
    yield "administrators", 0
