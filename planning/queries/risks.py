"""The risks of an increment as a board of answers (ROAM), those not discussed first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import F, QuerySet

from accounts.models import User
from planning.models import Increment, Lane, LaneKind, Risk, Roam
from planning.rules import Reach, reach

HEAD = ("Team", "Risk", "Answer", "Owner", "Until", "Plan", "Card", "Iteration")
# What an answer is called in forms and addresses: its value, and a name for none.
COLUMNS = {"open": Roam.OPEN, **{one.value: one for one in Roam if one.value}}
HINTS = {
    Roam.OPEN: "Block the final plan.",
    Roam.RESOLVED: "It cannot happen any more.",
    Roam.OWNED: "Somebody sees to it until a day.",
    Roam.ACCEPTED: "It may happen; nothing is done.",
    Roam.MITIGATED: "A plan makes it smaller.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A risk as a card. `is_late`: owned, and its day is over."""

    one: Risk
    may_move: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class Column:
    """An answer with its risks; `key` is what forms and addresses call it."""

    key: str
    roam: Roam
    lines: list[Line]

    @property
    def hint(self) -> str:
        return HINTS[self.roam]


@dataclass(frozen=True, slots=True)
class RiskBoard:
    """The risks of an increment, of one row where `lane` narrows it."""

    increment: Increment
    columns: list[Column]
    lanes: list[Lane]
    lane: Lane | None
    reach: Reach

    @property
    def total(self) -> int:
        return sum(len(column.lines) for column in self.columns)

    @property
    def open(self) -> int:
        return len(self.columns[0].lines)

    @property
    def may_add(self) -> bool:
        return self.increment.is_open and self.reach.takes_part

    @property
    def finding(self) -> str:
        """The heading."""
        whose = f"{self.lane.name}: " if self.lane else ""
        late = sum(line.is_late for column in self.columns for line in column.lines)
        if not self.total:
            return f"{whose}no risk is written down"
        if self.open:
            if self.total == 1:
                return f"{whose}the one risk is not discussed yet"
            verb = "is" if self.open == 1 else "are"
            return f"{whose}{self.open} of {self.total} risks {verb} not discussed yet"
        if late:
            return f"{whose}all risks are answered, {late} owned past the day"
        return f"{whose}all {self.total} risks are answered" if self.total > 1 else f"{whose}the one risk is answered"


def on_plan(increment: Increment) -> QuerySet[Risk]:
    """The risks that were not removed: those with a day first, the oldest first."""
    rows = increment.risks.filter(removed_at=None).select_related("lane", "card__lane", "card__iteration", "owner")
    return rows.order_by(F("due_on").asc(nulls_last=True), "id")


def unanswered(increment: Increment) -> QuerySet[Risk]:
    """The risks that block the final plan: nobody discussed them (ROAM) yet."""
    return on_plan(increment).filter(roam=Roam.OPEN)


def board_of(increment: Increment, user: User, today: date, lane: Lane | None = None) -> RiskBoard:
    """The risks by answer. `today` says which owned ones are late."""
    lanes = list(increment.lanes.exclude(kind=LaneKind.MILESTONES).select_related("team"))
    mine = reach(user, increment, list(increment.lanes.select_related("team")))
    rows = on_plan(increment).filter(lane=lane) if lane else on_plan(increment)
    found: dict[str, list[Line]] = {roam.value: [] for roam in Roam}
    for one in rows:
        is_late = one.roam == Roam.OWNED and one.due_on is not None and one.due_on < today
        found[one.roam].append(Line(one, increment.is_open and mine.may(one.lane_id), is_late))
    columns = [Column(key, Roam(roam), found[roam.value]) for key, roam in COLUMNS.items()]
    return RiskBoard(increment, columns, lanes, lane, mine)


def lines(increment: Increment) -> Iterator[tuple[object, ...]]:
    """All of them as a table (HEAD): for spreadsheets."""
    for one in on_plan(increment):
        card = one.card
        yield (
            one.lane.name if one.lane else "The whole train",
            one.text,
            one.get_roam_display(),
            one.owner_name,
            one.due_on,
            one.plan,
            (card.key or card.title) if card else "",
            card.iteration.name if card and card.iteration else "",
        )
