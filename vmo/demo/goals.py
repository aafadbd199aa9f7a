"""Cycles, objectives and key results with their check-ins, key figures, and which work should move what."""

from datetime import date, timedelta
from random import Random

from accounts.models import User
from metrics.models import Kpi, KpiOrigin, KpiValue
from okrs.actions import close_cycle, close_objective
from okrs.models import (
    CheckIn,
    Contribution,
    Cycle,
    CycleKind,
    KeyResult,
    Level,
    Objective,
    Support,
)
from portfolio.models import Initiative, Team, Theme, ValueStream
from portfolio.quarters import Quarter
from vmo.demo.story import GOALS, KPIS, PlannedGoal, PlannedResult

# How far a course has come of the way that should be behind it, and the confidence at the first and the last check-in.
COURSES: dict[str, tuple[float, int, int]] = {
    "ahead": (1.25, 7, 9),
    "steady": (1.0, 7, 8),
    "late": (0.55, 7, 5),
    "stuck": (0.12, 6, 3),
    "falling": (0.3, 8, 4),
    "silent": (0.1, 8, 8),
}
LESSONS = (
    "We set it in the first week and first looked at it in the sixth: look every week.",
    "One key result for each team would have been enough.",
    "What waited for the bank should have been an impediment in the first week.",
)
WORDS = {
    "ahead": "Better than we hoped",
    "steady": "As planned",
    "late": "Slower than planned",
    "stuck": "Nothing moved this week",
    "falling": "The bank's test environment is still missing",
    "silent": "We believe in it",
}


def load(today: date, people: dict[str, User]) -> None:
    """Make what is missing: nothing where there are cycles already."""
    _kpis(today, people.get("pmo"))
    if Cycle.objects.exists():
        return
    now = Quarter.of(today)
    for quarter in (now.previous, now):
        cycle = Cycle.objects.create(
            slug=quarter.slug,
            name=quarter.name,
            kind=CycleKind.QUARTER,
            starts_on=quarter.first,
            ends_on=quarter.last,
        )
        _cycle(cycle, today, people)
        if quarter != now:
            _close(cycle)
    year = now.first.year
    Cycle.objects.create(
        slug=str(year), name=str(year), kind=CycleKind.YEAR, starts_on=date(year, 1, 1), ends_on=date(year, 12, 31)
    )


def _cycle(cycle: Cycle, today: date, people: dict[str, User]) -> None:
    streams = {stream.slug: stream for stream in ValueStream.objects.all()}
    teams = {team.slug: team for team in Team.objects.all()}
    made: dict[str, Objective] = {}
    for place, goal in enumerate(GOALS):
        if (goal.stream and goal.stream not in streams) or (goal.team and goal.team not in teams):
            continue
        made[goal.name] = one = _objective(cycle, goal, place, streams, teams, people)
        if goal.above in made:
            Support.objects.create(objective=one, above=made[goal.above])
        for position, planned in enumerate(goal.results):
            _result(one, planned, position, cycle, today, people)


def _close(cycle: Cycle) -> None:
    """The quarter before is over: what was reached is frozen, with what people learned."""
    for place, objective in enumerate(cycle.objectives.all()):
        close_objective(actor=None, objective=objective, lessons=LESSONS[place % len(LESSONS)])
    close_cycle(actor=None, cycle=cycle)


def _objective(
    cycle: Cycle,
    goal: PlannedGoal,
    place: int,
    streams: dict[str, ValueStream],
    teams: dict[str, Team],
    people: dict[str, User],
) -> Objective:
    level = Level.TEAM if goal.team else Level.STREAM if goal.stream else Level.COMPANY
    return Objective.objects.create(
        cycle=cycle,
        level=level,
        stream=streams[goal.stream] if level == Level.STREAM else None,
        team=teams[goal.team] if goal.team else None,
        theme=Theme.objects.get(slug=goal.theme),
        name=goal.name,
        ambition=goal.ambition,
        owner=people.get("leader" if level == Level.COMPANY else "coach"),
        position=place,
    )


