"""The portfolio Kanban, and moving an initiative on it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods

from accounts.queries import me
from core.templatetags.ui import Choice, Entry
from portfolio import actions, forms, queries
from portfolio.models import Initiative, Stage
from portfolio.rules import can, can_somewhere, require
from portfolio.views import initiatives


def is_part(request: HttpRequest) -> bool:
    """Whether a script asks, for a part of the page."""
    return "board" in (request.GET.get("part"), request.POST.get("part"))


def pickers(view: forms.View, board: queries.Board) -> dict[str, Any]:
    """What the pickers of the page's head offer."""
    streams = [Choice(s.name, {"stream": s.slug}, current=s == view.stream) for s in board.streams]
    themes = [Choice(t.name, {"theme": t.slug}, current=t == view.theme) for t in board.themes]
    return {
        "stream_choices": [Choice("All value streams", {"stream": None}, current=not view.stream), *streams],
        "theme_choices": [Choice("All themes", {"theme": None}, current=not view.theme), *themes] if themes else [],
        "day_choices": [Choice("Now", {"as_of": None}, current=not view.is_past)],
        "day_fields": [Entry("as_of", "End of the day", view.as_of.isoformat() if view.as_of else "")],
    }


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """`?stream=`, `?theme=`, `?as_of=`; a script asks for `?part=board`, the columns alone."""
    user = me(request)
    view = forms.view_of(request.GET, user, timezone.now())
    shown = queries.portfolio_board(user, view.at, is_past=view.is_past, stream=view.stream, theme=view.theme)
    context = {
        "view": view,
        "board": shown,
        "topic": actions.BOARD,
        "may_add": can_somewhere(user, "manage_work") and not view.is_past,
        "may_steer": can_somewhere(user, "manage_portfolio"),
    }
    name = "portfolio/board_body.html" if is_part(request) else "portfolio/board.html"
    return render(request, name, context | pickers(view, shown))


@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, slug: str) -> HttpResponse:
    """A form of the stages; posted (an undo says it in the address), the move. 409: somebody was faster."""
    initiative, user = initiatives.find(request, slug), me(request)
    require(user, "manage_portfolio", initiative.stream)
    if request.method == "GET":
        return _ask(request, forms.StageForm(initiative=initiative))
    form = forms.StageForm({**request.GET.dict(), **request.POST.dict()}, initiative=initiative)
    if not form.is_valid():
        return _ask(request, form)
    try:
        moved = form.attempt(lambda: actions.move_initiative(actor=user, initiative=initiative, **form.cleaned_data))
    except actions.Conflict as conflict:
        now = initiatives.find(request, slug)
        return _ask(request, form.renewed(now), conflict)
    return _moved(request, initiative, moved) if moved else _ask(request, form)


def _ask(request: HttpRequest, form: forms.StageForm, conflict: actions.Conflict | None = None) -> HttpResponse:
    initiative, user = form.initiative, me(request)
    back = _next(request)
    context = {
        "form": form,
        "initiative": initiative,
        "conflict": conflict,
        "rooms": queries.rooms(initiative),
        "next": back,
        "is_part": is_part(request),
        "sees_money": can(user, "see_money", initiative.stream),
    }
    if not is_part(request):
        return render(request, "portfolio/move.html", context, status=409 if conflict else 200)
    status = 409 if conflict else 400 if form.errors else 200
    return render(request, "portfolio/move_form.html", context, status=status)


def _moved(request: HttpRequest, before: Initiative, moved: Initiative) -> HttpResponse:
    """Say it, with the way back."""
    if moved.stage != before.stage:
        said = f"{moved.name} moved to {Stage(moved.stage).label}."
        messages.success(request, said, extra_tags=_undo(before, moved))
    if is_part(request):
        return render(request, "components/messages.html")
    return redirect(_next(request) or reverse("initiative", args=[moved.slug]))


def _undo(before: Initiative, moved: Initiative) -> str:
    back: dict[str, object] = {"stage": before.stage, "version": moved.version, "override": "Taken back"}
    if before.stage == Stage.DONE:
        back |= {"verdict": before.verdict, "on": before.ended_on}
    return f"{reverse('initiative_move', args=[moved.slug])}?{urlencode(back)}"


def _next(request: HttpRequest) -> str:
    """The page of this portal to go back to, if one was named."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours and wanted.startswith("/") else ""
