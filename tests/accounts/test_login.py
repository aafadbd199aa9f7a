"""Logging in and out."""

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.rules import LIMIT
from core.models import AuditEntry
from tests.cast import PASSWORD, Cast


@pytest.fixture(autouse=True)
def no_failures_before() -> None:
    cache.clear()


def log_in(client: Client, email: str, password: str) -> str:
    """Where it leads, or the page's text."""
    answer = client.post("/login/", {"username": email, "password": password, "next": "/organisation/"})
    return answer.headers.get("Location") or answer.content.decode()


def test_the_right_password_leads_to_the_page_wanted(client: Client, cast: Cast) -> None:
    assert log_in(client, "PIA@Example.org", PASSWORD) == "/organisation/"
    entry = AuditEntry.objects.get(verb="logged in")
    assert entry.actor == cast.pmo


def test_a_page_asks_to_log_in_first(client: Client, cast: Cast) -> None:
    assert client.get("/organisation/").headers["Location"] == "/login/?next=/organisation/"


def test_a_foreign_next_is_not_followed(client: Client, cast: Cast) -> None:
    answer = client.post("/login/", {"username": cast.pmo.email, "password": PASSWORD, "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_wrong_passwords_are_counted_for_the_email_only(client: Client, cast: Cast) -> None:
    for _ in range(LIMIT):
        assert "do not match" in log_in(client, cast.pmo.email, "wrong")
    assert "Too many wrong passwords. Try again in 15 minutes" in log_in(client, cast.pmo.email, PASSWORD)
    assert log_in(client, cast.leader.email, PASSWORD) == "/organisation/"


def test_another_address_may_still_try(client: Client, cast: Cast) -> None:
    for _ in range(LIMIT):
        log_in(client, cast.pmo.email, "wrong")
    answer = client.post("/login/", {"username": cast.pmo.email, "password": PASSWORD}, REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 302


def test_the_right_password_forgets_wrong_ones(client: Client, cast: Cast) -> None:
    for _ in range(LIMIT - 1):
        log_in(client, cast.pmo.email, "wrong")
    log_in(client, cast.pmo.email, PASSWORD)
    client.post("/logout/")
    for _ in range(LIMIT - 1):
        assert "do not match" in log_in(client, cast.pmo.email, "wrong")
    assert log_in(client, cast.pmo.email, PASSWORD) == "/organisation/"


def test_deactivated_people_cannot_log_in(client: Client, cast: Cast) -> None:
    cast.viewer.is_active = False
    cast.viewer.save()
    assert "do not match" in log_in(client, cast.viewer.email, PASSWORD)


def test_logging_out_is_a_post(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").headers["Location"] == "/login/"
    assert client.get("/profile/").status_code == 302
