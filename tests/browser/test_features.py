"""Initiatives and features in a real Chromium: ranking by keyboard, with and without scripts, and what each page is."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from metrics import actions as metrics
from metrics.load import upsert
from portfolio import actions
from portfolio.models import Feature
from tests.browser.pages import audit_page
from tests.cast import Cast, make_cast
from tests.metrics.cast import source
from tests.metrics.test_epics import STATUSES, item

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]
TEAM = "/organisation/teams/falcon/"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


def features(cast: Cast) -> list[Feature]:
    """Three of Falcon: one with items, one guessed and overdue, one part of an initiative; and an epic of none."""
    board = source(cast.falcon)
    rows = [*item("A-1", "E-1", ("05", "doing"), ("10", "done")), *item("A-2", "E-1"), *item("A-3", "E-2")]
    with transaction.atomic():
        upsert(board, [*STATUSES, *rows])
        metrics.refresh(board)
    goal = actions.create_initiative(
        actor=None, stream=cast.payments, name="Goal", teams=[cast.falcon], due_on=date(2030, 1, 1)
    )
    made = [
        actions.create_feature(actor=None, team=cast.falcon, name="Alpha"),
        actions.create_feature(
            actor=None, team=cast.falcon, name="Beta", guessed_items=12, due_on=date(2025, 1, 31), value_type="risk"
        ),
        actions.create_feature(actor=None, team=cast.falcon, name="Gamma", initiative=goal),
    ]
    metrics.link_epic(actor=None, feature=made[0], source=board, parent="E-1")
    actions.set_allocation(actor=None, stream=cast.payments, shares={"feature": 80, "debt": 20}, tolerance=10)
    return made


def names(page: Page) -> list[str]:
    return page.locator("#features tbody th a").all_inner_texts()


def test_every_page_is_as_pages_must_be(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    made = features(cast)
    actions.create_initiative(actor=None, stream=cast.platform, name="Later", teams=[cast.kite])
    page = as_person(cast.coach)
    for path in (
        TEAM,
        f"{TEAM}features/{made[0].pk}/",
        f"{TEAM}features/{made[1].pk}/",
        f"{TEAM}features/new/",
        f"{TEAM}epics/",
        "/organisation/initiatives/",
        "/organisation/initiatives/goal/",
        "/organisation/streams/payments/",
        "/organisation/streams/payments/allocation/",
        "/organisation/streams/payments/initiatives/new/",
    ):
        audit_page(page, live_server.url + path)
    reader = as_person(cast.viewer)
    for path in (TEAM, f"{TEAM}features/{made[1].pk}/", "/organisation/initiatives/goal/"):
        audit_page(reader, live_server.url + path)


def test_ranking_by_keyboard(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    """The button that was pressed keeps the focus, so that pressing it again goes on; each step is announced."""
    third = features(cast)[2]
    page = as_person(cast.coach)
    page.goto(live_server.url + TEAM)
    up = page.locator(f"#feature-{third.pk}-up")
    said = page.locator("#features-said")
    up.focus()
    page.keyboard.press("Enter")
    expect(said).to_have_text("Gamma is number 2 of 3.")
    assert names(page) == ["Alpha", "Gamma", "Beta"]
    expect(up).to_be_focused()
    page.keyboard.press("Enter")
    expect(said).to_have_text("Gamma is number 1 of 3.")
    expect(up).to_be_focused()
    expect(up).to_have_attribute("aria-disabled", "true")
    page.reload()
    assert names(page) == ["Gamma", "Alpha", "Beta"]


def test_ranking_without_scripts(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    second = features(cast)[1]
    page = as_person(cast.coach, java_script_enabled=False)
    page.goto(live_server.url + TEAM)
    page.locator(f"#feature-{second.pk}-first").click()
    expect(page.get_by_role("status").first).to_contain_text("Beta is number 1 of 3.")
    assert names(page) == ["Beta", "Alpha", "Gamma"]


def test_an_epic_becomes_a_feature(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    features(cast)
    page = as_person(cast.coach)
    page.goto(live_server.url + TEAM)
    page.get_by_role("link", name="Make features of epics").click()
    page.get_by_label("E-2", exact=True).check()
    page.get_by_label("Name of E-2").fill("Delta")
    page.get_by_label("Part of the initiative").select_option("Goal")
    page.get_by_role("button", name="Make features of the chosen").click()
    expect(page.locator("#features tbody tr").last).to_contain_text("Delta")
    expect(page.locator("#features tbody tr").last).to_contain_text("0 of 1 item finished")
