"""The pages of capacity: every team and iteration at once, and one team with its people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from planning.capacity import Load, loads
from planning.models import Absence, Increment, Iteration, Lane, LaneKind, Seat
from planning.queries.capacities import Room, plain, rooms, units
from planning.rules import Reach, reach
from portfolio.models import ValueStream

HEAD = (
    "Team", "Iteration", "First day", "Last day", "Load", "Capacity", "Unit", "Load / capacity, %", "State", "By hand",
    "Working days", "Person-days", "Person-days off", "How it came about", "Left out",
)  # fmt: skip
STATES = {"red": "over", "amber": "nearly full", "": "fits"}


@dataclass(frozen=True, slots=True)
class Row:
    """A team with its loads in the order of the iterations."""

    lane: Lane
    unit: str
    loads: list[Load]
    may_change: bool

    @property
    def over(self) -> int:
        return sum(load.tone == "red" for load in self.loads)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Loads of all teams, grouped by value stream. `free` counts teams without people in their list."""

    increment: Increment
    iterations: list[Iteration]
    groups: list[tuple[ValueStream, list[Row]]]
    reach: Reach

    @property
    def rows(self) -> list[Row]:
        return [row for _, rows in self.groups for row in rows]

    @property
    def finding(self) -> str:
        """The heading: what needs somebody."""
        cells = [load for row in self.rows for load in row.loads]
        over, unknown = sum(load.tone == "red" for load in cells), sum(load.capacity is None for load in cells)
        if not cells:
            return f"{self.increment}: no teams or no iterations yet"
        if over:
            teams = [row for row in self.rows if row.over]
            names = teams[0].lane.name if len(teams) == 1 else f"{len(teams)} teams"
            return f"{names} planned more than fits, {over} time{'' if over == 1 else 's'}"
        if unknown:
            return f"Nothing is over; the capacity of {unknown} of {len(cells)} iterations is not known"
        return "Everything planned fits"

    @property
    def may_change(self) -> bool:
        return any(row.may_change for row in self.rows)


def matrix_of(increment: Increment, user: User) -> Matrix:
    """Every team's load and capacity in every iteration. As many queries for one team as for thirty."""
    lanes = list(increment.lanes.select_related("team__stream"))
    mine = reach(user, increment, lanes)
    iterations, found = list(increment.iterations.all()), loads(increment, lanes)
    unit = units([lane for lane in lanes if lane.kind == LaneKind.TEAM])
    groups: dict[int, tuple[ValueStream, list[Row]]] = {}
    for lane in lanes:
        if lane.kind != LaneKind.TEAM or lane.team is None:
            continue
        own = [found[lane.pk, one.pk] for one in iterations]
        row = Row(lane, unit[lane.pk], own, increment.is_open and mine.may(lane.pk))
        groups.setdefault(lane.team.stream_id, (lane.team.stream, []))[1].append(row)
    ordered = sorted(groups.values(), key=lambda group: (group[0].position, group[0].name))
    return Matrix(increment, iterations, ordered, mine)


def lines(increment: Increment) -> Iterator[tuple[object, ...]]:
    """All of it as a table (HEAD): for spreadsheets."""
    lanes = list(increment.lanes.filter(kind=LaneKind.TEAM))
    iterations = list(increment.iterations.all())
    found, room = loads(increment, lanes, iterations), rooms(increment, lanes, iterations)
    for lane in lanes:
        for one in iterations:
            yield _line(lane, one, found[lane.pk, one.pk], room[lane.pk, one.pk])


def _line(lane: Lane, iteration: Iteration, load: Load, room: Room) -> tuple[object, ...]:
    share = None if load.share is None else round(load.share * 100, 1)
    state = STATES[load.tone] if load.capacity is not None or load.tone else "n/a"
    about = (room.days.working, room.days.there, room.days.off)
    said = load.formula or load.reason
    by_hand = "yes" if load.by_hand else ""
    days = (iteration.first_on, iteration.last_on)
    amounts = (load.load, load.capacity, load.unit, share, state, by_hand)
    return (lane.name, iteration.name, *days, *amounts, *about, said, "; ".join(load.notes))


@dataclass(frozen=True, slots=True)
class Line:
    """An iteration of one team: what it carries, what it can, and how that came about."""

    iteration: Iteration
    load: Load
    room: Room

    @property
    def off(self) -> str:
        return plain(self.room.days.off)

    @property
    def there(self) -> str:
        return plain(self.room.days.there)


@dataclass(frozen=True, slots=True)
class TeamPage:
    """One team: its iterations, its people with their absences. `away` are those within the increment."""

    lane: Lane
    unit: str
    lines: list[Line]
    seats: list[Seat]
    may_change: bool

    @property
    def finding(self) -> str:
        """The heading: the sum of what is planned against the sum of what there is room for."""
        known = [line.load for line in self.lines if line.load.capacity is not None]
        planned = plain(sum((line.load.load for line in self.lines), Decimal(0)))
        name = self.lane.name
        if not known:
            return f"{name}: {planned} {self.unit} planned, and how much fits is not known"
        room = plain(sum((load.capacity or Decimal(0) for load in known), Decimal(0)))
        over = [line.iteration.name for line in self.lines if line.load.tone == "red"]
        more = f", too much in {' and '.join(over)}" if over else ""
        return f"{name} planned {planned} of {room} {self.unit}{more}"


def team_page(lane: Lane, user: User) -> TeamPage:
    """The page of one team's capacity."""
    increment = lane.increment
    iterations = list(increment.iterations.all())
    found, room = loads(increment, [lane], iterations), rooms(increment, [lane], iterations)
    lines = [Line(one, found[lane.pk, one.pk], room[lane.pk, one.pk]) for one in iterations]
    seats = list(lane.people.select_related("user").prefetch_related("absences"))
    may = increment.is_open and reach(user, increment).may(lane.pk)
    return TeamPage(lane, units([lane])[lane.pk], lines, seats, may)


def room_of(lane: Lane, iteration: Iteration) -> Room:
    """The capacity of a team in one iteration."""
    return rooms(lane.increment, [lane], [iteration])[lane.pk, iteration.pk]


def seats_within(increment: Increment, mine: Reach) -> list[Seat]:
    """The people of all rows that somebody may change."""
    return list(Seat.objects.filter(lane__increment=increment, lane__in=mine.lanes).select_related("lane"))


def known_absences(seats: Sequence[Seat]) -> set[tuple[int, object, object]]:
    """The absences of these people, so that a paste can say what is new."""
    return set(Absence.objects.filter(seat__in=seats).values_list("seat", "first_on", "last_on"))
