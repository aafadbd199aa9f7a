"""Scoring sessions: one part at a time, hidden until it is revealed, live in every browser."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from portfolio import actions
from portfolio.forms.scoring import ScoreForm, SessionForm
from portfolio.models import SCORES, Initiative, ScoringSession
from portfolio.queries.scoring import round_of, sessions_for
from portfolio.rules import WORDS, can_somewhere
from portfolio.views.wsjf import stream_of


def _find(request: HttpRequest, session_id: int) -> ScoringSession:
    return get_object_or_404(sessions_for(me(request)), pk=session_id)


def _page(request: HttpRequest, session: ScoringSession, problem: str = "", **more: object) -> HttpResponse:
    """The session as it is; a script gets the part that changes alone."""
    context = {"round": round_of(session, me(request)), "scores": SCORES, "problem": problem, "nav": "portfolio"}
    part = request.headers.get("HX-Target") == "round"
    name = "portfolio/wsjf/round.html" if part else "portfolio/wsjf/session.html"
    return render(request, name, context | {"session": session} | more)


def _done(request: HttpRequest, session: ScoringSession, deed: Callable[[], object]) -> HttpResponse:
    """Do it and show the session as it is then, with what was refused in words."""
    problem = ""
    try:
        deed()
    except ValidationError as error:
        problem = " ".join(error.messages)
    if not problem and not request.headers.get("HX-Request"):
        return redirect("wsjf-session", session.pk)
    return _page(request, _find(request, session.pk), problem)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """?stream=…: a session over initiatives of a value stream, or of several."""
    user, stream = me(request), stream_of(request)
    if not can_somewhere(user, "manage_portfolio"):
        raise PermissionDenied(WORDS["manage_portfolio"])
    form = SessionForm(request.POST or None, user=user, stream=stream)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.open_session(actor=user, **form.cleaned_data))
        if made:
            return redirect("wsjf-session", made.pk)
    return render(request, "portfolio/wsjf/new.html", {"form": form, "stream": stream, "nav": "portfolio"})


@require_GET
def session(request: HttpRequest, session_id: int) -> HttpResponse:
    return _page(request, _find(request, session_id))


def _given(request: HttpRequest, found: ScoringSession) -> tuple[dict[str, Any], Initiative]:
    """The score that was sent and what it is for; buttons send nothing else, so anything else is not found."""
    form = ScoreForm(request.POST)
    if not form.is_valid():
        raise Http404
    given = form.cleaned_data
    return given, get_object_or_404(found.initiatives, pk=given["initiative"])


@require_POST
def estimate(request: HttpRequest, session_id: int) -> HttpResponse:
    """One's own score of an initiative."""
    found = _find(request, session_id)
    given, thing = _given(request, found)
    fields = {"initiative": thing, "part": given["part"], "score": given["score"]}
    return _done(request, found, lambda: actions.estimate(actor=me(request), session=found, **fields))


@require_POST
def agree(request: HttpRequest, session_id: int) -> HttpResponse:
    """The score all settle on. Where somebody settled on another one since, both are shown and one click applies it."""
    found = _find(request, session_id)
    given, thing = _given(request, found)
    fields = {"initiative": thing, "part": given["part"], "score": given["score"], "version": given["version"]}
    try:
        return _done(request, found, lambda: actions.agree(actor=me(request), session=found, **fields))
    except actions.Conflict as error:
        conflict = {"initiative": thing, "mine": given["score"], "part": given["part"], "error": error}
        return _page(request, _find(request, session_id), conflict=conflict)


@require_POST
def reveal(request: HttpRequest, session_id: int) -> HttpResponse:
    """Show everybody's estimates, or (hide=1) hide them again."""
    found, is_revealed = _find(request, session_id), request.POST.get("hide") != "1"
    return _done(request, found, lambda: actions.reveal(actor=me(request), session=found, is_revealed=is_revealed))


@require_POST
def part(request: HttpRequest, session_id: int) -> HttpResponse:
    """Go on to another part."""
    found, wanted = _find(request, session_id), request.POST.get("part", "")
    return _done(request, found, lambda: actions.score_part(actor=me(request), session=found, part=wanted))


@require_POST
def close(request: HttpRequest, session_id: int) -> HttpResponse:
    """End the session; with write=1 what was agreed on goes to the initiatives."""
    found, write = _find(request, session_id), request.POST.get("write") == "1"
    try:
        changed = actions.close_session(actor=me(request), session=found, write=write)
    except ValidationError as error:
        return _page(request, _find(request, session_id), " ".join(error.messages))
    words = (
        f"{len(changed)} initiative{'' if len(changed) == 1 else 's'} got new scores." if write else "No score changed."
    )
    messages.success(request, f"{found.name} is closed. {words}")
    return redirect("wsjf")
