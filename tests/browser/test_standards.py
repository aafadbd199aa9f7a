"""Limits and expectations in a browser: fit to be seen, and to be set, refused and undone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.pages import audit_page, no_errors
from tests.cast import Cast
from tests.metrics.cast import at, source

pytestmark = pytest.mark.browser

WINDOW = "from=2025-01-06&to=2025-06-29&as_of=2025-06-29"
FIGURE = "figure[data-drawn]"
PAGES = {
    f"/flow/limits/?scope=team:kite&{WINDOW}": FIGURE,
    f"/flow/limits/?scope=portfolio&{WINDOW}": FIGURE,
    "/flow/limits/?scope=team:falcon&as_of=2001-01-01": "main",
    # Its figures stand below the items about to miss what is expected: drawn when they come into view.
    f"/flow/expectations/?scope=stream:payments&{WINDOW}": "#late table",
    f"/flow/expectations/?scope=team:heron&{WINDOW}&propose=heron:": "details[open] form",
    "/flow/expectations/?scope=team:falcon&as_of=2001-01-01": "main",
}


@pytest.mark.parametrize("url", PAGES)
def test_a_page_is_fit_to_be_seen(on_site: Callable[..., Page], demo_site: str, url: str) -> None:
    audit_page(on_site(), f"{demo_site}{url}", ready=PAGES[url])


def test_a_change_is_said_refused_removed_and_brought_back(
    as_person: Callable[..., Page], live_server: LiveServer, cast: Cast
) -> None:
    source(cast.falcon, synced_at=at("2025-01-01"))
    page = as_person(cast.coach)
    with no_errors(page):
        page.goto(f"{live_server.url}/flow/limits/?scope=team:falcon&from=2025-01-06&to=2025-04-27")
        chart = page.locator("#wip")
        chart.get_by_text("The process changed on …").click()
        chart.get_by_label("The process changed on").fill("2025-03-03")
        chart.get_by_label("Last day that makes the limits").fill("2025-03-10")
        chart.get_by_label("What changed").fill("WIP limit halved")
        chart.get_by_role("button", name="Begin new limits").click()
        expect(chart.get_by_text("the earliest last day is 27 Apr 2025")).to_be_visible()
        expect(chart.get_by_label("What changed")).to_have_value("WIP limit halved")
        chart.get_by_label("Last day that makes the limits").fill("")
        chart.get_by_role("button", name="Begin new limits").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("New limits from 3 Mar 2025 on: WIP limit halved.")
    mark = cast.falcon.baselines.get()
    with no_errors(page):
        page.goto(f"{live_server.url}/flow/limits/baselines/{mark.pk}/?scope=team:falcon")
        audit_page(page, page.url, ready="main form")
        page.get_by_label("What changed").fill("Pairing")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("The baseline was saved.")


def test_an_expectation_is_set_and_undone(as_person: Callable[..., Page], live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.coach, 375)
    with no_errors(page):
        page.goto(f"{live_server.url}/flow/expectations/?scope=team:falcon")
        page.get_by_label("Days or less").fill("9")
        page.get_by_role("button", name="Set it").click()
        expect(page.get_by_role("status")).to_contain_text("85\u00a0% in 9 days is expected")
        expect(page.locator("#falcon")).to_contain_text("All types: 85\u00a0% in 9 days")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("h1")).to_have_text("Falcon: nothing is expected yet")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#falcon")).to_contain_text("All types: 85\u00a0% in 9 days")
        audit_page(page, f"{live_server.url}/flow/expectations/{cast.falcon.expectations.get().pk}/", ready="main form")
