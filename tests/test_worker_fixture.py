"""The worker that other tests rely on is a real one, on the test database."""

from collections.abc import Callable

import pytest
from django.db import connection

from tests.conftest import Worker
from tests.waiting import until
from vmo.celery import app


def answers(worker: Worker) -> bool:
    name = next(line for line in worker.log.read_text().splitlines() if " ready." in line).split()[-2]
    return bool(app.control.ping(destination=[name], timeout=1))


def test_a_worker_answers(worker: Worker) -> None:
    until(lambda: answers(worker), what="an answer of the worker")
    assert connection.settings_dict["NAME"].startswith("test_")


def test_a_killed_worker_is_replaced(spawn_worker: Callable[[], Worker]) -> None:
    first = spawn_worker()
    first.kill()
    assert first.process.poll() is not None
    second = spawn_worker()
    until(lambda: answers(second), what="an answer of the second worker")


@pytest.mark.django_db
def test_the_database_is_the_real_one() -> None:
    assert connection.vendor == "postgresql"
    assert connection.pg_version >= 150000  # type: ignore[attr-defined]
