"""Blocked stays that people log here (those of tools come with their sync): begun, ended, and flow derived again.

Sources are locked before anything of their items is written, in the order of their keys: as syncs and removals do.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Greatest, Least

from metrics.actions.derive import refresh
from metrics.models import BlockedStay, Source, WorkItem

# The items whose stays change in the `changing` that runs, if one does.
_CHANGED: ContextVar[set[int] | None] = ContextVar("changed_blocks", default=None)


@contextmanager
def changing(items: Collection[int]) -> Iterator[None]:
    """Hold the sources of these items (primary keys) while their stays change; then derive what changed, once.

    Within another one it only adds to what that derives: so many changes can be derived together.
    """
    outer = _CHANGED.get()
    with transaction.atomic():
        _hold(items)
        changed = outer if outer is not None else set[int]()
        token = _CHANGED.set(changed)
        try:
            yield
        finally:
            _CHANGED.reset(token)
        if outer is None:
            _derive(changed)


def _hold(items: Collection[int]) -> None:
    wanted = WorkItem.objects.filter(pk__in=list(items)).order_by().values("source")
    list(Source.objects.filter(pk__in=wanted).order_by("pk").select_for_update().values_list("pk", flat=True))


def _derive(changed: Collection[int]) -> None:
    by_source: dict[int, list[int]] = {}
    for source, item in WorkItem.objects.filter(pk__in=changed).order_by("source").values_list("source", "pk"):
        by_source.setdefault(source, []).append(item)
    for one in Source.objects.filter(pk__in=by_source).order_by("pk"):
        refresh(one, by_source[one.pk])
    # Pages keep figures by this number.
    Source.objects.filter(pk__in=by_source).update(data_version=F("data_version") + 1)


def _note(items: Iterable[int]) -> None:
    changed = _CHANGED.get()
    if changed is not None:
        changed.update(items)


def block(
    *, items: Collection[WorkItem], from_at: datetime, reason: str, begins: Mapping[int, datetime] | None = None
) -> dict[int, BlockedStay]:
    """Begin a stay of each item at `from_at` (its creation, or what `begins` says of its primary key, if that is
    later); the stays by the item's primary key.
    """
    begins = begins or {}
    with changing([item.pk for item in items]):
        stays = [
            BlockedStay(
                external_id=f"logged:{uuid.uuid4()}",
                item=item,
                from_at=max(from_at, item.created_at or from_at, begins.get(item.pk, from_at)),
                reason=reason,
            )
            for item in items
        ]
        made = BlockedStay.objects.bulk_create(stays)
        _note(item.pk for item in items)
    return {stay.item_id: stay for stay in made}


def unblock(*, stays: Collection[int], to_at: datetime) -> None:
    """End these stays (primary keys) that were logged here and go on, at `to_at`."""
    _set(stays, ended=False, to_at=Greatest(F("from_at"), Value(to_at)))


def block_again(*, stays: Collection[int]) -> None:
    """Let stays that were logged here go on as if they had not been ended."""
    _set(stays, ended=True, to_at=None)


def shift(*, stays: Collection[int], from_at: datetime) -> None:
    """Let stays that were logged here begin at `from_at`: not before their item was created, nor after they ended."""
    created = WorkItem.objects.filter(pk=OuterRef("item")).values("created_at")
    # Both leave out what is null.
    begin = Least(Greatest(Value(from_at), Subquery(created)), F("to_at"))
    _set(stays, from_at=begin)


def reword(*, stays: Collection[int], reason: str) -> None:
    """Give stays that were logged here another reason."""
    _set(stays, reason=reason)


def _items(stays: Collection[int]) -> list[int]:
    return list(BlockedStay.objects.filter(pk__in=list(stays)).values_list("item", flat=True))


def _set(stays: Collection[int], ended: bool | None = None, **fields: object) -> None:
    items = _items(stays)
    with changing(items):
        rows = BlockedStay.objects.filter(pk__in=list(stays), source=None)
        (rows if ended is None else rows.filter(to_at__isnull=not ended)).update(**fields)
        _note(items)
