"""Who may do what in planning: members with their team's row, the PMO of all teams with the train."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from planning.models import Increment, Lane, LaneKind, Print, Train
from portfolio.models import Membership, Team
from portfolio.rules import WORDS, Person, can

PARTICIPANTS = "Only those who plan with this train can change its board."


@dataclass(frozen=True, slots=True)
class Reach:
    """What of a board somebody may change. `lanes`: primary keys of the rows; the parking lot, external rows and the
    milestones are everybody's who plans with the train.
    """

    manages: bool = False
    lanes: frozenset[int] = frozenset()

    @property
    def takes_part(self) -> bool:
        return self.manages or bool(self.lanes)

    def may(self, lane_id: int | None) -> bool:
        """Whether they may change a row; None is the parking lot."""
        return self.manages or (self.takes_part if lane_id is None else lane_id in self.lanes)


def teams_of(train: Train) -> list[Team]:
    """The teams of a train today."""
    seats = train.seats.filter(during__contains=timezone.localdate())
    return list(Team.objects.filter(pk__in=seats.values("team")).select_related("stream"))


def may_manage(user: Person, train: Train | None = None, teams: Iterable[Team] | None = None) -> bool:
    """Whether `user` may change a train and its increments: the portal's PMO, or who is PMO of all of its teams.

    Without a train: whether they may make one of `teams`.
    """
    if can(user, "manage_trains"):
        return True
    own = list(teams) if teams is not None else teams_of(train) if train else []
    return bool(own) and all(can(user, "manage_trains", team) for team in own)


def reach(user: Person, increment: Increment, lanes: Collection[Lane] | None = None) -> Reach:
    """What `user` may change of a board; None is the portal itself. `lanes`: its rows with their teams, if at hand."""
    if user is None:
        return Reach(manages=True)
    if not isinstance(user, User) or not user.is_active:
        return Reach()
    if may_manage(user, increment.train):
        every = increment.lanes.values_list("pk", flat=True) if lanes is None else [lane.pk for lane in lanes]
        return Reach(True, frozenset(every))
    own = increment.lanes.select_related("team") if lanes is None else lanes
    member = set(
        Membership.objects.filter(user=user, during__contains=timezone.localdate()).values_list("team", flat=True)
    )
    mine = {
        lane.pk
        for lane in own
        if lane.kind == LaneKind.TEAM and lane.team and (lane.team_id in member or can(user, "plan", lane.team))
    }
    if mine:
        mine |= {lane.pk for lane in own if lane.kind != LaneKind.TEAM}
    return Reach(False, frozenset(mine))


def require_manage(actor: Person, train: Train | None = None, teams: Iterable[Team] | None = None) -> None:
    """Raise PermissionDenied, in words, unless `actor` may; None is the portal itself and may."""
    if actor is not None and not may_manage(actor, train, teams):
        raise PermissionDenied(WORDS["manage_trains"])


def require_lane(mine: Reach, lane_id: int | None) -> None:
    """Raise PermissionDenied, in words, unless the row may be changed; None is the parking lot."""
    if not mine.may(lane_id):
        raise PermissionDenied(PARTICIPANTS if lane_id is None else WORDS["plan"])


def may_follow(user: Person, rest: str) -> bool:
    """Who may hear the live topic increment:ID: who sees the board."""
    is_number = rest.isdecimal() and len(rest) < 19
    return is_number and isinstance(user, User) and Increment.objects.for_user(user).filter(pk=int(rest)).exists()


def may_follow_print(user: Person, rest: str) -> bool:
    """Who may hear the live topic print:ID: who asked for it."""
    is_number = rest.isdecimal() and len(rest) < 19
    return is_number and isinstance(user, User) and Print.objects.filter(pk=int(rest), asked_by=user).exists()
