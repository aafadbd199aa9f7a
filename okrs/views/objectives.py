"""Objectives by cycle, and the page of one."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.queries import me
from core.templatetags.ui import Choice, Entry
from okrs.forms.goals import SupportForm, VoteForm, places_for
from okrs.models import Cycle, Level, Objective
from okrs.queries import objective as one_page
from okrs.queries import pages
from portfolio.forms import View, view_of
from portfolio.models import ValueStream
from portfolio.rules import can


def find(request: HttpRequest, objective_id: int) -> Objective:
    """An objective that the reader may see."""
    places = ("cycle", "stream", "team__stream", "owner", "theme", "carried_from__cycle")
    seen = Objective.objects.for_user(me(request)).select_related(*places)
    return get_object_or_404(seen, pk=objective_id)


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The objectives of a cycle, by ?cycle=, ?level=, ?stream=, ?owner=, ?as_of=; ?brief=1: without key results."""
    user, view = me(request), view_of(request.GET, me(request), timezone.now())
    cycles, day = list(Cycle.objects.all()), timezone.localdate(view.at)
    asked = next((one for one in cycles if one.slug == request.GET.get("cycle")), None)
    cycle = asked or pages.present_cycle(cycles, day)
    context: dict[str, Any] = {"view": view, "cycle": cycle, "may_add": not view.is_past and bool(places_for(user))}
    context |= {"may_add_cycle": can(user, "manage_objectives"), "brief": request.GET.get("brief") == "1"}
    if cycle is not None:
        level, owner = request.GET.get("level", ""), request.GET.get("owner", "")
        found = pages.objectives_of(user, cycle, level, view.stream, str(user.pk) if owner == "me" else owner)
        rows = pages.rows_of(found, day)
        context |= {"groups": pages.grouped(rows), "finding": pages.finding(rows, cycle, day)}
        context |= {
            "is_filtered": bool(level or owner or view.stream),
            "pickers": _pickers(request, cycles, cycle, view),
        }
    return render(request, "okrs/objectives.html", context)


def _pickers(request: HttpRequest, cycles: list[Cycle], cycle: Cycle, view: View) -> list[dict[str, Any]]:
    user, asked = me(request), request.GET
    people = pages.owners_of(user, cycle)
    level, owner = asked.get("level", ""), asked.get("owner", "")
    owners = [("", "Everybody"), ("me", "Mine"), *((str(pk), name) for pk, name in people)]
    streams = [("", "All"), *((one.slug, one.name) for one in ValueStream.objects.for_user(user))]
    of_cycles = [
        Choice(one.name, {"cycle": one.slug, "owner": None}, "closed" if one.closed_at else "", one == cycle)
        for one in cycles
    ]
    day = view.as_of.isoformat() if view.as_of else ""
    return [
        {"key": "Cycle", "value": cycle.name, "choices": of_cycles},
        _picker("Level", "level", level, [("", "All"), *Level.choices]),
        _picker("Value stream", "stream", view.stream.slug if view.stream else "", streams),
        _picker("Owner", "owner", owner, owners),
        {"key": "As of", "value": view.text, "fields": [Entry("as_of", "As of", day)]},
    ]


def _picker(key: str, name: str, value: str, options: list[tuple[str, str]]) -> dict[str, Any]:
    shown = dict(options).get(value, options[0][1])
    return {
        "key": key,
        "value": shown,
        "choices": [Choice(label, {name: one}, "", one == value) for one, label in options],
    }


@require_GET
def objective(request: HttpRequest, objective_id: int) -> HttpResponse:
    """One objective with its key results, alignment, votes and what people did."""
    return page(request, find(request, objective_id))


def page(request: HttpRequest, one: Objective, status: int = 200, **bound: Any) -> HttpResponse:
    """The page; `bound` are forms that replace the empty ones: `support`, `vote`, `work` (with its `work_of`)."""
    user, view = me(request), view_of(request.GET, me(request), timezone.now())
    shown = one_page.page_of(one, user, view.at)
    may_write = not view.is_past and not shown.row.standing.is_closed and one.cycle.closed_at is None
    forms: dict[str, Any] = {}
    if may_write and shown.may_change:
        forms["support"] = SupportForm(user=user, objective=one)
    if may_write and shown.open_vote and shown.may_vote:
        forms["vote"] = VoteForm(initial={"confidence": shown.open_vote.mine})
    context = {"one": one, "page": shown, "view": view, "may_write": may_write, "finding": one_page.heading(shown.row)}
    context |= {"box": (one_page.WIDTH, one_page.HEIGHT), "topic": f"okr:{one.pk}", **forms, **bound}
    return render(request, "okrs/objective.html", context, status=status)


@require_GET
def votes(request: HttpRequest, objective_id: int) -> HttpResponse:
    """The votes of an objective alone, for browsers that hear of news."""
    one, user = find(request, objective_id), me(request)
    shown = one_page.page_of(one, user, timezone.now())
    form = VoteForm(initial={"confidence": shown.open_vote.mine}) if shown.open_vote and shown.may_vote else None
    context = {"one": one, "page": shown, "may_write": not shown.row.standing.is_closed, "vote": form}
    return render(request, "okrs/votes.html", context | {"topic": f"okr:{one.pk}"})
