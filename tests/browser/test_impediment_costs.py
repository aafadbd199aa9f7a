"""The costs page and the section of an impediment's page, in a browser: themes, widths, axe, figures."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from impediments.models import BlockedDay, Impediment
from tests.browser.pages import audit_page
from tests.cast import Cast, make_cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]
# No process serves the live stream here: the page asks for news instead.
NO_STREAM = ("/live/", "ERR_CONNECTION_REFUSED", "ERR_FAILED")


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Two impediments took something from Falcon in the last two months."""
    made, now = make_cast(), timezone.now()
    for number, category in enumerate(("procurement", "legal")):
        since = now - timedelta(days=60)
        one = Impediment.objects.create(
            what=f"Reason {number}", team=made.falcon, category=category, since_at=since, logged_at=since
        )
        one.periods.create(from_at=since)
        one.spells.create(level=1, from_at=since, limit_hours=8)
        BlockedDay.objects.bulk_create(
            BlockedDay(impediment=one, team=made.falcon, on=(since + timedelta(n)).date(), items=1, in_progress=4,
                       amount=600)
            for n in range(0, 60, 7)
        )  # fmt: skip
    return made


@pytest.mark.parametrize("person", ["leader", "member"])
def test_costs(cast: Cast, live_server: LiveServer, as_person: Open, person: str) -> None:
    page = as_person(cast.person(person))
    audit_page(page, f"{live_server.url}/impediments/costs/?scope=team:falcon", ignore=NO_STREAM)
    one = Impediment.objects.latest("pk")
    audit_page(page, f"{live_server.url}/impediments/{one.pk}/", ignore=NO_STREAM)
