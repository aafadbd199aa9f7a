"""Pictures of every page with the demo organisation in it: `make screenshots`, or `python -m bench.screenshots`.

Both themes at 1280 and 375 px go to screenshots/ (not kept in git), to be looked at; two pictures of the README go to
docs/images/. With PORTAL=http://host:port a portal that runs already is photographed.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.pages import FLAGS, WIDTHS
from tests.stack.portal import new_portal
from tests.waiting import until

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "overview": "/",
    "stream": "/?scope=stream:payments",
    "flow-team": "/flow/?scope=team:heron",
    "flow-portfolio": "/flow/?scope=portfolio",
    "flow-times": "/flow/times/?scope=team:heron",
    "flow-ageing": "/flow/ageing/?scope=team:heron",
    "flow-blocked": "/flow/blocked/?scope=portfolio",
    "flow-mix": "/flow/mix/?scope=stream:payments",
    "flow-compare": "/flow/compare/?scope=stream:payments",
    "delivery-team": "/delivery/?scope=team:falcon",
    "delivery-portfolio": "/delivery/?scope=portfolio",
    "items": "/items/?scope=team:falcon",
    "pull-requests": "/pull-requests/?scope=team:falcon",
    "deployments": "/deployments/?scope=team:falcon",
    "explanation": "/explain/cycle_time/?scope=team:falcon",
    "sources": "/sources/",
    "source": "/sources/falcon-demo/",
    "source-mapping": "/sources/falcon-demo/mapping/",
    "source-choose": "/sources/add/",
    "source-add": "/sources/add/git/",
    "organisation": "/organisation/",
    "team": "/organisation/teams/falcon/",
    "profile": "/profile/",
    "n-a": "/flow/?scope=team:falcon&as_of=2001-01-01",
    "wrong": "/flow/?scope=team:falcon&from=2026-02-30",
}
# Of the increment on the table, of the one under way, of the one that is over.
TABLE = {
    "plan": "",
    "plan-board": "board/",
    "plan-dependencies": "dependencies/",
    "plan-matrix": "dependencies/matrix/",
    "plan-capacity": "capacity/",
    "plan-objectives": "objectives/",
    "plan-risks": "risks/",
    "plan-repair": "repair/",
    "plan-event": "event/",
    "plan-files": "files/",
    "plan-feed": "feed/",
    "plan-rows": "rows/order/",
    "plan-taken-off": "taken-off/",
}
UNDER_WAY = {"plan-committed-board": "board/", "plan-changes": "changes/"}
OVER = {"plan-closed": "", "plan-looking-back": "looking-back/"}
PLANNING = {"planning": "/planning/", "plan-inbox": "/planning/inbox/", "dependencies": "/planning/dependencies/"}
IN_README = {"overview": "overview", "flow-team": "flow"}


@contextmanager
def portal() -> Iterator[str]:
    """The address of a portal with the whole demo organisation, synced."""
    if given := os.environ.get("PORTAL"):
        yield given
        return
    with new_portal() as fresh:
        fresh.up()
        until(fresh.healthy, 120, what="the portal")
        print(fresh.manage("demo", "--wait").stdout.strip())
        yield f"http://127.0.0.1:{fresh.port}"


def log_in(page: Page) -> None:
    from connectors.demo.people import PASSWORD

    page.goto("/login/")
    page.fill("input[name=username]", "pmo@demo.example")
    page.fill("input[name=password]", PASSWORD)
    page.click("form button.primary")
    page.wait_for_url(lambda url: "/login/" not in url)


def settle(page: Page) -> None:
    """Bring every figure into view once, so that all are drawn, and go back to the top."""
    for figure in page.query_selector_all("figure[data-figure]"):
        figure.scroll_into_view_if_needed()
        figure.wait_for_selector(".main-svg")
    page.evaluate("window.scrollTo(0, 0)")


def context_of(browser: Browser, url: str, theme: str, width: int) -> BrowserContext:
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": theme, "base_url": url}
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(120_000)
    return context


def planning_pages(page: Page) -> dict[str, str]:
    """The pages of planning: its increments are named by the quarter in which the demo was loaded."""
    page.goto("/planning/")
    boards = page.locator("a[href$='/board/']").evaluate_all("(links) => links.map((link) => link.pathname)")
    slugs = sorted({re.sub(r"^/planning/|/board/$", "", one) for one in boards})
    money = [slug for slug in slugs if slug.startswith("money-")]
    customer = [slug for slug in slugs if slug.startswith("customer-")]
    found = dict(PLANNING)
    for slug, pages in ((money[-1:], TABLE), (customer[-1:], UNDER_WAY), (money[:1], OVER)):
        found |= {name: f"/planning/{slug[0]}/{path}" for name, path in pages.items() if slug}
    page.goto(found["plan-board"])
    card = page.locator("[data-card]").first.get_attribute("data-card")
    return found | {"plan-card": f"/planning/cards/{card}/", "plan-chance": f"/planning/cards/{card}/chance/"}


def photograph(page: Page, theme: str, width: int, folder: Path) -> None:
    item = ""
    for name, path in (PAGES | planning_pages(page)).items():
        page.goto(path)
        settle(page)
        page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)
        if name in IN_README and (theme, width) == ("light", 1280):
            page.screenshot(path=ROOT / "docs" / "images" / f"{IN_README[name]}.png")
        if name == "items":
            item = page.get_attribute("tbody th a", "href") or ""
    page.goto(item)
    page.screenshot(path=folder / f"item-{theme}-{width}.png", full_page=True)


def main() -> None:
    # Only the demo's password is asked of Django here; the portal itself runs in processes and a home of its own.
    os.environ |= {"DJANGO_SETTINGS_MODULE": "vmo.settings", "SECRET_KEY": "only to read the demo's password"}
    django.setup()
    folder = ROOT / "screenshots"
    for path in (folder, ROOT / "docs" / "images"):
        path.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    with portal() as url, sync_playwright() as playwright:
        executable = chromium if os.path.exists(chromium) else None
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for theme in ("light", "dark"):
            for width in WIDTHS:
                page = context_of(browser, url, theme, width).new_page()
                log_in(page)
                photograph(page, theme, width, folder)
                print(f"{theme} {width}: {len(list(folder.glob(f'*-{theme}-{width}.png')))} pages in {folder.name}/")


if __name__ == "__main__":
    sys.exit(main())
