"""Objectives: written by teams, valued by leaders, frozen by the commitment."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planning.actions.objectives import (
    add_objective,
    change_objective,
    give_actual_value,
    plan_value,
    remove_objective,
    restore_objective,
)
from planning.actions.undoing import undo
from planning.models import Increment, Objective, ObjectiveChance, Reckoning
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned

HOME = "/planning/pi-26-1/objectives/"


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


def promise(plan: Planned, title: str = "Fast refunds", **fields: Any) -> Objective:
    return add_objective(actor=None, increment=plan.increment, lane=plan.falcon, title=title, **fields)


def commit(plan: Planned) -> None:
    Increment.objects.filter(pk=plan.increment.pk).update(state="committed", committed_at="2026-01-05T00:00Z")


def test_a_team_writes_and_leaders_value(plan: Planned, cast: Cast) -> None:
    card = plan.card("Refund API", plan.falcon, 1)
    one = add_objective(
        actor=cast.member, increment=plan.increment, lane=plan.falcon, title="Fast refunds", cards=[card]
    )
    assert list(one.cards.all()) == [card]
    with pytest.raises(PermissionDenied):
        plan_value(actor=cast.member, objective=one, value=8)
    with pytest.raises(PermissionDenied):
        add_objective(actor=cast.coach, increment=plan.increment, lane=plan.falcon, title="B", planned_value=3)
    with pytest.raises(PermissionDenied):
        add_objective(actor=cast.member, increment=plan.increment, lane=plan.heron, title="Of others")
    assert plan_value(actor=cast.leader, objective=one, value=8).planned_value == 8
    with pytest.raises(ValidationError, match="Business value goes from 1 to 10"):
        plan_value(actor=cast.leader, objective=one, value=11)
    assert replayed(plan.increment) == stored(plan.increment)


def test_cards_of_another_board_are_refused(plan: Planned) -> None:
    other = Increment.objects.create(train=plan.train, slug="pi-26-2", name="PI 26.2", seed=1)
    card = other.cards.create(title="Elsewhere")
    with pytest.raises(ValidationError) as raised:
        promise(plan, cards=[card])
    assert list(raised.value.message_dict) == ["cards"]
    assert not Objective.objects.exists()


def test_what_is_committed_to_stays(plan: Planned) -> None:
    one, free = promise(plan, planned_value=8), promise(plan, "If there is time", is_committed=False, planned_value=3)
    unvalued = promise(plan, "Not valued yet")
    with pytest.raises(ValidationError, match="once the plan is committed to"):
        give_actual_value(actor=None, objective=one, value=7)
    commit(plan)
    refusals: list[Callable[[], object]] = [
        lambda: plan_value(actor=None, objective=one, value=9),
        lambda: change_objective(actor=None, objective=one, is_committed=False),
        lambda: change_objective(actor=None, objective=free, is_committed=True),
        lambda: remove_objective(actor=None, objective=one),
        lambda: promise(plan, "One more"),
    ]
    for refused in refusals:
        with pytest.raises(ValidationError):
            refused()
    assert plan_value(actor=None, objective=unvalued, value=2).planned_value == 2
    assert promise(plan, "One more", is_committed=False).pk
    assert give_actual_value(actor=None, objective=one, value=0).actual_value == 0
    assert remove_objective(actor=None, objective=free).removed_at
    assert restore_objective(actor=None, objective=free).removed_at is None


def test_values_are_given_all_or_none(plan: Planned, client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)
    one, other = promise(plan), promise(plan, "Fewer calls")
    address = f"{HOME}values/?lane={plan.falcon.pk}"
    form = {f"value-{one.pk}": "8", f"version-{one.pk}": "1", f"value-{other.pk}": "5", f"version-{other.pk}": "1"}
    wrong = client.post(address, form | {f"value-{other.pk}": "11"})
    assert wrong.status_code == 400
    assert "From 1 to 10." in wrong.content.decode()
    change_objective(actor=cast.member, objective=other, version=1, title="Far fewer calls")
    stale = client.post(address, form)
    assert stale.status_code == 409
    said = stale.content.decode()
    assert "Max Weber changed the objective “Far fewer calls” of Falcon" in said
    assert f'name="version-{other.pk}" value="2"' in said
    assert not Objective.objects.exclude(planned_value=None).exists()
    assert client.post(address, form | {f"version-{other.pk}": "2"}).status_code == 302
    assert list(Objective.objects.order_by("pk").values_list("planned_value", flat=True)) == [8, 5]


def test_the_page_sums_what_is_promised_and_says_what_is_likely(plan: Planned, client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)
    for title, value, is_committed in (("Fast refunds", 8, True), ("Fewer calls", 5, True), ("Nicer mails", 9, False)):
        one = promise(plan, title, planned_value=value, is_committed=is_committed)
    ObjectiveChance.objects.create(objective=one, chance=0.42)
    Reckoning.objects.create(increment=plan.increment, expected_value=9.1, committed_value=13)
    said = client.get(HOME).content.decode()
    # 9.1 of 8 + 5 = 13 points are 70 %.
    assert "Of 13 points of committed business value 9 are likely (70 %)" in said
    assert "<strong>13</strong>" in said
    assert "42 %" in said
    lines = b"".join(client.get(f"{HOME}?format=csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert "Falcon,Nicer mails,no,9,,42.0,," in lines


def test_removed_by_a_button_and_brought_back_by_its_undo(plan: Planned, client: Client, cast: Cast) -> None:
    client.force_login(cast.member)
    one = promise(plan)
    answer = client.post(f"/planning/objectives/{one.pk}/remove/", {"version": "1"}, follow=True)
    assert "You removed the objective “Fast refunds” of Falcon." in answer.content.decode()
    assert Objective.objects.get().removed_at
    number = plan.increment.events.order_by("-number").values_list("number", flat=True)[0]
    assert client.post(f"/planning/pi-26-1/events/{number}/undo/?next={HOME}").headers["Location"] == HOME
    assert Objective.objects.get().removed_at is None


def test_taking_back_refuses_what_the_verbs_refuse(plan: Planned, cast: Cast) -> None:
    one = promise(plan)
    plan_value(actor=cast.leader, objective=one, value=8)
    valued = plan.increment.events.get(verb="planned a value")
    with pytest.raises(PermissionDenied):
        undo(actor=cast.member, increment=plan.increment, event=valued)
    change_objective(actor=cast.pmo, objective=one, title="Faster refunds")
    renamed = plan.increment.events.get(verb="changed an objective")
    with pytest.raises(PermissionDenied):
        undo(actor=cast.viewer, increment=plan.increment, event=renamed)
    plan_value(actor=cast.leader, objective=one, value=5)
    commit(plan)
    with pytest.raises(ValidationError, match="It was committed to"):
        undo(actor=cast.leader, increment=plan.increment, event=plan.increment.events.order_by("-number")[0])
    assert Objective.objects.get().planned_value == 5


def test_stale_writers_conflict(plan: Planned, cast: Cast) -> None:
    one = promise(plan)
    change_objective(actor=cast.member, objective=one, version=1, title="Faster refunds")
    for verb in (plan_value, give_actual_value):
        with pytest.raises(Conflict):
            verb(actor=cast.leader, objective=one, value=3, version=1)
    with pytest.raises(Conflict):
        remove_objective(actor=cast.member, objective=one, version=1)


def test_as_many_queries_for_three_objectives_as_for_one(plan: Planned, client: Client, cast: Cast) -> None:
    client.force_login(cast.pmo)
    asked = []
    for number in (1, 3):
        while Objective.objects.count() < number:
            promise(plan, f"Number {number}", cards=[plan.card(f"Card {Objective.objects.count()}", plan.falcon, 1)])
        with CaptureQueriesContext(connection) as queries:
            assert client.get(HOME).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]
