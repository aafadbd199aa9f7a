"""`manage.py doctor` says what is wrong and what to do; exit code 1 when something is."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from metrics.models import Source, SourceState
from portfolio.models import Grant, Role
from tests.cast import make_cast
from tests.conftest import Worker


@pytest.fixture(autouse=True)
def installed(settings: Settings, tmp_path: Path) -> None:
    """A home of its own, with collected static files, and embedded services so far as doctor can see."""
    settings.VMO_HOME = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    (settings.STATIC_ROOT / "staticfiles.json").write_text("{}")


def doctor() -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and the findings by name."""
    out, code = StringIO(), 0
    try:
        call_command("doctor", "--json", stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    answer = json.loads(out.getvalue())
    assert answer["ok"] == (code == 0)
    return code, {finding["name"]: finding for finding in answer["checks"]}


@pytest.fixture
def source(db: None) -> Source:
    return Source.objects.create(
        slug="board", name="Board", tool="csv", team=make_cast().falcon, synced_at=timezone.now()
    )


def test_a_healthy_installation(worker: Worker, source: Source) -> None:
    code, found = doctor()
    assert code == 0, found
    assert {finding["status"] for finding in found.values()} <= {"ok", "note"}
    assert found["database"]["message"].startswith("PostgreSQL ")
    assert "@tests" in found["worker"]["message"]
    assert "@tests" in found["quick"]["message"]
    assert found["sources"]["message"] == "1"


def test_no_worker(db: None) -> None:
    """The queue of these tests has no worker of its own, but others may share the Redis of a parallel run."""
    code, found = doctor()
    if found["worker"]["status"] == "problem":
        assert code == 1
        assert "celery -A vmo worker" in found["worker"]["remedy"]


def test_a_stopped_source(source: Source) -> None:
    Source.objects.update(state=SourceState.STOPPED, error="401: the token was refused")
    code, found = doctor()
    assert code == 1
    assert found["source Board"]["status"] == "problem"
    assert "401: the token was refused" in found["source Board"]["message"]
    assert found["source Board"]["remedy"]


def test_a_stale_source(source: Source) -> None:
    Source.objects.update(synced_at=timezone.now() - timedelta(days=2), schedule_minutes=15)
    assert "stale" in doctor()[1]["source Board"]["message"]


def test_missing_migrations(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core'")
    code, found = doctor()
    assert code == 1
    assert "manage.py migrate" in found["migrations"]["remedy"]
    assert "sources" not in found


def test_no_static_files(db: None, settings: Settings) -> None:
    (settings.STATIC_ROOT / "staticfiles.json").unlink()
    code, found = doctor()
    assert code == 1
    assert "collectstatic" in found["static files"]["remedy"]


def test_no_redis(db: None, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock?db=0"
    code, found = doctor()
    assert code == 1
    assert found["redis"]["status"] == "problem"


def test_for_people(source: Source) -> None:
    Source.objects.update(state=SourceState.STOPPED, error="401")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    text = out.getvalue()
    assert "problem  source Board: stopped: 401" in text
    assert "→ Correct its settings" in text
    assert "to mend." in text


def test_an_administrator_by_grant_counts(db: None) -> None:
    assert doctor()[1]["administrator"]["message"] == "there is none"
    user = User.objects.create_user("ada@example.org", "long-enough-word", name="Ada Keller")
    Grant.objects.create(user=user, role=Role.ADMINISTRATOR)
    assert "administrator" not in doctor()[1]
