"""Key figures as at a day: their values, how far they are from their targets, and what may be seen of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from metrics.measurement import Metric, Unit
from metrics.models import Better, Kpi, KpiOrigin, KpiValue
from metrics.registry import METRICS
from metrics.templatetags.measures import plain
from portfolio import rules
from portfolio.models import Initiative, Team, ValueStream
from portfolio.queries import Person
from portfolio.rules import can

# A change is said against the value so many days before.
TREND_DAYS = 28
# How people write a measure's unit, and by how much its value is multiplied for that.
UNITS: dict[Unit, tuple[str, float]] = {"ratio": ("%", 100), "seconds": ("h", 1 / 3600), "per day": ("a day", 1)}


class At(NamedTuple):
    """What a figure was on the day `on`, the latest that has a value."""

    on: date
    value: float
    origin: str
    note: str = ""


def day_of(as_of: date | datetime) -> date:
    """The day of an instant, in the portal's zone."""
    return timezone.localdate(as_of) if isinstance(as_of, datetime) else as_of


def value_at(kpi_ids: Collection[int], as_of: date | datetime) -> dict[int, At]:
    """The latest value of each figure on or before a day, by its id; one without a value is left out. One query."""
    rows = KpiValue.objects.filter(kpi__in=list(kpi_ids), on__lte=day_of(as_of)).order_by("kpi", "-on")
    found = rows.distinct("kpi").values_list("kpi", "on", "value", "origin", "note")
    return {row[0]: At(row[1], row[2], row[3], row[4]) for row in found}


def history(kpi_id: int, as_of: date | datetime) -> list[At]:
    """Every value of a figure on or before a day, the earliest first."""
    rows = KpiValue.objects.filter(kpi=kpi_id, on__lte=day_of(as_of)).order_by("on")
    return [At(*row) for row in rows.values_list("on", "value", "origin", "note")]


def kpis_for(user: Person) -> "QuerySet[Kpi]":
    """The figures that `user` may see: of their streams, initiatives and teams, and those they own. None sees all."""
    rows = Kpi.objects.select_related("stream", "initiative__stream", "team", "owner")
    if user is None:
        return rows
    return rows.filter(
        Q(stream__in=ValueStream.objects.for_user(user).order_by())
        | Q(initiative__in=Initiative.objects.for_user(user).order_by())
        | Q(team__in=Team.objects.for_user(user).order_by())
        | Q(owner=user.pk)
    )


def may_manage(user: rules.Person, kpi: Kpi) -> bool:
    """Whether `user` may change what the figure is."""
    return can(user, "manage_kpis", kpi.stream)


def may_record(user: rules.Person, kpi: Kpi) -> bool:
    """Whether `user` may enter values: whoever may change the figure, and its owner."""
    return may_manage(user, kpi) or (user is not None and kpi.owner_id is not None and kpi.owner_id == user.pk)


def linkable() -> list[Metric]:
    """The measures that a figure can be: those that are one number a day."""
    return list(METRICS.values())


def unit_of(metric: Metric) -> tuple[str, float]:
    """The unit that people read a measure in, and the factor to it: a share in per cent, seconds in hours."""
    return UNITS.get(metric.unit, (metric.unit, 1))


def value_text(value: float, unit: str) -> str:
    """A value with its unit: 12.5 %, 3 days."""
    number = plain(round(value, 2))
    return f"{number}\u00a0{unit}" if unit else number


def difference_text(value: float, unit: str) -> str:
    """A difference of two values; of shares it is in percentage points."""
    if unit != "%":
        return value_text(value, unit)
    return value_text(value, "percentage point" if abs(round(value, 2)) == 1 else "percentage points")


State = Literal["reached", "open", "late", "none", "empty"]


