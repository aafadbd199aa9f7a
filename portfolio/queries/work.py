"""Initiatives, features and policies as lists show them."""

import re
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from portfolio import panels
from portfolio.models import Feature, Initiative, Team, ValueStream, ValueType
from portfolio.queries.scopes import LATEST


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
