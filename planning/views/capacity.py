"""Capacity: every team and iteration, one team with its people, what was agreed by hand, many absences at once."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.exports import FORMATS, table_response
from planning.actions.capacities import clear_capacity, set_capacity
from planning.actions.people import (
    add_absence,
    add_absences,
    add_seat,
    change_seat,
    fill_seats,
    remove_absence,
    remove_seat,
)
from planning.forms.people import AbsenceForm, CapacityForm, PasteForm, SeatForm
from planning.live import topic
from planning.models import Absence, Increment, Iteration, Lane, LaneKind, Seat
from planning.queries import people as queries
from planning.rules import PARTICIPANTS, reach
from planning.views.finding import find_increment, find_lane, version_of
from planning.views.writing import after_button, ask, attempt, onward
from portfolio.forms.base import NothingForm
from portfolio.rules import WORDS


def _team_lane(request: HttpRequest, lane_id: int) -> Lane:
    """A row of a team; 404 for other rows: they have no capacity."""
    lane = find_lane(request, lane_id)
    return get_object_or_404(Lane.objects.select_related("increment__train", "team"), pk=lane.pk, kind=LaneKind.TEAM)


def _require(request: HttpRequest, lane: Lane) -> None:
    """Forms are for those who may post them."""
    if not reach(me(request), lane.increment).may(lane.pk):
        raise PermissionDenied(WORDS["plan"])


def _home(lane: Lane) -> str:
    return reverse("plan-lane-capacity", args=[lane.pk])


@require_GET
def overview(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Load and capacity of every team in every iteration; `?format=csv` or xlsx as a table."""
    increment = find_increment(request, slug)
    if (said := request.GET.get("format")) in FORMATS:
        return table_response(said, f"{increment.slug}-capacity", queries.HEAD, queries.lines(increment))
    context = {"increment": increment, "page": queries.matrix_of(increment, me(request)), "topic": topic(increment)}
    return render(request, "planning/capacity.html", context)


def _show(request: HttpRequest, lane: Lane, **bound: Any) -> HttpResponse:
    """A team's page; forms in `bound` replace the empty ones."""
    status = 400 if any(form.errors for form in bound.values()) else 200
    context: dict[str, Any] = {
        "increment": lane.increment,
        "lane": lane,
        "page": queries.team_page(lane, me(request)),
        "topic": topic(lane.increment),
        "seat_form": SeatForm(),
        "absence_form": AbsenceForm(lane=lane),
    }
    return render(request, "planning/lane_capacity.html", context | bound, status=status)


@require_GET
def team(request: HttpRequest, lane_id: int) -> HttpResponse:
    """A team's iterations with how each capacity came about, its people and when they are away."""
    return _show(request, _team_lane(request, lane_id))


@require_POST
def add_person(request: HttpRequest, lane_id: int) -> HttpResponse:
    """One more person of a team."""
    lane, form = _team_lane(request, lane_id), SeatForm(request.POST)
    _require(request, lane)
    if form.is_valid() and attempt(form, lambda: add_seat(actor=me(request), lane=lane, **form.said)) is True:
        return onward(request, lane.increment, _home(lane))
    return _show(request, lane, seat_form=form)


@require_POST
def add_away(request: HttpRequest, lane_id: int) -> HttpResponse:
    """Days on which somebody of a team is away."""
    lane = _team_lane(request, lane_id)
    _require(request, lane)
    form = AbsenceForm(request.POST, lane=lane)
    if form.is_valid() and attempt(form, lambda: add_absence(actor=me(request), **form.cleaned_data)) is True:
        return onward(request, lane.increment, _home(lane))
    return _show(request, lane, absence_form=form)


def _seat(request: HttpRequest, seat_id: int) -> Seat:
    seen = Seat.objects.filter(lane__increment__in=Increment.objects.for_user(me(request)).order_by())
    return get_object_or_404(seen.select_related("lane__increment__train", "lane__team"), pk=seat_id)


@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, seat_id: int) -> HttpResponse:
    """Change a person's name, share, and whether they make capacity."""
    seat = _seat(request, seat_id)
    _require(request, seat.lane)
    form, conflict = SeatForm(request.POST or None, seat=seat), None
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        done = attempt(form, lambda: change_seat(actor=me(request), seat=seat, version=version, **form.said))
        if done is True:
            return onward(request, seat.lane.increment, _home(seat.lane))
        if done:
            conflict, form = done, form.renewed(_seat(request, seat_id))
    context = {"form": form, "increment": seat.lane.increment, "lane": seat.lane, "seat": seat}
    return ask(request, "planning/seat.html", context, conflict)


