"""Capacity, objectives and risks for programs: the same verbs, 409 with what is there now."""

import pytest
from django.test import Client

from planning.models import Objective, Risk, Seat
from portfolio.models import Team
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned

JSON = "application/json"


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


@pytest.fixture
def api(client: Client, cast: Cast) -> Client:
    client.force_login(cast.leader)
    return client


def test_an_objective_is_written_valued_and_removed(plan: Planned, api: Client, cast: Cast) -> None:
    card = plan.card("Refund API", plan.falcon, 1)
    given = {"increment": "pi-26-1", "lane": plan.falcon.pk, "title": "Fast refunds", "cards": [card.pk]}
    made = api.post("/api/v1/plan-objectives/", given, JSON)
    assert made.status_code == 201, made.content
    address = f"/api/v1/plan-objectives/{made.json()['id']}/"
    assert (made.json()["cards"], made.json()["chance"]) == ([card.pk], None)
    valued = api.post(f"{address}value/", {"planned_value": 8, "version": made.json()["version"]}, JSON).json()
    assert (valued["planned_value"], valued["version"]) == (8, made.json()["version"] + 1)
    stale = api.patch(address, {"title": "Faster refunds", "version": made.json()["version"]}, JSON)
    assert (stale.status_code, stale.json()["who"], stale.json()["version"]) == (409, "Leo Brandt", valued["version"])
    assert stale.json()["what"] == "gave “Fast refunds” of Falcon planned value 8"
    refused = api.post(f"{address}value/", {"actual_value": 7, "version": valued["version"]}, JSON)
    assert (refused.status_code, list(refused.json())) == (400, ["value"])
    gone = api.post(f"{address}remove/", {"version": valued["version"]}, JSON)
    assert gone.status_code == 200
    assert api.get("/api/v1/plan-objectives/?increment=pi-26-1").json()["results"] == []
    assert api.post(f"{address}restore/", {"version": gone.json()["version"]}, JSON).status_code == 200
    assert Objective.objects.get().removed_at is None


def test_a_risk_is_answered(plan: Planned, api: Client) -> None:
    made = api.post("/api/v1/plan-risks/", {"increment": "pi-26-1", "text": "The bank may be late"}, JSON).json()
    address = f"/api/v1/plan-risks/{made['id']}/"
    wrong = api.patch(address, {"roam": "owned", "owner_name": "Nora", "version": 1}, JSON)
    assert (wrong.status_code, wrong.json()) == (400, {"due_on": ["Say until when."]})
    done = api.patch(address, {"roam": "mitigated", "plan": "Ask early", "version": 1}, JSON)
    assert done.json()["roam"] == "mitigated"
    assert Risk.objects.get().plan == "Ask early"


def test_people_make_capacity_and_a_hand_overrules(plan: Planned, api: Client) -> None:
    Team.objects.filter(slug="falcon").update(planning_unit="points")
    person = api.post("/api/v1/plan-people/", {"lane": plan.falcon.pk, "name": "Ben Roth", "share": 50}, JSON).json()
    away = {"person": person["id"], "first_on": "2026-01-09", "last_on": "2026-01-12"}
    assert api.post("/api/v1/plan-absences/", away, JSON).status_code == 201
    address = "/api/v1/increments/pi-26-1/capacity/"
    # 8 × 0.5, less two working days of half a person.
    assert [one["capacity"] for one in api.get(address).json() if one["team"] == "Falcon"][:2] == ["3.0", "4.0"]
    cell = {"lane": plan.falcon.pk, "iteration": plan.iterations[0].pk}
    bare = api.put(address, cell | {"amount": "5", "version": 0}, JSON)
    assert bare.json() == {"reason": ["Say why: others see only the number."]}
    given = api.put(address, cell | {"amount": "5", "reason": "As agreed", "version": 0}, JSON).json()
    assert (given["capacity"], given["by_hand"], given["version"]) == ("5.0", True, 1)
    assert api.put(address, cell | {"amount": None, "version": 1}, JSON).json()["capacity"] == "3.0"
    assert api.delete(f"/api/v1/plan-people/{person['id']}/?version={person['version']}").status_code == 204
    assert not Seat.objects.exists()
