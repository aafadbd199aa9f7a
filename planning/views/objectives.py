"""Objectives of an increment: written, valued, removed."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.queries import me
from core.exports import FORMATS, table_response
from planning.actions.objectives import (
    VALUERS,
    add_objective,
    change_objective,
    give_actual_value,
    may_value,
    plan_value,
    remove_objective,
)
from planning.forms.promises import ObjectiveForm, ValuesForm
from planning.live import topic
from planning.models import Increment, Lane, LaneKind, Objective
from planning.queries import objectives as queries
from planning.rules import PARTICIPANTS, reach
from planning.views.finding import find_increment, version_of
from planning.views.writing import after_button, ask, attempt, onward
from portfolio.forms.base import NothingForm
from portfolio.rules import WORDS


def _home(increment: Increment) -> str:
    return reverse("plan-objectives", args=[increment.slug])


def _lane(increment: Increment, said: str) -> Lane | None:
    """The team's row that an address names; None: the train."""
    if said in ("", "train"):
        return None
    number = int(said) if said.isdecimal() and len(said) < 10 else 0
    return get_object_or_404(increment.lanes.select_related("team"), pk=number, kind=LaneKind.TEAM)


@require_GET
def overview(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The objectives by team; `?format=csv` or xlsx as a table."""
    increment = find_increment(request, slug)
    if (said := request.GET.get("format")) in FORMATS:
        return table_response(said, f"{increment.slug}-objectives", queries.HEAD, queries.lines(increment))
    context = {"increment": increment, "page": queries.page_of(increment, me(request)), "topic": topic(increment)}
    return render(request, "planning/objectives.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """A new objective of a team (`?lane=`) or of the train."""
    increment = find_increment(request, slug)
    lane, mine = _lane(increment, request.GET.get("lane", "")), reach(me(request), increment)
    if not mine.takes_part:
        raise PermissionDenied(PARTICIPANTS)
    form = ObjectiveForm(request.POST or None, increment=increment, mine=mine, lane=lane)
    is_right = request.method == "POST" and form.is_valid()
    if is_right and attempt(form, lambda: add_objective(actor=me(request), increment=increment, **form.said)) is True:
        return onward(request, increment, _home(increment))
    return ask(request, "planning/objective.html", {"form": form, "increment": increment, "lane": lane})


def _find(request: HttpRequest, objective_id: int) -> Objective:
    seen = Objective.objects.filter(increment__in=Increment.objects.for_user(me(request)).order_by())
    return get_object_or_404(seen.select_related("increment__train", "lane__team"), pk=objective_id)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, objective_id: int) -> HttpResponse:
    """Change an objective and the cards it needs."""
    one = _find(request, objective_id)
    mine, conflict = reach(me(request), one.increment), None
    if not mine.may(one.lane_id):
        raise PermissionDenied(WORDS["plan"] if one.lane else PARTICIPANTS)
    form = ObjectiveForm(request.POST or None, increment=one.increment, mine=mine, objective=one)
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        done = attempt(form, lambda: change_objective(actor=me(request), objective=one, version=version, **form.said))
        if done is True:
            return onward(request, one.increment, _home(one.increment))
        if done:
            one, conflict = _find(request, objective_id), done
            data = request.POST.copy()
            data["version"] = str(one.version)
            form = ObjectiveForm(data, increment=one.increment, mine=mine, objective=one)
    context = {"form": form, "increment": one.increment, "one": one, "lane": one.lane}
    return ask(request, "planning/objective.html", context, conflict)


@require_POST
def remove(request: HttpRequest, objective_id: int) -> HttpResponse:
    """Take an objective off the plan; Undo brings it back."""
    one, form = _find(request, objective_id), NothingForm()
    done = attempt(form, lambda: remove_objective(actor=me(request), objective=one, version=version_of(request)))
    return after_button(request, one.increment, _home(one.increment), form, done)


@require_http_methods(["GET", "POST"])
def values(request: HttpRequest, slug: str) -> HttpResponse:
    """Business values of a team's objectives (`?lane=`, "train"), all in one form; `?kind=actual`: the actual ones."""
    increment = find_increment(request, slug)
    lane, is_actual = _lane(increment, request.GET.get("lane", "")), request.GET.get("kind") == "actual"
    if not may_value(me(request), increment, lane) or not reach(me(request), increment).may(lane.pk if lane else None):
        raise PermissionDenied(VALUERS)
    ones = list(queries.on_plan(increment).filter(lane=lane))
    form, conflict = ValuesForm(request.POST or None, objectives=ones, is_actual=is_actual), None
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: _give(me(request), form))
        if done is True:
            messages.success(request, f"{len(form.changed)} values saved." if form.changed else "Nothing changed.")
            return redirect(f"{_home(increment)}#of-{lane.pk if lane else 'train'}")
        if done:
            conflict, form = done, form.renewed(list(queries.on_plan(increment).filter(lane=lane)))
    context: dict[str, Any] = {"form": form, "increment": increment, "lane": lane, "is_actual": is_actual}
    return ask(request, "planning/objective_values.html", context, conflict)


@transaction.atomic
def _give(user: User, form: ValuesForm) -> None:
    """All of them or none."""
    verb = give_actual_value if form.is_actual else plan_value
    for one, value, version in form.changed:
        verb(actor=user, objective=one, value=value, version=version)
