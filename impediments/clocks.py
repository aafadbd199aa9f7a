"""Both clocks of impediments, as at an instant: their age over all open periods, and the clock of their level.

Business time by the calendar of the impediment's team. A level's clock runs from the spell's beginning, but not in
pauses; a pause that ends on a day ends at the start of that day's hours, whether the job that writes it has run or not.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from impediments.formulas.running import Stretch, runs_out, stretches
from impediments.models import Impediment, Pause, Period, Spell
from portfolio.clocks import Clock, clocks, micros, seconds_many

HOUR = 3600
# Days begin elsewhere before they do in UTC.
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Age:
    """Business time; `days` of the team's calendar (its hours a day)."""

    seconds: float
    days: float
    hours: float


@dataclass(frozen=True, slots=True)
class Standing:
    """The clock of the level that an impediment is at. `limit_seconds` None: the level has no limit.

    `breach_at`: when the limit is reached if nothing changes, or was reached; None without a limit and while paused
    before it. `reason` and `until_on` are the pause's, `pause_id` and `spell_id` say of which rows it is.
    """

    spell_id: int
    level: int
    since_at: datetime
    used_seconds: float
    limit_seconds: float | None
    breach_at: datetime | None
    is_paused: bool
    reason: str = ""
    until_on: date | None = None
    pause_id: int | None = None

    @property
    def used_hours(self) -> float:
        return self.used_seconds / HOUR

    @property
    def limit_hours(self) -> float | None:
        return None if self.limit_seconds is None else self.limit_seconds / HOUR

    @property
    def left_seconds(self) -> float | None:
        """What is left of the limit, below 0 when it is passed; None without one."""
        return None if self.limit_seconds is None else self.limit_seconds - self.used_seconds

    @property
    def is_over(self) -> bool:
        """Whether the limit is reached: the next level will be asked within a minute."""
        return self.limit_seconds is not None and self.used_seconds >= self.limit_seconds


def _teams(impediments: Iterable[Impediment]) -> dict[int, int]:
    return {one.pk: one.team_id for one in impediments}


def _spent(of_team: Mapping[int, Clock], parts: Collection[tuple[int, Stretch]]) -> list[float]:
    """The business seconds of each stretch by the clock of its team."""
    teams = np.array([team for team, _ in parts], dtype=np.int64)
    firsts = np.array([micros(part.first) for _, part in parts], dtype=np.int64)
    lasts = np.array([micros(part.last) for _, part in parts], dtype=np.int64)
    spent = np.zeros(len(parts))
    for team in set(teams.tolist()):
        own = teams == team
        spent[own] = seconds_many(of_team[team], firsts[own], lasts[own])
    return spent.tolist()


def ages(impediments: Iterable[Impediment], as_of: datetime) -> dict[int, Age]:
    """How long impediments have been in the way by an instant, over all their periods: three queries.

    Each of them has one; what began later is 0.
    """
    teams = _teams(impediments)
    rows = Period.objects.filter(impediment__in=teams, from_at__lt=as_of).order_by()
    parts = [
        (pk, Stretch(first, min(last or as_of, as_of)))
        for pk, first, last in rows.values_list("impediment", "from_at", "to_at")
    ]
    of_team = clocks(teams.values())
    total = dict.fromkeys(teams, 0.0)
    spent = _spent(of_team, [(teams[pk], part) for pk, part in parts])
    for (pk, _), seconds in zip(parts, spent, strict=True):
        total[pk] += seconds
    return {pk: _age(seconds, of_team[teams[pk]]) for pk, seconds in total.items()}


def _age(seconds: float, clock: Clock) -> Age:
    return Age(seconds, seconds / clock.day_seconds, seconds / HOUR)


def standing(impediments: Iterable[Impediment], as_of: datetime) -> dict[int, Standing]:
    """The clocks of the levels that impediments are at, at an instant: four queries.

    Those not open then are left out.
    """
    teams = _teams(impediments)
    rows = Spell.objects.filter(impediment__in=teams, from_at__lte=as_of).order_by("from_at")
    spells = {one.impediment_id: one for one in rows.exclude(to_at__lte=as_of)}
    return {one.impediment_id: found for one, found in _standings(list(spells.values()), teams, as_of)}


