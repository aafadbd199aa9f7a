"""What happened on a board, what was taken off it, and the way back."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.queries import me
from planning.forms.feed import FeedForm
from planning.live import topic
from planning.queries.feed import lines_of, off_the_board, with_undo
from planning.queries.feed import taken_off as told
from planning.rules import reach
from planning.views.finding import find_increment, is_board

PAGE = 50


@require_GET
def feed(request: HttpRequest, slug: str) -> HttpResponse:
    """The log, newest first: `?who=me&kind=card&card=81&q=PAY`. For a script of the board the lines alone."""
    increment, user = find_increment(request, slug), me(request)
    form = FeedForm(request.GET, increment=increment)
    page = Paginator(lines_of(increment, form.asked, user), PAGE).get_page(request.GET.get("page"))
    context = {
        "increment": increment,
        "form": form,
        "page": page,
        "lines": with_undo(list(page), reach(user, increment), increment),
        "topic": topic(increment),
        "is_part": is_board(request),
    }
    return render(request, "planning/feed_lines.html" if is_board(request) else "planning/feed.html", context)


@require_GET
def taken_off(request: HttpRequest, slug: str) -> HttpResponse:
    """The cards that are off the board: who took them off, when, where they stood, and the way back."""
    increment = find_increment(request, slug)
    page = Paginator(off_the_board(increment), PAGE).get_page(request.GET.get("page"))
    context = {
        "increment": increment,
        "page": page,
        "lines": told(list(page), reach(me(request), increment), increment),
    }
    return render(request, "planning/taken_off.html", context)
