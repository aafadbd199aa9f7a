"""The objectives of an increment, by team: values planned and actual, what is likely of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from metrics.formulas.forecast.shown import shown_chance
from planning.actions.objectives import values_team
from planning.models import Card, Increment, IncrementState, Lane, LaneKind, Objective, ObjectiveChance, Reckoning
from planning.queries.faces import Chance, chance_of
from planning.queries.trains import percent
from planning.rules import Reach, reach

HEAD = ("Team", "Objective", "Committed", "Planned value", "Actual value", "Chance, %", "Chance n/a because", "Cards")
# From so much on a chance reads as good, below so much as bad.
HIGH, LOW = 0.8, 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """An objective with its cards and their chances."""

    one: Objective
    chance: ObjectiveChance | None
    cards: list[tuple[Card, Chance | None]]

    @property
    def chance_text(self) -> str:
        return shown_chance(self.chance.chance) if self.chance and self.chance.chance is not None else "n/a"

    @property
    def chance_tone(self) -> str:
        known = self.chance.chance if self.chance else None
        if known is None:
            return ""
        return "good" if known >= HIGH else "bad" if known < LOW else "warn"

    @property
    def chance_title(self) -> str:
        if not self.cards:
            return "No card is linked: nothing says when it lands."
        if self.chance is None:
            return "Not reckoned yet."
        return self.chance.reason or self.chance.note


@dataclass(frozen=True, slots=True)
class Group:
    """The objectives of a team, or (lane None) of the whole train; committed ones first."""

    lane: Lane | None
    lines: list[Line]
    may_change: bool
    may_value: bool

    @property
    def name(self) -> str:
        return self.lane.name if self.lane else "The whole train"

    @property
    def key(self) -> str:
        """What an address calls it."""
        return str(self.lane.pk) if self.lane else "train"

    @property
    def planned(self) -> int:
        """Σ planned value of the committed ones."""
        return sum(line.one.planned_value or 0 for line in self.lines if line.one.is_committed)

    @property
    def actual(self) -> int | None:
        """Σ actual value of all; None where none was given yet."""
        given = [line.one.actual_value for line in self.lines if line.one.actual_value is not None]
        return sum(given) if given else None

    @property
    def without_value(self) -> int:
        return sum(line.one.planned_value is None for line in self.lines)

    @property
    def without_actual(self) -> int:
        return sum(line.one.actual_value is None for line in self.lines)


@dataclass(frozen=True, slots=True)
class Page:
    """All objectives of an increment. `reckoning`: what is likely of the committed value."""

    increment: Increment
    groups: list[Group]
    reckoning: Reckoning | None
    reach: Reach

    @property
    def total(self) -> int:
        return sum(len(group.lines) for group in self.groups)

    @property
    def planned(self) -> int:
        return sum(group.planned for group in self.groups)

    @property
    def takes_actual(self) -> bool:
        """Whether actual values are given now: committed to, and not closed."""
        return self.increment.state == IncrementState.COMMITTED

    @property
    def shows_actual(self) -> bool:
        return self.increment.state in (IncrementState.COMMITTED, IncrementState.CLOSED)

    @property
    def finding(self) -> str:
        """The heading."""
        if not self.total:
            return "No objectives are written yet"
        missing = sum(group.without_value for group in self.groups)
        expected = self.reckoning.expected_value if self.reckoning else None
        if missing and self.increment.state in (IncrementState.DRAFT, IncrementState.PLANNING):
            return f"{missing} of {self.total} objectives {'has' if missing == 1 else 'have'} no business value yet"
        if expected is not None and self.reckoning and self.reckoning.committed_value and not self._is_over:
            share = expected / self.reckoning.committed_value
            return f"Of {self.reckoning.committed_value} points of committed business value {expected:.0f} are likely \
({percent(share)})"
        return f"{self.total} objectives, {self.planned} points of business value committed"

    @property
    def _is_over(self) -> bool:
        return self.increment.state == IncrementState.CLOSED


def on_plan(increment: Increment) -> QuerySet[Objective]:
    """The objectives that were not removed, with whose they are, their chance and their cards."""
    cards = Card.objects.filter(removed_at=None).select_related("lane", "iteration", "chance")
    ordered = cards.order_by("lane__position", "iteration__number", "rank")
    return (
        increment.objectives.filter(removed_at=None)
        .select_related("lane__team", "chance")
        .prefetch_related(Prefetch("cards", ordered))
    )


def page_of(increment: Increment, user: User) -> Page:
    """The objectives by team; teams without any are there too, so that nobody is forgotten."""
    lanes = list(increment.lanes.filter(kind=LaneKind.TEAM).select_related("team__stream"))
    mine = reach(user, increment, list(increment.lanes.select_related("team")))
    found: dict[int | None, list[Line]] = {None: [], **{lane.pk: [] for lane in lanes}}
    for one in on_plan(increment):
        found.setdefault(one.lane_id, []).append(_line(one))
    owned = {lane.pk for lane in lanes if mine.manages or values_team(user, lane.team)}
    rows: list[Lane | None] = [None, *lanes]
    groups = [
        Group(
            lane,
            found[lane.pk if lane else None],
            increment.is_open and mine.may(lane.pk if lane else None),
            increment.is_open and (lane.pk in owned if lane else bool(owned)),
        )
        for lane in rows
    ]
    return Page(increment, groups, Reckoning.objects.filter(increment=increment).first(), mine)


def _line(one: Objective) -> Line:
    cards = [(card, chance_of(getattr(card, "chance", None))) for card in one.cards.all()]
    return Line(one, getattr(one, "chance", None), cards)


def lines(increment: Increment) -> Iterator[tuple[object, ...]]:
    """All of them as a table (HEAD): for spreadsheets."""
    for one in on_plan(increment):
        line = _line(one)
        known = line.chance.chance if line.chance else None
        yield (
            one.lane.name if one.lane else "The whole train",
            one.title,
            "yes" if one.is_committed else "no",
            one.planned_value,
            one.actual_value,
            None if known is None else round(Decimal(known) * 100, 1),
            "" if known is not None else line.chance_title,
            ", ".join(card.key or card.title for card, _ in line.cards),
        )
