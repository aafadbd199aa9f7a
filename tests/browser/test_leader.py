"""A leader's ten minutes: from the overview to the money, the initiative, the evidence, and a decision on record."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from funding.models import Amendment, LedgerEntry
from okrs.models import Contribution, KeyResult
from portfolio import actions, proposals
from portfolio.models import Decision, Initiative
from portfolio.quarters import Quarter
from tests.browser.pages import no_errors
from tests.cast import Cast, make_cast
from tests.okrs.goals import key_result, objective, running_cycle, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


def invest(cast: Cast, name: str, spent: int, result: KeyResult) -> Initiative:
    """An initiative in implementation that has cost something and should move a key result."""
    made = actions.create_initiative(
        actor=None,
        stream=cast.payments,
        name=name,
        stage="implementing",
        owner=cast.leader,
        cost_of_delay=Decimal(18_000),
    )
    LedgerEntry.objects.create(
        stream=cast.payments, key=name, posted_on=timezone.localdate(), amount=spent, initiative=made
    )
    Contribution.objects.create(key_result=result, initiative=made, lift=-5)
    return made


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    """Payments spends 100,000 of 50,000; of its four initiatives the dearest moves nothing and loses confidence."""
    today = timezone.localdate()
    Amendment.objects.create(
        stream=cast.payments,
        quarter=Quarter.of(today).first,
        amount=50_000,
        at=timezone.now() - timedelta(days=1),
        reason="Budget of the quarter",
    )
    goal = objective(running_cycle(), cast.payments, "A refund is no reason to call", owner=cast.leader)
    falling = key_result(goal, cast.leader, "Refund time")
    for weeks, confidence in zip((3, 2, 1, 0), (8, 7, 5, 4), strict=True):
        said(falling, today - timedelta(days=7 * weeks + 1), 40, confidence)
    for name in ("Transfers", "Cards", "Fees"):
        moving = key_result(goal, cast.leader, f"Hours of {name.lower()}")
        said(moving, today - timedelta(days=20), 38, 7)
        said(moving, today - timedelta(days=1), 25, 8)
        invest(cast, name, 10_000, moving)
    made = invest(cast, "Refunds in one minute", 70_000, falling)
    proposals.propose(timezone.now())
    return made


def test_a_leaders_ten_minutes(as_person: Open, live_server: LiveServer, cast: Cast, refunds: Initiative) -> None:
    page = as_person(cast.leader)
    with no_errors(page):
        page.goto(live_server.url)
        # The overview says what needs a leader: a decision, and a stream that spends ahead.
        expect(page.get_by_role("heading", level=1)).to_contain_text("decision")
        money = page.get_by_role("region", name="Does money become value?")
        money.get_by_role("link", name="Payments", exact=True).click()
        # The stream's money, down to the initiative that took most of it.
        expect(page.get_by_role("heading", level=1)).to_contain_text("Payments")
        expect(page.get_by_text("70,000").first).to_be_visible()
        page.get_by_role("link", name="Refunds in one minute").first.click()
        # The initiative shows the key result that it should move, and the decision that is open about it.
        expect(page.get_by_role("heading", level=1)).to_contain_text("Refunds in one minute")
        expect(page.get_by_text("Refund time").first).to_be_visible()
        page.get_by_role("link", name="Refunds in one minute: pivot or persevere?").first.click()
        # The evidence, and the decision.
        expect(page.get_by_text("fell three times in a row (8, 7, 5, 4)").first).to_be_visible()
        page.get_by_role("radio", name="Stop").check()
        page.get_by_label("Why", exact=True).fill("The bank will not open its test environment this year.")
        page.get_by_role("button", name="Decide for good").click()
        expect(page.get_by_role("heading", name="What was decided?")).to_be_visible()
    decision = Decision.objects.get(initiative=refunds, kind="pivot")
    assert (decision.state, decision.choice, decision.decided_by) == ("decided", "stop", cast.leader)
    assert any("8, 7, 5, 4" in fact["text"] for fact in decision.evidence)
    refunds.refresh_from_db()
    assert (refunds.stage, refunds.verdict) == ("done", "stop")
    page.goto(live_server.url)
    due = page.get_by_role("region", name="Which decisions are due?")
    expect(due.get_by_text("Refunds in one minute")).to_have_count(0)
