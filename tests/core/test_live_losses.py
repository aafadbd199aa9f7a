"""What the live stream does when things go wrong, and what it tells to keys: events that Redis lost or told late, a
proxy that cuts, whispers, who is here."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from core import live, presence
from core.models import LiveEvent
from tests.core.test_live_stream import Ear, ada, address, cookies  # noqa: F401 (fixtures)
from tests.waiting import until

TOPIC = "test:ada"


@pytest.fixture
def ear(address: str, cookies: dict[str, str]) -> Iterator[Ear]:  # noqa: F811
    with (
        httpx.Client(cookies=cookies, timeout=20) as http,
        http.stream("GET", address, params={"topic": TOPIC}) as response,
    ):
        heard = Ear(response)
        heard.wait_for_start()
        yield heard


def kinds(ear: Ear, count: int) -> list[object]:
    return [ear.hear()[1]["kind"] for _ in range(count)]


def test_what_a_killed_writer_did_not_tell_is_heard_with_the_next(ear: Ear) -> None:
    live.publish(TOPIC, "first", {})
    assert kinds(ear, 1) == ["first"]
    # A writer that dies between its commit and Redis leaves its line in the log.
    LiveEvent.objects.create(topic=TOPIC, kind="untold", data={})
    live.publish(TOPIC, "next", {})
    assert kinds(ear, 2) == ["untold", "next"]


def test_two_writers_who_tell_in_the_other_order_are_heard_in_that_of_their_commits(ear: Ear) -> None:
    live.publish(TOPIC, "first", {})
    first = LiveEvent.objects.latest("id").pk
    second = LiveEvent.objects.create(topic=TOPIC, kind="second", data={})
    third = LiveEvent.objects.create(topic=TOPIC, kind="third", data={})
    live._tell(live.Event(third.pk, TOPIC, "third", {}), second.pk)
    live._tell(live.Event(second.pk, TOPIC, "second", {}), first)
    live.publish(TOPIC, "fourth", {})
    assert kinds(ear, 4) == ["first", "second", "third", "fourth"]


def test_a_whisper_is_heard_and_not_kept(ear: Ear) -> None:
    live.publish(TOPIC, "kept", {})
    place, _ = ear.hear()
    live.whisper(TOPIC, "whispered", {"n": 1})
    line = next(line for line in ear.lines if line.startswith(("id: ", "data: ")))
    assert line.startswith("data: ")
    assert '"kind":"whispered"' in line
    assert live.position([TOPIC]) == place


def test_a_key_hears_what_it_opens_and_no_more(address: str, transactional_db: None) -> None:  # noqa: F811
    for key in ("open:bob", "shut:ada", "open:", "ada"):
        assert httpx.get(address, params={"topic": TOPIC, "key": key}).status_code == 404
    assert httpx.get(address, params={"topic": [TOPIC, "test:bob"], "key": "open:ada"}).status_code == 404
    with (
        httpx.Client(timeout=20) as http,
        http.stream("GET", address, params={"topic": TOPIC, "key": "open:ada"}) as response,
    ):
        ear = Ear(response)
        ear.wait_for_start()
        live.publish(TOPIC, "secret", {"who": "Ada"})
        live.publish(TOPIC, "moved", {"n": 3, "who": "Ada"})
        assert ear.hear()[1] == {"topic": TOPIC, "kind": "moved", "data": {"n": 3}}


class CuttingProxy:
    """Passes bytes on until `cut` is called: then every connection ends, as behind a proxy with a time limit."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.open: list[socket.socket] = []
        self.served = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}{self.target.path}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection((self.target.hostname or "", self.target.port or 80))
                self.open += [near, far]
                self.served += 1
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(a, b), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)

    def cut(self) -> None:
        while self.open:
            one = self.open.pop()
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        self.listener.close()
        self.cut()


@pytest.fixture
def proxy(address: str) -> Iterator[CuttingProxy]:  # noqa: F811
    made = CuttingProxy(address)
    yield made
    made.close()


def listen(url: str, jar: dict[str, str], place: str, heard: list[object], last: str) -> None:
    """As a browser does: come back with the last place whenever the line is cut, until the last event is heard."""
    query = {"topic": TOPIC}
    while last not in heard:
        with (
            suppress(httpx.HTTPError, AssertionError),
            httpx.Client(cookies=jar, timeout=20) as http,
            http.stream("GET", url, params=query, headers={"Last-Event-ID": place}) as response,
        ):
            ear = Ear(response)
            while last not in heard:
                place, message = ear.hear()
                heard.append(message["kind"])


def test_behind_a_proxy_that_cuts_nothing_is_lost_or_heard_twice(
    proxy: CuttingProxy,
    cookies: dict[str, str],  # noqa: F811
) -> None:
    live.publish(TOPIC, "before", {})
    heard: list[object] = []
    listener = threading.Thread(target=listen, args=(proxy.address, cookies, live.position([TOPIC]), heard, "19"))
    listener.start()
    for number in range(20):
        live.publish(TOPIC, str(number), {})
        if number in (4, 9, 14):
            until(lambda wanted=str(number): wanted in heard, what="an event")  # type: ignore[misc]
            proxy.cut()
    listener.join(60)
    assert heard == [str(number) for number in range(20)]
    assert proxy.served == 4


def test_who_is_here_by_name_until_they_leave(address: str, transactional_db: None) -> None:  # noqa: F811
    def jar(name: str) -> dict[str, str]:
        client = Client()
        client.force_login(User.objects.create_user(f"{name}@example.org", "a-long-password", name=name))
        return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}

    def told(ear: Ear, people: set[str]) -> None:
        """Until the stream tells that these are here."""
        for line in ear.lines:
            if '"presence"' in line and {one for one in ("eve", "kim") if f'"{one}"' in line} == people:
                return
        raise AssertionError("the stream ended")

    topic = {"topic": "room:1"}
    here: Callable[[], set[str]] = lambda: {one.name for one in presence.here("room:1")}  # noqa: E731
    with httpx.Client(cookies=jar("eve"), timeout=60) as http, http.stream("GET", address, params=topic) as first:
        ear = Ear(first)
        told(ear, {"eve"})
        with (
            httpx.Client(cookies=jar("kim"), timeout=60) as other,
            other.stream("GET", address, params=topic) as second,
        ):
            told(Ear(second), {"eve", "kim"})
            told(ear, {"eve", "kim"})
            assert here() == {"eve", "kim"}
        told(ear, {"eve"})
    until(lambda: not here(), presence.SILENCE_SECONDS, what="an empty room")


def test_a_page_that_polls_is_here_too(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live._RULES, "room", lambda user, rest: True)
    monkeypatch.setattr(presence, "_COUNTED", {"room"})
    client = Client()
    client.force_login(User.objects.create_user("lee@example.org", "a-long-password", name="lee"))
    told = client.get("/live/poll/", {"topic": "room:2"}).json()["events"]
    assert [(one["kind"], [who["name"] for who in one["data"]["people"]]) for one in told] == [("presence", ["lee"])]
    live.server().delete(presence.place("room:2"))
