"""Trains: all of them with their increments, each one's page, and the teams in it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from planning.actions import trains as verbs
from planning.forms.trains import SeatForm, TrainForm
from planning.models import Increment, Train, TrainTeam
from planning.queries import inbox
from planning.queries import trains as queries
from planning.rules import may_manage, require_manage
from planning.views.finding import renewed, version_of
from planning.views.writing import clash
from portfolio.actions.writing import Conflict
from portfolio.rules import WORDS


def find_train(request: HttpRequest, slug: str) -> Train:
    """A train that the reader sees; 404 for everybody else."""
    return get_object_or_404(Train.objects.for_user(me(request)), slug=slug)


def managed_train(request: HttpRequest, slug: str) -> Train:
    """A train that the reader may change; 403 for those who only see it."""
    train = find_train(request, slug)
    require_manage(me(request), train)
    return train


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """All trains with what is planned and what runs."""
    user = me(request)
    rows = queries.overview(user, timezone.localdate())
    may_add = queries.possible_teams(user).exists()
    context = {"rows": rows, "finding": queries.finding(rows), "may_add": may_add, "nav": "planning"}
    context["waiting"] = inbox.count(user)
    return render(request, "planning/trains.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a train of teams that plan together."""
    user = me(request)
    form = TrainForm(request.POST or None, user=user)
    if not queries.possible_teams(user).exists():
        raise PermissionDenied(WORDS["manage_trains"])
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: verbs.create_train(actor=user, **form.said))
        if made:
            messages.success(request, f"The train {made} was made. Its first increment comes next.")
            return redirect("train", made.slug)
    return render(request, "planning/train_form.html", {"form": form, "nav": "planning"})


def _page(request: HttpRequest, train: Train, status: int = 200, **changed: Any) -> HttpResponse:
    """The page of a train; `changed` are bound forms that replace the empty ones."""
    user, today = me(request), timezone.localdate()
    rows = queries.rows_of(Increment.objects.filter(train=train), today)
    told = queries.predicted(row.increment for row in rows if not row.increment.is_open)
    may = may_manage(user, train)
    context = {
        "train": train,
        "rows": [(row, told.get(row.increment.pk)) for row in rows],
        "told": list(told.values()),
        "seats": queries.seats(train),
        "today": today,
        "may_manage": may,
        "seat_form": SeatForm(user=user, train=train) if may else None,
        "nav": "planning",
    }
    return render(request, "planning/train.html", context | changed, status=status)


@require_GET
def train(request: HttpRequest, slug: str) -> HttpResponse:
    """Its teams with their days, its increments and how predictable they were."""
    return _page(request, find_train(request, slug))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Its name and what it delivers. 409: somebody else changed it meanwhile."""
    row, user = managed_train(request, slug), me(request)
    form, conflict = TrainForm(request.POST or None, user=user, train=row), None
    if request.method == "POST" and form.is_valid():
        try:
            if form.accepts(lambda: verbs.change_train(actor=user, train=row, **form.said)):
                messages.success(request, "Saved.")
                return redirect("train", row.slug)
        except Conflict as found:
            conflict = found
            form.data = renewed(request.POST, found)
    context = {"form": form, "train": row, "conflict": conflict, "nav": "planning"}
    return render(request, "planning/train_form.html", context, status=409 if conflict else 400 if form.errors else 200)


@require_POST
def end(request: HttpRequest, slug: str) -> HttpResponse:
    """Today is its last day; `?again=1` takes that back. 409: somebody else changed it meanwhile."""
    row, user, version = managed_train(request, slug), me(request), version_of(request)
    try:
        if request.GET.get("again"):
            verbs.reopen_train(actor=user, train=row, version=version)
            messages.success(request, f"{row} goes on.")
        else:
            done = verbs.end_train(actor=user, train=row, on=timezone.localdate(), version=version)
            again = urlencode({"again": 1, "version": done.version})
            messages.success(request, f"{row} was ended.", extra_tags=f"{request.path}?{again}")
    except Conflict as conflict:
        return clash(request, conflict, reverse("train", args=[row.slug]))
    return redirect("train", row.slug)


@require_POST
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """A team comes into the train; one that is in another is refused at the field."""
    row, user = managed_train(request, slug), me(request)
    form = SeatForm(request.POST, user=user, train=row)
    try:
        seat = form.attempt(lambda: verbs.add_team(actor=user, train=row, **form.said)) if form.is_valid() else None
    except Conflict as conflict:
        again = SeatForm(renewed(request.POST, conflict), user=user, train=row)
        return _page(request, row, 409, seat_form=again, conflict=conflict)
    if seat is None:
        return _page(request, row, 400, seat_form=form)
    messages.success(request, f"{seat.team} plans with {row}.")
    return redirect("train", row.slug)


@require_http_methods(["GET", "POST"])
def seat(request: HttpRequest, slug: str, seat_id: int) -> HttpResponse:
    """The days of a team in the train: when it came, when it leaves."""
    row, user = managed_train(request, slug), me(request)
    one = get_object_or_404(TrainTeam.objects.select_related("team", "train"), train=row, pk=seat_id)
    days = {"first": one.during.lower, "last": one.last_day}
    form, conflict = SeatForm(request.POST or None, user=user, train=row, initial=days, is_known=True), None
    if request.method == "POST" and form.is_valid():
        try:
            if form.accepts(lambda: verbs.change_seat(actor=user, seat=one, **form.said)):
                messages.success(request, f"The days of {one.team} in {row} were changed.")
                return redirect("train", row.slug)
        except Conflict as found:
            conflict = found
            form.data = renewed(request.POST, found)
    context = {"form": form, "train": row, "seat": one, "conflict": conflict, "nav": "planning"}
    return render(request, "planning/train_seat.html", context, status=409 if conflict else 400 if form.errors else 200)


@require_POST
def unseat(request: HttpRequest, slug: str, seat_id: int) -> HttpResponse:
    """A team that never was in the train. 409: somebody else changed its teams meanwhile."""
    row, version = managed_train(request, slug), version_of(request)
    one = get_object_or_404(TrainTeam.objects.select_related("team", "train"), train=row, pk=seat_id)
    try:
        verbs.remove_seat(actor=me(request), seat=one, version=version)
    except Conflict as conflict:
        return clash(request, conflict, reverse("train", args=[row.slug]))
    messages.success(request, f"{one.team} was taken out of {row}.")
    return redirect("train", row.slug)
