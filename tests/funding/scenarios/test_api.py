"""Scenarios for programs: the same verbs as the pages."""

from typing import Any

import pytest

from funding.models import Scenario
from portfolio.models import ApprovalThreshold, Decision
from tests.funding.scenarios.cast import Plan, next_quarter
from tests.funding.scenarios.test_actions import amounts, budgets
from tests.portfolio.test_api import Api


@pytest.fixture
def leader(plan: Plan) -> Api:
    return Api(plan.cast.leader)


def make(api: Api, **fields: Any) -> dict[str, Any]:
    status, made = api("post", "scenarios/", {"name": "More", "quarter": next_quarter().slug} | fields)
    assert status == 201
    assert isinstance(made, dict)
    return made


OTHER = {
    "budgets": [{"stream": "payments", "amount": "450000"}, {"stream": "platform", "amount": "350000"}],
    "initiatives": [{"initiative": "wallet"}, {"initiative": "batch"}],
}


def test_made_read_changed_and_compared(leader: Api, plan: Plan) -> None:
    made = make(leader)
    assert (made["total"], made["wsjf"], made["version"]) == ("800000.00", 5.0, 1)
    status, changed = leader("patch", f"scenarios/{made['id']}/", OTHER | {"version": 1})
    assert status == 200
    assert isinstance(changed, dict)
    # Σ WSJF 5 + 9; 100,000, 60,000 and 40,000 of 200,000 by horizon.
    assert (changed["total"], changed["wsjf"], changed["unscored"]) == ("800000.00", 14.0, 1)
    assert changed["shares"] == {"h0": 0.2, "h1": 0.5, "h2": 0.3}
    assert {row["stream"]: row["amount"] for row in changed["budgets"]} == {
        "payments": "450000.00",
        "platform": "350000.00",
    }
    status, found = leader("get", f"scenarios/compare/?s=present&s={made['id']}")
    assert isinstance(found, dict)
    assert (status, found["finding"]) == (200, "They differ in 2 budgets and 2 initiatives")
    assert found["money"][0]["cells"] == [
        {"text": "500,000 EUR", "differs": False},
        {"text": "450,000 EUR", "differs": True},
    ]
    assert leader("get", "scenarios/compare/?s=present")[0] == 400


def test_a_stale_version_is_a_conflict(leader: Api, plan: Plan) -> None:
    made = make(leader)
    assert leader("patch", f"scenarios/{made['id']}/", {"version": 1, "name": "Less"})[0] == 200
    status, told = leader("patch", f"scenarios/{made['id']}/", OTHER | {"version": 1})
    assert isinstance(told, dict)
    assert (status, told["who"], told["version"]) == (409, "Leo Brandt", 2)
    assert budgets(Scenario.objects.get()) == {"payments": 500_000, "platform": 300_000}


def test_copied_discarded_restored_adopted(leader: Api, plan: Plan) -> None:
    ApprovalThreshold.objects.create(amount=50_000)
    first = make(leader, **OTHER)
    copy = make(leader, name="Variant", copied_from=first["id"])
    assert (copy["total"], copy["wsjf"], copy["waiting_for_approval"]) == ("800000.00", 14.0, ["wallet"])
    assert leader("post", f"scenarios/{first['id']}/discard/")[0] == 200
    assert leader("post", f"scenarios/{first['id']}/adopt/", {"reason": "Now"})[0] == 400
    assert leader("post", f"scenarios/{first['id']}/restore/")[0] == 200
    status, done = leader(
        "post", f"scenarios/{copy['id']}/adopt/", {"reason": "Platform", "start": True, "version": copy["version"]}
    )
    assert (status, done) == (
        200,
        {
            "decision": Decision.objects.get().pk,
            "started": ["batch"],
            "waiting": {"wallet": "its cost needs an approval first"},
        },
    )
    assert amounts(plan) == {"payments": 450_000, "platform": 350_000}
    assert leader("patch", f"scenarios/{copy['id']}/", {"name": "Later"})[0] == 400


@pytest.mark.parametrize(
    "sent",
    [
        {"quarter": "2020-q1"},
        {"quarter": "soon"},
        {"quarter": None},
        {"budgets": [{"stream": "payments", "amount": "-1"}]},
        {"budgets": [{"stream": "nowhere", "amount": "1"}]},
        {"initiatives": [{"initiative": "nothing"}]},
    ],
)
def test_refused_and_nothing_half_written(leader: Api, sent: dict[str, Any]) -> None:
    assert leader("post", "scenarios/", {"name": "More", "quarter": next_quarter().slug} | sent)[0] == 400
    assert not Scenario.objects.exists()


def test_who_may_not(plan: Plan) -> None:
    made = plan.copy()
    for person in (plan.cast.stream_pmo, plan.cast.coach, plan.cast.member):
        assert Api(person)("get", f"scenarios/{made.pk}/")[0] == 403
    assert Api(plan.cast.pmo)("post", f"scenarios/{made.pk}/adopt/", {"reason": "Now"})[0] == 403
