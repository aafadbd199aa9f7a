"""The facts of a scope's items as columns: one read of the database, then arrays only."""

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import connection

from metrics import states
from metrics.columns.shapes import NEVER, OPEN, UNKNOWN_STATUS, FlowColumns, StatusInfo, TeamInfo
from metrics.columns.zones import instant, local_days, micros
from metrics.models import ItemKind, Source, Status
from portfolio.models import Team
from portfolio.queries import Scope

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
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
BY_ID = "SELECT id FROM metrics_workitem WHERE id = ANY(%(wanted)s) AND deleted_at IS NULL"
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
    SELECT 102::bigint, b.item_id, b.from_at, coalesce(b.to_at, 'infinity'), 0, 0, 0
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


def _copy_out(chosen: str, wanted: Sequence[int]) -> Records:
    """The records of the chosen items, in no order; times in µs since 1970."""
    buffer = io.BytesIO()
    with connection.cursor() as cursor:
        values = {"wanted": list(wanted), "kinds": ItemKind.values}
        cursor.copy_expert(cursor.mogrify(FACTS.format(chosen=chosen), values).decode(), buffer)
    data = buffer.getbuffer()[HEADER_BYTES:-TRAILER_BYTES]
    return np.frombuffer(data, dtype=RECORD)


def _since_1970(at: Ints) -> Ints:
    """PostgreSQL's microseconds as ours; its infinities are NEVER and OPEN."""
    finite = (at != NEVER) & (at != OPEN)
    return np.where(finite, at + np.where(finite, POSTGRES_EPOCH, 0), at)


def _native(records: Records, name: str) -> Ints:
    return records[name].astype(np.int64)


def _statuses(ids: Ints) -> tuple[StatusInfo, ...]:
    """The statuses with these ids, in an order that does not depend on when they were first seen."""
    found = Status.objects.filter(pk__in=ids.tolist())
    rows = found.values_list("source", "external_id", "pk", "name", "state", "position")
    return tuple(
        StatusInfo(pk, name, states.CODES[state] if state else states.UNMAPPED, position)
        # Sorted here: the database's collation is not ours to know.
        for _, _, pk, name, state, position in sorted(rows, key=lambda row: row[:2])
    )


def _facts(records: Records) -> Facts:
    tag = _native(records, "tag")
    items, moves = records[tag < MOVE], records[tag == MOVE]
    team_moves, blocks = records[tag == TEAM_MOVE], records[tag == BLOCK]
    items = items[np.argsort(items["item"])]
    used = np.unique(np.concatenate([items["a"], moves["a"], moves["b"]]))
    held = np.unique(np.concatenate([items["b"], team_moves["a"], team_moves["b"]]))
    teams = sorted(Team.objects.filter(pk__in=held.tolist()), key=lambda team: team.slug)
    return Facts(items, moves, team_moves, blocks, _statuses(used[used > 0]), tuple(teams))


def read_scope(scope: Scope) -> Facts:
    """The facts of every item that is or ever was in a team of `scope`, deleted ones left out."""
    return read_teams(scope.teams)


def read_teams(teams: Sequence[int]) -> Facts:
    """The facts of every item that is or ever was in one of the teams, deleted ones left out."""
    return _facts(_copy_out(OF_TEAMS, teams))


def read_items(ids: Sequence[int]) -> Facts:
    """The facts of items by primary key, deleted ones left out."""
    return _facts(_copy_out(BY_ID, ids))


def load(scope: Scope, as_of: datetime) -> FlowColumns:
    """The columns of `scope` as at the instant `as_of`."""
    facts = read_scope(scope)
    gap = "" if len(facts.items) else _gap(scope)
    return derive(facts, micros(as_of), frozenset(scope.teams), zone=scope.zone, kind=scope.kind, gap=gap)


def _gap(scope: Scope) -> str:
    """Why a scope without items cannot be measured, or nothing when it can (and counts are 0)."""
    sources = Source.objects.filter(team__in=scope.teams)
    if Status.objects.filter(source__in=sources.exclude(synced_at=None)).exists():
        return ""
    if not sources.exists():
        return "no source connected"
    return "no source of this scope has delivered work items yet"


