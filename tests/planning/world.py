"""Everything that can be done to boards, by chance: two increments of one train, people of all sorts, and turns.

A turn is one verb with things picked by dice, of which a search (tests/planning/test_replay.py) or a stream of chance
numbers (tests/planning/test_many_writers.py) throws each number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404

from accounts.models import User
from core.imports import Refused
from planning.actions.increments import create_increment
from planning.actions.iterations import laid_out
from planning.actions.objectives import add_objective
from planning.actions.risks import add_risk
from planning.models import Card, Increment, Lane
from portfolio.actions.writing import Conflict
from portfolio.models import Feature, Team
from portfolio.rules import Person
from tests.cast import Cast, make_team
from tests.planning.cast import FIRST, Planned, make_planned

M = TypeVar("M")
# What a verb may answer instead of doing it.
REFUSALS = (ValidationError, Conflict, PermissionDenied, Refused, Http404)


class Nothing(Exception):
    """There is nothing that this verb could be done to."""


@dataclass
class World:
    """The boards, and who writes: `people` by chance, None is the portal itself."""

    cast: Cast
    plan: Planned
    boards: list[Increment]
    people: list[User | None]
    features: list[Feature]
    newcomer: Team
    # What the imports wrote, to be rolled back.
    imports: list[dict[str, Any]] = field(default_factory=list)


def make_world(cast: Cast) -> World:
    """PI 26.1 with something of everything in it, and a draft of PI 26.2 after it; Otter is in no train yet."""
    plan = make_planned(cast)
    needs = plan.card("Refund API", plan.falcon, 1, size=5)
    plan.card("Refund page", plan.falcon, 1, size=3)
    plan.need(plan.card("Ledger split", plan.heron, 2, key="K-0"), needs, agreement="requested")
    add_objective(actor=None, increment=plan.increment, lane=plan.falcon, title="Fast refunds", cards=[needs])
    add_risk(actor=None, increment=plan.increment, text="The bank is late", roam="accepted")
    spans = laid_out(FIRST + timedelta(weeks=12), 14, 2, with_ip=True)
    after = create_increment(
        actor=None, train=plan.train, name="PI 26.2", iterations=spans, seed=7, after=plan.increment
    )
    features = [Feature.objects.create(team=cast.falcon, name=name) for name in ("Refunds", "Ledger")]
    writers = [cast.pmo] * 6 + [None, cast.coach, cast.member, cast.stream_pmo, cast.viewer, cast.outsider]
    otter = make_team(cast.platform, "Otter", cast.calendar)
    return World(cast, plan, [plan.increment, after], writers, features, otter)


@dataclass
class Turn:
    """One verb of one writer; `throw(most)` gives a number from 0 to `most`, both included."""

    world: World
    throw: Callable[[int], int]
    # Nothing may be written: the writer said an old version, or only asks what would be.
    is_idle: bool = False

    def __post_init__(self) -> None:
        self.actor: Person = self.of(self.world.people)
        # Mostly the first: its board gets somewhere.
        self.board = Increment.objects.get(pk=self.world.boards[self.throw(3) // 3].pk)

    def of(self, ones: "Sequence[M] | QuerySet[Any, M]") -> M:
        there = list(ones)
        if not there:
            raise Nothing
        return there[self.throw(len(there) - 1)]

    def some(self, ones: "Sequence[M] | QuerySet[Any, M]") -> M | None:
        """One of them, or none."""
        there = list(ones)
        at = self.throw(len(there))
        return there[at - 1] if at else None

    def flag(self) -> bool:
        return self.throw(1) == 1

    def version(self, row: Any) -> int | None:
        """The version that the writer saw: mostly the present one; sometimes none is said, or an old one."""
        luck = self.throw(9)
        if luck == 9 and row.version > 1:
            self.is_idle = True
            return int(row.version) - 1
        return None if luck == 8 else int(row.version)

    def seen(self, row: Any) -> dict[str, Any]:
        return {"actor": self.actor, "version": self.version(row)}

    def card(self, *, live: bool = True) -> Card:
        rows = self.board.cards.select_related("lane", "iteration", "increment").order_by("pk")
        return self.of(rows.filter(removed_at=None) if live else rows)

    def lane(self, **only: Any) -> Lane:
        return self.of(self.board.lanes.filter(**only))

    def place(self) -> dict[str, Any]:
        """A row and an iteration, or neither."""
        lane = self.some(self.board.lanes.all())
        return {"lane": lane, "iteration": self.some(self.board.iterations.all()) if lane else None}
