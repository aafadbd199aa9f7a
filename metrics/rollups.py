"""Stored aggregates per team and day, from which the figures of large scopes are answered as they are now.

FlowDay holds only what adds up. Flows are counts on their day; stocks are signed changes, whose sum up to a day is what
is there at its end. `part` tells apart what is counted:

| measure | part | n |
|---|---|---|
| finished | kind of item | items finished |
| cycle, lead | days | items finished |
| arrived, departed | | items entering and leaving WIP, net per item and day |
| spent | state | µs spent in it, from creation to finish, of items finished on the day |
| busy, whole | | µs of flow efficiency, above and below the line |
| held | state | change of the items in it |
| since | day number of the start | change of the WIP with that start |

A past as_of is never answered from here: reopenings change what was finished when.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.utils import timezone

from metrics import states
from metrics.columns import NEVER, OPEN, FlowColumns, derive, instant, local_day, micros, read_teams
from metrics.formulas import flow, frame, summed
from metrics.formulas.summed import Sums
from metrics.load import binary
from metrics.load.binary import Cells
from metrics.measurement import Measurement, Window
from metrics.models import FlowDay, FlowRollup, Source
from metrics.rows import STATES
from portfolio.models import Team
from portfolio.queries import Scope

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Below so many items the facts themselves are read quickly enough.
SMALLEST = 20_000
ALL_DAYS = frame.Days(-400, 50_000)


class Counted(NamedTuple):
    """Aligned arrays: for a measure, in which team, on which day, for which part, how much."""

    measure: str
    team: Ints
    day: Ints
    part: Ints
    n: Ints
    names: tuple[str, ...] = ()


def _changes_of_stock(found: FlowColumns, mask: Flags, measure: str, part: Ints, names: tuple[str, ...]) -> Counted:
    """+1 on the day each stay in `mask` begins and -1 on the day it ends."""
    rows = np.flatnonzero(mask & (found.day < found.until_day))
    ended = rows[found.until_day[rows] != OPEN]
    both = np.concatenate([rows, ended])
    day = np.concatenate([found.day[rows], found.until_day[ended]])
    sign = np.repeat([1, -1], [len(rows), len(ended)])
    return Counted(measure, found.team[both], day, part[both], sign, names)


def _of_finished(found: FlowColumns) -> Iterator[Counted]:
    """What is counted on the day, and for the team, of each item's finish."""
    ends = frame.finishes(found)
    chosen = ends.in_scope
    team, day = found.team[ends.stay], ends.day
    one = np.ones(len(chosen), dtype=np.int64)
    none = np.zeros(len(chosen), dtype=np.int64)
    stays = flow.before_finish(found, ends, chosen)
    owner = found.item[stays]
    yield Counted(
        "spent", team[owner], day[owner], found.state[stays].astype(np.int64), flow.lengths(found)[stays], STATES
    )
    stays &= found.at >= found.began[ends.stay][found.item]
    active, waiting = flow.busy_and_waiting(found, stays)
    for measure, part, n, names in (
        ("finished", found.kinds.astype(np.int64), one, states.KIND_NAMES),
        ("cycle", ends.cycle, one, ()),
        ("lead", ends.lead, one, ()),
        ("busy", none, np.rint(active).astype(np.int64), ("",)),
        ("whole", none, np.rint(active + waiting).astype(np.int64), ("",)),
    ):
        yield Counted(measure, team[chosen], day[chosen], part[chosen], n[chosen], names)


def counted(found: FlowColumns) -> Iterator[Counted]:
    """Everything that FlowDay holds of the scope's teams."""
    yield from _of_finished(found)
    _, team, day, net = flow.changes(found, ALL_DAYS)
    for measure, sign in (("arrived", 1), ("departed", -1)):
        rows = net == sign
        none = np.zeros(int(rows.sum()), dtype=np.int64)
        yield Counted(measure, team[rows], day[rows], none, none + 1, ("",))
    in_band = found.in_scope & (found.state != states.REMOVED)
    yield _changes_of_stock(found, in_band, "held", found.state.astype(np.int64), STATES)
    began = np.where(found.began_day == NEVER, 0, found.began_day)
    yield _changes_of_stock(found, frame.in_wip(found), "since", began, ())


