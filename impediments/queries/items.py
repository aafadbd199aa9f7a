"""What an impediment of a team may block: its items in progress, those marked as blocked and the oldest first."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Upper
from django.utils import timezone

from accounts.models import User
from impediments.models import Block
from metrics.models import BlockedStay, FlowState, ItemFlow, WorkItem
from portfolio.models import Team

# Offered at once; the others are found by their key.
SHOWN = 5
MOST = 40
MOST_KEYS = 30


@dataclass(frozen=True, slots=True)
class Offer:
    """An item that is offered. `days` in progress, the first included; None while that is not known.

    `mark` says that its tool marks it as blocked, with the reason; `others` is how many impediments block it already.
    """

    item: WorkItem
    status: str
    days: int | None
    is_marked: bool
    mark: str
    others: int

    @property
    def is_unlogged(self) -> bool:
        """Whether it is blocked in its tool, and no impediment says so."""
        return self.is_marked and not self.others

    @property
    def note(self) -> str:
        """What makes it likely, in few words."""
        if self.is_unlogged:
            return f"blocked in its tool{': ' + self.mark if self.mark else ''}"
        if self.others:
            return "an impediment blocks it already" if self.others == 1 else f"{self.others} impediments block it"
        days = "" if self.days is None else f", day {self.days}"
        return f"{self.status}{days}"


def in_progress(team: Team) -> "QuerySet[ItemFlow]":
    """The items that a team has in progress now."""
    open_ones = ItemFlow.objects.filter(team=team, state__in=[FlowState.ACTIVE, FlowState.WAITING])
    return open_ones.filter(item__deleted_at=None)


def offers(team: Team, now: datetime, user: User | None = None, chosen: Collection[int] = ()) -> list[Offer]:
    """The likeliest first: marked without an impediment, then the oldest, those in hand already last. Three queries.

    `chosen` (primary keys of items) are among them, of whatever team that `user` sees.
    """
    marked = BlockedStay.objects.filter(to_at=None, source__isnull=False)
    rows = in_progress(team)
    if chosen and user is not None:
        rows |= ItemFlow.objects.filter(item__in=list(chosen), item__team__in=Team.objects.for_user(user).order_by())
    rows = rows.annotate(is_marked=Exists(marked.filter(item=OuterRef("item"))))
    order = ("-is_marked", F("started_at").asc(nulls_last=True), "item_id")
    flows = list(rows.select_related("item", "status").order_by(*order)[: 2 * MOST])
    ids = [flow.item_id for flow in flows]
    marks = dict(marked.filter(item__in=ids).order_by("-from_at").values_list("item", "reason"))
    counts: dict[int, set[int]] = {}
    for item, impediment in Block.objects.filter(item__in=ids, to_at=None).values_list("item", "impediment"):
        counts.setdefault(item, set()).add(impediment)
    found = [_offer(flow, marks, len(counts.get(flow.item_id, ())), now, team) for flow in flows]
    first = set(chosen)
    found.sort(key=lambda one: (one.item.pk not in first, not one.is_unlogged, one.others > 0))
    return found[:MOST]


def _offer(flow: ItemFlow, marks: dict[int, str], others: int, now: datetime, team: Team) -> Offer:
    days = None
    if flow.started_at is not None:
        days = (timezone.localdate(now, team.zone) - timezone.localdate(flow.started_at, team.zone)).days + 1
    status = flow.status.name if flow.status else "in progress"
    mark = marks.get(flow.item_id)
    return Offer(flow.item, status, days, mark is not None, (mark or "").strip(), others)


def unlogged(team: Team, now: datetime) -> list[Offer]:
    """Items in progress that are blocked in their tool, without an impediment that says so."""
    return [one for one in offers(team, now) if one.is_unlogged]


def named(user: User, text: str) -> list[WorkItem]:
    """The items whose keys a text has, apart by blanks or commas; of one key twice the newest.

    Raises ValidationError, by name, for those that `user` does not see.
    """
    keys = list(dict.fromkeys(key.upper() for key in re.split(r"[\s,;]+", text) if key))
    if len(keys) > MOST_KEYS:
        raise ValidationError(f"At most {MOST_KEYS} at once.")
    if not keys:
        return []
    teams = Team.objects.for_user(user).order_by()
    rows = WorkItem.objects.annotate(capitals=Upper("key")).filter(capitals__in=keys, team__in=teams, deleted_at=None)
    found = {item.key.upper(): item for item in rows.order_by("pk")}
    if missing := [key for key in keys if key not in found]:
        raise ValidationError(f"You see no item {', '.join(missing)}.")
    return list(found.values())
