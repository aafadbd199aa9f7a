"""The facts of items as the database holds them: one COPY, fixed-width records."""

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from metrics import states
from metrics.columns.shapes import NEVER, OPEN, StatusInfo
from metrics.measurement import ALL_ITEMS, Facets
from metrics.models import BlockedStay, ItemKind, Status
from portfolio.models import Team
from portfolio.queries import Scope

Ints = npt.NDArray[np.int64]
Records = npt.NDArray[Any]

# PostgreSQL counts microseconds from 2000-01-01.
POSTGRES_EPOCH = 946_684_800_000_000
HEADER_BYTES = 19
TRAILER_BYTES = 2
# What a record is: below MOVE an item, and then its kind's number.
MOVE, TEAM_MOVE, BLOCK = 100, 101, 102
RECORD = np.dtype(
    [("fields", ">i2")]
    + [
        field
        for number, (name, kind) in enumerate(
            [("tag", ">i8"), ("item", ">i8"), ("at", ">i8"), ("until", ">i8"), ("a", ">i8"), ("b", ">i8"), ("c", ">f8")]
        )
        for field in ((f"length{number}", ">i4"), (name, kind))
    ]
)

OF_TEAMS = """
    SELECT id FROM metrics_workitem WHERE team_id = ANY(%(wanted)s) AND deleted_at IS NULL
    UNION
    SELECT i.id FROM metrics_teammove m JOIN metrics_workitem i ON i.id = m.item_id
    WHERE (m.from_team_id = ANY(%(wanted)s) OR m.to_team_id = ANY(%(wanted)s)) AND i.deleted_at IS NULL
"""
AND_DELETED = "UNION SELECT id FROM metrics_workitem WHERE id = ANY(%(deleted)s)"
OF_FACETS = """
    SELECT i.id FROM ({chosen}) every JOIN metrics_workitem i USING (id)
    WHERE (cardinality(%(of_kinds)s::text[]) = 0 OR i.kind = ANY(%(of_kinds)s))
        AND (cardinality(%(of_classes)s::text[]) = 0 OR i.class_of_service = ANY(%(of_classes)s))
        AND (cardinality(%(of_labels)s::text[]) = 0 OR i.labels && %(of_labels)s::text[])
"""
BY_ID = "SELECT id FROM metrics_workitem WHERE id = ANY(%(wanted)s) AND deleted_at IS NULL"
OF_SOURCES = "SELECT id FROM metrics_workitem WHERE source_id = ANY(%(wanted)s) AND deleted_at IS NULL"
# One statement, so that all parts are of one moment. Every column is 8 bytes and never null: fixed-width records.
FACTS = """
COPY (
    WITH chosen AS MATERIALIZED ({chosen})
    SELECT array_position(%(kinds)s, kind)::bigint, id, coalesce(created_at, '-infinity'),
        '-infinity'::timestamptz, coalesce(status_id, 0), team_id, coalesce(points, 'NaN')
    FROM chosen JOIN metrics_workitem USING (id)
    UNION ALL
    SELECT 100::bigint, t.item_id, t.at, '-infinity'::timestamptz, coalesce(t.from_status_id, 0), t.to_status_id, 0
    FROM chosen JOIN metrics_transition t ON t.item_id = chosen.id
    UNION ALL
    SELECT 101::bigint, m.item_id, m.at, '-infinity'::timestamptz, m.from_team_id, m.to_team_id, 0
    FROM chosen JOIN metrics_teammove m ON m.item_id = chosen.id
    UNION ALL
    SELECT 102::bigint, b.item_id, b.from_at, coalesce(b.to_at, 'infinity'), b.id, 0, 0
    FROM chosen JOIN metrics_blockedstay b ON b.item_id = chosen.id
) TO STDOUT (FORMAT binary)
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read: records of the four kinds, by item, and what statuses and teams in them are."""

    items: Records
    moves: Records
    team_moves: Records
    blocks: Records
    statuses: tuple[StatusInfo, ...]
    teams: tuple[Team, ...]
    # Why items were blocked, by the primary key of the stay.
    reasons: Mapping[int, str]


