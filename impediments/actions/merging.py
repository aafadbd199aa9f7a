"""Duplicates: one impediment goes into another, with what it blocks and what was put to it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from impediments.actions.blocking import end_blocks
from impediments.actions.held import check_open, held, keep, publish, values_of
from impediments.actions.moving import close
from impediments.models import Attachment, Block, Impediment, RootCause
from metrics.actions import blocks as facts
from portfolio.actions.writing import check_version
from portfolio.rules import Person

DUPLICATE = "Duplicate of {name} ({pk})."


def merge(
    *,
    actor: Person,
    impediment: Impediment,
    into: Impediment,
    version: int | None = None,
    at: datetime | None = None,
) -> Impediment:
    """`impediment` is the same as `into`, which takes over its blocks, attachments, actions, decisions and duplicates.

    It is resolved as a duplicate, with its own times; its comments are shown with both. The other one counts from the
    earlier of both beginnings. Returns `into`.
    """
    if impediment.pk == into.pk:
        raise ValidationError({"into": "Choose another impediment: this is the same one."})
    at = at or timezone.now()
    with transaction.atomic():
        row, other = _both(actor, impediment, into)
        check_version(row, version)
        check_open(row)
        if not other.is_open:
            raise ValidationError({"into": f"“{other}” is resolved: reopen it first, or choose an open one."})
        items = list(row.blocks.exclude(item=None).values_list("item", flat=True))
        with facts.changing(items):
            moved = _take_blocks(row, other, at)
            said = {"resolution": DUPLICATE.format(name=other, pk=other.pk), "root_cause": RootCause.UNKNOWN}
            close(actor, "merged", row, {**said, "merged_into": other}, at, blocks=moved)
        _take_rest(row, other)
        _keep_other(actor, row, other, moved)
        publish(row, "merged")
        publish(other, "merged")
    return other


def _both(actor: Person, impediment: Impediment, into: Impediment) -> tuple[Impediment, Impediment]:
    """Both rows, held in the order of their keys: two merges that cross wait for one another."""
    first, last = sorted((impediment, into), key=lambda one: one.pk)
    rows = {one.pk: held(actor, one) for one in (first, last)}
    return rows[impediment.pk], rows[into.pk]


def _take_blocks(row: Impediment, other: Impediment, at: datetime) -> list[str]:
    """The blocks go along, but those of items that the other one blocks already: they end. The keys of what went."""
    there = other.blocks.filter(to_at=None).values("item")
    end_blocks(list(row.blocks.filter(to_at=None, item__in=there)), at)
    going = list(row.blocks.all())
    facts.reword(
        stays=[block.stay_id for block in going if block.stay_id and block.to_at is None],
        reason=other.what,
    )
    Block.objects.filter(pk__in=[block.pk for block in going]).update(impediment=other)
    return sorted({block.key for block in going})


def _take_rest(row: Impediment, other: Impediment) -> None:
    Attachment.objects.filter(impediment=row).update(impediment=other)
    Impediment.objects.filter(merged_into=row).update(merged_into=other)
    other.actions.add(*row.actions.all())
    other.decisions.add(*row.decisions.all())


def _keep_other(actor: Person, row: Impediment, other: Impediment, moved: list[str]) -> None:
    before = values_of(other)
    if row.since_at < other.since_at:
        other.since_at = row.since_at
        first = other.periods.order_by("from_at").first()
        if first is not None:
            first.from_at = row.since_at
            first.save(update_fields=["from_at"])
    if row.owner and not other.owner:
        other.owner = row.owner
    keep(actor, "took over", other, before, duplicate=f"{row} ({row.pk})", blocks=moved)
