"""Prepared costs (DayCost): what each team cost on each of its working days, split over what was in progress.

A day's rows are computed from the facts as they are: by today's mapping, links, rates and calendars, whatever came
later. So rows up to a day answer for every as-of from that day on. A team's CostMark says of which data they were made
(`stamp`) and which day is the first that is missing; `prepare` makes anew what is behind. It may run twice or be
killed at any time: each batch of teams is one transaction.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from funding.formulas import days as formula
from funding.models import Amendment, CostMark
from metrics.columns import OPEN, FlowColumns, derive, micros, read_teams
from metrics.columns.zones import day_number
from metrics.formulas import frame
from metrics.load import binary
from metrics.load.binary import Cells
from metrics.models import FlowRollup
from portfolio.models import Holiday, Team, TeamCost, ValueStream
from portfolio.quarters import Quarter

Ints = npt.NDArray[np.int64]
# Teams computed at once: bounds the memory, not the result.
BATCH = 20
# Grows when the way of computing changes: everything is made anew then.
EDITION = 1

LINKS = """
    SELECT coalesce(md5(string_agg(l.source_id || ' ' || l.parent || ' ' || f.initiative_id, ',' ORDER BY l.id)), '')
    FROM metrics_epiclink l JOIN portfolio_feature f ON f.id = l.feature_id WHERE f.initiative_id IS NOT NULL
"""
OF_ITEMS = """
    SELECT i.id, f.initiative_id
    FROM metrics_workitem i
    JOIN metrics_epiclink l ON l.source_id = i.source_id AND l.parent = i.parent AND i.parent <> ''
    JOIN portfolio_feature f ON f.id = l.feature_id AND f.initiative_id IS NOT NULL
    WHERE i.id = ANY(%s) AND i.deleted_at IS NULL
"""
FRESH = """
    CREATE TEMP TABLE fresh_cost (team_id bigint, "on" date, initiative_id bigint, share float8, amount numeric(14, 4))
    ON COMMIT DROP
"""
RAW = 'CREATE TEMP TABLE raw_cost (team_id bigint, "on" date, initiative_id bigint, share float8, units bigint)'
FILL = 'INSERT INTO fresh_cost SELECT team_id, "on", initiative_id, share, units::numeric / 10000 FROM raw_cost'
SAME = """
    {0}.team_id = {1}.team_id AND {0}."on" = {1}."on" AND {0}.amount = {1}.amount AND {0}.share = {1}.share
    AND coalesce({0}.initiative_id, 0) = coalesce({1}.initiative_id, 0)
"""
DROP = "DELETE FROM funding_daycost d WHERE d.team_id = ANY(%s) AND NOT EXISTS (SELECT FROM fresh_cost f WHERE "
DROP += SAME.format("f", "d") + ")"
ADD = 'INSERT INTO funding_daycost (team_id, "on", initiative_id, share, amount) '
ADD += 'SELECT team_id, "on", initiative_id, share, amount FROM fresh_cost f '
ADD += "WHERE NOT EXISTS (SELECT FROM funding_daycost d WHERE " + SAME.format("d", "f") + ")"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the costs of teams rest on, beside their items: by team, and by calendar."""

    # Day numbers and ten-thousandths, in the order of the days.
    rates: Mapping[int, list[tuple[date, Decimal]]]
    holidays: Mapping[int, list[date]]
    # The quarter of the first budget of each value stream.
    budgets: Mapping[int, date]
    rollups: Mapping[int, datetime]
    links: str

    def rates_of(self, team: Team) -> list[tuple[date, Decimal]]:
        """What the team costs from which day on; none: nobody said."""
        own = self.rates.get(team.pk)
        if own or team.cost_per_day is None:
            return own or []
        return [(date(2000, 1, 1), team.cost_per_day)]

    def stamp(self, team: Team) -> str:
        """Differs when the costs of the team may differ."""
        calendar = team.calendar
        parts = (
            EDITION,
            self.rollups.get(team.pk),
            self.links,
            team.timezone,
            team.started_on,
            team.ended_on,
            calendar.weekdays,
            self.holidays.get(calendar.pk),
            self.rates_of(team),
            self.budgets.get(team.stream_id),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:40]


def ground(teams: Collection[Team]) -> Ground:
    """Read what the costs of these teams rest on: the same few queries however many they are."""
    ids, calendars = [team.pk for team in teams], {team.calendar_id for team in teams}
    rates: dict[int, list[tuple[date, Decimal]]] = {}
    for pk, since, amount in TeamCost.objects.filter(team__in=ids).values_list("team", "valid_from", "cost_per_day"):
        rates.setdefault(pk, []).append((since, amount))
    holidays: dict[int, list[date]] = {}
    for pk, on in Holiday.objects.filter(calendar__in=calendars).values_list("calendar", "on"):
        holidays.setdefault(pk, []).append(on)
    budgets = Amendment.objects.order_by().values_list("stream").annotate(first=Min("quarter"))
    rollups = FlowRollup.objects.filter(team__in=ids).values_list("team", "built_at")
    with connection.cursor() as cursor:
        cursor.execute(LINKS)
        links = cursor.fetchone()[0]
    return Ground(rates, holidays, dict(budgets), dict(rollups), links)


