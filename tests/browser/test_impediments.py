"""Impediments in real browsers: logged on a phone in two clicks, by key and palette, the board by drag and keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from impediments.actions import resolve
from impediments.actions.comments import add_comment
from impediments.models import Impediment
from metrics.models import WorkItem
from tests.browser.pages import audit_page, no_errors
from tests.cast import Cast, make_cast
from tests.impediments.clocks_cast import logged
from tests.impediments.work_cast import items, mark

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]
MOST_CLICKS, MOST_FIELDS = 2, 5
# No live process runs here: the page is told so, and asks the log instead.
NO_STREAM = ("/live/", "ERR_CONNECTION_REFUSED", "ERR_FAILED")


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    return make_cast()


@pytest.fixture
def work(cast: Cast) -> list[WorkItem]:
    found = items(cast.falcon, "FAL-1", "FAL-2")
    mark(found[1], "2025-06-03 08:00", "No test data")
    return found


def column(page: Page, label: str) -> Locator:
    return page.locator(f'[data-board-column][data-label="{label}"]')


def card(page: Page, name: str = "No licence") -> Locator:
    return page.locator(f'[data-board-card][data-name="{name}"]')


def is_in(page: Page, label: str) -> None:
    expect(column(page, label).locator('[data-name="No licence"]')).to_be_visible()


def said(page: Page, text: str) -> None:
    expect(page.locator("[data-board-said]")).to_contain_text(text)


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_from_the_teams_page(
    as_person: Open, live_server: LiveServer, cast: Cast, work: list[WorkItem], scripts: bool
) -> None:
    """Two clicks: the button of the frame, and “Log it”; what must be filled in besides is counted."""
    page = as_person(cast.member, width=375, has_touch=True, java_script_enabled=scripts)
    clicks = 0
    with no_errors(page, NO_STREAM):
        page.goto(f"{live_server.url}/organisation/teams/falcon/")
        page.get_by_role("link", name="Log an impediment").first.click()
        clicks += 1
        expect(page.get_by_label("What is in the way?")).to_be_visible()
        assert page.locator("form.log [required]").count() <= MOST_FIELDS
        expect(page.get_by_label("Which team does it slow down?")).to_have_value("falcon")
        page.get_by_label("What is in the way?").fill("No licence")
        page.get_by_label("Of what kind is it?").select_option("procurement")
        page.get_by_role("button", name="Log it").click()
        clicks += 1
        expect(page.get_by_role("heading", level=1)).to_have_text("No licence")
    assert clicks <= MOST_CLICKS
    assert Impediment.objects.get().team == cast.falcon


def test_by_key_with_items_and_the_key_switched_off(
    as_person: Open, live_server: LiveServer, cast: Cast, work: list[WorkItem]
) -> None:
    page = as_person(cast.pmo)
    page.goto(f"{live_server.url}/organisation/")
    page.keyboard.press("i")
    page.wait_for_url("**/impediments/new/")
    # Typing an i in a field is typing.
    page.get_by_label("What is in the way?").press_sequentially("missing i")
    expect(page.get_by_label("What is in the way?")).to_have_value("missing i")
    page.get_by_label("Which team does it slow down?").select_option("falcon")
    first = page.locator("label.offer").first
    expect(first).to_contain_text("FAL-2")
    expect(first).to_contain_text("blocked in its tool")
    first.click()
    page.get_by_label("Of what kind is it?").select_option("access")
    page.get_by_role("button", name="Log it").click()
    expect(page.get_by_role("heading", name="It blocks 1 item")).to_be_visible()
    page.goto(f"{live_server.url}/impediments/new/")
    page.get_by_role("button", name="Switch it off").click()
    expect(page.locator("[data-shortcut-hint]")).to_contain_text("is switched off in this browser.")
    page.goto(f"{live_server.url}/organisation/")
    page.keyboard.press("i")
    page.wait_for_timeout(300)
    assert page.url.endswith("/organisation/")
    page.keyboard.press("Control+k")
    page.keyboard.type("log an imp")
    expect(page.get_by_role("option", name="Log an impediment")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/impediments/new/")


def test_the_board_by_drag_keyboard_and_menu(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    one = logged(cast, "2025-05-06 10:00")
    page = as_person(cast.pmo)
    page.goto(f"{live_server.url}/impediments/")
    card(page).drag_to(column(page, "Waiting for others"))
    said(page, "No licence: waiting for others.")
    is_in(page, "Waiting for others")
    page.get_by_role("button", name="Undo").click()
    is_in(page, "New")
    card(page).focus()
    page.keyboard.press("Space")
    said(page, "No licence lifted. It is in New, column 1 of 4.")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    said(page, "No licence: in progress.")
    is_in(page, "In progress")
    card(page).drag_to(column(page, "Resolved"))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("How was it resolved?")
    page.keyboard.press("Escape")
    is_in(page, "In progress")
    card(page).get_by_role("link", name="Move to…").click()
    dialog.get_by_role("button", name="Resolved").click()
    dialog.get_by_label("How was it resolved?").fill("Bought")
    dialog.get_by_label("Why could it happen?").select_option("process")
    dialog.get_by_role("button", name="Resolve it").click()
    is_in(page, "Resolved")
    one.refresh_from_db()
    assert (one.resolution, one.root_cause) == ("Bought", "process")


def test_a_comment_names_somebody_by_keyboard(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    one = logged(cast, "2025-05-06 10:00")
    page = as_person(cast.member)
    page.goto(f"{live_server.url}/impediments/{one.pk}/")
    field = page.get_by_label("Comment", exact=True)
    field.press_sequentially("Please, @pia")
    expect(page.locator("#mention-list").get_by_role("option", name="Pia Ito")).to_have_attribute(
        "aria-selected", "true"
    )
    page.keyboard.press("Enter")
    expect(field).to_have_value("Please, @Pia Ito ")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".mention")).to_have_text("@Pia Ito")


def test_another_reader_sees_it_by_itself(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    one = logged(cast, "2025-05-06 10:00")
    page = as_person(cast.pmo)
    page.goto(f"{live_server.url}/impediments/")
    expect(page.locator("[data-live-sign]")).to_have_attribute("data-live-state", "polling")
    is_in(page, "New")
    resolve(actor=cast.member, impediment=one, resolution="Bought", root_cause="process")
    is_in(page, "Resolved")


def test_every_page_is_as_pages_must_be(
    as_person: Open, live_server: LiveServer, cast: Cast, work: list[WorkItem]
) -> None:
    one = logged(cast, "2025-05-06 10:00", items=work[:1], asked="Buy it", owner=cast.coach)
    add_comment(actor=cast.pmo, impediment=one, text="@Max Weber, when?")
    over = resolve(
        actor=None, impediment=logged(cast, "2025-05-06 10:00", what="Over"), resolution="So", root_cause="policy"
    )
    page = as_person(cast.pmo)
    for path in (
        "",
        "list/?state=all",
        "list/?as_of=2025-05-07",
        "new/?team=falcon",
        f"{one.pk}/",
        f"{over.pk}/",
        f"{one.pk}/edit/",
        f"{one.pk}/move/?to=resolved",
    ):
        audit_page(page, f"{live_server.url}/impediments/{path}", ignore=NO_STREAM)
    reader = as_person(cast.viewer)
    for path in ("", f"{one.pk}/"):
        audit_page(reader, f"{live_server.url}/impediments/{path}", ignore=NO_STREAM)
