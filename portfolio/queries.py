"""Scopes: what a figure is about, as a set of teams; and what the organisation pages show."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from core.models import AuditEntry
from portfolio.models import Team, ValueStream
from portfolio.rules import access

Person = User | AnonymousUser | None


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


class StreamRow(NamedTuple):
    """A value stream on the organisation page, with those of its teams that the reader may see."""

    stream: ValueStream
    teams: list[Team]


def organisation(user: User, *, with_ended: bool) -> list[StreamRow]:
    """Streams with their teams, as `user` may see them; teams carry `people` (members today) and `deployables`.

    A stream that holds a visible team is named even where the stream itself is not open to `user`.
    """
    today = Q(memberships__during__contains=timezone.localdate())
    teams = Team.objects.for_user(user).select_related("stream", "calendar")
    streams = ValueStream.objects.for_user(user)
    if not with_ended:
        still_here = Q(ended_on=None) | Q(ended_on__gte=timezone.localdate())
        teams, streams = teams.filter(still_here), streams.filter(still_here)
    people, deployables = Count("memberships__user", today, distinct=True), Count("services", distinct=True)
    by_stream: dict[ValueStream, list[Team]] = {stream: [] for stream in streams}
    for team in teams.annotate(people=people, deployables=deployables):
        by_stream.setdefault(team.stream, []).append(team)
    rows = sorted(by_stream.items(), key=lambda pair: (pair[0].position, pair[0].name))
    return [StreamRow(stream, own) for stream, own in rows]


def find_places(text: str, user: User) -> list[tuple[str, str, str]]:
    """Streams, teams and services whose name or short name begins a word with `text`: (kind, name, slug)."""
    word = Q(name__iregex=rf"\m{re.escape(text)}") | Q(slug__istartswith=text)
    streams = ValueStream.objects.for_user(user).filter(word).values_list("name", "slug")[:8]
    teams = Team.objects.for_user(user).filter(word).values_list("name", "slug")[:12]
    return [("stream", *stream) for stream in streams] + [("team", *team) for team in teams]


def audit_trail(
    *, what: str = "", who: str = "", first: date | None = None, last: date | None = None
) -> "QuerySet[AuditEntry]":
    """The audit trail, newest first: `what` is part of a verb or of a target's name, `who` part of the actor's."""
    entries = AuditEntry.objects.all()
    if what:
        entries = entries.filter(Q(verb__icontains=what) | Q(target_name__icontains=what))
    if who:
        entries = entries.filter(actor_name__icontains=who)
    if first:
        entries = entries.filter(at__gte=_midnight(first))
    if last and last < date.max:
        entries = entries.filter(at__lt=_midnight(last + timedelta(days=1)))
    return entries


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
