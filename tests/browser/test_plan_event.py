"""The event in real browsers: votes from phones, the timer where a clock is wrong, a wall whose link is revoked."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from planning.actions.cards import move_card
from planning.actions.links import make_link, revoke_link
from planning.actions.polls import close_poll, open_poll
from planning.actions.timers import start_timer
from planning.links import wall_secret
from planning.models import Ballot, JoinLink
from tests.browser.pages import audit_page
from tests.browser.plan_pages import NO_STREAM, card, stands
from tests.cast import Cast, make_cast
from tests.planning.cast import Planned, make_planned
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]
EVENT = "/planning/pi-26-1/event/"
CONTROLS = "a, button, form, input, select, textarea, [role=button], [draggable=true], [data-menu]"
# The machine's clock is an hour ahead, and jumps while the page is open.
WRONG = "{ const now = Date.now; let off = 36e5; Date.now = () => now() + off; window.shift = (ms) => { off = ms; }; }"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


@pytest.fixture
def hall(cast: Cast, plan: Planned) -> JoinLink:
    tomorrow = timezone.now() + timedelta(days=1)
    return make_link(actor=cast.pmo, increment=plan.increment, name="Hall", expires_at=tomorrow)


def vote(phone: Page, name: str, fingers: str) -> None:
    phone.get_by_text(fingers).click()
    phone.get_by_label("Your name").fill(name)
    phone.get_by_role("button", name="Vote").click()
    expect(phone.get_by_role("heading", name="Your vote is in")).to_be_visible()


def test_votes_from_phones_with_and_without_script(
    cast: Cast, plan: Planned, as_person: Open, live_server: LiveServer
) -> None:
    names = ["Ada Keller", "Bo Lund"]
    poll = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon, names=names)
    url = f"{live_server.url}/vote/{poll.token}/"
    phone = as_person(None, width=375, has_touch=True)
    audit_page(phone, url, ignore=NO_STREAM)
    phone.set_viewport_size({"width": 375, "height": 700})
    phone.get_by_role("button", name="Vote").click()
    expect(phone.get_by_text("Show from 1 to 5 fingers.")).to_be_visible()
    vote(phone, "ada keller", "Doubtful: I want to say why")
    plain = as_person(None, width=375, java_script_enabled=False)
    plain.goto(url)
    vote(plain, "Bo Lund", "Sure enough")
    assert sorted(Ballot.objects.values_list("fingers", flat=True)) == [2, 3]
    close_poll(actor=cast.pmo, poll=poll)
    # (2 + 3) ÷ 2, below 3. One phone hears that it was closed, the other one asks.
    result = "Falcon: rework, average 2.50"
    expect(phone.get_by_role("heading", name=result)).to_be_visible()
    plain.goto(url)
    expect(plain.get_by_role("heading", name=result)).to_be_visible()


def is_right(page: Page, ends_at: datetime) -> bool:
    """Whether the timer shows what is left, within a second. Seconds are shown rounded up."""

    def left() -> float:
        return (ends_at - timezone.now()).total_seconds()

    before, shown = left(), page.locator("[data-timer-left]").inner_text()
    minutes, _, seconds = shown.partition(":")
    if not (minutes.isdecimal() and seconds.isdecimal()):
        return False
    return left() - 1 <= int(minutes) * 60 + int(seconds) <= before + 2


def test_the_timer_is_right_where_the_clock_is_not(
    cast: Cast, plan: Planned, hall: JoinLink, as_person: Open, live_server: LiveServer
) -> None:
    poll = open_poll(actor=cast.pmo, increment=plan.increment, even_so=True)
    timer = start_timer(actor=cast.pmo, increment=plan.increment, minutes=10, title="Draft plans")
    assert timer.ends_at is not None
    ends_at = timer.ends_at
    paths = (EVENT, f"/wall/{wall_secret(hall)}/", f"/vote/{poll.token}/")
    page, wall, phone = as_person(cast.pmo), as_person(None, width=1920), as_person(None, width=375)
    phone.add_init_script(WRONG)
    for one, path in zip((page, wall, phone), paths, strict=True):
        one.goto(f"{live_server.url}{path}")
        until(lambda one=one: is_right(one, ends_at), what=f"a right timer at {path}")  # type: ignore[misc]
    with phone.expect_response("**/state/"):
        phone.evaluate("shift(-18e6)")
    until(lambda: is_right(phone, ends_at), what="a right timer after the clock jumped")
    assert phone.evaluate("Date.now()") / 1000 < timezone.now().timestamp() - 17_000
    assert is_right(page, ends_at)


def test_a_revoked_wall_goes_dark(
    cast: Cast, plan: Planned, hall: JoinLink, as_person: Open, live_server: LiveServer
) -> None:
    api = plan.card("Refund API", plan.falcon, 1)
    wall = as_person(None)
    wall.goto(f"{live_server.url}/wall/{wall_secret(hall)}/")
    expect(card(wall, "Refund API")).to_be_visible()
    # It is looked at: nothing to press, nothing to follow, nothing to type into, and nothing hidden of that kind.
    expect(wall.locator("[data-plan]").locator(CONTROLS)).to_have_count(0)
    assert "Move to" not in wall.locator("[data-plan]").inner_html()
    # Others go on: the wall follows by itself.
    plan.card("Ledger split", plan.heron, 2)
    stands(wall, "Ledger split", "Heron, Iteration 2")
    move_card(actor=cast.pmo, card=api, lane=plan.kite, iteration=plan.iterations[2])
    stands(wall, "Refund API", "Kite, Iteration 3")
    expect(wall.locator("[data-plan]").locator(CONTROLS)).to_have_count(0)
    revoke_link(actor=cast.pmo, link=hall)
    plan.card("Secret card", plan.kite, 2)
    expect(wall.get_by_text("revoked")).to_be_visible()
    assert "Secret card" not in wall.content()


def test_a_wall_has_all_columns_on_its_screen(
    cast: Cast, plan: Planned, hall: JoinLink, as_person: Open, live_server: LiveServer
) -> None:
    split, api = plan.card("Ledger split", plan.heron, 2), plan.card("Refund API", plan.falcon, 3)
    plan.need(split, api, agreement="delivered", delivered_on=date(2026, 1, 20))
    wall = as_person(None, width=1000)
    wall.goto(f"{live_server.url}/wall/{wall_secret(hall)}/")
    # What is not drawn is counted.
    expect(wall.locator("[data-plan-count]")).to_contain_text("1 delivered one hidden")
    frame, grid = wall.locator("[data-plan-frame]"), wall.locator("[data-plan-grid]")
    sizes = []
    for width in (1000, 1920):
        wall.set_viewport_size({"width": width, "height": 900})
        until(lambda: frame.evaluate("(frame) => frame.scrollWidth <= frame.clientWidth"), what="all columns")
        sizes.append(grid.evaluate("(grid) => parseFloat(getComputedStyle(grid).fontSize)"))
    assert sizes[0] < sizes[1]


def test_its_pages_are_as_pages_must_be(cast: Cast, plan: Planned, as_person: Open, live_server: LiveServer) -> None:
    poll = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon)
    page = as_person(cast.pmo)
    page.goto(f"{live_server.url}{EVENT}")
    page.get_by_role("button", name="Load the usual two days").click()
    page.get_by_role("button", name="Start the timer of Business context").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    for path in (EVENT, f"/planning/votes/{poll.pk}/"):
        audit_page(page, f"{live_server.url}{path}", ignore=NO_STREAM)
