"""Names that people typed are names in figures, whatever signs they hold: no link, no mark, no script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from tests.browser.pages import no_errors

pytestmark = pytest.mark.browser

FLOW = "/flow/?scope=team:heron&from=2025-04-01&to=2025-06-29&as_of=2025-06-29"
ODD = "<a href='https://elsewhere.example/'>In test</a><i>&"


def renamed(route: Route) -> None:
    """The page as if one of the statuses were called so: in JSON of the figures only, as json_script writes it."""
    answer = route.fetch()
    odd = ODD.replace("<", "\\u003C").replace(">", "\\u003E").replace("&", "\\u0026")
    text = answer.text()
    assert '"Ready for test"' in text
    route.fulfill(response=answer, body=text.replace('"Ready for test"', f'"{odd}"'))


def test_a_status_named_like_a_link_is_no_link(on_site: Callable[..., Page]) -> None:
    page = on_site()
    with no_errors(page):
        page.route("**/flow/?**", renamed)
        page.goto(FLOW)
        for figure in page.query_selector_all("figure[data-figure]"):
            figure.scroll_into_view_if_needed()
            figure.wait_for_selector(".main-svg")
    assert page.locator(".chart-box svg a").count() == 0
    drawn = " ".join(page.locator(".chart-box text").all_text_contents())
    assert "<a href='https://elsewh" in drawn