def summed_up(of: Counted) -> Counted:
    """The sum per team, day and part, where it is not 0, in their order."""
    if not len(of.n):
        return of
    widths = [int(values.max() - values.min()) + 1 for values in (of.day, of.part)]
    lows = [int(values.min()) for values in (of.day, of.part)]
    key = (of.team * widths[0] + of.day - lows[0]) * widths[1] + of.part - lows[1]
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(np.diff(key[order], prepend=-1))
    # Whole numbers, exactly: µs of many items in a day are more than a float holds.
    sums = np.add.reduceat(of.n[order], first)
    kept = order[first][sums != 0]
    return Counted(of.measure, of.team[kept], of.day[kept], of.part[kept], sums[sums != 0], of.names)


def _cells(sums: Sequence[Counted], teams: Ints) -> list[tuple[str, Cells]]:
    """The sums as columns of FlowDay."""
    measures = [of.measure for of in sums]
    measure = np.repeat(np.arange(len(sums)), [len(of.n) for of in sums])
    # What a part is called, by measure; what has no name is called by its number.
    used = [np.unique(of.part, return_inverse=True) for of in sums]
    names = [
        [of.names[at] if of.names else str(at) for at in known.tolist()]
        for of, (known, _) in zip(sums, used, strict=True)
    ]
    offsets = np.cumsum([0, *map(len, names)])
    part = np.concatenate([place for _, place in used]) + offsets[measure]
    return [
        ("team_id", binary.bigints(teams[np.concatenate([of.team for of in sums])])),
        ("measure", binary.texts(measure, measures)),
        ("on", binary.days(np.concatenate([of.day for of in sums]))),
        ("part", binary.texts(part, list(chain.from_iterable(names)))),
        ("n", binary.bigints(np.concatenate([of.n for of in sums]))),
    ]


def rebuild(teams: Collection[int]) -> None:
    """Compute the rollups of these teams anew, from the facts as they are.

    Runs in the caller's transaction or its own; two at once for one team wait for each other.
    """
    with transaction.atomic():
        # Before the facts are read: who comes second sees the first one's.
        locked = list(Team.objects.select_for_update(no_key=True).filter(pk__in=teams).order_by("pk"))
        now = timezone.now()
        facts = read_teams([team.pk for team in locked])
        found = derive(facts, micros(now), frozenset(team.pk for team in locked))
        sums = [summed_up(of) for of in counted(found)]
        numbers = np.array([team.id for team in found.teams], dtype=np.int64)
        FlowDay.objects.filter(team__in=locked).delete()
        FlowRollup.objects.filter(team__in=locked).delete()
        with connection.cursor() as cursor:
            binary.copy_columns(cursor, "metrics_flowday", _cells(sums, numbers))
        _note(found, locked, now)


def _note(found: FlowColumns, teams: Collection[Team], now: datetime) -> None:
    """Say what the rollups were computed from."""
    held = np.unique(np.stack([found.item, found.team], axis=1), axis=0)[:, 1]
    items = dict(zip((team.id for team in found.teams), np.bincount(held, minlength=len(found.teams)), strict=True))
    until = None if found.next_event == OPEN else instant(found.next_event)
    FlowRollup.objects.bulk_create(
        FlowRollup(team=team, built_at=now, good_until=until, timezone=team.timezone, items=int(items.get(team.pk, 0)))
        for team in teams
    )


def items_if_current(scope: Scope, as_of: datetime) -> int | None:
    """How many items the rollups of the scope stand for; None when they do not answer for `as_of`.

    They do when each team has them, since the last sync and mapping, in its zone, and no event has come due since.
    """
    found = current([scope], as_of)
    return found[scope.text].items if found else None


class Standing(NamedTuple):
    """What the rollups of a scope stand for: how many items, the next event that is known, and its teams' zones."""

    items: int
    next_event: int
    zones: dict[int, ZoneInfo]


def current(scopes: Sequence[Scope], as_of: datetime) -> dict[str, Standing]:
    """Those of the scopes, by their text, whose rollups answer for `as_of`. Three queries, of however many scopes."""
    if Source.objects.filter(needs_derive=True).exists():
        return {}
    teams = {team for scope in scopes for team in scope.teams}
    zones = dict(Team.objects.filter(pk__in=teams).values_list("pk", "timezone"))
    stored = {one.team_id: one for one in FlowRollup.objects.filter(team__in=teams)}
    answers = {pk for pk, one in stored.items() if _answers(one, zones[pk], as_of)}
    found = {}
    for scope in scopes:
        if answers.issuperset(scope.teams):
            own = [stored[pk] for pk in scope.teams]
            due = min((micros(one.good_until) for one in own if one.good_until), default=OPEN)
            of_teams = {pk: ZoneInfo(zones[pk]) for pk in scope.teams}
            found[scope.text] = Standing(sum(one.items for one in own), due, of_teams)
    return found


