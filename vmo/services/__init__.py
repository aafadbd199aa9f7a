"""The embedded services: a real PostgreSQL and a real Redis, from the binaries their wheels carry.

`borrow(home)` is all that others need: inside it the services run, whoever started them. DATABASE_URL and
REDIS_URL replace them by any server.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from vmo.services import locks
from vmo.services.places import (
    ServiceError,
    celery_url,
    database_url,
    home,
    make_home,
    place,
    redis_url,
    secret_key,
    unwritable,
)

__all__ = [
    "ServiceError",
    "borrow",
    "celery_url",
    "database_url",
    "embedded",
    "ensure",
    "home",
    "place",
    "redis_url",
    "secret_key",
]

STOP_SECONDS = 9.0


def embedded() -> list[str]:
    """Which services are ours to run: those whose address the environment does not give."""
    return [name for name, url in (("postgres", "DATABASE_URL"), ("redis", "REDIS_URL")) if not os.environ.get(url)]


@contextmanager
def borrow(home: Path, *, durable: bool = True) -> Iterator[None]:
    """The services run inside this block: started if nobody runs them, stopped by their last user.

    `durable=False` trades safety after a power cut for speed, for tests. Raises ServiceError.
    """
    wanted = embedded()
    if not wanted:
        yield
        return
    with ExitStack() as stack:
        try:
            make_home(home)
            stack.callback(_wait_for_end, home)
            stack.enter_context(locks.shared(home / "users.lock"))
            ensure(home, wanted, durable=durable)
        except OSError as error:
            raise unwritable(home, error) from error
        yield


def ensure(home: Path, wanted: list[str], *, durable: bool = True) -> bool:
    """Start the keeper of `home` unless there is one; says whether it had to. The caller holds users.lock."""
    with locks.exclusive(home / "start.lock"):
        running = locks.note_of(home / "keeper.lock")
        if running is None:
            _start_keeper(home, wanted, durable=durable)
            return True
        if missing := set(wanted) - set(running.split()):
            raise ServiceError(
                f"The services of {home} run without {' and '.join(sorted(missing))}: "
                "set DATABASE_URL and REDIS_URL as for the portal that runs there."
            )
    return False


def _start_keeper(home: Path, wanted: list[str], *, durable: bool) -> None:
    words = [*wanted, *([] if durable else ["--scratch"])]
    (home / "logs").mkdir(exist_ok=True)
    with (home / "logs" / "keeper.log").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "vmo.services", str(home), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=Path(__file__).resolve().parents[2],
            start_new_session=True,
        )
    with keeper.stdout or log as lines:
        answer = lines.readline().decode().strip()
    if answer != "ready":
        keeper.wait()
        told = answer.removeprefix("error ")
        raise ServiceError(told or f"The embedded services did not start: see {home / 'logs' / 'keeper.log'}.")
    _forget(keeper)


def _forget(process: "subprocess.Popen[bytes]") -> None:
    """The keeper outlives whoever started it; nobody has to collect its exit code."""
    process.returncode = 0


def _wait_for_end(home: Path) -> None:
    """When we were the last user, come back only after the services have stopped."""
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and locks.note_of(home / "keeper.lock") is not None:
        if locks.in_common_use(home / "users.lock"):
            return
        time.sleep(0.02)
