"""Prepared blocked days (BlockedDay): what each impediment took from each team on each of its working days.

A day's rows are computed from the facts as they are: by today's mapping, blocks, rates and calendars. So rows up to a
day answer for every as-of from that day on. A team's BlockedMark says of which data they were made (`stamp`) and which
day is the first that is missing; `prepare` makes anew what is behind. It may run twice or be killed at any time: each
batch of teams is one transaction. Today's rows are as of now: they are made anew when the day is over.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.utils import timezone

from core import live
from funding.formulas.days import rates, workdays
from funding.rollups import Ground, ground
from impediments.formulas import cost
from impediments.models import BlockedDay, BlockedMark
from metrics.columns import OPEN, FlowColumns, derive, micros, read_teams
from metrics.columns.zones import day_number, local_days
from metrics.formulas import frame
from metrics.load import binary
from metrics.load.binary import Cells
from portfolio.models import Team

Ints = npt.NDArray[np.int64]
# Teams computed at once: bounds the memory, not the result.
BATCH = 20
# Grows when the way of computing changes: everything is made anew then.
EDITION = 2

# Of each team that ever held a blocked item: what its blocks are.
BLOCKS = """
    WITH blocked AS (SELECT DISTINCT item_id FROM impediments_block WHERE item_id IS NOT NULL), held AS (
        SELECT i.id AS item_id, i.team_id FROM blocked JOIN metrics_workitem i ON i.id = item_id
        UNION SELECT m.item_id, m.from_team_id FROM blocked JOIN metrics_teammove m USING (item_id)
        UNION SELECT m.item_id, m.to_team_id FROM blocked JOIN metrics_teammove m USING (item_id)
    )
    SELECT h.team_id, md5(string_agg(concat_ws(' ', b.id, b.impediment_id, b.item_id, b.from_at, b.to_at, i.deleted_at),
        ',' ORDER BY b.id))
    FROM held h JOIN impediments_block b USING (item_id) JOIN metrics_workitem i ON i.id = h.item_id
    WHERE h.team_id = ANY(%s) GROUP BY 1
"""
# Blocked items of teams that their tools deleted: when, in µs. They took what they took until then.
DELETED = """
    SELECT i.id, (extract(epoch FROM i.deleted_at) * 1000000)::bigint FROM metrics_workitem i
    WHERE i.deleted_at IS NOT NULL AND EXISTS (SELECT FROM impediments_block b WHERE b.item_id = i.id) AND (
        i.team_id = ANY(%(teams)s) OR EXISTS (
            SELECT FROM metrics_teammove m
            WHERE m.item_id = i.id AND (m.from_team_id = ANY(%(teams)s) OR m.to_team_id = ANY(%(teams)s))))
    ORDER BY i.id
"""
OF_ITEMS = """
    SELECT impediment_id, item_id, (extract(epoch FROM from_at) * 1000000)::bigint,
        (extract(epoch FROM to_at) * 1000000)::bigint
    FROM impediments_block WHERE item_id = ANY(%s) AND from_at <= %s ORDER BY id
"""
RAW = """
    CREATE TEMP TABLE raw_blocked
    (impediment_id bigint, team_id bigint, "on" date, items float8, in_progress bigint, units bigint) ON COMMIT DROP
"""
FRESH = """
    CREATE TEMP TABLE fresh_blocked ON COMMIT DROP AS
    SELECT impediment_id, team_id, "on", items, in_progress, (units::numeric / 10000)::numeric(14, 4) AS amount
    FROM raw_blocked
"""
SAME = """
    d.impediment_id = f.impediment_id AND d.team_id = f.team_id AND d."on" = f."on" AND d.items = f.items
    AND d.in_progress = f.in_progress AND d.amount IS NOT DISTINCT FROM f.amount
"""
DROP = "DELETE FROM impediments_blockedday d WHERE d.team_id = ANY(%s) "
DROP += "AND NOT EXISTS (SELECT FROM fresh_blocked f WHERE " + SAME + ")"
ADD = 'INSERT INTO impediments_blockedday (impediment_id, team_id, "on", items, in_progress, amount) '
ADD += 'SELECT impediment_id, team_id, "on", items, in_progress, amount FROM fresh_blocked f '
ADD += "WHERE NOT EXISTS (SELECT FROM impediments_blockedday d WHERE " + SAME + ")"


@dataclass(frozen=True, slots=True)
class Base:
    """What blocked days of teams rest on, beside their items; `blocks` say of each team that has some which."""

    ground: Ground
    blocks: Mapping[int, str]

    def stamp(self, team: Team) -> str:
        """Differs when the blocked days of the team may differ."""
        calendar, on = team.calendar, self.ground
        blocks = self.blocks.get(team.pk)
        # Without a block nothing is prepared, whatever else changes.
        parts = (
            (
                EDITION,
                blocks,
                on.rollups.get(team.pk),
                team.timezone,
                team.started_on,
                team.ended_on,
                calendar.weekdays,
                sorted(on.holidays.get(calendar.pk, ())),
                on.rates_of(team),
            )
            if blocks
            else (EDITION,)
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:40]


def base(teams: Collection[Team]) -> Base:
    """Read what the blocked days of these teams rest on: the same few queries however many they are."""
    with connection.cursor() as cursor:
        cursor.execute(BLOCKS, [[team.pk for team in teams]])
        blocks = dict(cursor.fetchall())
    return Base(ground(teams), blocks)


def _teams(ids: Collection[int] | None) -> list[Team]:
    found = Team.objects.select_related("calendar").order_by("pk")
    return list(found if ids is None else found.filter(pk__in=ids))


def behind(now: datetime, ids: Collection[int] | None = None) -> list[int]:
    """The teams (None: of all) whose blocked days are not those of today's data."""
    teams = _teams(ids)
    on, marks = base(teams), {mark.team_id: mark for mark in BlockedMark.objects.filter(team__in=teams)}
    return [team.pk for team in teams if not _is_true(marks.get(team.pk), on.stamp(team), today(team, now))]


