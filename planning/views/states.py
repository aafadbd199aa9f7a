"""The steps of an increment: forth, back with a reason, its end; what changed since the commitment; looking back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.queries import me
from core.exports import FORMATS, table_response
from planning import baselines, checklists
from planning.actions import states as verbs
from planning.actions.carrying import carry_over, unfinished
from planning.forms.increments import CarryForm, CloseForm, StepForm
from planning.models import Increment, IncrementState
from planning.queries import retrospective as looking_back
from planning.views.finding import find_increment, renewed
from planning.views.increments import managed
from portfolio.actions.writing import Conflict

ORDER = list(IncrementState)


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, slug: str, to: str) -> HttpResponse:
    """To the state after or before; what stands against it is listed. Closing has a page of its own."""
    found = managed(request, slug)
    if to not in IncrementState.values or abs(ORDER.index(IncrementState(to)) - _place(found)) != 1:
        return _elsewhere(request, found)
    is_back = ORDER.index(IncrementState(to)) < _place(found)
    if to == IncrementState.CLOSED and not is_back:
        return redirect("plan-close", found.slug)
    form = StepForm(request.POST or None, increment=found, to=to, is_back=is_back)
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            if form.accepts(lambda: verbs.change_state(actor=me(request), increment=found, **form.cleaned_data)):
                return redirect("increment", found.slug)
        except Conflict as clash:
            conflict, form.data = clash, renewed(request.POST, clash)
    context = _context(found, form, conflict) | {"to": to, "is_back": is_back}
    return render(request, "planning/step.html", context, status=409 if conflict else 400 if form.errors else 200)


def _place(found: Increment) -> int:
    return ORDER.index(IncrementState(found.state))


def _elsewhere(request: HttpRequest, found: Increment) -> HttpResponse:
    """A button of a state that is over: somebody was faster."""
    messages.warning(
        request, f"{found} is in state {found.get_state_display().lower()}: look again what is to be done."
    )
    return redirect("increment", found.slug)


def _context(found: Increment, form: Any, conflict: Conflict | None) -> dict[str, Any]:
    lines = checklists.lines(found)
    return {
        "form": form,
        "increment": found,
        "conflict": conflict,
        "risks": list(checklists.undiscussed(found)),
        "open_lines": [line for rows in lines.values() for line in rows if not line.is_done],
        "nav": "planning",
    }


@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """Its end: actual business values, and where what did not land goes on."""
    found = managed(request, slug)
    if found.state != IncrementState.COMMITTED:
        return _elsewhere(request, found)
    objectives = found.objectives.filter(removed_at=None).select_related("lane")
    form = CloseForm(request.POST or None, increment=found, objectives=list(objectives))
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            if form.accepts(lambda: verbs.close(actor=me(request), increment=found, **form.said)):
                messages.success(request, f"{found} is closed.")
                return redirect("plan-retrospective", found.slug)
        except Conflict as clash:
            now = objectives.all()
            conflict, form = clash, form.renewed(find_increment(request, slug), list(now))
    context = {"form": form, "increment": found, "conflict": conflict, "nav": "planning"}
    context["left"] = unfinished(found, timezone.now())
    return render(request, "planning/close.html", context, status=409 if conflict else 400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def carry(request: HttpRequest, slug: str) -> HttpResponse:
    """Carry what did not land into another increment of the train; what went there before stays alone."""
    found, at, conflict = managed(request, slug), timezone.now(), None
    form = CarryForm(request.POST or None, increment=found)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = form.attempt(lambda: carry_over(actor=me(request), increment=found, at=at, **said))
            if made is not None:
                count = f"{len(made)} card{'' if len(made) == 1 else 's'}"
                messages.success(request, f"{count} of {found} went on to {said['into']}.")
                return redirect("board", said["into"].slug)
        except Conflict as clash:
            conflict, form.data = clash, renewed(request.POST, clash)
    context = {"form": form, "increment": found, "left": unfinished(found, at), "conflict": conflict, "nav": "planning"}
    status = 409 if conflict else 400 if form.errors else 200
    return render(request, "planning/carry.html", context, status=status)


def _baseline(request: HttpRequest, found: Increment) -> Any:
    said = request.GET.get("baseline", "")
    if said and not (said.isdecimal() and len(said) < 5):
        raise Http404("There is no such baseline.")
    kept = baselines.latest(found, int(said) if said else None)
    if said and kept is None:
        raise Http404("There is no such baseline.")
    return kept


@require_GET
def changes(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Since the commitment: moved, added, removed, what else; `?baseline=1` compares with an earlier one."""
    found = find_increment(request, slug)
    kept = _baseline(request, found)
    since = baselines.since(kept) if kept else None
    if since and (wanted := request.GET.get("format", "")) in FORMATS:
        return table_response(wanted, f"{found.slug}-changes", looking_back.HEAD, looking_back.lines_of(since))
    context = {
        "increment": found,
        "since": since,
        "finding": looking_back.changes_finding(found, since),
        "baselines": list(found.baselines.select_related("by")),
        "nav": "planning",
    }
    return render(request, "planning/changes.html", context)


@require_GET
def retrospective(request: HttpRequest, slug: str) -> HttpResponse:
    """What changed, which dependencies came late, whether chances and votes were right, what came of the objectives."""
    found = find_increment(request, slug)
    page = looking_back.page(found, _baseline(request, found), timezone.now())
    context = {"increment": found, "page": page, "finding": looking_back.finding(found, page), "nav": "planning"}
    return render(request, "planning/retrospective.html", context)