@dataclass(slots=True)
class _Events:
    """Creations, moves and changes of team, by item and time; `status` and `team` are what holds from then on.

    Until `filled`, -2 stands for "as before".
    """

    item: Ints
    at: Ints
    status: Ints
    team: Ints


AS_BEFORE = -2


def _index(values: Ints, known: Ints) -> Ints:
    """The places of `values` in the ascending `known`."""
    return np.searchsorted(known, values).astype(np.int64)


def _places(ids: Ints, known: Ints) -> Ints:
    """The places of ids in `known`, which is in any order; of id 0 it is states.UNKNOWN."""
    if not len(known):
        return np.full(len(ids), states.UNKNOWN, dtype=np.int64)
    order = np.argsort(known)
    place = order[np.minimum(_index(ids, known[order]), len(known) - 1)]
    return np.where(ids > 0, place, states.UNKNOWN)


def _first_of(item: Ints, n: int, values: Ints, otherwise: Ints) -> Ints:
    """Per item (0…n-1): the value of its first event (events ordered by item and time), or `otherwise`."""
    result = otherwise.copy()
    firsts = np.flatnonzero(np.concatenate([[True], item[1:] != item[:-1]])) if len(item) else item
    result[item[firsts]] = values[firsts]
    return result


def _sorted_moves(records: Records, ids: Ints, known: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Moves between statuses or teams, in their order: item, at, from and to as numbers."""
    item, at = _index(_native(records, "item"), ids), _since_1970(_native(records, "at"))
    before, after = _places(_native(records, "a"), known), _places(_native(records, "b"), known)
    order = states.ordered(item, at, before, after)
    return item[order], at[order], before[order], after[order]


def _events(facts: Facts) -> _Events:
    """All events of all items in their order: at one instant first the creation, then changes of team, then moves."""
    ids = _native(facts.items, "item")
    team_ids = np.array([team.pk for team in facts.teams], dtype=np.int64)
    status_ids = np.array([status.id for status in facts.statuses], dtype=np.int64)
    n = len(ids)
    move = _sorted_moves(facts.moves, ids, status_ids)
    change = _sorted_moves(facts.team_moves, ids, team_ids)
    created = _since_1970(_native(facts.items, "at"))
    given = np.where(created == NEVER, OPEN, created)
    for item, at, _, _ in (move, change):
        given = np.minimum(given, _first_of(item, n, at, np.full(n, OPEN)))
    status = _first_of(move[0], n, move[2], _places(_native(facts.items, "a"), status_ids))
    team = _first_of(change[0], n, change[2], _places(_native(facts.items, "b"), team_ids))
    as_before = (np.full(len(change[0]), AS_BEFORE), np.full(len(move[0]), AS_BEFORE))
    return _filled(
        _Events(
            np.concatenate([np.arange(n), change[0], move[0]]),
            np.concatenate([given, change[1], move[1]]),
            np.concatenate([status, as_before[0], move[3]]),
            np.concatenate([team, change[3], as_before[1]]),
        )
    )


def _filled(events: _Events) -> _Events:
    """The events in their order, each with the status and the team that hold from then on."""
    order = np.lexsort((events.at, events.item))  # stable: keeps the order of creation, changes, moves
    status, team = events.status[order], events.team[order]
    place = np.arange(len(order))
    status = status[np.maximum.accumulate(np.where(status != AS_BEFORE, place, 0))] if len(order) else status
    team = team[np.maximum.accumulate(np.where(team != AS_BEFORE, place, 0))] if len(order) else team
    return _Events(events.item[order], events.at[order], status, team)


def _per_zone(at: Ints, team: Ints, teams: Sequence[Team]) -> Ints:
    """The local day of each instant in the zone of its team; NEVER and OPEN stay."""
    days = np.array(at)
    finite = (at != NEVER) & (at != OPEN)
    zones: dict[ZoneInfo, list[int]] = {}
    for number, one in enumerate(teams):
        zones.setdefault(one.zone, []).append(number)
    for zone, numbers in zones.items():
        chosen = finite & np.isin(team, numbers) if len(zones) > 1 else finite
        days[chosen] = local_days(at[chosen], zone)
    return days


def _team_infos(teams: Sequence[Team], scope: frozenset[int], as_of: int) -> tuple[TeamInfo, ...]:
    at = np.array([as_of], dtype=np.int64)
    return tuple(TeamInfo(team.pk, team.zone, team.pk in scope, int(local_days(at, team.zone)[0])) for team in teams)


def _edges(item: Ints) -> tuple[Flags, Flags]:
    """Which stays, ordered by item, are an item's first and last."""
    if not len(item):
        return np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.bool_)
    differs = item[1:] != item[:-1]
    return np.concatenate([[True], differs]), np.concatenate([differs, [True]])


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Blocks of items (index) that had begun by as_of; `cuts` are the instants after it at which blocks change."""

    item: Ints
    begin: Ints
    until: Ints
    cuts: Ints


def _blocks(records: Records, ids: Ints, as_of: int) -> _Blocks:
    records = records[np.isin(_native(records, "item"), ids)]
    begin, until = _since_1970(_native(records, "at")), _since_1970(_native(records, "until"))
    seen = begin <= as_of
    cuts = np.concatenate([begin, until])
    item = _index(_native(records, "item")[seen], ids)
    return _Blocks(item, begin[seen], np.where(until > as_of, OPEN, until)[seen], cuts[cuts > as_of])


def _same_until(later: int, as_of: int, zones: Collection[ZoneInfo]) -> int:
    """The next instant at which anything is different: the next event, or midnight in one of the zones."""
    midnights = [
        datetime.combine(instant(as_of).astimezone(zone).date() + timedelta(days=1), time(0), tzinfo=zone)
        for zone in zones
    ]
    # The last microsecond of a day is apart: with it the day is over.
    ends = [micros(midnight) - 1 for midnight in midnights]
    return min(later, *(end if end > as_of else as_of + 1 for end in ends))


def derive(
    facts: Facts,
    as_of: int,
    in_scope: frozenset[int],
    *,
    zone: ZoneInfo | None = None,
    kind: str = "portfolio",
    gap: str = "",
) -> FlowColumns:
    """The columns of facts as at `as_of` (µs), for the teams `in_scope`; `zone` is that of the scope's days."""
    zone = zone or ZoneInfo(settings.TIME_ZONE)
    events = _events(facts)
    known = events.at <= as_of
    # Items that are not there yet at as_of fall out of the numbering.
    there, item = np.unique(events.item[known], return_inverse=True)
    at, status, team = events.at[known], events.status[known], events.team[known]
    first, last = _edges(item)
    until = np.where(last, OPEN, np.roll(at, -1))
    infos = (*facts.statuses, StatusInfo(0, UNKNOWN_STATUS, states.BACKLOG, -1))
    state = np.array([info.state for info in infos], dtype=np.int8)[status]
    began, ended, finishing = states.milestones(first, at, state)
    items = facts.items[there]
    ids = _native(items, "item")
    blocks = _blocks(facts.blocks, ids, as_of)
    two_days = local_days(np.array([as_of, as_of + 1]), zone)
    next_event = int(np.concatenate([events.at[~known], blocks.cuts]).min(initial=OPEN))
    return FlowColumns(
        scope_kind=kind,
        as_of=as_of,
        next_event=next_event,
        same_until=_same_until(next_event, as_of, {zone, *(one.zone for one in facts.teams)}),
        day_at=int(two_days[0]),
        whole_day=int(two_days[1]) - 1,
        gap=gap,
        statuses=infos,
        teams=_team_infos(facts.teams, in_scope, as_of),
        ids=ids,
        kinds=(items["tag"] - 1).astype(np.int8),
        points=items["c"].astype(np.float64),
        created=at[first],
        created_day=_per_zone(at[first], team[finishing[last]], facts.teams),
        last=np.flatnonzero(last),
        item=item,
        at=at,
        until=until,
        status=np.where(status == states.UNKNOWN, len(facts.statuses), status),
        state=state,
        team=team,
        day=_per_zone(at, team, facts.teams),
        until_day=_per_zone(until, team, facts.teams),
        began=began,
        began_day=_per_zone(began, team, facts.teams),
        ended=ended,
        finishing=finishing,
        blocked_item=blocks.item,
        blocked_from=blocks.begin,
        blocked_until=blocks.until,
    )
