"""The page of a repair: a proposal with before and after, done in one write that can be taken back."""

from datetime import date

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from planning.actions.repair import Move, apply_moves
from planning.actions.undoing import undo
from planning.actions.writing import write
from planning.models import Capacity, Card, Event, Increment, Iteration
from planning.queries.repair import propose
from planning.replay import replayed, stored
from planning.rules import Reach
from portfolio.actions.writing import Conflict
from portfolio.models import Team
from tests.cast import Cast
from tests.metrics.forecast_board import NOON
from tests.planning.cast import Planned, make_planned

pytestmark = pytest.mark.django_db
PAGE = "/planning/pi-26-1/repair/"


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def plan(cast: Cast) -> Planned:
    """Falcon can take 8 points in each iteration and has 9 in the first; Heron provides in the third what Falcon needs
    in the second. By hand: Small fits beside Consumer (7 + 1 = 8), and the provider comes one iteration earlier; the
    consumer could only go two further, as the third is full.
    """
    Team.objects.filter(pk=cast.falcon.pk).update(planning_unit="points")
    made = make_planned(cast)
    with write(None, made.increment, "gave") as board:
        for column in made.iterations[:5]:
            board.add(Capacity(lane=made.falcon, iteration=column, amount=8, unit="points", reason="as before"))
    made.card("Large", made.falcon, 1, size=8)
    made.card("Small", made.falcon, 1, size=1)
    made.card("Other", made.falcon, 3, size=8)
    needs = made.card("Consumer", made.falcon, 2, size=7)
    made.need(made.card("Provider", made.heron, 3), needs)
    return made


def now_planned(plan: Planned) -> None:
    """As if the increment began tomorrow: what is over is not planned any more."""
    ahead = timezone.localdate() - date(2026, 1, 4)
    for column in reversed(Iteration.objects.filter(increment=plan.increment).order_by("number")):
        column.first_on, column.last_on = column.first_on + ahead, column.last_on + ahead
        column.save()


def places(plan: Planned) -> dict[str, int]:
    return dict(Card.objects.filter(increment=plan.increment).values_list("title", "iteration__number"))


def test_the_proposal_is_the_smallest(cast: Cast, plan: Planned) -> None:
    found = propose(plan.increment, Reach(manages=True), NOON)
    moves = {line.card.title: line.target.number for line in found.moves}
    assert moves == {"Small": 2, "Provider": 2}
    assert (found.before.conflicts, found.before.overloads) == (1, 1)
    assert (found.after.problems, found.left, found.finding) == (0, [], "2 moves clear 2 problems")
    assert places(plan) == {"Large": 1, "Small": 1, "Other": 3, "Consumer": 2, "Provider": 3}


def test_what_cannot_be_cleared_is_said(cast: Cast, plan: Planned) -> None:
    plan.card("Huge", plan.falcon, 4, size=10)
    found = propose(plan.increment, Reach(manages=True), NOON)
    assert found.left == ["Falcon is still over by 2 points in Iteration 4: take cards out of its row"]
    assert found.finding == "2 moves clear 2 of 3 problems"


def test_moves_are_one_line_and_one_undo(cast: Cast, plan: Planned) -> None:
    found = propose(plan.increment, Reach(manages=True), NOON)
    moves = [Move(line.card.pk, line.target.pk, line.card.version) for line in found.moves]
    before = stored(plan.increment)["card"]
    event = apply_moves(actor=cast.pmo, increment=plan.increment, moves=moves)
    assert event is not None
    assert event.text.startswith("repaired the plan: ")
    increment = Increment.objects.get(pk=plan.increment.pk)
    assert propose(increment, Reach(manages=True), NOON).before.problems == 0
    assert replayed(increment) == stored(increment)
    undo(actor=cast.pmo, increment=increment, event=event)
    assert stored(increment)["card"] == before


def test_a_stale_move_moves_nothing(cast: Cast, plan: Planned) -> None:
    small, large = (Card.objects.get(title=title) for title in ("Small", "Large"))
    with write(cast.coach, plan.increment, "changed") as board:
        board.set(board.hold(large), title="Larger")
        board.say("changed Large")
    moves = [Move(small.pk, plan.iterations[1].pk, small.version), Move(large.pk, plan.iterations[2].pk, large.version)]
    with pytest.raises(Conflict, match="changed Large"):
        apply_moves(actor=cast.pmo, increment=plan.increment, moves=moves)
    assert places(plan)["Small"] == 1


def test_the_page(client: Client, cast: Cast, plan: Planned) -> None:
    now_planned(plan)
    client.force_login(cast.pmo)
    text = client.get(PAGE).text
    assert "2 moves clear 2 problems" in text
    small = Card.objects.get(title="Small")
    move = f"{small.pk}:{small.version}:{plan.iterations[1].pk}"
    assert f'value="{move}"' in text
    assert client.post(PAGE, {}).status_code == 400
    assert client.post(PAGE, {"move": ["nonsense"]}).status_code == 400
    said = client.post(PAGE, {"move": [move]}, follow=True).text
    number = Event.objects.filter(increment=plan.increment).order_by("-number")[0].number
    assert "You repaired the plan: “Small” to Iteration 2." in said
    assert f"/planning/pi-26-1/events/{number}/undo/" in said
    assert "1 move clears 1 problem" in said
    assert client.post(PAGE, {"move": [move]}).status_code == 409


def test_a_member_may_move_their_own_row_alone(client: Client, cast: Cast, plan: Planned) -> None:
    now_planned(plan)
    client.force_login(cast.viewer)
    assert 'type="checkbox"' not in client.get(PAGE).text
    small = Card.objects.get(title="Small")
    move = {"move": [f"{small.pk}:{small.version}:{plan.iterations[1].pk}"]}
    assert client.post(PAGE, move).status_code == 403
    client.force_login(cast.member)
    assert client.post(PAGE, move).status_code == 302


def test_a_closed_increment_is_not_repaired(client: Client, cast: Cast, plan: Planned) -> None:
    Increment.objects.filter(pk=plan.increment.pk).update(state="closed", closed_at=NOON)
    client.force_login(cast.pmo)
    assert "is closed: nothing is to be repaired" in client.get(PAGE).text
    small = Card.objects.get(title="Small")
    answer = client.post(PAGE, {"move": [f"{small.pk}:{small.version}:{plan.iterations[1].pk}"]})
    assert answer.status_code == 400


def test_the_program_gets_the_same(client: Client, cast: Cast, plan: Planned) -> None:
    now_planned(plan)
    client.force_login(cast.pmo)
    address = "/api/v1/increments/pi-26-1/repair/"
    found = client.get(address).json()
    assert (found["before"]["conflicts"], found["before"]["overloads"], found["after"]["conflicts"]) == (1, 1, 0)
    moves = [{name: one[name] for name in ("card", "version", "iteration")} for one in found["moves"]]
    assert client.post(address, {"moves": moves}, content_type="application/json").status_code == 200
    assert client.get(address).json()["moves"] == []
    assert client.post(address, {"moves": moves}, content_type="application/json").status_code == 409
