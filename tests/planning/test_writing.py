"""One way to write a board: a line in the log per write, to be replayed; a stale writer is told who was first."""

import pytest

from core.models import AuditEntry, LiveEvent
from planning.actions.writing import write
from planning.models import Card, Event
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import Cast
from tests.planning.cast import make_planned


def test_a_write_is_a_line_an_audit_entry_and_a_live_event(cast: Cast) -> None:
    plan = make_planned(cast)
    before = plan.increment.number, LiveEvent.objects.count(), AuditEntry.objects.count()
    card = plan.card("Refund API", plan.falcon, 1, size=8)
    with write(cast.pmo, plan.increment, "moved") as board:
        row = board.hold(card, 1)
        board.set(row, iteration=plan.iterations[1])
        board.say("moved Refund API to Iteration 2")
    event = Event.objects.get(increment=plan.increment, number=before[0] + 2)
    assert (event.actor, event.text) == (cast.pmo, "moved Refund API to Iteration 2")
    [change] = event.changes
    columns = {"iteration_id": plan.iterations[0].pk}, {"iteration_id": plan.iterations[1].pk}
    assert (change["kind"], change["id"], change["before"], change["after"]) == ("card", card.pk, *columns)
    assert LiveEvent.objects.count() == before[1] + 2
    assert AuditEntry.objects.count() == before[2] + 2
    assert replayed(plan.increment) == stored(plan.increment)


def test_nothing_changed_writes_nothing(cast: Cast) -> None:
    plan = make_planned(cast)
    card = plan.card("Refund API", plan.falcon, 1)
    number = Event.objects.count()
    with write(cast.pmo, plan.increment, "changed") as board:
        board.set(board.hold(card), title="Refund API")
    assert Event.objects.count() == number
    assert Card.objects.get().version == 1


def test_a_stale_writer_is_told_who_did_what(cast: Cast) -> None:
    plan = make_planned(cast)
    card = plan.card("Refund API", plan.falcon, 1)
    with write(cast.pmo, plan.increment, "moved") as board:
        board.set(board.hold(card), iteration=None)
        board.say("moved Refund API to Falcon, unplanned")
    with pytest.raises(Conflict) as raised, write(cast.coach, plan.increment, "moved") as board:
        board.hold(card, 1)
    assert (raised.value.who, raised.value.verb) == (str(cast.pmo), "moved Refund API to Falcon, unplanned")
