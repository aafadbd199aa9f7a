"""While Redis is away people still log in and read; what cannot be done without it is refused in words."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from accounts.rules import LIMIT
from tests.cast import PASSWORD, Cast


@pytest.fixture(autouse=True)
def away(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "core.caching.Cache", "LOCATION": "unix:///nowhere/redis.sock"}}


def test_the_right_password_opens_and_a_wrong_one_does_not(client: Client, cast: Cast) -> None:
    said = {"username": cast.pmo.email, "password": "wrong", "next": "/organisation/"}
    for _ in range(LIMIT + 1):
        assert "do not match" in client.post("/login/", said).content.decode()
    assert client.post("/login/", said | {"password": PASSWORD}).headers["Location"] == "/organisation/"
    assert cast.pmo.name in client.get("/organisation/").content.decode()


def test_who_cannot_be_logged_out_everywhere_is_told(client: Client, cast: Cast) -> None:
    """The session is over here; a copy of it may still be in the Redis that cannot be reached."""
    client.post("/login/", {"username": cast.pmo.email, "password": PASSWORD})
    assert Session.objects.count() == 1
    answer = client.post("/logout/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "short-term memory (Redis) cannot be reached" in answer.content.decode()
    assert not Session.objects.exists()
    assert client.get("/organisation/").headers["Location"] == "/login/?next=/organisation/"
