"""The board of an increment, and moving a card on it."""

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from planning.actions.cards import move_card
from planning.actions.looking import look_at
from planning.actions.placing import called, place_of
from planning.chances import value_of
from planning.forms.cards import MoveForm
from planning.forms.looking import LookForm
from planning.live import topic
from planning.models import Reckoning
from planning.queries.board import board_of
from planning.queries.findings import finding_of
from planning.queries.marks import marks_of
from planning.rules import PARTICIPANTS, reach
from planning.views.cards import written
from planning.views.finding import PLACED, back, find_card, find_increment, is_board
from portfolio.actions.writing import Conflict


@require_GET
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole board; a script asks for `?part=board`, what stands in its frame."""
    increment = find_increment(request, slug)
    shown = board_of(increment, me(request))
    context = {
        "increment": increment,
        "board": shown,
        "topic": topic(increment),
        "finding": finding_of(shown),
        "lanes": json.dumps(sorted(shown.reach.lanes)),
        "strings": [one.as_json() for one in shown.strings],
        "value": value_of(Reckoning.objects.filter(increment=increment).first()),
    }
    is_part = request.GET.get("part") == "board"
    return render(request, "planning/board_body.html" if is_part else "planning/board.html", context)


@require_GET
def marks(request: HttpRequest, slug: str) -> HttpResponse:
    """What the reader is shown on cards beside what everybody sees: HTML by the card's id."""
    increment = find_increment(request, slug)
    return JsonResponse({str(pk): html for pk, html in marks_of(increment, me(request)).items()})


@require_POST
def look(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep how the reader looks at this board: `lanes` and `folded` (ids, apart by commas), `density`."""
    increment = find_increment(request, slug)
    form = LookForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=400)
    look_at(actor=me(request), increment=increment, **form.said)
    if is_board(request):
        return HttpResponse(status=204)
    return redirect(back(request) or reverse("board", args=[slug]))


@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, card_id: int) -> HttpResponse:
    """A form of the places; posted, the move. 409: somebody was faster."""
    card = find_card(request, card_id, PLACED)
    mine = reach(me(request), card.increment)
    if not mine.takes_part:
        raise PermissionDenied(PARTICIPANTS)
    form = MoveForm(request.POST or None, card=card, mine=mine)
    if request.method == "GET" or not form.is_valid():
        return _ask(request, form)
    try:
        moved = form.attempt(lambda: move_card(actor=me(request), card=card, **form.said))
    except Conflict as conflict:
        return _ask(request, form.renewed(find_card(request, card_id), mine), conflict)
    return written(request, moved) if moved else _ask(request, form)


def _ask(request: HttpRequest, form: MoveForm, conflict: Conflict | None = None) -> HttpResponse:
    card = form.card
    context: dict[str, Any] = {
        "form": form,
        "card": card,
        "increment": card.increment,
        "name": called(card),
        "place": place_of(card),
        "conflict": conflict,
        "next": back(request),
        "is_part": is_board(request),
    }
    status = 409 if conflict else 400 if form.errors else 200
    name = "planning/move_form.html" if is_board(request) else "planning/move.html"
    return render(request, name, context, status=status)
