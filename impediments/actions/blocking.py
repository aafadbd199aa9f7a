"""What an impediment blocks: items begin and end to be blocked, here and in the facts that flow is derived from."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from impediments import rollups
from impediments.actions.held import check_open, held, keep, publish, values_of
from impediments.models import Block, Impediment
from metrics.actions import blocks as facts
from metrics.models import BlockedStay, FlowState, ItemFlow, WorkItem
from portfolio.models import Team
from portfolio.rules import Person

OVER = {FlowState.DONE, FlowState.REMOVED}
Items = Iterable[WorkItem]


def keys_of(items: Items) -> list[str]:
    """Their keys as the audit trail names them."""
    return sorted(item.key for item in items)


def check_items(actor: Person, items: Items, from_at: datetime) -> list[WorkItem]:
    """The items, each once, as they are now.

    Raises ValidationError for those that `actor` may not see, that their tool has no more, and that were over.
    """
    wanted = {item.pk for item in items}
    rows = WorkItem.objects.filter(pk__in=wanted).order_by("pk")
    if actor is not None:
        rows = rows.filter(team__in=Team.objects.for_user(actor).order_by())  # type: ignore[arg-type]
    found = list(rows)
    if len(found) < len(wanted):
        raise ValidationError({"items": "One of the items is not there (any more): choose again."})
    if gone := keys_of(item for item in found if item.deleted_at):
        raise ValidationError({"items": f"{', '.join(gone)}: not there any more in its tool."})
    flows = ItemFlow.objects.filter(item__in=found, state__in=OVER).exclude(finished_at__gt=from_at)
    over = set(flows.values_list("item", flat=True))
    if done := keys_of(item for item in found if item.pk in over):
        raise ValidationError({"items": f"{', '.join(done)}: finished or removed, so nothing blocks it any more."})
    return found


def begin_blocks(
    row: Impediment, items: Collection[WorkItem], from_at: datetime, begins: Mapping[int, datetime] | None = None
) -> list[WorkItem]:
    """Begin to block items; those it blocks already are left out of the answer.

    `begins`: of items (primary keys) that are blocked since later than `from_at`, since when. An item that its
    tool shows as blocked follows that stay; of the others a stay is made.
    """
    with facts.changing([item.pk for item in items]):
        there = set(row.blocks.filter(item__in=items, to_at=None).values_list("item", flat=True))
        new = [item for item in items if item.pk not in there]
        marked = _marked(new)
        free = [item for item in new if item.pk not in marked]
        made = facts.block(items=free, from_at=from_at, reason=row.what, begins=begins)
        stays = made | marked
        Block.objects.bulk_create(
            Block(
                impediment=row,
                item=item,
                stay=stays[item.pk],
                from_at=max(from_at, stays[item.pk].from_at, (begins or {}).get(item.pk, from_at)),
                key=item.key,
                title=item.title,
            )
            for item in new
        )
    rollups.soon()
    return new


def _marked(items: Collection[WorkItem]) -> dict[int, BlockedStay]:
    """The stay that goes on in the tool, of the items that have one: the one that began first."""
    rows = BlockedStay.objects.filter(item__in=items, to_at=None).exclude(source=None).order_by("-from_at", "-pk")
    return {stay.item_id: stay for stay in rows}


def end_blocks(blocks: Collection[Block], at: datetime) -> None:
    """End these blocks that go on, and their stays that were made here."""
    items = [block.item_id for block in blocks if block.item_id]
    with facts.changing(items):
        Block.objects.filter(pk__in=[block.pk for block in blocks], to_at=None).update(
            to_at=Greatest(F("from_at"), Value(at))
        )
        facts.unblock(stays=[block.stay_id for block in blocks if block.stay_id], to_at=at)
    rollups.soon()


def block_items(
    *,
    actor: Person,
    impediment: Impediment,
    items: Items,
    since: datetime | None = None,
    version: int | None = None,
    at: datetime | None = None,
) -> Impediment:
    """It blocks these items too, since an instant (default: now). Those that it blocks already change nothing."""
    at = at or timezone.now()
    from_at = since or at
    if from_at > at:
        raise ValidationError({"since": "That is in the future: say since when they have been blocked."})
    with transaction.atomic():
        row = held(actor, impediment, version)
        check_open(row)
        before = values_of(row)
        new = begin_blocks(row, check_items(actor, items, from_at), max(from_at, row.since_at))
        if new:
            keep(actor, "blocked", row, before, items=keys_of(new))
            publish(row, "blocked")
    return row


def unblock_items(
    *,
    actor: Person,
    impediment: Impediment,
    items: Items,
    version: int | None = None,
    at: datetime | None = None,
) -> Impediment:
    """It blocks these items no more. Those that it does not block change nothing."""
    at = at or timezone.now()
    with transaction.atomic():
        row = held(actor, impediment, version)
        before = values_of(row)
        open_blocks = list(row.blocks.filter(item__in=[item.pk for item in items], to_at=None))
        if open_blocks:
            end_blocks(open_blocks, at)
            keep(actor, "unblocked", row, before, items=sorted(block.key for block in open_blocks))
            publish(row, "unblocked")
    return row
