"""Scopes: what a figure is about, as a set of teams; and what the organisation pages show."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from core.models import AuditEntry
from portfolio import panels
from portfolio.models import Feature, Initiative, Team, ValueStream, ValueType
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


class FeatureRow(NamedTuple):
    """A feature in a list: `place` in its team's queue (None: closed), and what other apps say about it."""

    feature: Feature
    place: int | None
    is_late: bool
    marks: list[panels.Mark]


def _feature_rows(features: "QuerySet[Feature]", user: User, at: datetime) -> list[FeatureRow]:
    rows = list(features.select_related("team", "initiative"))
    marks = panels.marks("feature", [feature.pk for feature in rows], user, at)
    today = timezone.localdate(at)
    return [FeatureRow(one, None if one.ended_on else one.rank, _is_late(one, today), marks[one.pk]) for one in rows]


def _is_late(thing: Feature | Initiative, today: date) -> bool:
    """Whether it is open after the day it was due."""
    return thing.ended_on is None and thing.due_on is not None and thing.due_on < today


def queue_of(team: Team, user: User, at: datetime) -> list[FeatureRow]:
    """The open features of a team in the order they are worked."""
    return _feature_rows(team.features.filter(ended_on=None).order_by("rank", "pk"), user, at)


def closed_of(team: Team, user: User, at: datetime) -> list[FeatureRow]:
    """The closed features of a team, the latest first."""
    return _feature_rows(team.features.exclude(ended_on=None).order_by(LATEST, "pk"), user, at)


def features_of(initiative: Initiative, user: User, at: datetime) -> list[FeatureRow]:
    """The features of an initiative that `user` may see, open ones first."""
    seen = Feature.objects.for_user(user).filter(initiative=initiative)
    return _feature_rows(seen.order_by(LATEST, "team__name", "rank"), user, at)


class InitiativeRow(NamedTuple):
    """An initiative in a list: how many features it has that are open, who works on it, what other apps say."""

    initiative: Initiative
    features: int
    teams: list[str]
    is_late: bool
    marks: list[panels.Mark]


def initiative_rows(initiatives: "QuerySet[Initiative]", user: User, at: datetime) -> list[InitiativeRow]:
    """The rows of a list; features and teams that `user` may not see are left out."""
    seen = Feature.objects.for_user(user).filter(ended_on=None).select_related("team")
    teams = Team.objects.for_user(user)
    rows = list(initiatives.prefetch_related(Prefetch("features", seen), Prefetch("teams", teams)))
    marks = panels.marks("initiative", [one.pk for one in rows], user, at)
    return [
        InitiativeRow(
            one,
            len(one.features.all()),
            sorted({team.name for team in (*one.teams.all(), *(feature.team for feature in one.features.all()))}),
            _is_late(one, timezone.localdate(at)),
            marks[one.pk],
        )
        for one in rows
    ]


class StreamInitiatives(NamedTuple):
    """A value stream with those of its initiatives that the reader may see."""

    stream: ValueStream
    rows: list[InitiativeRow]


def initiatives(user: User, at: datetime, *, with_closed: bool) -> list[StreamInitiatives]:
    """Value streams with their initiatives; a stream that is open to `user` is there without any, too."""
    found = Initiative.objects.for_user(user).select_related("stream")
    streams = ValueStream.objects.for_user(user)
    if not with_closed:
        found, streams = found.filter(ended_on=None), streams.filter(ended_on=None)
    by_stream: dict[ValueStream, list[InitiativeRow]] = {stream: [] for stream in streams}
    for row in initiative_rows(found, user, at):
        by_stream.setdefault(row.initiative.stream, []).append(row)
    ordered = sorted(by_stream.items(), key=lambda pair: (pair[0].position, pair[0].name))
    return [StreamInitiatives(stream, rows) for stream, rows in ordered]


def hidden_teams(initiative: Initiative, user: User) -> list[Team]:
    """The teams that would work on an initiative and that `user` may not see: whoever changes the others keeps them."""
    return list(initiative.teams.exclude(pk__in=Team.objects.for_user(user).order_by().values("pk")))


def policy_of(stream: ValueStream) -> list[tuple[ValueType, int]]:
    """The stream's allocation policy in the order of the kinds, in per cent; empty when it has none."""
    shares = dict(stream.allocations.values_list("value_type", "share"))
    return [(kind, shares.get(kind, 0)) for kind in ValueType] if shares else []


def find_work(text: str, user: User) -> list[Initiative | Feature]:
    """Initiatives and features of which a word begins with `text`, open ones first."""
    word = Q(name__iregex=rf"\m{re.escape(text)}")
    initiatives = Initiative.objects.for_user(user).filter(word | Q(slug__istartswith=text)).select_related("stream")
    features = Feature.objects.for_user(user).filter(word).select_related("team")
    return [*initiatives.order_by(LATEST, "name")[:6], *features.order_by(LATEST, "name")[:8]]
