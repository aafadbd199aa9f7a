"""The HTTP client against a real server on this machine. No test sleeps: waiting is given in."""

import gzip
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from connectors.http import HASTY, Credentials, ETags, Http, HttpError, Limits, guard, waits
from connectors.protocol import ConnectorError, Context
from tests.connectors.server import Reply, Request, Server

TOKEN = "ghp_verysecret"
NOW = 1_750_000_000.0  # 2025-06-15 15:06:40 UTC


class Item(msgspec.Struct):
    id: int
    name: str


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


class Waits(list[float]):
    """Remembers what was waited; time moves by it."""

    def clock(self) -> float:
        return NOW + sum(self)


def context(*, allow_private: bool = True) -> Context:
    return Context("repo", Path("/nonexistent"), ZoneInfo("UTC"), datetime(2025, 6, 15, tzinfo=UTC), allow_private)


def client(url: str, waited: Waits | None = None, **more: Any) -> Http:
    waited = Waits() if waited is None else waited
    more.setdefault("credentials", Credentials.bearer(TOKEN))
    return Http(url, context=context(), source="Tool", sleep=waited.append, clock=waited.clock, **more)


def failure(http: Http, address: str = "x") -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        _ = http.get_json(address).data
    return caught.value


def test_puts_relative_paths_behind_the_base_and_sends_who_we_are(server: Server) -> None:
    server.script("/api/v3/items", Reply([{"id": 1, "name": "one"}]))
    http = client(server.url + "/api/v3/")
    assert http.get("items", list[Item], {"q": "a b&c"}) == [Item(1, "one")]
    request = server.requests[0]
    assert request.query == {"q": "a b&c"}
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["user-agent"].startswith("VMO")
    assert request.headers["host"] == server.url.removeprefix("http://")


def test_basic_credentials(server: Server) -> None:
    server.script("/x", Reply({}))
    client(server.url, credentials=Credentials.basic("me", "pass")).get_json("x")
    assert server.requests[0].headers["authorization"] == "Basic bWU6cGFzcw=="


def test_follows_link_pages_in_order(server: Server) -> None:
    first = f'<{server.url}/x?page=3>; rel="last", <{server.url}/x?page=2>; rel="next"'
    server.script("/x", Reply([1], headers={"Link": first}), Reply([2], headers={"Link": '</y>; rel="next"'}))
    server.script("/y", Reply([3], headers={"Link": f'<{server.url}/x>; rel="prev"'}))
    assert [page.data for page in client(server.url).pages("x")] == [[1], [2], [3]]
    assert [request.query for request in server.requests] == [{}, {"page": "2"}, {}]


def test_pages_that_run_in_circles_end(server: Server) -> None:
    server.script("/x", Reply([1], headers={"Link": '</x>; rel="next"'}))
    with pytest.raises(ConnectorError, match="circles"):
        list(client(server.url).pages("x"))
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["next", "redirect"])
def test_a_token_never_goes_to_another_host(server: Server, kind: str) -> None:
    with Server() as foreign:
        foreign.script("/steal", Reply([]))
        there = foreign.url + "/steal?key=hidden"
        if kind == "next":
            server.script("/x", Reply([1], headers={"Link": f'<{there}>; rel="next"'}))
        else:
            server.script("/x", Reply(status=302, headers={"Location": there}))
        with pytest.raises(ConnectorError) as caught:
            list(client(server.url).pages("x"))
        assert foreign.requests == []
    assert caught.value.permanent
    assert "hidden" not in str(caught.value)


def test_another_port_or_scheme_is_another_origin(server: Server) -> None:
    http = client(server.url)
    for address in (server.url.replace("http", "https"), "http://127.0.0.1:1/x", "//elsewhere.example/x"):
        with pytest.raises(ConnectorError):
            http.get_json(address)
    assert server.requests == []


def test_redirects_on_the_same_origin_are_followed_a_few_times(server: Server) -> None:
    server.script("/old", Reply(status=301, headers={"Location": "/new"}))
    server.script("/new", Reply({"id": 1}))
    assert client(server.url).get_json("old").data == {"id": 1}
    server.script("/loop", Reply(status=302, headers={"Location": "/loop"}))
    error = failure(client(server.url), "loop")
    assert "redirects" in str(error)
    assert len(server.asked("/loop")) == 6


