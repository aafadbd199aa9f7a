"""The portfolio board in real browsers: drag, keyboard, menu, two people at once, undo, no scripts, and what it is."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from portfolio import actions
from portfolio.models import Initiative
from tests.browser.pages import audit_page
from tests.cast import Cast, make_cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]
BOARD = "/portfolio/"
# No live process runs here: the page is told so, and asks the log instead.
NO_STREAM = ("/live/", "ERR_CONNECTION_REFUSED", "ERR_FAILED")


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    parts: dict[str, Any] = {"business_value": 5, "time_criticality": 8, "risk_reduction": 2, "job_size": 3}
    return actions.create_initiative(
        actor=None, stream=cast.payments, name="Refunds", estimated_cost=1200, teams=[cast.falcon], **parts
    )


def column(page: Page, label: str) -> Locator:
    return page.locator(f'[data-board-column][data-label="{label}"]')


def card(page: Page, name: str = "Refunds") -> Locator:
    return page.locator(f'[data-board-card][data-name="{name}"]')


def is_in(page: Page, label: str, name: str = "Refunds") -> None:
    expect(column(page, label).locator(f'[data-name="{name}"]')).to_be_visible()


def said(page: Page, text: str) -> None:
    expect(page.locator("[data-board-said]")).to_contain_text(text)


def test_every_page_is_as_pages_must_be(
    as_person: Open, live_server: LiveServer, cast: Cast, refunds: Initiative
) -> None:
    theme = actions.create_theme(actor=None, name="Money in seconds", description="What took days takes seconds.")
    actions.change_initiative(actor=cast.pmo, initiative=refunds, theme=theme, hypothesis="If so, then so.")
    actions.set_threshold(actor=None, amount=1000)  # type: ignore[arg-type]
    actions.set_stage_limit(actor=None, stage="funnel", most=1)
    actions.create_initiative(actor=None, stream=cast.platform, name="Logs", override="Law", on=None)
    actions.ask_approval(actor=cast.pmo, initiative=refunds, amount=1200, reason="Two teams")  # type: ignore[arg-type]
    actions.record_review(actor=cast.pmo, initiative=refunds, note="Seen")
    page = as_person(cast.leader)
    for path in (
        BOARD,
        f"{BOARD}?as_of=2025-03-09",
        f"{BOARD}initiatives/refunds/",
        f"{BOARD}initiatives/refunds/edit/",
        f"{BOARD}initiatives/refunds/move/",
        f"{BOARD}initiatives/new/",
        f"{BOARD}themes/",
        f"{BOARD}themes/money-in-seconds/",
        f"{BOARD}limits/",
        f"{BOARD}approvals/",
    ):
        audit_page(page, live_server.url + path, ignore=NO_STREAM)
    reader = as_person(cast.coach)
    for path in (BOARD, f"{BOARD}initiatives/refunds/"):
        audit_page(reader, live_server.url + path, ignore=NO_STREAM)


def test_by_drag_and_undo(as_person: Open, live_server: LiveServer, cast: Cast, refunds: Initiative) -> None:
    page = as_person(cast.leader)
    page.goto(live_server.url + BOARD)
    card(page).drag_to(column(page, "Reviewing"))
    said(page, "Refunds moved to Reviewing.")
    is_in(page, "Reviewing")
    page.reload()
    is_in(page, "Reviewing")
    card(page).drag_to(column(page, "Backlog"))
    said(page, "Refunds moved to Backlog.")
    page.get_by_role("button", name="Undo").click()
    said(page, "Refunds moved to Reviewing.")
    is_in(page, "Reviewing")


def test_by_keyboard(as_person: Open, live_server: LiveServer, cast: Cast, refunds: Initiative) -> None:
    """Each step is announced; Escape puts it back; the card keeps the focus; it is written when it is dropped."""
    page = as_person(cast.leader)
    page.goto(live_server.url + BOARD)
    card(page).focus()
    page.keyboard.press("Space")
    said(page, "Refunds lifted. It is in Funnel, column 1 of 6.")
    page.keyboard.press("ArrowRight")
    said(page, "Reviewing, column 2 of 6")
    page.keyboard.press("Escape")
    said(page, "Refunds is back in Funnel, column 1 of 6.")
    is_in(page, "Funnel")
    expect(card(page)).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    said(page, "Analysing, column 3 of 6")
    page.keyboard.press("Space")
    said(page, "Refunds moved to Analysing.")
    is_in(page, "Analysing")
    expect(card(page)).to_be_focused()


def test_by_menu_over_a_limit_with_a_reason(
    as_person: Open, live_server: LiveServer, cast: Cast, refunds: Initiative
) -> None:
    actions.set_stage_limit(actor=None, stage="analysing", most=1)
    actions.create_initiative(actor=None, stream=cast.payments, name="First", stage="analysing")
    page = as_person(cast.leader)
    page.goto(live_server.url + BOARD)
    card(page).get_by_role("link", name="Move to…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 of 1 in the portfolio: full")
    dialog.get_by_role("button", name="Analysing").click()
    expect(dialog).to_contain_text("Analysing of the portfolio holds 1 and its limit is 1")
    dialog.get_by_label("Reason for passing the limit").fill("A law from May on")
    dialog.get_by_role("button", name="Move it to Analysing all the same").click()
    expect(dialog).to_be_hidden()
    is_in(page, "Analysing")
    expect(column(page, "Analysing")).to_contain_text("over its limit")
    assert refunds.stages.last().override == "A law from May on"  # type: ignore[union-attr]


def test_done_asks_what_was_decided(as_person: Open, live_server: LiveServer, cast: Cast, refunds: Initiative) -> None:
    page = as_person(cast.leader)
    page.goto(live_server.url + BOARD)
    card(page).drag_to(column(page, "Done"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Stop").check()
    dialog.get_by_role("button", name="It is done").click()
    said(page, "Refunds moved to Done.")
    is_in(page, "Done")
    refunds.refresh_from_db()
    assert refunds.verdict == "stop"


def test_leaving_the_dialog_leaves_the_card(
    as_person: Open, live_server: LiveServer, cast: Cast, refunds: Initiative
) -> None:
    page = as_person(cast.leader)
    page.goto(live_server.url + BOARD)
    card(page).drag_to(column(page, "Done"))
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    is_in(page, "Funnel")


def test_two_at_once(as_person: Open, live_server: LiveServer, cast: Cast, refunds: Initiative) -> None:
    """One moves it; the other sees it by itself. Who moves what has moved meanwhile is told who, when and where."""
    leo, pia = as_person(cast.leader), as_person(cast.pmo)
    for page in (leo, pia):
        page.goto(live_server.url + BOARD)
    expect(pia.locator("[data-live-sign]")).to_have_attribute("data-live-state", "polling")
    card(leo).drag_to(column(leo, "Reviewing"))
    said(leo, "Refunds moved to Reviewing.")
    is_in(pia, "Reviewing")
    # Pia has it in her hand while Leo moves it on.
    card(pia).focus()
    pia.keyboard.press("Space")
    pia.keyboard.press("ArrowRight")
    said(pia, "Analysing")
    card(leo).drag_to(column(leo, "Backlog"))
    said(leo, "Refunds moved to Backlog.")
    pia.keyboard.press("Space")
    dialog = pia.get_by_role("dialog")
    expect(dialog).to_contain_text("Leo Brandt moved it on")
    expect(dialog).to_contain_text("It is in Backlog now.")
    dialog.get_by_role("button", name="Move it to Analysing all the same").click()
    is_in(pia, "Analysing")
    is_in(leo, "Analysing")
    assert list(refunds.stages.values_list("stage", flat=True)) == ["funnel", "reviewing", "backlog", "analysing"]


def test_without_scripts(as_person: Open, live_server: LiveServer, cast: Cast, refunds: Initiative) -> None:
    page = as_person(cast.leader, java_script_enabled=False)
    page.goto(live_server.url + BOARD)
    card(page).get_by_role("link", name="Move to…").click()
    page.get_by_role("button", name="Analysing").click()
    expect(page.get_by_role("status").first).to_contain_text("Refunds moved to Analysing.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").first).to_contain_text("Refunds moved to Funnel.")


def test_a_reader_moves_nothing(as_person: Open, live_server: LiveServer, cast: Cast, refunds: Initiative) -> None:
    page = as_person(cast.coach)
    page.goto(live_server.url + BOARD)
    card(page).focus()
    page.keyboard.press("Space")
    said(page, "Refunds stays: you may not move it.")
    expect(card(page)).not_to_have_attribute("draggable", "true")
