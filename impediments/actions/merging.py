"""Duplicates: one impediment goes into another, with what it blocks and what was put to it; and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core.models import AuditEntry
from impediments.actions.blocking import end_blocks
from impediments.actions.held import check_open, held, keep, publish, values_of
from impediments.actions.moving import close, go_on, open_again
from impediments.actions.spells import reckon
from impediments.actions.telling import tell_resolved
from impediments.models import Block, Impediment, RootCause, State
from impediments.notices import number, readers
from metrics.actions import blocks as facts
from portfolio.actions.writing import check_version
from portfolio.rules import Person

# By number: who reads the one may not see the other.
DUPLICATE = "Duplicate of {number}."


def merge(
    *,
    actor: Person,
    impediment: Impediment,
    into: Impediment,
    version: int | None = None,
    at: datetime | None = None,
) -> Impediment:
    """`impediment` is the same as `into`, which takes over its blocks, actions, decisions and duplicates.

    It is resolved as a duplicate, with its own times; its comments and files are shown with both. The other one counts
    from the earlier of both beginnings; its owner, where it had none, is that of the duplicate if they see it. Returns
    `into`.
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
        keys = sorted(set(row.blocks.values_list("key", flat=True)))
        with facts.changing(_items(row)):
            undo = _take_over(row, other, at)
            said = {"resolution": DUPLICATE.format(number=number(other)), "root_cause": RootCause.UNKNOWN}
            close(actor, "merged", row, {**said, "merged_into": other}, at, blocks=keys, undo=undo)
        _keep_other(actor, row, other, keys)
        tell_resolved(row, actor)
        for one in (row, other):
            publish(one, "merged")
    return other


def _items(*rows: Impediment) -> list[int]:
    blocks = Block.objects.filter(impediment__in=rows).exclude(item=None)
    return list(blocks.values_list("item", flat=True))


def _both(actor: Person, impediment: Impediment, into: Impediment) -> tuple[Impediment, Impediment]:
    """Both rows, held in the order of their keys: two merges that cross wait for one another."""
    first, last = sorted((impediment, into), key=lambda one: one.pk)
    rows = {one.pk: held(actor, one) for one in (first, last)}
    return rows[impediment.pk], rows[into.pk]


def _take_over(row: Impediment, other: Impediment, at: datetime) -> dict[str, Any]:
    """What goes along; the keys of the rows concerned, for the way back.

    Blocks of items that the other one blocks already end.
    """
    double = list(row.blocks.filter(to_at=None, item__in=other.blocks.filter(to_at=None).values("item")))
    end_blocks(double, at)
    going = list(row.blocks.all())
    if row.team_id == other.team_id:
        _reword(going, other.what)
    undo: dict[str, Any] = {
        "into": other.pk,
        "ended": [block.pk for block in double],
        "blocks": [block.pk for block in going],
        "duplicates": list(row.duplicates.values_list("pk", flat=True)),
        "actions": list(row.actions.exclude(pk__in=other.actions.values("pk")).values_list("pk", flat=True)),
        "decisions": list(row.decisions.exclude(pk__in=other.decisions.values("pk")).values_list("pk", flat=True)),
        "since": other.since_at.isoformat() if row.since_at < other.since_at else "",
        "owner": row.owner_id if _inherits(row, other) else None,
    }
    _move(undo, row, other)
    other.actions.add(*undo["actions"])
    other.decisions.add(*undo["decisions"])
    return undo


def _inherits(row: Impediment, other: Impediment) -> bool:
    """Whether the owner of a duplicate becomes that of the other one: it has none, and they may see it."""
    if row.owner is None or other.owner_id is not None:
        return False
    return readers(other).filter(pk=row.owner.pk).exists()


def _reword(blocks: list[Block], reason: str) -> None:
    facts.reword(stays=[one.stay_id for one in blocks if one.stay_id and one.to_at is None], reason=reason)


def _move(which: Mapping[str, Any], row: Impediment, other: Impediment) -> None:
    """Blocks and duplicates of one go to the other."""
    Block.objects.filter(pk__in=which["blocks"], impediment=row).update(impediment=other)
    Impediment.objects.filter(pk__in=which["duplicates"], merged_into=row).update(merged_into=other)


def _keep_other(actor: Person, row: Impediment, other: Impediment, keys: list[str]) -> None:
    before = values_of(other)
    if row.since_at < other.since_at:
        _begin(other, row.since_at)
    if _inherits(row, other):
        other.owner = row.owner
    keep(actor, "took over", other, before, duplicate=number(row), blocks=keys)


def _begin(row: Impediment, since: datetime) -> None:
    row.since_at = since
    first = row.periods.order_by("from_at").first()
    if first is not None:
        first.from_at = since
        first.save(update_fields=["from_at"])


def undo_merge(*, actor: Person, impediment: Impediment, version: int | None = None) -> Impediment:
    """As if it had not been merged: its times go on and what had gone along comes back. Returns `impediment`.

    Raises ValidationError when what it was merged into was merged further since.
    """
    into = impediment.merged_into
    if into is None:
        raise ValidationError(f"“{impediment}” is no duplicate of another one (any more).")
    with transaction.atomic():
        row, other = _both(actor, impediment, into)
        check_version(row, version)
        of_row = AuditEntry.objects.filter(target_type=row._meta.label_lower, target_id=str(row.pk), verb="merged")
        last = of_row.first()
        undo = last.data.get("undo") if last else None
        if last is None or undo is None or row.merged_into_id != undo["into"]:
            raise ValidationError(f"“{row}” cannot be taken apart any more: reopen it.")
        _give_back(actor, row, other, undo, last.data.get("state", [State.ACTIVE])[0])
        _restore_other(actor, row, other, undo)
        for one in (row, other):
            publish(one, "reopened")
    return row


def _give_back(actor: Person, row: Impediment, other: Impediment, undo: Mapping[str, Any], state: str) -> None:
    before, ended = values_of(row), row.resolved_at
    with facts.changing(_items(row, other)):
        _move(undo, other, row)
        go_on(row, ended, row.blocks.filter(pk__in=undo["ended"], to_at=ended))
        _reword(list(row.blocks.all()), row.what)
    open_again(row, state)
    keep(actor, "reopened", row, before, undone=True)
    reckon(row, timezone.now())


def _restore_other(actor: Person, row: Impediment, other: Impediment, undo: Mapping[str, Any]) -> None:
    before = values_of(other)
    other.actions.remove(*undo["actions"])
    other.decisions.remove(*undo["decisions"])
    if undo["since"] and other.since_at == row.since_at:
        _begin(other, datetime.fromisoformat(undo["since"]))
    if undo["owner"] and other.owner_id == undo["owner"]:
        other.owner = None
    keep(actor, "gave back", other, before, duplicate=number(row))
