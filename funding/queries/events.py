"""Participatory budgeting as pages show it: one's own share, the items of one's group, groups side by side."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q, QuerySet, Sum

from accounts.models import User
from core.templatetags.ui import money
from funding.formulas.events import Outcome, outcome, share_of
from funding.models import Event, EventGroup, EventItem, Pledge, Seat
from portfolio.queries import Person
from portfolio.rules import can


def events_for(user: Person) -> "QuerySet[Event]":
    """The events of those who see the portfolio's money, and those where `user` has a seat."""
    rows = Event.objects.select_related("made_by")
    if user is None or can(user, "see_money"):
        return rows
    return rows.filter(pk__in=Seat.objects.filter(user=user.pk).values("event")).exclude(opened_at=None)


class MyItem(NamedTuple):
    """An item as somebody with a seat sees it: what their group and they themselves put on it."""

    item: EventItem
    group: Decimal
    mine: Decimal

    @property
    def missing(self) -> Decimal:
        return self.item.cost - self.group

    @property
    def is_funded(self) -> bool:
        return self.missing <= 0

    @property
    def bar_text(self) -> str:
        return f"{money(self.group)} of {money(self.item.cost)} pledged by your group"

    @property
    def tone(self) -> str:
        return "good" if self.is_funded else ""


class MySeat(NamedTuple):
    """One's own place in an event."""

    seat: Seat
    share: Decimal
    left: Decimal
    items: list[MyItem]


class Amount(NamedTuple):
    """What a group put on an item."""

    amount: Decimal
    is_funded: bool
    supporters: int


class GroupColumn(NamedTuple):
    """A group beside the others: its people, the share of each, what it funds."""

    group: EventGroup
    people: int
    share: Decimal
    outcome: Outcome


class ItemLine(NamedTuple):
    """An item with what each group put on it, in the order of the groups; `backers` groups fund it."""

    item: EventItem
    amounts: list[Amount]

    @property
    def backers(self) -> int:
        return sum(one.is_funded for one in self.amounts)


@dataclass(frozen=True, slots=True)
class Board:
    """An event's groups side by side."""

    event: Event
    groups: list[GroupColumn]
    lines: list[ItemLine]

    @property
    def finding(self) -> str:
        """Where groups agree, in a sentence."""
        if not self.groups:
            return "Nobody takes part yet"
        agreed = sum(line.backers == len(self.groups) for line in self.lines)
        some = sum(0 < line.backers < len(self.groups) for line in self.lines)
        if len(self.groups) == 1:
            return f"{agreed or 'None'} of {len(self.lines)} items funded"
        return f"{agreed or 'No'} item{'' if agreed == 1 else 's'} funded by every group, {some} by some"


def board(event: Event) -> Board:
    """The groups side by side. Four queries."""
    items = list(event.items.select_related("initiative__stream"))
    groups = list(event.groups.all())
    people: dict[int, int] = {}
    for group_id in event.seats.values_list("group", flat=True):
        people[group_id] = people.get(group_id, 0) + 1
    pledged = _pledged(event)
    costs = {item.pk: item.cost for item in items}
    columns = []
    for group in groups:
        sums = {item: amount for (of, item), (amount, _) in pledged.items() if of == group.pk}
        found = people.get(group.pk, 0)
        columns.append(GroupColumn(group, found, share_of(event.budget, found), outcome(event.budget, costs, sums)))
    lines = [ItemLine(item, [_amount(column, item, pledged) for column in columns]) for item in items]
    return Board(event, columns, sorted(lines, key=lambda line: (-line.backers, line.item.initiative.name)))


_Pledged = dict[tuple[int, int], tuple[Decimal, int]]


def _pledged(event: Event) -> _Pledged:
    """The sum of pledges and how many people pledged, by group and item."""
    found: _Pledged = {}
    rows = Pledge.objects.filter(item__event=event).values_list("seat__group", "item", "amount")
    for group, item, amount in rows:
        before, people = found.get((group, item), (Decimal(0), 0))
        found[group, item] = (before + amount, people + 1)
    return found


def _amount(column: GroupColumn, item: EventItem, pledged: _Pledged) -> Amount:
    amount, people = pledged.get((column.group.pk, item.pk), (Decimal(0), 0))
    return Amount(amount, item.pk in column.outcome.funded, people)


def seat_of(event: Event, user: User) -> MySeat | None:
    """One's own share and the items as one's group stands; None without a seat. Four queries."""
    seat = event.seats.filter(user=user).select_related("group").first()
    if seat is None:
        return None
    of_group = Sum("pledges__amount", filter=Q(pledges__seat__group=seat.group))
    of_me = Sum("pledges__amount", filter=Q(pledges__seat=seat))
    rows = event.items.select_related("initiative__stream").annotate(group=of_group, mine=of_me)
    items = [MyItem(row, row.group or Decimal(0), row.mine or Decimal(0)) for row in rows]
    share = share_of(event.budget, seat.group.seats.count())
    return MySeat(seat, share, share - sum((one.mine for one in items), Decimal(0)), items)


def may_follow(user: User, rest: str) -> bool:
    """Whether somebody may listen to what happens in an event."""
    return rest.isascii() and rest.isdecimal() and len(rest) < 10 and events_for(user).filter(pk=int(rest)).exists()
