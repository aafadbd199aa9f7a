"""What the pages of objectives show: the list by cycle, one objective with its history, cycles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Q, QuerySet

from accounts.models import User
from okrs.formulas import progress as formulas
from okrs.models import Cycle, KeyResult, Level, Objective
from okrs.queries.standings import AsOf, ObjectiveStanding, Standing, day_of, mean, objective_standings, standings
from portfolio.models import ValueStream


class Line(NamedTuple):
    """A key result and where it stands."""

    key_result: KeyResult
    standing: Standing


class Row(NamedTuple):
    """An objective, where it stands, and its key results."""

    objective: Objective
    standing: ObjectiveStanding
    lines: list[Line]


class Group(NamedTuple):
    """The objectives of the company, or of a value stream and its teams."""

    title: str
    rows: list[Row]


def rows_of(objectives: "QuerySet[Objective] | Sequence[Objective]", as_of: AsOf) -> list[Row]:
    """Objectives with their key results and standings: five queries however many there are."""
    goals = list(objectives)
    key_results = list(
        KeyResult.objects.filter(objective__in=[one.pk for one in goals])
        .select_related("owner", "kpi")
        .order_by("objective_id", "position", "pk")
    )
    known = standings(key_results, as_of)
    found = objective_standings(goals, key_results, known, as_of)
    lines: dict[int, list[Line]] = {one.pk: [] for one in goals}
    for one in key_results:
        lines[one.objective_id].append(Line(one, known[one.pk]))
    return [Row(one, found[one.pk], lines[one.pk]) for one in goals]


def present_cycle(cycles: Sequence[Cycle], day: date) -> Cycle | None:
    """The cycle people mean on a day: the shortest that runs, else the last that began, else the first to come."""
    running = [one for one in cycles if one.starts_on <= day <= one.ends_on]
    if running:
        return min(running, key=lambda one: (one.ends_on - one.starts_on, one.pk))
    begun = [one for one in cycles if one.starts_on <= day]
    return max(begun, key=lambda one: one.starts_on) if begun else min(cycles, key=lambda o: o.starts_on, default=None)


def objectives_of(
    user: User, cycle: Cycle, level: str, stream: ValueStream | None, owner: str
) -> "QuerySet[Objective]":
    """The objectives of a cycle that `user` may see. `owner` is a person's id, or nothing."""
    places = ("cycle", "stream", "team__stream", "owner", "theme")
    found = Objective.objects.for_user(user).filter(cycle=cycle).select_related(*places)
    if level in Level.values:
        found = found.filter(level=level)
    if stream is not None:
        found = found.filter(Q(stream=stream) | Q(team__stream=stream))
    if owner.isdecimal() and len(owner) < 19:
        found = found.filter(
            Q(owner=int(owner)) | Q(pk__in=KeyResult.objects.filter(owner=int(owner)).values("objective"))
        )
    return found


def _group(objective: Objective) -> ValueStream | None:
    return objective.team.stream if objective.team else objective.stream


def _place(row: Row) -> tuple[bool, str, int, int]:
    team = row.objective.team
    return team is not None, team.name if team else "", row.objective.position, row.objective.pk


def grouped(rows: Iterable[Row]) -> list[Group]:
    """The company's first, then each value stream's: its own, then those of its teams."""
    by_stream: dict[ValueStream | None, list[Row]] = {}
    for row in rows:
        by_stream.setdefault(_group(row.objective), []).append(row)
    ordered = sorted(by_stream.items(), key=lambda pair: (pair[0].position + 1, pair[0].name) if pair[0] else (-1, ""))
    return [Group(stream.name if stream else "Company", sorted(own, key=_place)) for stream, own in ordered]


