"""A whole increment planned by keyboard alone, from an empty board to the commitment: no mouse, no click by script."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from planning.actions.objectives import add_objective
from planning.models import Baseline, Card, Dependency, IncrementState, Objective, Risk, Roam
from tests.browser.plan_pages import SHOWN, card, said, stored
from tests.cast import Cast, make_cast
from tests.planning.cast import Planned, make_planned

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# More steps than a page has places for the keyboard.
MOST = 90
WHERE = "(there) => [there === document.activeElement, document.activeElement.outerHTML.slice(0, 90)]"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast, IncrementState.DRAFT)


def to(page: Page, place: Locator, key: str = "Tab") -> None:
    """Go on by Tab until the keyboard is there."""
    expect(place).to_be_visible()
    been = []
    for _ in range(MOST):
        page.keyboard.press(key)
        is_there, now = place.evaluate(WHERE)
        if is_there:
            return
        been.append(now)
    raise AssertionError(f"{place} is not reached by {key}:\n" + "\n".join(been))


def enter(page: Page, place: Locator) -> None:
    """Go there and press Enter; the next page is there then."""
    to(page, place)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def link(page: Page, name: str) -> Locator:
    return page.get_by_role("main").get_by_role("link", name=name, exact=True)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("main").get_by_role("button", name=name, exact=True)


def into(page: Page) -> None:
    """Past the navigation: the first place of every page leads to its content."""
    page.keyboard.press("Tab")
    # An address that names a place of the page ("#content", "#of-3") has the keyboard go on there.
    if "#" not in page.url:
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")


def write(page: Page, label: str, text: str) -> None:
    """Fill a field, or choose from a list by its first letters."""
    field = page.get_by_role("main").get_by_label(re.compile(f"^{label}"))
    to(page, field.and_(page.locator("input, select, textarea")))
    page.keyboard.type(text)


def send(page: Page) -> None:
    """Enter in a field of text sends its form."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def add(page: Page, title: str, size: str, place: str = "") -> None:
    into(page)
    write(page, "Title", title)
    if place:
        write(page, "Place", place)
    write(page, "Size", size)
    send(page)
    # Back on the board, the keyboard is on the new card.
    expect(card(page, title)).to_be_focused()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_an_increment_from_an_empty_board_to_the_commitment(
    as_person: Callable[..., Page], live_server: LiveServer, cast: Cast, plan: Planned
) -> None:
    page = as_person(cast.pmo)
    page.goto(f"{live_server.url}/planning/pi-26-1/")
    begin(page)
    put_cards(page, plan)
    depend(page)
    promise(page, plan)
    worry(page)
    commit(page)
    plan.increment.refresh_from_db()
    assert plan.increment.state == IncrementState.COMMITTED
    assert page.url.endswith("/planning/pi-26-1/#content")
    standing = Card.objects.order_by("pk").values_list("title", "lane__name", "iteration__number", "size", "version")
    assert list(standing) == [("Ledger", "Heron", 2, Decimal(5), 1), ("Refunds", "Falcon", 3, Decimal(8), 2)]
    needed = Dependency.objects.values_list("provider__title", "consumer__title", "needed_in__number", "agreement")
    assert list(needed) == [("Ledger", "Refunds", 2, "agreed")]
    assert Objective.objects.values_list("planned_value", "lane__name").get(
        is_committed=True, cards__title="Refunds"
    ) == (8, "Falcon")
    assert Risk.objects.get().roam == Roam.ACCEPTED
    assert len(Baseline.objects.get().plan["card"]) == 2


def begin(page: Page) -> None:
    into(page)
    enter(page, link(page, "Begin planning"))
    into(page)
    enter(page, button(page, "Begin"))
    into(page)
    enter(page, link(page, "Open the board"))


