"""The formula written out: the rows behind the costs of one impediment, and what it will have cost by a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

import numpy as np
from django.db.models import Q

from accounts.models import User
from funding.formulas.days import workdays
from funding.rollups import Ground, ground
from impediments.costs.base import Which, added, keys, last_days, open_at
from impediments.costs.capacity import Capacity, capacity
from impediments.costs.delay import Delay, delay, told
from impediments.models import Block, BlockedDay, Impediment
from impediments.rollups import Freshness, freshness
from metrics.columns.zones import day_number
from portfolio.models import Team


@dataclass(frozen=True, slots=True)
class Run:
    """Working days of a team that are alike: `days` × `rate` × `items` ÷ `in_progress` = `amount`.

    `items` counts one that k impediments block 1/k. `rate` and `amount` None: nobody said, or hidden.
    """

    team: Team
    first: date
    last: date
    days: int
    items: float
    in_progress: int
    rate: Decimal | None
    amount: Decimal | None

    @property
    def item_days(self) -> float:
        return self.days * self.items

    @property
    def is_shared(self) -> bool:
        """Whether other impediments block some of the items too."""
        return abs(self.items - round(self.items)) > 1e-9


@dataclass(frozen=True, slots=True)
class Explanation:
    """Both costs of an impediment with everything they are made of. `runs` add up to `capacity`, exactly."""

    impediment: Impediment
    as_of: datetime
    capacity: Capacity
    runs: tuple[Run, ...]
    delay: Delay
    blocks: tuple[Block, ...]
    freshness: Freshness
    is_open: bool

    @property
    def gone(self) -> list[str]:
        """Keys of items whose source was removed: they count no more."""
        return sorted({block.key for block in self.blocks if block.item_id is None})

    @property
    def deleted(self) -> list[str]:
        """Keys of items that were deleted in their tool by as_of: they count until the day before."""
        items = {block.key: block.item for block in self.blocks if block.item is not None}
        return sorted(key for key, item in items.items() if item.deleted_at and item.deleted_at <= self.as_of)

    @property
    def shows_money(self) -> bool:
        return any(run.amount is not None for run in self.runs)


def rate_on(on: Ground, team: Team, day: date) -> Decimal | None:
    """What a day of the team costs: the latest rate at or before it, before the first that one."""
    known = on.rates_of(team)
    if not known:
        return None
    return next((amount for since, amount in reversed(known) if since <= day), known[0][1])


def day_rows(impediment: Impediment, as_of: datetime) -> list[BlockedDay]:
    """The prepared days of an impediment that count as at an instant (base.last_days), by team and day."""
    days = BlockedDay.objects.filter(impediment=impediment).select_related("team__calendar")
    rows = list(days.order_by("team__name", "on"))
    last = last_days({row.team for row in rows}, as_of)
    return [row for row in rows if row.on <= last[row.team_id]]


def _runs(rows: list[BlockedDay], on: Ground, streams: frozenset[int] | None) -> list[Run]:
    rated = [(row, rate_on(on, row.team, row.on)) for row in rows]
    found = []
    alike = groupby(rated, key=lambda pair: (pair[0].team_id, round(pair[0].items, 9), pair[0].in_progress, pair[1]))
    for (_, items, in_progress, rate), same in alike:
        days = [row for row, _ in same]
        team = days[0].team
        is_seen = streams is None or team.stream_id in streams
        amount = sum((row.amount for row in days if row.amount is not None), Decimal(0)) if rate is not None else None
        found.append(
            Run(team, days[0].on, days[-1].on, len(days), items, in_progress, rate if is_seen else None,
                amount if is_seen else None)
        )  # fmt: skip
    return found


def explain(
    impediment: Impediment, as_of: datetime, streams: frozenset[int] | None = None, user: User | None = None
) -> Explanation:
    """Everything the costs of an impediment are made of; money only of `streams` (base.money_streams; None: all).

    `user`: who reads it; initiatives that they do not see are not named.
    """
    rows = day_rows(impediment, as_of)
    on = ground({row.team for row in rows})
    cost, late = capacity([impediment], as_of=as_of)[impediment.pk], delay([impediment], as_of)[impediment.pk]
    late = told({impediment.pk: late}, user)[impediment.pk] if user is not None else late
    if streams is not None:
        cost, late = cost.seen(streams), late.seen(streams)
    blocks = tuple(Block.objects.filter(impediment=impediment, from_at__lte=as_of).select_related("item__team"))
    teams = {block.item.team_id for block in blocks if block.item} | {row.team_id for row in rows}
    is_open = open_at(Impediment.objects.filter(pk=impediment.pk), as_of).exists()
    runs = tuple(_runs(rows, on, streams))
    return Explanation(impediment, as_of, cost, runs, late, blocks, freshness(teams, as_of), is_open)


@dataclass(frozen=True, slots=True)
class Projection:
    """What an open impediment will take from the day after as_of until a day, if all stays as on the last working day.

    `days` item-days, `amount` money; `working_days` at most of its teams. `by_then` is with what it took so far.
    """

    days: float
    amount: Decimal | None
    working_days: int
    by_then: Decimal | None
    days_by_then: float


def project(
    impediments: Iterable[Which],
    until: date,
    as_of: datetime,
    streams: frozenset[int] | None = None,
    teams: Iterable[int] | None = None,
) -> dict[int, Projection]:
    """The last prepared working day of each team × its working days until a date, of those open at as_of.

    `streams`: whose money is told (base.money_streams; None: all). `teams`: only what is taken from these.
    """
    ids = keys(open_at(Impediment.objects.filter(pk__in=keys(impediments)), as_of))
    so_far = capacity(ids, as_of=as_of, teams=teams)
    hit = Team.objects.filter(blocked_days__impediment__in=ids).distinct().select_related("calendar")
    of = list(hit if teams is None else hit.filter(pk__in=teams))
    ahead, last = _ahead(of, until, as_of), _last_rows(ids, of, as_of)
    found = {}
    for pk in ids:
        rows = [row for row in last if row.impediment_id == pk]
        cost = so_far[pk] if streams is None else so_far[pk].seen(streams)
        found[pk] = _projection(rows, ahead, cost, streams)
    return found


def _last_rows(ids: list[int], teams: list[Team], as_of: datetime) -> list[BlockedDay]:
    """What each impediment took on the last working day of each team."""
    rows = BlockedDay.objects.filter(impediment__in=ids)
    days = Q(pk=None)
    on, ends = ground(teams), last_days(teams, as_of)
    marks = dict(Team.objects.filter(pk__in=[one.pk for one in teams]).values_list("pk", "blocked_mark__done_until"))
    for team in teams:
        known = marks[team.pk]
        latest = min(ends[team.pk], known - timedelta(1)) if known else ends[team.pk]
        if (day := _last_working(team, on, latest)) is not None:
            days |= Q(team=team, on=day)
    return list(rows.filter(days).select_related("team"))


def _works(team: Team, on: Ground, first: date, last: date) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The day numbers of the team's working days from `first` to `last`."""
    days = np.arange(day_number(first), day_number(min(last, team.ended_on or last)) + 1)
    holidays = np.array([day_number(day) for day in on.holidays.get(team.calendar_id, ())], dtype=np.int64)
    return days[workdays(days, np.array(team.calendar.weekdays), holidays)]


def _last_working(team: Team, on: Ground, latest: date) -> date | None:
    # A month without a working day is no project to speak of.
    days = _works(team, on, latest - timedelta(31), latest)
    return latest - timedelta(int(day_number(latest) - days[-1])) if len(days) else None


def _ahead(teams: list[Team], until: date, as_of: datetime) -> dict[int, int]:
    """How many working days each team has after the last one that counts until a date."""
    on, ends = ground(teams), last_days(teams, as_of)
    return {team.pk: len(_works(team, on, ends[team.pk] + timedelta(1), until)) for team in teams}


def _projection(
    rows: list[BlockedDay], ahead: Mapping[int, int], so_far: Capacity, streams: frozenset[int] | None
) -> Projection:
    seen = [row for row in rows if streams is None or row.team.stream_id in streams]
    coming = [None if row.amount is None else row.amount * ahead[row.team_id] for row in seen]
    amount = added(coming) if rows else Decimal("0.00")
    if so_far.amount is None:
        amount = None
    by_then = None if amount is None or so_far.amount is None else so_far.amount + amount
    days = sum(row.items * ahead[row.team_id] for row in rows)
    working = max((ahead[row.team_id] for row in rows), default=0)
    return Projection(days, amount, working, by_then, so_far.days + days)
