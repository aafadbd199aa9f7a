"""Impediments of the work they block: which are open for an initiative or a feature, and how many items they hold."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from django.db import connection

from accounts.models import User
from impediments.models import Impediment

Work = Literal["initiative", "feature"]
_BLOCKS = """
SELECT {key}, block.impediment_id, block.item_id, spell.level
FROM impediments_block block
JOIN metrics_workitem item ON item.id = block.item_id AND item.parent <> '' AND item.deleted_at IS NULL
JOIN metrics_epiclink link ON link.source_id = item.source_id AND link.parent = item.parent
JOIN portfolio_feature feature ON feature.id = link.feature_id
JOIN impediments_spell spell ON spell.impediment_id = block.impediment_id
  AND spell.from_at <= %(at)s AND (spell.to_at IS NULL OR spell.to_at > %(at)s)
WHERE {key} = ANY(%(ids)s) AND block.from_at <= %(at)s AND (block.to_at IS NULL OR block.to_at > %(at)s)
"""
_KEYS = {"initiative": "feature.initiative_id", "feature": "feature.id"}


def _blocks(kind: Work, ids: Collection[int], as_of: datetime) -> list[tuple[int, int, int, int]]:
    """(work, impediment, item, level) of each block that holds at an instant."""
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKS.format(key=_KEYS[kind]), {"ids": list(ids), "at": as_of})
        found: list[tuple[int, int, int, int]] = cursor.fetchall()
    return found


def impediments_of(kind: Work, ids: Collection[int], as_of: datetime) -> dict[int, set[int]]:
    """The impediments that block items of each piece of work at an instant: whoever sees them or not."""
    found: dict[int, set[int]] = {}
    for work, impediment, _, _ in _blocks(kind, ids, as_of) if ids else ():
        found.setdefault(work, set()).add(impediment)
    return found


def blocked_of(kind: Work, ids: Collection[int], user: User, as_of: datetime) -> dict[int, tuple[int, int]]:
    """How many items of each piece of work are blocked by impediments that `user` sees, and their highest level."""
    rows = _blocks(kind, ids, as_of) if ids else []
    seen = set(
        Impediment.objects.for_user(user)
        .filter(pk__in={impediment for _, impediment, _, _ in rows})
        .order_by()
        .values_list("pk", flat=True)
        if rows
        else ()
    )
    items: dict[int, set[int]] = {}
    levels: dict[int, int] = {}
    for work, impediment, item, level in rows:
        if impediment in seen:
            items.setdefault(work, set()).add(item)
            levels[work] = max(levels.get(work, 0), level)
    return {work: (len(found), levels[work]) for work, found in items.items()}
