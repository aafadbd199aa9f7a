"""What every route of the API refuses: cursors that name nothing, texts that cannot be stored."""

from base64 import b64encode

import pytest
from django.test import Client

from tests.cast import Cast

LISTS = ["streams", "teams", "grants", "sources", "items", "pull-requests", "deployments"]


@pytest.fixture
def api(client: Client, cast: Cast) -> Client:
    client.force_login(cast.administrator)
    return client


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("cursor", ["p=abc", "p=%00", "r=1&p=2026-01-01", "p=-1", "o=many"])
def test_a_cursor_that_names_nothing_is_not_found(api: Client, name: str, cursor: str) -> None:
    answer = api.get(f"/api/v1/{name}/", {"cursor": b64encode(cursor.encode()).decode()})
    assert answer.status_code == 404


def test_a_cursor_leads_on(api: Client, cast: Cast) -> None:
    first = api.get("/api/v1/people/?page_size=2").json()
    second = api.get(first["next"]).json()
    assert len({person["id"] for page in (first, second) for person in page["results"]}) == 4


@pytest.mark.parametrize("text", [r"\u0000", r"x\ud800y"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("teams/", '{"name": "Ibis", "stream": "payments", "timezone": "%s"}'),
        (
            "sources/",
            '{"name": "X", "tool": "git", "team": "falcon", "settings": {"url": "/x"}, "types": {"%s": "bug"}}',
        ),
        ("calendars/", '{"name": "Oslo", "holidays": [{"on": "2026-01-01", "name": "%s"}]}'),
    ],
)
def test_text_that_cannot_be_stored_is_refused(api: Client, path: str, body: str, text: str) -> None:
    answer = api.post(f"/api/v1/{path}", body % text, content_type="application/json")
    assert (answer.status_code, answer.json()) == (400, {"detail": "A text holds a NUL or half of a character."})


def test_json_without_end_is_refused(api: Client) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert api.post("/api/v1/teams/", deep, content_type="application/json").status_code == 400


def test_whole_characters_are_text(api: Client) -> None:
    answer = api.post("/api/v1/calendars/", '{"name": "Oslo \\ud83d\\ude00"}', content_type="application/json")
    assert (answer.status_code, answer.json()["name"]) == (201, "Oslo 😀")
