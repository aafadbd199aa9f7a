"""Scenarios on their pages: made, changed, compared, adopted, discarded and brought back."""

from typing import Any

import pytest
from django.test import Client

from funding import actions
from funding.models import Amendment, Scenario
from portfolio.models import ApprovalThreshold, Decision
from tests.cast import Cast
from tests.funding.scenarios.cast import Plan, next_quarter
from tests.funding.scenarios.test_actions import budgets, column, funded
from tests.portfolio.test_initiatives import undo_of

URL = "/portfolio/scenarios/"


@pytest.fixture
def leader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.leader)
    return client


def sent(plan: Plan, scenario: Scenario, **other: Any) -> dict[str, Any]:
    """What the form holds, with what is typed."""
    held: dict[str, Any] = {f"budget_{row.stream_id}": row.amount for row in scenario.budgets.all()}
    held |= {f"funded_{row.initiative_id}": "on" for row in scenario.initiatives.all() if row.is_funded}
    return held | {"version": scenario.version, "name": scenario.name, "description": ""} | other


def test_an_empty_list_teaches(leader: Client, plan: Plan) -> None:
    seen = leader.get(URL).content.decode()
    assert "No scenarios yet" in seen
    assert "What if we funded it differently?" in seen


def test_the_present_is_copied_and_changed(leader: Client, plan: Plan) -> None:
    answer = leader.post(URL, {"name": "More for Platform", "quarter": next_quarter().slug})
    made = Scenario.objects.get()
    assert answer.headers["Location"] == f"{URL}{made.pk}/"
    payments, platform = plan.cast.payments.pk, plan.cast.platform.pk
    typed: dict[str, Any] = {f"budget_{payments}": "450000", f"budget_{platform}": "350000"}
    typed |= {f"funded_{plan.wallet.pk}": "on", f"amount_{plan.wallet.pk}": "25000", "more": plan.idea.pk}
    leader.post(f"{URL}{made.pk}/", sent(plan, made, **typed))
    assert budgets(made) == {"payments": 450_000, "platform": 350_000}
    assert funded(made) == {
        "refunds": (True, None),
        "wallet": (True, 25_000),
        "batch": (False, None),
        "idea": (True, None),
    }
    seen = leader.get(f"{URL}{made.pk}/").content.decode()
    assert f"More for Platform spends 800,000\u00a0EUR in {next_quarter().name}" in seen
    assert "They differ in 2 budgets and 2 initiatives" in seen


def test_what_is_wrong_is_said_and_nothing_is_lost(leader: Client, plan: Plan) -> None:
    made, field = plan.copy(), f"budget_{plan.cast.payments.pk}"
    for typed, said in (
        ("-5", "greater than or equal to 0"),
        ("", "This field is required."),
        ("lots", "Enter a number."),
    ):
        seen = leader.post(f"{URL}{made.pk}/", sent(plan, made, **{field: typed, "name": "Kept"})).content.decode()
        assert said in seen
        assert 'value="Kept"' in seen
    assert budgets(made)["payments"] == 500_000
    again = leader.post(URL, {"name": made.name, "quarter": next_quarter().slug}).content.decode()
    assert "There is a scenario of this name for the quarter already." in again


def test_a_second_writer_is_told_and_saves_again(leader: Client, plan: Plan) -> None:
    made, field = plan.copy(), f"budget_{plan.cast.payments.pk}"
    typed = sent(plan, made, **{field: "1"})
    actions.change_scenario(actor=plan.cast.pmo, scenario=made, description="Pia was here")
    told = leader.post(f"{URL}{made.pk}/", typed)
    assert told.status_code == 409
    seen = told.content.decode()
    assert "Pia Ito changed More for Platform since you looked." in seen
    assert 'value="1"' in seen
    assert budgets(made)["payments"] == 500_000
    leader.post(f"{URL}{made.pk}/", typed | {"version": told.context["form"]["version"].value()})
    assert budgets(made)["payments"] == 1


def test_compared_side_by_side(leader: Client, plan: Plan) -> None:
    made, other = plan.other(), plan.copy("As it is")
    answer = leader.get(f"{URL}compare/?s=present&s={made.pk}&s={other.pk}")
    seen = answer.content.decode()
    assert "They differ in 2 budgets and 2 initiatives" in seen
    assert seen.count(">differs<") == 10
    lines = b"".join(leader.get(f"{URL}compare/?s=present&s={made.pk}&format=csv")).decode().splitlines()
    assert lines[0] == "stream,what,The present,More for Platform,differs"
    assert "Payments,Wallet,not funded,funded,yes" in lines
    assert leader.get(f"{URL}compare/?s={made.pk}").status_code == 400
    assert leader.get(f"{URL}compare/?s=present&s=99").status_code == 400


def test_adopted_with_a_decision(leader: Client, plan: Plan) -> None:
    ApprovalThreshold.objects.create(amount=50_000)
    made = plan.other()
    page = leader.get(f"{URL}{made.pk}/adopt/")
    assert "Will not start: an approval is missing" in page.content.decode()
    start = {name: page.context["form"][name].value() for name in ("version", "seen")}
    refused = leader.post(f"{URL}{made.pk}/adopt/", start | {"reason": ""}).content.decode()
    assert "This field is required." in refused
    done = leader.post(f"{URL}{made.pk}/adopt/", start | {"reason": "Platform", "start": "on"}, follow=True)
    seen = done.content.decode()
    assert "Started: Batch." in seen
    assert "Wallet was not started: its cost needs an approval first" in seen
    assert Decision.objects.get().reason == "Platform"
    assert Amendment.objects.latest("id").amount in {450_000, 350_000}
    assert "Adopt the scenario" not in seen


def test_adopting_over_budgets_set_meanwhile_is_told(leader: Client, plan: Plan) -> None:
    made = plan.other()
    stale = {"version": made.version, "seen": 1, "reason": "Now"}
    told = leader.post(f"{URL}{made.pk}/adopt/", stale)
    assert told.status_code == 409
    assert "Not adopted." in told.content.decode()
    assert not Decision.objects.exists()


def test_discarded_and_brought_back(leader: Client, plan: Plan) -> None:
    made = plan.copy()
    done = leader.post(f"{URL}{made.pk}/discard/", follow=True)
    assert "No scenarios yet" in done.content.decode()
    assert made.name in leader.get(f"{URL}?discarded=1").content.decode()
    leader.post(undo_of(done))
    assert made.name in leader.get(URL).content.decode()


def test_a_variant_is_a_copy(leader: Client, plan: Plan) -> None:
    made = plan.other()
    leader.post(f"{URL}{made.pk}/copy/", {"name": "Variant"})
    variant = Scenario.objects.get(name="Variant")
    assert column(variant).budgets == column(made).budgets
    seen = leader.post(f"{URL}{made.pk}/copy/", {"name": "Variant"}).content.decode()
    assert "There is a scenario of this name for the quarter already." in seen


@pytest.mark.parametrize("person", ["stream_pmo", "coach", "member"])
def test_not_for_those_who_do_not_see_the_portfolios_money(client: Client, plan: Plan, person: str) -> None:
    made = plan.copy()
    client.force_login(plan.cast.person(person))
    for address in (URL, f"{URL}{made.pk}/", f"{URL}compare/?s=present&s={made.pk}", f"{URL}{made.pk}/adopt/"):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "500,000" not in answer.content.decode()
