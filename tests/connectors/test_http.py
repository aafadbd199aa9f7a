"""The HTTP client against a real server on this machine. No test sleeps: waiting is given in."""

import gzip
import logging
from datetime import UTC, datetime

import msgspec
import pytest

from connectors.http import Credentials, ETags, HttpError, Limits, waits
from connectors.protocol import ConnectorError
from tests.connectors.asking import NOW, TOKEN, Waits, client, failure
from tests.connectors.server import Reply, Request, Server


class Item(msgspec.Struct):
    id: int
    name: str


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


@pytest.mark.parametrize("url", ["ftp://x", "x", "https://me:pw@host/", "https://", ""])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        client(url)
    assert caught.value.field == "url"
    assert "pw" not in str(caught.value)


def test_posts_a_query(server: Server) -> None:
    server.script("/graphql", Reply(status=502), Reply({"data": 1}))
    assert client(server.url).post_json("graphql", {"query": "x"}).data == {"data": 1}
    assert [request.json() for request in server.requests] == [{"query": "x"}, {"query": "x"}]


def test_several_at_once_in_order_with_errors_handed_over(server: Server) -> None:
    for number in (1, 2, 4):
        server.script(f"/{number}", Reply(number))
    answers = list(client(server.url).each([str(number) for number in range(1, 5)], threads=3))
    assert [answer.status if isinstance(answer, HttpError) else answer.data for answer in answers] == [1, 2, 404, 4]