def _result(
    objective: Objective, planned: PlannedResult, position: int, cycle: Cycle, today: date, people: dict[str, User]
) -> None:
    is_way = planned.kind in {"increase", "reduce", "metric"}
    is_band = planned.kind == "band"
    one = KeyResult.objects.create(
        objective=objective,
        name=planned.name,
        kind=planned.kind,
        unit=planned.unit,
        baseline=planned.baseline if is_way else None,
        target=planned.target if is_way else None,
        band_low=planned.baseline if is_band else None,
        band_high=planned.target if is_band else None,
        weight=planned.weight,
        owner=people.get("member" if objective.team or objective.stream else "leader"),
        kpi=Kpi.objects.filter(slug=planned.kpi).first() if planned.kpi else None,
        position=position,
    )
    if planned.kind != "metric":
        CheckIn.objects.bulk_create(_check_ins(one, planned, cycle, today, people))
    for name, lift in planned.moved_by:
        if initiative := Initiative.objects.filter(name=name).first():
            Contribution.objects.create(key_result=one, initiative=initiative, lift=lift)


def _check_ins(
    one: KeyResult, planned: PlannedResult, cycle: Cycle, today: date, people: dict[str, User]
) -> list[CheckIn]:
    """One a week; the quarter before went as well as the course says, without its last weeks' troubles."""
    course = "steady" if planned.course in {"pending", "silent"} and cycle.ends_on < today else planned.course
    if course == "pending":
        return []
    pace, first, last = COURSES[course]
    dice = Random(f"{one.name} {cycle.slug}")  # noqa: S311 (a simulation)
    until = min(today, cycle.ends_on)
    days = [cycle.starts_on + timedelta(days=4 + 7 * week) for week in range(14)]
    days = [day for day in days if day <= until]
    if course == "silent" or not days:
        days = days[: max(1, len(days) - 4)]
    length = (cycle.ends_on - cycle.starts_on).days
    found = []
    for number, day in enumerate(days):
        share = min(pace * (day - cycle.starts_on).days / length + dice.uniform(-0.03, 0.03), 1.1)
        # Whoever loses confidence loses it in the last weeks.
        late = max(0, number - (len(days) - 4)) / 3 if course == "falling" else number / max(1, len(days) - 1)
        found.append(
            CheckIn(
                key_result=one,
                on=day,
                value=_value(planned, share, dice),
                confidence=round(first + (last - first) * late),
                note=WORDS[course],
                blocker="No test environment of the bank" if course == "falling" and number >= len(days) - 2 else "",
                by=one.owner,
            )
        )
    return found


def _value(planned: PlannedResult, share: float, dice: Random) -> float:
    if planned.kind == "milestone":
        return float(share >= 1)
    if planned.kind == "band":
        return round(planned.baseline + (planned.target - planned.baseline) * dice.uniform(0.15, 0.95), 2)
    digits = 1 if abs(planned.target - planned.baseline) < 100 else 0
    return round(planned.baseline + (planned.target - planned.baseline) * max(share, 0.0), digits)


def _kpis(today: date, owner: User | None) -> None:
    """Key figures with a value a week for half a year; those of the portal fill themselves."""
    for place, planned in enumerate(KPIS):
        stream = ValueStream.objects.filter(slug=planned.stream).first()
        team = Team.objects.filter(slug=planned.team).first() if planned.team else None
        if stream is None or (planned.team and team is None) or Kpi.objects.filter(slug=planned.slug).exists():
            continue
        kpi = Kpi.objects.create(
            stream=stream,
            team=team,
            slug=planned.slug,
            name=planned.name,
            unit=planned.unit,
            better=planned.better,
            target=planned.target,
            owner=owner,
            measure=planned.measure,
            position=place,
        )
        if not planned.measure:
            KpiValue.objects.bulk_create(_values(kpi, planned.then, planned.now, today, owner))


def _values(kpi: Kpi, then: float, now: float, today: date, by: User | None) -> list[KpiValue]:
    dice = Random(kpi.slug)  # noqa: S311 (a simulation)
    weeks = 26
    return [
        KpiValue(
            kpi=kpi,
            on=today - timedelta(days=7 * (weeks - week) - 6),
            value=round((then + (now - then) * week / weeks) * dice.uniform(0.97, 1.03), 2),
            origin=KpiOrigin.FILE,
            by=by,
        )
        for week in range(1, weeks + 1)
    ]
