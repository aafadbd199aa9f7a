"""Fixtures for everybody: a real Celery worker on the test database."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from tests.demo import demo, demo_connection, demo_database  # noqa: F401 (fixtures)
from tests.waiting import until
from vmo.celery import app
from vmo.services.processes import spawn

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

    from tests.access import Props
    from tests.cast import Cast

ROOT = Path(__file__).resolve().parent.parent

# The same examples in every run, however slow the machine is; `--hypothesis-profile=search` looks for new ones.
_PATIENT = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("search", _PATIENT)
hypothesis.settings.register_profile("same", _PATIENT, derandomize=True)
hypothesis.settings.load_profile("same")


def queues() -> list[str]:
    """A worker of the tests takes jobs of both."""
    return [settings.CELERY_TASK_DEFAULT_QUEUE, settings.QUICK_QUEUE]


# Files whose tests are few and take minutes: begun last, they would run alone at the end.
LONG = ("tests/safety/test_money_is_hidden.py", "tests/connectors/", "tests/okrs/test_reminder_mails.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@dataclass
class Worker:
    """A running `celery worker` on the test database; its output is in `log`."""

    process: "subprocess.Popen[bytes]"
    log: Path
    name: str

    def is_idle(self) -> bool:
        """Whether it has nothing to do: no job is queued, waits in its hands, or runs."""
        with redis.Redis.from_url(settings.REDIS_URL) as broker:
            if any(broker.llen(queue) for queue in queues()):
                return False
        asked = app.control.inspect([self.name], limit=1, timeout=5)
        answers = (asked.active(), asked.reserved())
        return all(answer is not None and not any(answer.values()) for answer in answers)

    def listen(self, wanted: bool) -> None:
        """Let it take jobs, or none any more; comes back when it has understood."""
        verb = app.control.add_consumer if wanted else app.control.cancel_consumer
        for queue in queues():
            told = partial(verb, queue, reply=True, timeout=2, destination=[self.name])
            until(told, what="a worker that answers")

    def kill(self) -> None:
        """End it as a power cut would: the worker and its pool, at once."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it as `make up` does: it finishes what it is doing, within 10 s."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.kill()

    def _signal(self, signum: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signum)

    def is_ready(self) -> bool:
        assert self.process.poll() is None, f"the worker ended:\n{self.log.read_text()}"
        return " ready." in self.log.read_text()


def test_database_url() -> str:
    """The address of the database that pytest-django made, for other processes."""
    return urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}"))


test_database_url.__test__ = False  # type: ignore[attr-defined]


def environment() -> dict[str, str]:
    """What a process of the portal needs to work on the test database."""
    return os.environ | {"DATABASE_URL": test_database_url(), "REDIS_URL": settings.REDIS_URL}


def empty_queue() -> None:
    """Forget the jobs that tests without a worker asked for."""
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.delete(*queues())


def start_worker(folder: Path, concurrency: int = 1) -> Worker:
    number = len(list(folder.iterdir()))
    log = folder / f"worker-{number}.log"
    name = f"t{os.getpid()}-{number}@tests"
    options = ["--loglevel", "INFO", "--concurrency", str(concurrency), "--hostname", name, "-Q", ",".join(queues())]
    with log.open("wb") as output:
        process = spawn(
            [sys.executable, "-m", "celery", "-A", "vmo", "worker", *options, "--without-gossip", "--without-mingle"],
            log=output,
            cwd=ROOT,
            env=environment(),
        )
    worker = Worker(process, log, name)
    until(worker.is_ready, what="a ready worker")
    return worker


@pytest.fixture
def spawn_worker(transactional_db: None) -> Generator[Callable[[], Worker], None, None]:
    """Call it for a fresh worker; kill() it and call again as often as needed. All are gone after the test."""
    with tempfile.TemporaryDirectory(prefix="vmo-worker-") as folder:
        started: list[Worker] = []
        empty_queue()

        def start() -> Worker:
            started.append(start_worker(Path(folder)))
            return started[-1]

        try:
            yield start
        finally:
            for worker in started:
                worker.kill()


@pytest.fixture(scope="session")
def session_worker(django_db_setup: None) -> Generator[Worker, None, None]:
    """It takes jobs only while a test asks for `worker`: at other times it would write where tables are emptied."""
    with tempfile.TemporaryDirectory(prefix="vmo-worker-") as folder:
        worker = start_worker(Path(folder))
        try:
            worker.listen(False)
            yield worker
        finally:
            worker.stop()


@pytest.fixture
def worker(transactional_db: None, session_worker: Worker) -> Generator[Worker, None, None]:
    """A worker that runs through the whole session, for tests that only need jobs to be done.

    Such a test sees committed data only (its database is transactional). The tables are emptied when the jobs that it
    left have ended: they would stand in each other's way.
    """
    assert session_worker.process.poll() is None, session_worker.log.read_text()
    empty_queue()
    session_worker.listen(True)
    yield session_worker
    until(session_worker.is_idle, what="an idle worker")
    session_worker.listen(False)


@pytest.fixture(scope="session", autouse=True)
def quick_settings() -> None:
    """Static files as they are in the tree (nothing has to be collected first), passwords hashed in no time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture
def cast(db: None) -> "Cast":
    """The small cast: who they are, tests/cast.py says."""
    from tests.cast import make_cast

    return make_cast()


@pytest.fixture(scope="module")
def stage_set(django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> "Generator[Props, None, None]":
    """The cast and what the rows of tests/access name, in the database while the tests of a file run."""
    from tests.access import Props
    from tests.cast import make_cast

    with django_db_blocker.unblock():
        try:
            with transaction.atomic():
                props = Props(make_cast())
            yield props
        finally:
            call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def stage(stage_set: "Props", db: None) -> "Props":
    """The same for one test, which runs in a transaction: for files with hundreds of tests, where making it for each
    would take longest. No test of such a file asks for `cast`.
    """
    return stage_set
