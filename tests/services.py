"""Plugin of pytest, loaded before the settings are: gives the tests a PostgreSQL and a Redis of their own.

With DATABASE_URL and REDIS_URL in the environment the tests use those servers (the parallel workers of one run
inherit the address of the first). Otherwise a temporary home is made, its services are started, and both are
gone at the end, also after Ctrl-C; after `kill -9` the services' keeper stops them and the next run clears up.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from vmo import services
from vmo.services import locks

PREFIX = "vmo-test-"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Runs around pytest-django's own hook, which reads the settings."""
    start(early_config)
    yield


def start(config: pytest.Config) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    os.environ.setdefault("JOB_LEASE_SECONDS", "3")
    os.environ.setdefault("JOB_SWEEP_SECONDS", "1")
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
    os.environ["CELERY_QUEUE"] = f"test-{os.getpid()}"
    os.environ["DEMO"] = "0"
    if services.embedded():
        stack = ExitStack()
        config.add_cleanup(stack.close)
        run_services(stack)
    if worker and os.environ["REDIS_URL"].endswith("?db=0"):
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"][:-1] + str(1 + int(worker.removeprefix("gw")) % 15)


def run_services(stack: ExitStack) -> None:
    """Start the services in a new temporary home and write their addresses into the environment."""
    clear_left_behind()
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    home.chmod(0o711)  # when run as root, the services run as somebody else
    stack.callback(remove, home)
    stack.enter_context(services.borrow(home, durable=False))
    os.environ["VMO_HOME"] = str(home)
    os.environ.setdefault("DATABASE_URL", services.database_url(home))
    os.environ.setdefault("REDIS_URL", services.redis_url(home))


def clear_left_behind() -> None:
    """Remove the homes of runs that were killed: those whose services nobody uses any more."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = home / "users.lock"
        # Another run that starts now may be removing the same home.
        with suppress(FileNotFoundError):
            if home.stat().st_uid == os.geteuid() and lock.exists():
                with locks.held(lock) as unused:
                    if unused:
                        remove(home)


def remove(home: Path) -> None:
    """Remove a home and what its services keep elsewhere."""
    for folder in {services.place(home).base, home}:
        shutil.rmtree(folder, ignore_errors=True)
