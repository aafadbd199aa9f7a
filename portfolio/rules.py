"""Who may do what: roles come from grants, a superuser is an administrator of everything."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, cast

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from portfolio.models import Action, Grant, Membership, Role, Team, ValueStream

Verb = Literal[
    "administer",  # people, grants, everything
    "see_audit",
    "manage_organisation",  # streams, calendars, teams of any stream
    "manage_teams",  # of a stream: make teams in it
    "manage_team",  # change a team, its members and services
    "manage_work",  # initiatives, features and their order, the allocation policy
    "manage_sources",
    "set_standards",  # baselines of natural limits, service level expectations
    "commit_forecast",  # keep a forecast as promised, withdraw it
    "see_money",
    "manage_portfolio",  # stages of the board, scores and scoring sessions, themes, stage limits, raise decisions
    "approve",  # spending above the threshold: never one's own request
    "decide",  # pivot, persevere, stop; adopt a scenario
    "manage_money",  # budgets, ledgers, targets, thresholds, scenarios, participatory budgeting
    "manage_objectives",  # cycles, objectives, key results, alignment, closing
    "check_in",  # values and confidence of key results, votes
    "manage_kpis",
    "log_impediment",  # log, work on, comment on and resolve impediments; answer proposals
    "manage_impediments",  # limits of levels, mail addresses, calls to other programs
    "manage_actions",  # improvement actions
    "plan",  # cards, dependencies, capacity, objectives and risks of a team's row on a planning board
    "manage_trains",  # trains, their increments and planning events: of all teams that plan together
]
Place = ValueStream | Team | None
Person = AbstractBaseUser | AnonymousUser | None

# Roles that may do the verb where they hold the role; administrators may do everything.
ROLES: dict[Verb, frozenset[str]] = {
    "administer": frozenset(),
    "see_audit": frozenset({Role.PMO}),
    "manage_organisation": frozenset({Role.PMO}),
    "manage_teams": frozenset({Role.PMO}),
    "manage_team": frozenset({Role.PMO}),
    # Leaders decide what is invested in; coaches keep the order of the work with their teams.
    "manage_work": frozenset({Role.PMO, Role.LEADER, Role.COACH}),
    "manage_sources": frozenset({Role.PMO}),
    # They change how everybody reads a figure: not for each member to move alone, but no matter for the PMO only.
    "set_standards": frozenset({Role.PMO, Role.LEADER, Role.COACH}),
    # Who promises a date: the team itself, and those who plan with it.
    "commit_forecast": frozenset({Role.PMO, Role.LEADER, Role.COACH, Role.MEMBER}),
    "see_money": frozenset({Role.PMO, Role.LEADER}),
    "manage_portfolio": frozenset({Role.PMO, Role.LEADER}),
    "approve": frozenset({Role.LEADER}),
    "decide": frozenset({Role.LEADER}),
    "manage_money": frozenset({Role.PMO, Role.LEADER}),
    "manage_objectives": frozenset({Role.PMO, Role.LEADER, Role.COACH}),
    "check_in": frozenset({Role.PMO, Role.LEADER, Role.COACH, Role.MEMBER}),
    "manage_kpis": frozenset({Role.PMO, Role.LEADER, Role.COACH}),
    "log_impediment": frozenset({Role.PMO, Role.LEADER, Role.COACH, Role.MEMBER}),
    "manage_impediments": frozenset({Role.PMO}),
    "manage_actions": frozenset({Role.PMO, Role.LEADER, Role.COACH, Role.MEMBER}),
    "plan": frozenset({Role.PMO, Role.LEADER, Role.COACH, Role.MEMBER}),
    "manage_trains": frozenset({Role.PMO}),
}
WORDS: dict[Verb, str] = {
    "administer": "Only administrators can do this.",
    "see_audit": "Only the PMO and administrators can read the audit trail.",
    "manage_organisation": "Only the PMO can change the organisation.",
    "manage_teams": "Only the PMO of this value stream can add teams to it.",
    "manage_team": "Only the PMO of this team can change it.",
    "manage_work": "Only leaders, coaches and the PMO of this place can change its initiatives, features and policy.",
    "manage_sources": "Only the PMO of this team can change its sources.",
    "set_standards": "Only the PMO, leaders and coaches of this place can set its baselines and expectations.",
    "commit_forecast": "Only members, coaches, leaders and the PMO of this place can commit to a forecast.",
    "see_money": "Only leaders and the PMO see money.",
    "manage_portfolio": "Only leaders and the PMO of this value stream can do this.",
    "approve": "Only leaders of this value stream can approve spending.",
    "decide": "Only leaders of this value stream can decide.",
    "manage_money": "Only leaders and the PMO of this place can change its money.",
    "manage_objectives": "Only leaders, coaches and the PMO of this place can change its objectives.",
    "check_in": "Only the owner, members, coaches, leaders and the PMO of this place can check in.",
    "manage_kpis": "Only leaders, coaches and the PMO of this value stream can change its key figures.",
    "log_impediment": "Only members, coaches, leaders and the PMO of this team can log and work on its impediments.",
    "manage_impediments": "Only the PMO can change how impediments are handled.",
    "manage_actions": "Only members, coaches, leaders and the PMO of this place can change its improvement actions.",
    "plan": "Only members, coaches, leaders and the PMO of this team can change its row of the plan.",
    "manage_trains": "Only the PMO of all its teams can do this with a train and its increments.",
}


@dataclass(frozen=True, slots=True)
class Access:
    """A person's roles: for the whole portal, by value stream, by team."""

    is_administrator: bool = False
    everywhere: frozenset[str] = frozenset()
    streams: dict[int, frozenset[str]] = field(default_factory=dict)
    teams: dict[int, frozenset[str]] = field(default_factory=dict)

    def roles(self, place: Place) -> frozenset[str]:
        """The roles held at `place`: those of a team include those of its stream and the global ones."""
        if isinstance(place, Team):
            return (
                self.everywhere | self.streams.get(place.stream_id, frozenset()) | self.teams.get(place.pk, frozenset())
            )
        if isinstance(place, ValueStream):
            return self.everywhere | self.streams.get(place.pk, frozenset())
        return self.everywhere

    @property
    def sees_streams(self) -> bool:
        """Whether there is a whole value stream to look at; members see their teams only."""
        return self.is_administrator or bool(self.everywhere or self.streams)

    @property
    def anywhere(self) -> frozenset[str]:
        """Every role held somewhere."""
        return self.everywhere.union(*self.streams.values(), *self.teams.values())


