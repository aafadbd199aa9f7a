"""Scenarios: copied, changed, compared, discarded, and one adopted with a decision that keeps both."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import AuditEntry
from funding import actions
from funding.models import Amendment, Scenario
from funding.queries import scenarios as queries
from portfolio.actions import Conflict
from portfolio.models import Approval, ApprovalThreshold, Decision, StageLimit
from portfolio.quarters import Quarter
from tests.funding.scenarios.cast import Plan, next_quarter

NOW = timezone.now


def budgets(scenario: Scenario) -> dict[str, Decimal]:
    return {row.stream.slug: row.amount for row in scenario.budgets.select_related("stream")}


def funded(scenario: Scenario) -> dict[str, tuple[bool, Decimal | None]]:
    rows = scenario.initiatives.select_related("initiative")
    return {row.initiative.slug: (row.is_funded, row.amount) for row in rows}


def column(scenario: Scenario) -> queries.Column:
    return queries.column_of(queries.scenarios(with_discarded=True).get(pk=scenario.pk))


def test_a_copy_of_the_present(plan: Plan) -> None:
    made = plan.copy()
    assert budgets(made) == {"payments": 500_000, "platform": 300_000}
    # What is implemented is funded, the backlog is not; the funnel is not in it.
    assert funded(made) == {"refunds": (True, None), "wallet": (False, None), "batch": (False, None)}
    assert (made.version, made.made_by) == (1, plan.cast.leader)


def test_where_the_quarter_has_no_budget_todays_stands(plan: Plan) -> None:
    today = Quarter.of(timezone.localdate())
    actions.set_budget(actor=None, stream=plan.cast.payments, quarter=today, amount=Decimal(420_000))
    made = actions.copy_present(actor=None, name="Later", quarter=today.next.next)
    assert budgets(made) == {"payments": 420_000, "platform": 0}


def test_a_copy_is_changed_on_its_own(plan: Plan) -> None:
    first = plan.other()
    second = actions.copy_scenario(actor=plan.cast.leader, scenario=first, name="Growth")
    assert second.copied_from == first
    assert budgets(second) == budgets(first) == {"payments": 450_000, "platform": 350_000}
    change = {plan.wallet: (True, Decimal(25_000)), plan.batch: None, plan.idea: (False, None)}
    actions.change_scenario(actor=None, scenario=second, initiatives=change)
    assert funded(second) == {"refunds": (True, None), "wallet": (True, 25_000), "idea": (False, None)}
    assert funded(first)["wallet"] == (True, None)
    data = AuditEntry.objects.filter(verb="changed").first().data  # type: ignore[union-attr]
    assert data["Wallet"] == ["funded", "funded, 25000"]
    assert data["Batch"] == ["funded", None]


def test_only_who_manages_the_portfolios_money(plan: Plan) -> None:
    made, cast = plan.copy(), plan.cast
    for person in (cast.coach, cast.member, cast.stream_pmo):
        with pytest.raises(PermissionDenied):
            actions.copy_present(actor=person, name="Mine", quarter=next_quarter())
        with pytest.raises(PermissionDenied):
            actions.change_scenario(actor=person, scenario=made, name="Mine")
        with pytest.raises(PermissionDenied):
            actions.discard_scenario(actor=person, scenario=made)
    # The PMO prepares, leaders decide.
    with pytest.raises(PermissionDenied):
        actions.adopt_scenario(actor=cast.pmo, scenario=made, reason="Now")


def test_what_cannot_be(plan: Plan) -> None:
    made = plan.copy()
    with pytest.raises(ValidationError, match="is over"):
        actions.copy_present(actor=None, name="Past", quarter=Quarter.of(timezone.localdate()).previous)
    with pytest.raises(ValidationError, match="of this name for the quarter already"):
        plan.copy()
    for amount in (Decimal(-1), Decimal(10) ** 12):
        with pytest.raises(ValidationError) as refused:
            actions.change_scenario(actor=None, scenario=made, name="X", budgets={plan.cast.payments: amount})
        assert list(refused.value.message_dict) == [f"budget_{plan.cast.payments.pk}"]
    made.refresh_from_db()
    assert (made.name, made.version) == ("More for Platform", 1)


def test_a_writer_who_saw_another_version_is_told(plan: Plan) -> None:
    made = plan.copy()
    actions.change_scenario(actor=plan.cast.pmo, scenario=made, version=1, name="Growth")
    with pytest.raises(Conflict) as told:
        actions.change_scenario(
            actor=plan.cast.leader, scenario=made, version=1, budgets={plan.cast.payments: Decimal(1)}
        )
    assert (told.value.who, told.value.verb) == ("Pia Ito", "changed")
    assert budgets(made)["payments"] == 500_000


def test_compared_with_the_present(plan: Plan) -> None:
    found = queries.compare([queries.present(next_quarter()), column(plan.other())])
    assert found.finding == "They differ in 2 budgets and 2 initiatives"
    money = {line.label: [(cell.text, cell.differs, cell.note) for cell in line.cells] for line in found.money}
    assert money["Payments"] == [("500,000\u00a0EUR", False, ""), ("450,000\u00a0EUR", True, "−50,000\u00a0EUR")]
    assert money["Platform"][1] == ("350,000\u00a0EUR", True, "+50,000\u00a0EUR")
    assert not found.money[-1].differs
    assert found.money[-1].cells[1].text == "800,000\u00a0EUR"
    mix = {line.label: [cell.text for cell in line.cells] for line in found.mix}
    # 100,000; with wallet and batch 100,000 + 60,000 + 40,000 = 200,000: 50, 30 and 20 %.
    assert mix == {
        "Funded initiatives": ["1", "3"],
        "What they cost": ["100,000\u00a0EUR", "200,000\u00a0EUR"],
        # 5; 5 + 9 = 14, and batch has no scores.
        "Σ WSJF": ["5.0", "14.0 (1 without scores)"],
        "H0 retire": ["0\u00a0%", "20\u00a0%"],
        "H1 invest or extract": ["100\u00a0%", "50\u00a0%"],
        "H2 emerging": ["0\u00a0%", "30\u00a0%"],
    }
    cells = {line.label: [cell.text for cell in line.cells] for line in found.initiatives}
    assert cells == {
        "Refunds": ["funded", "funded"],
        "Wallet": ["not funded", "funded"],
        "Batch": ["not funded", "funded"],
    }


def test_an_amount_of_its_own_counts_instead_of_the_estimate(plan: Plan) -> None:
    made = actions.change_scenario(
        actor=None, scenario=plan.copy(), initiatives={plan.refunds: (True, Decimal(30_000))}
    )
    assert column(made).cost == 30_000
    nothing = actions.change_scenario(actor=None, scenario=made, initiatives={plan.refunds: (False, None)})
    assert column(nothing).shares() == {}
    assert column(nothing).wsjf == 0


def test_as_many_queries_for_two_columns_as_for_four(plan: Plan) -> None:
    made = [plan.other(name) for name in ("A", "B", "C")]
    counts = []
    for some in (made[:1], made):
        with CaptureQueriesContext(connection) as seen:
            columns, problem = queries.columns(["present", *(str(one.pk) for one in some)])
            queries.compare(columns)
        assert problem == ""
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_what_can_not_be_compared(plan: Plan) -> None:
    one = str(plan.copy().pk)
    later = actions.copy_present(actor=None, name="Later", quarter=next_quarter().next)
    assert queries.columns([one])[1] == "Choose from 2 to 4 to compare."
    assert queries.columns(["present", one, "8", "9", "10"])[1] == "Choose from 2 to 4 to compare."
    assert queries.columns(["present", "99"])[1] == "There is no scenario “99”."
    assert queries.columns([one, str(later.pk)])[1] == "These are of different quarters: compare those of one."


def test_discarded_and_restored(plan: Plan) -> None:
    made = actions.discard_scenario(actor=plan.cast.leader, scenario=plan.copy())
    assert not queries.scenarios().exists()
    with pytest.raises(ValidationError, match="was discarded: restore it first"):
        actions.change_scenario(actor=None, scenario=made, name="X")
    with pytest.raises(ValidationError, match="was discarded"):
        actions.adopt_scenario(actor=plan.cast.leader, scenario=made, reason="Now")
    actions.restore_scenario(actor=plan.cast.leader, scenario=made)
    assert queries.scenarios().get() == made


def amounts(plan: Plan) -> dict[str, Decimal]:
    rows = Amendment.objects.filter(quarter=next_quarter().first).order_by("id").select_related("stream")
    return {row.stream.slug: row.amount for row in rows}


class TestAdoption:
    def test_it_writes_the_budgets_and_keeps_both_as_they_were(self, plan: Plan) -> None:
        made = plan.other()
        done = actions.adopt_scenario(actor=plan.cast.leader, scenario=made, reason="Platform is the bottleneck")
        assert amounts(plan) == {"payments": 450_000, "platform": 350_000}
        assert Amendment.objects.latest("id").reason == "Scenario “More for Platform” was adopted"
        made.refresh_from_db()
        decision = Decision.objects.get()
        assert (made.decision, done.decision) == (decision, decision)
        assert (decision.kind, decision.state, decision.stream, decision.initiative) == (
            "scenario",
            "decided",
            None,
            None,
        )
        assert (decision.decided_by, decision.reason) == (plan.cast.leader, "Platform is the bottleneck")
        assert [option["key"] for option in decision.options] == ["present", f"scenario-{made.pk}"]
        assert decision.choice == f"scenario-{made.pk}"
        facts = {fact["key"]: (fact["text"], fact["is_money"]) for fact in decision.evidence}
        assert facts["question.present.budget.payments"] == ("500,000\u00a0EUR", True)
        assert facts["question.scenario.budget.payments"] == ("450,000\u00a0EUR", True)
        assert facts["question.present.funded"] == ("Refunds", False)
        assert facts["question.scenario.wsjf"] == ("14.0 (1 without scores)", False)
        # What happens later does not reach what was frozen.
        actions.set_budget(
            actor=None, stream=plan.cast.payments, quarter=next_quarter(), amount=Decimal(1), reason="Cut"
        )
        assert {f["key"]: f["text"] for f in Decision.objects.get().evidence}[
            "question.present.budget.payments"
        ] == "500,000\u00a0EUR"

    def test_an_adopted_one_stays_as_it_is(self, plan: Plan) -> None:
        made = plan.other()
        actions.adopt_scenario(actor=plan.cast.leader, scenario=made, reason="Now")
        for verb in (actions.change_scenario, actions.discard_scenario):
            with pytest.raises(ValidationError, match="was adopted: copy it"):
                verb(actor=plan.cast.leader, scenario=made)
        with pytest.raises(ValidationError, match="was adopted"):
            actions.adopt_scenario(actor=plan.cast.leader, scenario=made, reason="Again")

    def test_nothing_is_moved_unless_asked(self, plan: Plan) -> None:
        actions.adopt_scenario(actor=plan.cast.leader, scenario=plan.other(), reason="Now")
        plan.batch.refresh_from_db()
        assert plan.batch.stage == "backlog"

    def test_never_past_an_approval(self, plan: Plan) -> None:
        """Above 50,000 an approval is needed: wallet costs 60,000 and waits, batch costs 40,000 and starts."""
        ApprovalThreshold.objects.create(amount=50_000)
        done = actions.adopt_scenario(actor=plan.cast.leader, scenario=plan.other(), reason="Now", start=True)
        assert done.started == [plan.batch]
        assert done.waiting == [(plan.wallet, "its cost needs an approval first")]
        plan.wallet.refresh_from_db()
        plan.batch.refresh_from_db()
        assert (plan.wallet.stage, plan.batch.stage) == ("backlog", "implementing")

    @pytest.mark.parametrize(("approved", "waits"), [(59_999, True), (60_000, False)])
    def test_an_approval_covers_costs_up_to_its_amount(self, plan: Plan, approved: int, waits: bool) -> None:
        ApprovalThreshold.objects.create(amount=50_000)
        given = {"amount": approved, "reason": "Go", "state": "approved", "asked_at": NOW(), "decided_at": NOW()}
        Approval.objects.create(initiative=plan.wallet, **given)
        waiting = queries.waiting_for_approval(column(plan.other()))
        assert waiting == ([plan.wallet] if waits else [])

    def test_a_streams_own_threshold_goes_first(self, plan: Plan) -> None:
        ApprovalThreshold.objects.create(amount=50_000)
        ApprovalThreshold.objects.create(amount=60_000, stream=plan.cast.payments)
        assert queries.waiting_for_approval(column(plan.other())) == []

    def test_a_limit_holds_back_what_it_holds_back(self, plan: Plan) -> None:
        StageLimit.objects.create(stream=plan.cast.payments, stage="implementing", most=1)
        done = actions.adopt_scenario(actor=plan.cast.leader, scenario=plan.other(), reason="Now", start=True)
        assert done.started == [plan.batch]
        assert [one for one, _ in done.waiting] == [plan.wallet]

    def test_who_looked_at_other_budgets_is_told(self, plan: Plan) -> None:
        made, seen = plan.other(), actions.latest_amendment(next_quarter())
        actions.set_budget(
            actor=plan.cast.pmo, stream=plan.cast.payments, quarter=next_quarter(), amount=Decimal(1), reason="Cut"
        )
        with pytest.raises(Conflict) as told:
            actions.adopt_scenario(actor=plan.cast.leader, scenario=made, reason="Now", seen=seen)
        assert told.value.who == "Pia Ito"
        with pytest.raises(Conflict):
            actions.adopt_scenario(actor=plan.cast.leader, scenario=made, reason="Now", version=made.version - 1)
        assert not Decision.objects.exists()
        assert amounts(plan)["platform"] == 300_000

    def test_it_needs_a_reason_and_a_day_to_come(self, plan: Plan) -> None:
        made = plan.other()
        with pytest.raises(ValidationError) as refused:
            actions.adopt_scenario(actor=plan.cast.leader, scenario=made, reason=" ")
        assert list(refused.value.message_dict) == ["reason"]
        today = timezone.localdate()
        with pytest.raises(ValidationError) as refused:
            actions.adopt_scenario(actor=plan.cast.leader, scenario=made, reason="Now", review_on=today)
        assert list(refused.value.message_dict) == ["review_on"]
        assert not Decision.objects.exists()
        day = today + timedelta(days=30)
        assert actions.adopt_scenario(actor=None, scenario=made, reason="Now", review_on=day).decision.review_on == day
