"""Trains with their increments, as the pages of planning list them: where each stands, and what needs somebody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Max, Min, Q, QuerySet

from accounts.models import User
from planning.formulas.predictability import Predictability, Promise, of_train, predictability
from planning.models import Agreement, Increment, IncrementState, Iteration, Objective, Roam, Train, TrainTeam
from planning.rules import may_manage
from portfolio.models import Team
from portfolio.rules import can

TONES = {"draft": "", "planning": "accent", "committed": "good", "closed": ""}
# Of a train's closed increments so many stand on the page of all trains.
CLOSED_SHOWN = 2


def percent(share: float) -> str:
    """A share in whole per cent, rounded half up."""
    return f"{int(100 * share + 0.5)} %"


@dataclass(frozen=True, slots=True)
class Need:
    """Something that somebody has to do: how many of what, and the URL name of the page where it is done."""

    count: int
    text: str
    page: str


@dataclass(frozen=True, slots=True)
class Row:
    """An increment in a list; days are None while it has no iterations."""

    increment: Increment
    first_on: date | None
    last_on: date | None
    iterations: int
    now: Iteration | None
    needs: Sequence[Need]
    today: date

    @property
    def tone(self) -> str:
        return TONES[self.increment.state]

    @property
    def is_over(self) -> bool:
        """Its last day has passed, and it is not closed: somebody should."""
        is_past = self.last_on is not None and self.last_on < self.today
        return self.increment.state == IncrementState.COMMITTED and is_past

    @property
    def begins(self) -> str:
        """On which day its first iteration begins, in words; nothing once that has come."""
        if self.first_on is None or self.first_on <= self.today:
            return ""
        return f"begins on {self.first_on.day} {self.first_on:%b %Y}"

    @property
    def where(self) -> str:
        """Where it stands in its iterations today, in words."""
        if not self.iterations:
            return "no iterations yet"
        if self.now is None:
            return self.begins or f"{self.iterations} iterations"
        of = f"{self.now.number} of {self.iterations}"
        return f"Iteration {of}" if self.now.name == f"Iteration {self.now.number}" else f"{self.now.name}, {of}"


@dataclass(frozen=True, slots=True)
class TrainRow:
    """A train with its teams of today, its increments that are open and the last that were closed."""

    train: Train
    teams: Sequence[Team]
    rows: Sequence[Row]
    closed: int
    may_manage: bool


def overview(user: User, today: date) -> list[TrainRow]:
    """All trains that `user` sees, running ones first. The number of queries does not depend on how many there are."""
    trains = list(Train.objects.for_user(user).order_by(F("ended_on").asc(nulls_first=True), "name"))
    teams = _teams(trains, today)
    rows = rows_of(Increment.objects.filter(train__in=trains), today)
    by_train: dict[int, list[Row]] = {train.pk: [] for train in trains}
    for row in rows:
        by_train[row.increment.train_id].append(row)
    return [
        TrainRow(
            train,
            teams.get(train.pk, []),
            _shown(by_train[train.pk]),
            sum(not row.increment.is_open for row in by_train[train.pk]),
            may_manage(user, train, teams.get(train.pk, [])),
        )
        for train in trains
    ]


def _shown(rows: Sequence[Row]) -> list[Row]:
    closed = [row for row in rows if not row.increment.is_open]
    return [row for row in rows if row.increment.is_open] + closed[:CLOSED_SHOWN]


def _teams(trains: Sequence[Train], today: date) -> dict[int, list[Team]]:
    found: dict[int, list[Team]] = {}
    seats = TrainTeam.objects.filter(train__in=trains, during__contains=today).select_related("team__stream")
    for seat in seats.order_by("team__name"):
        found.setdefault(seat.train_id, []).append(seat.team)
    return found


def rows_of(increments: QuerySet[Increment], today: date) -> list[Row]:
    """The latest first, by their days."""
    found = increments.select_related("train").annotate(
        first=Min("iterations__first_on"), last=Max("iterations__last_on"), n=Count("iterations")
    )
    ordered = list(found.order_by(F("first").desc(nulls_first=True), "-pk"))
    running = {
        row.increment_id: row
        for row in Iteration.objects.filter(increment__in=ordered, first_on__lte=today, last_on__gte=today)
    }
    needs = _needs([one.pk for one in ordered if one.is_open])
    return [Row(one, one.first, one.last, one.n, running.get(one.pk), needs.get(one.pk, []), today) for one in ordered]


def _needs(increments: Sequence[int]) -> dict[int, list[Need]]:
    """By increment: conflicts, open requests, risks not discussed."""
    inside = Increment.objects.filter(pk__in=increments).order_by()
    alive = Q(dependencies__removed_at=None, dependencies__consumer__removed_at=None)
    late = Q(dependencies__provider__iteration__number__gt=F("dependencies__consumer__iteration__number"))
    over = Q(dependencies__agreement__in=(Agreement.DELIVERED, Agreement.DECLINED))
    asked = Q(dependencies__agreement__in=(Agreement.REQUESTED, Agreement.COUNTERED))
    gone = Q(dependencies__provider__removed_at__isnull=False)
    counted = inside.annotate(
        conflicts=Count("dependencies", filter=alive & late & ~over & ~gone, distinct=True),
        requests=Count("dependencies", filter=alive & asked, distinct=True),
        open_risks=Count("risks", filter=Q(risks__removed_at=None, risks__roam=Roam.OPEN), distinct=True),
    )
    return {
        pk: [Need(n, f"{n} {noun}{'' if n == 1 else 's'}{rest}", page) for n, noun, rest, page in _said(numbers) if n]
        for pk, *numbers in counted.values_list("pk", "conflicts", "requests", "open_risks")
    }


def _said(numbers: Sequence[int]) -> Iterable[tuple[int, str, str, str]]:
    words = (
        ("conflict", "", "plan-dependencies"),
        ("request", " to answer", "plan-dependencies"),
        ("risk", " not discussed", "plan-risks"),
    )
    return ((number, *word) for number, word in zip(numbers, words, strict=True))


def finding(rows: Sequence[TrainRow]) -> str:
    """The heading: what runs, what is being planned."""
    states = [row.increment.state for train in rows for row in train.rows]
    planned, running = states.count(IncrementState.PLANNING), states.count(IncrementState.COMMITTED)
    parts = [
        f"{planned} increment{' is' if planned == 1 else 's are'} being planned" if planned else "",
        f"{running} {'runs' if running == 1 else 'run'}" if running else "",
    ]
    said = " and ".join(part for part in parts if part)
    if not rows:
        return "No train plans together yet"
    return said[:1].upper() + said[1:] if said else "Nothing is being planned"


def seats(train: Train) -> list[TrainTeam]:
    """All teams that were or are in a train, those that go on first."""
    rows = train.seats.select_related("team__stream")
    return sorted(rows, key=lambda seat: (seat.during.upper is not None, seat.team.name, seat.during.lower))


def possible_teams(user: User, train: Train | None = None) -> QuerySet[Team]:
    """The teams that `user` may put into a train: of which they are PMO; those that have ended are left out."""
    seen = Team.objects.for_user(user).filter(ended_on=None).select_related("stream")
    own = [team.pk for team in seen if can(user, "manage_trains", team)]
    rows = Team.objects.filter(pk__in=own).select_related("stream").order_by("stream__position", "stream__name", "name")
    return rows if train is None else rows.exclude(train_seats__train=train, train_seats__during__endswith=None)


@dataclass(frozen=True, slots=True)
class Predicted:
    """How predictable an increment was: of the train, and of each team by its name."""

    increment: Increment
    train: Predictability
    teams: Sequence[tuple[str, Predictability]]


def predicted(increments: Iterable[Increment]) -> dict[int, Predicted]:
    """Of each increment, by its id, in one query. Objectives of the whole train repeat those of teams: left out."""
    wanted = {one.pk: one for one in increments}
    rows = Objective.objects.filter(increment__in=wanted, removed_at=None, lane__isnull=False)
    found: dict[int, dict[str, list[Promise]]] = {pk: {} for pk in wanted}
    columns = ("increment", "lane__name", "is_committed", "planned_value", "actual_value")
    for pk, name, *values in rows.order_by("lane__position", "lane__name").values_list(*columns):
        found[pk].setdefault(name, []).append(Promise(*values))
    return {pk: _predicted(wanted[pk], teams) for pk, teams in found.items()}


def _predicted(increment: Increment, teams: Mapping[str, Sequence[Promise]]) -> Predicted:
    own = [(name, predictability(promises)) for name, promises in teams.items()]
    return Predicted(increment, of_train(dict(enumerate(teams.values()))), own)
