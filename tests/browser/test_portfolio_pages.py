"""The pages of money, decisions and idea to customer that no other browser test opens: what every page is."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from funding.models import Amendment, LedgerEntry
from okrs.models import Contribution
from portfolio import actions
from portfolio.models import Decision
from portfolio.quarters import Quarter
from tests.browser.pages import audit_page
from tests.cast import make_cast
from tests.okrs.goals import key_result, objective, running_cycle, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]

PAGES = [
    "funding/",
    "funding/payments/",
    "guardrails/",
    "guardrails/shares/",
    "ledger/",
    "decisions/",
    "decisions/new/",
    "decisions/{decision}/",
    "idea-to-customer/",
]


@pytest.fixture
def decision(transactional_db: None) -> Decision:
    """Payments has a budget that it overspends, an initiative in progress, a key result, and a decision that is due."""
    cast, today = make_cast(), timezone.localdate()
    first = Quarter.of(today).first
    Amendment.objects.create(stream=cast.payments, quarter=first, amount=50_000, at=timezone.now(), reason="Budget")
    made = actions.create_initiative(
        actor=None, stream=cast.payments, name="Refunds", stage="implementing", owner=cast.leader, horizon="h1"
    )
    LedgerEntry.objects.create(stream=cast.payments, key="one", posted_on=today, amount=80_000, initiative=made)
    result = key_result(objective(running_cycle(), cast.payments, "No reason to call"), cast.leader, "Refund time")
    said(result, today - timedelta(days=1), 8, 4)
    Contribution.objects.create(key_result=result, initiative=made, lift=-5)
    return actions.raise_decision(
        actor=cast.pmo,
        initiative=made,
        kind="pivot",
        question="Refunds: pivot or persevere?",
        cost_kind="delay",
        cost_per_week=Decimal("18000"),
        owner=cast.leader,
    )


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_money_and_decisions(as_person: Open, live_server: LiveServer, decision: Decision, path: str) -> None:
    page = as_person(decision.owner)
    audit_page(page, f"{live_server.url}/portfolio/{path.format(decision=decision.pk)}")


@pytest.mark.parametrize("path", ["objectives/chances/", "notices/", "imports/ledger/", "imports/kpi-values/"])
def test_pages_beside_them(as_person: Open, live_server: LiveServer, decision: Decision, path: str) -> None:
    audit_page(as_person(decision.raised_by), f"{live_server.url}/{path}")
