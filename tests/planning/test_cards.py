"""The verbs of cards: where they come to stand, what is refused and said, who was faster."""

import datetime as dt
from typing import Any
from typing import cast as cast_to

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from planning.actions.cards import add_card, change_card, move_card, remove_card, restore_card
from planning.actions.dependencies import withdraw_dependency
from planning.actions.iterations import Span, set_iterations
from planning.actions.lanes import add_lane, remove_lane
from planning.actions.undoing import undo, undo_last
from planning.actions.writing import write
from planning.models import Card, Event, IncrementState
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


def order(plan: Planned, lane: Any = None, iteration: int | None = None) -> list[str]:
    """The titles in a cell, in order; their ranks go from 0."""
    column = plan.iterations[iteration - 1] if iteration else None
    cards = Card.objects.filter(lane=lane, iteration=column, removed_at=None).order_by("rank")
    assert [card.rank for card in cards] == list(range(len(cards)))
    return [card.title for card in cards]


def last(plan: Planned) -> Event:
    return plan.increment.events.latest("number")


def refused(verb: Any, **given: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as raised:
        verb(**given)
    return getattr(raised.value, "message_dict", None) or {"": raised.value.messages}


def test_a_card_comes_between_others_and_the_cell_it_left_closes_up(cast: Cast, plan: Planned) -> None:
    a, b, c = (plan.card(title, plan.falcon, 1) for title in "abc")
    plan.card("x", plan.heron, 2)
    plan.card("y", plan.heron, 2)
    move_card(actor=cast.pmo, card=b, lane=plan.heron, iteration=plan.iterations[1], rank=1, version=1)
    assert order(plan, plan.falcon, 1) == ["a", "c"]
    assert order(plan, plan.heron, 2) == ["x", "b", "y"]
    # Neighbours that only shifted are not new to anybody who writes them.
    c.refresh_from_db()
    assert (c.rank, c.version) == (1, 1)
    moved = move_card(actor=cast.pmo, card=c, lane=plan.falcon, iteration=plan.iterations[0], rank=0, version=1)
    assert order(plan, plan.falcon, 1) == ["c", "a"]
    assert (moved.version, moved.line and moved.line.text) == (1, "moved “c” up in Falcon, Iteration 1")
    # Where it stands already: nothing is written.
    assert move_card(actor=cast.pmo, card=a, lane=plan.falcon, iteration=plan.iterations[0]).line is None
    assert replayed(plan.increment) == stored(plan.increment)


def test_what_a_line_of_the_log_says(cast: Cast, plan: Planned) -> None:
    card = add_card(actor=cast.member, increment=plan.increment, lane=plan.falcon, title="Refunds", key="PAY-1")
    said = [card.line]
    for lane, column in ((plan.falcon, 1), (plan.heron, 1), (None, None)):
        iteration = plan.iterations[column] if column else None
        said.append(move_card(actor=cast.pmo, card=card, lane=lane, iteration=iteration).line)
    said.append(change_card(actor=cast.pmo, card=card, size=5, title="Refund API").line)
    said.append(remove_card(actor=cast.pmo, card=card).line)
    said.append(restore_card(actor=cast.pmo, card=card).line)
    assert [line.text for line in said if line] == [
        "added PAY-1 to Falcon, unplanned",
        "moved PAY-1 from Falcon, unplanned to Iteration 2",
        "moved PAY-1 from Falcon, Iteration 2 to Heron, Iteration 2",
        "moved PAY-1 from Heron, Iteration 2 to the parking lot",
        "changed PAY-1: size, title",
        "took PAY-1 off the board (it stood in the parking lot)",
        "brought PAY-1 back to the parking lot",
    ]


def test_both_rows_are_needed_to_move_between_them(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refunds", plan.falcon, 1)
    with pytest.raises(PermissionDenied):
        move_card(actor=cast.member, card=card, lane=plan.heron)
    with pytest.raises(PermissionDenied):
        move_card(actor=cast.viewer, card=card, lane=plan.falcon)
    move_card(actor=cast.member, card=card, lane=None)
    move_card(actor=cast.member, card=card, lane=plan.bank)
    move_card(actor=cast.coach, card=card, lane=plan.heron)
    assert order(plan, plan.heron) == ["Refunds"]


def test_nothing_comes_into_the_row_of_a_team_that_left_and_what_stands_there_may_go(cast: Cast, plan: Planned) -> None:
    stays, comes = plan.card("stays", plan.heron, 1), plan.card("comes", plan.falcon, 1)
    with write(None, plan.increment, "left") as board:
        board.set(board.hold(plan.heron), left_on=dt.date(2026, 2, 1))
    text = "Heron is in the train until 1 Feb 2026 only: nothing can come into its row any more."
    assert refused(move_card, actor=cast.pmo, card=comes, lane=plan.heron) == {"cell": [text]}
    assert refused(add_card, actor=cast.pmo, increment=plan.increment, lane=plan.heron, title="new") == {"cell": [text]}
    move_card(actor=cast.pmo, card=stays, lane=plan.heron, iteration=plan.iterations[1])
    move_card(actor=cast.pmo, card=stays, lane=plan.falcon)
    assert order(plan, plan.falcon) == ["stays"]


def test_an_iteration_that_was_removed_under_the_hand_is_told_at_the_place(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refunds", plan.falcon, 1)
    gone = plan.iterations[4]
    with write(None, plan.increment, "removed") as board:
        board.remove(board.hold(gone))
    gone.pk = gone.pk or 10**9
    told = refused(move_card, actor=cast.pmo, card=card, lane=plan.falcon, iteration=gone)
    assert told == {"cell": ["Iteration 5 is not on this board (any more)."]}


def test_a_closed_increment_is_read_only(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refunds", plan.falcon, 1)
    line = last(plan)
    plan.increment.state, plan.increment.closed_at = IncrementState.CLOSED, dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    plan.increment.save()
    text = {"": ["PI 26.1 is closed: reopen it to change its plan."]}
    assert refused(move_card, actor=cast.pmo, card=card, lane=None) == text
    assert refused(undo, actor=cast.pmo, increment=plan.increment, event=line) == text
    assert Card.objects.get().lane == plan.falcon


@pytest.mark.parametrize("verb", [move_card, change_card, remove_card, restore_card])
def test_a_stale_writer_of_any_verb_is_told_who_was_faster(verb: Any, cast: Cast, plan: Planned) -> None:
    card = plan.card("Refunds", plan.falcon, 1)
    move_card(actor=cast.coach, card=card, lane=plan.heron, version=1)
    given = {"lane": plan.falcon} if verb is move_card else {"title": "Mine"} if verb is change_card else {}
    with pytest.raises(Conflict) as raised:
        verb(actor=cast.pmo, card=card, version=1, **given)
    assert str(raised.value.who) == "Cora Lind"
    assert raised.value.verb == "moved “Refunds” from Falcon, Iteration 1 to Heron, unplanned"
    assert raised.value.at == last(plan).at
    # What is there now, and the same again with its version.
    now = cast_to(Card, raised.value.current)
    assert (now.lane, now.version) == (plan.heron, 2)
    assert verb(actor=cast.pmo, card=card, version=2, **given).pk == card.pk


def test_a_key_and_a_feature_stand_once_on_a_board_and_are_free_when_taken_off(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refunds", plan.falcon, 1, key="PAY-1")
    other = plan.card("Other", plan.falcon, 1)
    told = {"key": ["“Refunds” has the key PAY-1 in this increment."]}
    assert refused(change_card, actor=cast.pmo, card=other, key="PAY-1") == told
    remove_card(actor=cast.pmo, card=card)
    change_card(actor=cast.pmo, card=other, key="PAY-1")
    assert refused(restore_card, actor=cast.pmo, card=card) == {"key": ["“Other” has the key PAY-1 in this increment."]}
    assert refused(move_card, actor=cast.pmo, card=card, lane=None) == {
        "": ["PAY-1 was taken off the board: bring it back first."]
    }


def test_a_card_comes_back_to_its_place_among_those_that_came_since(cast: Cast, plan: Planned) -> None:
    _, b, _ = (plan.card(title, plan.falcon, 1) for title in "abc")
    remove_card(actor=cast.pmo, card=b)
    assert order(plan, plan.falcon, 1) == ["a", "c"]
    restore_card(actor=cast.pmo, card=b)
    assert order(plan, plan.falcon, 1) == ["a", "b", "c"]


def test_one_s_last_writes_are_taken_back_one_after_the_other(cast: Cast, plan: Planned) -> None:
    a, b = plan.card("a", plan.falcon, 1), plan.card("b", plan.falcon, 1)
    move_card(actor=cast.pmo, card=a, lane=plan.falcon, iteration=plan.iterations[0], rank=1)
    move_card(actor=cast.pmo, card=b, lane=plan.heron, iteration=plan.iterations[1])
    added = add_card(
        actor=cast.pmo, increment=plan.increment, lane=plan.falcon, iteration=plan.iterations[0], title="c"
    )
    # Somebody else's writing is not Pia's to take back with this button.
    move_card(actor=cast.coach, card=added, lane=plan.falcon, iteration=plan.iterations[2])
    with pytest.raises(Conflict) as raised:
        undo_last(actor=cast.pmo, increment=plan.increment)
    assert raised.value.who == "Cora Lind"
    undo_last(actor=cast.coach, increment=plan.increment)
    for _ in range(3):
        undo_last(actor=cast.pmo, increment=plan.increment)
    assert order(plan, plan.falcon, 1) == ["a", "b"]
    added.refresh_from_db()
    assert added.removed_at is not None
    assert refused(undo_last, actor=cast.pmo, increment=plan.increment) == {
        "": ["There is nothing of yours to take back."]
    }
    assert replayed(plan.increment) == stored(plan.increment)


def test_taking_back_is_taken_back_and_done_once(cast: Cast, plan: Planned) -> None:
    card = plan.card("a", plan.falcon, 1)
    move_card(actor=cast.pmo, card=card, lane=plan.heron)
    line = last(plan)
    back = undo(actor=cast.pmo, increment=plan.increment, event=line)
    assert back is not None
    assert back.text == "took back: Pia Ito moved “a” from Falcon, Iteration 1 to Heron, unplanned"
    assert refused(undo, actor=cast.pmo, increment=plan.increment, event=line)[""][0].endswith(
        "was taken back already."
    )
    undo(actor=cast.pmo, increment=plan.increment, event=back)
    assert order(plan, plan.heron) == ["a"]


def test_what_was_changed_since_is_taken_back_only_by_who_knows(cast: Cast, plan: Planned) -> None:
    card = plan.card("a", plan.falcon, 1)
    move_card(actor=cast.pmo, card=card, lane=plan.heron)
    line = last(plan)
    move_card(actor=cast.coach, card=card, lane=plan.falcon)
    with pytest.raises(Conflict):
        undo(actor=cast.pmo, increment=plan.increment, event=line)
    with pytest.raises(Conflict):
        undo(actor=cast.pmo, increment=plan.increment, event=line, seen=line.number)
    undo(actor=cast.pmo, increment=plan.increment, event=line, seen=last(plan).number)
    assert order(plan, plan.falcon, 1) == ["a"]


def test_who_may_not_change_a_row_takes_nothing_of_it_back(cast: Cast, plan: Planned) -> None:
    card = plan.card("a", plan.kite, 1)
    move_card(actor=cast.pmo, card=card, lane=plan.falcon)
    with pytest.raises(PermissionDenied):
        undo(actor=cast.member, increment=plan.increment, event=last(plan))
    # A row that was deleted comes back under its number, to who takes part.
    lane = add_lane(actor=cast.member, increment=plan.increment, name="Scheme")
    pk = lane.pk
    remove_lane(actor=cast.member, lane=lane)
    undo(actor=cast.member, increment=plan.increment, event=last(plan))
    assert plan.increment.lanes.get(name="Scheme").pk == pk
    assert replayed(plan.increment) == stored(plan.increment)


def test_an_iteration_comes_back_with_the_cards_that_stood_in_it(cast: Cast, plan: Planned) -> None:
    card = plan.card("a", plan.falcon, 5)
    kept = [Span(one.first_on, one.last_on, one.name, one.is_ip, one.pk) for one in plan.iterations if one.number != 5]
    set_iterations(actor=cast.pmo, increment=plan.increment, iterations=kept)
    assert order(plan, plan.falcon) == ["a"]
    with pytest.raises(PermissionDenied):
        undo(actor=cast.coach, increment=plan.increment, event=last(plan))
    undo(actor=cast.pmo, increment=plan.increment, event=last(plan))
    card.refresh_from_db()
    assert card.iteration == plan.iterations[4]
    assert [one.number for one in plan.increment.iterations.all()] == [1, 2, 3, 4, 5, 6]
    assert replayed(plan.increment) == stored(plan.increment)


def test_no_undo_leads_to_a_row_that_a_team_left_or_to_a_circle(cast: Cast, plan: Planned) -> None:
    a, b = plan.card("a", plan.heron, 1), plan.card("b", plan.falcon, 2)
    move_card(actor=cast.pmo, card=a, lane=plan.falcon)
    moved = last(plan)
    link = plan.need(a, b)
    withdraw_dependency(actor=cast.pmo, dependency=link)
    withdrawn = last(plan)
    plan.need(b, a)
    assert refused(undo, actor=cast.pmo, increment=plan.increment, event=withdrawn)
    with write(None, plan.increment, "left") as board:
        board.set(board.hold(plan.heron), left_on=dt.date(2026, 2, 1))
    told = refused(undo, actor=cast.pmo, increment=plan.increment, event=moved)
    assert told["cell"][0].startswith("Heron is in the train until 1 Feb 2026 only")
