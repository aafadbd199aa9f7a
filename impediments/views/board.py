"""The board of impediments, and moving one on it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.queries import me
from core.templatetags.ui import Choice
from impediments import actions, queries
from impediments.forms.listing import ListForm
from impediments.forms.steps import MoveForm
from impediments.models import Impediment, State
from impediments.rules import require_work
from impediments.views.finding import back, clash, find, is_part, onward, version_of
from portfolio.actions import Conflict

PICKED = (
    ("stream", "Value stream"),
    ("team", "Team"),
    ("level", "Level"),
    ("category", "Kind"),
    ("owner", "Who acts"),
    ("age", "Age"),
)


def pickers(form: ListForm) -> list[dict[str, Any]]:
    """What the pickers of the page's head offer: one for each filter that has something to choose."""
    found = []
    for name, key in PICKED:
        options = [(str(value), str(label)) for value, label in form.fields[name].choices]  # type: ignore[attr-defined]
        value = str(form.data.get(name, "")) if name not in form.errors else ""
        shown = dict(options).get(value, options[0][1])
        choices = [Choice(label, {name: one or None}, current=one == value) for one, label in options]
        found.append({"key": key, "value": shown, "choices": choices})
    return [one for one in found if len(one["choices"]) > 2]


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Filtered by what PICKED names (`?team=falcon&age=10`); a script asks for `?part=board`, the columns alone."""
    user, now = me(request), timezone.now()
    form = ListForm(request.GET, user=user)
    form.is_valid()
    shown = queries.board_of(user, form.asked, now, is_filtered=form.is_filtered)
    context = {
        "form": form,
        "board": shown,
        "may_log": queries.may_log_somewhere(user),
        "now": now,
        "earlier": _earlier(form),
        "new": f"{reverse('impediment-new')}?{urlencode({'team': form.data.get('team', '')})}",
    }
    if is_part(request):
        return render(request, "impediments/board_body.html", context)
    return render(request, "impediments/board.html", context | {"pickers": pickers(form)})


def _earlier(form: ListForm) -> str:
    """The list of what is resolved, narrowed as the board is."""
    names = [name for name, _ in PICKED if form.data.get(name) and name not in form.errors]
    query = {"state": State.RESOLVED.value} | {name: form.data[name] for name in names}
    return f"{reverse('impediment-list')}?{urlencode(query)}"


@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """A form of the columns (`?to=` of one); posted (an undo says it in the address), the move. 409: somebody was
    faster."""
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    if request.method == "GET":
        return _ask(request, MoveForm(impediment=one, to=request.GET.get("to")))
    if request.GET.get("undo"):
        return _undo(request, one)
    form = MoveForm({**request.GET.dict(), **request.POST.dict()}, impediment=one)
    if form.asks:
        return _ask(request, MoveForm(impediment=one, to=State.RESOLVED), status=400 if is_part(request) else 200)
    if not form.is_valid():
        return _ask(request, form)
    try:
        moved = form.attempt(lambda: _move(user, form))
    except Conflict as conflict:
        return _ask(request, form.renewed(find(request, impediment_id)), conflict)
    return _moved(request, one, moved) if moved else _ask(request, form)


@transaction.atomic
def _move(user: User, form: MoveForm) -> Impediment:
    """The move, with the date that was promised where it was said."""
    moved = actions.move_impediment(actor=user, impediment=form.impediment, **form.said)
    if form.promised:
        moved = actions.change_impediment(actor=user, impediment=moved, version=moved.version, **form.promised)
    return moved


def _ask(
    request: HttpRequest, form: MoveForm, conflict: Conflict | None = None, *, status: int | None = None
) -> HttpResponse:
    one = form.impediment
    context: dict[str, Any] = {
        "form": form,
        "one": one,
        "columns": list(State),
        "next": back(request),
        "is_part": is_part(request),
    }
    context |= clash(conflict, one) if conflict else {}
    status = status or (409 if conflict else 400 if form.errors and is_part(request) else 200)
    name = "impediments/move_form.html" if is_part(request) else "impediments/move.html"
    return render(request, name, context, status=status)


def _moved(request: HttpRequest, before: Impediment, moved: Impediment) -> HttpResponse:
    """Say it, with the way back where there is one."""
    if moved.state != before.state:
        messages.success(
            request, f"{moved.what}: {State(moved.state).label.lower()}.", extra_tags=_way_back(before, moved)
        )
    return render(request, "components/messages.html") if is_part(request) else onward(request, moved)


def _way_back(before: Impediment, moved: Impediment) -> str:
    """The address that undoes a move. What was opened again stays open: its second time has begun."""
    if not before.is_open:
        return ""
    query = {"undo": 1} if not moved.is_open else {"state": before.state}
    return f"{reverse('impediment-move', args=[moved.pk])}?{urlencode({**query, 'version': moved.version})}"


def _undo(request: HttpRequest, one: Impediment) -> HttpResponse:
    """Undo of a resolution."""
    form, version = MoveForm(impediment=one), version_of(request) or one.version
    try:
        done = form.attempt(lambda: actions.undo_resolve(actor=me(request), impediment=one, version=version))
    except Conflict as conflict:
        messages.error(request, f"{conflict} Nothing was undone.")
        done = None
    if done:
        messages.success(request, f"{done.what}: {State(done.state).label.lower()} again.")
    elif form.errors:
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
    return render(request, "components/messages.html") if is_part(request) else onward(request, one)