def _teams(ids: Collection[int] | None) -> list[Team]:
    found = Team.objects.select_related("calendar").order_by("pk")
    return list(found if ids is None else found.filter(pk__in=ids))


def behind(now: datetime, ids: Collection[int] | None = None) -> list[int]:
    """The teams (None: of all) whose prepared costs are not those of today's data."""
    teams = _teams(ids)
    on, marks = ground(teams), {mark.team_id: mark for mark in CostMark.objects.filter(team__in=teams)}
    today = timezone.localdate(now)
    return [team.pk for team in teams if not _is_true(marks.get(team.pk), on.stamp(team), today)]


def _is_true(mark: CostMark | None, stamp: str, today: date) -> bool:
    return mark is not None and mark.stamp == stamp and mark.done_until > today


def prepare(now: datetime, ids: Collection[int] | None = None, *, anew: bool = False) -> int:
    """Bring the prepared costs of teams (None: all) up to today; the number of teams that were computed.

    `anew`: those too that are true already. Costs that are still true are marked as checked now.
    """
    late = [team.pk for team in _teams(ids)] if anew else behind(now, ids)
    still = CostMark.objects.exclude(team__in=late)
    (still if ids is None else still.filter(team__in=ids)).update(made_at=now)
    for low in range(0, len(late), BATCH):
        _prepare(late[low : low + BATCH], now)
    return len(late)


def _prepare(ids: Sequence[int], now: datetime) -> None:
    """Compute one batch. Two at once for one team wait for each other, and for a sync that derives it."""
    with transaction.atomic():
        list(Team.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
        teams = _teams(ids)
        on = ground(teams)
        found = derive(read_teams([team.pk for team in teams]), micros(now), frozenset(ids))
        _write(teams, _split(found, teams, on, timezone.localdate(now)))
        marks = [
            CostMark(team=team, done_until=timezone.localdate(now) + timedelta(1), made_at=now, stamp=on.stamp(team))
            for team in teams
        ]
        fields = ["done_until", "made_at", "stamp"]
        CostMark.objects.bulk_create(marks, update_conflicts=True, unique_fields=["team"], update_fields=fields)


def _first_days(found: FlowColumns, teams: Sequence[Team], on: Ground, today: date) -> Ints:
    """The first day of each team whose cost counts.

    A team without a first day is there since the quarter of its first item or of its stream's first budget, whichever
    is earlier, at the latest since this quarter.
    """
    numbers = {team.id: place for place, team in enumerate(found.teams)}
    first = np.full(len(found.teams), OPEN)
    np.minimum.at(first, found.team, found.day)
    days = []
    for team in teams:
        known = [Quarter.of(today).first, on.budgets.get(team.stream_id, today)]
        if team.pk in numbers and first[numbers[team.pk]] != OPEN:
            known.append(date.fromordinal(int(first[numbers[team.pk]]) + frame.ORDINAL))
        days.append(day_number(team.started_on or Quarter.of(min(known)).first))
    return np.array(days, dtype=np.int64)


def _split(found: FlowColumns, teams: Sequence[Team], on: Ground, today: date) -> formula.Split:
    """The costs of each team's days up to today; `day` are day numbers, `team` is an index into `teams`."""
    firsts, last = _first_days(found, teams, on, today), day_number(today)
    window = frame.Days(int(min(firsts.min(), last)), last)
    days = np.arange(window.first, window.last + 1)
    works = np.stack([_works(team, on, days, first) for team, first in zip(teams, firsts.tolist(), strict=True)])
    rate = np.stack([_rate(team, on, days) for team in teams])
    team, initiative, items = _in_progress(found, teams, window)
    parts = formula.split(team, initiative, items, works, rate)
    return parts._replace(day=parts.day + window.first)


def _works(team: Team, on: Ground, days: Ints, first: int) -> npt.NDArray[np.bool_]:
    holidays = np.array([day_number(day) for day in on.holidays.get(team.calendar_id, ())], dtype=np.int64)
    works = formula.workdays(days, np.array(team.calendar.weekdays), holidays) & (days >= first)
    if team.ended_on:
        works &= days <= day_number(team.ended_on)
    # Of a team whose cost nobody said nothing is prepared.
    return works if on.rates_of(team) else np.zeros_like(works)


def _rate(team: Team, on: Ground, days: Ints) -> Ints:
    known = on.rates_of(team)
    if not known:
        return np.zeros_like(days)
    since = np.array([day_number(day) for day, _ in known], dtype=np.int64)
    return formula.rates(since, np.array([int(amount * formula.UNIT) for _, amount in known], dtype=np.int64), days)


def _in_progress(found: FlowColumns, teams: Sequence[Team], window: frame.Days) -> tuple[Ints, Ints, Ints]:
    """Pairs of team (index) and initiative, and how many items of each were in progress at the end of each day."""
    mask = frame.in_wip(found)
    places = {team.pk: place for place, team in enumerate(teams)}
    of_team = np.array([places.get(team.id, 0) for team in found.teams], dtype=np.int64)
    initiative = _initiatives(found)[found.item[mask]]
    width = int(initiative.max(initial=0)) + 2
    pairs, band = np.unique(of_team[found.team[mask]] * width + initiative + 1, return_inverse=True)
    items = frame.bands(found, mask, window, band.astype(np.int64), len(pairs))
    return pairs // width, pairs % width - 1, np.rint(items).astype(np.int64)


def _initiatives(found: FlowColumns) -> Ints:
    """Per item: the initiative that its feature belongs to, NONE without one."""
    with connection.cursor() as cursor:
        cursor.execute(OF_ITEMS, [found.ids.tolist()])
        pairs = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2)
    initiative = np.full(len(found.ids), formula.NONE, dtype=np.int64)
    initiative[np.searchsorted(found.ids, pairs[:, 0])] = pairs[:, 1]
    return initiative


