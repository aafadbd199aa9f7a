"""Whatever is done to boards, by whomever and in whatever order: replaying the log of each gives the board, no card is
lost or doubled, what is refused writes nothing, and who only listened has what who reads now gets."""

from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from planning.models import Event
from planning.replay import State, replayed, stored
from tests.cast import Cast
from tests.planning import verbs
from tests.planning.sound import Listener, check_board, check_rows, numbers, read_pieces, without_removed
from tests.planning.verbs import Verb
from tests.planning.world import REFUSALS, Nothing, Turn, World, make_world

pytestmark = pytest.mark.django_db
DATA = st.data()


class BoardMachine(RuleBasedStateMachine):
    """Two boards of one train; each step is one verb of one writer (tests/planning/world.py)."""

    cast: Cast

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.world: World = make_world(self.cast)
        self.listeners = [Listener(one) for one in self.world.boards]
        # By board, the number of its last line and what it held then.
        self.states: dict[int, tuple[int, State]] = {}

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    @rule(verb=st.sampled_from(verbs.CARDS), data=DATA)
    def card(self, verb: Verb, data: st.DataObject) -> None:
        self.take(verb, data)

    @rule(verb=st.sampled_from(verbs.NEEDS), data=DATA)
    def need(self, verb: Verb, data: st.DataObject) -> None:
        self.take(verb, data)

    @rule(verb=st.sampled_from(verbs.PROMISES), data=DATA)
    def promise(self, verb: Verb, data: st.DataObject) -> None:
        self.take(verb, data)

    @rule(verb=st.sampled_from(verbs.PEOPLE), data=DATA)
    def who(self, verb: Verb, data: st.DataObject) -> None:
        self.take(verb, data)

    @rule(verb=st.sampled_from(verbs.FRAME), data=DATA)
    def frame(self, verb: Verb, data: st.DataObject) -> None:
        self.take(verb, data)

    @rule(verb=st.sampled_from(verbs.LIFE), data=DATA)
    def life(self, verb: Verb, data: st.DataObject) -> None:
        self.take(verb, data)

    @rule(verb=st.sampled_from(verbs.FILES), data=DATA)
    def file(self, verb: Verb, data: st.DataObject) -> None:
        self.take(verb, data)

    @rule(verb=st.sampled_from(verbs.BACK), data=DATA)
    def back(self, verb: Verb, data: st.DataObject) -> None:
        self.take(verb, data)

    def take(self, verb: Verb, data: st.DataObject) -> None:
        """One turn: what is refused, or said of an old version, writes nothing."""
        turn = Turn(self.world, lambda most: int(data.draw(st.integers(0, most))))
        before = numbers(self.world.boards)
        try:
            verb(turn)
        except (*REFUSALS, Nothing):
            assert numbers(self.world.boards) == before
            return
        after = numbers(self.world.boards)
        assert after == before or not turn.is_idle
        assert after == before or turn.actor not in (self.cast.viewer, self.cast.outsider)
        for board, was, now in zip(self.world.boards, before, after, strict=True):
            if now == was + 1:
                self.check_undone(Event.objects.get(increment=board, number=now))

    def check_undone(self, line: Event) -> None:
        """Who takes the last line back has the board that was there before it."""
        taken = Event.objects.filter(undone_by=line).first()
        if taken is not None and taken.number == line.number - 1:
            before = replayed(line.increment, until=taken.number - 1)
            assert without_removed(stored(line.increment)) == without_removed(before)

    @invariant()
    def boards_are_sound(self) -> None:
        """Each board is what its log says, to who reads and to who listened; nothing was written without a line."""
        for one in self.listeners if hasattr(self, "listeners") else ():
            one.increment.refresh_from_db()
            state = (one.increment.number, stored(one.increment))
            if self.states.get(one.increment.pk, (0, {}))[0] == state[0]:
                assert self.states[one.increment.pk] == state
                continue
            self.states[one.increment.pk] = state
            check_board(one.increment)
            check_rows(one.increment)
            if one.listen():
                assert one.pieces == read_pieces(one.increment)


def test_any_interleaving_of_verbs_replays_to_the_board(cast: Cast) -> None:
    """Few examples, the same in every run; more of them with `--hypothesis-profile=search` look for new ones."""
    assert connection.in_atomic_block
    machine: Any = type("OfThisCast", (BoardMachine,), {"cast": cast})
    # A failure is told as it was found: to make it smaller would take an hour.
    few = settings(max_examples=6, stateful_step_count=15, phases=[Phase.generate], report_multiple_bugs=False)
    run_state_machine_as_test(machine, settings=few)