def today(team: Team, at: datetime) -> date:
    """The team's local day."""
    return at.astimezone(team.zone).date()


def _is_true(mark: BlockedMark | None, stamp: str, today: date) -> bool:
    return mark is not None and mark.stamp == stamp and mark.done_until > today


def prepare(now: datetime, ids: Collection[int] | None = None, *, anew: bool = False) -> int:
    """Bring the blocked days of teams (None: all) up to now; the number of teams that were computed.

    `anew`: those too that are true already. What is still true is marked as checked now.
    """
    late = [team.pk for team in _teams(ids)] if anew else behind(now, ids)
    still = BlockedMark.objects.exclude(team__in=late)
    (still if ids is None else still.filter(team__in=ids)).update(made_at=now)
    for low in range(0, len(late), BATCH):
        _prepare(late[low : low + BATCH], now)
    return len(late)


def soon() -> None:
    """Have what is behind prepared after the commit, by a worker; beat does so every minute anyway."""
    from impediments.tasks import prepare_blocked_days

    transaction.on_commit(lambda: prepare_blocked_days.delay(), robust=True)


def _prepare(ids: Sequence[int], now: datetime) -> None:
    """Compute one batch. Two at once for one team wait for each other, and for a sync that derives it."""
    with transaction.atomic():
        list(Team.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
        teams = _teams(ids)
        # Read before the facts: what changes in between leaves the mark behind.
        on = base(teams)
        blocked = [team for team in teams if team.pk in on.blocks]
        changed = _write(teams, _spread(blocked, on.ground, now) if blocked else None)
        marks = [
            BlockedMark(team=team, done_until=today(team, now) + timedelta(1), made_at=now, stamp=on.stamp(team))
            for team in teams
        ]
        fields = ["done_until", "made_at", "stamp"]
        BlockedMark.objects.bulk_create(marks, update_conflicts=True, unique_fields=["team"], update_fields=fields)
        if changed:
            live.publish("impediments:all", "costs", {})


@dataclass(frozen=True, slots=True)
class Days:
    """Blocked days of `teams`; `rows.day` counts from day number `first`, `rows.team` is an index into them."""

    teams: Sequence[Team]
    rows: cost.Blocked
    first: int


def _spread(teams: Sequence[Team], on: Ground, now: datetime) -> Days:
    found = _columns([team.pk for team in teams], now)
    places = {team.pk: place for place, team in enumerate(teams)}
    of_team = np.array([places.get(team.id, 0) for team in found.teams], dtype=np.int64)
    spans = _spans(found, of_team, now)
    first = int(spans.first.min(initial=day_number(timezone.localdate(now))))
    window = frame.Days(first, max(day_number(today(team, now)) for team in teams))
    days = np.arange(window.first, window.last + 1)
    shape = (len(teams), len(days))
    works = np.array([_works(team, on, days) for team in teams], dtype=np.bool_).reshape(shape)
    rate = np.array([_rate(team, on, days) for team in teams], dtype=np.int64).reshape(shape)
    mask = frame.in_wip(found)
    whole = np.rint(frame.bands(found, mask, window, of_team[found.team[mask]], len(teams))).astype(np.int64)
    near = spans._replace(first=spans.first - first, until=spans.until - first)
    return Days(teams, cost.spread(near, works, whole, rate), first)


def _columns(teams: Sequence[int], now: datetime) -> FlowColumns:
    """The flow of teams, with their blocked items that were deleted in their tools, up to the day before that."""
    with connection.cursor() as cursor:
        cursor.execute(DELETED, {"teams": list(teams)})
        ids, ends = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2).T
    found = derive(read_teams(teams, deleted=ids.tolist()), micros(now), frozenset(teams))
    end = np.full(len(found.ids), OPEN)
    end[np.isin(found.ids, ids)] = ends[np.isin(ids, found.ids)]
    # The day of the deletion is the first that does not count, in the zone of who held the item.
    until = _local(end[found.item], found.team, found)
    return replace(found, day=np.minimum(found.day, until), until_day=np.minimum(found.until_day, until))


