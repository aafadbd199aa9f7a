"""Participatory budgeting: the events, one that is prepared, where people pledge, and what came of it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.templatetags.ui import money
from funding import actions
from funding.actions.events import topic
from funding.forms.events import EventForm, GroupForm, ItemForm, PledgeForm
from funding.models import Event
from funding.queries import events as queries
from portfolio.rules import can, require


def _find(request: HttpRequest, event_id: int) -> Event:
    return get_object_or_404(queries.events_for(me(request)), pk=event_id)


@require_http_methods(["GET", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """The events one takes part in or may prepare; sent to it, one is made."""
    user, form = me(request), EventForm(request.POST or None)
    if request.method == "POST":
        require(user, "manage_money")
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.create_event(actor=user, **form.cleaned_data))
        if made:
            messages.success(request, f"{made.name} was made. Now add what can be funded, and the groups.")
            return redirect("budgeting-event", made.pk)
    context = {"events": list(queries.events_for(user)), "form": form, "may_make": can(user, "manage_money")}
    return render(request, "funding/events.html", context)


def _figures(request: HttpRequest, event: Event) -> dict[str, Any]:
    """What changes while people pledge. Who pledges sees the other groups when all are done."""
    seat = queries.seat_of(event, me(request))
    sees_all = can(me(request), "see_money") or event.closed_at
    board = queries.board(event) if sees_all else None
    return {"event": event, "seat": seat, "board": board, "is_open": _state(event) == "open"}


def _page(request: HttpRequest, event: Event, **changed: Any) -> HttpResponse:
    """The event's page; `changed` are forms that were refused."""
    about, may_manage = _figures(request, event), can(me(request), "manage_money")
    refused: PledgeForm | None = changed.pop("pledge", None)
    lines = about["seat"].items if about["seat"] else []
    prepares = may_manage and not event.opened_at
    context = about | {
        "state": _state(event),
        "lines": [(line, _pledge_form(line, refused)) for line in lines],
        "may_manage": may_manage,
        "prepares": prepares,
        "topic": topic(event.pk),
    }
    if prepares:
        context |= {"item_form": ItemForm(event=event), "group_form": GroupForm(event=event)}
    return render(request, "funding/event.html", context | changed)


def _pledge_form(line: queries.MyItem, refused: PledgeForm | None) -> PledgeForm:
    if refused is not None and refused.item_id == line.item.pk:
        return refused
    return PledgeForm(item_id=line.item.pk, mine=line.mine)


@require_GET
def event(request: HttpRequest, event_id: int) -> HttpResponse:
    """What is prepared, pledged or came of it, as far as the reader may see. ?part=live: the numbers alone, for a page
    that showed it in the state ?was=.
    """
    found = _find(request, event_id)
    if request.GET.get("part") != "live":
        return _page(request, found)
    if request.GET.get("was") != _state(found):
        # Opened or closed meanwhile: other forms belong there now.
        return HttpResponse(headers={"HX-Refresh": "true"})
    if not found.opened_at:
        return HttpResponse(status=204)
    context = _figures(request, found) | {"oob": True}
    return render(request, "funding/event_numbers.html", context)


def _state(event: Event) -> str:
    return "closed" if event.closed_at else "open" if event.opened_at else "prepared"


@require_POST
def add_item(request: HttpRequest, event_id: int) -> HttpResponse:
    event = _find(request, event_id)
    form = ItemForm(request.POST, event=event)
    if form.is_valid():
        made = form.attempt(lambda: actions.set_item(actor=me(request), event=event, **form.cleaned_data))
        if made:
            undo = reverse("budgeting-item-remove", args=[event_id, made.pk])
            messages.success(request, f"{made.initiative.name} can be funded.", undo)
            return redirect("budgeting-event", event_id)
    require(me(request), "manage_money")
    return _page(request, event, item_form=form)


@require_POST
def remove_item(request: HttpRequest, event_id: int, item_id: int) -> HttpResponse:
    item = get_object_or_404(_find(request, event_id).items.select_related("event", "initiative"), pk=item_id)
    return _do(
        request, event_id, lambda: actions.remove_item(actor=me(request), item=item), f"{item.initiative} is out."
    )


@require_POST
def add_group(request: HttpRequest, event_id: int) -> HttpResponse:
    event = _find(request, event_id)
    form = GroupForm(request.POST, event=event)
    if form.is_valid():
        made = form.attempt(lambda: actions.set_group(actor=me(request), event=event, **form.cleaned_data))
        if made:
            messages.success(
                request, f"{made.name} takes part.", reverse("budgeting-group-remove", args=[event_id, made.pk])
            )
            return redirect("budgeting-event", event_id)
    require(me(request), "manage_money")
    return _page(request, event, group_form=form)


@require_POST
def remove_group(request: HttpRequest, event_id: int, group_id: int) -> HttpResponse:
    group = get_object_or_404(_find(request, event_id).groups.select_related("event"), pk=group_id)
    return _do(request, event_id, lambda: actions.remove_group(actor=me(request), group=group), f"{group} is out.")


@require_POST
def open_(request: HttpRequest, event_id: int) -> HttpResponse:
    event = _find(request, event_id)
    return _do(request, event_id, lambda: actions.open_event(actor=me(request), event=event), f"{event} is open.")


@require_POST
def close(request: HttpRequest, event_id: int) -> HttpResponse:
    event = _find(request, event_id)
    return _do(request, event_id, lambda: actions.close_event(actor=me(request), event=event), f"{event} is closed.")


def _do(request: HttpRequest, event_id: int, verb: Callable[[], object], said: str) -> HttpResponse:
    """Do it, say so or why not, and go back to the event."""
    try:
        verb()
        messages.success(request, said)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("budgeting-event", event_id)


@require_POST
def pledge(request: HttpRequest, event_id: int, item_id: int) -> HttpResponse:
    """Put a part of one's share on an item."""
    event = _find(request, event_id)
    item = get_object_or_404(event.items.select_related("initiative"), pk=item_id)
    form = PledgeForm(request.POST, item_id=item_id)
    if form.is_valid():
        amount = form.cleaned_data["amount"]
        if form.does(lambda: _pledge(request, item, amount)):
            messages.success(request, f"Your pledge for {item.initiative.name} is {money(amount)}.")
            return redirect("budgeting-event", event_id)
    return _page(request, event, pledge=form)


def _pledge(request: HttpRequest, item: Any, amount: Any) -> None:
    actions.pledge(actor=me(request), item=item, amount=amount)
