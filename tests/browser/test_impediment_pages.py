"""Settings of impediments, what they lead to, and statuses that mean blocked, in a browser: themes, widths, axe."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from core.models import Hook, HookCall
from impediments.actions import channels, improve, limits, log_impediment, resolve
from impediments.models import Impediment, IncomingMail
from portfolio.actions import close_action, create_action
from tests.browser.pages import audit_page
from tests.cast import Cast, make_cast
from tests.connectors.cast import csv_source, sync_now, write_changes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]
# No process serves the live stream here: the page asks for news instead.
NO_STREAM = ("/live/", "ERR_CONNECTION_REFUSED", "ERR_FAILED")
CHANGES = [
    ("A-1", "2025-01-01T09:00Z", "Open", "Doing", "2025-01-01"),
    ("A-1", "2025-01-02T09:00Z", "Doing", "On hold", "2025-01-01"),
]
LONG = "billing-department@a-company-with-quite-a-long-name.example.org"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


@pytest.fixture
def one(cast: Cast) -> Impediment:
    return log_impediment(actor=cast.member, what="No licence", category="procurement", team=cast.falcon, asked="Buy")


def came(cast: Cast, one: Impediment) -> None:
    """A mail of each verdict."""
    about = {"logged": one, "comment": one, "refused": None, "waiting": None}
    for number, (verdict, impediment) in enumerate(about.items()):
        IncomingMail.objects.create(
            team=cast.falcon, message_id=f"<{number}@mail.example.org>", sender=LONG, subject="No answer", raw=b"x",
            received_at=timezone.now(), verdict=verdict, impediment=impediment, note="" if impediment else LONG,
        )  # fmt: skip


def told(cast: Cast) -> Hook:
    """A program with a call of each end."""
    hook = Hook.objects.create(name="Room", url="https://chat.example.org/x", scope="stream:payments")
    for key, state, status in (("a", "succeeded", 200), ("b", "failed", 404), ("c", "cancelled", None)):
        HookCall.objects.create(hook=hook, key=key, event="impediment.logged", state=state, status=status, error=LONG)
    return hook


def middle_of_text(one: Locator) -> float:
    """How far down the page the middle of what it holds is, in px."""
    return float(
        one.evaluate(
            """(e) => {
                const range = document.createRange();
                range.selectNodeContents(e);
                const box = e.matches("input") ? e.getBoundingClientRect() : range.getBoundingClientRect();
                return box.top + box.height / 2;
            }"""
        )
    )


def test_settings(as_person: Open, live_server: LiveServer, cast: Cast, one: Impediment, settings: Settings) -> None:
    settings.MAIL_DOMAIN = "in.a-company-with-quite-a-long-name.example.org"
    channels.make_address(actor=None, team=cast.falcon)
    channels.set_logs_marks(actor=None, team=cast.falcon, logs_marks=True)
    limits.set_limit(actor=None, level=2, category="legal", hours=Decimal("48.5"))
    came(cast, one)
    hook = told(cast)
    page = as_person(cast.pmo)
    for path in ("", "mails/", "programs/new/", f"programs/{hook.pk}/"):
        audit_page(page, f"{live_server.url}/impediments/settings/{path}", ignore=NO_STREAM)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{live_server.url}/impediments/settings/")
    # What a row is called stands on the line of its fields.
    name, field = (page.locator(f".limits-table tbody tr:nth-child(2) {part}").first for part in ("th", "input"))
    assert abs(middle_of_text(name) - middle_of_text(field)) <= 2
    # Who may not change the limits reads them; where nothing came in or is told, the page says how it would.
    IncomingMail.objects.all().delete()
    hook.delete()
    audit_page(as_person(cast.stream_pmo), f"{live_server.url}/impediments/settings/", ignore=NO_STREAM)


def test_what_it_leads_to(as_person: Open, live_server: LiveServer, cast: Cast, one: Impediment) -> None:
    page = as_person(cast.pmo)
    audit_page(page, f"{live_server.url}/improvement/", ignore=NO_STREAM)
    due = timezone.localdate() + timedelta(days=1)
    action = improve(actor=cast.pmo, impediment=one, name="Order a quarter ahead", owner=cast.member, due_on=due)
    create_action(actor=None, name="Ask legal in week one")
    done = close_action(actor=None, action=create_action(actor=None, name="Less in progress"), outcome="Half the age")
    resolve(actor=None, impediment=one, resolution="Bought", root_cause="process")
    for path in (
        f"impediments/{one.pk}/improve/",
        f"impediments/{one.pk}/decide/",
        f"impediments/{one.pk}/",
        "improvement/",
        "improvement/new/",
        f"improvement/{action.pk}/",
        f"improvement/{done.pk}/",
    ):
        audit_page(page, f"{live_server.url}/{path}", ignore=NO_STREAM)


def test_statuses_that_mean_blocked(as_person: Open, live_server: LiveServer, cast: Cast, tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", CHANGES), cast.falcon)
    sync_now(source)
    page = as_person(cast.pmo)
    audit_page(page, f"{live_server.url}/sources/{source.slug}/mapping/", ignore=NO_STREAM)
    page.set_viewport_size({"width": 1280, "height": 900})
    # One below the other, however short the names are.
    boxes = [box.bounding_box() or {"x": -1.0} for box in page.locator(".one-a-line [type=checkbox]").all()]
    assert len(boxes) == source.statuses.count() > 1
    assert len({box["x"] for box in boxes}) == 1
    page.get_by_role("checkbox", name="On hold").check()
    page.get_by_role("button", name="Save what is blocked").click()
    expect(page.get_by_role("checkbox", name="On hold")).to_be_checked()
    assert [row.name for row in source.statuses.filter(is_blocked=True)] == ["On hold"]
