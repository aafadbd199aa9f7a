"""The live stream of vmo.asgi, served by uvicorn as in the portal, heard over HTTP by a user's session."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from core import live
from tests.conftest import ROOT, environment
from tests.stack.portal import free_port
from tests.waiting import until
from vmo.services.processes import spawn

# The topics of the tests' process are not those of the server's: it is started with this module's rule.
SERVER = """
import sys, uvicorn
from vmo.asgi import application
from core import live, presence
live.topics("test", lambda user, rest: user.name == rest)
live.topics("room", lambda user, rest: True)
tells = lambda kind, data: {"n": data["n"]} if "n" in data else None
live.keys("open", lambda secret: frozenset({f"test:{secret}"}), tells)
presence.counted("room")
uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[1]), lifespan="off", timeout_graceful_shutdown=1)
"""


@pytest.fixture(scope="module")
def address(django_db_setup: None) -> Iterator[str]:
    port = free_port()
    with tempfile.NamedTemporaryFile(prefix="vmo-live-", suffix=".log") as log:
        env = environment() | {"PORT": str(port - 1), "LIVE_PORT": str(port), "PYTHONPATH": str(ROOT)}
        server = spawn([sys.executable, "-c", SERVER, str(port)], log=log.file.fileno(), cwd=ROOT, env=env)

        def answers() -> bool:
            assert server.poll() is None, Path(log.name).read_text()
            with httpx.Client() as client:
                try:
                    return client.get(f"http://127.0.0.1:{port}/live/healthz").status_code == 200
                except httpx.TransportError:
                    return False

        until(answers, what="the live process")
        yield f"http://127.0.0.1:{port}/live/"
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture
def ada(transactional_db: None) -> User:
    return User.objects.create_user("ada@example.org", "a-long-password", name="ada")


@pytest.fixture
def cookies(client: Client, ada: User) -> dict[str, str]:
    client.force_login(ada)
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


class Ear:
    """One open stream; `hear()` gives the next message as (id, message)."""

    def __init__(self, response: httpx.Response) -> None:
        self.lines = response.iter_lines()

    def hear(self) -> tuple[str, dict[str, object]]:
        place = ""
        for line in self.lines:
            if line.startswith("id: "):
                place = line[4:]
            if line.startswith("data: ") and place:
                return place, orjson.loads(line[6:])
        raise AssertionError("the stream ended")

    def wait_for_start(self) -> None:
        assert next(self.lines).startswith("retry: ")


def test_an_event_is_heard(address: str, cookies: dict[str, str]) -> None:
    query = {"topic": ["test:ada"]}
    with httpx.Client(cookies=cookies, timeout=20) as http, http.stream("GET", address, params=query) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        ear = Ear(response)
        ear.wait_for_start()
        live.publish("test:bob", "moved", {"n": 0})
        live.publish("test:ada", "moved", {"n": 1})
        assert ear.hear()[1] == {"topic": "test:ada", "kind": "moved", "data": {"n": 1}}


@pytest.mark.parametrize("by_header", [True, False])
def test_who_comes_back_gets_what_it_missed_once(address: str, cookies: dict[str, str], by_header: bool) -> None:
    live.publish("test:ada", "first", {})
    place = live.position(["test:ada"])
    live.publish("test:ada", "second", {})
    headers = {"Last-Event-ID": place} if by_header else {}
    query = {"topic": "test:ada"} | ({} if by_header else {"last_event_id": place})
    with (
        httpx.Client(cookies=cookies, timeout=20) as http,
        http.stream("GET", address, params=query, headers=headers) as response,
    ):
        ear = Ear(response)
        ear.wait_for_start()
        assert ear.hear()[1]["kind"] == "second"
        live.publish("test:ada", "third", {})
        place, message = ear.hear()
        assert message["kind"] == "third"
        assert place == live.position(["test:ada"])


@pytest.mark.parametrize(
    "topics", [[], ["test:bob"], ["test:ada", "test:bob"], ["unowned:1"], [f"test:{n}" for n in range(21)]]
)
def test_other_topics_are_refused(address: str, cookies: dict[str, str], topics: list[str]) -> None:
    assert httpx.get(address, params={"topic": topics}, cookies=cookies).status_code == 404


def test_without_a_session_nothing_is_heard(address: str, ada: User) -> None:
    assert httpx.get(address, params={"topic": "test:ada"}).status_code == 404
    assert httpx.get(address, params={"topic": "test:ada"}, cookies={"sessionid": "x" * 32}).status_code == 404


def test_only_the_portals_pages_may_read_it(address: str) -> None:
    port = int(address.split(":")[2].split("/")[0])
    own = httpx.get(address, headers={"Origin": f"http://127.0.0.1:{port - 1}"})
    assert own.headers["access-control-allow-origin"] == f"http://127.0.0.1:{port - 1}"
    assert own.headers["access-control-allow-credentials"] == "true"
    for origin in ("http://evil.example", f"http://evil.example:{port - 1}", "http://127.0.0.1:1", "null"):
        assert "access-control-allow-origin" not in httpx.get(address, headers={"Origin": origin}).headers


def test_many_listeners_all_hear(address: str, cookies: dict[str, str]) -> None:
    with httpx.Client(cookies=cookies, timeout=20, limits=httpx.Limits(max_connections=None)) as http:
        requests = [http.build_request("GET", address, params={"topic": "test:ada"}) for _ in range(40)]
        ears = []
        responses = [http.send(request, stream=True) for request in requests]
        for response in responses:
            ears.append(Ear(response))
            ears[-1].wait_for_start()
        live.publish("test:ada", "to all", {})
        assert [ear.hear()[1]["kind"] for ear in ears] == ["to all"] * 40
        for response in responses:
            response.close()
