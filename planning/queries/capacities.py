"""The capacity of teams per iteration: by hand, from their people, or from their measured velocity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, Min, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone

from metrics.formulas.flow import whole
from metrics.formulas.stats import median
from metrics.many import measure_each
from metrics.measurement import Measurement, Window
from metrics.models import TeamMove, WorkItem
from metrics.queries import data_stamp, fingerprint
from planning.formulas import capacity as formulas
from planning.formulas.capacity import PersonDays, Seats, Week
from planning.models import Absence, Capacity, Increment, IncrementState, Iteration, Lane, LaneKind, Seat
from planning.queries.late import known_by
from portfolio.models import Holiday, Team
from portfolio.queries import team_scope

# How far back velocity is looked for: as forecasts do.
SAMPLE_DAYS = 84
CACHE_SECONDS = 24 * 3600
IP = "innovation and planning: no features"
NO_PEOPLE = "nobody who develops or tests is in its list of people: add them, or give it by hand"
NO_RULE = "there is no rule for the first increment of a team that plans in items: give it by hand"
STANDS_IN = "; its velocity stands in: there is no rule for the first increment of a team that plans in items"
UNKNOWN_DAYS = "; no people are entered, so nobody's days off are taken off"


class Days(NamedTuple):
    """Of a team in an iteration: working days, person-days there are, person-days off (days × share)."""

    working: int = 0
    there: Decimal = Decimal(0)
    off: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Room:
    """A team's capacity in an iteration. `amount` None: n/a with the `reason`; `formula` is how it came about."""

    unit: str
    amount: Decimal | None = None
    reason: str = ""
    formula: str = ""
    notes: tuple[str, ...] = ()
    by_hand: Capacity | None = None
    days: Days = field(default_factory=Days)


@dataclass(frozen=True, slots=True)
class _Team:
    """What a team's capacities rest on; `place` is its line in the person-days, `share` its people's per cent."""

    team: Team
    place: int
    week: Week
    share: int
    is_first: bool
    velocity: Fraction | None = None
    no_velocity: str = ""


def plain(value: Decimal) -> str:
    """An amount without idle decimals: 33, 32.4."""
    return f"{value.normalize():f}" if value else "0"


def units(lanes: Sequence[Lane]) -> dict[int, str]:
    """What each row's team plans in, by the row's primary key: one query."""
    planned = dict(Team.objects.filter(lanes__in=lanes).order_by().values_list("pk", "planning_unit"))
    return {lane.pk: planned[lane.team_id] for lane in lanes if lane.team_id in planned}


def rooms(
    increment: Increment, lanes: Sequence[Lane], iterations: Sequence[Iteration], known: str = ""
) -> dict[tuple[int, int], Room]:
    """The capacity of each of these rows of teams in each of the iterations, by (lane id, iteration id).

    Kept per row until something that it rests on changes: a card that moves reads it, and changes none. `known`: of
    today, if at hand (planning.queries.late.known_by).
    """
    if not lanes or not iterations:
        return {}
    stamps = known or known_by(timezone.localdate()), [(one.pk, one.days) for one in iterations]
    # As it is now: whoever holds this increment may have written to it since they read it.
    frame = Increment.objects.values_list("frame_number", flat=True).get(pk=increment.pk)
    rest = fingerprint(increment.pk, frame, *stamps)
    names = {lane.pk: f"rooms:{rest}:{lane.pk}" for lane in lanes}
    kept: dict[str, dict[int, Room]] = cache.get_many(names.values())
    missing = [lane for lane in lanes if names[lane.pk] not in kept]
    if missing:
        fresh: dict[str, dict[int, Room]] = {}
        for (lane, one), room in _rooms(increment, missing, iterations).items():
            fresh.setdefault(names[lane], {})[one] = room
        # What is not committed yet may never be: others must not find it under the number that they will use.
        transaction.on_commit(lambda: cache.set_many(fresh, CACHE_SECONDS), robust=True)
        kept = kept | fresh
    return {(lane.pk, one.pk): kept[names[lane.pk]][one.pk] for lane in lanes for one in iterations}


def _rooms(increment: Increment, lanes: Sequence[Lane], iterations: Sequence[Iteration]) -> dict[tuple[int, int], Room]:
    teams = Team.objects.select_related("calendar").in_bulk([lane.team_id for lane in lanes if lane.team_id])
    weeks = _weeks(teams)
    seats = list(Seat.objects.filter(lane__in=lanes, makes_capacity=True).order_by("pk"))
    order = [weeks[lane.team_id or 0] for lane in lanes]
    days = formulas.person_days(order, [one.days for one in iterations], _columns(lanes, seats))
    by_hand = {(one.lane_id, one.iteration_id): one for one in Capacity.objects.filter(lane__in=lanes)}
    asked = {lane.team_id or 0 for lane in lanes if any((lane.pk, one.pk) not in by_hand for one in iterations)}
    begin = begins_on(increment)
    measured = velocities([teams[pk] for pk in sorted(asked)], begin)
    known = _Known(teams, weeks, measured, _planned_before(teams, begin))
    know = {lane.pk: _team(known, place, lane, seats) for place, lane in enumerate(lanes)}
    return {
        (lane.pk, one.pk): _room(know[lane.pk], column, one, days, by_hand.get((lane.pk, one.pk)))
        for lane in lanes
        for column, one in enumerate(iterations)
    }