def _copy_out(chosen: str, wanted: Sequence[int], facets: Facets = ALL_ITEMS, deleted: Collection[int] = ()) -> Records:
    """The records of the chosen items, in no order; times in µs since 1970."""
    buffer = io.BytesIO()
    if not facets.are_all:
        chosen = OF_FACETS.format(chosen=chosen)
    with connection.cursor() as cursor:
        values = {"wanted": list(wanted), "kinds": ItemKind.values, "deleted": list(deleted)}
        values |= {f"of_{name}": list(chosen_ones) for name, chosen_ones in facets._asdict().items()}
        cursor.copy_expert(cursor.mogrify(FACTS.format(chosen=chosen), values).decode(), buffer)
    data = buffer.getbuffer()[HEADER_BYTES:-TRAILER_BYTES]
    return np.frombuffer(data, dtype=RECORD)


def since_1970(at: Ints) -> Ints:
    """PostgreSQL's microseconds as ours; its infinities are NEVER and OPEN."""
    finite = (at != NEVER) & (at != OPEN)
    return np.where(finite, at + np.where(finite, POSTGRES_EPOCH, 0), at)


def native(records: Records, name: str) -> Ints:
    return records[name].astype(np.int64)


def _statuses(ids: Ints) -> tuple[StatusInfo, ...]:
    """The statuses with these ids, in an order that does not depend on when they were first seen."""
    found = Status.objects.filter(pk__in=ids.tolist())
    rows = found.values_list("source", "external_id", "pk", "name", "state", "position")
    return tuple(
        StatusInfo(pk, name, states.CODES[state] if state else states.UNMAPPED, position, source)
        # Sorted here: the database's collation is not ours to know.
        for source, _, pk, name, state, position in sorted(rows, key=lambda row: row[:2])
    )


def _facts(records: Records) -> Facts:
    tag = native(records, "tag")
    items, moves = records[tag < MOVE], records[tag == MOVE]
    team_moves, blocks = records[tag == TEAM_MOVE], records[tag == BLOCK]
    items = items[np.argsort(items["item"])]
    used = np.unique(np.concatenate([items["a"], moves["a"], moves["b"]]))
    held = np.unique(np.concatenate([items["b"], team_moves["a"], team_moves["b"]]))
    teams = sorted(Team.objects.filter(pk__in=held.tolist()), key=lambda team: team.slug)
    return Facts(items, moves, team_moves, blocks, _statuses(used[used > 0]), tuple(teams), _reasons(blocks))


def _reasons(blocks: Records) -> dict[int, str]:
    if not len(blocks):
        return {}
    stays = BlockedStay.objects.filter(pk__in=native(blocks, "a").tolist())
    return dict(stays.values_list("pk", "reason"))


def read_scope(scope: Scope, facets: Facets = ALL_ITEMS) -> Facts:
    """The facts of every item of `facets` that is or ever was in a team of `scope`, deleted ones left out."""
    return read_teams(scope.teams, facets)


def read_teams(teams: Sequence[int], facets: Facets = ALL_ITEMS, deleted: Collection[int] = ()) -> Facts:
    """The facts of every item of `facets` that is or ever was in one of the teams.

    Items that were deleted in their tool are left out, but for those in `deleted` (primary keys).
    """
    chosen = f"{OF_TEAMS} {AND_DELETED}" if deleted else OF_TEAMS
    return _facts(_copy_out(chosen, teams, facets, deleted))


def read_items(ids: Sequence[int]) -> Facts:
    """The facts of items by primary key, deleted ones left out."""
    return _facts(_copy_out(BY_ID, ids))


def read_sources(sources: Sequence[int]) -> Facts:
    """The facts of every item that the sources (primary keys) brought, deleted ones left out."""
    return _facts(_copy_out(OF_SOURCES, sources))
