"""/healthz: 200 when the portal can work, else 503 with what is wrong."""

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


def test_well(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert "no-store" in answer["Cache-Control"]


def test_no_redis(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock?db=0"
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert list(answer.json()["problems"]) == ["redis"]


def test_a_missing_migration(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core'")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert "migrate" in answer.json()["problems"]["migrations"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_is_only_read(client: Client, method: str) -> None:
    assert getattr(client, method)("/healthz").status_code == 405
