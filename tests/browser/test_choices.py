"""Key figures, scenarios and participatory budgeting in a browser: fit to be seen; pledges are seen at once."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from funding import actions as funding
from metrics import actions
from tests.browser.pages import audit_page, no_errors
from tests.cast import Cast
from tests.funding.events.test_actions import item, opened, prepared
from tests.funding.scenarios.cast import make_plan

pytestmark = pytest.mark.browser


def test_key_figures_are_fit_to_be_seen(as_person: Callable[..., Page], live_server: LiveServer, cast: Cast) -> None:
    page, today = as_person(cast.coach), timezone.localdate()
    audit_page(page, f"{live_server.url}/portfolio/kpis/")
    kpi = actions.create_kpi(actor=None, stream=cast.payments, name="Refunds in a day", unit="%", target=80)
    for week in range(12):
        day = today - timedelta(weeks=12 - week)
        actions.record_value(actor=None, kpi=kpi, on=day, value=40 + 3 * week, note="new clearing" if week == 4 else "")
    for address in ("", "new/?stream=payments", f"{kpi.slug}/change/"):
        audit_page(page, f"{live_server.url}/portfolio/kpis/{address}")
    audit_page(page, f"{live_server.url}/portfolio/kpis/{kpi.slug}/", ready="figure[data-drawn]")


def test_a_value_is_recorded_on_a_phone(as_person: Callable[..., Page], live_server: LiveServer, cast: Cast) -> None:
    kpi = actions.create_kpi(actor=None, stream=cast.payments, name="Refunds in a day", unit="%", owner=cast.member)
    page = as_person(cast.member, 375)
    with no_errors(page):
        page.goto(f"{live_server.url}/portfolio/kpis/{kpi.slug}/")
        page.get_by_label("Value, %").fill("82.5")
        page.get_by_role("button", name="Record it").click()
        expect(page.get_by_role("status")).to_contain_text("was recorded.")
        expect(page.locator("h1")).to_contain_text("82.5")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("h1")).to_contain_text("no value yet")


def test_scenarios_are_fit_to_be_seen(as_person: Callable[..., Page], live_server: LiveServer, cast: Cast) -> None:
    page, plan = as_person(cast.leader), make_plan(cast)
    url = f"{live_server.url}/portfolio/scenarios/"
    audit_page(page, url)
    made = plan.other()
    funding.copy_scenario(actor=None, scenario=made, name="Growth first")
    compared = f"compare/?s=present&s={made.pk}&s={made.pk + 1}"
    for address in ("", f"{made.pk}/", compared, f"{made.pk}/adopt/"):
        audit_page(page, f"{url}{address}")
    audit_page(page, f"{url}compare/?s=present", ignore=("400",))


def test_events_are_fit_to_be_seen(as_person: Callable[..., Page], live_server: LiveServer, cast: Cast) -> None:
    page, url = as_person(cast.leader), f"{live_server.url}/portfolio/budgeting/"
    event = prepared(cast)
    live = ("localhost", "127.0.0.1", "ERR_CONNECTION_REFUSED")
    for address in ("", f"{event.pk}/"):
        audit_page(page, f"{url}{address}", ignore=live)
    funding.open_event(actor=None, event=event)
    funding.pledge(actor=cast.coach, item=item(event, "refunds"), amount=Decimal(300))
    member = as_person(cast.member)
    for reader in (page, member):
        audit_page(reader, f"{url}{event.pk}/", ignore=live)
    funding.close_event(actor=None, event=event)
    audit_page(member, f"{url}{event.pk}/")


def test_a_pledge_is_seen_in_the_other_browser(
    as_person: Callable[..., Page], live_server: LiveServer, cast: Cast
) -> None:
    event = opened(cast)
    url = f"{live_server.url}/portfolio/budgeting/{event.pk}/"
    max_, cora = as_person(cast.member), as_person(cast.coach, 375)
    for page in (max_, cora):
        page.goto(url)
    cora.get_by_label("My pledge for Wallet").fill("77")
    max_.get_by_label("My pledge for Refunds").fill("200")
    max_.get_by_role("button", name="Pledge for Refunds").press("Enter")
    expect(max_.get_by_role("status")).to_contain_text("Your pledge for Refunds is 200")
    expect(cora.locator(f"#item-{item(event, 'refunds').pk}")).to_contain_text("300\u00a0EUR missing")
    # What she was typing is still there.
    expect(cora.get_by_label("My pledge for Wallet")).to_have_value("77")
