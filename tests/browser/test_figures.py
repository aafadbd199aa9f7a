"""Figures in a real browser: drawn when seen, in the page's theme, without moving anything; a point leads somewhere."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import no_errors
from tests.waiting import until

pytestmark = pytest.mark.browser

FLOW = "/flow/?scope=team:heron&from=2025-04-01&to=2025-06-29&as_of=2025-06-29"


def boxes(page: Page) -> list[float]:
    return list(
        page.evaluate("[...document.querySelectorAll('.chart-box')].map((b) => b.getBoundingClientRect().height)")
    )


def draw_all(page: Page) -> None:
    for figure in page.query_selector_all("figure[data-figure]"):
        figure.scroll_into_view_if_needed()
        figure.wait_for_selector(".main-svg")


def test_figures_draw_when_they_are_seen_and_move_nothing(on_site: Callable[..., Page]) -> None:
    page = on_site()
    with no_errors(page):
        page.goto(FLOW)
        page.wait_for_selector("figure[data-drawn]")
        assert page.locator("figure[data-figure]").count() > page.locator("figure[data-drawn]").count() > 0
        before, height = boxes(page), page.evaluate("document.body.scrollHeight")
        draw_all(page)
        assert boxes(page) == before
        assert page.evaluate("document.body.scrollHeight") == height
    assert page.locator("canvas").count() == 0, "no WebGL"


def test_figures_follow_the_theme(on_site: Callable[..., Page]) -> None:
    page = on_site(color_scheme="light")
    page.goto(FLOW)
    page.wait_for_selector(".scatterlayer path.point")

    def colour() -> str:
        return str(page.evaluate("getComputedStyle(document.querySelector('.scatterlayer path.point')).fill"))

    assert colour() == "rgb(59, 111, 212)"
    page.emulate_media(color_scheme="dark")
    until(lambda: colour() != "rgb(59, 111, 212)", what="the dark colour")
    assert colour() == "rgb(122, 162, 247)"


def test_a_point_leads_to_its_item(on_site: Callable[..., Page]) -> None:
    page = on_site()
    page.goto(FLOW)
    point = page.wait_for_selector(".scatterlayer path.point")
    assert point is not None
    place = point.bounding_box()
    assert place is not None
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    page.wait_for_selector(".hoverlayer .hovertext")
    page.mouse.click(x, y)
    page.wait_for_url(re.compile(r"/items/\d+/$"))
    expect(page.locator("h1")).to_have_text(re.compile(r"[A-Z]{3}-\d+ "))


def test_without_a_script_the_numbers_are_there(on_site: Callable[..., Page]) -> None:
    page = on_site(java_script_enabled=False)
    page.goto(FLOW)
    expect(page.locator(".answer").first).to_be_visible()
    page.locator(".chart-data summary").first.click()
    assert page.locator(".chart-data").first.locator("tbody tr").count() > 10


def test_a_figure_says_its_answer_to_screen_readers(on_site: Callable[..., Page]) -> None:
    page = on_site()
    page.goto(FLOW)
    for widget in page.query_selector_all("section.widget:has(figure)"):
        answer = widget.query_selector(".answer")
        box = widget.query_selector(".chart-box")
        assert answer is not None
        assert box is not None
        assert box.get_attribute("aria-label") == answer.inner_text()
