"""WSJF in real browsers: two people score at once and follow each other, without scripts too, and what each page is."""

import io
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from core import imports
from portfolio import actions
from portfolio.models import Estimate, Grant, Initiative, Role, ScoringSession
from tests.browser.pages import audit_page
from tests.cast import Cast, make_cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]
# No live process runs here: the page is told so, and asks the log instead.
NO_STREAM = ("/live/", "ERR_CONNECTION_REFUSED", "ERR_FAILED")
# The log is asked every few seconds.
SOON = 30_000


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads see it too."""
    cast = make_cast()
    Grant.objects.create(user=cast.member, role=Role.MEMBER, stream=cast.payments)
    return cast


@pytest.fixture
def session(cast: Cast) -> ScoringSession:
    made = [actions.create_initiative(actor=None, stream=cast.payments, name=name) for name in ("Cards", "Refunds")]
    return actions.open_session(actor=cast.pmo, name="Next quarter", stream=cast.payments, initiatives=made)


def row(page: Page, name: str) -> Locator:
    return page.locator("tr", has=page.get_by_role("link", name=name, exact=True))


def choose(page: Page, name: str, score: int) -> None:
    row(page, name).get_by_role("button", name=str(score), exact=True).click()


def test_two_browsers_in_one_session(
    as_person: Open, live_server: LiveServer, cast: Cast, session: ScoringSession
) -> None:
    address = f"{live_server.url}/portfolio/wsjf/sessions/{session.pk}/"
    pia, max_ = as_person(cast.pmo), as_person(cast.member, width=375)
    pia.goto(address)
    max_.goto(address)
    choose(max_, "Cards", 13)
    expect(row(max_, "Cards").get_by_role("button", name="13", exact=True)).to_have_attribute("aria-pressed", "true")
    # Pia sees that somebody scored, not what.
    expect(row(pia, "Cards").locator("td").last).to_have_text("1", timeout=SOON)
    expect(pia.locator('#round [aria-pressed="true"]')).to_have_count(0)
    choose(pia, "Cards", 5)
    pia.get_by_role("button", name="Reveal 2 scores").click()
    # 5 to 13 are two steps on the scale: 5, 8, 13.
    expect(row(pia, "Cards")).to_contain_text("2 steps apart, middle 5")
    expect(row(max_, "Cards")).to_contain_text("2 steps apart, middle 5", timeout=SOON)
    choose(pia, "Cards", 8)
    expect(row(pia, "Cards").get_by_role("button", name="8", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(row(max_, "Cards").locator('[data-label="Settled on"]')).to_have_text("8", timeout=SOON)
    pia.get_by_role("button", name="Next part").click()
    expect(max_.get_by_role("heading", name="Time criticality")).to_be_visible(timeout=SOON)
    pia.get_by_role("button", name="Close and write 1 score to 1 initiative").click()
    expect(pia.get_by_text("1 initiative got new scores.")).to_be_visible()
    expect(max_.get_by_role("heading", name="What was settled")).to_be_visible(timeout=SOON)
    assert Initiative.objects.get(slug="cards").business_value == 8


def test_two_settle_on_the_same_score_at_once(
    as_person: Open, live_server: LiveServer, cast: Cast, session: ScoringSession
) -> None:
    """Leo's page does not know yet what Pia settled on: he is told who and what, and one click applies his."""
    cards = session.initiatives.get(slug="cards")
    actions.estimate(actor=cast.member, session=session, initiative=cards, part="business_value", score=5)
    session = actions.reveal(actor=cast.pmo, session=session)
    leo = as_person(cast.leader)
    # What the page would hear stays away.
    leo.route("**/live/**", lambda route: route.abort())
    leo.goto(f"{live_server.url}/portfolio/wsjf/sessions/{session.pk}/")
    actions.agree(actor=cast.pmo, session=session, initiative=cards, part="business_value", score=3)
    choose(leo, "Cards", 13)
    told = leo.get_by_role("alert")
    expect(told).to_contain_text("Pia Ito settled on 3 for Cards")
    expect(told).to_contain_text("you chose 13")
    assert Estimate.objects.get(by=None).score == 3
    told.get_by_role("button", name="Settle on 13").click()
    expect(row(leo, "Cards").get_by_role("button", name="13", exact=True)).to_have_attribute("aria-pressed", "true")
    assert Estimate.objects.get(by=None).score == 13


def test_by_keyboard_the_focus_stays(
    as_person: Open, live_server: LiveServer, cast: Cast, session: ScoringSession
) -> None:
    page = as_person(cast.member)
    page.goto(f"{live_server.url}/portfolio/wsjf/sessions/{session.pk}/")
    button = row(page, "Refunds").get_by_role("button", name="3", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_focused()


def test_without_scripts(as_person: Open, live_server: LiveServer, cast: Cast, session: ScoringSession) -> None:
    page = as_person(cast.pmo, java_script_enabled=False)
    page.goto(f"{live_server.url}/portfolio/wsjf/sessions/{session.pk}/")
    choose(page, "Cards", 3)
    expect(row(page, "Cards").get_by_role("button", name="3", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Reveal 1 score").click()
    choose(page, "Cards", 5)
    page.get_by_role("button", name="Close and write 1 score to 1 initiative").click()
    assert Initiative.objects.get(slug="cards").business_value == 5


def test_an_import_from_file_to_roll_back(as_person: Open, live_server: LiveServer, cast: Cast) -> None:
    page = as_person(cast.leader)
    page.goto(f"{live_server.url}/portfolio/list/")
    page.get_by_role("link", name="Import", exact=True).click()
    text = b"key;name;stream;job_size\ncards;Cards;payments;3\n"
    page.get_by_label("File", exact=True).set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": text})
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Import 1 initiative").click()
    expect(page.get_by_role("heading", name="list.csv is imported")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="list.csv was rolled back")).to_be_visible()
    assert not Initiative.objects.exists()


def test_every_page_is_as_pages_must_be(
    as_person: Open, live_server: LiveServer, cast: Cast, session: ScoringSession
) -> None:
    cards = session.initiatives.get(slug="cards")
    actions.estimate(actor=cast.member, session=session, initiative=cards, part="business_value", score=5)
    other = actions.open_session(actor=cast.pmo, name="Another", stream=cast.payments, initiatives=[cards])
    actions.estimate(actor=cast.member, session=other, initiative=cards, part="business_value", score=5)
    other = actions.reveal(actor=cast.pmo, session=other)
    actions.agree(actor=cast.pmo, session=other, initiative=cards, part="business_value", score=3)
    actions.rank_by_hand(actor=None, initiative=cards, rank=1, reason="The law")
    head = b"key,name,stream,job_size\n"
    good = imports.start(actor=cast.leader, kind="initiatives", file=io.BytesIO(head + b"a,A,payments,3\n"))
    bad = imports.start(actor=cast.leader, kind="initiatives", file=io.BytesIO(head + b"a,A,payments,0\n"))
    page = as_person(cast.leader)
    for path in (
        "/portfolio/list/?group=theme",
        "/portfolio/list/?q=nothing",
        "/portfolio/wsjf/",
        "/portfolio/wsjf/ranks/cards/",
        "/portfolio/wsjf/sessions/new/",
        f"/portfolio/wsjf/sessions/{session.pk}/",
        f"/portfolio/wsjf/sessions/{other.pk}/",
        "/imports/initiatives/",
        f"/imports/initiatives/{good.pk}/",
        f"/imports/initiatives/{bad.pk}/",
    ):
        audit_page(page, live_server.url + path, ignore=NO_STREAM)