def test_a_redirect_to_a_log_in_page_is_a_refused_token(server: Server) -> None:
    server.script("/x", Reply(status=302, headers={"Location": "/login.jsp?next=x"}))
    error = failure(client(server.url))
    assert (error.permanent, error.field) == (True, "token")
    assert "log-in page" in str(error)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_waits_longer_each_time_and_asks_again(server: Server, status: int) -> None:
    server.script("/x", Reply(status=status), Reply(status=status), Reply({"ok": True}))
    waited = Waits()
    assert client(server.url, waited).get_json("x").data == {"ok": True}
    assert 0.5 <= waited[0] <= 1.0 <= waited[1] <= 2.0
    assert len(waited) == 2


@pytest.mark.parametrize(
    ("headers", "status", "seconds"),
    [
        ({"Retry-After": "7"}, 429, 7.0),
        ({"Retry-After": "3"}, 503, 3.0),
        ({"Retry-After": "Sun, 15 Jun 2025 15:06:52 GMT"}, 503, 12.0),
        ({"Retry-After": "Sun, 15 Jun 2025 15:00:00 GMT"}, 503, 0.0),
        ({"Retry-After": "9"}, 403, 9.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1750000020"}, 403, 21.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1750000005"}, 429, 6.0),
    ],
)
def test_waits_as_long_as_the_server_says(server: Server, headers: dict[str, str], status: int, seconds: float) -> None:
    server.script("/x", Reply({"message": "slow down"}, status, headers), Reply([]))
    waited = Waits()
    client(server.url, waited).get_json("x")
    assert waited == [seconds]


def test_a_secondary_limit_without_a_time_waits_a_minute() -> None:
    body = b'{"message": "You have exceeded a secondary rate limit. Please wait."}'
    assert waits.wait_seconds(403, {}, body, attempt=1, now=NOW) == 60.0
    assert waits.wait_seconds(403, {}, body, attempt=2, now=NOW) == 120.0
    assert waits.wait_seconds(403, {}, b'{"message": "Must have admin rights"}', attempt=1, now=NOW) is None


def test_gives_up_when_the_wait_is_too_long_and_says_until_when(server: Server) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1750003000"}
    server.script("/x", Reply({"message": "API rate limit exceeded"}, 403, headers))
    waited = Waits()
    error = failure(client(server.url, waited))
    assert not error.permanent
    assert error.retry_at == datetime(2025, 6, 15, 15, 56, 41, tzinfo=UTC)
    assert "15:56 UTC on 2025-06-15" in str(error)
    assert (waited, len(server.requests)) == ([], 1)


def test_the_whole_wait_is_bounded(server: Server) -> None:
    server.script("/x", Reply(status=429, headers={"Retry-After": "20"}))
    waited = Waits()
    failure(client(server.url, waited, limits=Limits(attempts=50, wait_seconds=45)))
    assert waited == [20.0, 20.0]


@pytest.mark.parametrize(
    ("status", "permanent", "field", "words"),
    [
        (401, True, "token", "does not accept the token"),
        (403, True, "token", "does not allow this"),
        (404, True, "url", "/x"),
        (410, True, "url", "/x"),
        (422, True, "", "did not accept"),
        (500, False, "", "problem of its own"),
        (503, False, "", "problem of its own"),
    ],
)
def test_errors_say_what_to_check(server: Server, status: int, permanent: bool, field: str, words: str) -> None:
    server.script("/x", Reply({"message": f"Nothing for {TOKEN} here"}, status))
    error = failure(client(server.url, hints={status: "Look at the scopes."}), "x?password=hidden")
    assert isinstance(error, HttpError)
    assert (error.status, error.permanent, error.field) == (status, permanent, field)
    assert words in str(error)
    if status < 500:
        assert "Look at the scopes." in str(error)
    for secret in (TOKEN, "hidden", "Bearer"):
        assert secret not in str(error) + repr(error)
    assert error.__cause__ is None


def test_without_a_token_401_asks_for_one(server: Server) -> None:
    server.script("/x", Reply(status=401))
    assert "no token is set" in str(failure(client(server.url, credentials=Credentials())))


def test_nothing_secret_is_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.script("/x", Reply(status=503), Reply([]))
    with caplog.at_level(logging.DEBUG, "connectors"):
        client(server.url).get_json("x", {"token": "hidden"})
    assert "waiting" in caplog.text
    assert TOKEN not in caplog.text
    assert "hidden" not in caplog.text


