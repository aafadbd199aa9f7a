"""What a chance rests on, and the repair of a plan: proposed, and done only when somebody chooses to."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.queries import me
from planning.actions.repair import apply_moves
from planning.forms.repair import RepairForm
from planning.models import Increment
from planning.queries.chances import explain
from planning.queries.repair import propose
from planning.rules import reach
from planning.views.finding import find_card, find_increment
from portfolio.actions.writing import Conflict


@require_GET
def chance(request: HttpRequest, card_id: int) -> HttpResponse:
    """A card's landing chance, explained."""
    card = find_card(request, card_id)
    context = {"card": card, "increment": card.increment, "shown": explain(card)}
    return render(request, "planning/chance.html", context)


@require_http_methods(["GET", "POST"])
def repair(request: HttpRequest, slug: str) -> HttpResponse:
    """The smallest repair as a difference; posted, the chosen moves are made, all or none."""
    increment = find_increment(request, slug)
    form = RepairForm(request.POST if request.method == "POST" else None)
    if request.method == "GET" or not form.is_valid():
        return _show(request, increment, form)
    try:
        done = form.attempt(lambda: apply_moves(actor=me(request), increment=increment, moves=form.moves))
    except Conflict as conflict:
        return _show(request, find_increment(request, slug), form, conflict)
    if done is None:
        return _show(request, increment, form)
    undo = reverse("plan-undo", args=[increment.slug, done.number])
    messages.success(request, f"You {done.text}.", extra_tags=undo)
    return redirect("plan-repair", increment.slug)


def _show(
    request: HttpRequest, increment: Increment, form: RepairForm, conflict: Conflict | None = None
) -> HttpResponse:
    shown = propose(increment, reach(me(request), increment), timezone.now()) if increment.is_open else None
    context = {"increment": increment, "shown": shown, "form": form, "conflict": conflict}
    status = 409 if conflict else 400 if form.errors else 200
    return render(request, "planning/repair.html", context, status=status)
