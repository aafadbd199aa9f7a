"""The planning board in a browser: finding cards and cells, and what its strings must never do."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from planning.models import Card

# The log is asked every 3 s, and machines are busy.
expect.set_options(timeout=20_000)
# No live process runs here: the page is told so, and asks the log instead. A 409 is what is tested.
NO_STREAM = ("/live/", "ERR_CONNECTION_REFUSED", "ERR_FAILED")

# Every string, walked along in small steps: where does a step lie inside a card?
CROSSINGS = """() => {
    const inside = [];
    const cards = [...document.querySelectorAll("[data-plan-grid] [data-card]")]
        .filter((card) => card.getClientRects().length)
        .map((card) => ({ name: card.dataset.name, box: card.getBoundingClientRect() }));
    const zero = document.querySelector(".plan-strings").getBoundingClientRect();
    for (const line of document.querySelectorAll(".plan-strings .line")) {
        const length = line.getTotalLength();
        for (let at = 1; at < length - 1; at += 3) {
            const { x, y } = line.getPointAtLength(at);
            const hit = cards.find(({ box }) => zero.left + x > box.left + 1 && zero.left + x < box.right - 1
                && zero.top + y > box.top + 1 && zero.top + y < box.bottom - 1);
            if (hit) { inside.push(`${line.parentNode.dataset.string} over ${hit.name}`); break; }
        }
    }
    return inside;
}"""

# The board as the page shows it: cell → names in their order.
SHOWN = """() => Object.fromEntries([...document.querySelectorAll("[data-cell]")]
    .map((cell) => [cell.dataset.cell, [...cell.querySelectorAll("[data-card]")]])
    .map(([cell, cards]) => [cell, cards.map((card) => Number(card.dataset.card))])
    .filter(([, cards]) => cards.length))"""


def cell(page: Page, label: str) -> Locator:
    return page.locator(f'[data-cell][data-label="{label}"]')


def card(page: Page, name: str) -> Locator:
    return page.locator(f'[data-card][data-name="{name}"]')


def stands(page: Page, name: str, label: str) -> None:
    """The card is there, sooner or later."""
    expect(cell(page, label).locator(f'[data-card][data-name="{name}"]')).to_be_visible()


def said(page: Page, text: str) -> None:
    expect(page.locator("[data-plan-said]")).to_contain_text(text)


def ready(page: Page, url: str) -> Page:
    """Open a board and wait until its script has drawn it."""
    page.goto(url)
    expect(page.locator("[data-plan-count]")).to_contain_text("card")
    return page


def stored(increment: Any) -> dict[str, list[int]]:
    """The board as the database holds it, in the shape of SHOWN."""
    found: dict[str, list[int]] = {}
    for row in Card.objects.filter(increment=increment, removed_at=None).order_by("rank"):
        key = f"{row.lane_id}-{row.iteration_id or 'none'}" if row.lane_id else "parking"
        found.setdefault(key, []).append(row.pk)
    return found
