"""Dependencies as lists: of an increment, as a matrix of its rows, and what is asked of one's teams."""

from collections.abc import Mapping
from itertools import chain

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.queries import me
from core.exports import FORMATS, table_response
from core.templatetags.ui import Choice
from planning.forms.dependencies import LinksForm, ListForm
from planning.live import topic
from planning.models import Increment
from planning.queries import dependencies as queries
from planning.queries import inbox as waiting
from planning.queries import links as tools
from planning.queries.dependencies import Asked
from planning.queries.matrix import matrix as matrix_of
from planning.rules import reach
from planning.views.finding import find_increment
from portfolio.models import Team

PAGE = 100


@require_GET
def dependencies(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Filters and order as the address says; `?format=csv` (or xlsx) is the same rows as a file."""
    increment, user = find_increment(request, slug), me(request)
    form = ListForm(request.GET, rows=queries.rows_of_board(increment))
    lines = queries.listed(increment, user, form.asked)
    if (wanted := request.GET.get("format", "")) in FORMATS:
        name = f"dependencies-{increment.slug}"
        found = queries.links_of_file(increment, _links(increment, user, form))
        return table_response(wanted, name, queries.HEAD, chain(queries.lines_of_file(lines), found))
    context = {
        "increment": increment,
        "form": form,
        "is_filtered": form.is_filtered,
        "finding": queries.finding(lines, is_filtered=form.is_filtered),
        "page": Paginator(lines, PAGE).get_page(request.GET.get("page")),
        "may_ask": increment.is_open and reach(user, increment).takes_part,
        "waiting": waiting.count(user),
        "links": _links(increment, user, form),
        "topic": topic(increment),
        "nav": "planning",
    }
    return render(request, "planning/dependencies/list.html", context)


def _links(increment: Increment, user: User, form: ListForm) -> list[tools.Link]:
    """What the tools say between the teams of the board; nothing of it has a schedule or an agreement."""
    asked = form.asked
    if asked.agreement or asked.schedule:
        return []
    teams = {lane.pk: lane.team_id for lane in form.rows.values() if lane.team_id}
    found = tools.narrowed(tools.links(user, teams.values()), None, asked.text, problems=asked.problems)
    return [link for link in found if _is_of(link, asked, teams)]


def _is_of(link: tools.Link, asked: Asked, teams: Mapping[int, int]) -> bool:
    """Whether it is between the rows that are asked for; a row without a team has no links."""
    sides = [(asked.provider_row, link.provider), (asked.consumer_row, link.consumer)]
    if any(row and teams.get(row) != team.pk for row, team in sides):
        return False
    return not asked.row or teams.get(asked.row) in (link.provider.pk, link.consumer.pk)


@require_GET
def matrix(request: HttpRequest, slug: str) -> HttpResponse:
    """Who needs how much of whom, with what is wrong about it in words."""
    increment = find_increment(request, slug)
    rows = queries.rows_of_board(increment)
    form = ListForm(request.GET, rows=rows)
    lines = queries.listed(increment, me(request), form.asked)
    context = {
        "increment": increment,
        "form": form,
        "matrix": matrix_of(rows, lines, _links(increment, me(request), form)),
        "finding": queries.finding(lines, is_filtered=form.is_filtered),
        "waiting": waiting.count(me(request)),
        "topic": topic(increment),
        "nav": "planning",
    }
    return render(request, "planning/dependencies/matrix.html", context)


@require_GET
def everywhere(request: HttpRequest) -> HttpResponseBase:
    """Dependencies outside increments: links between items of two teams, as the tools have them."""
    user = me(request)
    form = LinksForm(request.GET, teams=Team.objects.for_user(user))
    rows = form.narrowed(tools.links(user))
    if (wanted := request.GET.get("format", "")) in FORMATS:
        return table_response(wanted, "links-between-teams", tools.HEAD, tools.lines_of_file(rows))
    context = {
        "form": form,
        "is_filtered": form.is_filtered,
        "finding": tools.finding(rows),
        "pair": rows[0] if form.is_pair and rows else None,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "nav": "planning",
    }
    return render(request, "planning/dependencies/everywhere.html", context)


@require_GET
def everywhere_matrix(request: HttpRequest) -> HttpResponse:
    """The same links, teams against each other."""
    rows = tools.links(me(request))
    context = {"matrix": tools.matrix(rows), "finding": tools.finding(rows), "nav": "planning"}
    return render(request, "planning/dependencies/everywhere_matrix.html", context)


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for the reader's teams, over all open increments or in `?increment=`."""
    every = waiting.inbox(me(request))
    slug = request.GET.get("increment", "")
    found = {line.row.increment for pile in every for line in pile.lines}
    names = {one.slug: f"{one.name}, {one.train.name}" for one in sorted(found, key=lambda one: one.pk)}
    piles = waiting.within(every, slug) if slug in names else every
    choices = [Choice("All", {"increment": None}, current=slug not in names)]
    choices += [Choice(name, {"increment": key}, current=key == slug) for key, name in names.items()]
    context = {
        "piles": piles,
        "finding": waiting.finding(piles),
        "increments": choices if len(names) > 1 else [],
        "chosen": names.get(slug, "All"),
        "nav": "planning",
    }
    return render(request, "planning/dependencies/inbox.html", context)
