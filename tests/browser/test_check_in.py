"""From the mail's link to a check-in that is kept, on a phone: how many clicks it takes; and what each page is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from core.models import Mail
from okrs.models import KeyResult, Support
from okrs.reminders import MORNING, remind
from tests.browser.pages import audit_page, no_errors
from tests.cast import Cast, make_cast
from tests.okrs.goals import key_result, objective, running_cycle, said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]
# How often somebody clicks until the page is there; 20 seconds leave no more than that.
MOST_CLICKS = 4


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


@pytest.fixture
def settle(cast: Cast) -> KeyResult:
    """Hours to settle, from 40 to 20, of Falcon; Max owns it, and it is due."""
    now = running_cycle()
    stream = objective(now, cast.payments, "Payments without waiting")
    goal = objective(now, cast.falcon, "Payments arrive at once")
    Support.objects.create(objective=goal, key_result=key_result(stream, cast.stream_pmo, "Complaints"))
    objective(now, cast.heron, "Stands alone")
    one = key_result(goal, cast.member)
    for weeks, value in ((3, 38), (2, 37), (1, 36.5)):
        said(one, timezone.localdate() - timedelta(days=7 * weeks), value, 4, note="Two banks", by=cast.member)
    return one


def mail_of(cast: Cast, settings: object, live_server: LiveServer) -> Mail:
    """The reminder that Max gets."""
    settings.PORTAL_URL = live_server.url  # type: ignore[attr-defined]
    now = timezone.now()
    remind(now.replace(hour=max(now.hour, MORNING)))
    return Mail.objects.get(to=cast.member.email)


class Finger:
    """Counts its clicks."""

    def __init__(self) -> None:
        self.clicks = 0

    def tap(self, page: Page, selector: str) -> None:
        self.clicks += 1
        page.locator(selector).first.click()


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_mail_to_done(
    as_person: Open, live_server: LiveServer, cast: Cast, settle: KeyResult, settings: object, scripts: bool
) -> None:
    mail, finger = mail_of(cast, settings, live_server), Finger()
    page = as_person(None, width=375, has_touch=True, java_script_enabled=scripts)
    page.set_content(mail.html)
    finger.tap(page, "text=Check in")
    page.wait_for_url("**/objectives/check-in/**")
    expect(page.get_by_label("Value, h")).to_have_value("36.5")
    with no_errors(page):
        # The value stands there to be typed over; the confidence is one tap, the button is the next.
        finger.tap(page, "#id_value")
        page.keyboard.press("Control+a")
        page.keyboard.type("30")
        finger.tap(page, "label.step:has-text('7')")
        finger.tap(page, "button:has-text('Check in')")
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Max. It is kept.")
    assert finger.clicks <= MOST_CLICKS
    made = settle.check_ins.get(on=timezone.localdate())
    assert (made.value, made.confidence, made.by) == (30, 7, cast.member)


def test_by_keyboard_alone(
    as_person: Open, live_server: LiveServer, cast: Cast, settle: KeyResult, settings: object
) -> None:
    link = next(line.strip() for line in mail_of(cast, settings, live_server).text.splitlines() if "/check-in/" in line)
    page = as_person(None)
    page.goto(link)
    page.get_by_label("Value, h").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="0", exact=True)).to_be_focused()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="6", exact=True)).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("One bank is left")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Max. It is kept.")
    assert settle.check_ins.get(on=timezone.localdate()).confidence == 6


def test_every_page_is_as_pages_must_be(
    as_person: Open, live_server: LiveServer, cast: Cast, settle: KeyResult, settings: object
) -> None:
    link = next(line.strip() for line in mail_of(cast, settings, live_server).text.splitlines() if "/check-in/" in line)
    nobody = as_person(None)
    audit_page(nobody, link)
    audit_page(nobody, f"{live_server.url}/objectives/check-in/nonsense/", ignore=("404",))
    page = as_person(cast.member)
    for path in ("/objectives/check-ins/", f"/objectives/key-results/{settle.pk}/check-in/?queue=1"):
        audit_page(page, live_server.url + path)
    audit_page(
        page, f"{live_server.url}/objectives/key-results/{settle.pk}/check-in/?on={settle.check_ins.all()[0].on}"
    )
    coach = as_person(cast.coach)
    for path in ("/objectives/check-ins/", "/objectives/map/", "/objectives/map/?stream=payments"):
        audit_page(coach, live_server.url + path)
