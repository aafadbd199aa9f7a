"""What people do in participatory budgeting: prepare an event, open it, pledge, close it for good.

Each group works with the whole budget, so that groups can be compared; within a group everybody has the same share.
A pledge never exceeds what is left of one’s share or of the item’s cost: it is checked while the event is locked.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from core import audit, live
from core.templatetags.ui import money
from funding.formulas.events import share_of
from funding.models import Event, EventGroup, EventItem, Pledge, Seat
from portfolio.actions import writing
from portfolio.models import Initiative
from portfolio.quarters import Quarter
from portfolio.rules import Person, require

CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 12


def topic(event_id: int) -> str:
    """Where the browsers of an event listen."""
    return f"budgeting:{event_id}"


def _tell(event_id: int, what: str) -> None:
    """Names no amount: pages ask for what their reader may see."""
    live.publish(topic(event_id), what, {})


def _check_amount(field: str, amount: Decimal) -> None:
    if not CENT <= amount < LARGEST:
        raise ValidationError({field: "Give an amount above 0, of at most twelve digits."})


def create_event(
    *, actor: Person, name: str, budget: Decimal, description: str = "", quarter: Quarter | None = None
) -> Event:
    """An event to be prepared: then come items, groups and people, then it is opened."""
    require(actor, "manage_money")
    _check_amount("budget", budget)
    by = actor.pk if actor is not None and actor.is_authenticated else None
    made = Event(
        name=name.strip(), description=description.strip(), budget=budget, made_by_id=by, made_at=timezone.now()
    )
    made.quarter = quarter.first if quarter else None
    return writing.create(actor, "made", made)


def _lock(event: Event) -> Event:
    return Event.objects.select_for_update(no_key=True).get(pk=event.pk)


def _prepared(event: Event) -> Event:
    """The event, locked, while it can be changed: not after it was opened, so that shares and costs stay."""
    row = _lock(event)
    if row.closed_at:
        raise ValidationError("The event is closed.")
    if row.opened_at:
        raise ValidationError("The event is open: its budget, items and people stay as they are.")
    return row


def change_event(*, actor: Person, event: Event, **fields: Any) -> Event:
    """`fields`: name, description, budget; before it is opened."""
    require(actor, "manage_money")
    if others := fields.keys() - {"name", "description", "budget"}:
        raise TypeError(f"not a field of an event: {sorted(others)}")
    if "budget" in fields:
        _check_amount("budget", fields["budget"])
    with transaction.atomic():
        return writing.change(actor, "changed", _prepared(event), fields)


def set_item(*, actor: Person, event: Event, initiative: Initiative, cost: Decimal | None = None) -> EventItem:
    """Put an initiative up for funding at `cost` (None: what it is estimated to cost); again, its cost changes."""
    require(actor, "manage_money")
    cost = initiative.estimated_cost if cost is None else cost
    if cost is None:
        raise ValidationError({"cost": f"{initiative} has no estimated cost: say what funding it takes."})
    _check_amount("cost", cost)
    with transaction.atomic():
        row = _prepared(event)
        known = row.items.filter(initiative=initiative).first()
        if known:
            return writing.change(actor, "changed", known, {"cost": cost})
        return writing.create(actor, "added", EventItem(event=row, initiative=initiative, cost=cost))


def remove_item(*, actor: Person, item: EventItem) -> None:
    """Before the event is opened."""
    require(actor, "manage_money")
    with transaction.atomic():
        _prepared(item.event)
        writing.delete(actor, "removed", item, {"event": item.event.name, "cost": str(item.cost)})


def set_group(*, actor: Person, event: Event, name: str, people: Collection[User]) -> EventGroup:
    """A table of people; again with the same name, its people are these. A person has one seat in an event."""
    require(actor, "manage_money")
    if not people:
        raise ValidationError({"people": "Choose who sits in the group."})
    with transaction.atomic():
        row = _prepared(event)
        group = row.groups.filter(name=name.strip()).first()
        if group is None:
            group = writing.create(actor, "made", EventGroup(event=row, name=name.strip()))
        elsewhere = row.seats.filter(user__in=people).exclude(group=group).select_related("user", "group")
        if taken := [f"{seat.user} is in {seat.group} already" for seat in elsewhere]:
            raise ValidationError({"people": f"{'; '.join(taken)}: a person has one seat in an event."})
        group.seats.all().delete()
        Seat.objects.bulk_create(Seat(event=row, group=group, user=one) for one in people)
        audit.record(actor=actor, verb="seated", target=group, data={"people": sorted(str(one) for one in people)})
    return group


def remove_group(*, actor: Person, group: EventGroup) -> None:
    """Before the event is opened."""
    require(actor, "manage_money")
    with transaction.atomic():
        _prepared(group.event)
        writing.delete(actor, "removed", group, {"event": group.event.name})


def open_event(*, actor: Person, event: Event) -> Event:
    """From now on people pledge; what was prepared stays. Needs an item and a group with somebody in it."""
    require(actor, "manage_money")
    with transaction.atomic():
        row = _prepared(event)
        if not row.items.exists():
            raise ValidationError("There is nothing to fund yet: add an initiative with its cost.")
        if not row.seats.exists():
            raise ValidationError("Nobody takes part yet: make a group.")
        opened = writing.change(actor, "opened", row, {"opened_at": timezone.now()})
        _tell(row.pk, "opened")
    return opened


def close_event(*, actor: Person, event: Event) -> Event:
    """For good: pledges stay as they are."""
    require(actor, "manage_money")
    with transaction.atomic():
        row = _lock(event)
        if row.closed_at:
            return row
        if not row.opened_at:
            raise ValidationError("The event was not opened yet.")
        closed = writing.change(actor, "closed", row, {"closed_at": timezone.now()})
        _tell(row.pk, "closed")
    return closed


def pledge(*, actor: Person, item: EventItem, amount: Decimal) -> Pledge | None:
    """Put `amount` of one's share on an item (0 takes it back), instead of what one had put there.

    Never more than is left of one's share, nor than is missing for the item in one's group: somebody who pledges at
    the same time waits until this one is done. Raises ValidationError at "amount", in words, and PermissionDenied for
    who has no seat.
    """
    with transaction.atomic():
        seat = (
            Seat.objects.filter(event=item.event_id, user=actor.pk if actor else None).select_related("group").first()
        )
        if seat is None:
            raise PermissionDenied("You have no seat in this event.")
        event = Event.objects.select_for_update(of=("self",), no_key=True).get(pk=item.event_id)
        _check_open(event)
        _check_pledge(event, seat, item, amount)
        return _write(actor, seat, item, amount)


def _check_open(event: Event) -> None:
    if event.closed_at:
        raise ValidationError({"amount": "The event is closed."})
    if not event.opened_at:
        raise ValidationError({"amount": "The event is not open yet."})


def _check_pledge(event: Event, seat: Seat, item: EventItem, amount: Decimal) -> None:
    if amount < 0 or amount != amount.quantize(CENT):
        raise ValidationError({"amount": "Give an amount from 0 on, with at most two decimals."})
    share = share_of(event.budget, seat.group.seats.count())
    others = Pledge.objects.filter(item=item, seat__group=seat.group_id).exclude(seat=seat)
    mine = Pledge.objects.filter(seat=seat).exclude(item=item)
    left = share - _sum(mine)
    missing = item.cost - _sum(others)
    if amount > left:
        raise ValidationError({"amount": f"You have {money(left)} left of your {money(share)} for this."})
    if amount > missing:
        raise ValidationError({"amount": f"{item.initiative} needs only {money(missing)} more."})


def _sum(pledges: Any) -> Decimal:
    return pledges.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def _write(actor: Person, seat: Seat, item: EventItem, amount: Decimal) -> Pledge | None:
    known = Pledge.objects.filter(seat=seat, item=item).first()
    before = known.amount if known else Decimal(0)
    if before == amount:
        return known
    if amount:
        known, _ = Pledge.objects.update_or_create(seat=seat, item=item, defaults={"amount": amount})
    else:
        Pledge.objects.filter(seat=seat, item=item).delete()
        known = None
    data = {"amount": [str(before), str(amount)], "group": seat.group.name}
    audit.record(actor=actor, verb="pledged for", target=item, data=data)
    _tell(item.event_id, "pledged")
    return known