def _works(team: Team, on: Ground, days: Ints) -> npt.NDArray[np.bool_]:
    """Which days the team works on."""
    holidays = np.array([day_number(day) for day in on.holidays.get(team.calendar_id, ())], dtype=np.int64)
    works = workdays(days, np.array(team.calendar.weekdays), holidays)
    works &= days >= day_number(team.started_on or date.min)
    return works & (days <= day_number(team.ended_on or date.max))


def _rate(team: Team, on: Ground, days: Ints) -> Ints:
    """What each day costs in ten-thousandths; UNKNOWN: nobody said."""
    known = on.rates_of(team)
    if not known:
        return np.full_like(days, cost.UNKNOWN)
    since = np.array([day_number(day) for day, _ in known], dtype=np.int64)
    return rates(since, np.array([int(amount * cost.UNIT) for _, amount in known], dtype=np.int64), days)


def _blocks(ids: Ints, now: datetime) -> tuple[Ints, Ints, Ints, Ints]:
    """What blocked the items `ids` (ascending) by now: impediment, item (its place in ids), begin and end in µs."""
    with connection.cursor() as cursor:
        cursor.execute(OF_ITEMS, [ids.tolist(), now])
        rows = cursor.fetchall()
    impediment, item, begin, end = np.array(
        [(one, of, since, OPEN if until is None else until) for one, of, since, until in rows], dtype=np.int64
    ).reshape(-1, 4).T  # fmt: skip
    # What ends later goes on as far as anybody knows.
    return impediment, np.searchsorted(ids, item), begin, np.where(end > micros(now), OPEN, end)


def _spans(found: FlowColumns, of_team: Ints, now: datetime) -> cost.Spans:
    """Blocks cut to the stays in progress of their items, in days of the team that holds the item."""
    impediment, item, begin, end = _blocks(found.ids, now)
    stays = np.flatnonzero(frame.in_wip(found))
    # Each block meets all stays of its item; stays are ordered by item.
    low, high = np.searchsorted(found.item[stays], np.stack([item, item + 1]))
    repeats = high - low
    block = np.repeat(np.arange(len(item)), repeats)
    stay = stays[np.arange(len(block)) - np.repeat(repeats.cumsum() - repeats - low, repeats)]
    team = found.team[stay]
    # Nothing is known of the ends of days to come.
    tomorrow = found.of_teams("as_of_day")[stay] + 1
    first = np.maximum(found.day[stay], _local(begin[block], team, found))
    until = np.minimum.reduce([found.until_day[stay], _local(end[block], team, found), tomorrow])
    met = first < until
    return cost.Spans(impediment[block][met], found.ids[item[block][met]], of_team[team[met]], first[met], until[met])


def _local(at: Ints, team: Ints, found: FlowColumns) -> Ints:
    """The local day of each instant in the zone of its team; OPEN stays."""
    days = at.copy()
    for zone in {info.zone for info in found.teams}:
        here = np.isin(team, [place for place, info in enumerate(found.teams) if info.zone == zone]) & (at != OPEN)
        days[here] = local_days(at[here], zone)
    return days


def _cells(days: Days) -> Iterator[tuple[str, Cells]]:
    rows, numbers = days.rows, np.array([team.pk for team in days.teams], dtype=np.int64)
    yield "impediment_id", binary.bigints(rows.impediment)
    yield "team_id", binary.bigints(numbers[rows.team])
    yield "on", binary.days(rows.day + days.first)
    yield "items", binary.floats(rows.items)
    yield "in_progress", binary.bigints(rows.in_progress)
    yield "units", binary.bigints(rows.amount, rows.amount != cost.UNKNOWN)


def _write(teams: Sequence[Team], days: Days | None) -> bool:
    """Make the rows of these teams those of `days`; what is the same is not written. Whether anything was."""
    ids = [team.pk for team in teams]
    if days is None or not len(days.rows.team):
        return bool(BlockedDay.objects.filter(team__in=ids).delete()[0])
    with connection.cursor() as cursor:
        cursor.execute(RAW)
        binary.copy_columns(cursor, "raw_blocked", list(_cells(days)))
        cursor.execute(FRESH)
        cursor.execute("ANALYZE fresh_blocked")
        cursor.execute(DROP, [ids])
        changed = cursor.rowcount
        cursor.execute(ADD)
        changed += cursor.rowcount
        cursor.execute("DROP TABLE raw_blocked; DROP TABLE fresh_blocked")
    return bool(changed)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the blocked days of some teams are: the oldest check, and of how many teams today is missing."""

    made_at: datetime | None
    late: int

    @property
    def is_stale(self) -> bool:
        return bool(self.late)


def freshness(teams: Collection[int], now: datetime) -> Freshness:
    """How fresh the blocked days of these teams are: one query."""
    rows = [team for team in Team.objects.filter(pk__in=teams).select_related("blocked_mark") if _goes_on(team, now)]
    marks = [(team, getattr(team, "blocked_mark", None)) for team in rows]
    late = sum(mark is None or mark.done_until <= today(team, now) for team, mark in marks)
    return Freshness(min((mark.made_at for _, mark in marks if mark is not None), default=None), late)


def _goes_on(team: Team, now: datetime) -> bool:
    return team.ended_on is None or team.ended_on >= today(team, now)
