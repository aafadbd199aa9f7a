"""Risks of an increment on a board of answers (ROAM): raised, answered, changed, removed."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.exports import FORMATS, table_response
from core.templatetags.ui import Choice
from planning.actions.risks import add_risk, answer_risk, change_risk, remove_risk
from planning.forms.promises import RiskForm, RoamForm
from planning.live import topic
from planning.models import Card, Increment, Lane, Risk, Roam
from planning.queries import risks as queries
from planning.queries.risks import COLUMNS, RiskBoard
from planning.rules import PARTICIPANTS, reach
from planning.views.finding import back, find_increment, version_of
from planning.views.writing import after_button, ask, attempt, onward
from portfolio.forms.base import NothingForm
from portfolio.rules import WORDS


def _home(increment: Increment) -> str:
    return reverse("plan-risks", args=[increment.slug])


def _lane(increment: Increment, said: str) -> Lane | None:
    number = int(said) if said.isdecimal() and len(said) < 10 else 0
    return increment.lanes.filter(pk=number).first() if number else None


def _is_part(request: HttpRequest) -> bool:
    """Whether the board's script asks, for a part of a page."""
    return "board" in (request.GET.get("part"), request.POST.get("part"))


@require_GET
def overview(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The risks by answer, of one row with `?lane=`; `?part=board` the columns alone; `?format=csv` as a table."""
    increment = find_increment(request, slug)
    if (said := request.GET.get("format")) in FORMATS:
        return table_response(said, f"{increment.slug}-risks", queries.HEAD, queries.lines(increment))
    lane = _lane(increment, request.GET.get("lane", ""))
    board = queries.board_of(increment, me(request), timezone.localdate(), lane)
    context = {"increment": increment, "board": board, "topic": topic(increment), "rows": _choices(board)}
    return render(request, "planning/risk_board.html" if _is_part(request) else "planning/risks.html", context)


def _choices(board: RiskBoard) -> list[Choice]:
    rows = [Choice(one.name, {"lane": str(one.pk)}, current=one == board.lane) for one in board.lanes]
    return [Choice("All rows", {"lane": None}, current=board.lane is None), *rows]


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """A new risk; `?lane=` and `?card=` say of what."""
    increment = find_increment(request, slug)
    mine = reach(me(request), increment)
    if not mine.takes_part:
        raise PermissionDenied(PARTICIPANTS)
    said = request.GET.get("card", "")
    number = int(said) if said.isdecimal() and len(said) < 19 else 0
    card = Card.objects.filter(pk=number, increment=increment).select_related("lane").first() if number else None
    lane = _lane(increment, request.GET.get("lane", "")) or (card.lane if card else None)
    form = RiskForm(request.POST or None, increment=increment, mine=mine, lane=lane, card=card)
    is_right = request.method == "POST" and form.is_valid()
    if is_right and attempt(form, lambda: add_risk(actor=me(request), increment=increment, **form.said)) is True:
        return onward(request, increment, _home(increment))
    return ask(request, "planning/risk.html", {"form": form, "increment": increment})


def _find(request: HttpRequest, risk_id: int) -> Risk:
    seen = Risk.objects.filter(increment__in=Increment.objects.for_user(me(request)).order_by())
    return get_object_or_404(seen.select_related("increment__train", "lane", "card"), pk=risk_id)


def _require(request: HttpRequest, one: Risk) -> None:
    if not reach(me(request), one.increment).may(one.lane_id):
        raise PermissionDenied(WORDS["plan"] if one.lane else PARTICIPANTS)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, risk_id: int) -> HttpResponse:
    """Change a risk and its answer."""
    one, conflict = _find(request, risk_id), None
    _require(request, one)
    mine = reach(me(request), one.increment)
    form = RiskForm(request.POST or None, increment=one.increment, mine=mine, risk=one)
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        done = attempt(form, lambda: change_risk(actor=me(request), risk=one, version=version, **form.said))
        if done is True:
            return onward(request, one.increment, _home(one.increment))
        if done:
            one, conflict, data = _find(request, risk_id), done, request.POST.copy()
            data["version"] = str(one.version)
            form = RiskForm(data, increment=one.increment, mine=mine, risk=one)
    context = {"form": form, "increment": one.increment, "one": one}
    return ask(request, "planning/risk.html", context, conflict)


@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, risk_id: int) -> HttpResponse:
    """A form of the answers (`?to=` of one); posted (an undo says it in the address), the answer."""
    one = _find(request, risk_id)
    _require(request, one)
    if request.method == "GET":
        return _ask(request, RoamForm(risk=one, to=request.GET.get("to")))
    said = {**request.GET.dict(), **request.POST.dict()}
    if "undo" in request.GET:
        said |= {"owner_name": one.owner_name, "due_on": str(one.due_on or ""), "plan": one.plan}
    form = RoamForm(said, risk=one)
    if form.asks:
        # On the version that the writer saw: who was faster is told when the answer comes.
        asked = RoamForm(risk=one, to=said["roam"], version=said["version"][:10])
        return _ask(request, asked, status=400 if _is_part(request) else 200)
    if not form.is_valid():
        return _ask(request, form)
    done = attempt(form, lambda: answer_risk(actor=me(request), risk=one, **form.said))
    if done is True:
        return _moved(request, one, Risk.objects.get(pk=one.pk))
    return _ask(request, form.renewed(_find(request, risk_id)) if done else form, conflict=done or None)


def _ask(request: HttpRequest, form: RoamForm, status: int | None = None, conflict: Any = None) -> HttpResponse:
    one, is_part = form.risk, _is_part(request)
    context: dict[str, Any] = {"form": form, "one": one, "increment": one.increment, "columns": COLUMNS.items()}
    context |= {"conflict": conflict, "is_part": is_part, "next": back(request)}
    status = status or (409 if conflict else 400 if form.errors else 200)
    return render(
        request, "planning/risk_move_form.html" if is_part else "planning/risk_move.html", context, status=status
    )


def _moved(request: HttpRequest, before: Risk, now: Risk) -> HttpResponse:
    """Say it, with the way back: what was said for the earlier answer is kept."""
    names = {roam: key for key, roam in COLUMNS.items()}
    query = urlencode({"undo": 1, "roam": names[Roam(before.roam)], "version": now.version})
    undo = f"{reverse('plan-risk-move', args=[now.pk])}?{query}"
    messages.success(request, f"{now.text}: {Roam(now.roam).label.lower()}.", extra_tags=undo)
    if _is_part(request):
        return render(request, "components/messages.html")
    return redirect(back(request) or _home(now.increment))


@require_POST
def remove(request: HttpRequest, risk_id: int) -> HttpResponse:
    """Take a risk off the plan; Undo brings it back."""
    one, form = _find(request, risk_id), NothingForm()
    done = attempt(form, lambda: remove_risk(actor=me(request), risk=one, version=version_of(request)))
    return after_button(request, one.increment, _home(one.increment), form, done)