@pytest.mark.parametrize(
    ("reply", "permanent", "words"),
    [
        (Reply(b"<!doctype html><title>Log in</title>", headers={"Content-Type": "text/html"}), True, "web page"),
        (Reply(b" <html>"), True, "web page"),
        (Reply(b'{"cut": "o'), False, "not JSON"),
        (Reply(b""), False, "not JSON"),
        (Reply(b"\xff\xfe"), False, "not JSON"),
    ],
)
def test_answers_that_are_no_data(server: Server, reply: Reply, permanent: bool, words: str) -> None:
    server.script("/x", reply)
    error = failure(client(server.url))
    assert words in str(error)
    assert error.permanent is permanent


def test_data_of_another_shape_is_named(server: Server) -> None:
    server.script("/x", Reply({"id": "one"}))
    with pytest.raises(ConnectorError, match="something else than expected"):
        client(server.url).get("x", Item)


def test_conditional_requests_remember_what_was_seen(server: Server) -> None:
    def answer(request: Request) -> Reply:
        seen = request.headers.get("if-none-match") == 'W/"1"'
        return Reply(status=304) if seen else Reply([1], headers={"ETag": 'W/"1"', "Link": '</y>; rel="next"'})

    with Server(answer) as fresh:
        etags = ETags()
        assert not client(fresh.url).get_json("x", etags=etags).not_modified
        again = ETags(etags.as_dict())
        pages = list(client(fresh.url).pages("x", etags=again))
    assert [page.not_modified for page in pages] == [True]
    assert again.as_dict() == {f"{fresh.url}/x": 'W/"1"'}


def test_etags_forget_the_oldest() -> None:
    etags = ETags(limit=2)
    for name in "abac":
        etags.put(name, name.upper())
    assert etags.as_dict() == {"a": "A", "c": "C"}


def test_an_endless_answer_is_cut_off(server: Server) -> None:
    packed = gzip.compress(b"[" + b" " * 3_000_000 + b"]")
    server.script("/x", Reply(packed, headers={"Content-Encoding": "gzip"}))
    error = failure(client(server.url, limits=Limits(answer_bytes=2**20)))
    assert "more than 1 MB" in str(error)


def test_a_server_that_is_not_there(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    waited = Waits()
    error = failure(client(f"http://127.0.0.1:{port}", waited, limits=HASTY))
    assert not error.permanent
    assert "cannot be reached" in str(error)
    assert len(waited) == 2


def test_an_unknown_name_is_named() -> None:
    error = failure(client("https://no-such-host.invalid", limits=HASTY))
    assert "no-such-host.invalid" in str(error)
    assert error.field == "url"


def test_a_connection_that_breaks_off_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answers = [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"]

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        waited = Waits()
        assert client(f"http://127.0.0.1:{listener.getsockname()[1]}", waited).get_json("x").data == []
        thread.join()
    assert len(waited) == 1


def test_plain_http_behind_https_is_explained(server: Server) -> None:
    error = failure(client(server.url.replace("http://", "https://")))
    assert error.permanent
    assert "TLS" in str(error)


def test_an_untrusted_certificate_is_explained(tmp_path: Path) -> None:
    with tls_server(tmp_path) as port:
        error = failure(client(f"https://localhost:{port}"))
    assert error.permanent
    assert "certificate" in str(error)


def test_an_expired_certificate_is_renewed_by_others(tmp_path: Path) -> None:
    with tls_server(tmp_path, days=-1) as port:
        error = failure(client(f"https://localhost:{port}", ca_file=str(tmp_path / "cert.pem"), limits=HASTY))
    assert not error.permanent
    assert "certificate" in str(error)


def test_the_companys_own_certificate_authority(tmp_path: Path) -> None:
    with tls_server(tmp_path) as port:
        http = client(f"https://localhost:{port}", ca_file=str(tmp_path / "cert.pem"))
        assert http.get_json("x").data == []


def test_a_missing_certificate_file_names_its_field(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError) as caught:
        client("https://localhost", ca_file=str(tmp_path / "none.pem"))
    assert caught.value.field == "ca_file"


@pytest.mark.parametrize("url", ["ftp://x", "x", "https://me:pw@host/", "https://", ""])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        client(url)
    assert caught.value.field == "url"
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "with_private", "without"),
    [
        ("140.82.121.4", True, True),
        ("2606:50c0:8000::153", True, True),
        ("10.1.2.3", True, False),
        ("192.168.0.1", True, False),
        ("100.64.0.1", True, False),
        ("127.0.0.1", True, False),
        ("::1", True, False),
        ("fd12::1", True, False),
        ("::ffff:10.0.0.1", True, False),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::", False, False),
        ("fe80::1", False, False),
        ("fd00:ec2::254", False, False),
        ("100.100.100.200", False, False),
        ("168.63.129.16", False, False),
        ("0.0.0.0", False, False),  # noqa: S104
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
        ("255.255.255.255", False, False),
    ],
)
def test_which_addresses_may_be_asked(address: str, with_private: bool, without: bool) -> None:
    assert (guard.refusal(ip_address(address), allow_private=True) == "") is with_private
    assert (guard.refusal(ip_address(address), allow_private=False) == "") is without