def _weeks(teams: Mapping[int, Team]) -> dict[int, Week]:
    holidays: dict[int, list[date]] = {}
    calendars = {team.calendar_id for team in teams.values()}
    for calendar, on in Holiday.objects.filter(calendar__in=calendars).order_by("on").values_list("calendar", "on"):
        holidays.setdefault(calendar, []).append(on)
    return {
        pk: Week(tuple(team.calendar.weekdays), tuple(holidays.get(team.calendar_id, ()))) for pk, team in teams.items()
    }


def _columns(lanes: Sequence[Lane], seats: Sequence[Seat]) -> Seats:
    """The people and their absences as columns."""
    line = {lane.pk: place for place, lane in enumerate(lanes)}
    who = {seat.pk: place for place, seat in enumerate(seats)}
    away = list(Absence.objects.filter(seat__in=who).order_by().values_list("seat", "first_on", "last_on"))
    return Seats(
        team=np.array([line[seat.lane_id] for seat in seats], dtype=np.int64),
        share=np.array([seat.share for seat in seats], dtype=np.int64),
        who=np.array([who[seat] for seat, _, _ in away], dtype=np.int64),
        first=formulas.day_numbers([first for _, first, _ in away]),
        last=formulas.day_numbers([last for _, _, last in away]),
    )


def begins_on(increment: Increment) -> date | None:
    """The first day of its first iteration."""
    found: date | None = increment.iterations.aggregate(on=Min("first_on"))["on"]
    return found


def velocities(teams: Sequence[Team], begin: date | None) -> dict[int, Measurement]:
    """Each team's velocity before an increment that begins then (before today, while it has not), by the team's key:
    of iterations that lie wholly in the days before, from the first on which it held an item.
    """
    if not teams or begin is None:
        return {}
    last = min(begin, timezone.localdate()) - timedelta(days=1)
    window = Window(last - timedelta(days=SAMPLE_DAYS - 1), last)
    scopes = {team.pk: team_scope(team) for team in teams}
    # The day is over where it ends last; what came later lies outside the window.
    ends = max(datetime.combine(last, time.max, tzinfo=scope.zone) for scope in scopes.values())
    as_of = min(ends, timezone.now())
    found = measure_each(["velocity"], list(scopes.values()), [window], as_of, with_series=["velocity"])
    began = _first_held(sorted(scopes))
    return {
        pk: _since(found[scope.text][window, "velocity"], began[pk].astimezone(scope.zone).date())
        if pk in began
        else found[scope.text][window, "velocity"]
        for pk, scope in scopes.items()
    }


def _since(found: Measurement, on: date) -> Measurement:
    """A velocity by the full iterations that begin on that day or later: before, there was no team to be measured."""
    every = [point.value or 0 for point in found.series if not point.is_partial]
    counted = [point.value or 0 for point in found.series if not point.is_partial and point.at >= on]
    if len(counted) == len(every):
        return found
    if not counted:
        said = f"no full iteration lies between its first item ({on.day} {on:%b %Y}) and this increment"
        return replace(found, value=None, reason=said)
    middle = median(np.array(counted, dtype=np.float64))
    return replace(found, value=whole(float(middle or 0)))


def _first_held(teams: Sequence[int]) -> dict[int, datetime]:
    """Team → since when it has held items, of those that have; kept until the facts change."""
    stamp = data_stamp()
    names = {team: f"first-held:{stamp}:{team}" for team in teams}
    kept = cache.get_many(names.values())
    missing = [team for team in teams if names[team] not in kept]
    if missing:
        fresh = _read_first_held(missing)
        kept |= {names[team]: fresh.get(team) for team in missing}
        cache.set_many({names[team]: kept[names[team]] for team in missing}, CACHE_SECONDS)
    return {team: kept[name] for team, name in names.items() if kept[name] is not None}


def _read_first_held(teams: Sequence[int]) -> dict[int, datetime]:
    """An item is held by its team from its making, or from its moves between teams on; before the first by who gave."""
    moves = TeamMove.objects.filter(item__deleted_at=None).order_by()
    earlier = TeamMove.objects.filter(item=OuterRef("item"), at__lt=OuterRef("at"))
    made = WorkItem.objects.filter(team__in=teams, deleted_at=None, team_moves=None).order_by()
    came = [
        made.values("team").annotate(on=Min(Coalesce("created_at", "flow__created_at"))).values_list("team", "on"),
        moves.filter(to_team__in=teams).values("to_team").annotate(on=Min("at")).values_list("to_team", "on"),
        moves.filter(~Exists(earlier), from_team__in=teams)
        .values("from_team")
        .annotate(on=Min(Coalesce("item__created_at", "item__flow__created_at")))
        .values_list("from_team", "on"),
    ]
    found: dict[int, datetime] = {}
    for team, on in (row for rows in came for row in rows):
        # What was only just stored, and says nothing of its making, is dated with the rest of its sync.
        if on is not None:
            found[team] = min(on, found.get(team, on))
    return found


