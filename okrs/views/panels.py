"""What objectives add to the pages of value streams, teams, initiatives and features."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from accounts.queries import me
from okrs.queries import work
from portfolio.forms import view_of
from portfolio.models import Team, ValueStream
from portfolio.panels import Panel
from portfolio.rules import can


def _of_work(kind: work.Work, pk: int, request: HttpRequest) -> Panel | None:
    user, view = me(request), view_of(request.GET, me(request), timezone.now())
    rows = work.moved_by(kind, [pk], user, view.at).get(pk, [])
    return Panel("okrs/panel_work.html", {"rows": rows, "as_of": view.as_of, "kind": kind})


def of_initiative(pk: int, request: HttpRequest) -> Panel | None:
    """The key results that an initiative should move."""
    return _of_work("initiative", pk, request)


def of_feature(pk: int, request: HttpRequest) -> Panel | None:
    """The key results that a feature should move; nothing where there are none."""
    found = _of_work("feature", pk, request)
    return found if found and found.context["rows"] else None


def _of_place(place: ValueStream | Team, request: HttpRequest) -> Panel | None:
    user, view = me(request), view_of(request.GET, me(request), timezone.now())
    goals = work.goals_of(place, user, view.at)
    may_add = can(user, "manage_objectives", place) and not view.is_past
    if goals is None or (not goals.rows and not may_add):
        return None
    kind = "team" if isinstance(place, Team) else "stream"
    context: dict[str, Any] = {"goals": goals, "place": place, "kind": kind, "may_add": may_add, "as_of": view.as_of}
    return Panel("okrs/panel_place.html", context)


def of_stream(pk: int, request: HttpRequest) -> Panel | None:
    """The objectives of a value stream and its teams in the present cycle."""
    return _of_place(ValueStream.objects.get(pk=pk), request)


def of_team(pk: int, request: HttpRequest) -> Panel | None:
    """The objectives of a team in the present cycle."""
    return _of_place(Team.objects.select_related("stream").get(pk=pk), request)
