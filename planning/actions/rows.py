"""The rows that a train's teams have on the boards of its increments: made with the board, and kept in step."""

from datetime import date

from django.utils import timezone
from django.utils.formats import date_format

from planning.actions.people import seat_members
from planning.actions.writing import Board, write
from planning.models import Increment, IncrementState, Lane, LaneKind, Train, TrainTeam
from portfolio.rules import Person


def follow_teams(actor: Person, train: Train) -> None:
    """Bring the rows of the train's open increments in step with its teams.

    A team that is in the train at some time of an increment has a row; one that is not there any more at its end has
    `left_on`, the first day without it, in the row that it had: what stands in it stays to be moved, and nothing
    comes in.
    """
    for increment in train.increments.exclude(state=IncrementState.CLOSED).order_by("pk"):
        with write(actor, increment, "followed the train's teams") as board:
            said = keep_rows(board)
            board.say("; ".join(said))


def days_of(increment: Increment) -> tuple[date, date]:
    """The first and the last day of an increment's iterations; today, where it has none."""
    spans = list(increment.iterations.values_list("first_on", "last_on"))
    today = timezone.localdate()
    return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else (today, today)


def keep_rows(board: Board) -> list[str]:
    """Give each team its row with its people, close the rows of those that left; what was done, in words."""
    _, last = days_of(board.increment)
    seats = _seats(board.increment.train, last)
    lanes = list(board.increment.lanes.select_related("team"))
    known = {lane.team_id: lane for lane in lanes if lane.team_id}
    said = [_follow(board, lane, seats.get(team_id), last) for team_id, lane in known.items()]
    new = [seat for team_id, seat in seats.items() if team_id not in known and _left(seat, last) is None]
    place = max((lane.position for lane in lanes), default=-1) + 1
    added = [_add(board, seat, place + number) for number, seat in enumerate(new)]
    seat_members(board, added)
    return [text for text in said if text] + [f"added a row for {lane}" for lane in added]


def _seats(train: Train, last: date) -> dict[int, TrainTeam]:
    """By team, its latest time in the train up to `last`; ordered by value stream, as boards show them."""
    rows = train.seats.select_related("team__stream").filter(during__startswith__lte=max(last, timezone.localdate()))
    ordered = rows.order_by("team__stream__position", "team__stream__name", "team__name", "during")
    return {seat.team_id: seat for seat in ordered}


def _left(seat: TrainTeam, last: date) -> date | None:
    """The first day without a team that is not in the train any more on `last`; None: it is."""
    gone: date | None = seat.during.upper
    return gone if gone and gone <= last else None


def _follow(board: Board, lane: Lane, seat: TrainTeam | None, last: date) -> str:
    if lane.kind == LaneKind.EXTERNAL:
        # Somebody outside the train who came into it keeps the row, with what stands in it.
        is_in = seat is not None and _left(seat, last) is None
        return _mark(board, lane, None, f"made {lane} a row of the train") if is_in else ""
    if seat is None:
        return _gone(board, lane, lane.left_on or timezone.localdate())
    left_on = _left(seat, last)
    return _gone(board, lane, left_on) if left_on else _mark(board, lane, None, f"brought {lane} back to the train")


def _gone(board: Board, lane: Lane, left_on: date) -> str:
    return _mark(board, lane, left_on, f"closed the row of {lane}: it leaves the train on {short_day(left_on)}")


def _mark(board: Board, lane: Lane, left_on: date | None, text: str) -> str:
    before = lane.version
    return text if board.set(lane, kind=LaneKind.TEAM, left_on=left_on).version != before else ""


def short_day(day: date) -> str:
    return date_format(day, "j M Y")


def _add(board: Board, seat: TrainTeam, position: int) -> Lane:
    name = free_name(board.increment, seat.team.name)
    lane = Lane(increment=board.increment, kind=LaneKind.TEAM, team=seat.team, name=name, position=position)
    return board.add(lane)


def free_name(increment: Increment, name: str) -> str:
    """The name, told apart from rows that have it already (an external row may be called as a team is)."""
    return f"{name} (team)" if increment.lanes.filter(name=name).exists() else name