def _by_place(pairs: Iterable[tuple[int | None, str]]) -> dict[int, frozenset[str]]:
    places: dict[int, frozenset[str]] = {}
    for place, role in pairs:
        if place is not None:
            places[place] = places.get(place, frozenset()) | {role}
    return places


def access(user: Person) -> Access:
    """The person's roles, read once per user object (that is: once per request)."""
    if user is None or not user.is_authenticated or not user.is_active:
        return Access()
    known = user.__dict__.get("_portfolio_access")
    if known is None:
        known = user.__dict__["_portfolio_access"] = _read_access(cast(User, user))
    return cast(Access, known)


def _read_access(user: User) -> Access:
    grants = list(Grant.objects.filter(user=user).values_list("role", "stream_id", "team_id"))
    everywhere = frozenset(role for role, stream, team in grants if stream is None and team is None)
    return Access(
        is_administrator=user.is_superuser or Role.ADMINISTRATOR in everywhere,
        everywhere=everywhere,
        streams=_by_place((stream, role) for role, stream, _ in grants),
        teams=_by_place((team, role) for role, _, team in grants),
    )


def can(user: Person, verb: Verb, place: Place = None) -> bool:
    """Whether `user` may do `verb` at `place` (None: for the whole portal)."""
    mine = access(user)
    return mine.is_administrator or bool(ROLES[verb] & mine.roles(place))


def can_somewhere(user: Person, verb: Verb) -> bool:
    """Whether there is any place where `user` may do `verb`: whether to offer the page at all."""
    mine = access(user)
    return mine.is_administrator or bool(ROLES[verb] & mine.anywhere)


def require(actor: Person, verb: Verb, place: Place = None) -> None:
    """Raise PermissionDenied, in words, unless `actor` may; None is the portal itself (commands) and may."""
    if actor is not None and not can(actor, verb, place):
        raise PermissionDenied(WORDS[verb])


def may_improve(user: Person, place: Place) -> bool:
    """Whether `user` may make and change improvement actions of a place: by role, and who is in the team today."""
    if can(user, "manage_actions", place):
        return True
    if not isinstance(user, User) or not user.is_active or not isinstance(place, Team):
        return False
    return Membership.objects.filter(user=user, team=place, during__contains=timezone.localdate()).exists()


def may_change_action(user: Person, action: Action) -> bool:
    """The same of one action; its owner may always."""
    is_owner = isinstance(user, User) and user.is_active and user.pk == action.owner_id
    return is_owner or may_improve(user, action.team or action.stream)


def may_watch(user: Person, rest: str) -> bool:
    """Who may hear that the board `rest` changed: everybody who is known. What changed is not said, only that.

    Reading the board again shows each only what they may see.
    """
    return rest == "portfolio"


class AdministratorBackend(BaseBackend):
    """Gives administrators by grant what a superuser has in Django's admin."""

    def has_perm(self, user_obj: Person, perm: str, obj: object = None) -> bool:
        return access(user_obj).is_administrator

    def has_module_perms(self, user_obj: Person, app_label: str) -> bool:
        return access(user_obj).is_administrator
