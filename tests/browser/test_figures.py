"""Figures in a real browser: drawn when seen, in the page's theme, without moving anything; a point leads somewhere."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import no_errors
from tests.waiting import until

pytestmark = pytest.mark.browser

TIMES = "/flow/times/?scope=team:heron&from=2025-04-01&to=2025-06-29&as_of=2025-06-29"
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
    page.goto(TIMES)
    page.wait_for_selector(".scatterlayer path.point")

    def colour() -> str:
        return str(page.evaluate("getComputedStyle(document.querySelector('.scatterlayer path.point')).fill"))

    assert colour() == "rgb(59, 111, 212)"
    page.emulate_media(color_scheme="dark")
    until(lambda: colour() != "rgb(59, 111, 212)", what="the dark colour")
    assert colour() == "rgb(122, 162, 247)"


def test_a_point_leads_to_its_item(on_site: Callable[..., Page]) -> None:
    page = on_site()
    page.goto(TIMES)
    point = page.wait_for_selector(".scatterlayer path.point")
    assert point is not None
    place = point.bounding_box()
    assert place is not None
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    page.wait_for_selector(".hoverlayer .hovertext")
    page.mouse.click(x, y)
    page.wait_for_url(re.compile(r"/items/\d+/(\?|$)"))
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


PNG = b"\x89PNG\r\n\x1a\n"


def linked(page: Page) -> Locator:
    """The first figure of the page whose points lead to items, drawn."""
    figure = page.locator("figure:has(.chart-box[data-links])").first
    figure.scroll_into_view_if_needed()
    figure.locator(".main-svg").first.wait_for()
    return figure


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_is_downloaded_as_a_picture_named_after_page_and_question(
    on_site: Callable[..., Page], tmp_path: Path, theme: str
) -> None:
    page = on_site(color_scheme=theme, accept_downloads=True)
    with no_errors(page):
        page.goto(TIMES)
        figure = linked(page)
        question = str(page.locator("section.widget", has=figure).first.get_attribute("aria-label"))
        with page.expect_download() as waited:
            figure.locator("[data-png]").click()
        path = tmp_path / "figure.png"
        waited.value.save_as(path)
    found = path.read_bytes()
    assert found.startswith(PNG)
    # Width and height stand first in a PNG: twice the 1000 px of the layout.
    width, height = (int.from_bytes(found[n : n + 4]) for n in (16, 20))
    assert width == 2000
    assert height > 500
    words = re.sub(r"\W+", "-", question.lower()).strip("-")
    assert waited.value.suggested_filename == f"times-of-heron-{words}.png"


def test_without_a_script_no_picture_is_offered(on_site: Callable[..., Page]) -> None:
    page = on_site(java_script_enabled=False)
    page.goto(TIMES)
    expect(page.locator("[data-png]").first).to_be_hidden()
    expect(page.locator(".widget footer a", has_text="CSV").first).to_be_visible()


def test_the_keyboard_walks_the_points_and_enter_opens_one(on_site: Callable[..., Page]) -> None:
    page = on_site()
    page.goto(TIMES)
    box = linked(page).locator(".chart-box")
    box.focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("p[role=status]").last.inner_text()
    assert re.match(r"[A-Z]{3}-\d+ ", first)
    page.keyboard.press("ArrowRight")
    expect(page.locator("p[role=status]").last).not_to_have_text(first)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("p[role=status]").last).to_have_text(first)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/items/\d+/(\?|$)"))
    assert first.split(" ")[0] in page.locator("h1").inner_text()


def test_the_table_is_one_step_from_a_figure_and_its_rows_lead_to_items(on_site: Callable[..., Page]) -> None:
    page = on_site()
    page.goto(TIMES)
    figure = linked(page)
    figure.locator(".chart-box").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Data as a table"
    page.keyboard.press("Enter")
    row = figure.locator("tbody tr").first
    expect(row).to_be_visible()
    page.keyboard.press("Tab")  # the table itself, which scrolls
    page.keyboard.press("Tab")
    key = str(page.evaluate("document.activeElement.textContent")).split(" ")[0]
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/items/\d+/(\?|$)"))
    assert key in page.locator("h1").inner_text()


def test_nothing_moves_for_those_who_asked_for_less_motion(on_site: Callable[..., Page]) -> None:
    page = on_site(reduced_motion="reduce")
    page.goto(TIMES)
    figure = linked(page)
    slowest = page.evaluate(
        """(figure) => Math.max(...[figure, ...figure.querySelectorAll("*")].flatMap((one) => {
            const style = getComputedStyle(one);
            return [...style.transitionDuration.split(","), ...style.animationDuration.split(",")].map(parseFloat);
        }))""",
        figure.element_handle(),
    )
    assert slowest <= 0.001


def test_figures_fit_the_narrowest_screen(on_site: Callable[..., Page]) -> None:
    page = on_site(width=320)
    page.goto(TIMES)
    draw_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert all(height in {180.0, 260.0, 380.0} for height in boxes(page))


def test_paper_is_light_for_those_who_read_in_the_dark(on_site: Callable[..., Page]) -> None:
    page = on_site(color_scheme="dark")
    page.goto(TIMES)
    linked(page)

    def colour() -> str:
        return str(page.evaluate("getComputedStyle(document.querySelector('.scatterlayer path.point')).fill"))

    assert colour() == "rgb(122, 162, 247)"
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    until(lambda: colour() == "rgb(59, 111, 212)", what="the colour on paper")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    until(lambda: colour() == "rgb(122, 162, 247)", what="the colour on the screen")
