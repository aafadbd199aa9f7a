"""Verbs on measures: derive again what was derived (the mapping verbs are with the sources, in connectors)."""

from collections.abc import Iterable, Sequence

import numpy as np
from django.db import connection, transaction
from django.db.models import F, Func
from django.utils import timezone

from metrics import rollups, states
from metrics.columns import NEVER, FlowColumns, derive, instant, micros, read_items
from metrics.formulas import flow, frame
from metrics.load.merge import copy_in
from metrics.models import ItemFlow, Source, WorkItem
from metrics.rows import STATES

FLOW_COLUMNS = (
    "item_id",
    "team_id",
    "status_id",
    "state",
    "created_at",
    "started_at",
    "finished_at",
    "cycle_days",
    "lead_days",
    "active_seconds",
    "waiting_seconds",
    "teams",
)
# Items derived at once: bounds the memory, not the result.
PORTION = 100_000


def refresh(source: Source, item_ids: Iterable[int] | None = None) -> int:
    """Derive ItemFlow and rollups anew for these items (None: all of `source`); the number of items that have one now.

    Runs in the caller's transaction or its own. Safe to run twice.
    """
    if item_ids is None:
        _set_kinds(source)
        item_ids = WorkItem.objects.filter(source=source).values_list("pk", flat=True)
    ids = sorted(item_ids)
    derived = 0
    with transaction.atomic():
        touched = _teams_of(ids)
        for low in range(0, len(ids), PORTION):
            derived += _refresh(ids[low : low + PORTION])
        rollups.rebuild(touched | _teams_of(ids) | {source.team_id})
    return derived


def _teams_of(ids: Sequence[int]) -> set[int]:
    """The teams that ever held these items, as last derived."""
    rows = ItemFlow.objects.filter(pk__in=ids).annotate(holder=Func(F("teams"), function="unnest"))
    return set(rows.values_list("holder", flat=True).distinct())


def _set_kinds(source: Source) -> None:
    """Give the items the kinds that the source's mapping of types says now."""
    rows = WorkItem.objects.filter(source=source)
    for tool_type in rows.order_by("tool_type").values_list("tool_type", flat=True).distinct():
        kind = states.kind_of(tool_type, source.type_mapping)
        rows.filter(tool_type=tool_type).exclude(kind=kind).update(kind=kind)


def _refresh(ids: Sequence[int]) -> int:
    found = derive(read_items(ids), micros(timezone.now()), frozenset())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM metrics_itemflow WHERE item_id = ANY(%s)", [list(ids)])
        copy_in(cursor, "metrics_itemflow", FLOW_COLUMNS, _flow_rows(found))
    return len(found.ids)


def _flow_rows(found: FlowColumns) -> Iterable[Sequence[object]]:
    """Rows of ItemFlow. The team is the one that finished the item, else the one that holds it."""
    ends = frame.finishes(found)
    last = found.last
    stay = np.where(ends.done, ends.stay, last)
    since_start = found.at >= found.began[last][found.item]
    # Up to the finish, or up to now for what is in progress.
    stays = since_start & (found.began[last] != NEVER)[found.item]
    active, waiting = flow.busy_and_waiting(found, stays)
    teams = [team.id for team in found.teams]
    holders = _holders(found)
    statuses = [status.id or None for status in found.statuses]
    for n, (ids, at) in enumerate(zip(found.ids.tolist(), last.tolist(), strict=True)):
        done = bool(ends.done[n])
        yield (
            ids,
            teams[found.team[stay[n]]],
            statuses[found.status[at]],
            STATES[found.state[at]],
            instant(int(found.created[n])),
            _known(int(found.began[at])),
            _known(int(found.ended[at])),
            int(ends.cycle[n]) if done else None,
            int(ends.lead[n]) if done else None,
            float(active[n]) / flow.SECOND,
            float(waiting[n]) / flow.SECOND,
            holders[n],
        )


def _holders(found: FlowColumns) -> list[tuple[str, ...]]:
    """Per item, the teams that ever held it (as text, as COPY writes arrays)."""
    pairs = np.unique(np.stack([found.item, found.team], axis=1), axis=0).tolist()
    held: list[tuple[str, ...]] = [()] * len(found.ids)
    for item, team in pairs:
        held[item] = (*held[item], str(found.teams[team].id))
    return held


def _known(at: int) -> object:
    return None if at == NEVER else instant(at)
