"""The pages of forecasts in a real browser: fit to be seen, what if by keyboard, commit, withdraw, and back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import NARROWEST, audit_page, no_errors, too_wide

pytestmark = pytest.mark.browser

AS_OF = "as_of=2025-06-29"
# On a phone the first figure is below the questions: it is drawn when somebody scrolls there.
FIGURE = "main figure"
PAGES = {
    f"/flow/forecast/?scope=team:falcon&{AS_OF}": FIGURE,
    f"/flow/forecast/?scope=stream:payments&{AS_OF}&persons=1&what_if_wip_limit=2": FIGURE,
    f"/flow/forecast/?scope=portfolio&{AS_OF}": FIGURE,
    "/flow/forecast/?scope=team:falcon&as_of=2024-12-31": ".empty",
    "/flow/calibration/?scope=stream:payments": ".empty",
}


@pytest.mark.parametrize("url", PAGES)
def test_a_page_is_fit_to_be_seen(on_site: Callable[..., Page], demo_site: str, url: str) -> None:
    audit_page(on_site(), f"{demo_site}{url}", ready=PAGES[url])


def test_bad_values_are_said_at_their_fields_and_kept(on_site: Callable[..., Page], demo_site: str) -> None:
    page = on_site()
    bad = f"{demo_site}/flow/forecast/?scope=team:falcon&{AS_OF}&by=2025-01-01&persons=half"
    audit_page(page, bad, ignore=("400",), ready=".field-error")
    expect(page.get_by_label("People more (or fewer)")).to_have_value("half")
    expect(page.get_by_text("Choose a day after 29 Jun 2025")).to_be_visible()


def test_what_if_is_asked_by_keyboard_and_lives_in_the_address(on_site: Callable[..., Page]) -> None:
    page = on_site()
    with no_errors(page):
        page.goto(f"/flow/forecast/?scope=team:falcon&{AS_OF}&items=30")
        page.get_by_label("Items dropped").focus()
        page.keyboard.type("10")
        page.keyboard.press("Enter")
        page.wait_for_url("**drop_items=10**")
    assert "items=30" in page.url
    expect(page.get_by_text("Imagined: 10 items dropped.")).to_be_visible()
    line = page.get_by_role("row", name=re.compile("30 items \\(then 20\\) finished, 85"))
    expect(line).to_contain_text("earlier")
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    assert not too_wide(page)
    page.get_by_role("link", name="Back to base").click()
    expect(page.get_by_text("Imagined:")).to_have_count(0)
    assert "items=30" in page.url


def test_a_forecast_is_committed_to_shown_and_withdrawn(on_site: Callable[..., Page]) -> None:
    page = on_site()
    page.goto("/flow/forecast/?scope=team:falcon&as_of=2025-06-29&items=30&by=2025-08-29")
    with no_errors(page):
        page.get_by_label("Team’s vote").fill("3.6")
        page.get_by_role("button", name="Commit to this").click()
        page.wait_for_url("**/flow/forecasts/*/**")
        expect(page.get_by_role("status")).to_contain_text("Committed to: 30 items")
        expect(page.get_by_role("heading", level=1)).to_contain_text("30 items by 29 Aug 2025")
        page.wait_for_selector(FIGURE)
    stored = page.url
    audit_page(page, stored, ready=FIGURE)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/flow/forecast/?scope=team:falcon&as_of=2025-06-29")
    expect(page.get_by_role("row", name=re.compile("30 items 29 Aug 2025"))).to_be_visible()


def test_a_commitment_that_has_become_void_is_withdrawn_and_that_undone(on_site: Callable[..., Page]) -> None:
    page = on_site()
    page.goto("/flow/forecast/?scope=team:falcon&as_of=2025-06-29&items=300&by=2034-08-29")
    page.get_by_role("button", name="Commit to this").click()
    page.wait_for_url("**/flow/forecasts/*/**")
    with no_errors(page):
        page.get_by_role("button", name="Withdraw it").press("Enter")
        expect(page.get_by_text("Withdrawn: it is not scored.")).to_be_visible()
        page.get_by_role("button", name="Undo").press("Enter")
        expect(page.get_by_text("Open until the end of 29 Aug 2034.")).to_be_visible()
