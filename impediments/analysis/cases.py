"""The impediments of a scope in a window, as at an instant: how long they took, where they stand, what they took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Q

from accounts.models import User
from impediments import clocks
from impediments.costs.base import added, money_streams
from impediments.costs.capacity import Capacity, capacity
from impediments.models import Impediment, Period, RootCause, Spell
from impediments.queries.rows import ended, level_at
from metrics.forms import Asked
from portfolio.models import Team

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Case:
    """An impediment by the end of the window: `days` are working days over all its periods so far, `ended_at` is None
    while it is open. `took` is what it took in the window, of the scope's teams.
    """

    one: Impediment
    level: int
    days: float
    ended_at: datetime | None
    took: Capacity

    @property
    def amount(self) -> Decimal | None:
        return self.took.amount

    @property
    def root(self) -> str:
        """Why it could happen, as was said when it was resolved, whatever became of it since; "" while it is open."""
        if self.ended_at is None:
            return ""
        said = self.one.root_cause_then or self.one.root_cause  # type: ignore[attr-defined]
        return str(RootCause(said).label) if said else ""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay at a level that ended in the window; hours of its clock and of its limit (None: none)."""

    level: int
    used: float
    limit: float | None
    is_escalated: bool


@dataclass(frozen=True, slots=True)
class Cases:
    """What the page is made from. `until` is the end of the window, or as_of. `before`: working days of those that were
    resolved in the equal period before. `sees_money`: of all teams of the scope.
    """

    asked: Asked
    until: datetime
    all: Sequence[Case] = ()
    stays: Sequence[Stay] = ()
    before: Sequence[float] = ()
    sees_money: bool = False
    # Merged into others, and left out.
    duplicates: int = 0

    @property
    def open(self) -> list[Case]:
        return [case for case in self.all if case.ended_at is None]

    @property
    def resolved(self) -> list[Case]:
        """In the order of their resolution."""
        done = [case for case in self.all if case.ended_at is not None]
        return sorted(done, key=lambda case: (case.ended_at or self.until, case.one.pk))

    @property
    def lost(self) -> float:
        return sum(case.took.days for case in self.all)

    def amount(self, of: Sequence[Case]) -> Decimal | None:
        """The money that these took, where it may be seen and is known."""
        return added([case.amount for case in of]) if self.sees_money else None


def span(asked: Asked, at: datetime) -> tuple[datetime, datetime]:
    """The first instant of the window, and its last (the next window begins after it) or `at`."""
    end = _start(asked, asked.window.last + timedelta(days=1)) - timedelta(microseconds=1)
    return _start(asked, asked.window.first), min(end, at)


def _start(asked: Asked, day: date) -> datetime:
    """The instant at which a day of the scope begins."""
    return datetime.combine(day, time(0), tzinfo=asked.scope.zone).astimezone(UTC)


def cases(asked: Asked, user: User, at: datetime) -> Cases:
    """What was open in the window, or resolved in it; duplicates are left out. As many queries for one as for many."""
    first, until = span(asked, at)
    if until <= first:
        return Cases(asked, until)
    mine = Impediment.objects.for_user(user).filter(team__in=asked.scope.teams, logged_at__lte=until)
    own = (
        mine.filter(merged_into=None)
        .select_related("team__stream", "owner")
        .annotate(level_then=level_at(until), **ended(until))
    )
    whole = list(own.order_by("pk"))
    ends = _ends([one.pk for one in whole], until)
    rows = [one for one in whole if one.pk in ends and ((end := ends[one.pk]) is None or end >= first)]
    age = clocks.ages(rows, until)
    took = capacity(rows, asked.window.first, asked.window.last, as_of=until, teams=asked.scope.teams)
    found = [Case(one, _level(one), age[one.pk].days, ends[one.pk], took[one.pk]) for one in rows]
    return Cases(
        asked,
        until,
        found,
        _stays([one.pk for one in whole], first, until),
        _before(asked, whole, ends, first),
        _sees_money(asked, user),
        mine.exclude(merged_into=None).count(),
    )


def _level(one: Impediment) -> int:
    return int(one.level_then or one.level)  # type: ignore[attr-defined]


def _ends(impediments: Sequence[int], until: datetime) -> dict[int, datetime | None]:
    """When each was resolved by an instant, None while it was open then; what began later is left out."""
    periods = Period.objects.filter(impediment__in=impediments, from_at__lte=until).order_by().values_list("impediment")
    goes_on = Count("pk", filter=Q(to_at=None) | Q(to_at__gt=until))
    found = periods.annotate(still=goes_on, last=Max("to_at"))
    return {pk: None if still else last for pk, still, last in found}


def _before(
    asked: Asked, rows: Sequence[Impediment], ends: Mapping[int, datetime | None], first: datetime
) -> list[float]:
    """How many working days those took that were resolved in the equal period before the window."""
    since = _start(asked, asked.window.first - timedelta(days=asked.window.days))
    done = [one for one in rows if (end := ends.get(one.pk)) is not None and since <= end < first]
    return [age.days for age in clocks.ages(done, first).values()]


def _stays(impediments: Sequence[int], first: datetime, until: datetime) -> list[Stay]:
    """The stays at levels that ended in the window."""
    ended = Spell.objects.filter(impediment__in=impediments, to_at__gte=first, to_at__lte=until)
    spells = list(ended.select_related("escalation").order_by("pk"))
    used = clocks.used(spells, until)
    return [
        Stay(
            spell.level,
            used[spell.pk] / HOUR,
            None if spell.limit_hours is None else float(spell.limit_hours),
            hasattr(spell, "escalation"),
        )
        for spell in spells
    ]


def _sees_money(asked: Asked, user: User) -> bool:
    """Whether the reader may see the money of every team of the scope."""
    streams = set(Team.objects.filter(pk__in=asked.scope.teams).order_by().values_list("stream", flat=True))
    return bool(streams) and streams <= money_streams(user)
