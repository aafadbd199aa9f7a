"""Dependencies as lists show them: of one increment or of all open ones, with what the reader may answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from planning.formulas.schedule import MEANINGS, Schedule
from planning.models import Agreement, Dependency, Increment, IncrementState, Lane
from planning.queries.late import NONE, Tally, pair, tallies
from planning.queries.links import Link
from planning.queries.strings import lane_of, provider_of, schedule_of
from planning.rules import Reach, reach

ALL = "all"
TONES = {Schedule.CONFLICT: "bad", Schedule.RISK: "warn", Schedule.UNPLANNED: "warn", Schedule.HEALTHY: "good"}
ANSWERS = {Agreement.AGREED: "good", Agreement.DELIVERED: "good", Agreement.DECLINED: "bad"}
URGENCY = (Schedule.CONFLICT, Schedule.UNPLANNED, Schedule.RISK, Schedule.HEALTHY)


@dataclass(frozen=True, slots=True)
class Line:
    """A dependency with all that a list says of it; `row` has its cards, rows and iterations loaded."""

    row: Dependency
    late: Tally = NONE
    # Whether the reader may answer for who provides, and ask for who needs.
    may_answer: bool = False
    may_ask: bool = False

    @property
    def provider_lane(self) -> Lane:
        return lane_of(self.row)

    @property
    def consumer_lane(self) -> Lane | None:
        return self.row.consumer.lane

    @property
    def provider(self) -> Any:
        return provider_of(self.row)

    @property
    def what(self) -> str:
        """What is needed, in words."""
        return self.row.what or (self.provider.title if self.provider else "Something")

    @property
    def schedule(self) -> Schedule:
        return schedule_of(self.row)

    @property
    def meaning(self) -> str:
        """What its schedule means."""
        return MEANINGS[self.schedule]

    @property
    def is_resolved(self) -> bool:
        return self.row.agreement == Agreement.DELIVERED

    @property
    def schedule_tone(self) -> str:
        return "" if self.is_over else TONES[self.schedule]

    @property
    def agreement_text(self) -> str:
        return self.row.get_agreement_display()

    @property
    def agreement_tone(self) -> str:
        return ANSWERS.get(Agreement(self.row.agreement), "warn")

    @property
    def is_over(self) -> bool:
        """Delivered or declined: the schedule says nothing any more."""
        return self.row.agreement in (Agreement.DELIVERED, Agreement.DECLINED)

    @property
    def due_on(self) -> date | None:
        """The last day on which it is in time: of the iteration it is asked for, else of the consumer's."""
        column = self.row.needed_in or self.row.consumer.iteration
        return column.last_on if column else None

    @property
    def is_problem(self) -> bool:
        """At risk, in conflict, unplanned, or declined: somebody has to do something."""
        if self.is_resolved:
            return False
        return self.row.agreement == Agreement.DECLINED or self.schedule.is_problem

    @property
    def urgency(self) -> tuple[int, date, int]:
        """What the list begins with: declined, conflicts, the unplanned, those at risk; then what is due first."""
        if self.is_resolved:
            place = len(URGENCY)
        elif self.row.agreement == Agreement.DECLINED:
            place = -1
        else:
            place = URGENCY.index(self.schedule)
        return place, self.due_on or date.max, self.row.pk


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for; nothing of it narrows nothing. `team` is on either side; rows are ids of lanes."""

    text: str = ""
    row: int | None = None
    provider_row: int | None = None
    consumer_row: int | None = None
    schedule: str = ""
    agreement: str = ""
    problems: bool = False
    sort: str = ""


def of_increments(increments: Sequence[int] | QuerySet[Increment, Any]) -> QuerySet[Dependency]:
    """Their dependencies with all that a line shows, the row that provides as `lane`; withdrawn ones not."""
    return (
        Dependency.objects.filter(increment__in=increments, removed_at=None, consumer__removed_at=None)
        .annotate(lane=Coalesce("provider__lane", "provider_lane"))
        .select_related(
            "increment__train",
            "provider_lane__team",
            "provider__lane__team",
            "provider__iteration",
            "consumer__lane__team",
            "consumer__iteration",
            "needed_in",
            "proposed_in",
            "requested_by",
        )
        .order_by("pk")
    )


def listed(increment: Increment, user: User, asked: Asked) -> list[Line]:
    """The dependencies of a board as `user` may answer them, in the order asked for."""
    rows = of_increments([increment.pk]).filter(_wanted(asked))
    mine, history = reach(user, increment), tallies(timezone.localdate())
    lines = [line_of(row, mine, history) for row in rows]
    return ordered([line for line in lines if _is_wanted(line, asked)], asked.sort)


def line_of(row: Dependency, mine: Reach, history: Mapping[Any, Tally]) -> Line:
    """One dependency for one reader; of a closed increment nothing can be answered."""
    is_open = row.increment.state != IncrementState.CLOSED and mine.takes_part
    return Line(
        row,
        history.get(pair(row), NONE),
        may_answer=is_open and mine.may(lane_of(row).pk),
        may_ask=is_open and mine.may(row.consumer.lane_id),
    )


def _wanted(asked: Asked) -> Q:
    wanted = Q()
    if asked.text:
        fields = ("what", "note", "consumer__title", "consumer__key", "provider__title", "provider__key")
        wanted &= Q(*((f"{name}__icontains", asked.text) for name in fields), _connector=Q.OR)
    if asked.row:
        wanted &= Q(lane=asked.row) | Q(consumer__lane=asked.row)
    if asked.provider_row:
        wanted &= Q(lane=asked.provider_row)
    if asked.consumer_row:
        wanted &= Q(consumer__lane=asked.consumer_row)
    if asked.agreement:
        wanted &= Q(agreement=asked.agreement)
    return wanted


def _is_wanted(line: Line, asked: Asked) -> bool:
    if asked.problems and not line.is_problem:
        return False
    return not asked.schedule or (not line.is_over and line.schedule == asked.schedule)


ORDERS: dict[str, Callable[[Line], Any]] = {
    "urgency": lambda line: line.urgency,
    "needs": lambda line: line.row.consumer.title.casefold(),
    "provider": lambda line: (line.provider_lane.position, line.provider_lane.name, line.urgency),
    "consumer": lambda line: (line.consumer_lane.position if line.consumer_lane else -1, line.urgency),
    "due": lambda line: (line.due_on or date.max, line.urgency),
    "agreement": lambda line: (list(Agreement).index(Agreement(line.row.agreement)), line.urgency),
    "late": lambda line: (bool(line.late.n), line.late.risk, line.row.pk),
}


def ordered(lines: Sequence[Line], sort: str) -> list[Line]:
    """In the order that is asked for: the most urgent first where it says nothing."""
    name = sort.removeprefix("-")
    return sorted(lines, key=ORDERS.get(name, ORDERS["urgency"]), reverse=sort.startswith("-") and name in ORDERS)


def finding(lines: Sequence[Line], *, is_filtered: bool) -> str:
    """What a list of dependencies says, in a sentence."""
    if not lines:
        return "No dependency is like that" if is_filtered else "No dependency yet"
    live = [line for line in lines if not line.is_over]
    conflicts = sum(line.schedule == Schedule.CONFLICT for line in live)
    unanswered = sum(line.row.agreement in (Agreement.REQUESTED, Agreement.COUNTERED) for line in live)
    total = f"{len(lines)} {'dependency' if len(lines) == 1 else 'dependencies'}"
    said = [f"{conflicts} in conflict"] if conflicts else []
    said += [f"{unanswered} without agreement"] if unanswered else []
    return f"{total}: {', '.join(said)}" if said else f"{total}, none in conflict"


HEAD = ["id", "increment", "needed_by", "needed_by_row", "needed_by_iteration", "what", "provider_row", "provider"]
HEAD += ["provider_iteration", "needed_in", "offered_in", "due_on", "schedule", "agreement", "delivered_on"]
HEAD += ["late_risk", "late", "history", "note", "asked_at", "answered_at", "kind", "state", "source"]
# A request or an agreement of the board, or what a tool says of items.
ON_BOARD, IN_TOOL = "on the board", "link in a tool"


def lines_of_file(lines: Sequence[Line]) -> Iterator[list[object]]:
    """The same rows as a file."""
    for line in lines:
        row, card = line.row, line.provider
        yield [
            row.pk,
            row.increment.slug,
            row.consumer.key or row.consumer.title,
            line.consumer_lane.name if line.consumer_lane else "",
            str(row.consumer.iteration or ""),
            line.what,
            line.provider_lane.name,
            (card.key or card.title) if card else "",
            str(card.iteration or "") if card else "",
            str(row.needed_in or ""),
            str(row.proposed_in or ""),
            line.due_on,
            line.schedule.value,
            row.agreement,
            row.delivered_on,
            round(line.late.risk, 4) if line.late.n else None,
            line.late.late,
            line.late.n,
            row.note,
            row.requested_at,
            row.answered_at,
            ON_BOARD,
            "",
            "",
        ]


def links_of_file(increment: Increment, links: Sequence[Link]) -> Iterator[list[object]]:
    """What tools say between the teams of a board, in the columns of the same file."""
    rows = {lane.team_id: lane.name for lane in rows_of_board(increment) if lane.team_id}
    for link in links:
        cells: dict[str, object] = {
            "increment": increment.slug,
            "needed_by": link.item.key,
            "needed_by_row": rows.get(link.consumer.pk, link.consumer.name),
            "what": link.other.title if link.sees_other else "",
            "provider_row": rows.get(link.provider.pk, link.provider.name),
            "provider": link.other.key,
            "delivered_on": link.finished_on,
            "kind": IN_TOOL,
            "state": link.state,
            "source": link.item.source.slug,
        }
        yield [cells.get(name, "") for name in HEAD]


def rows_of_board(increment: Increment) -> list[Lane]:
    """The rows of a board in its order."""
    return list(increment.lanes.select_related("team").order_by("position", "name", "pk"))


def seen(user: User) -> QuerySet[Dependency]:
    """The dependencies whose board `user` sees."""
    return of_increments(Increment.objects.for_user(user).order_by().values("pk"))
