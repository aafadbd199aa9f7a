"""Calls to other programs: signed, guarded, tried again, never sent on; against a real HTTP server."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from core import hooks, posting
from core.models import Hook, HookCall, JobState

pytestmark = pytest.mark.django_db
BODY = {"text": "Vendor silent", "event": "impediment.escalated"}


class Program(ThreadingHTTPServer):
    """Answers `status` to each call and keeps what it got; with `hold` it says nothing until it is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status, self.location, self.hold = 200, "", threading.Event()
        self.hold.set()
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    server: Program

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.server.hold.wait(30)
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with Program() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.hold.set()
        server.shutdown()
        thread.join()


def make(url: str, scope: str = "", *, name: str = "Room", is_active: bool = True) -> Hook:
    sealed = hooks.sealed("a secret")
    return Hook.objects.create(
        name=name, url=url, scope=scope, sealed=sealed, is_active=is_active, made_at=timezone.now()
    )


def send(hook: Hook, key: str = "escalation:1") -> HookCall:
    hooks.call(scope=hook.scope, key=key, event="impediment.escalated", body=BODY)
    call = hook.calls.get(key=key)
    hooks.deliver(call.pk)
    call.refresh_from_db()
    return call


def test_a_call_is_signed_as_documented(program: Program) -> None:
    call = send(make(f"{program.url}/in/T0?room=1"))
    (path, headers, body), *others = program.got
    assert (call.state, call.status, others) == (JobState.SUCCEEDED, 200, [])
    assert path == "/in/T0?room=1"
    assert json.loads(body) == BODY
    # By the letter of the documentation, not by our function.
    signed = headers["X-VMO-Timestamp"].encode() + b"." + body
    assert headers["X-VMO-Signature"] == "sha256=" + hmac.new(b"a secret", signed, hashlib.sha256).hexdigest()


def test_each_hook_of_the_place_is_called_once_per_key(program: Program) -> None:
    everywhere, payments = make(program.url), make(program.url, "stream:payments", name="Payments")
    make(program.url, "stream:platform", name="Platform")
    make(program.url, name="Off", is_active=False)
    for _ in range(2):
        hooks.call(scope="stream:payments", key="escalation:7", event="x", body=BODY)
    assert {call.hook_id for call in HookCall.objects.all()} == {everywhere.pk, payments.pk}
    first = everywhere.calls.get()
    hooks.deliver(first.pk)
    hooks.deliver(first.pk)
    assert len(program.got) == 1


def test_a_deed_that_is_undone_calls_nobody(program: Program) -> None:
    make(program.url)
    with transaction.atomic():
        hooks.call(scope="", key="escalation:1", event="x", body=BODY)
        transaction.set_rollback(True)
    assert not HookCall.objects.exists()


@pytest.mark.parametrize(("status", "comes_back"), [(500, True), (503, True), (429, True), (404, False), (403, False)])
def test_errors_of_a_moment_are_tried_again(program: Program, status: int, comes_back: bool) -> None:
    program.status = status
    call = send(make(program.url))
    assert call.status == status
    assert str(status) in call.error
    assert (call.state == JobState.QUEUED) is comes_back
    # A minute later at the earliest: the sweep does not wake anybody now.
    assert (call.lease_until is not None and call.lease_until > timezone.now()) is comes_back


def test_the_eighth_failure_is_the_last(program: Program) -> None:
    program.status = 500
    call = send(make(program.url))
    HookCall.objects.filter(pk=call.pk).update(attempts=7)
    hooks.deliver(call.pk)
    call.refresh_from_db()
    assert (call.state, call.attempts) == (JobState.FAILED, 8)


def test_a_call_that_kills_its_workers_ends(program: Program) -> None:
    hook = make(program.url)
    hooks.call(scope="", key="one", event="impediment.escalated", body=BODY)
    call = hook.calls.get()
    HookCall.objects.filter(pk=call.pk).update(attempts=8)
    hooks.deliver(call.pk)
    call.refresh_from_db()
    assert (call.state, program.got) == (JobState.FAILED, [])


def test_names_of_other_scripts_are_asked_as_dns_has_them() -> None:
    # RFC 3490: "bücher" is xn--bcher-kva.
    assert posting.target("https://bücher.example/x").host == "xn--bcher-kva.example"


def test_redirects_are_not_followed(program: Program) -> None:
    program.status, program.location = 302, f"{program.url}/elsewhere"
    call = send(make(f"{program.url}/in"))
    assert (call.state, call.status) == (JobState.FAILED, 302)
    assert "not followed" in call.error
    assert [path for path, _, _ in program.got] == ["/in"]


def test_a_program_that_says_nothing_is_cut_off(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.3)
    program.hold.clear()
    call = send(make(program.url))
    assert call.state == JobState.QUEUED
    assert "in time" in call.error


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://127.0.0.1/x", "private network"),
        ("https://localhost/x", "private network"),
        ("https://10.0.0.1/x", "private network"),
        ("https://[::1]/x", "private network"),
        ("https://[::ffff:169.254.169.254]/x", "never asked"),
        ("https://169.254.169.254/latest", "never asked"),
        ("https://2852039166/latest", "never asked"),
        ("http://chat.example.org/x", "https://"),
        ("ftp://chat.example.org/x", "https://"),
        ("https://user:password@example.org/x", "password"),
        ("https://example.org/x\r\nHost: evil", ""),
        ("https://example.org:99999/", "not a URL"),
        ("https:///x", "https://"),
        ("https://a..b/x", "no server"),
    ],
)
def test_addresses_that_are_not_asked(settings: Settings, url: str, word: str) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    with pytest.raises(posting.NotSent) as caught:
        posting.post(url, b"{}", {})
    assert word in str(caught.value)
    if word == "private network":
        assert "WEBHOOKS_ALLOW_PRIVATE" in str(caught.value)


def test_metadata_is_never_asked_even_where_private_networks_are(settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with pytest.raises(posting.NotSent, match="never asked") as caught:
        posting.post("http://169.254.169.254/latest/meta-data", b"{}", {})
    assert caught.value.permanent


def test_a_hook_that_was_switched_off_meanwhile_is_not_called(program: Program) -> None:
    hook = make(program.url)
    hooks.call(scope="", key="k", event="x", body=BODY)
    Hook.objects.update(is_active=False)
    hooks.deliver(hook.calls.get().pk)
    assert (hook.calls.get().state, program.got) == (JobState.CANCELLED, [])


def test_a_secret_of_another_key_is_said(program: Program) -> None:
    hook = make(program.url)
    Hook.objects.update(sealed=b"gAAAAABo")
    call = send(hook)
    assert call.state == JobState.FAILED
    assert "renew" in call.error
    assert program.got == []