@require_POST
def drop_person(request: HttpRequest, seat_id: int) -> HttpResponse:
    """Take a person off the list, with their absences."""
    seat, form = _seat(request, seat_id), NothingForm()
    done = attempt(form, lambda: remove_seat(actor=me(request), seat=seat, version=version_of(request)))
    return after_button(request, seat.lane.increment, _home(seat.lane), form, done)


@require_POST
def drop_away(request: HttpRequest, absence_id: int) -> HttpResponse:
    """They are there after all."""
    seen = Absence.objects.filter(seat__lane__increment__in=Increment.objects.for_user(me(request)).order_by())
    absence = get_object_or_404(seen.select_related("seat__lane__increment__train"), pk=absence_id)
    form = NothingForm()
    done = attempt(form, lambda: remove_absence(actor=me(request), absence=absence, version=version_of(request)))
    lane = absence.seat.lane
    return after_button(request, lane.increment, _home(lane), form, done)


@require_POST
def fill(request: HttpRequest, slug: str) -> HttpResponse:
    """Take over the members of the teams (`?lane=`: of one row) into their lists of people."""
    increment = find_increment(request, slug)
    said = request.POST.get("lane", "")
    lanes = None
    if said:
        asked = int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0
        lanes = [get_object_or_404(increment.lanes, pk=asked, kind=LaneKind.TEAM, left_on=None)]
    if not reach(me(request), increment).takes_part:
        raise PermissionDenied(PARTICIPANTS)
    home = _home(lanes[0]) if lanes else reverse("plan-capacity", args=[increment.slug])
    try:
        came = fill_seats(actor=me(request), increment=increment, lanes=lanes)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(home)
    if came:
        return onward(request, increment, home)
    messages.info(request, "Everybody who is a member of these teams is in the list.")
    return redirect(home)


@require_http_methods(["GET", "POST"])
def by_hand(request: HttpRequest, lane_id: int, iteration_id: int) -> HttpResponse:
    """Give a team's capacity in an iteration by hand, with the reason; `clear` posted: compute it again."""
    lane = _team_lane(request, lane_id)
    iteration = get_object_or_404(lane.increment.iterations, pk=iteration_id)
    _require(request, lane)
    room, conflict = queries.room_of(lane, iteration), None
    form = CapacityForm(request.POST or None, room=room, iteration=iteration)
    if request.method == "POST" and ("clear" in request.POST or form.is_valid()):
        done = attempt(form, lambda: _agree(request, lane, iteration, form))
        if done is True:
            return onward(request, lane.increment, _home(lane))
        if done:
            conflict, form = done, form.renewed(queries.room_of(lane, iteration), iteration)
    context = {"form": form, "increment": lane.increment, "lane": lane, "iteration": iteration, "room": room}
    return ask(request, "planning/capacity_by_hand.html", context, conflict)


def _agree(request: HttpRequest, lane: Lane, iteration: Iteration, form: CapacityForm) -> None:
    if "clear" in request.POST:
        clear_capacity(actor=me(request), lane=lane, iteration=iteration, version=version_of(request))
    else:
        set_capacity(actor=me(request), lane=lane, iteration=iteration, **form.cleaned_data)


@require_http_methods(["GET", "POST"])
def paste(request: HttpRequest, slug: str) -> HttpResponse:
    """Many absences at once: shown line by line first, written with `apply`."""
    increment = find_increment(request, slug)
    mine = reach(me(request), increment)
    if not mine.takes_part:
        raise PermissionDenied(PARTICIPANTS)
    seats = queries.seats_within(increment, mine)
    form = PasteForm(request.POST or None, request.FILES or None, seats=seats)
    context: dict[str, Any] = {"form": form, "increment": increment, "seats": seats}
    if request.method == "POST" and form.is_valid():
        found = form.read()
        rows = found.rows
        is_asked = "apply" in request.POST and not found.problems
        if is_asked and attempt(form, lambda: add_absences(actor=me(request), increment=increment, rows=rows)) is True:
            return onward(request, increment, reverse("plan-capacity", args=[increment.slug]))
        known = queries.known_absences(seats)
        fresh = {(seat.pk, first, last) for seat, first, last in rows} - known
        context |= {"found": found, "fresh": len(fresh), "text": form.cleaned_data["text"]}
    return ask(request, "planning/absences.html", context)
