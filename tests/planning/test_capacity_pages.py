"""The pages of capacity: the matrix, a team with its formulas, a capacity by hand and back."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planning.actions.capacities import set_capacity
from planning.models import Capacity, Increment, Seat
from portfolio.models import Team
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned


@pytest.fixture
def plan(cast: Cast) -> Planned:
    Team.objects.filter(pk__in=[cast.falcon.pk, cast.heron.pk]).update(planning_unit="points")
    return make_planned(cast)


@pytest.fixture
def page(client: Client, cast: Cast) -> Client:
    client.force_login(cast.pmo)
    return client


def test_the_matrix_leads_with_what_is_over(plan: Planned, page: Client) -> None:
    Seat.objects.create(lane=plan.falcon, name="Ben Roth")
    plan.card("Refund API", plan.falcon, 1, size=9)
    said = page.get("/planning/pi-26-1/capacity/").content.decode()
    assert "Falcon planned more than fits, 1 time" in said
    # 9 of 8 points.
    assert "9 of 8 points, 112.5 %, over by 1" in said
    assert "over by 1</span>" in said
    # The IP iteration, and a team that plans in items.
    assert "no feature load" in said
    assert "0 items, capacity n/a" in said


def test_the_table_has_what_the_page_has(plan: Planned, page: Client) -> None:
    Seat.objects.create(lane=plan.falcon, name="Ben Roth")
    plan.card("Refund API", plan.falcon, 1, size=9)
    answer = page.get("/planning/pi-26-1/capacity/?format=csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 1 + 3 * 6
    assert lines[1].startswith(
        "Falcon,Iteration 1,2026-01-05,2026-01-16,9.0,8.0,points,112.5,over,,10,10,0,8 points × 1"
    )


def test_by_hand_with_a_reason_and_computed_again(plan: Planned, page: Client) -> None:
    Seat.objects.create(lane=plan.falcon, name="Ben Roth")
    address = f"/planning/lanes/{plan.falcon.pk}/capacity/{plan.iterations[0].pk}/"
    nothing = page.post(address, {"amount": "5.5", "reason": " ", "version": "0"})
    assert nothing.status_code == 400
    assert 'value="5.5"' in nothing.content.decode()
    assert page.post(address, {"amount": "5.5", "reason": "Half are new", "version": "0"}).status_code == 302
    said = page.get(f"/planning/lanes/{plan.falcon.pk}/capacity/").content.decode()
    assert "Half are new" in said
    assert "0 of 5.5 points" in said
    assert page.post(address, {"clear": "1", "version": "1"}).status_code == 302
    said = page.get(f"/planning/lanes/{plan.falcon.pk}/capacity/").content.decode()
    assert "8 points × 1 full-time people × 10 ÷ 10 working days = 8 points" in said
    assert not Capacity.objects.exists()


def test_two_at_once_are_told(plan: Planned, page: Client, cast: Cast) -> None:
    address = f"/planning/lanes/{plan.falcon.pk}/capacity/{plan.iterations[0].pk}/"
    set_capacity(
        actor=cast.coach, lane=plan.falcon, iteration=plan.iterations[0], amount=Decimal(20), reason="As last time"
    )
    # Who saw no capacity by hand writes over one that came meanwhile.
    answer = page.post(address, {"amount": "5", "reason": "Half are new", "version": "0"})
    assert answer.status_code == 409
    said = answer.content.decode()
    assert "Cora Lind set the capacity of Falcon in Iteration 1 to 20 points: As last time" in said
    assert 'name="version" value="1"' in said
    assert "Half are new" in said
    assert page.post(address, {"amount": "5", "reason": "Half are new", "version": "1"}).status_code == 302
    assert Capacity.objects.get().amount == 5


def test_the_ip_iteration_and_a_closed_increment_take_none(plan: Planned, page: Client) -> None:
    form = {"amount": "5", "reason": "Why not", "version": "0"}
    of_ip = page.post(f"/planning/lanes/{plan.falcon.pk}/capacity/{plan.iterations[5].pk}/", form)
    assert of_ip.status_code == 400
    assert "it has no capacity to give" in of_ip.content.decode()
    Increment.objects.filter(pk=plan.increment.pk).update(state="closed", closed_at="2026-04-01T00:00Z")
    closed = page.post(f"/planning/lanes/{plan.falcon.pk}/capacity/{plan.iterations[0].pk}/", form)
    assert closed.status_code == 400
    assert "PI 26.1 is closed" in closed.content.decode()
    assert not Capacity.objects.exists()


def test_as_many_queries_for_three_teams_as_for_one(plan: Planned, page: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert page.get("/planning/pi-26-1/capacity/").status_code == 200
        return len(queries)

    # Velocities come from the cache from the second time on, however many teams there are.
    asked()
    three = asked()
    plan.kite.delete()
    plan.heron.delete()
    assert asked() == three
