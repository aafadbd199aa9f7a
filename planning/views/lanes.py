"""Rows that are no team's: added, called otherwise, taken off the board; and the order of all rows."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from planning.actions.lanes import add_lane, order_lanes, remove_lane, rename_lane
from planning.forms.lanes import LaneForm
from planning.forms.looking import OrderForm
from planning.models import Increment
from planning.queries.rows import order_of
from planning.rules import PARTICIPANTS, may_manage, reach, require_manage
from planning.views.cards import refused
from planning.views.finding import back, find_increment, find_lane, version_of
from portfolio.actions.writing import Conflict


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """A new row for somebody outside the train, or for the milestones."""
    increment = find_increment(request, slug)
    if not reach(me(request), increment).takes_part:
        raise PermissionDenied(PARTICIPANTS)
    form = LaneForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return _ask(request, increment, form)
    made = form.attempt(lambda: add_lane(actor=me(request), increment=increment, **form.cleaned_data))
    return _done(request, increment, f"The board has a row {made}.") if made else _ask(request, increment, form)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, lane_id: int) -> HttpResponse:
    """Another name. 409: somebody was faster; what was typed stays."""
    lane = find_lane(request, lane_id)
    if not reach(me(request), lane.increment).may(lane.pk):
        raise PermissionDenied(PARTICIPANTS)
    form = LaneForm(request.POST or None, lane=lane)
    if request.method == "GET" or not form.is_valid():
        return _ask(request, lane.increment, form)
    try:
        named = form.attempt(lambda: rename_lane(actor=me(request), lane=lane, **form.cleaned_data))
    except Conflict as conflict:
        return _ask(request, lane.increment, form.renewed(find_lane(request, lane_id)), conflict)
    return _done(request, lane.increment, f"The row is {named} now.") if named else _ask(request, lane.increment, form)


@require_POST
def remove(request: HttpRequest, lane_id: int) -> HttpResponse:
    """Take a row off the board; refused, with the count, while cards stand in it."""
    lane = find_lane(request, lane_id)
    try:
        remove_lane(actor=me(request), lane=lane, version=version_of(request))
    except ValidationError as error:
        return refused(request, lane.increment, " ".join(error.messages))
    except Conflict as conflict:
        form = LaneForm({"name": lane.name}, lane=find_lane(request, lane_id))
        return _ask(request, lane.increment, form, conflict)
    return _done(request, lane.increment, f"The row {lane} was removed.")


@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, slug: str) -> HttpResponse:
    """In which order the rows stand for everybody; `?own=1` begins with the reader's. 409: somebody was faster."""
    increment, user = find_increment(request, slug), me(request)
    if request.method == "POST":
        require_manage(user, increment.train)
    shown = order_of(increment, user)
    form = OrderForm(request.POST or None, rows=shown.rows, wanted=shown.own if "own" in request.GET else ())
    if request.method == "GET" or not form.is_valid():
        return _ask_order(request, increment, form)
    try:
        done = form.attempt(lambda: order_lanes(actor=user, increment=increment, **form.said))
    except Conflict as conflict:
        return _ask_order(request, increment, form.renewed(order_of(increment, user).rows), conflict)
    said = "The rows stand in this order now, for everybody who has none of their own."
    return _done(request, increment, said) if done else _ask_order(request, increment, form)


def _ask_order(
    request: HttpRequest, increment: Increment, form: OrderForm, conflict: Conflict | None = None
) -> HttpResponse:
    user = me(request)
    context: dict[str, Any] = {"form": form, "increment": increment, "conflict": conflict, "next": back(request)}
    context["order"] = order_of(increment, user)
    context["may_manage"] = increment.is_open and may_manage(user, increment.train)
    return render(request, "planning/row_order.html", context, status=409 if conflict else 400 if form.errors else 200)


def _ask(request: HttpRequest, increment: Increment, form: LaneForm, conflict: Conflict | None = None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "lane": form.lane, "increment": increment, "conflict": conflict}
    status = 409 if conflict else 400 if form.errors else 200
    return render(request, "planning/row.html", context | {"next": back(request)}, status=status)


def _done(request: HttpRequest, increment: Increment, text: str) -> HttpResponse:
    """Say it, with the way back: the last line of the log is this one, or somebody's after it."""
    event = increment.events.filter(actor=me(request)).order_by("-number").first()
    undo = reverse("plan-undo", args=[increment.slug, event.number]) if event else ""
    messages.success(request, text, extra_tags=undo)
    return redirect(back(request) or reverse("board", args=[increment.slug]))
