"""A whole portal as processes, in a home of its own, for tests that start, kill and stop it."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.waiting import until
from vmo import services
from vmo.services import locks
from vmo.services.processes import alive, spawn

ROOT = Path(__file__).resolve().parents[2]
# What the environment of the tests says about their own services must not reach the portal under test.
OURS = ("DATABASE_URL", "REDIS_URL", "CELERY_QUEUE", "VMO_HOME", "JOB_LEASE_SECONDS", "LIVE_PORT", "SECRET_KEY")

# Collected once for all portals of this run: the files are the same.
STATIC = Path(tempfile.gettempdir()) / f"vmo-stack-static-{os.getpid()}"
atexit.register(shutil.rmtree, STATIC, ignore_errors=True)
SHARED = {"STATIC_ROOT": str(STATIC)}


def free_port() -> int:
    """A port such that it and the one after it are free."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port


def processes(text: str) -> dict[int, str]:
    """The running processes (no zombies) that name `text` in their arguments or their environment."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                if text.encode() in words and alive(int(entry.name)):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


class Portal:
    """One home; `up()` starts the portal there, `manage()` runs a command there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.output = home.parent / f"{home.name}.out"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        mine = {name: value for name, value in os.environ.items() if name not in OURS}
        return mine | {"VMO_HOME": str(self.home), "PORT": str(self.port), "DEMO": "0", "WEB_PROCESSES": "1"} | SHARED

    def up(self) -> None:
        """Start it and wait until it answers."""
        with self.output.open("wb") as output:
            self.process = spawn([sys.executable, "manage.py", "up"], log=output, cwd=ROOT, env=self.env)
        until(self.says_ready, 300, what="a ready portal")

    def says_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.output.read_text()
        return "the portal is ready" in self.output.read_text()

    def healthy(self) -> bool:
        status, answer = self.get("/healthz")
        return status == 200 and json.loads(answer) == {"status": "ok"}

    def get(self, path: str, port: int | None = None) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError as error:
            return 0, str(error).encode()

    def manage(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    def pid_of(self, kind: str) -> int:
        """The main process of web, live, worker, quick or beat; the postmaster; redis; the keeper."""
        if kind in {"postgres", "redis"}:
            return self._service(kind)
        signs = {"web": "gunicorn", "live": "uvicorn", "beat": "vmo beat", "keeper": "-m vmo.s"}
        signs |= {"worker": "vmo worker --l", "quick": "vmo worker --q"}
        found = {pid for pid, words in processes(str(self.home)).items() if signs[kind] in words}
        return min(pid for pid in found if _parent(pid) not in found)

    def _service(self, kind: str) -> int:
        place = services.place(self.home)
        if kind == "postgres":
            return int((place.postgres / "postmaster.pid").read_text().split()[0])
        return next(pid for pid, words in processes(str(place.redis_socket)).items() if "redis-server" in words)

    def kill(self, kind: str) -> int:
        """SIGKILL it; its old pid, for whoever waits for another one."""
        pid = self.pid_of(kind)
        os.kill(pid, signal.SIGKILL)
        return pid

    def replaced(self, kind: str, old: int) -> bool:
        with suppress(OSError, ValueError, IndexError, StopIteration):
            return self.pid_of(kind) != old
        return False

    def stop(self) -> str:
        """SIGTERM, then the whole output."""
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        return self.output.read_text()

    def all_gone(self) -> bool:
        return not processes(str(self.home)) and locks.note_of(self.home / "keeper.lock") is None

    def clear(self) -> None:
        """End whatever is left, and remove the home and what its services keep elsewhere."""
        if self.process and self.process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.stop()
        for pid in processes(str(self.home)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        base = services.place(self.home).base
        for folder in {base, self.home}:
            shutil.rmtree(folder, ignore_errors=True)
        self.output.unlink(missing_ok=True)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@contextmanager
def new_portal(*, mode: int = 0o711) -> Iterator[Portal]:
    """A portal that was never started, in a folder of the given permissions."""
    folder = Path(tempfile.mkdtemp(prefix="vmo-stack-"))
    folder.chmod(mode)
    portal = Portal(folder / "home")
    try:
        yield portal
    finally:
        portal.clear()
        shutil.rmtree(folder, ignore_errors=True)
