"""Objectives in a real Chromium: two browsers edit the same, a vote shows live, what every page is."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from okrs import actions
from okrs.models import Cycle, Objective
from portfolio.models import Initiative
from tests.browser.pages import audit_page, too_wide, violations
from tests.cast import Cast, make_cast
from tests.okrs.cast import Goals, check_in, make_goals

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


@pytest.fixture
def goals(cast: Cast) -> Goals:
    """A cycle that is half over, with a history, work, alignment and a revealed vote."""
    made, today = make_goals(cast), timezone.localdate()
    first, last = today - timedelta(days=45), today + timedelta(days=46)
    Cycle.objects.filter(pk=made.cycle.pk).update(
        kind="own", name="Autumn", slug="autumn", starts_on=first, ends_on=last
    )
    Cycle.objects.create(slug="next", name="Winter", kind="own", starts_on=last, ends_on=last + timedelta(days=90))
    for days, value, confidence in ((30, 25, 8), (20, 30, 6), (2, 34, 4)):
        check_in(made.more, today - timedelta(days=days), value, confidence, note="Slower than planned")
    work = Initiative.objects.create(slug="pay", name="Pay by link", stream=cast.payments)
    actions.link_contribution(actor=None, key_result=made.more, initiative=work, lift=10)
    actions.link_support(actor=None, objective=made.team, above=made.stream)
    poll = actions.open_poll(actor=cast.coach, objective=made.team)
    actions.vote(actor=cast.coach, poll=poll, confidence=3)
    actions.vote(actor=cast.member, poll=poll, confidence=8)
    actions.reveal(actor=cast.coach, poll=poll)
    actions.open_poll(actor=cast.coach, objective=made.team)
    return made


def test_two_browsers_edit_the_same_objective(
    as_person: Open, live_server: LiveServer, cast: Cast, goals: Goals
) -> None:
    """Nobody's words are lost: what each changed alone is merged, of the same field the second sees a diff, chooses."""
    url = f"{live_server.url}/objectives/{goals.team.pk}/edit/"
    one, two = as_person(cast.pmo), as_person(cast.coach)
    for page in (one, two):
        page.goto(url)
    why = "Why, and what will be different"
    one.get_by_label(why).fill("Customers wait eleven days for their money.")
    one.get_by_label("Ambition").select_option("Aspirational")
    one.get_by_role("button", name="Save").click()
    expect(one.get_by_role("status").first).to_contain_text("was saved")
    two.get_by_label(why).fill("Banks answer after eleven days.")
    two.get_by_role("textbox", name="Objective", exact=True).fill("Refunds within two days")
    two.get_by_role("button", name="Save").click()
    expect(two.get_by_role("heading", level=1)).to_have_text("Pia Ito changed the same while you wrote")
    expect(two.locator("ins").first).to_have_text("Customers wait eleven days for their money.")
    expect(two.locator("ins").nth(1)).to_have_text("Banks answer after eleven days.")
    two.get_by_role("radio", name=re.compile("^Both")).check()
    two.get_by_role("button", name="Save what I chose").click()
    expect(two.get_by_role("heading", level=1)).to_contain_text("Refunds within two days")
    row = Objective.objects.get(pk=goals.team.pk)
    assert row.description == "Customers wait eleven days for their money.\n\nBanks answer after eleven days."
    assert (row.name, row.ambition) == ("Refunds within two days", "aspirational")


def test_choosing_without_scripts(as_person: Open, live_server: LiveServer, cast: Cast, goals: Goals) -> None:
    page = as_person(cast.coach, java_script_enabled=False)
    page.goto(f"{live_server.url}/objectives/{goals.team.pk}/edit/")
    actions.change_objective(actor=cast.pmo, objective=goals.team, name="Refunds in one day")
    page.get_by_role("textbox", name="Objective", exact=True).fill("Refunds in one hour")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("del").first).to_have_text("two days")
    page.get_by_role("radio", name=re.compile("^Pia Ito")).check()
    page.get_by_role("button", name="Save what I chose").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Refunds in one day")


def test_an_objective_with_key_results_in_one_go(
    as_person: Open, live_server: LiveServer, cast: Cast, goals: Goals
) -> None:
    page = as_person(cast.coach)
    page.goto(f"{live_server.url}/objectives/?cycle=autumn")
    page.get_by_role("link", name="Objective", exact=True).last.click()
    page.get_by_role("textbox", name="Objective", exact=True).fill("Steady nights")
    page.get_by_label("Where").select_option("Heron")
    first = page.get_by_role("region", name="Key result 1")
    first.get_by_role("textbox", name="Key result").fill("Alarms at night")
    first.get_by_label("How it is measured").select_option("Keep within a band")
    expect(first.get_by_label("Target")).to_be_hidden()
    first.get_by_label("Lower edge").fill("0")
    first.get_by_label("Upper edge").fill("0")
    page.get_by_role("button", name="Set the objective").click()
    expect(page.get_by_text("The upper edge is not above the lower one.")).to_be_visible()
    page.get_by_role("region", name="Key result 1").get_by_label("Upper edge").fill("3")
    page.get_by_role("button", name="Set the objective").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Steady nights: at 0.00")
    page.get_by_role("button", name="Delete it").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Steady nights")


def test_every_page_is_as_pages_must_be(as_person: Open, live_server: LiveServer, cast: Cast, goals: Goals) -> None:
    page, pk = as_person(cast.pmo), goals.team.pk
    for path in (
        "?cycle=autumn",
        f"{pk}/",
        f"{goals.company.pk}/",
        "new/",
        f"{pk}/edit/",
        f"{pk}/close/",
        f"{pk}/carry/",
        f"key-results/{goals.more.pk}/",
        f"key-results/{goals.more.pk}/work/",
        "cycles/",
        "cycles/new/",
        "cycles/autumn/closing/",
    ):
        # The stream of news is another process, which these tests do not run.
        audit_page(
            page, f"{live_server.url}/objectives/{path}", ignore=("/live/", "ERR_", "EventSource", "Failed to load")
        )
    audit_page(as_person(cast.viewer), f"{live_server.url}/organisation/teams/falcon/")


def test_the_page_that_asks_is_as_pages_must_be(
    as_person: Open, live_server: LiveServer, cast: Cast, goals: Goals
) -> None:
    page = as_person(cast.coach)
    page.goto(f"{live_server.url}/objectives/{goals.team.pk}/edit/")
    actions.change_objective(actor=cast.pmo, objective=goals.team, name="One", description="They wrote this.")
    page.get_by_role("textbox", name="Objective", exact=True).fill("Two")
    page.get_by_label("Why, and what will be different").fill("I wrote that.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector(".clash")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in (1280, 375, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert (violations(page), too_wide(page)) == ([], [])
