"""Dependencies as lists: of an increment, as a matrix of its rows, and what is asked of one's teams."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.queries import me
from core.exports import FORMATS, table_response
from planning.forms.dependencies import ListForm
from planning.live import topic
from planning.queries import dependencies as queries
from planning.queries import inbox as waiting
from planning.queries.matrix import matrix as matrix_of
from planning.rules import reach
from planning.views.finding import find_increment

PAGE = 100


@require_GET
def dependencies(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Filters and order as the address says; `?format=csv` (or xlsx) is the same rows as a file."""
    increment, user = find_increment(request, slug), me(request)
    form = ListForm(request.GET, rows=queries.rows_of_board(increment))
    lines = queries.listed(increment, user, form.asked)
    if (wanted := request.GET.get("format", "")) in FORMATS:
        name = f"dependencies-{increment.slug}"
        return table_response(wanted, name, queries.HEAD, queries.lines_of_file(lines))
    context = {
        "increment": increment,
        "form": form,
        "is_filtered": form.is_filtered,
        "finding": queries.finding(lines, is_filtered=form.is_filtered),
        "page": Paginator(lines, PAGE).get_page(request.GET.get("page")),
        "may_ask": increment.is_open and reach(user, increment).takes_part,
        "waiting": waiting.count(user),
        "topic": topic(increment),
        "nav": "planning",
    }
    return render(request, "planning/dependencies/list.html", context)


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
        "matrix": matrix_of(rows, lines),
        "finding": queries.finding(lines, is_filtered=form.is_filtered),
        "waiting": waiting.count(me(request)),
        "topic": topic(increment),
        "nav": "planning",
    }
    return render(request, "planning/dependencies/matrix.html", context)


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for the reader's teams, over all open increments."""
    piles = waiting.inbox(me(request))
    context = {"piles": piles, "finding": waiting.finding(piles), "nav": "planning"}
    return render(request, "planning/dependencies/inbox.html", context)
