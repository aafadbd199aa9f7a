"""Improvement actions: what is open, what was done, and each one's page."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.exports import FORMATS, table_response
from core.templatetags.ui import Choice, Entry
from portfolio import actions, forms, panels
from portfolio.forms.improvements import ActionForm, CloseForm, initial_of
from portfolio.models import Action, Team, ValueStream
from portfolio.panels import Panel
from portfolio.queries import Scope, ScopeNotFound, find_scope, scopes_for
from portfolio.queries import improvements as queries
from portfolio.rules import WORDS, may_change_action, may_improve

PAGE = 50


def find(request: HttpRequest, action_id: int) -> Action:
    return get_object_or_404(queries.actions_for(me(request)), pk=action_id)


def _scope(request: HttpRequest, problems: dict[str, str]) -> Scope | None:
    """`?scope=team:falcon`; what there is not is said."""
    text = request.GET.get("scope", "").strip()[:80]
    try:
        return find_scope(text, me(request)) if text else None
    except ScopeNotFound as error:
        problems["scope"] = str(error)
        return None


def _pickers(request: HttpRequest, view: forms.View, scope: Scope | None) -> dict[str, Any]:
    places = [
        Choice(one.name, {"scope": one.text}, current=one == scope, depth=int(one.kind == "team"))
        for one in scopes_for(me(request))
        if one.kind != "portfolio"
    ]
    return {
        "places": [Choice("Everywhere", {"scope": None}, current=scope is None), *places],
        "days": [Choice("Now", {"as_of": None}, current=not view.is_past)],
        "day_fields": [Entry("as_of", "End of the day", view.as_of.isoformat() if view.as_of else "")],
    }


@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    """`?scope=`, `?mine=1`, `?as_of=`; `?format=csv` (or xlsx) is all of it as a file."""
    user, view = me(request), forms.view_of(request.GET, me(request), timezone.now())
    scope = _scope(request, view.problems)
    rows = queries.of_scope(queries.actions_for(user), scope)
    if request.GET.get("mine") == "1":
        rows = rows.filter(owner=user)
    if (wanted := request.GET.get("format", "")) in FORMATS:
        there = rows.filter(made_at__lte=view.at).order_by("-made_at", "-pk")
        lines = (queries.as_row(row, view.at) for row in there.iterator(500))
        return table_response(wanted, "improvement-actions", queries.HEAD, lines)
    running = queries.open_actions(rows, view.at)
    page = Paginator(queries.closed_actions(rows, view.at), PAGE).get_page(request.GET.get("page"))
    marks = panels.marks("action", [one.action.pk for one in running] + [row.pk for row in page], user, view.at)
    context = {
        "view": view,
        "scope": scope,
        "open": [(one, marks[one.action.pk]) for one in running],
        "late": sum(one.is_late for one in running),
        "page": page,
        "closed": [(row, marks[row.pk]) for row in page],
        "may_add": not view.is_past and ActionForm(user=user).is_possible,
        "is_mine": request.GET.get("mine") == "1",
    }
    return render(request, "portfolio/improvements.html", context | _pickers(request, view, scope))


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Agree on an action: `?place=team:5` is chosen already."""
    user = me(request)
    form = ActionForm(request.POST or None, user=user, initial={"place": request.GET.get("place", ""), "owner": user})
    if not form.is_possible:
        raise PermissionDenied(WORDS["manage_actions"])
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.create_action(actor=user, **form.said))
        if made:
            messages.success(request, f"“{made.name}” is agreed.")
            return redirect("improvement-action", made.pk)
    return render(request, "portfolio/improvement_new.html", {"form": form, "nav": "improvement"})


def _page(request: HttpRequest, row: Action, status: int = 200, **changed: object) -> HttpResponse:
    """The page of an action; `changed` are bound forms that replace the empty ones."""
    user = me(request)
    may = may_change_action(user, row)
    context = {
        "action": row,
        "is_late": row.closed_at is None and row.due_on is not None and row.due_on < timezone.localdate(),
        "form": ActionForm(user=user, action=row, initial=initial_of(row)) if may else None,
        "close_form": CloseForm(initial={"version": row.version}, auto_id="close-%s") if may else None,
        "panels": panels.panels("action", row.pk, request),
    }
    return render(request, "portfolio/improvement.html", context | changed, status=status)


def _conflict(request: HttpRequest, row: Action, conflict: actions.Conflict) -> HttpResponse:
    """409: what somebody else did is said, what was typed stays; saving it once more writes it over."""
    row, data = find(request, row.pk), request.POST.copy()
    data["version"] = str(row.version)
    if "place" in data:
        again = ActionForm(data, user=me(request), action=row)
        return _page(request, row, 409, conflict=conflict, form=again, is_mine_open=True)
    return _page(request, row, 409, conflict=conflict, close_form=CloseForm(data, auto_id="close-%s"))


@require_http_methods(["GET", "POST"])
def action(request: HttpRequest, action_id: int) -> HttpResponse:
    """What it is and how it ended; posted, it is changed."""
    row, user = find(request, action_id), me(request)
    if request.method == "GET":
        return _page(request, row)
    if not may_change_action(user, row):
        raise PermissionDenied(WORDS["manage_actions"])
    form = ActionForm(request.POST, user=user, action=row)
    if form.is_valid():
        try:
            made = form.attempt(lambda: actions.change_action(actor=user, action=row, **form.said))
        except actions.Conflict as conflict:
            return _conflict(request, row, conflict)
        if made:
            messages.success(request, f"“{made.name}” was saved.")
            return redirect("improvement-action", row.pk)
    return _page(request, row, form=form, is_mine_open=True)


@require_POST
def close(request: HttpRequest, action_id: int) -> HttpResponse:
    """It is done or dropped; the message offers to undo it."""
    row, form = find(request, action_id), CloseForm(request.POST, auto_id="close-%s")
    if form.is_valid():
        try:
            made = form.attempt(lambda: actions.close_action(actor=me(request), action=row, **form.cleaned_data))
        except actions.Conflict as conflict:
            return _conflict(request, row, conflict)
        if made:
            messages.success(
                request,
                f"“{made.name}” is {made.get_state_display().lower()}.",
                reverse("improvement-reopen", args=[row.pk]),
            )
            return redirect("improvement")
    return _page(request, row, close_form=form)


@require_POST
def reopen(request: HttpRequest, action_id: int) -> HttpResponse:
    """Undo of closing it."""
    row = actions.reopen_action(actor=me(request), action=find(request, action_id))
    messages.success(request, f"“{row.name}” goes on.")
    return redirect("improvement-action", row.pk)


def _panel(request: HttpRequest, place: Team | ValueStream) -> Panel | None:
    """The open actions of a place, for its page; nothing where there are none and the reader may make none."""
    user, kind = me(request), "team" if isinstance(place, Team) else "stream"
    running = queries.open_actions(queries.actions_for(user).filter(**{kind: place}), timezone.now())
    may = may_improve(user, place)
    if not running and not may:
        return None
    new = f"{reverse('improvement-new')}?place={kind}:{place.pk}" if may else ""
    everything = f"{reverse('improvement')}?scope={kind}:{place.slug}"
    return Panel("portfolio/improvements_panel.html", {"rows": running, "new": new, "all": everything})


def team_panel(pk: int, request: HttpRequest) -> Panel | None:
    """The improvement actions of a team."""
    return _panel(request, Team.objects.select_related("stream").get(pk=pk))


def stream_panel(pk: int, request: HttpRequest) -> Panel | None:
    """Those of a value stream itself."""
    return _panel(request, ValueStream.objects.get(pk=pk))
