"""Verbs on measures: derive again what was derived (the mapping verbs are with the sources, in connectors)."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.db.models import F, Func
from django.utils import timezone

from metrics import rollups, states
from metrics.columns import NEVER, FlowColumns, derive, micros, read_items
from metrics.formulas import flow, frame
from metrics.load import binary, blocks
from metrics.load.binary import Cells
from metrics.models import ItemFlow, Source, WorkItem
from metrics.rows import STATES

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
    if blocks.mark(found, ids):
        # Blocked time counts as waiting: read again what was just written.
        found = derive(read_items(ids), micros(timezone.now()), frozenset())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM metrics_itemflow WHERE item_id = ANY(%s)", [list(ids)])
        binary.copy_columns(cursor, "metrics_itemflow", _flow_cells(found))
    return len(found.ids)


def _flow_cells(found: FlowColumns) -> list[tuple[str, Cells]]:
    """Columns of ItemFlow. The team is the one that finished the item, else the one that holds it."""
    ends, last = frame.finishes(found), found.last
    # Up to the finish, or up to now for what is in progress.
    stays = (found.at >= found.began[last][found.item]) & (found.began[last] != NEVER)[found.item]
    active, waiting = flow.busy_and_waiting(found, stays)
    teams = np.array([team.id for team in found.teams], dtype=np.int64)
    statuses = np.array([status.id for status in found.statuses], dtype=np.int64)[found.status[last]]
    return [
        ("item_id", binary.bigints(found.ids)),
        ("team_id", binary.bigints(teams[found.team[np.where(ends.done, ends.stay, last)]])),
        ("status_id", binary.bigints(statuses, statuses > 0)),
        ("state", binary.texts(found.state[last].astype(np.int64), STATES)),
        ("created_at", binary.instants(found.created)),
        ("started_at", binary.instants(found.began[last], found.began[last] != NEVER)),
        ("finished_at", binary.instants(found.ended[last], ends.done)),
        ("cycle_days", binary.integers(ends.cycle, ends.done)),
        ("lead_days", binary.integers(ends.lead, ends.done)),
        ("active_seconds", binary.floats(active / flow.SECOND)),
        ("waiting_seconds", binary.floats(waiting / flow.SECOND)),
        ("teams", _holders(found, teams)),
    ]


def _holders(found: FlowColumns, teams: npt.NDArray[np.int64]) -> Cells:
    """Per item, the teams that ever held it."""
    n = max(len(teams), 1)
    item, team = np.divmod(np.unique(found.item * n + found.team), n)
    return binary.bigint_arrays(item, teams[team], len(found.ids))
