"""Cycles; and closing objectives at their end, with grades, lessons and what is carried over."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.queries import me
from okrs import actions
from okrs.forms.goals import CarryForm, CloseForm, CycleForm
from okrs.models import Cycle, Objective
from okrs.queries import pages
from okrs.rules import may_change, place_of
from okrs.views import objectives
from portfolio.rules import WORDS, can


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Every cycle with its objectives' mean score."""
    user = me(request)
    rows = pages.cycle_rows(user, timezone.localdate())
    running = [row for row in rows if row.state == "running"]
    context = {"rows": rows, "running": running, "may_manage": can(user, "manage_objectives")}
    return render(request, "okrs/cycles.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not can(user, "manage_objectives"):
        raise PermissionDenied(WORDS["manage_objectives"])
    form = CycleForm(request.POST or None, initial=CycleForm.following())
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.create_cycle(actor=user, **form.cleaned_data))
        if made:
            messages.success(request, f"{made.name} was made. Now set its objectives.")
            return redirect(f"{reverse('objectives')}?cycle={made.slug}")
    return render(request, "okrs/cycle.html", {"form": form})


def find(slug: str) -> Cycle:
    """Cycles are of the whole portal: everybody who is logged in may know their names."""
    return get_object_or_404(Cycle, slug=slug)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, slug: str) -> HttpResponse:
    user, cycle = me(request), find(slug)
    if not can(user, "manage_objectives"):
        raise PermissionDenied(WORDS["manage_objectives"])
    names = ("name", "kind", "starts_on", "ends_on")
    form = CycleForm(request.POST or None, initial={name: getattr(cycle, name) for name in names})
    if request.method == "POST" and form.is_valid():
        saved = form.attempt(lambda: actions.change_cycle(actor=user, cycle=cycle, **form.cleaned_data))
        if saved:
            messages.success(request, f"{saved.name} was saved.")
            return redirect("cycles")
    return render(request, "okrs/cycle.html", {"form": form, "cycle": cycle})


@require_GET
def closing(request: HttpRequest, slug: str) -> HttpResponse:
    """The objectives of a cycle by the place that set them: scores, grades, lessons; what is still open."""
    cycle, user = find(slug), me(request)
    found = pages.objectives_of(user, cycle, "", None, "")
    rows = pages.rows_of(found, timezone.localdate())
    context = {
        "cycle": cycle,
        "sets": pages.sets(rows),
        "left": sum(not row.standing.is_closed for row in rows),
        "total": len(rows),
        "mine": {row.objective.pk for row in rows if may_change(user, row.objective)},
        "may_manage": can(user, "manage_objectives"),
        "is_over": timezone.localdate() > cycle.ends_on,
    }
    return render(request, "okrs/closing.html", context)


@require_POST
def close(request: HttpRequest, slug: str) -> HttpResponse:
    cycle = find(slug)
    try:
        actions.close_cycle(actor=me(request), cycle=cycle)
        messages.success(request, f"{cycle.name} is closed.", reverse("cycle-reopen", args=[slug]))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("cycle-closing", slug)


@require_POST
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    cycle = actions.reopen_cycle(actor=me(request), cycle=find(slug))
    messages.success(request, f"{cycle.name} is open again.")
    return redirect("cycle-closing", slug)


def _may_close(request: HttpRequest, objective_id: int) -> tuple[Objective, User]:
    one, user = objectives.find(request, objective_id), me(request)
    if not may_change(user, one):
        raise PermissionDenied(WORDS["manage_objectives"])
    return one, user


@require_http_methods(["GET", "POST"])
def close_objective(request: HttpRequest, objective_id: int) -> HttpResponse:
    """Close an objective with grade and lessons, and carry it over in the same step where that is wanted."""
    one, user = _may_close(request, objective_id)
    data = request.POST if request.method == "POST" else None
    form = CloseForm(data, initial={"grade": one.grade, "lessons": one.lessons})
    may_carry = can(user, "manage_objectives", place_of(one))
    carry = CarryForm(data if "carry" in request.POST else None, objective=one, offered=actions.offered(one))
    is_valid = data is not None and form.is_valid() and (carry.is_valid() or "carry" not in data)
    if is_valid and _closed(request, one, form, carry if "carry" in request.POST else None):
        return redirect("objective", one.pk)
    (row,) = pages.rows_of([one], timezone.localdate())
    context: dict[str, Any] = {"one": one, "row": row, "form": form, "carry": carry, "may_carry": may_carry}
    return render(request, "okrs/objective_close.html", context | {"wants_carry": "carry" in request.POST})


def _closed(request: HttpRequest, one: Objective, form: CloseForm, carry: CarryForm | None) -> bool:
    """Whether both were done: what is refused is said at its form, and neither is done."""
    user = me(request)
    with transaction.atomic():
        if not form.accepts(lambda: actions.close_objective(actor=user, objective=one, **form.cleaned_data)):
            return False
        if carry is not None:
            into, baselines = carry.cleaned_data["cycle"], carry.baselines
            made = carry.attempt(lambda: actions.carry_over(actor=user, objective=one, cycle=into, baselines=baselines))
            if made is None:
                transaction.set_rollback(True)
                return False
            messages.success(request, f"“{made.name}” goes on in {made.cycle.name}.")
    messages.success(request, f"“{one.name}” is closed.", reverse("objective-reopen", args=[one.pk]))
    return True


@require_http_methods(["GET", "POST"])
def carry(request: HttpRequest, objective_id: int) -> HttpResponse:
    """Carry an objective over into another cycle; it keeps the link."""
    one, user = objectives.find(request, objective_id), me(request)
    if not can(user, "manage_objectives", place_of(one)):
        raise PermissionDenied(WORDS["manage_objectives"])
    form = CarryForm(request.POST or None, objective=one, offered=actions.offered(one))
    if request.method == "POST" and form.is_valid():
        into, baselines = form.cleaned_data["cycle"], form.baselines
        made = form.attempt(lambda: actions.carry_over(actor=user, objective=one, cycle=into, baselines=baselines))
        if made:
            messages.success(request, f"“{made.name}” goes on in {made.cycle.name}.")
            return redirect("objective", made.pk)
    return render(request, "okrs/objective_carry.html", {"one": one, "carry": form})


@require_POST
def reopen_objective(request: HttpRequest, objective_id: int) -> HttpResponse:
    one = objectives.find(request, objective_id)
    try:
        actions.reopen_objective(actor=me(request), objective=one)
        messages.success(request, f"“{one.name}” goes on.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("objective", one.pk)
