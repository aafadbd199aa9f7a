"""Every page of figures, lists and sources, in both themes, wide and narrow, with the demo organisation in it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.pages import audit_page

pytestmark = pytest.mark.browser

WINDOW = "from=2025-04-01&to=2025-06-29&as_of=2025-06-29"
FIGURE = "figure[data-drawn]"
PAGES = {
    "/": "main",
    f"/?scope=stream:payments&{WINDOW}": "main",
    f"/flow/?scope=team:heron&{WINDOW}": FIGURE,
    f"/flow/?scope=portfolio&{WINDOW}": FIGURE,
    "/flow/?scope=team:falcon&as_of=2001-01-01": "main",
    f"/flow/times/?scope=team:heron&{WINDOW}": FIGURE,
    f"/flow/ageing/?scope=team:heron&{WINDOW}": FIGURE,
    f"/flow/ageing/?scope=portfolio&{WINDOW}": FIGURE,
    f"/flow/blocked/?scope=portfolio&{WINDOW}": FIGURE,
    f"/flow/mix/?scope=stream:payments&{WINDOW}": FIGURE,
    f"/flow/mix/?scope=portfolio&{WINDOW}": FIGURE,
    f"/flow/compare/?scope=stream:payments&{WINDOW}": FIGURE,
    f"/delivery/?scope=team:falcon&{WINDOW}": FIGURE,
    f"/delivery/?scope=portfolio&{WINDOW}": FIGURE,
    "/items/?scope=portfolio": "table",
    "/items/?scope=portfolio&q=nothing-at-all": ".empty",
    "/pull-requests/?scope=portfolio": "table",
    "/deployments/?scope=portfolio": "table",
    f"/explain/cycle_time/?scope=team:falcon&{WINDOW}": "table",
    f"/explain/flow_efficiency/?scope=team:falcon&{WINDOW}&show=all": "table",
    f"/explain/change_fail_rate/?scope=team:falcon&{WINDOW}&show=excluded": "main",
    "/sources/": "table",
    "/sources/add/": "main",
    "/sources/add/git/": "main form",
    "/sources/add/csv/": "main form",
    "/sources/add/github/": "main form",
    "/sources/add/jira/": "main form",
    "/sources/falcon-demo/": "table",
    "/sources/falcon-demo/quality/": "main",
    "/sources/falcon-demo/quality/?show=moved_between_teams": "table",
    "/sources/falcon-demo/mapping/": "table",
    "/sources/falcon-demo/settings/": "main form",
    "/sources/falcon-demo/delete/": "main form",
}


@pytest.mark.parametrize("url", PAGES)
def test_a_page_is_fit_to_be_seen(on_site: Callable[..., Page], demo_site: str, url: str) -> None:
    audit_page(on_site(), f"{demo_site}{url}", ready=PAGES[url])


@pytest.mark.parametrize(("listed", "first"), [("/items/?scope=team:heron", "tbody th a"), ("/sources/", "tbody td a")])
def test_a_page_behind_a_list_is_fit_to_be_seen(
    on_site: Callable[..., Page],
    demo_site: str,
    listed: str,
    first: str,
) -> None:
    page = on_site()
    page.goto(listed)
    audit_page(page, demo_site + str(page.get_attribute(first, "href")), ready="main")
