"""The costs page: what blocked work took and delays, by category, place and month; what each one takes, and the top."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from charts import figures as charts
from impediments import costs
from impediments.costs import Capacity, Delay, GivesBack, Projection
from impediments.models import BlockedDay, Category, Impediment
from impediments.rollups import Freshness, freshness
from metrics.forms import Asked
from metrics.rules import Freshness as SourceFreshness
from metrics.rules import of_sources, sources_of
from portfolio.models import Team

# So many impediments are listed; the others are in the CSV.
MOST_ROWS = 25
# Months whose delay is told: each is a forecast of its own.
MOST_MONTHS = 4


@dataclass(frozen=True, slots=True)
class Group:
    """What the impediments of a group took in the window, and what they delay at its end: side by side, never added."""

    name: str
    n: int
    capacity: Capacity
    delay: Delay
    # What it is, as addresses say it.
    category: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An impediment: what it took in the window, what it delays, and what it takes until the day asked about."""

    impediment: Impediment
    is_open: bool
    capacity: Capacity
    delay: Delay
    coming: Projection | None


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page, with the money that its reader may see. `end` is the instant that delays are told of."""

    asked: Asked
    until: date
    at: datetime
    end: datetime
    rows: Sequence[Row]
    whole: Group
    categories: Sequence[Group]
    places: Sequence[Group]
    months: Sequence[Group]
    back: GivesBack
    freshness: Freshness
    sources: SourceFreshness
    has_money: bool

    @property
    def place(self) -> str:
        """What `places` are."""
        return "Value stream" if self.asked.scope.kind == "portfolio" else "Team"

    @property
    def spec(self) -> dict[str, Any] | None:
        """The figure of the months; none for a single one."""
        if len(self.months) < 2:
            return None
        days = [round(one.capacity.team_days, 2) for one in self.months]
        return charts.bar([one.name for one in self.months], {"Taken": days}, unit="team days")

    @property
    def tells_delays(self) -> bool:
        """Whether the months say what was delayed at their ends."""
        return len(self.months) <= MOST_MONTHS

    @property
    def shown(self) -> Sequence[Row]:
        return self.rows[:MOST_ROWS]

    @property
    def left_out(self) -> int:
        return max(len(self.rows) - MOST_ROWS, 0)

    @property
    def coming(self) -> tuple[float, Decimal | None]:
        """What all open ones take until the day asked about."""
        found = [row.coming for row in self.rows if row.coming]
        return sum(one.days for one in found), costs.added([one.amount for one in found])


def costs_page(asked: Asked, user: User, now: datetime, until: date) -> Page:
    """The page as its reader may see it: the same number of queries for one impediment and for many."""
    at, scope = asked.as_of or now, asked.scope
    end = min(at, datetime.combine(asked.window.last, time.max, tzinfo=scope.zone))
    streams = costs.money_streams(user)
    near = _near(asked, user, at)
    rows = _rows(_found(near, asked, end), asked, user, at, end, until)
    return Page(
        asked=asked,
        until=until,
        at=at,
        end=end,
        rows=rows,
        whole=_group(scope.name, rows),
        categories=_by_category(rows),
        places=_by_place(rows, asked),
        months=_by_month(near, asked, at, user),
        back=costs.gives_back(scope, costs.top(scope.teams, at, user=user), at),
        freshness=freshness(scope.teams, now),
        sources=of_sources(sources_of(scope.teams), now, asked.as_of),
        has_money=_has_money(asked, streams),
    )


def _rows(found: Sequence[Impediment], asked: Asked, user: User, at: datetime, end: datetime, until: date) -> list[Row]:
    """What took most first; what is resolved and took nothing is left out."""
    window, teams, streams = asked.window, asked.scope.teams, costs.money_streams(user)
    ids = [one.pk for one in found]
    open_ids = set(costs.open_at(Impediment.objects.filter(pk__in=ids), end).values_list("pk", flat=True))
    took = costs.capacity(ids, window.first, window.last, as_of=at, teams=teams)
    late, coming = costs.told(costs.delay(ids, end), user), costs.project(ids, until, at, streams, teams)
    rows = [
        Row(one, one.pk in open_ids, took[one.pk].seen(streams), late[one.pk].seen(streams), coming.get(one.pk))
        for one in found
    ]
    rows = [row for row in rows if row.is_open or row.capacity.days]
    return sorted(rows, key=lambda row: (-row.capacity.team_days, not row.is_open, row.impediment.since_at))


def _has_money(asked: Asked, streams: frozenset[int]) -> bool:
    return Team.objects.filter(pk__in=asked.scope.teams, stream__in=streams).exists()


def _near(asked: Asked, user: User, at: datetime) -> QuerySet[Impediment]:
    """What the reader may see of the scope's teams, or of what took something from them: what was logged by then."""
    teams = asked.scope.teams
    took = BlockedDay.objects.filter(team__in=teams).values("impediment")
    # Visible is a condition of its own: two of them in one query are slow.
    seen = Impediment.objects.for_user(user).values("pk")
    return Impediment.objects.filter(Q(team__in=teams) | Q(pk__in=took), pk__in=seen, logged_at__lte=at)


