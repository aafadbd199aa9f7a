"""Three people at one board, told by the real live process: what one moves the others see, though the clock
of one is an hour wrong, and a lost line is read."""

import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from core import live
from planning.live import topic
from tests.browser.pages import no_errors
from tests.browser.plan_pages import SHOWN, card, ready, stands, stored
from tests.browser.site import free_port
from tests.cast import Cast, make_cast
from tests.conftest import ROOT, environment
from tests.planning.cast import Planned, make_planned
from tests.waiting import until
from vmo.services.processes import spawn

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# While `deaf`, lines of the log are lost on their way to this page, and counted.
LOSES = """{
    const add = EventSource.prototype.addEventListener;
    window.lost = 0;
    EventSource.prototype.addEventListener = function (kind, then) {
        add.call(this, kind, (event) => {
            if (window.deaf && kind === "message" && JSON.parse(event.data).kind === "written") window.lost += 1;
            else then(event);
        });
    };
}"""


# The machine's clock is an hour ahead, whatever asks it.
AHEAD = """{
    const Real = Date;
    window.Date = class extends Real {
        constructor(...given) { super(...(given.length ? given : [Real.now() + 36e5])); }
        static now() { return Real.now() + 36e5; }
    };
}"""


@pytest.fixture
def live_process(transactional_db: None, live_server: LiveServer, settings: Settings, tmp_path: Path) -> Iterator[int]:
    """The port of a live process for the pages of the test's server."""
    port, log = free_port(), tmp_path / "live.log"
    settings.LIVE_PORT = port
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    host = urlsplit(live_server.url)
    allowed = policy | {"connect-src": [*policy["connect-src"], f"http://{host.hostname}:{port}"]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": allowed}
    where = {"PORT": str(host.port), "LIVE_PORT": str(port)}
    options = ["--host", "127.0.0.1", "--port", str(port), "--lifespan", "off", "--timeout-graceful-shutdown", "1"]
    with log.open("wb") as output:
        command = [sys.executable, "-m", "uvicorn", "vmo.asgi:application", *options]
        process = spawn(command, log=output, cwd=ROOT, env=environment() | where)
    try:
        until(lambda: answers(process, port, log), 90, what="the live process")
        yield port
    finally:
        process.kill()
        process.wait()


def answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/live/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed, so that the server's threads and the live process see it too."""
    return make_cast()


@pytest.fixture
def plan(cast: Cast) -> Planned:
    made = make_planned(cast)
    made.card("Refunds", made.falcon, 1)
    made.card("Disputes", made.falcon, 4)
    return made


def carry(page: Page, name: str) -> None:
    """One iteration later, by keyboard."""
    card(page, name).focus()
    for key in (" ", "ArrowRight", " "):
        page.keyboard.press(key)


def test_three_boards_hear_each_other(
    as_person: Callable[..., Page], live_process: int, live_server: LiveServer, cast: Cast, plan: Planned
) -> None:
    pages = [as_person(person) for person in (cast.pmo, cast.coach, cast.viewer)]
    first, second, third = pages
    second.add_init_script(AHEAD)
    third.add_init_script(LOSES)
    with no_errors(first), no_errors(second), no_errors(third):
        for page in pages:
            ready(page, f"{live_server.url}/planning/pi-26-1/board/")
            expect(page.locator("[data-live-sign]")).to_have_attribute("data-live-state", "live")
        carry(first, "Refunds")
        for page in pages:
            stands(page, "Refunds", "Falcon, Iteration 2")
        # The third page loses a line …
        third.evaluate("window.deaf = true")
        carry(first, "Refunds")
        stands(second, "Refunds", "Falcon, Iteration 3")
        until(lambda: third.evaluate("window.lost") == 1, what="a lost line")
        stands(third, "Refunds", "Falcon, Iteration 2")
        # … and hears the next one, whose number says that one is missing.
        third.evaluate("window.deaf = false")
        carry(second, "Disputes")
        for page in pages:
            stands(page, "Disputes", "Falcon, Iteration 5")
            stands(page, "Refunds", "Falcon, Iteration 3")
            assert page.evaluate(SHOWN) == stored(plan.increment)
            expect(page.locator("[data-live-sign]")).to_have_attribute("data-live-state", "live")
        chances_told_meanwhile(plan, first, second)


def chances_told_meanwhile(plan: Planned, first: Page, second: Page) -> None:
    """What others do waits while a card is in the hand; a chance that came since is not undone by it."""
    held = plan.increment.cards.get(title="Disputes")
    card(first, "Refunds").focus()
    first.keyboard.press(" ")
    carry(second, "Disputes")
    stands(second, "Disputes", "Falcon, IP iteration")
    shown = {"text": "84 %", "tone": "high", "title": ""}
    live.publish(topic(plan.increment), "chances", {"number": 0, "cards": {str(held.pk): shown}})
    for page in (first, second):
        expect(card(page, "Disputes").locator("[data-chance]")).to_have_text("84 %")
    stands(first, "Disputes", "Falcon, Iteration 5")
    first.keyboard.press("Escape")
    stands(first, "Disputes", "Falcon, IP iteration")
    expect(card(first, "Disputes").locator("[data-chance]")).to_have_text("84 %")