def _answers(stored: FlowRollup, zone: str, as_of: datetime) -> bool:
    is_due = stored.good_until is not None and stored.good_until <= as_of
    return stored.timezone == zone and as_of >= stored.built_at and not is_due


FLOWS = ("finished", "cycle", "lead", "arrived", "departed", "spent", "busy", "whole")
# `teams` and `parts` are aligned: in which of the scopes asked for each team is.
SUMS = """
    WITH scope AS MATERIALIZED (SELECT * FROM unnest(%(teams)s::bigint[], %(parts)s::int[]) AS one (team_id, place))
    SELECT place, measure, "on" - date '1970-01-01', part, sum(n)::bigint
    FROM metrics_flowday JOIN scope USING (team_id)
    WHERE measure = ANY(%(flows)s) AND "on" BETWEEN %(first)s AND %(last)s GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT place, measure, greatest("on", %(before)s) - date '1970-01-01', part, sum(n)::bigint
    FROM metrics_flowday JOIN scope USING (team_id)
    WHERE measure = 'held' AND "on" <= %(last)s GROUP BY 1, 2, 3, 4
"""
SINCE = """
    WITH scope AS MATERIALIZED (SELECT * FROM unnest(%(teams)s::bigint[], %(parts)s::int[]) AS one (team_id, place))
    SELECT place, team_id, greatest("on", %(before)s) - date '1970-01-01', part::bigint, sum(n)::bigint
    FROM metrics_flowday JOIN scope USING (team_id)
    WHERE measure = 'since' AND "on" <= %(last)s GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0
"""


def read(scope: Scope, window: Window, as_of: datetime) -> Sums:
    """The sums of a window's days that have begun by as_of."""
    zones = {team.pk: team.zone for team in Team.objects.filter(pk__in=scope.teams)}
    return read_each([scope], {scope.text: zones}, window, as_of)[scope.text]


def read_each(
    scopes: Sequence[Scope], zones: Mapping[str, Mapping[int, ZoneInfo]], window: Window, as_of: datetime
) -> dict[str, Sums]:
    """The sums of scopes of one zone by their text, in two queries. `zones` are those of their teams, by their text."""
    today = as_of.astimezone(scopes[0].zone).date()
    first, last = window.first, min(window.last, today)
    pairs = [(team, place) for place, scope in enumerate(scopes) for team in scope.teams]
    values: dict[str, Any] = {"teams": [team for team, _ in pairs], "parts": [place for _, place in pairs]}
    values |= {"flows": list(FLOWS), "first": first, "last": last, "before": first - timedelta(days=1)}
    cells: list[dict[str, list[tuple[int, str, int]]]] = [{} for _ in scopes]
    since: list[list[tuple[int, int, int, int]]] = [[] for _ in scopes]
    with connection.cursor() as cursor:
        cursor.execute(SUMS, values)
        for place, measure, *cell in cursor.fetchall():
            cells[place].setdefault(measure, []).append((cell[0], cell[1], cell[2]))
        cursor.execute(SINCE, values)
        for place, *row in cursor.fetchall():
            since[place].append((row[0], row[1], row[2], row[3]))
    next_day = (as_of + timedelta(microseconds=1)).astimezone(scopes[0].zone).date()
    days = frame.Days(frame.number(first), frame.number(last))
    return {
        scope.text: Sums(
            window,
            days,
            frame.number(next_day) - 1,
            cells[place],
            since[place],
            {pk: local_day(as_of, zone) for pk, zone in zones[scope.text].items()},
        )
        for place, scope in enumerate(scopes)
    }


def figures(keys: Collection[str], scope: Scope, window: Window, as_of: datetime) -> dict[str, Measurement]:
    """Those of the measures `keys` that the rollups answer: as things are now, for large streams and portfolios."""
    if scope.kind == "team" or window.first > as_of.astimezone(scope.zone).date():
        return {}
    items = items_if_current(scope, as_of)
    return {} if items is None or items < SMALLEST else summed.figures(read(scope, window, as_of), keys)
