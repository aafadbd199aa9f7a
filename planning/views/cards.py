"""Cards: a page of each, new ones, what they say, taken off the board and brought back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from planning.actions.cards import add_card, change_card, remove_card, restore_card
from planning.actions.placing import called, place_of, place_words
from planning.forms.cards import CardForm
from planning.models import Card, Increment
from planning.queries.cards import page_of
from planning.rules import PARTICIPANTS, Reach, reach
from planning.views.finding import back, find_card, find_increment, is_board, version_of
from portfolio.actions.writing import Conflict


@require_GET
def card(request: HttpRequest, card_id: int) -> HttpResponse:
    """A card with all that hangs on it; for a script of the board, the part that goes into a panel."""
    one = find_card(request, card_id)
    context = {
        "card": one,
        "increment": one.increment,
        "page": page_of(one, me(request)),
        "stood": place_words(one.lane, one.iteration),
        "is_part": is_board(request),
    }
    return render(request, "planning/card_panel.html" if is_board(request) else "planning/card_page.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """A new card; `?cell=3-17` says where."""
    increment = find_increment(request, slug)
    mine = _part(request, increment)
    cell = request.GET.get("cell", "parking")[:30]
    form = CardForm(request.POST or None, increment=increment, user=me(request), mine=mine, cell=cell)
    if request.method == "GET" or not form.is_valid():
        return _ask(request, form)
    made = form.attempt(lambda: add_card(actor=me(request), increment=increment, **form.said))
    return written(request, made) if made else _ask(request, form)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, card_id: int) -> HttpResponse:
    """Change what a card says. 409: somebody was faster; what was typed stays."""
    one, user = find_card(request, card_id), me(request)
    mine = _part(request, one.increment, one)
    form = CardForm(request.POST or None, increment=one.increment, user=user, mine=mine, instance=one)
    if request.method == "GET" or not form.is_valid():
        return _ask(request, form)
    try:
        changed = form.attempt(lambda: change_card(actor=user, card=one, **form.said))
    except Conflict as conflict:
        return _ask(request, form.renewed(find_card(request, card_id), user, mine), conflict)
    return written(request, changed) if changed else _ask(request, form)


@require_POST
def remove(request: HttpRequest, card_id: int) -> HttpResponse:
    """Take a card off the board. 409: somebody changed it since `version`."""
    return _do(request, find_card(request, card_id), remove_card)


@require_POST
def restore(request: HttpRequest, card_id: int) -> HttpResponse:
    """Bring a card back to where it stood."""
    return _do(request, find_card(request, card_id), restore_card)


def _part(request: HttpRequest, increment: Increment, card: Card | None = None) -> Reach:
    """What the reader may change; PermissionDenied when it is nothing (of this card)."""
    mine = reach(me(request), increment)
    if not mine.takes_part or (card is not None and not mine.may(card.lane_id)):
        raise PermissionDenied(PARTICIPANTS)
    return mine


def _do(request: HttpRequest, one: Card, verb: Any) -> HttpResponse:
    try:
        done = verb(actor=me(request), card=one, version=version_of(request))
    except Conflict as conflict:
        return _clash(request, find_card(request, one.pk), conflict)
    except ValidationError as error:
        return refused(request, one.increment, " ".join(error.messages))
    return written(request, done)


def _clash(request: HttpRequest, one: Card, conflict: Conflict) -> HttpResponse:
    """409: who, when and what, and the same button with the version that is there now."""
    context = {
        "card": one,
        "increment": one.increment,
        "name": called(one),
        "place": place_of(one),
        "conflict": conflict,
        "action": request.path,
        "next": back(request),
        "is_part": is_board(request),
    }
    name = "planning/again_form.html" if is_board(request) else "planning/again.html"
    return render(request, name, context, status=409)


def refused(request: HttpRequest, increment: Increment, text: str) -> HttpResponse:
    """What cannot be done, in words: 400 for a script, else a message on the page it came from."""
    if is_board(request):
        return render(request, "planning/refused.html", {"text": text, "increment": increment}, status=400)
    messages.error(request, text)
    return redirect(back(request) or reverse("board", args=[increment.slug]))


def _ask(request: HttpRequest, form: CardForm, conflict: Conflict | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "card": form.card,
        "increment": form.increment,
        "name": called(form.card) if form.card else "",
        "place": place_of(form.card) if form.card else "",
        "conflict": conflict,
        "next": back(request),
        "is_part": is_board(request),
    }
    status = 409 if conflict else 400 if form.errors else 200
    name = "planning/card_form.html" if is_board(request) else "planning/card_edit.html"
    return render(request, name, context, status=status)


def written(request: HttpRequest, one: Card) -> HttpResponse:
    """What was done to a card, with the way back: for the board's script as JSON, else as a message."""
    event = one.line
    text = f"You {event.text}." if event else "Nothing changed."
    undo = reverse("plan-undo", args=[one.increment.slug, event.number]) if event else ""
    if is_board(request):
        return JsonResponse({"number": one.increment.number, "card": one.pk, "text": text, "undo": undo})
    messages.success(request, text, extra_tags=undo)
    # The keyboard goes on from the card (static/js/plan/focusing.js).
    place = "" if one.removed_at else f"#card-{one.pk}"
    return redirect(back(request) or reverse("board", args=[one.increment.slug]) + place)
