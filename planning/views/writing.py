"""What the pages that write a plan share: a form is put, a verb is done, and what was done is said with its undo."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.queries import me
from planning.actions.undoing import last_of
from planning.models import Increment
from planning.views.finding import back, renewed
from portfolio.actions.writing import Conflict
from portfolio.forms.base import Attempt

DONE = object()


def attempt(form: Attempt, verb: Callable[[], object]) -> Conflict | bool:
    """Whether the verb was done; the Conflict when somebody was faster. What it refuses is at the form's fields."""

    def done() -> object:
        verb()
        return DONE

    try:
        return form.attempt(done) is DONE
    except Conflict as conflict:
        return conflict


def onward(request: HttpRequest, increment: Increment, home: str) -> HttpResponse:
    """Say what was written last, with the way back, and go to where it was said to go back to, else `home`."""
    to, event = back(request) or home, last_of(me(request), increment)
    if event is not None:
        undo = f"{reverse('plan-undo', args=[increment.slug, event.number])}?{urlencode({'next': to})}"
        messages.success(request, f"You {event.text}.", extra_tags=undo)
    return redirect(to)


def after_button(
    request: HttpRequest, increment: Increment, home: str, form: Attempt, done: Conflict | bool
) -> HttpResponse:
    """After a button without a form: what was done, with the way back, or why it was not."""
    if done is True:
        return onward(request, increment, home)
    if done:
        return clash(request, done, home, increment)
    messages.error(request, " ".join(map(str, form.non_field_errors())))
    return redirect(home)


def clash(request: HttpRequest, conflict: Conflict, home: str, increment: Increment | None = None) -> HttpResponse:
    """409 after a button without a form: who was faster, and the same button on what is there now."""
    posted = renewed(request.POST, conflict)
    posted.pop("csrfmiddlewaretoken", None)
    context = {
        "conflict": conflict,
        "increment": increment,
        "fields": list(posted.items()),
        "action": request.get_full_path(),
        "home": home,
        "nav": "planning",
    }
    return render(request, "planning/clash_page.html", context, status=409)


def ask(request: HttpRequest, name: str, context: dict[str, Any], conflict: Conflict | None = None) -> HttpResponse:
    """The page of a form: 409 with who was faster, 400 with what is wrong, else as it is asked for."""
    form = context["form"]
    status = 409 if conflict else 400 if form.errors else 200
    return render(request, name, context | {"conflict": conflict, "next": back(request)}, status=status)