def _cells(teams: Sequence[Team], parts: formula.Split) -> Iterator[tuple[str, Cells]]:
    numbers = np.array([team.pk for team in teams], dtype=np.int64)
    yield "team_id", binary.bigints(numbers[parts.team])
    yield "on", binary.days(parts.day)
    yield "initiative_id", binary.bigints(parts.initiative, parts.initiative != formula.NONE)
    yield "share", binary.floats(parts.share)
    yield "units", binary.bigints(parts.amount)


def _write(teams: Sequence[Team], parts: formula.Split) -> None:
    """Make the rows of these teams those of `parts`; what is the same already is not written."""
    with connection.cursor() as cursor:
        cursor.execute(FRESH)
        cursor.execute(RAW + " ON COMMIT DROP")
        if len(parts.team):
            binary.copy_columns(cursor, "raw_cost", list(_cells(teams, parts)))
        cursor.execute(FILL)
        cursor.execute("ANALYZE fresh_cost")
        cursor.execute(DROP, [[team.pk for team in teams]])
        cursor.execute(ADD)
        cursor.execute("DROP TABLE raw_cost; DROP TABLE fresh_cost")


def working_days(streams: Collection[ValueStream], first: date, last: date) -> list[date]:
    """The days on which at least one team of the streams works; Monday to Friday where they have no team."""
    days = np.arange(day_number(first), day_number(last) + 1)
    teams = list(Team.objects.select_related("calendar").filter(stream__in=streams).order_by("pk"))
    holidays: dict[int, list[int]] = {}
    calendars = {team.calendar_id for team in teams}
    for pk, on in Holiday.objects.filter(calendar__in=calendars).values_list("calendar", "on"):
        holidays.setdefault(pk, []).append(day_number(on))
    works = np.zeros(len(days), dtype=np.bool_) if teams else formula.workdays(days, np.arange(1, 6), days[:0])
    for team in teams:
        free = np.array(holidays.get(team.calendar_id, []), dtype=np.int64)
        there = (days >= day_number(team.started_on or date.min)) & (days <= day_number(team.ended_on or date.max))
        works |= formula.workdays(days, np.array(team.calendar.weekdays), free) & there
    return [date.fromordinal(day + frame.ORDINAL) for day in days[works].tolist()]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the prepared costs of some teams are: the oldest check, and what they are not true for.

    `missing` counts teams without any, `late` those without today's day.
    """

    made_at: datetime | None
    missing: int
    late: int

    @property
    def is_stale(self) -> bool:
        return bool(self.missing or self.late)


def freshness(streams: Collection[int], today: date) -> Freshness:
    """How fresh the costs of the teams of these value streams are: one query."""
    teams: Any = Team.objects.filter(stream__in=streams).exclude(ended_on__lt=today).order_by()
    rows = list(teams.values_list("cost_mark__made_at", "cost_mark__done_until"))
    known = [(made, until) for made, until in rows if made is not None]
    late = sum(until <= today for _, until in known)
    return Freshness(min((made for made, _ in known), default=None), len(rows) - len(known), late)
