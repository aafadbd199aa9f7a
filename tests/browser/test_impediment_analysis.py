"""The pages of the analysis and of what data propose, in a browser: themes, widths, axe, figures."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from impediments.models import BlockedDay, Impediment, Proposal
from tests.browser.pages import audit_page
from tests.cast import Cast, make_cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Falcon has nine resolved impediments, one that is open, and one that data propose."""
    made, now = make_cast(), timezone.now()
    for number in range(10):
        since = now - timedelta(days=60 - 5 * number)
        ends = {"state": "resolved", "resolved_at": since + timedelta(days=2), "resolution": "Done"}
        one = Impediment.objects.create(
            what="Legal review" if number % 2 else "Vendor",
            team=made.falcon,
            category="legal" if number % 2 else "vendor",
            since_at=since,
            logged_at=since,
            **(ends | {"root_cause": "process"} if number < 9 else {}),
        )
        until = since + timedelta(days=2) if number < 9 else None
        one.periods.create(from_at=since, to_at=until)
        one.spells.create(level=1, from_at=since, to_at=until, limit_hours=8)
        _took(one, since.date())
    line = {"item": 1, "key": "FAL-1", "title": "Refunds", "url": "/", "text": "blocked", "team": made.falcon.pk}
    Proposal.objects.create(
        trigger="reason", stream=made.payments, team=made.falcon, cause="c", what="Procurement", why="Three items.",
        category="procurement", evidence=[line] * 7, since_at=now, found_at=now, seen_at=now,
    )  # fmt: skip
    return made


def _took(one: Impediment, on: date) -> None:
    BlockedDay.objects.create(impediment=one, team=one.team, on=on, items=1, in_progress=4, amount=Decimal(600))


def test_each_page_is_what_every_page_is(as_person: Open, cast: Cast, live_server: LiveServer) -> None:
    page, pk = as_person(cast.leader), Proposal.objects.get().pk
    for path in ("analysis/", "proposals/", f"proposals/{pk}/accept/"):
        audit_page(page, f"{live_server.url}/impediments/{path}")


def test_a_proposal_is_dismissed_by_keyboard(as_person: Open, cast: Cast, live_server: LiveServer) -> None:
    page = as_person(cast.member)
    page.goto(f"{live_server.url}/impediments/proposals/")
    page.get_by_text("Dismiss…").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Usual")
    page.keyboard.press("Enter")
    page.get_by_text("Dismissed: Procurement.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="Procurement", exact=True).wait_for()
