"""What the organisation pages show: streams with their teams, places found by name, the audit trail."""

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from core.models import AuditEntry
from portfolio.models import Team, ValueStream


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