def owners_of(user: User, cycle: Cycle) -> list[tuple[int, str]]:
    """Who owns objectives or key results of a cycle that `user` may see, by name: for the filter."""
    seen = Objective.objects.for_user(user).filter(cycle=cycle).order_by()
    mine = Q(owned_objectives__in=seen.values("pk")) | Q(owned_key_results__objective__in=seen.values("pk"))
    return list(User.objects.filter(mine).distinct().order_by("name").values_list("pk", "name"))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a list of objectives comes to, for its heading and the line below it."""

    heading: str
    text: str


def finding(rows: Sequence[Row], cycle: Cycle, day: date) -> Finding:
    """How many are on pace, and what needs a person."""
    total = len(rows)
    if not total:
        return Finding(f"No objectives in {cycle.name} yet", "")
    score = mean(row.standing.score for row in rows)
    gone = formulas.elapsed(cycle.starts_on, cycle.ends_on, day)
    average = "no score yet" if score is None else f"average score {score:.2f}"
    text = f"{average[0].upper()}{average[1:]} with {gone:.0%} of {cycle.name} over".replace("%", "\u00a0%")
    outdated, pending = (sum(getattr(row.standing, name) for row in rows) for name in ("outdated", "pending"))
    needs = [f"{count} {word}" for count, word in ((outdated, "outdated"), (pending, "pending")) if count]
    more = f"; key results: {', '.join(needs)}" if needs else ""
    if day < cycle.starts_on:
        return Finding(
            f"{total} objective{'s' * (total != 1)} for {cycle.name}", f"It begins on {cycle.starts_on:%-d %b %Y}."
        )
    if all(row.standing.is_closed for row in rows):
        reached = sum(row.standing.grade == "green" for row in rows)
        return Finding(f"{cycle.name} closed: {reached} of {total} objectives green", f"{text}.")
    on_pace = sum(row.standing.is_on_pace for row in rows)
    noun, verb = "objective" if total == 1 else "objectives", "is" if on_pace == 1 else "are"
    return Finding(f"{on_pace} of {total} {noun} {verb} on pace in {cycle.name}", f"{text}{more}.")


class CycleRow(NamedTuple):
    """A cycle with how many objectives the reader sees in it, and the mean of their scores."""

    cycle: Cycle
    objectives: int
    open: int
    score: float | None
    state: str


def cycle_rows(user: User, as_of: AsOf) -> list[CycleRow]:
    """Every cycle, the latest first; a constant number of queries."""
    day = day_of(as_of)
    seen = list(Objective.objects.for_user(user).select_related("cycle").order_by("cycle_id"))
    found = {row.objective.pk: row for row in rows_of(seen, as_of)}
    own: dict[int, list[Row]] = {}
    for one in seen:
        own.setdefault(one.cycle_id, []).append(found[one.pk])
    return [_cycle_row(one, own.get(one.pk, []), day) for one in Cycle.objects.all()]


def _cycle_row(cycle: Cycle, rows: Sequence[Row], day: date) -> CycleRow:
    state = (
        "closed"
        if cycle.closed_at
        else "over"
        if day > cycle.ends_on
        else "to come"
        if day < cycle.starts_on
        else "running"
    )
    open_ones = sum(not row.standing.is_closed for row in rows)
    return CycleRow(cycle, len(rows), open_ones, mean(row.standing.score for row in rows), state)


class Set(NamedTuple):
    """The objectives of one place in a cycle, with the mean of their scores; see formulas.is_too_easy."""

    title: str
    rows: list[Row]
    score: float | None
    is_too_easy: bool


def sets(rows: Iterable[Row]) -> list[Set]:
    """Objectives by the place that set them: each place is asked about its own."""
    own: dict[str, list[Row]] = {}
    for group in grouped(rows):
        for row in group.rows:
            own.setdefault(row.objective.team.name if row.objective.team else group.title, []).append(row)
    return [
        Set(
            title,
            some,
            mean(row.standing.score for row in some),
            formulas.is_too_easy(row.standing.score for row in some),
        )
        for title, some in own.items()
    ]
