"""Impediments move over the board: through its columns, out of the way, and back."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from core.models import AuditEntry
from impediments.actions.blocking import begin_blocks, end_blocks
from impediments.actions.held import held, keep, publish, text_of, values_of
from impediments.actions.spells import begin_spell, end_spell, reckon
from impediments.actions.telling import tell_reopened, tell_resolved
from impediments.models import Block, Impediment, Period, RootCause, State
from metrics.actions import blocks as facts
from metrics.models import FlowState, WorkItem
from portfolio.actions.writing import check_version
from portfolio.rules import Person

IN_PROGRESS = (FlowState.ACTIVE, FlowState.WAITING)


def move_impediment(
    *,
    actor: Person,
    impediment: Impediment,
    state: str,
    version: int | None = None,
    resolution: str = "",
    root_cause: str = "",
    at: datetime | None = None,
) -> Impediment:
    """Into a column of the board. Resolved needs `resolution` and `root_cause`; out of it is a reopening."""
    if state not in State.values:
        raise ValidationError({"state": "Choose a column of the board."})
    if state == State.RESOLVED:
        said = {"resolution": resolution, "root_cause": root_cause}
        return resolve(actor=actor, impediment=impediment, version=version, at=at, **said)
    with transaction.atomic():
        row = held(actor, impediment, version)
        if not row.is_open:
            return reopen(actor=actor, impediment=row, state=state, at=at)
        if row.state != state:
            before = values_of(row)
            row.state = state
            keep(actor, "moved", row, before)
            publish(row, "moved")
    return row


def resolve(
    *,
    actor: Person,
    impediment: Impediment,
    resolution: str,
    root_cause: str,
    version: int | None = None,
    at: datetime | None = None,
) -> Impediment:
    """It is out of the way: its time, its level's clock, a pause and its blocks end. Says how and why it could happen.

    Raises Conflict when somebody resolved it meanwhile.
    """
    with transaction.atomic():
        row = held(actor, impediment, version)
        if not row.is_open:
            # Whoever it was says so, as to a writer who saw another version.
            check_version(row, row.version - 1)
        close(actor, "resolved", row, _said(resolution, root_cause), at or timezone.now())
        tell_resolved(row, actor)
        publish(row, "resolved")
    return row


def _said(resolution: str, root_cause: str) -> dict[str, str]:
    """Raises ValidationError at the field that is missing."""
    errors = {}
    if not text_of(resolution):
        errors["resolution"] = "Say in a sentence how it was resolved: who meets it again will look here."
    if root_cause not in RootCause.values:
        errors["root_cause"] = "Choose why it could happen."
    if errors:
        raise ValidationError(errors)
    return {"resolution": text_of(resolution), "root_cause": root_cause}


def close(actor: Person, verb: str, row: Impediment, fields: dict[str, Any], at: datetime, **also: object) -> None:
    """End everything of a held row that goes on, at one instant."""
    before = values_of(row)
    blocks = list(row.blocks.filter(to_at=None))
    with facts.changing([block.item_id for block in blocks if block.item_id]):
        at = max(at, end_spell(row, at))
        end = Greatest(F("from_at"), Value(at))
        row.periods.filter(to_at=None).update(
            to_at=end, resolution=fields.get("resolution", ""), root_cause=fields.get("root_cause", "")
        )
        row.pauses.filter(to_at=None).update(to_at=end)
        end_blocks(blocks, at)
    row.state, row.resolved_at = State.RESOLVED, at
    for name, value in fields.items():
        setattr(row, name, value)
    keep(actor, verb, row, before, items=sorted(block.key for block in blocks), **also)


def reopen(
    *,
    actor: Person,
    impediment: Impediment,
    state: str = State.ACTIVE,
    reason: str = "",
    version: int | None = None,
    at: datetime | None = None,
) -> Impediment:
    """It is in the way again: a new period, a new clock of the level it had; what it had before is kept.

    Items that it blocked until it was resolved are blocked again where they are still in progress. One that was merged
    into another stands for itself again.
    """
    with transaction.atomic():
        row = held(actor, impediment, version)
        if row.is_open:
            raise ValidationError(f"“{row}” is open.")
        if state not in State.values or state == State.RESOLVED:
            raise ValidationError({"state": "Choose an open column of the board."})
        ended, before = row.resolved_at, values_of(row)
        at = max(at or timezone.now(), ended or row.logged_at)
        items = _blocked_until(row, ended)
        with facts.changing([item.pk for item in items]):
            open_again(row, state)
            Period.objects.create(impediment=row, from_at=at)
            begin_spell(row, at)
            begin_blocks(row, items, at)
        keep(actor, "reopened", row, before, reason=text_of(reason), items=sorted(item.key for item in items))
        tell_reopened(row, actor, text_of(reason))
        publish(row, "reopened")
    return row


def open_again(row: Impediment, state: str) -> None:
    """Its columns as those of what is open."""
    row.state, row.resolved_at, row.merged_into = state, None, None
    row.resolution = row.root_cause = ""


def _blocked_until(row: Impediment, ended: datetime | None) -> list[WorkItem]:
    """The items that it blocked when it was resolved, those that are still in progress."""
    items = WorkItem.objects.filter(blocks__impediment=row, blocks__to_at=ended, deleted_at=None)
    return list(items.filter(flow__state__in=IN_PROGRESS).distinct().order_by("pk"))


def undo_resolve(*, actor: Person, impediment: Impediment, version: int) -> Impediment:
    """As if it had not been resolved: its times go on, without a second period; `version` is the resolution's."""
    with transaction.atomic():
        row = held(actor, impediment, version)
        of_row = AuditEntry.objects.filter(target_type=row._meta.label_lower, target_id=str(row.pk))
        last = of_row.filter(verb="resolved").first()
        if row.is_open or row.merged_into_id or last is None:
            raise ValidationError("It is not resolved any more, or as a duplicate: that cannot be undone here.")
        before, ended = values_of(row), row.resolved_at
        blocks = row.blocks.filter(to_at=ended)
        with facts.changing(list(blocks.exclude(item=None).values_list("item", flat=True))):
            go_on(row, ended, blocks)
        open_again(row, last.data.get("state", [State.ACTIVE])[0])
        keep(actor, "reopened", row, before, undone=True)
        reckon(row, timezone.now())
        publish(row, "reopened")
    return row


def go_on(row: Impediment, ended: datetime | None, blocks: "QuerySet[Block]") -> None:
    """Let the times that ended at an instant, and these blocks, go on as if they had not."""
    row.periods.filter(to_at=ended).update(to_at=None, resolution="", root_cause="")
    for times in (row.spells, row.pauses):
        times.filter(to_at=ended).update(to_at=None)
    stays = list(blocks.exclude(stay=None).values_list("stay", flat=True))
    blocks.update(to_at=None)
    facts.block_again(stays=stays)