@dataclass(frozen=True, slots=True)
class Line:
    """A figure as at a day: its value then, and one of TREND_DAYS or more before; None: there was none."""

    kpi: Kpi
    day: date
    now: At | None
    before: At | None

    @property
    def is_reached(self) -> bool:
        """Whether the value is at its target or beyond."""
        if self.now is None or self.kpi.target is None:
            return False
        beyond = self.now.value - self.kpi.target
        return beyond >= 0 if self.kpi.better == Better.MORE else beyond <= 0

    @property
    def state(self) -> State:
        if self.now is None:
            return "empty"
        if self.kpi.target is None:
            return "none"
        if self.is_reached:
            return "reached"
        return "late" if self.kpi.target_on and self.day > self.kpi.target_on else "open"

    @property
    def tag(self) -> tuple[str, str]:
        """The state as a word and a tone; no word where there is nothing to say."""
        words = {"reached": ("reached", "good"), "late": ("missed its day", "warn"), "empty": ("no value yet", "")}
        return words.get(self.state, ("", ""))

    @property
    def value_text(self) -> str:
        return "n/a" if self.now is None else value_text(self.now.value, self.kpi.unit)

    @property
    def target_text(self) -> str:
        """The target in words, as “at least 40 % by 31 Dec 2026”; nothing where there is none."""
        if self.kpi.target is None:
            return ""
        way = "at least" if self.kpi.better == Better.MORE else "at most"
        until = f" by {self.kpi.target_on:%-d %b %Y}" if self.kpi.target_on else ""
        return f"{way} {value_text(self.kpi.target, self.kpi.unit)}{until}"

    @property
    def change_text(self) -> str:
        """How it changed over the last weeks, and whether for the better; nothing where that cannot be said."""
        if self.now is None or self.before is None:
            return ""
        change = self.now.value - self.before.value
        if change == 0:
            return f"unchanged since {self.before.on:%-d %b}"
        is_better = (change > 0) == (self.kpi.better == Better.MORE)
        sign = "+" if change > 0 else ""
        words = "better" if is_better else "worse"
        return f"{sign}{difference_text(change, self.kpi.unit)} since {self.before.on:%-d %b}, {words}"


def lines(kpis: Iterable[Kpi], as_of: date | datetime) -> list[Line]:
    """The figures as at a day, in the order given. Two queries."""
    rows, day = list(kpis), day_of(as_of)
    ids = [kpi.pk for kpi in rows]
    now, before = value_at(ids, day), value_at(ids, day - timedelta(days=TREND_DAYS))
    return [Line(kpi, day, now.get(kpi.pk), before.get(kpi.pk)) for kpi in rows]


def running(day: date) -> Q:
    """Figures that had not ended before a day."""
    return Q(ended_on=None) | Q(ended_on__gte=day)


def of_stream(stream_id: int, user: Person, as_of: date | datetime) -> list[Line]:
    """The figures of a value stream itself, without the leading measures of its initiatives."""
    day = day_of(as_of)
    return lines(kpis_for(user).filter(running(day), stream=stream_id, initiative=None), day)


def of_initiative(initiative_id: int, user: Person, as_of: date | datetime) -> list[Line]:
    """The leading measures of an initiative."""
    day = day_of(as_of)
    return lines(kpis_for(user).filter(running(day), initiative=initiative_id), day)


class Group(NamedTuple):
    """A value stream with its figures; `may_add`: the reader may add one."""

    stream: ValueStream
    lines: list[Line]
    may_add: bool


def groups(user: Person, as_of: date | datetime, *, with_ended: bool = False, stream: str = "") -> list[Group]:
    """Every figure that `user` may see, by value stream (only of the one with the short name `stream`)."""
    day = day_of(as_of)
    leading = F("initiative__name").asc(nulls_first=True)
    found = kpis_for(user).order_by("stream__position", "stream__name", leading, "position", "name")
    if not with_ended:
        found = found.filter(running(day))
    if stream:
        found = found.filter(stream__slug=stream)
    by_stream: dict[ValueStream, list[Line]] = {}
    for line in lines(found, day):
        by_stream.setdefault(line.kpi.stream, []).append(line)
    return [Group(one, own, can(user, "manage_kpis", one)) for one, own in by_stream.items()]


def finding(found: Sequence[Line]) -> str:
    """What a list of figures says: how many of those with a target have reached it."""
    aimed = [line for line in found if line.kpi.target is not None]
    if not found:
        return "No key figures yet"
    if not aimed:
        return f"{len(found)} key figure{'s' if len(found) > 1 else ''}, none with a target yet"
    reached = sum(line.is_reached for line in aimed)
    if len(aimed) == 1:
        return f"The one key figure with a target has {'' if reached else 'not '}reached it{'' if reached else ' yet'}"
    missed = sum(line.state == "late" for line in aimed)
    verb = "has" if reached <= 1 else "have"
    said = f"{reached or 'None'} of {len(aimed)} key figures with a target {verb} reached it"
    return f"{said}; {missed} missed the day it was set for" if missed else said


def origin_text(at: At) -> str:
    """Where a value came from, in words."""
    return str(KpiOrigin(at.origin).label).lower()
