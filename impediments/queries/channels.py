"""What the settings show: teams with their ways in, hooks with their last answer, mails with what became of them."""

from dataclasses import dataclass

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from core.hooks import place
from core.models import Hook, HookCall
from impediments.mail.addresses import address
from impediments.models import Channel, IncomingMail
from portfolio.models import Team, ValueStream
from portfolio.rules import can

MAILS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A team with its address (empty: none) and whether marks of its tools log impediments."""

    team: Team
    address: str
    has_address: bool
    logs_marks: bool


@dataclass(frozen=True, slots=True)
class HookLine:
    """A hook, the server it leads to, whose impediments it hears of, its last call."""

    hook: Hook
    server: str
    of: str
    last: HookCall | None


def managed_teams(user: User) -> list[Team]:
    """The teams of today whose impediments `user` manages."""
    today = timezone.localdate()
    teams = Team.objects.for_user(user).filter(Q(ended_on=None) | Q(ended_on__gte=today)).select_related("stream")
    return [
        team
        for team in teams.order_by("stream__position", "stream__name", "name")
        if can(user, "manage_impediments", team)
    ]


def managed_streams(user: User) -> list[ValueStream]:
    """The value streams whose impediments `user` manages."""
    return [one for one in ValueStream.objects.for_user(user) if can(user, "manage_impediments", one)]


def team_lines(user: User) -> list[TeamLine]:
    teams = managed_teams(user)
    known = {one.team_id: one for one in Channel.objects.filter(team__in=teams)}
    none = Channel()
    found = [(team, known.get(team.pk, none)) for team in teams]
    return [TeamLine(team, address(team, one.token), bool(one.token), one.logs_marks) for team, one in found]


def hooks_for(user: User) -> "QuerySet[Hook]":
    """The hooks that `user` manages: those of their streams; those of everything with the whole portal only."""
    if can(user, "manage_impediments"):
        return Hook.objects.all()
    return Hook.objects.filter(scope__in=[f"stream:{one.slug}" for one in managed_streams(user)])


def hook_lines(user: User) -> list[HookLine]:
    hooks = hooks_for(user).annotate(newest=Max("calls__pk")).order_by("name")
    calls = HookCall.objects.in_bulk([hook.newest for hook in hooks if hook.newest])
    names = dict(ValueStream.objects.values_list("slug", "name"))
    return [HookLine(one, place(one.url), scope_words(one, names), calls.get(one.newest or 0)) for one in hooks]


def scope_words(hook: Hook, names: dict[str, str]) -> str:
    """Whose impediments a hook hears of."""
    slug = hook.scope.removeprefix("stream:")
    return names.get(slug, slug) if slug else "All value streams"


def mails_for(user: User) -> "QuerySet[IncomingMail]":
    """The mails to the teams that `user` manages, newest first, without the mails themselves."""
    teams = managed_teams(user)
    return IncomingMail.objects.filter(team__in=teams).select_related("team", "impediment").defer("raw")