def put_cards(page: Page, plan: Planned) -> None:
    """Two cards by form, and one of them carried to its place."""
    into(page)
    enter(page, link(page, "Add a card"))
    add(page, "Ledger", "5", "Heron, Iteration 2")
    with page.expect_navigation():
        press(page, "n")
    expect(page.get_by_label("Place")).to_have_value(f"{plan.heron.pk}-{plan.iterations[1].pk}")
    add(page, "Refunds", "8", "Falcon, unplanned")
    expect(page.get_by_role("article", name="Refunds in Falcon, unplanned, 1 of 1")).to_be_focused()
    press(page, " ")
    said(page, "Refunds lifted. It is in Falcon, unplanned, place 1 of 1.")
    # Past the IP iteration and two more.
    press(page, *["ArrowLeft"] * 4)
    said(page, "Falcon, Iteration 3, place 1 of 1")
    press(page, " ")
    said(page, "You moved “Refunds” from Falcon, unplanned to Iteration 3.")
    expect(page.get_by_role("article", name="Refunds in Falcon, Iteration 3, 1 of 1")).to_be_focused()
    # One place in the Tab order for all cards: where the keyboard was last.
    expect(page.locator('[data-card][tabindex="0"]')).to_have_count(1)
    assert page.evaluate(SHOWN) == stored(plan.increment)


def depend(page: Page) -> None:
    """From the card: ask Heron for something, and answer for Heron with its card."""
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Refunds: Falcon, Iteration 3")
    into(page)
    enter(page, link(page, "Ask a team for something"))
    into(page)
    write(page, "Who provides it", "Heron: which")
    write(page, "What is needed", "The new ledger")
    send(page)
    into(page)
    write(page, "Card that provides it", "Ledger")
    enter(page, button(page, "Agree, with a card"))
    expect(page.locator("main")).to_contain_text("agreed")


def promise(page: Page, plan: Planned) -> None:
    """An objective of Falcon that needs a card, and its value."""
    into(page)
    enter(page, link(page, "Objectives"))
    into(page)
    enter(page, link(page, "Write an objective"))
    into(page)
    write(page, "Objective", "Customers get refunds within a day")
    write(page, "Whose", "Falcon")
    to(page, page.get_by_label("Refunds (Falcon, Iteration 3)"))
    press(page, " ")
    enter(page, button(page, "Write it down"))
    into(page)
    values = link(page, "Give values of Falcon")
    to(page, values)
    # Others go on: the page reads itself again, and the keyboard stays where it was.
    add_objective(actor=None, increment=plan.increment, lane=plan.kite, title="Payments survive a cut line")
    expect(page.locator("h1")).to_contain_text("2 objectives")
    expect(values).to_be_focused()
    with page.expect_navigation():
        press(page, "Enter")
    into(page)
    write(page, "Customers get refunds within a day", "8")
    send(page)


def worry(page: Page) -> None:
    """A risk, answered on its board: lifted, carried to "Accepted", dropped."""
    into(page)
    enter(page, link(page, "Risks"))
    into(page)
    enter(page, link(page, "Write down a risk"))
    into(page)
    write(page, "What may happen", "The bank is late, so refunds are too")
    enter(page, button(page, "Write it down"))
    into(page)
    risk = page.locator("[data-board-card]")
    to(page, risk)
    press(page, " ")
    voice = page.locator("[data-board-said]")
    expect(voice).to_contain_text("It is in Not discussed, column 1 of 5")
    # Past resolved and owned.
    press(page, *["ArrowRight"] * 3)
    expect(voice).to_have_text("Accepted, column 4 of 5")
    press(page, " ")
    expect(page.locator("h1")).to_have_text("the one risk is answered")
    expect(risk).to_be_focused()


def commit(page: Page) -> None:
    into(page)
    enter(page, link(page, "Increment"))
    into(page)
    enter(page, link(page, "Commit to the plan"))
    into(page)
    enter(page, button(page, "Commit"))
    expect(page.get_by_role("listitem").filter(has_text="Committed")).to_have_attribute("aria-current", "step")