@pytest.mark.parametrize("host", ["169.254.169.254", "0xa9fea9fe", "2852039166", "[::ffff:a9fe:a9fe]"])
def test_metadata_is_never_asked_however_it_is_written(host: str) -> None:
    error = failure(client(f"http://{host}"))
    assert error.permanent
    assert "never asked" in str(error)


def test_private_addresses_can_be_forbidden(server: Server) -> None:
    http = Http(server.url, context=context(allow_private=False))
    assert "CONNECTORS_ALLOW_PRIVATE" in str(failure(http))
    assert server.requests == []


def answer_names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[list[str]]:
    """A name server for tool.example that answers in turn; returns what it has not answered yet."""
    left, really = list(answers), socket.getaddrinfo

    def lookup(host: str, *rest: Any, **more: Any) -> list[Any]:
        if host != "tool.example":
            return really(host, *rest, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in left.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return left


def test_a_name_is_asked_for_once_and_its_address_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a name server that answers differently the second time (DNS rebinding) gains nothing."""
    left = answer_names(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    server.script("/x", Reply([]))
    http = client(server.url.replace("127.0.0.1", "tool.example"))
    assert [http.get_json("x").data, http.get_json("x").data] == [[], []]
    assert server.requests[0].headers["host"].startswith("tool.example:")
    assert left == [["169.254.169.254"]]


def test_one_refused_address_refuses_the_name(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_names(monkeypatch, ["127.0.0.1", "169.254.169.254"])
    error = failure(client(server.url.replace("127.0.0.1", "tool.example")))
    assert "tool.example” leads to 169.254.169.254" in str(error)
    assert server.requests == []


def test_the_next_address_of_a_name_is_tried(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_names(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    server.script("/x", Reply([]))
    assert client(server.url.replace("127.0.0.1", "tool.example")).get_json("x").data == []


def test_the_companys_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "own.example")
    server.script("/x", Reply([]))
    assert client("http://tool.example").get_json("x").data == []
    assert server.requests[0].headers["host"] == "tool.example"
    assert "cannot be found" in str(failure(client("http://own.example", limits=HASTY)))
    assert "never asked" in str(failure(client("http://169.254.169.254")))
    assert len(server.requests) == 1


def test_posts_a_query(server: Server) -> None:
    server.script("/graphql", Reply(status=502), Reply({"data": 1}))
    assert client(server.url).post_json("graphql", {"query": "x"}).data == {"data": 1}
    assert [request.json() for request in server.requests] == [{"query": "x"}, {"query": "x"}]


def test_several_at_once_in_order_with_errors_handed_over(server: Server) -> None:
    for number in (1, 2, 4):
        server.script(f"/{number}", Reply(number))
    answers = list(client(server.url).each([str(number) for number in range(1, 5)], threads=3))
    assert [answer.status if isinstance(answer, HttpError) else answer.data for answer in answers] == [1, 2, 404, 4]


class tls_server:
    """A TLS server on localhost with a certificate of its own, answering [] to everything."""

    def __init__(self, folder: Path, days: int = 1) -> None:
        make_certificate(folder, days)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self._server = Server(lambda _: Reply([]))
        http = self._server._http
        http.socket = self._tls.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)

    def __enter__(self) -> int:
        self._server.__enter__()
        return self._server._http.server_port

    def __exit__(self, *error: Any) -> None:
        self._server.__exit__(*error)


def make_certificate(folder: Path, days: int) -> None:
    """Valid since three days ago, for `days` more."""
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