def _found(near: QuerySet[Impediment], asked: Asked, end: datetime) -> list[Impediment]:
    """Those that are open at the end of the window, or took something in it."""
    window = asked.window
    days = BlockedDay.objects.filter(team__in=asked.scope.teams, on__gte=window.first, on__lte=window.last)
    is_open = costs.open_at(Impediment.objects.all(), end).values("pk")
    wanted = near.filter(Q(pk__in=days.values("impediment")) | Q(pk__in=is_open))
    return list(wanted.select_related("team__stream").order_by("pk"))


def _group(name: str, rows: Iterable[Row], category: str = "", scope: str = "") -> Group:
    found = list(rows)
    parts = [part for row in found for part in row.capacity.parts]
    capacity = costs.whole(parts)
    if any(row.capacity.is_hidden for row in found):
        capacity = replace(capacity, reason="", is_hidden=True)
    late = costs.together(row.delay for row in found if row.is_open)
    return Group(name, len(found), capacity, late, category, scope)


def _by_category(rows: Sequence[Row]) -> list[Group]:
    groups = [
        _group(one.label, [row for row in rows if row.impediment.category == one], category=one.value)
        for one in Category
    ]
    return _sorted(group for group in groups if group.n)


def _sorted(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda one: (-one.capacity.team_days, -(one.delay.weeks or 0), one.name))


def _by_place(rows: Sequence[Row], asked: Asked) -> list[Group]:
    """Of the portfolio by value stream, of a stream by team: what was taken from it, what its own impediments delay."""
    if asked.scope.kind == "team":
        return []
    by_stream = asked.scope.kind == "portfolio"
    teams = list(Team.objects.filter(pk__in=asked.scope.teams).select_related("stream"))
    names = {team.stream_id if by_stream else team.pk: _named(team, by_stream=by_stream) for team in teams}
    groups = []
    for pk, (name, scope) in names.items():
        mine = [_of_place(row, pk, by_stream=by_stream) for row in rows]
        groups.append(_group(name, [row for row in mine if row.capacity.parts or row.delay.parts], scope=scope))
    return _sorted(group for group in groups if group.n)


def _named(team: Team, *, by_stream: bool) -> tuple[str, str]:
    return (team.stream.name, f"stream:{team.stream.slug}") if by_stream else (team.name, f"team:{team.slug}")


def _of_place(row: Row, pk: int, *, by_stream: bool) -> Row:
    """The part of an impediment's costs that a value stream (or a team) bears."""
    parts = [part for part in row.capacity.parts if (part.stream if by_stream else part.team) == pk]
    slips = [part for part in row.delay.parts if part.stream == pk] if by_stream else row.delay.parts
    if not by_stream and row.impediment.team_id != pk:
        slips = []
    capacity = replace(costs.whole(parts), is_hidden=row.capacity.is_hidden)
    return replace(row, capacity=capacity, delay=replace(row.delay, parts=tuple(slips)))


def _by_month(near: QuerySet[Impediment], asked: Asked, at: datetime, user: User) -> list[Group]:
    """What was taken in each month that the window touches; of few months also what was delayed at its end."""
    ids, streams = list(near.values_list("pk", flat=True)), costs.money_streams(user)
    window = asked.window
    found = costs.by_month(ids, window.first, window.last, as_of=at, teams=asked.scope.teams)
    months = _months(window.first, min(window.last, at.astimezone(asked.scope.zone).date()))
    tells_delay = len(months) <= MOST_MONTHS
    return [
        Group(
            f"{month:%b %Y}",
            len(ids),
            found.get(month, Capacity()).seen(streams),
            _delay_at(ids, _end_of(month, asked, at), user, streams) if tells_delay else Delay(),
        )
        for month in months
    ]


def _delay_at(impediments: Sequence[int], at: datetime, user: User, streams: frozenset[int]) -> Delay:
    found = costs.told(costs.delay(impediments, at), user)
    return costs.together(one.seen(streams) for one in found.values())


def _end_of(month: date, asked: Asked, at: datetime) -> datetime:
    last = min((month.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1), asked.window.last)
    return min(at, datetime.combine(last, time.max, tzinfo=asked.scope.zone))


def _months(first: date, last: date) -> list[date]:
    """The first days of the months from one day to another."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = (month.replace(day=28) + timedelta(4)).replace(day=1)
    return found
