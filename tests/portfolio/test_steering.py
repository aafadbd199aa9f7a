"""Pages and API of themes, limits, approvals, thresholds and reviews."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from portfolio import actions
from portfolio.models import Approval, ApprovalThreshold, Initiative, Review, StageLimit, Theme
from tests.cast import Cast
from tests.portfolio.test_api import Api


@pytest.fixture
def leader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.leader)
    return client


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    return actions.create_initiative(actor=None, stream=cast.payments, name="Refunds", estimated_cost=Decimal(5000))


def test_themes(leader: Client, cast: Cast, refunds: Initiative) -> None:
    assert "No strategic themes yet" in leader.get("/portfolio/themes/").content.decode()
    leader.post("/portfolio/themes/new/", {"name": "Money in seconds", "position": 1})
    theme = Theme.objects.get()
    actions.change_initiative(actor=cast.leader, initiative=refunds, theme=theme)
    seen = leader.get("/portfolio/themes/").content.decode()
    assert "1 strategic theme" in seen
    assert "1 open initiative, 0 in implementation" in seen
    assert 'id="id_name_error"' in leader.post("/portfolio/themes/new/", {"name": "Money in seconds"}).content.decode()
    leader.post("/portfolio/themes/money-in-seconds/end/", {"on": "2030-01-01"})
    theme.refresh_from_db()
    assert theme.ended_on == date(2030, 1, 1)
    leader.post("/portfolio/themes/money-in-seconds/reopen/")
    api = Api(cast.leader)
    assert api("patch", "themes/money-in-seconds/", {"ended_on": "2031-01-01"})[0] == 200
    assert api("post", "themes/", {"name": "Calm"})[0] == 201
    assert Api(cast.coach)("post", "themes/", {"name": "Mine"})[0] == 403


def test_limits_by_page_and_api(leader: Client, cast: Cast) -> None:
    leader.post("/portfolio/limits/", {"-:funnel": 5, "payments:analysing": 2})
    assert {(str(one.stream), one.stage, one.most) for one in StageLimit.objects.all()} == {
        ("None", "funnel", 5),
        ("Payments", "analysing", 2),
    }
    seen = leader.post("/portfolio/limits/", {"-:funnel": 0, "payments:analysing": 2}).content.decode()
    assert "greater than or equal to 1" in seen
    leader.post("/portfolio/limits/", {"payments:analysing": 2})
    assert [one.stage for one in StageLimit.objects.all()] == ["analysing"]
    api = Api(cast.leader)
    assert api("put", "stage-limits/", {"stage": "backlog", "most": 3})[0] == 200
    assert api("put", "stage-limits/", {"stage": "done", "most": 3})[0] == 400
    assert len(api("get", "stage-limits/")[1]) == 2  # type: ignore[arg-type]
    assert api("put", "stage-limits/", {"stage": "backlog", "most": None})[0] == 200
    # The PMO of Payments sees and sets hers alone.
    own = Api(cast.stream_pmo)
    assert own("get", "stage-limits/")[1] == [{"stream": "payments", "stage": "analysing", "most": 2}]
    assert own("put", "stage-limits/", {"stage": "backlog", "most": 1})[0] == 403


def test_an_approval_on_the_pages(client: Client, cast: Cast, refunds: Initiative) -> None:
    """Pia asks, and cannot decide; Leo approves on the page of the initiative."""
    client.force_login(cast.pmo)
    client.post("/portfolio/approvals/threshold/", {"place": "-", "amount": "1000"})
    client.post("/portfolio/initiatives/refunds/approvals/", {"amount": "5000", "reason": "Two teams"})
    asked = Approval.objects.get()
    decide = f"/portfolio/approvals/{asked.pk}/decide/"
    assert client.post(decide, {"approve": "1"}).status_code == 403
    client.force_login(cast.leader)
    seen = client.get("/portfolio/approvals/").content.decode()
    assert "1 request for 5,000\u00a0EUR waits for a decision" in seen
    client.post(decide, {"approve": "1", "note": "Go"})
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, asked.note) == ("approved", cast.leader, "Go")
    answer = client.post(decide, {"approve": "0"}, follow=True)
    assert "This request is approved already by Leo Brandt" in answer.content.decode()
    client.post("/portfolio/initiatives/refunds/move/", {"stage": "implementing"})
    refunds.refresh_from_db()
    assert refunds.stage == "implementing"


def test_a_request_without_a_reason_says_so_and_keeps_the_amount(leader: Client, refunds: Initiative) -> None:
    seen = leader.post("/portfolio/initiatives/refunds/approvals/", {"amount": "77"}).content.decode()
    assert 'id="approval-reason_error"' in seen
    assert 'value="77"' in seen
    assert not Approval.objects.exists()


def test_approvals_by_the_api(cast: Cast, refunds: Initiative) -> None:
    pmo, leader = Api(cast.pmo), Api(cast.leader)
    assert pmo("put", "approval-thresholds/", {"amount": "1000.00"})[0] == 200
    assert pmo("put", "approval-thresholds/", {"amount": "-1"})[0] == 400
    status, made = pmo("post", "approvals/", {"initiative": "refunds", "amount": "5000", "reason": "Two teams"})
    assert status == 201
    address = f"approvals/{made['id']}/"  # type: ignore[index]
    assert pmo("post", f"{address}decide/", {"approve": True})[0] == 403
    assert leader("post", f"{address}decide/", {"approve": True})[0] == 200
    assert leader("post", f"{address}withdraw/")[0] == 400
    # Coaches see no money: no requests, no thresholds.
    assert Api(cast.coach)("get", address)[0] == 404
    assert Api(cast.coach)("get", "approval-thresholds/")[1] == []
    assert ApprovalThreshold.objects.get().amount == 1000


def test_reviews(leader: Client, cast: Cast, refunds: Initiative) -> None:
    leader.post("/portfolio/initiatives/refunds/reviews/", {"on": "2025-02-03", "note": "Customers ask for it"})
    review = Review.objects.get()
    assert (review.on, review.by) == (date(2025, 2, 3), cast.leader)
    assert "Reviewed on 3 Feb 2025" in leader.get("/portfolio/initiatives/refunds/").content.decode()
    future = leader.post("/portfolio/initiatives/refunds/reviews/", {"on": "2099-01-01"}).content.decode()
    assert "A review cannot be in the future." in future
    assert Api(cast.leader)("post", "initiatives/refunds/reviews/", {"note": "Again"})[0] == 201
    assert Api(cast.member)("get", "initiatives/refunds/reviews/")[0] == 404
    leader.post(f"/portfolio/initiatives/refunds/reviews/{review.pk}/remove/")
    assert Review.objects.count() == 1
