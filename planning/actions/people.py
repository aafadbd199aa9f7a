"""Who works in a team during an increment, and when they are away."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Max, Min, Q

from planning.actions.writing import Board, write
from planning.models import Absence, Increment, Lane, LaneKind, Seat
from portfolio.models import Grant, Membership, Role
from portfolio.rules import Person

# What somebody holds who works with a team but does not make its capacity.
BESIDE = (Role.PMO, Role.LEADER, Role.COACH)
# Longer than anybody is away in an increment: a wrong year.
LONGEST_DAYS = 366
# Who is away from when to when, both included.
Away = tuple[Seat, date, date]


def add_seat(
    *, actor: Person, lane: Lane, name: str, share: int = 100, makes_capacity: bool = True, user: Any = None
) -> Seat:
    """A person of the row's team during the increment; `share` is per cent of a full week.

    Raises ValidationError by field (also for a name that is in the list), PermissionDenied.
    """
    with write(actor, lane.increment, "added a person") as board:
        row = _team_row(board, lane)
        seat = board.add(
            Seat(lane=row, name=" ".join(name.split()), share=share, makes_capacity=makes_capacity, user=user)
        )
        board.say(f"added {seat.name} to the people of {row.name}, {seat.share} %")
    return seat


def change_seat(*, actor: Person, seat: Seat, version: int | None = None, **fields: Any) -> Seat:
    """`fields`: name, share, makes_capacity, user. Raises Conflict when somebody else changed it since."""
    with write(actor, seat.lane.increment, "changed a person") as board:
        row = board.hold(seat, version)
        board.require(row.lane_id)
        board.set(row, **fields)
        board.say(
            f"changed {row.name} of {row.lane.name}: {row.share} %{'' if row.makes_capacity else ', no capacity'}"
        )
    return row


def remove_seat(*, actor: Person, seat: Seat, version: int | None = None) -> None:
    """Take a person off the list, with their absences; taking the line back brings both again."""
    with write(actor, seat.lane.increment, "removed a person") as board:
        row = board.hold(seat, version)
        board.require(row.lane_id)
        board.say(f"took {row.name} off the people of {row.lane.name}")
        for absence in list(row.absences.all()):
            board.remove(absence)
        board.remove(row)


def fill_seats(*, actor: Person, increment: Increment, lanes: Sequence[Lane] | None = None) -> int:
    """Put the members of the teams into the lists of these rows (default: all that the actor may change).

    Who is in a list is left as they are. Returns how many came. Raises ValidationError for a row that is none of this
    board's teams, or whose team left.
    """
    with write(actor, increment, "added people") as board:
        there = list(board.increment.lanes.filter(kind=LaneKind.TEAM, left_on=None))
        rows = [lane for lane in there if board.reach.may(lane.pk)] if lanes is None else _among(there, lanes)
        for lane in rows:
            board.require(lane.pk)
        came = seat_members(board, rows)
        board.say(f"took over {came} {'person' if came == 1 else 'people'} from the teams")
    return came


def _among(there: Sequence[Lane], wanted: Sequence[Lane]) -> list[Lane]:
    """The wanted ones as they are now."""
    rows = {lane.pk: lane for lane in there}
    if strange := [lane for lane in wanted if lane.pk not in rows]:
        raise ValidationError(f"{strange[0].name} is not a team of this board (any more).")
    return [rows[lane.pk] for lane in wanted]


def seat_members(board: Board, lanes: Iterable[Lane]) -> int:
    """Within a write: the people who are members of these rows' teams while the increment lasts, with their shares.

    Who is PMO, leader or coach of the team is listed without making capacity.
    """
    rows = {lane.team_id: lane for lane in lanes if lane.kind == LaneKind.TEAM and lane.team_id}
    there = set(Seat.objects.filter(lane__in=rows.values()).values_list("lane", "user"))
    names = set(Seat.objects.filter(lane__in=rows.values()).values_list("lane", "name"))
    beside = _beside(rows)
    came = 0
    for one in _members(board.increment, rows):
        lane = rows[one.team_id]
        if (lane.pk, one.user_id) in there:
            continue
        there.add((lane.pk, one.user_id))
        name = _free(one.user.name, {known for row, known in names if row == lane.pk})
        names.add((lane.pk, name))
        makes = (one.user_id, one.team_id) not in beside
        board.add(Seat(lane=lane, name=name, user=one.user, share=one.share, makes_capacity=makes))
        came += 1
    return came


def _members(increment: Increment, rows: dict[int, Lane]) -> list[Membership]:
    span = increment.iterations.aggregate(first=Min("first_on"), last=Max("last_on"))
    during = DateRange(span["first"], span["last"], "[]")
    members = Membership.objects.filter(team__in=rows, during__overlap=during, user__is_active=True)
    # Of somebody whose share changes meanwhile, the later one.
    return list(members.select_related("user").order_by("team", "user__name", "user", "-during"))


def _beside(rows: dict[int, Lane]) -> set[tuple[int, int]]:
    """Who (by user and team) holds a role with which they do not make capacity."""
    held = Q(team__in=rows) | Q(stream__teams__in=rows)
    grants = Grant.objects.filter(held, role__in=BESIDE).values_list("user", "team", "stream__teams")
    return {(user, team or of_stream) for user, team, of_stream in grants}


def _free(name: str, taken: set[str]) -> str:
    """The name, or with a number where somebody of the team has the same one."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name} {number}"
    return found


