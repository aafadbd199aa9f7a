"""Scopes: what a figure is about, as a set of teams; and what the organisation pages show."""

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import F, QuerySet

from accounts.models import User
from portfolio.models import Team, ValueStream
from portfolio.rules import access

Person = User | AnonymousUser | None
# Open things first, then what ended last.
LATEST = F("ended_on").desc(nulls_first=True)


class ScopeNotFound(ValueError):
    """There is no such scope, or this person may not see it (the two are told apart to nobody)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`teams` are the ids of its teams (ended ones too: they keep their history), `zone` the zone of its days' ends."""

    kind: Literal["team", "stream", "portfolio"]
    slug: str
    name: str
    zone: ZoneInfo
    teams: tuple[int, ...]

    @property
    def text(self) -> str:
        """As written in URLs and commands: `team:falcon`, `stream:payments`, `portfolio`."""
        return "portfolio" if self.kind == "portfolio" else f"{self.kind}:{self.slug}"


def sees_portfolio(user: Person) -> bool:
    """Whether `user` may see figures of the whole portfolio: by a global grant. None is the command line."""
    return user is None or access(user).is_administrator or bool(access(user).everywhere)


def teams_for(user: Person) -> "QuerySet[Team]":
    """The teams that `user` may see; None is the command line and sees all."""
    return Team.objects.all() if user is None else Team.objects.for_user(user)


def streams_for(user: Person) -> "QuerySet[ValueStream]":
    """The value streams that `user` may see; None is the command line and sees all."""
    return ValueStream.objects.all() if user is None else ValueStream.objects.for_user(user)


def team_scope(team: Team) -> Scope:
    return Scope("team", team.slug, team.name, team.zone, (team.pk,))


def _stream_scope(stream: ValueStream) -> Scope:
    teams = tuple(sorted(team.pk for team in stream.teams.all()))
    return Scope("stream", stream.slug, stream.name, ZoneInfo(settings.TIME_ZONE), teams)


def _portfolio_scope() -> Scope:
    teams = tuple(Team.objects.order_by("pk").values_list("pk", flat=True))
    return Scope("portfolio", "", "Portfolio", ZoneInfo(settings.TIME_ZONE), teams)


def find_scope(text: str, user: Person) -> Scope:
    """The scope written as `text`, if `user` (None: the command line, which sees all) may see it.

    Raises ScopeNotFound with a message for people.
    """
    # PostgreSQL takes no NUL: there is no such scope.
    kind, _, slug = ("" if "\0" in text else text.strip()).partition(":")
    if kind == "portfolio" and not slug and sees_portfolio(user):
        return _portfolio_scope()
    if kind == "team" and (team := teams_for(user).filter(slug=slug).first()):
        return team_scope(team)
    if kind == "stream" and (stream := streams_for(user).filter(slug=slug).first()):
        return _stream_scope(stream)
    raise ScopeNotFound(f"There is no scope “{text}”; write portfolio, stream:SLUG or team:SLUG.")


def scopes_for(user: Person) -> list[Scope]:
    """Every scope that `user` may see: the portfolio, then each stream, then each team, in their order."""
    whole = [_portfolio_scope()] if sees_portfolio(user) else []
    streams = [_stream_scope(stream) for stream in streams_for(user).prefetch_related("teams")]
    return [*whole, *streams, *(team_scope(team) for team in teams_for(user))]