class _Known(NamedTuple):
    """What is known of teams, by primary key; `before` planned an earlier increment."""

    teams: Mapping[int, Team]
    weeks: Mapping[int, Week]
    measured: Mapping[int, Measurement]
    before: frozenset[int]


def _team(known: _Known, place: int, lane: Lane, seats: Sequence[Seat]) -> _Team:
    """What a row's capacities rest on."""
    team = known.teams[lane.team_id or 0]
    share = sum(seat.share for seat in seats if seat.lane_id == lane.pk)
    velocity, reason = _velocity(known.measured.get(team.pk), team.planning_unit)
    return _Team(team, place, known.weeks[team.pk], share, team.pk not in known.before, velocity, reason)


def _planned_before(teams: Mapping[int, Team], begin: date | None) -> frozenset[int]:
    """The teams of which an increment was closed whose iterations lie before this day."""
    closed = Lane.objects.filter(
        kind=LaneKind.TEAM,
        team__in=teams,
        increment__state=IncrementState.CLOSED,
        increment__iterations__last_on__lt=begin,
    )
    return frozenset(closed.order_by().values_list("team", flat=True).distinct())


def _velocity(found: Measurement | None, unit: str) -> tuple[Fraction | None, str]:
    """A velocity that something can be planned by, or why there is none."""
    if found is None or found.value is None:
        return None, (found.reason if found else "") or "nothing was measured"
    if found.unit != unit:
        return None, f"it is measured in {found.unit}"
    if not found.value:
        detail = f", and {found.detail['unsized']} items had no points" if found.detail.get("unsized") else ""
        return None, f"in the median iteration nothing was finished{detail}"
    return Fraction(str(found.value)), ""


def _room(know: _Team, column: int, iteration: Iteration, days: PersonDays, by_hand: Capacity | None) -> Room:
    unit, line = know.team.planning_unit, know.place
    working, there, off = (int(one[line, column]) for one in (days.working, days.there, days.off))
    about = Days(working, Decimal(there) / 100, Decimal(off) / 100)
    if iteration.is_ip:
        return Room(unit, Decimal(0), formula=IP, days=about)
    if by_hand is not None and by_hand.unit == unit:
        said = f"{plain(by_hand.amount)} {unit} by hand: {by_hand.reason}"
        return Room(unit, by_hand.amount, formula=said, by_hand=by_hand, days=about)
    stale = () if by_hand is None else (f"the capacity by hand is in {by_hand.unit}, the team plans in {unit}",)
    amount, reason, formula = _computed(know, working, there, off)
    return Room(unit, amount, reason, formula, stale, days=about)


def _computed(know: _Team, working: int, there: int, off: int) -> tuple[Decimal | None, str, str]:
    """The amount, why there is none, and the formula written out."""
    unit = know.team.planning_unit
    if know.velocity is not None and (unit == "items" or not know.is_first):
        return _by_velocity(know, know.velocity, working, there, off)
    if not know.is_first:
        return None, f"its velocity is n/a ({know.no_velocity}): give it by hand", ""
    if unit == "items":
        return None, NO_RULE, ""
    if not know.share:
        return None, NO_PEOPLE, ""
    amount = formulas.first_capacity(know.share, working, off)
    people = plain(Decimal(know.share) / 100)
    taken = f" \u2212 {_days(off)} person-days off" if off else ""
    full = f"{formulas.POINTS} points × {people} full-time people × {working} ÷ {formulas.DAYS} working days{taken}"
    return amount, "", f"{full} = {plain(amount)} points"


def _by_velocity(
    know: _Team, velocity: Fraction, working: int, there: int, off: int
) -> tuple[Decimal | None, str, str]:
    unit, normal = know.team.planning_unit, formulas.normal_days(know.team.iteration_days, know.week.weekdays)
    amount = formulas.measured_capacity(velocity, working, normal, there, off)
    present = f" × (1 \u2212 {_days(off)} ÷ {_days(there)} person-days)" if off else ""
    said = ("" if there else UNKNOWN_DAYS) + (STANDS_IN if know.is_first else "")
    full = f"median velocity {_amount(velocity)} {unit} × {working} ÷ {_amount(normal)} working days{present}"
    return amount, "", f"{full} = {plain(amount)} {unit}{said}"


def _days(hundredths: int) -> str:
    return plain(Decimal(hundredths) / 100)


def _amount(value: Fraction) -> str:
    return plain(formulas.tenth(value))
