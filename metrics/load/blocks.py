"""Blocked stays of items in statuses that mean "blocked": a mark that a tool's workflow puts, beside flags and labels.

They are facts that are derived: made anew with their items, by their histories and today's mapping. A stay keeps its
row as long as it begins at the same instant, so whoever follows it goes on.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from django.db import connection

from metrics.columns import OPEN, FlowColumns
from metrics.load import binary
from metrics.load.merge import DERIVED
from metrics.models import BlockedStay, Status

FRESH = """
    CREATE TEMP TABLE fresh_block (item_id bigint, from_at timestamptz, to_at timestamptz, reason text) ON COMMIT DROP
"""
NAMED = """
    CREATE TEMP TABLE named_block ON COMMIT DROP AS
    SELECT i.source_id, %s || f.item_id || ':' || (extract(epoch FROM f.from_at) * 1000000)::bigint AS external_id,
           f.item_id, f.from_at, f.to_at, f.reason
    FROM fresh_block f JOIN metrics_workitem i ON i.id = f.item_id
"""
DROP = """
    DELETE FROM metrics_blockedstay b WHERE b.item_id = ANY(%s) AND starts_with(b.external_id, %s) AND NOT EXISTS (
        SELECT FROM named_block n WHERE n.source_id = b.source_id AND n.external_id = b.external_id
    )
"""
MERGE = """
    INSERT INTO metrics_blockedstay (source_id, external_id, item_id, from_at, to_at, reason)
    SELECT source_id, external_id, item_id, from_at, to_at, reason FROM named_block
    ON CONFLICT (source_id, external_id) DO UPDATE SET to_at = excluded.to_at, reason = excluded.reason
    WHERE (metrics_blockedstay.to_at, metrics_blockedstay.reason) IS DISTINCT FROM (excluded.to_at, excluded.reason)
"""


def mark(found: FlowColumns, ids: Sequence[int]) -> bool:
    """Make the stays of these items those that their histories in `found` say; whether there are or were any.

    Items that change between such statuses, or teams, while they are in one stay blocked; the first says why.
    """
    blocked = {row.pk: row.name for row in Status.objects.filter(is_blocked=True)}
    if not blocked and not BlockedStay.objects.filter(item__in=ids, external_id__startswith=DERIVED).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(FRESH)
        binary.copy_columns(cursor, "fresh_block", _cells(found, set(blocked)))
        cursor.execute(NAMED, [DERIVED])
        cursor.execute(DROP, [list(ids), DERIVED])
        cursor.execute(MERGE)
        cursor.execute("DROP TABLE fresh_block; DROP TABLE named_block")
    return True


def _cells(found: FlowColumns, blocked: set[int]) -> list[tuple[str, binary.Cells]]:
    """A row for each time in which an item was in such statuses without a break."""
    means = np.array([status.id in blocked for status in found.statuses], dtype=np.bool_)
    inside = means[found.status]
    goes_on = inside[1:] & inside[:-1] & (found.item[1:] == found.item[:-1])
    first = np.flatnonzero(inside & ~_shifted(goes_on, 1))
    last = np.flatnonzero(inside & ~_shifted(goes_on, 0))
    # Passed through within an instant: no time.
    is_some = found.at[first] < found.until[last]
    first, until = first[is_some], found.until[last[is_some]]
    return [
        ("item_id", binary.bigints(found.ids[found.item[first]])),
        ("from_at", binary.instants(found.at[first])),
        ("to_at", binary.instants(until, until != OPEN)),
        ("reason", binary.texts(found.status[first], [status.name for status in found.statuses])),
    ]


def _shifted(goes_on: npt.NDArray[np.bool_], by: int) -> npt.NDArray[np.bool_]:
    """Per stay: whether the one before it (by 1) or after it (by 0) is part of the same time."""
    edge = np.zeros(1, dtype=np.bool_)
    return np.concatenate([edge, goes_on] if by else [goes_on, edge])