def used(spells: Collection[Spell], as_of: datetime) -> dict[int, float]:
    """How many seconds the clocks of spells ran by an instant, by the spell's primary key: four queries."""
    teams = dict(
        Impediment.objects.filter(pk__in={one.impediment_id for one in spells}).order_by().values_list("pk", "team")
    )
    return {one.pk: found.used_seconds for one, found in _standings(spells, teams, as_of)}


@dataclass(frozen=True, slots=True)
class _Paused:
    row: Pause
    first: datetime
    last: datetime


def _pauses(
    spells: Collection[Spell], teams: Mapping[int, int], of_team: Mapping[int, Clock], as_of: datetime
) -> "dict[int, list[_Paused]]":
    """The pauses begun by an instant, by impediment; one that ends on a day ends when its hours begin."""
    found: dict[int, list[_Paused]] = {}
    of = {one.impediment_id for one in spells}
    for row in Pause.objects.filter(impediment__in=of, from_at__lte=as_of).order_by("from_at"):
        ends = [row.to_at] if row.to_at else []
        if row.until_on:
            ends.append(max(of_team[teams[row.impediment_id]].start_of(row.until_on), row.from_at))
        # Until after the instant, where it goes on.
        last = min(ends, default=None) or datetime.max.replace(tzinfo=as_of.tzinfo)
        found.setdefault(row.impediment_id, []).append(_Paused(row, row.from_at, last))
    return found


def _standings(
    spells: Collection[Spell], teams: Mapping[int, int], as_of: datetime
) -> Iterable[tuple[Spell, Standing]]:
    of_team = clocks(teams.values())
    pauses = _pauses(spells, teams, of_team, as_of)
    parts = {
        one.pk: stretches(
            one.from_at,
            min(one.to_at or as_of, as_of),
            [(pause.first, pause.last) for pause in pauses.get(one.impediment_id, ())],
        )
        for one in spells
    }
    flat = [(teams[one.impediment_id], part) for one in spells for part in parts[one.pk]]
    spent = iter(_spent(of_team, flat))
    for one in spells:
        now = next((p for p in pauses.get(one.impediment_id, ()) if p.first <= as_of < p.last), None)
        own = [next(spent) for _ in parts[one.pk]]
        clock = of_team[teams[one.impediment_id]]
        yield one, _standing(one, parts[one.pk], own, clock, now.row if now else None, as_of)


def _standing(
    spell: Spell, parts: list[Stretch], spent: list[float], clock: Clock, pause: Pause | None, as_of: datetime
) -> Standing:
    limit = None if spell.limit_hours is None else float(spell.limit_hours) * HOUR
    is_open = spell.to_at is None or spell.to_at > as_of
    goes_on = is_open and pause is None
    if goes_on and (not parts or parts[-1].last < as_of):
        # It begins, or goes on, at this very instant.
        parts, spent = [*parts, Stretch(as_of, as_of)], [*spent, 0.0]
    breach = None if limit is None else runs_out(parts, spent, limit, clock.after, goes_on=goes_on)
    told = (pause.reason, pause.until_on, pause.pk) if pause else ("", None, None)
    return Standing(spell.pk, spell.level, spell.from_at, sum(spent), limit, breach, pause is not None, *told)


def due_pauses(as_of: datetime, pause_id: int | None = None) -> dict[int, datetime]:
    """Pauses that should have ended by an instant because their day has begun, and when that was, by primary key.

    Of all, or of this one.
    """
    waiting = Pause.objects.filter(to_at=None, until_on__lte=as_of.date() + _A_DAY).order_by("pk")
    if pause_id is not None:
        waiting = waiting.filter(pk=pause_id)
    rows = list(waiting.values_list("pk", "impediment__team", "until_on", "from_at"))
    of_team = clocks(team for _, team, _, _ in rows)
    ends = {pk: max(of_team[team].start_of(day), first) for pk, team, day, first in rows if day}
    return {pk: end for pk, end in ends.items() if end <= as_of}
