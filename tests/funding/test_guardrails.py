"""The four guardrails through the page and the API, with numbers by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from funding.actions import set_targets
from funding.guardrails import guardrails
from funding.models import HorizonTarget
from metrics.measurement import Window
from metrics.queries import measure
from portfolio.models import Allocation, Approval, ApprovalThreshold, Review, ValueStream
from portfolio.queries import find_scope
from tests.cast import Cast
from tests.funding.cast import HALF, Q1, at, budget, derived, initiative, item, line, no_teams
from tests.portfolio.test_api import Api
from tests.portfolio.test_initiatives import undo_of

QUERY = "quarter=2025-q1&as_of=2025-02-14&scope=stream:payments"
URL = f"/portfolio/guardrails/?{QUERY}"


@pytest.fixture
def payments(cast: Cast) -> ValueStream:
    """Only ledgers count; Payments may spend 2,000 in the quarter."""
    no_teams(cast.falcon, cast.heron, cast.kite)
    budget(cast.payments, "2000")
    return cast.payments


@pytest.fixture
def page(client: Client, cast: Cast) -> Client:
    client.force_login(cast.leader)
    return client


def api(cast: Cast, person: str = "leader", query: str = QUERY) -> Any:
    status, answer = Api(cast.person(person))("get", f"guardrails/?{query}")
    assert status == 200
    return answer


def spend(stream: ValueStream) -> None:
    """800 on h1 and 200 on h2 in January, nothing in February, 90 on no horizon."""
    line(stream, "a", date(2025, 1, 7), "800", horizon="h1")
    line(stream, "b", date(2025, 1, 7), "200", horizon="h2")
    line(stream, "c", date(2025, 1, 7), "90")


def targets(stream: ValueStream | None = None) -> None:
    set_targets(actor=None, stream=stream, shares={"h1": 60, "h2": 40}, tolerances=dict.fromkeys(("h1", "h2"), 10))


class TestHorizons:
    def test_shares_and_money_to_move(self, page: Client, cast: Cast, payments: ValueStream) -> None:
        spend(payments)
        targets()
        text = page.get(URL).content.decode()
        # Of 1,000: 80 % against 60 % ± 10 and 20 % against 40 % ± 10: ½ · (20 + 20) % of 1,000 = 200.
        assert "H1 invest or extract gets 80\u00a0% instead of 60\u00a0% ± 10: 200\u00a0EUR would have to move." in text
        assert "90\u00a0EUR more were spent on no horizon" in text
        found = api(cast)["horizons"]
        assert (found["now"]["to_move"], found["now"]["total"], found["not_said"]) == ("200.00", "1000.00", "90.00")
        assert found["now"]["shares"]["h1"] == {
            "amount": "800.00", "share": 0.8, "target": 60, "tolerance": 10, "deviation": 20.0, "is_off": True
        }  # fmt: skip

    def test_drift_by_the_pace_of_the_last_twenty_days(self, cast: Cast, payments: ValueStream) -> None:
        spend(payments)
        line(payments, "d", date(2025, 2, 13), "400", horizon="h2")
        targets()
        # The last 20 working days to 14 February begin on 20 January: h2 400 ÷ 20 = 20 a day, h1 nothing.
        # 31 working days are left (10 in February, 21 in March): h2 ends at 200 + 400 + 620 = 1,220, h1 at 800.
        found = api(cast)["horizons"]["end"]
        assert (found["shares"]["h1"]["amount"], found["shares"]["h2"]["amount"]) == ("800.00", "1220.00")
        assert found["shares"]["h2"]["share"] == pytest.approx(1220 / 2020)

    def test_what_restores_the_balance(self, page: Client, cast: Cast, payments: ValueStream) -> None:
        spend(payments)
        targets()
        # 1,090 spent at half of the quarter: 2,180 ahead of 2,000 leaves nothing; with 3,000 it leaves 820.
        budget(payments, "3000", "2024-12-20")
        usual = {"business_value": 8, "time_criticality": 8, "risk_reduction": 8}
        initiative(payments, "More of the same", "backlog", horizon="h1", estimated_cost=300, job_size=2, **usual)
        initiative(payments, "Something new", "backlog", horizon="h2", estimated_cost=600, job_size=3, **usual)
        # Ends without new ones: 80 / 20 %. By rank: 300 for h1 (WSJF 12), then 600 for h2 exceeds the 520 left. With
        # the h2 one alone: 800 of 1,600 = 50 %, and 50 %: each just 10 away from its target. WSJF 8: a loss of 4.
        found = api(cast)["horizons"]
        assert found["money_left"] == "820.00"
        assert found["suggestion"] == {
            "start": ["something-new"], "by_rank": ["more-of-the-same"], "restores": True, "loss": 4.0
        }  # fmt: skip
        text = page.get(URL).content.decode()
        assert (
            "Starting Something new (600\u00a0EUR) brings every horizon within its tolerance, with 4.0 WSJF less"
            in text
        )

    @pytest.mark.parametrize(
        ("amount", "reason"),
        [("2000", "the forecasts leave no money"), ("3000", "no initiative in the backlog or in analysis")],
    )
    def test_why_nothing_is_suggested(self, cast: Cast, payments: ValueStream, amount: str, reason: str) -> None:
        spend(payments)
        targets()
        budget(payments, amount, "2024-12-20")
        if amount == "2000":
            initiative(payments, "New", "backlog", horizon="h2", estimated_cost=1, business_value=1,
                       time_criticality=1, risk_reduction=1, job_size=1)  # fmt: skip
        found = api(cast)["horizons"]
        assert found["suggestion"] is None
        assert reason in found["suggestion_text"].lower()

    def test_nothing_spent_is_said(self, page: Client, payments: ValueStream) -> None:
        targets()
        assert "Nothing was spent on a horizon in this quarter yet." in page.get(URL).content.decode()

    def test_without_targets_nothing_is_off(self, cast: Cast, payments: ValueStream) -> None:
        spend(payments)
        found = api(cast)["horizons"]
        assert found["now"]["to_move"] is None
        assert "No shares are agreed" in found["answer"]


class TestAllocation:
    def test_finished_work_against_the_policy(self, page: Client, cast: Cast, payments: ValueStream) -> None:
        for number, kind in enumerate(("feature", "feature", "feature", "defect")):
            ended = f"2025-01-{10 + number} 12:00"
            item(cast.falcon, f"F-{number}", "2025-01-06 10:00", ended, kind=kind)
        item(cast.falcon, "F-9", "2025-01-06 10:00", "2025-02-20 12:00", kind="defect")
        derived(cast.falcon)
        Allocation.objects.create(stream=payments, value_type="feature", share=50)
        Allocation.objects.create(stream=payments, value_type="defect", share=50)
        # By 14 February 3 of 4 finished items were features: 75 % against 50 % ± 10.
        assert (
            "Feature is 75\u00a0% of what Payments finishes, its policy says 50\u00a0% ± 10."
            in page.get(URL).content.decode()
        )
        [row] = api(cast)["allocation"]["streams"]
        assert (row["finished"], row["types"]["feature"]["per_cent"], row["types"]["defect"]["is_off"]) == (4, 75, True)
        # The same figure as on the Flow pages, and from the rollups as from the facts.
        scope = find_scope("stream:payments", None)
        known = measure("flow_distribution", scope, Window(Q1.first, date(2025, 2, 14)), HALF)
        assert known.parts["feature"] == 0.75
        now = guardrails(scope, Q1, at("2026-01-01")).allocation.rows[0]
        assert (now.total, now.kinds[0].n) == (5, 3)

    def test_without_a_policy_nothing_is_compared(self, page: Client, payments: ValueStream) -> None:
        text = page.get(URL).content.decode()
        assert "No value stream here has an allocation policy, so nothing is compared." in text


class TestApprovals:
    def test_over_waiting_and_missing(self, page: Client, cast: Cast, payments: ValueStream) -> None:
        ApprovalThreshold.objects.create(amount=100)
        known = {
            "Fine": ("implementing", 90),
            "Covered": ("implementing", 200),
            "Over": ("implementing", 300),
            "Waiting": ("backlog", 150),
            "Missing": ("analysing", 150),
            "Over and done": ("done", 900),
        }
        made = {name: initiative(payments, name, stage, estimated_cost=c) for name, (stage, c) in known.items()}
        for name, amount in (("Covered", 200), ("Over", 250)):
            Approval.objects.create(initiative=made[name], amount=amount, reason="x", state="approved",
                                    asked_at=at("2025-01-02"), decided_at=at("2025-01-03"))  # fmt: skip
        Approval.objects.create(initiative=made["Waiting"], amount=150, reason="x", asked_at=at("2025-01-02"))
        rows = {row["initiative"]: row["case"] for row in api(cast)["approvals"]["initiatives"]}
        assert rows == {"over": "over", "waiting": "waiting", "missing": "missing"}
        text = page.get(URL).content.decode()
        assert (
            "1 initiative is implemented for more than is approved; 1 initiative is waiting for an approval; "
            "1 initiative is above the threshold and will need one."
        ) in text
        # As of the day before it was decided, Covered was waiting: being implemented, it is over.
        then = guardrails(find_scope("stream:payments", None), Q1, at("2025-01-02 23:00")).approvals
        assert then is not None
        assert {row.initiative.name for row in then.of("over")} == {"Covered", "Over"}

    def test_a_streams_own_threshold_goes_first(self, cast: Cast, payments: ValueStream) -> None:
        ApprovalThreshold.objects.create(amount=100)
        ApprovalThreshold.objects.create(amount=1000, stream=payments)
        initiative(payments, "Big", "backlog", estimated_cost=500)
        assert api(cast)["approvals"]["initiatives"] == []

    def test_no_threshold(self, page: Client, payments: ValueStream) -> None:
        assert "No threshold is set" in page.get(URL).content.decode()


class TestReviews:
    def test_the_last_review_of_each(self, page: Client, cast: Cast, payments: ValueStream) -> None:
        seen, late, never = (initiative(payments, name) for name in ("Seen", "Late", "Never"))
        initiative(payments, "Over", "done")
        Review.objects.create(initiative=seen, on=date(2025, 2, 4))
        Review.objects.create(initiative=seen, on=date(2025, 2, 20))
        Review.objects.create(initiative=late, on=date(2024, 11, 15))
        # By 14 February: 10 days ago (the later one had not been), 91 days ago, never.
        rows = api(cast)["reviews"]["initiatives"]
        assert [(row["initiative"], row["days"], row["is_late"]) for row in rows] == [
            (never.slug, None, True), (late.slug, 91, True), (seen.slug, 10, False)
        ]  # fmt: skip
        said = "2 of 3 open initiatives had no review in the last 90 days, 1 of them never."
        assert said in page.get(URL).content.decode()


def test_money_is_left_out_for_whoever_may_not_see_it(client: Client, cast: Cast, payments: ValueStream) -> None:
    spend(payments)
    ApprovalThreshold.objects.create(amount=100)
    client.force_login(cast.coach)
    text = client.get(URL).content.decode()
    assert "EUR" not in text
    assert "horizons" not in text
    assert "3. Was" not in text
    assert "4. Do business owners" in text
    answer = api(cast, "coach")
    assert set(answer) == {"scope", "quarter", "as_of", "allocation", "reviews"}
    for part, status in (("horizons", 404), ("approvals", 404), ("reviews", 200)):
        assert client.get(f"{URL}&format=csv&part={part}").status_code == status


@pytest.mark.parametrize("part", ["horizons", "allocation", "approvals", "reviews"])
def test_each_has_its_rows_as_csv(page: Client, payments: ValueStream, part: str) -> None:
    spend(payments)
    targets()
    answer = page.get(f"{URL}&format=csv&part={part}")
    assert answer.headers["Content-Type"].startswith("text/csv")
    if part == "horizons":
        lines = answer.getvalue().decode().splitlines()
        assert lines[2] == "h1,so far,800.00,0.8,60,10,20.0"


def test_the_same_queries_for_one_stream_and_many(cast: Cast, payments: ValueStream) -> None:
    def fill(stream: ValueStream) -> None:
        spend_of(stream)
        budget(stream, "3000")
        initiative(stream, f"New {stream}", "backlog", horizon="h2", estimated_cost=600, business_value=8,
                   time_criticality=8, risk_reduction=8, job_size=3)  # fmt: skip
        Allocation.objects.create(stream=stream, value_type="feature", share=100)

    targets()
    ApprovalThreshold.objects.create(amount=100)
    fill(payments)
    scope = find_scope("portfolio", None)
    guardrails(scope, Q1, HALF)
    with CaptureQueriesContext(connection) as one:
        guardrails(scope, Q1, HALF)
    for n in range(3):
        fill(ValueStream.objects.create(slug=f"s{n}", name=f"S{n}"))
    with CaptureQueriesContext(connection) as several:
        guardrails(scope, Q1, HALF)
    assert len(several) == len(one)


def spend_of(stream: ValueStream) -> None:
    line(stream, f"{stream.slug}-a", date(2025, 1, 7), "800", horizon="h1")


class TestShares:
    url = "/portfolio/guardrails/shares/?scope=stream:payments"

    def shares(self, stream: ValueStream | None) -> dict[str, tuple[int, int]]:
        rows = HorizonTarget.objects.filter(stream=stream).values_list("horizon", "share", "tolerance")
        return {horizon: (share, tolerance) for horizon, share, tolerance in rows}

    def test_set_undo_and_take_away(self, page: Client, cast: Cast) -> None:
        targets()
        done = page.post(self.url, {"h1": 70, "h2": 30, "h1_tolerance": 8, "h2_tolerance": ""}, follow=True)
        assert self.shares(cast.payments) == {"h0": (0, 5), "h1": (70, 8), "h2": (30, 5), "h3": (0, 5)}
        entry = AuditEntry.objects.first()
        assert entry is not None
        assert (entry.verb, entry.data["h1"]) == ("set the horizon shares of", ["", "70 % ± 8"])
        page.post(undo_of(done))
        # As before: the stream has none of its own.
        assert self.shares(cast.payments) == {}
        assert self.shares(None)["h1"] == (60, 10)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"h1": 70, "h2": 20}, "The shares are 90 % together"),
            ({"h1": 101}, "less than or equal to 100"),
            ({"h1": "x"}, "whole number"),
        ],
    )
    def test_what_is_refused(self, page: Client, cast: Cast, given: dict[str, Any], said: str) -> None:
        assert said in page.post(self.url, given).content.decode()
        assert self.shares(cast.payments) == {}

    def test_by_api(self, cast: Cast) -> None:
        call, path = Api(cast.stream_pmo), "guardrails/shares/?scope=stream:payments"
        assert call("put", path, {"shares": {"h1": 90, "h3": 5}})[0] == 400
        status, answer = call("put", path, {"shares": {"h1": 90, "h3": 10}, "tolerances": {"h1": 3}})
        assert status == 200
        assert answer == {
            "shares": {"h0": 0, "h1": 90, "h2": 0, "h3": 10},
            "tolerances": {"h0": 5, "h1": 3, "h2": 5, "h3": 5}, "is_own": True,
        }  # fmt: skip
        assert call("put", "guardrails/shares/", {"shares": {"h1": 100}})[0] == 404

    def test_an_unknown_horizon(self, cast: Cast) -> None:
        with pytest.raises(ValidationError, match="no horizon"):
            set_targets(actor=None, shares={"h7": 100})


def test_spend_on_an_initiative_is_on_its_page(client: Client, cast: Cast, payments: ValueStream) -> None:
    one = initiative(payments, "Refunds", estimated_cost=400)
    line(payments, "a", date(2025, 1, 7), "100", initiative=one)
    line(payments, "b", date(2025, 4, 7), "50.40", initiative=one)
    client.force_login(cast.stream_pmo)
    # 150.40 of 400 are 38 %.
    address = client.get("/portfolio/initiatives/refunds/", follow=True)
    assert "150\u00a0EUR so far, 38\u00a0% of the 400\u00a0EUR estimated." in address.content.decode()
    client.force_login(cast.coach)
    hidden = client.get("/portfolio/initiatives/refunds/", follow=True).content.decode()
    assert "so far" not in hidden
    assert Decimal("150.40") == sum(payments.ledger.values_list("amount", flat=True))
