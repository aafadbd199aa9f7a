"""The facts of a scope's items as columns: one read of the database, then arrays only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db.models import Exists, OuterRef

from metrics import states
from metrics.columns.facts import Facts, Records, native, read_scope, since_1970
from metrics.columns.shapes import NEVER, OPEN, UNKNOWN_STATUS, ExpectationInfo, FlowColumns, StatusInfo, TeamInfo
from metrics.columns.zones import day_number, instant, local_days, micros
from metrics.measurement import ALL_ITEMS, Facets
from metrics.models import Expectation, ItemKind, Source, Status
from portfolio.models import Team
from portfolio.queries import Scope

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


SAYS = ("team", "synced_at", "delivered")
NO_SOURCE = "no source connected"
NOTHING_YET = "no source of this scope has delivered work items yet"


def load(scope: Scope, as_of: datetime, facets: Facets = ALL_ITEMS) -> FlowColumns:
    """The columns of `scope` as at the instant `as_of`, of the items that `facets` mean."""
    facts = read_scope(scope, facets)
    found = derive(facts, micros(as_of), frozenset(scope.teams), zone=scope.zone, kind=scope.kind)
    gap = ""
    if not found.in_scope.any():
        # Whether there are items by then at all, of whichever kind.
        gap = _gap(scope) if facets.are_all else load(scope, as_of).gap
    return replace(found, gap=gap, expectations=_expectations(scope))


def _expectations(scope: Scope) -> tuple[ExpectationInfo, ...]:
    stored = Expectation.objects.filter(team__in=scope.teams).order_by("team", "kind", "valid_from")
    rows = stored.values_list("team_id", "kind", "percent", "days", "valid_from")
    return tuple(
        ExpectationInfo(team, ItemKind.values.index(kind) if kind else -1, percent, days, day_number(day))
        for team, kind, percent, days, day in rows
    )


def _gap(scope: Scope) -> str:
    """Why a scope without items cannot be measured, or nothing when it can (and counts are 0)."""
    sources = Source.objects.filter(team__in=scope.teams)
    if Status.objects.filter(source__in=sources.exclude(synced_at=None)).exists():
        return ""
    if not sources.exists():
        return NO_SOURCE
    return NOTHING_YET


def gaps(scopes: Sequence[Scope]) -> dict[str, str]:
    """Why scopes without items cannot be measured, by their text: as _gap says it, of many in one query."""
    teams = {team for scope in scopes for team in scope.teams}
    delivered = Exists(Status.objects.filter(source=OuterRef("pk")))
    sources = Source.objects.filter(team__in=teams).annotate(delivered=delivered)
    rows = ((team, synced is not None and has) for team, synced, has in sources.values_list(*SAYS))
    has_source, has_items = set(), set()
    for team, has_delivered in rows:
        has_source.add(team)
        has_items |= {team} if has_delivered else set()
    said = {}
    for scope in scopes:
        own = set(scope.teams)
        missing = NOTHING_YET if own & has_source else NO_SOURCE
        said[scope.text] = "" if own & has_items else missing
    return said


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
    item, at = _index(native(records, "item"), ids), since_1970(native(records, "at"))
    before, after = _places(native(records, "a"), known), _places(native(records, "b"), known)
    order = states.ordered(item, at, before, after)
    return item[order], at[order], before[order], after[order]


@dataclass(frozen=True, slots=True)
class Moves:
    """Moves between statuses as the tool told them, by item and in their order within it.

    `item` is an index into `ids` (primary keys, ascending), `at` µs, `before` and `after` indices into the facts'
    statuses (states.UNKNOWN: the tool did not say from where).
    """

    ids: Ints
    item: Ints
    at: Ints
    before: Ints
    after: Ints


def moves_of(facts: Facts) -> Moves:
    """The moves of facts, whatever their time."""
    ids = native(facts.items, "item")
    known = np.array([status.id for status in facts.statuses], dtype=np.int64)
    return Moves(ids, *_sorted_moves(facts.moves, ids, known))


def _events(facts: Facts) -> _Events:
    """All events of all items in their order: at one instant first the creation, then changes of team, then moves."""
    ids = native(facts.items, "item")
    team_ids = np.array([team.pk for team in facts.teams], dtype=np.int64)
    status_ids = np.array([status.id for status in facts.statuses], dtype=np.int64)
    n = len(ids)
    move = _sorted_moves(facts.moves, ids, status_ids)
    change = _sorted_moves(facts.team_moves, ids, team_ids)
    created = since_1970(native(facts.items, "at"))
    given = np.where(created == NEVER, OPEN, created)
    for item, at, _, _ in (move, change):
        given = np.minimum(given, _first_of(item, n, at, np.full(n, OPEN)))
    status = _first_of(move[0], n, move[2], _places(native(facts.items, "a"), status_ids))
    team = _first_of(change[0], n, change[2], _places(native(facts.items, "b"), team_ids))
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
    return tuple(
        TeamInfo(
            team.pk,
            team.zone,
            team.pk in scope,
            int(local_days(at, team.zone)[0]),
            team.name,
            team.planning_unit,
            team.iteration_days,
            day_number(team.iteration_starts_on),
        )
        for team in teams
    )


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
    reason: Ints
    ids: Ints
    reasons: tuple[str, ...]


def _blocks(facts: Facts, ids: Ints, as_of: int) -> _Blocks:
    records = facts.blocks
    records = records[np.isin(native(records, "item"), ids)]
    begin, until = since_1970(native(records, "at")), since_1970(native(records, "until"))
    seen = begin <= as_of
    cuts = np.concatenate([begin, until])
    item = _index(native(records, "item")[seen], ids)
    stays = native(records, "a")[seen]
    texts = [facts.reasons.get(pk, "") for pk in stays.tolist()]
    reasons = sorted(set(texts))
    place = {text: number for number, text in enumerate(reasons)}
    reason = np.array([place[text] for text in texts], dtype=np.int64)
    open_ended = np.where(until > as_of, OPEN, until)[seen]
    return _Blocks(item, begin[seen], open_ended, cuts[cuts > as_of], reason, stays, tuple(reasons))


def same_until(later: int, as_of: int, zones: Collection[ZoneInfo]) -> int:
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
    items, ids = facts.items[there], native(facts.items[there], "item")
    blocks = _blocks(facts, ids, as_of)
    day_at, next_day = local_days(np.array([as_of, as_of + 1]), zone).tolist()
    next_event = int(np.concatenate([events.at[~known], blocks.cuts]).min(initial=OPEN))
    return FlowColumns(
        scope_kind=kind,
        as_of=as_of,
        next_event=next_event,
        same_until=same_until(next_event, as_of, {zone, *(one.zone for one in facts.teams)}),
        day_at=day_at,
        whole_day=next_day - 1,
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
        blocked_reason=blocks.reason,
        blocked_ids=blocks.ids,
        reasons=blocks.reasons,
    )
