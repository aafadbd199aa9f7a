"""Whatever is done to a board, in whatever order: replaying its log gives the board, no card is lost or doubled, and in
every cell the places go from 0 without a gap."""

from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from planning.actions.cards import add_card, change_card, move_card, remove_card, restore_card
from planning.actions.undoing import undo
from planning.models import Card, Event, Iteration, Lane
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned

pytestmark = pytest.mark.django_db
NUMBERS = st.integers(0, 40)


class BoardMachine(RuleBasedStateMachine):
    """Pia (PMO) and Cora (coach of Payments) write; `made` counts the cards that were ever put on the board."""

    cast: Cast

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.plan: Planned = make_planned(self.cast)
        self.lanes: list[Lane | None] = [None, self.plan.falcon, self.plan.heron, self.plan.bank]
        self.made = 0

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def place(self, number: int) -> tuple[Lane | None, Iteration | None]:
        lane = self.lanes[number % 4]
        column = None if lane is None or number % 3 == 0 else self.plan.iterations[number % 3 - 1]
        return lane, column

    def card(self, number: int) -> Card:
        cards = list(Card.objects.filter(increment=self.plan.increment).order_by("pk"))
        return cards[number % len(cards)]

    def attempt(self, verb: Any, **given: Any) -> None:
        """A refusal writes nothing, which the invariant sees."""
        with suppress(ValidationError, Conflict), transaction.atomic():
            verb(actor=[self.cast.pmo, self.cast.coach, None][self.made % 3], **given)

    @rule(to=NUMBERS, rank=st.none() | st.integers(0, 3))
    def add(self, to: int, rank: int | None) -> None:
        lane, column = self.place(to)
        add_card(actor=self.cast.pmo, increment=self.plan.increment, lane=lane, iteration=column, rank=rank, title="T")
        self.made += 1

    @precondition(lambda self: self.made)
    @rule(which=NUMBERS, to=NUMBERS, rank=st.none() | st.integers(0, 4), stale=st.integers(0, 5))
    def move(self, which: int, to: int, rank: int | None, stale: int) -> None:
        card = self.card(which)
        lane, column = self.place(to)
        version = card.version - 1 if stale == 0 and card.version > 1 else card.version
        self.attempt(move_card, card=card, lane=lane, iteration=column, rank=rank, version=version)

    @precondition(lambda self: self.made)
    @rule(which=NUMBERS, size=st.integers(0, 9))
    def change(self, which: int, size: int) -> None:
        self.attempt(change_card, card=self.card(which), size=size, key=f"K-{size % 2}" if size > 5 else "")

    @precondition(lambda self: self.made)
    @rule(which=NUMBERS)
    def remove(self, which: int) -> None:
        self.attempt(remove_card, card=self.card(which))

    @precondition(lambda self: self.made)
    @rule(which=NUMBERS)
    def restore(self, which: int) -> None:
        self.attempt(restore_card, card=self.card(which))

    @precondition(lambda self: self.made)
    @rule(back=NUMBERS, knows=st.booleans())
    def take_back(self, back: int, knows: bool) -> None:
        lines = list(Event.objects.filter(increment=self.plan.increment, number__gt=1).order_by("-number"))
        line = lines[back % len(lines)]
        seen = lines[0].number if knows else None
        self.attempt(undo, increment=self.plan.increment, event=line, seen=seen)

    @invariant()
    def the_log_is_the_board(self) -> None:
        if not hasattr(self, "plan"):
            return
        assert replayed(self.plan.increment) == stored(self.plan.increment)
        cards = list(Card.objects.filter(increment=self.plan.increment))
        assert len(cards) == self.made
        cells: dict[Any, list[int]] = {}
        for card in cards:
            if card.removed_at is None:
                cells.setdefault((card.lane_id, card.iteration_id), []).append(card.rank)
        assert all(sorted(ranks) == list(range(len(ranks))) for ranks in cells.values()), cells
        numbers = list(self.plan.increment.events.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))


def test_any_interleaving_of_verbs_replays_to_the_board(cast: Cast) -> None:
    assert connection.in_atomic_block
    machine = type("OfThisCast", (BoardMachine,), {"cast": cast})
    run_state_machine_as_test(machine, settings=settings(max_examples=8, stateful_step_count=12))
