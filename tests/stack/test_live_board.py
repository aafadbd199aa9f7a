"""Twenty people move cards while the live process is killed and Redis restarted: all boards end as the log has it.

A listener does what the browser does: it hears the stream, comes back with its place whenever that ends, puts the
pieces of each line in, and asks for the lines it missed when their numbers have a gap.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.stack.portal import ROOT, Portal, new_portal
from tests.waiting import until

pytestmark = pytest.mark.stack
SLUG = "pi-26-1"
LISTENERS = 6

SETUP = """
import json
from django.test import Client
from tests.cast import make_cast
from tests.planning.cast import make_planned
cast = make_cast()
plan = make_planned(cast)
for number in range(20):
    plan.card(f"Card {number}", plan.falcon, 1 + number % 5, key=f"C-{number}")
client = Client()
client.force_login(cast.pmo)
plan.increment.refresh_from_db()
print(json.dumps({
    "id": plan.increment.pk, "number": plan.increment.number,
    "cookies": {name: one.value for name, one in client.cookies.items()},
    "cards": {one.pk: [f"{one.lane_id}-{one.iteration_id}", one.rank] for one in plan.increment.cards.all()},
}))
"""

# One process, a thread per person, until its input ends. What Redis refuses is not theirs to see: writes are committed.
WRITE = """
import random, sys, threading
from django.db import connection
from accounts.models import User
from planning.actions.cards import move_card
from planning.models import Card, Increment
increment = Increment.objects.get(slug="pi-26-1")
user = User.objects.get(email="pia@example.org")
cards, lanes = list(increment.cards.all()), list(increment.lanes.all())
columns = [*increment.iterations.all(), None]
over, failed, moves = threading.Event(), [], []

def person(number):
    rng = random.Random(number)
    try:
        while not over.wait(rng.uniform(0.5, 1.5)):
            card = Card.objects.get(pk=rng.choice(cards).pk)
            place = {"lane": rng.choice(lanes), "iteration": rng.choice(columns), "rank": rng.randrange(3)}
            moves.append(move_card(actor=user, card=card, **place).pk)
    except Exception as error:
        failed.append(repr(error))
    finally:
        connection.close()

threads = [threading.Thread(target=person, args=(number,)) for number in range(20)]
[one.start() for one in threads]
sys.stdin.read()
over.set()
[one.join() for one in threads]
print("FAILED" if failed else "WRITTEN", len(moves), failed[:3])
"""

END = """
import json
from planning.models import Increment
from planning.replay import replayed, stored
increment = Increment.objects.get(slug="pi-26-1")
state = stored(increment)
print(json.dumps({
    "number": increment.number, "is_replayed": replayed(increment) == state,
    "cards": {
        pk: [f"{one['lane_id']}-{one['iteration_id'] or 'none'}", one["rank"]] for pk, one in state["card"].items()
    },
}))
"""


def told(portal: Portal, code: str) -> Any:
    """The JSON that a script prints as its last line."""
    done = portal.manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


class Board(threading.Thread):
    """An open board in a browser."""

    def __init__(self, portal: Portal, start: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.page, self.live = f"http://127.0.0.1:{portal.port}", f"http://127.0.0.1:{portal.port + 1}/live/"
        self.topic, self.cookies = f"increment:{start['id']}", start["cookies"]
        self.number, self.cards = start["number"], dict(start["cards"])
        self.place, self.streams, self.over = "", 0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.2):  # As a browser waits before it comes back.
            with suppress(httpx.HTTPError):
                self.listen()

    def listen(self) -> None:
        query = {"topic": self.topic} | ({"last_event_id": self.place} if self.place else {})
        timeout = httpx.Timeout(10, read=20)
        with (
            httpx.Client(cookies=self.cookies, timeout=timeout) as http,
            http.stream("GET", self.live, params=query) as stream,
        ):
            if stream.status_code != 200:
                return
            self.streams += 1
            self.catch_up()
            for line in stream.iter_lines():
                if line.startswith("id: "):
                    self.place = line[4:]
                elif line.startswith('data: {"topic'):
                    self.hear(json.loads(line[6:]))
                if self.over.is_set():
                    return

    def hear(self, message: dict[str, Any]) -> None:
        if message["kind"] != "written" or message["data"]["number"] <= self.number:
            return
        if message["data"]["number"] == self.number + 1:
            self.put(message["data"])
        else:
            self.catch_up()

    def catch_up(self) -> None:
        """The lines since the last one, as the page asks for them."""
        address = f"{self.page}/planning/{SLUG}/events/"
        answer = httpx.get(address, params={"after": self.number}, cookies=self.cookies, timeout=20)
        for line in answer.json()["events"] if answer.status_code == 200 else []:
            self.put(line)

    def put(self, line: dict[str, Any]) -> None:
        assert not line["reload"]
        for card in line["cards"]:
            self.cards[str(card["id"])] = [card["cell"], card["rank"]]
        self.number = line["number"]


@pytest.fixture
def portal() -> Iterator[Portal]:
    with new_portal() as running:
        running.up()
        yield running


def test_every_board_ends_as_the_log_has_it(portal: Portal) -> None:
    start = told(portal, SETUP)
    boards = [Board(portal, start) for _ in range(LISTENERS)]

    def all_heard_more() -> None:
        seen = max(board.number for board in boards) + 10
        until(lambda: all(board.number > seen for board in boards), 120, what="moves on every board")

    for board in boards:
        board.start()
    until(lambda: all(board.streams for board in boards), 60, what="open boards")
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", WRITE]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=portal.env, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as people:
        for kind in ("live", "redis"):
            all_heard_more()
            old = portal.kill(kind)
            until(lambda old=old, kind=kind: portal.replaced(kind, old), 60, what=f"another {kind}")  # type: ignore[misc]
        all_heard_more()
        output, errors = people.communicate(timeout=120)
    assert output.startswith("WRITTEN"), output + errors[-2000:]
    end = told(portal, END)
    assert end["is_replayed"]
    until(lambda: all(board.number == end["number"] for board in boards), 120, what="the last line on every board")
    for board in boards:
        board.over.set()
        assert board.cards == end["cards"]
        assert board.streams > 1
