"""Taking back what was written, and the lines of the log for browsers that missed some."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import me
from planning.actions.undoing import last_of, undo, undo_last
from planning.live import told
from planning.models import Event, Increment
from planning.views.cards import refused
from planning.views.finding import back, find_increment, is_board
from portfolio.actions.writing import Conflict

# More lines than this are not caught up with one by one: the board is read again.
CATCH_UP = 100


@require_GET
def events(request: HttpRequest, slug: str) -> HttpResponse:
    """The lines of the log after `?after=41`, as the live stream tells them; `reload` when they are too many."""
    increment = find_increment(request, slug)
    said = request.GET.get("after", "")
    after = int(said) if said.isdecimal() and len(said) < 10 else increment.number
    rows = list(increment.events.filter(number__gt=after).order_by("number")[: CATCH_UP + 1])
    if len(rows) > CATCH_UP:
        return JsonResponse({"number": increment.number, "reload": True, "events": []})
    return JsonResponse({"number": increment.number, "reload": False, "events": [told(increment, row) for row in rows]})


@require_POST
def undo_line(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Take a line of the log back. 409: somebody changed the same since; `seen` posted says that this is known."""
    increment = find_increment(request, slug)
    event = get_object_or_404(Event, increment=increment, number=number)
    said = request.POST.get("seen", "")
    seen = int(said) if said.isdecimal() and len(said) < 10 else None
    return _taken_back(
        request, increment, event, lambda: undo(actor=me(request), increment=increment, event=event, seen=seen)
    )


@require_POST
def undo_mine(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back what the reader wrote last on this board."""
    increment = find_increment(request, slug)
    return _taken_back(request, increment, None, lambda: undo_last(actor=me(request), increment=increment))


def _taken_back(
    request: HttpRequest, increment: Increment, event: Event | None, verb: Callable[[], Event | None]
) -> HttpResponse:
    try:
        line = verb()
    except Conflict as conflict:
        return _clash(request, increment, event, conflict)
    except ValidationError as error:
        return refused(request, increment, " ".join(error.messages))
    text = f"You {line.text}." if line else "All of it is as it was before already."
    again = reverse("plan-undo", args=[increment.slug, line.number]) if line else ""
    if is_board(request):
        number = line.number if line else increment.number
        return JsonResponse({"number": number, "text": text, "undo": again})
    messages.success(request, text, extra_tags=again)
    return redirect(back(request) or reverse("board", args=[increment.slug]))


def _clash(request: HttpRequest, increment: Increment, event: Event | None, conflict: Conflict) -> HttpResponse:
    """409: who, when and what; one click takes it back all the same."""
    increment.refresh_from_db(fields=["number"])
    context = {
        "increment": increment,
        "event": event or last_of(me(request), increment),
        "conflict": conflict,
        "next": back(request),
        "is_part": is_board(request),
    }
    name = "planning/undo_form.html" if is_board(request) else "planning/undo.html"
    return render(request, name, context, status=409)
