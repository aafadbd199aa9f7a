"""The keeper: holds the embedded services of one home while anybody uses them, and restarts what dies.

Started by vmo.services.borrow as `python -m vmo.services HOME [postgres] [redis] [--scratch]`. Every user of the
services holds a shared lock on users.lock; the keeper stops them once it gets that lock for itself. The system
drops the locks of a killed process, so no crash can leave the services running or stop them under somebody.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from vmo.services import locks
from vmo.services.places import Place, ServiceError, place, prepare
from vmo.services.postgres import Postgres
from vmo.services.redis import Redis

KINDS: dict[str, type[Postgres] | type[Redis]] = {"postgres": Postgres, "redis": Redis}


def say(line: str) -> None:
    """Tell the one who started us, who reads until `ready` or `error`, and then may be gone."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return


def keep(home: Path, names: list[str], *, durable: bool) -> None:
    """Start the services, watch them until their last user has gone, and stop them."""
    running: list[Postgres | Redis] = []
    try:
        here = place(home)
        prepare(here)
        check_space(here)
        for name in names:
            service = KINDS[name](here, durable=durable)
            running.append(service)
            service.start()
        say("ready")
        with locks.alone(home / "users.lock", mended=lambda: mend(running)):
            stop_all(running)
            return
    except ServiceError as error:
        say(f"error {error}")
    finally:
        stop_all(running)


def check_space(here: Place) -> None:
    """Raises ServiceError when there is too little space for the databases to work (VMO_FREE_MB, by default 200)."""
    free, needed = shutil.disk_usage(here.base).free // 2**20, int(os.environ.get("VMO_FREE_MB", "200"))
    if free < needed:
        raise ServiceError(
            f"The disk of {here.base} has {free} MB free, {needed} MB are needed: "
            "free some space, or set VMO_HOME to a folder on another disk."
        )


def mend(running: list[Postgres | Redis]) -> None:
    """Start again whatever has died; a service that cannot start is tried again at the next look."""
    for service in running:
        if service.process and service.process.poll() is not None:
            try:
                service.start()
            except ServiceError as error:
                sys.stderr.write(f"{error}\n")
                time.sleep(1)


def stop_all(running: list[Postgres | Redis]) -> None:
    for service in reversed(running):
        service.stop()
    running.clear()


def terminate(signum: int, frame: object) -> None:
    raise SystemExit(0)


def main() -> None:
    home, *words = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, terminate)
    with locks.held(Path(home) / "keeper.lock", note=" ".join(words)) as mine:
        if mine:
            keep(Path(home), [word for word in words if word in KINDS], durable="--scratch" not in words)


if __name__ == "__main__":
    main()
