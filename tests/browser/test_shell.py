"""The frame of every page in a real Chromium: navigation, palette, theme, and what every page must be."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from connectors.models import SyncRun
from core import live
from core.models import JobState
from metrics.models import Source
from tests.browser.pages import audit_page, no_errors
from tests.cast import PASSWORD, Cast, make_cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


ANONYMOUS = ["/login/", "/password/reset/", "/password/reset/sent/", "/password/reset/MQ/never/"]
PAGES = [
    "/profile/",
    "/profile/password/",
    "/profile/tokens/",
    "/search/?q=f",
    "/organisation/",
    "/organisation/streams/new/",
    "/organisation/streams/payments/",
    "/organisation/teams/new/",
    "/organisation/teams/falcon/",
    "/organisation/calendars/",
    "/organisation/calendars/new/",
    "/organisation/people/",
    "/organisation/people/new/",
    "/organisation/audit/",
]


@pytest.mark.parametrize("path", ANONYMOUS)
def test_pages_of_nobody(as_person: Open, live_server: LiveServer, cast: Cast, path: str) -> None:
    audit_page(as_person(None), live_server.url + path)


@pytest.mark.parametrize("path", PAGES)
def test_pages(as_person: Open, live_server: LiveServer, cast: Cast, path: str) -> None:
    cast.calendar.holidays.create(on="2026-12-25", name="Christmas")
    audit_page(as_person(cast.administrator), live_server.url + path)


def test_pages_of_one_thing(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.administrator)
    for path in (
        f"calendars/{cast.calendar.pk}/",
        f"people/{cast.member.pk}/",
        f"teams/falcon/members/{cast.max_in_falcon.pk}/",
        f"teams/falcon/services/{cast.ledger.pk}/",
    ):
        audit_page(page, f"{live_server.url}/organisation/{path}")


def test_a_team_as_its_readers_see_it(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    audit_page(as_person(cast.leader), f"{live_server.url}/organisation/teams/falcon/")


@pytest.mark.parametrize(("path", "code"), [("/nowhere/", 404), ("/organisation/people/", 403)])
def test_error_pages(as_person: Open, live_server: LiveServer, cast: Cast, path: str, code: int) -> None:
    audit_page(as_person(cast.viewer), live_server.url + path, ignore=(f"{code} ", f"status of {code}"))


def test_log_in_and_out(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(None)
    with no_errors(page):
        page.goto(live_server.url + "/organisation/")
        expect(page.get_by_label("E-mail")).to_be_focused()
        page.keyboard.type(cast.pmo.email)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("3 teams work in 2 value streams")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_the_palette_by_keyboard(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.pmo)
    with no_errors(page):
        page.goto(live_server.url + "/organisation/")
        page.keyboard.press("Control+k")
        box = page.locator("#palette input")
        expect(box).to_be_focused()
        page.keyboard.type("kit")
        expect(page.get_by_role("option").first).to_contain_text("Kite: flow")
        # Flow, forecast, delivery, and then the team itself.
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        chosen = page.locator("[role=option][aria-selected=true]")
        expect(chosen).to_contain_text("team, organisation")
        expect(box).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
        page.keyboard.press("Enter")
        page.wait_for_url("**/organisation/teams/kite/")
        page.keyboard.press("Control+k")
        page.keyboard.press("Escape")
        expect(box).to_be_hidden()


def test_the_palette_finds_only_what_one_may_see(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.viewer)
    page.goto(live_server.url + "/search/?q=kite")
    expect(page.get_by_role("heading", level=1)).to_have_text("0 results for “kite”")
    page.goto(live_server.url + "/search/?q=falcon")
    expect(page.get_by_role("link", name="Falcon", exact=True)).to_be_visible()


def test_the_theme_switch_is_kept(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.viewer)
    page.emulate_media(color_scheme="light")
    with no_errors(page):
        page.goto(live_server.url + "/organisation/")
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        light = page.evaluate(ground)
        with page.expect_response("**/profile/theme/"):
            page.get_by_role("button", name="Dark theme").click()
        dark = page.evaluate(ground)
        assert dark != light
        page.reload()
        assert page.evaluate(ground) == dark
        expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "true")
        with page.expect_response("**/profile/theme/"):
            page.get_by_role("button", name="Theme as the system").click()
        assert page.evaluate(ground) == light
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(ground) == dark
    assert User.objects.get(pk=cast.viewer.pk).theme == "system"


def test_the_menu_of_a_phone(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.viewer, width=375)
    with no_errors(page):
        page.goto(live_server.url + "/profile/")
        link = page.get_by_role("link", name="Organisation")
        expect(link).to_be_hidden()
        page.get_by_role("button", name="Menu").click()
        expect(link).to_be_visible()
        page.keyboard.press("Escape")
        expect(link).to_be_hidden()
        expect(page.get_by_role("button", name="Menu")).to_be_focused()


def test_without_scripts_everything_is_there(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.viewer, width=375, java_script_enabled=False)
    page.goto(live_server.url + "/organisation/")
    expect(page.get_by_role("link", name="Organisation")).to_be_visible()
    page.get_by_role("button", name="Dark theme").click()
    page.wait_for_url("**/organisation/")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_first_tab_skips_to_the_content(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.viewer)
    page.goto(live_server.url + "/organisation/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_undo_from_a_message(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.pmo)
    page.goto(live_server.url + "/organisation/teams/falcon/")
    page.get_by_role("button", name="Remove Max Weber").click()
    expect(page.locator(".messages")).to_contain_text("Max Weber was removed")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".messages")).to_contain_text("Max Weber is in Falcon again.")


def test_a_page_without_a_stream_asks_the_log(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    """No live process runs here: the page must hear of events by asking."""
    source = Source.objects.create(slug="falcon-git", name="Falcon git", tool="git", team=cast.falcon)
    run = SyncRun.objects.create(source=source, state=JobState.SUCCEEDED)
    page = as_person(cast.viewer)
    page.goto(live_server.url + "/organisation/")
    page.evaluate(
        """(topic) => {
            const section = document.createElement("section");
            section.dataset.live = topic;
            section.addEventListener("live:sync", (event) => section.append(event.detail.kind, " "));
            document.querySelector("main").append(section);
            document.dispatchEvent(new Event("htmx:afterSettle"));
        }""",
        f"sync:{run.pk}",
    )
    heard = page.locator("main > section[data-live]")
    expect(heard).to_have_text("open")
    live.publish(f"sync:{run.pk}", "progress", {"done": 5})
    expect(heard).to_have_text("open progress", timeout=15_000)


def test_prints_without_navigation_on_paper(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.pmo)
    page.goto(live_server.url + "/organisation/")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".nav")).to_be_hidden()
    expect(page.get_by_text("Falcon").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"


def test_the_api_documentation_works_under_its_policy(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.pmo)
    with no_errors(page):
        page.goto(live_server.url + "/api/v1/docs/")
        # The description of some hundred routes is made on the way.
        expect(page.locator(".opblock").first).to_be_visible(timeout=30_000)
