"""Checks of records: what the database is asked in one statement each."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models.functions import Lower

from metrics import states
from metrics.columns import NEVER, instant, micros
from metrics.models import Deployment, Incident, PullRequest, Status, WorkItem
from metrics.quality.shapes import Called, Found, NotChecked, Stored, found

TWINS_BY_KEY = """
    SELECT i.id, i.created_at, count(*), bool_or(o.source_id <> i.source_id)::int
    FROM metrics_workitem i
    JOIN metrics_workitem o ON o.key = i.key AND o.id <> i.id AND o.deleted_at IS NULL
        AND (o.source_id = i.source_id OR o.team_id = i.team_id)
    WHERE i.source_id = %(source)s AND i.deleted_at IS NULL AND i.key <> ''
    GROUP BY i.id
"""
TWINS_BY_TITLE = """
    SELECT i.id, i.created_at, count(*), bool_or(o.source_id <> i.source_id)::int
    FROM metrics_workitem i
    JOIN metrics_workitem o ON o.created_at = i.created_at AND lower(trim(o.title)) = lower(trim(i.title))
        AND o.id <> i.id AND o.key <> i.key AND o.deleted_at IS NULL
        AND (o.source_id = i.source_id OR o.team_id = i.team_id)
    WHERE i.source_id = %(source)s AND i.deleted_at IS NULL AND trim(i.title) <> ''
    GROUP BY i.id
"""
# What is wrong with deliveries: kind, whether it is of the future.
IMPOSSIBLE = """
    SELECT id, coalesce(merged_at, closed_at), 0, (coalesce(merged_at, closed_at) > %(until)s)::int
    FROM metrics_pullrequest WHERE source_id = %(source)s
        AND (coalesce(merged_at, closed_at) > %(until)s OR merged_at < opened_at OR closed_at < opened_at)
    UNION ALL
    SELECT id, coalesce(finished_at, started_at), 1, (coalesce(finished_at, started_at) > %(until)s)::int
    FROM metrics_deployment WHERE source_id = %(source)s
        AND (coalesce(finished_at, started_at) > %(until)s OR finished_at < started_at)
    UNION ALL
    SELECT id, coalesce(resolved_at, started_at), 2, (coalesce(resolved_at, started_at) > %(until)s)::int
    FROM metrics_incident WHERE source_id = %(source)s
        AND (coalesce(resolved_at, started_at) > %(until)s OR resolved_at < started_at)
"""
DELIVERIES: tuple[tuple[type[PullRequest] | type[Deployment] | type[Incident], str], ...] = (
    (PullRequest, "Pull request"),
    (Deployment, "Deployment"),
    (Incident, "Incident"),
)


def _lines(rows: Iterable[Sequence[object]]) -> Found:
    """Rows of id, instant, a and b, as many as are given."""
    listed = list(rows)
    columns = list(zip(*listed, strict=True)) if listed else []
    arrays = [_numbers(column) for column in columns] + [np.zeros(len(listed), dtype=np.int64)] * (4 - len(columns))
    return found(arrays[0], arrays[1] if len(columns) > 1 else None, arrays[2], arrays[3])


def _numbers(values: Sequence[object]) -> npt.NDArray[np.int64]:
    return np.array([_number(value) for value in values], dtype=np.int64)


def _number(value: object) -> int:
    if value is None:
        return NEVER
    return micros(value) if isinstance(value, datetime) else int(str(value))


def _asked(sql: str, stored: Stored) -> Found:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"source": stored.source.pk, "until": instant(stored.known_until)})
        return _lines(cursor.fetchall())


def same_key(stored: Stored) -> Found:
    """Items of the same key as another in this source, or in another source of their team.

    `a` is how many others there are, `b` whether one is in another source.
    """
    return _asked(TWINS_BY_KEY, stored)


def same_title(stored: Stored) -> Found:
    """Items of the same title and instant of creation as another with another key, in the same places."""
    return _asked(TWINS_BY_TITLE, stored)


def deleted(stored: Stored) -> Found:
    """Items that the tool has no more: two sweeps in a row missed them."""
    return _lines(
        WorkItem.objects.filter(source=stored.source).exclude(deleted_at=None).values_list("pk", "deleted_at")
    )


def missing(stored: Stored) -> Found:
    """Items that the last sweep missed, and that count until the next one misses them too."""
    rows = WorkItem.objects.filter(source=stored.source, deleted_at=None).exclude(missing_at=None)
    return _lines(rows.values_list("pk", "missing_at"))


def unmapped_statuses(stored: Stored) -> Found:
    """Statuses without a state."""
    if not Status.objects.filter(source=stored.source).exists():
        raise NotChecked("the source has no statuses")
    return _lines(Status.objects.filter(source=stored.source, state=None).order_by("position").values_list("pk"))


def unmapped_types(stored: Stored) -> Found:
    """Items of a type that nobody mapped and no default knows; without a type where others of the source have one."""
    rows = WorkItem.objects.filter(source=stored.source, deleted_at=None)
    used = set(rows.order_by().values_list(Lower("tool_type"), flat=True).distinct())
    if not used - {""}:
        raise NotChecked("the tool names no item types")
    known = set(stored.source.type_mapping) | set(states.KINDS)
    unknown = [name for name in used if name.strip() not in known]
    return _lines(rows.annotate(lower=Lower("tool_type")).filter(lower__in=unknown).values_list("pk", "created_at"))


def impossible_times(stored: Stored) -> Found:
    """Deliveries that end before they begin, or later than their sync. `a` is the place in DELIVERIES, `b` which."""
    if not any(kind._default_manager.filter(source=stored.source).exists() for kind, _ in DELIVERIES):
        raise NotChecked("the source has delivered no pull requests, deployments or incidents")
    return _asked(IMPOSSIBLE, stored)


def called_deliveries(part: Found) -> Sequence[Called]:
    """What deliveries are called."""
    known: dict[tuple[int, int], Called] = {}
    for number, (kind, label) in enumerate(DELIVERIES):
        rows = kind._default_manager.filter(pk__in=part.ids[part.a == number].tolist())
        known |= {(number, row.pk): (label, str(row), "", row.url) for row in rows}
    pairs = zip(part.a.tolist(), part.ids.tolist(), strict=True)
    return [known.get(pair, ("gone", "not in the database any more", "", "")) for pair in pairs]