def add_absence(*, actor: Person, seat: Seat, first_on: date, last_on: date | None = None) -> Absence:
    """Days on which a person is away, both included (no last day: one day). Raises ValidationError by field."""
    with write(actor, seat.lane.increment, "added an absence") as board:
        row = board.hold(seat)
        board.require(row.lane_id)
        made = _away(board, (row, first_on, last_on or first_on))
        board.say(f"noted that {row.name} of {row.lane.name} is away {days(made)}")
    return made


def add_absences(*, actor: Person, increment: Increment, rows: Sequence[Away]) -> int:
    """Many at once, in one line of the log; those that are known already are left out. Returns how many came."""
    with write(actor, increment, "added absences") as board:
        known = set(
            Absence.objects.filter(seat__lane__increment=board.increment).values_list("seat", "first_on", "last_on")
        )
        fresh = {(seat.pk, first, last): seat for seat, first, last in rows if (seat.pk, first, last) not in known}
        for lane in {seat.lane_id for seat in fresh.values()}:
            board.require(lane)
        for (_, first, last), seat in fresh.items():
            _away(board, (seat, first, last))
        board.say(f"noted {len(fresh)} {'absence' if len(fresh) == 1 else 'absences'}")
    return len(fresh)


def remove_absence(*, actor: Person, absence: Absence, version: int | None = None) -> None:
    """They are there after all. Raises Conflict when the person whose absence it is is not at `version`."""
    with write(actor, absence.seat.lane.increment, "removed an absence") as board:
        row, seat = board.hold(absence), board.hold(absence.seat, version)
        board.require(seat.lane_id)
        board.say(f"noted that {row.seat.name} of {row.seat.lane.name} is there {days(row)}")
        board.remove(row)


def days(absence: Absence) -> str:
    """Its days in words."""
    first, last = absence.first_on, absence.last_on
    if first == last:
        return f"on {first.day} {first:%b %Y}"
    return f"from {first.day} {first:%b} to {last.day} {last:%b %Y}"


def check_days(first: date, last: date) -> None:
    """Raise ValidationError at `last_on` when the days cannot be."""
    if last < first:
        raise ValidationError({"last_on": "The last day is before the first."})
    if (last - first).days >= LONGEST_DAYS:
        raise ValidationError({"last_on": "That is more than a year: is the year right?"})


def _away(board: Board, away: Away) -> Absence:
    seat, first, last = away
    check_days(first, last)
    return board.add(Absence(seat=seat, first_on=first, last_on=last))


def _team_row(board: Board, lane: Lane) -> Lane:
    row = board.hold(lane)
    board.require(row.pk)
    if row.kind != LaneKind.TEAM:
        raise ValidationError("Only rows of teams have people.")
    return row
