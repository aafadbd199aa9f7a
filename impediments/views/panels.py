"""What impediments add to the pages of value streams, teams, initiatives and features."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.queries import me
from impediments import costs, queries
from impediments.queries import work
from impediments.queries.rows import Row
from impediments.rules import may_log
from portfolio.forms import view_of
from portfolio.models import Team, ValueStream
from portfolio.panels import Mark, Panel

# The list has the others.
SHOWN = 5


def _panel(request: HttpRequest, wanted: Q, new: str = "", query: str = "", **also: Any) -> Panel:
    """The open impediments of a place or a piece of work, those most is asked for first."""
    user, view = me(request), view_of(request.GET, me(request), timezone.now())
    found = queries.seen(user, view.at).filter(wanted, costs.is_open_at(view.at))
    rows = sorted(queries.rows_of(found, user, view.at, is_past=view.is_past), key=_first)
    context = {
        "rows": rows[:SHOWN],
        "more": max(0, len(rows) - SHOWN),
        "summary": queries.summary(rows),
        "list": f"{reverse('impediment-list')}?{query}" if query else "",
        "new": "" if view.is_past else new,
        "as_of": view.as_of,
    }
    return Panel("impediments/panel.html", context | also)


def _first(row: Row) -> tuple[int, float]:
    return -row.level, -row.age.seconds


def of_team(pk: int, request: HttpRequest) -> Panel | None:
    """A team's open impediments, and its items that a tool marks as blocked without one."""
    team = Team.objects.select_related("stream").get(pk=pk)
    may = may_log(me(request), team) and team.ended_on is None
    new = f"{reverse('impediment-new')}?{urlencode({'team': team.slug})}" if may else ""
    unlogged = queries.unlogged(team, timezone.now())[:SHOWN] if may else []
    of = urlencode({"team": team.slug})
    return _panel(request, Q(team=team), new, of, unlogged=unlogged, team=team, place=team.name)


def of_stream(pk: int, request: HttpRequest) -> Panel | None:
    """The open impediments of a value stream's teams."""
    stream = ValueStream.objects.get(pk=pk)
    of = urlencode({"stream": stream.slug})
    return _panel(request, Q(team__stream=stream), "", of, shows_team=True, place=stream.name)


def _of_work(kind: work.Work, pk: int, request: HttpRequest) -> Panel | None:
    view = view_of(request.GET, me(request), timezone.now())
    ids = work.impediments_of(kind, [pk], view.at).get(pk, set())
    return _panel(request, Q(pk__in=ids), shows_team=True, place="it") if ids else None


def of_initiative(pk: int, request: HttpRequest) -> Panel | None:
    """The open impediments that block items of an initiative; nothing where there are none."""
    return _of_work("initiative", pk, request)


def of_feature(pk: int, request: HttpRequest) -> Panel | None:
    """The same of a feature."""
    return _of_work("feature", pk, request)


def marks_of(kind: work.Work, ids: Collection[int], user: User, as_of: datetime) -> dict[int, list[Mark]]:
    """How many items of features or initiatives impediments block, that `user` may see."""
    found = work.blocked_of(kind, ids, user, as_of)
    return {
        pk: [Mark(_blocked(items, level), True, "bad" if level > 2 else "warn")] for pk, (items, level) in found.items()
    }


def _blocked(items: int, level: int) -> str:
    return f"{items} blocked item{'' if items == 1 else 's'}" + (f", level {level}" if level > 1 else "")
