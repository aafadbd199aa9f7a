"""From draft to closed and back: what each step asks for, freezes and carries on."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from metrics.models import Forecast
from planning.actions.carrying import carry_over
from planning.actions.increments import create_increment
from planning.actions.iterations import laid_out
from planning.actions.states import change_state, close, commit, start_planning, step_back
from planning.actions.writing import write
from planning.baselines import latest, since
from planning.models import Baseline, Card, Increment, Objective, Risk
from planning.queries.retrospective import page
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned


def _move(plan: Planned, card: Card, iteration: int | None, **fields: Any) -> None:
    with write(None, plan.increment, "moved") as board:
        column = plan.iterations[iteration - 1] if iteration else None
        board.set(board.hold(card), iteration=column, **fields)
        board.say(f"moved {card}")


def test_planning_begins_with_iterations_and_teams(cast: Cast) -> None:
    plan = make_planned(cast)
    empty = create_increment(actor=cast.pmo, train=plan.train, name="PI 26.2")
    with pytest.raises(ValidationError, match="no iterations"):
        start_planning(actor=cast.pmo, increment=empty)
    laid = create_increment(
        actor=cast.pmo, train=plan.train, name="PI 26.3", iterations=laid_out(date(2026, 4, 6), 14, 2)
    )
    assert start_planning(actor=cast.pmo, increment=laid).state == "planning"
    with pytest.raises(ValidationError, match="in state planning"):
        start_planning(actor=cast.pmo, increment=laid)


def test_a_commitment_freezes_the_plan(cast: Cast) -> None:
    plan = make_planned(cast)
    card = plan.card("Refund API", plan.falcon, 1, size=8)
    commit(actor=cast.pmo, increment=plan.increment, version=1)
    kept = Baseline.objects.get()
    assert (kept.number, kept.by, kept.plan["card"][str(card.pk)]["iteration_id"]) == (
        1,
        cast.pmo,
        plan.iterations[0].pk,
    )
    plan.increment.refresh_from_db()
    assert (plan.increment.state, kept.event) == ("committed", plan.increment.number)
    # The baseline is the board at its own line of the log, whatever comes after.
    _move(plan, card, 3)
    assert kept.plan == replayed(plan.increment, kept.event)
    assert replayed(plan.increment) == stored(plan.increment)


def test_a_commitment_is_refused_while_risks_are_open(cast: Cast) -> None:
    plan = make_planned(cast)
    with write(None, plan.increment, "added") as board:
        board.add(Risk(increment=board.increment, text="The bank is late"))
        board.add(Risk(increment=board.increment, text="Nobody tests", roam="accepted"))
    with pytest.raises(ValidationError) as raised:
        commit(actor=cast.pmo, increment=plan.increment)
    assert raised.value.messages == ["Discuss this risk first (ROAM): “The bank is late”"]
    assert not Baseline.objects.exists()
    assert not Forecast.objects.exists()


def test_back_needs_a_reason_and_a_second_commitment_is_a_second_baseline(cast: Cast) -> None:
    plan = make_planned(cast)
    commit(actor=cast.pmo, increment=plan.increment)
    with pytest.raises(ValidationError, match="Say why"):
        step_back(actor=cast.pmo, increment=plan.increment, reason=" ")
    change_state(actor=cast.pmo, increment=plan.increment, to="planning", reason="Kite lost a person")
    last = plan.increment.events.latest("number")
    assert last.text == "reopened the planning of PI 26.1: Kite lost a person"
    change_state(actor=cast.pmo, increment=plan.increment, to="committed")
    assert list(Baseline.objects.values_list("number", flat=True)) == [2, 1]
    with pytest.raises(ValidationError, match="one step at a time"):
        change_state(actor=cast.pmo, increment=plan.increment, to="draft", reason="No")


@pytest.mark.parametrize("who", ["member", "coach", "leader", "stream_pmo"])
def test_only_the_pmo_of_all_teams_goes_on(cast: Cast, who: str) -> None:
    plan = make_planned(cast)
    with pytest.raises(PermissionDenied):
        commit(actor=cast.person(who), increment=plan.increment)
    with pytest.raises(PermissionDenied):
        step_back(actor=cast.person(who), increment=plan.increment, reason="Why not")


def test_a_stale_step_is_told_who_was_first(cast: Cast) -> None:
    plan = make_planned(cast)
    commit(actor=cast.pmo, increment=plan.increment, version=1)
    with pytest.raises(Conflict) as raised:
        step_back(actor=cast.administrator, increment=plan.increment, reason="Too early", version=1)
    assert (raised.value.who, raised.value.verb) == (str(cast.pmo), "committed to the plan of PI 26.1")


def test_since_the_commitment(cast: Cast) -> None:
    """Of five committed cards two are moved, one is taken off and two stay; one comes new."""
    plan = make_planned(cast)
    stays, other = plan.card("Stays", plan.falcon, 1), plan.card("Stays too", plan.kite, 2)
    later, gone, away = (plan.card(name, plan.falcon, 2) for name in ("Later", "Gone", "Away"))
    idea = plan.card("Idea")
    commit(actor=cast.pmo, increment=plan.increment)
    _move(plan, later, 4)
    _move(plan, away, 2, lane=plan.heron)
    with write(cast.member, plan.increment, "removed") as board:
        board.set(board.hold(gone), removed_at=datetime(2026, 1, 7, tzinfo=UTC))
        board.say("took Gone off the board")
    with write(None, plan.increment, "moved") as board:
        board.set(board.hold(idea), lane=plan.kite, iteration=plan.iterations[2])
        board.set(board.hold(stays), size=20)
        board.say("planned Idea")
    kept = latest(plan.increment)
    assert kept
    found = since(kept)
    assert [(row.what, row.text) for row in found.moved] == [
        ("Away", "from Falcon, Iteration 2 to Heron, Iteration 2"),
        ("Later", "from Falcon, Iteration 2 to Falcon, Iteration 4"),
    ]
    assert [(row.what, row.text) for row in found.added] == [("Idea", "in Kite, Iteration 3")]
    [removed] = found.removed
    assert removed.last
    assert (removed.what, removed.last.who, removed.last.text) == ("Gone", str(cast.member), "took Gone off the board")
    assert [(row.what, row.text) for row in found.others] == [("Stays", "size: none → 20")]
    # Untouched are two of five: Stays and Stays too.
    assert (found.moves.untouched, found.moves.stability) == (2, 0.4)
    assert other.pk in found.moves.committed


def test_the_end_takes_values_and_carries_what_did_not_land(cast: Cast) -> None:
    plan = make_planned(cast)
    done = plan.card("Done", plan.falcon, 1, done_on=date(2026, 1, 15), key="PAY-1")
    left = plan.card("Left", plan.falcon, 2, key="PAY-2", size=5)
    outside = plan.card("Certificate", plan.bank, 2)
    plan.card("Idea", key="PAY-3")
    with write(None, plan.increment, "added") as board:
        goal = board.add(Objective(increment=board.increment, lane=plan.falcon, title="Refunds", planned_value=8))
    commit(actor=cast.pmo, increment=plan.increment)
    after = create_increment(actor=cast.pmo, train=plan.train, name="PI 26.2")
    end = datetime(2026, 4, 1, tzinfo=UTC)
    close(actor=cast.pmo, increment=plan.increment, actual_values={goal.pk: 6}, carry_into=after, at=end)
    plan.increment.refresh_from_db()
    goal.refresh_from_db()
    assert (plan.increment.state, plan.increment.carried_into, goal.actual_value) == ("closed", after, 6)
    made = {card.title: (card.lane and card.lane.name, card.iteration, card.carried_from) for card in after.cards.all()}
    # Falcon's stays with Falcon; the bank has no row there, so its card waits in the parking lot.
    assert made == {"Left": ("Falcon", None, left), "Certificate": (None, None, outside)}
    assert done.carried_into.count() == 0
    # Twice does nothing.
    assert carry_over(actor=cast.pmo, increment=plan.increment, into=after, at=end) == []
    for one in Increment.objects.all():
        assert replayed(one) == stored(one)
    with pytest.raises(ValidationError, match="closed: reopen it"), write(cast.pmo, plan.increment, "moved"):
        pass


def test_values_out_of_range_close_nothing(cast: Cast) -> None:
    plan = make_planned(cast)
    with write(None, plan.increment, "added") as board:
        goal = board.add(Objective(increment=board.increment, lane=plan.falcon, title="Refunds", planned_value=8))
    commit(actor=cast.pmo, increment=plan.increment)
    with pytest.raises(ValidationError, match="0 to 10"):
        close(actor=cast.pmo, increment=plan.increment, actual_values={goal.pk: 11})
    plan.increment.refresh_from_db()
    assert plan.increment.state == "committed"


def test_a_closed_increment_is_judged_whole(cast: Cast) -> None:
    """Closed on its last day: of three committed cards, one of them due that day, two came in time."""
    plan = make_planned(cast)
    plan.card("Done", plan.falcon, 1, done_on=date(2026, 1, 15))
    plan.card("On the last day", plan.falcon, 6, kind="other", done_on=date(2026, 3, 27))
    plan.card("Left", plan.heron, 6, kind="other")
    commit(actor=cast.pmo, increment=plan.increment)
    end = datetime(2026, 3, 27, 15, tzinfo=UTC)
    close(actor=cast.pmo, increment=plan.increment, at=end)
    plan.increment.refresh_from_db()
    found = page(plan.increment, latest(plan.increment), end)
    assert (found.landed, found.due) == (2, 3)


def test_what_was_finished_after_the_closing_is_not_offered_to_be_carried_on(cast: Cast, client: Client) -> None:
    plan = make_planned(cast)
    plan.card("After the end", plan.falcon, 6, kind="other", done_on=date(2026, 4, 2))
    plan.card("Still open", plan.falcon, 6, kind="other")
    closed_at = datetime(2026, 4, 1, tzinfo=UTC)
    Increment.objects.update(state="closed", committed_at=closed_at, closed_at=closed_at)
    client.force_login(cast.pmo)
    said = client.get("/planning/pi-26-1/carry/").content.decode()
    assert "Still open" in said
    assert "After the end" not in said
