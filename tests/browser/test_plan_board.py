"""The planning board in real browsers: moves, conflicts, undo, offline and catch-up, by keyboard alone, its strings."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from planning.actions.capacities import set_capacity
from planning.actions.cards import move_card, remove_card
from planning.actions.dependencies import decline_dependency
from planning.models import BoardView, Card, Dependency
from planning.queries.board import board_of
from planning.queries.findings import finding_of
from portfolio.models import Membership
from tests.browser.pages import audit_page, no_errors
from tests.browser.plan_pages import CROSSINGS, NO_STREAM, SHOWN, card, cell, ready, said, stands, stored
from tests.cast import Cast, make_cast
from tests.planning.cast import Planned, make_planned

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


@pytest.fixture
def plan(cast: Cast) -> Planned:
    """Refunds of Falcon need Ledger of Heron (earlier), Tokens of Kite (later) and Scheme of the bank (unplanned)."""
    made = make_planned(cast)
    ledger = made.card("Ledger", made.heron, 1, size=8, unit="items")
    tokens = made.card("Tokens", made.kite, 4, size=5, unit="items")
    scheme = made.card("Scheme", made.bank)
    refunds = made.card("Refunds", made.falcon, 3, size=13, unit="items", key="PAY-92")
    made.card("Disputes", made.falcon, 3, size=5, unit="items", key="PAY-97")
    for provider in (ledger, tokens, scheme):
        made.need(provider, refunds)
    return made


@pytest.fixture
def url(live_server: LiveServer, plan: Planned) -> str:
    return f"{live_server.url}/planning/pi-26-1/board/"


def test_two_people_move_cards_meet_and_take_back(as_person: Open, url: str, cast: Cast) -> None:
    first, second = ready(as_person(cast.pmo), url), ready(as_person(cast.coach), url)
    card(first, "Refunds").drag_to(cell(first, "Falcon, Iteration 5"), target_position={"x": 40, "y": 50})
    expect(first.locator("[data-plan-messages]")).to_contain_text(
        "You moved PAY-92 from Falcon, Iteration 3 to Iteration 5"
    )
    stands(second, "Refunds", "Falcon, Iteration 5")
    expect(second.locator("[data-plan-news]")).to_contain_text("Pia Ito moved PAY-92")
    # The other one has the same card in the hand when it is moved, hears of it, and puts it elsewhere.
    card(second, "Refunds").focus()
    second.keyboard.press(" ")
    said(second, "Refunds lifted. It is in Falcon, Iteration 5")
    card(first, "Refunds").drag_to(cell(first, "Falcon, Iteration 2"), target_position={"x": 40, "y": 50})
    said(second, "Pia Ito moved PAY-92 from Falcon, Iteration 5 to Iteration 2 while you hold it.")
    for key in ("ArrowLeft", " "):
        second.keyboard.press(key)
    dialog = second.locator("[data-plan-dialog]")
    expect(dialog).to_contain_text("Pia Ito moved PAY-92 from Falcon, Iteration 5 to Iteration 2")
    # Nothing was written, the card is where the other one put it, and one key does it again on what is there now.
    stands(second, "Refunds", "Falcon, Iteration 2")
    second.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    for page in (first, second):
        stands(page, "Refunds", "Falcon, Iteration 4")
    expect(card(second, "Refunds")).to_be_focused()
    second.keyboard.press("Control+z")
    for page in (first, second):
        stands(page, "Refunds", "Falcon, Iteration 2")


def test_the_place_in_a_cell_and_what_it_carries(as_person: Open, url: str, cast: Cast, plan: Planned) -> None:
    page = ready(as_person(cast.pmo), url)
    there = cell(page, "Falcon, Iteration 3")
    expect(there.locator("[data-load]")).to_contain_text("18 /")
    # Below the last card of the cell: the end of it.
    card(page, "Tokens").drag_to(card(page, "Disputes"), target_position={"x": 30, "y": 40})
    expect(page.locator("[data-plan-messages]")).to_contain_text("You moved")
    expect(there.locator("[data-load]")).to_contain_text("23 /")
    assert page.evaluate(SHOWN) == stored(plan.increment)
    names = there.locator("[data-card]").evaluate_all("(cards) => cards.map((card) => card.dataset.name)")
    assert names == ["Refunds", "Disputes", "Tokens"]


def test_a_browser_that_was_offline_ends_with_the_same_board(
    as_person: Open, url: str, cast: Cast, plan: Planned
) -> None:
    page, other = ready(as_person(cast.pmo), url), ready(as_person(cast.coach), url)
    page.context.set_offline(True)
    expect(page.locator("[data-live-sign]")).to_have_attribute("data-live-state", "lost")
    refunds, disputes = Card.objects.get(title="Refunds"), Card.objects.get(title="Disputes")
    # Moved while nobody can be asked: it goes back, and that is said.
    card(page, "Ledger").focus()
    for key in (" ", "ArrowRight", " "):
        page.keyboard.press(key)
    said(page, "the portal cannot be reached")
    stands(page, "Ledger", "Heron, Iteration 1")
    card(other, "Ledger").focus()
    for key in (" ", "ArrowRight", " "):
        other.keyboard.press(key)
    expect(other.locator("[data-plan-messages]")).to_contain_text("You moved")
    for column in plan.iterations:
        move_card(actor=cast.pmo, card=refunds, lane=plan.heron, iteration=column)
    remove_card(actor=cast.pmo, card=disputes)
    plan.card("Receipts", plan.kite, 2)
    page.context.set_offline(False)
    for one in (page, other):
        stands(one, "Refunds", "Heron, IP iteration")
        stands(one, "Ledger", "Heron, Iteration 2")
        expect(card(one, "Disputes")).to_have_count(0)
        stands(one, "Receipts", "Kite, Iteration 2")
        assert one.evaluate(SHOWN) == stored(plan.increment)
    # Ledger is earlier, Tokens are earlier now too: one string is left to solve.
    expect(page.locator(".plan-strings .string.healthy")).to_have_count(2)
    expect(page.locator(".plan-strings .string.unplanned")).to_have_count(1)


def test_a_whole_increment_by_keyboard_alone(as_person: Open, url: str, cast: Cast, plan: Planned) -> None:
    """From unplanned to iterations 1 to 3, each step said; a row of others is refused; Escape puts back."""
    for name in ("One", "Two", "Three"):
        plan.card(name, plan.falcon)
    page = ready(as_person(cast.member), url)
    card(page, "One").focus()
    for place, name in enumerate(("One", "Two", "Three"), start=1):
        card(page, name).focus()
        page.keyboard.press(" ")
        said(page, f"{name} lifted. It is in Falcon, unplanned")
        for _ in range(7 - place):
            page.keyboard.press("ArrowLeft")
        said(page, f"Falcon, Iteration {place}, place 1 of")
        page.keyboard.press(" ")
        expect(page.locator("[data-plan-messages]")).to_contain_text(f"Iteration {place}.")
        expect(card(page, name)).to_be_focused()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    said(page, "Three is back in Falcon, Iteration 3")
    # Max is a member of Falcon only.
    card(page, "Ledger").focus()
    page.keyboard.press(" ")
    said(page, "Ledger stays: it stands in a row that is not yours to plan.")
    # Without a card in the hand the arrows go from card to card, Enter opens, the menu does the same by form.
    page.keyboard.press("ArrowUp")
    expect(card(page, "One")).to_be_focused()
    page.keyboard.press("m")
    page.get_by_label("Place", exact=True).select_option(label="Falcon, Iteration 2")
    page.get_by_role("button", name="Move it").click()
    stands(page, "One", "Falcon, Iteration 2")
    assert page.evaluate(SHOWN) == stored(plan.increment)


def test_the_heading_goes_along(as_person: Open, url: str, cast: Cast, plan: Planned) -> None:
    """Reckoned by the page while cards move, and by the portal when it makes the page: the same sentence."""
    page = ready(as_person(cast.pmo), url)
    tokens = Card.objects.get(title="Tokens")
    held = Dependency.objects.get(provider__title="Ledger")
    third = plan.iterations[2]
    steps: list[tuple[str, Callable[[], object]]] = [
        ("1 conflict to solve", lambda: None),
        # Refunds and Disputes of Falcon are 13 + 5 items in iteration 3.
        (
            "1 conflict to solve, Falcon, Iteration 3 is over capacity",
            lambda: set_capacity(
                actor=cast.pmo, lane=plan.falcon, iteration=third, amount=Decimal(17), reason="two are away"
            ),
        ),
        (
            "Falcon, Iteration 3 is over capacity",
            lambda: move_card(actor=cast.pmo, card=tokens, lane=plan.kite, iteration=plan.iterations[1]),
        ),
        (
            "1 declined dependency, Falcon, Iteration 3 is over capacity",
            lambda: decline_dependency(actor=cast.pmo, dependency=held, note="no time"),
        ),
        # 13 of 17 is below amber.
        ("1 declined dependency", lambda: remove_card(actor=cast.pmo, card=Card.objects.get(title="Disputes"))),
        (
            "2 of 3 cards stand in an iteration",
            lambda: remove_card(actor=cast.pmo, card=Card.objects.get(title="Refunds")),
        ),
    ]
    for sentence, write in steps:
        write()
        # As when a connection comes back: the log is asked at once.
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(page.locator("h1")).to_have_text(f"PI 26.1: {sentence}")
        plan.increment.refresh_from_db()
        assert finding_of(board_of(plan.increment, cast.pmo)) == f"PI 26.1: {sentence}"
    for one in Card.objects.filter(removed_at=None):
        remove_card(actor=cast.pmo, card=one)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("h1")).to_have_text("PI 26.1 has no cards yet")


def test_what_is_heard_of_the_board(as_person: Open, url: str, cast: Cast, plan: Planned) -> None:
    page = ready(as_person(cast.pmo), url)
    table = page.get_by_role("table", name="Rows by value stream, iterations as columns, cards in their cells")
    expect(table.get_by_role("columnheader", name="Iteration 1 5 Jan – 16 Jan")).to_be_visible()
    # A row is called by its name alone, whatever else stands in its head.
    expect(table.get_by_role("rowheader", name="Falcon", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Rows and iterations")).to_have_accessible_description(
        re.compile("arrow keys go from card to card, Space lifts one")
    )
    there = table.get_by_role("list", name="Falcon, Iteration 3")
    expect(there.get_by_role("article", name="Refunds in Falcon, Iteration 3, 1 of 2", exact=True)).to_be_visible()
    disputes = card(page, "Disputes")
    expect(disputes).to_have_accessible_name("Disputes in Falcon, Iteration 3, 2 of 2")
    expect(disputes).to_have_accessible_description("PAY-97 · 5 items")
    # Others move: the names of those that stay go along.
    move_card(actor=cast.pmo, card=Card.objects.get(title="Refunds"), lane=plan.falcon, iteration=plan.iterations[3])
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(disputes).to_have_accessible_name("Disputes in Falcon, Iteration 3, 1 of 1")
    expect(card(page, "Refunds")).to_have_accessible_name("Refunds in Falcon, Iteration 4, 1 of 1")
    expect(card(page, "Refunds")).to_have_accessible_description(re.compile("Needs Tokens of Kite: at risk, agreed."))
    # Tab comes to the cards once. Where somebody takes the card away under the keyboard, it goes on from there.
    disputes.focus()
    expect(page.locator('[data-card][tabindex="0"]')).to_have_count(1)
    plan.card("Receipts", plan.falcon, 3)
    remove_card(actor=cast.pmo, card=Card.objects.get(title="Disputes"))
    page.evaluate("dispatchEvent(new Event('online'))")
    said(page, "Disputes was taken off the board. You are on Receipts in Falcon, Iteration 3, place 1 of 1.")
    expect(card(page, "Receipts")).to_be_focused()


def test_strings_say_three_things_and_cross_no_card(as_person: Open, url: str, cast: Cast, plan: Planned) -> None:
    for number in range(1, 7):
        plan.card(f"Between {number}", plan.heron, number)
    for consumer in ("Disputes", "Ledger", "Between 5"):
        plan.need(Card.objects.get(title="Tokens"), Card.objects.get(title=consumer), agreement="requested")
    plan.need(Card.objects.get(title="Ledger"), Card.objects.get(title="Disputes"), agreement="declined")
    page = ready(as_person(cast.pmo), url)
    expect(page.locator(".plan-strings .string")).to_have_count(7)
    assert page.evaluate(CROSSINGS) == []
    counts = page.locator("[data-plan-count]")
    expect(counts).to_contain_text("7 strings; of all, 3 in conflict, 1 unplanned, 1 declined")
    page.locator("[data-strings-view]").select_option("problems")
    expect(page.locator(".plan-strings .string")).to_have_count(5)
    expect(page.locator(".plan-strings .string.declined")).to_have_count(1)
    page.locator("[data-strings-view]").select_option("card")
    card(page, "Ledger").focus()
    expect(page.locator(".plan-strings .string")).to_have_count(3)
    expect(card(page, "Tokens")).to_have_attribute("data-linked", "conflict")
    page.locator("[data-strings-view]").select_option("all")
    # A folded row keeps its strings, at the head of its cells; a search hides cards, and says what went with them.
    page.get_by_role("button", name="Heron", exact=True).click()
    expect(page.locator(".plan-strings .string")).to_have_count(7)
    page.get_by_role("searchbox").fill("refunds")
    expect(counts).to_contain_text("1 of 11 cards")
    expect(counts).to_contain_text("7 lead to cards that are not on view")


def test_how_i_look_at_it_is_mine(as_person: Open, url: str, cast: Cast, plan: Planned) -> None:
    page = ready(as_person(cast.pmo), url)
    # The rows of a stream stay together: Heron steps among its own, Kite takes its stream (itself) past both of them,
    # and Bank stays below what it has passed.
    for name, told in (
        ("Heron", "Heron is row 1 of 5"),
        ("Kite", "Kite is row 1 of 5"),
        ("Bank", "Bank is row 2 of 5"),
    ):
        with page.expect_response("**/view/"):
            page.get_by_role("button", name=f"Move the row {name}").press("ArrowUp")
        said(page, f"{told} for you")
    page.get_by_role("button", name="Move the row Kite").press("ArrowUp")
    said(page, "The board begins here")
    order = ["Kite", "Bank", "Heron", "Falcon", "Milestones"]
    names = "(rows) => rows.map((row) => row.dataset.name)"
    assert page.locator("[data-lane]").evaluate_all(names) == order
    with page.expect_response("**/view/"):
        page.get_by_role("button", name="Dense").click()
    with page.expect_response("**/view/"):
        page.get_by_role("button", name="Falcon", exact=True).click()
    view = BoardView.objects.get(user=cast.pmo)
    assert (view.lanes[0], view.folded, view.density) == (plan.kite.pk, [plan.falcon.pk], "dense")
    ready(page, url)
    expect(page.get_by_role("button", name="Falcon", exact=True)).to_have_attribute("aria-expanded", "false")
    assert page.locator("[data-lane]").evaluate_all(names) == order
    ready(other := as_person(cast.coach), url)
    expect(other.get_by_role("button", name="Falcon", exact=True)).to_have_attribute("aria-expanded", "true")


def test_who_only_reads(as_person: Open, url: str, cast: Cast, plan: Planned) -> None:
    page = as_person(cast.viewer)
    with no_errors(page, NO_STREAM):
        ready(page, url)
        card(page, "Refunds").focus()
        page.keyboard.press(" ")
        said(page, "not yours to plan")
        expect(page.get_by_role("link", name="Move to…")).to_have_count(0)
        expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_the_board_is_as_pages_must_be(as_person: Open, url: str, cast: Cast, plan: Planned) -> None:
    audit_page(as_person(cast.pmo), url, ignore=NO_STREAM, ready=".plan-strings .string")
    Membership.objects.all().delete()
    audit_page(as_person(cast.viewer), url, ignore=NO_STREAM, ready=".plan-strings .string")
