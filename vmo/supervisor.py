"""Everything that `make up` runs, under one supervisor: web, live stream, worker and beat, on the services.

The processes carry HOME_MARK in their environment, so a supervisor that comes after a killed one finds what
that one left behind. They get a SIGTERM when their supervisor dies, where the system can do that.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from vmo import services
from vmo.services import ServiceError, locks
from vmo.services.processes import alive, end_all, spawn

HOME_MARK = "VMO_SUPERVISED"
LOOK_SECONDS = 0.2
# A process that lived this long had a good start: when it dies, it is started again at once.
GOOD_START_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 30.0
# Within 10 s everything must have stopped: so long for requests and jobs, the rest for PostgreSQL.
STOP_SECONDS = 4.5
# These make the portal answer; the others leave them the processors until it does, or for so long.
FIRST = {"web", "live"}
HEAD_START_SECONDS = 10.0
LOG_BYTES = 20_000_000

Say = Callable[[str], None]


@dataclass(frozen=True)
class Address:
    """Where the portal and its live stream listen."""

    host: str
    port: int
    live_port: int

    @property
    def seen_from_here(self) -> str:
        return "localhost" if self.host in {"0.0.0.0", "127.0.0.1", "::", ""} else self.host  # noqa: S104

    @property
    def url(self) -> str:
        return f"http://{self.seen_from_here}:{self.port}/"


def commands(address: Address) -> dict[str, list[str]]:
    """The processes of the portal. The images of docker-compose.yml run the same."""
    threads, processes = os.environ.get("WEB_THREADS", "4"), os.environ.get("WEB_PROCESSES", "2")
    web = ["--bind", f"{address.host}:{address.port}", "--worker-class", "gthread", "--preload"]
    web += [
        "--workers",
        processes,
        "--threads",
        threads,
        "--graceful-timeout",
        "3",
        "--keep-alive",
        "15",
        "--no-control-socket",
    ]
    live = ["--host", address.host, "--port", str(address.live_port), "--lifespan", "off", "--no-access-log"]
    live += ["--timeout-graceful-shutdown", "1"]
    worker = ["--loglevel", "INFO", "--concurrency", os.environ.get("WORKER_PROCESSES", "2")]
    alone = ["--without-gossip", "--without-mingle"]
    # What people wait for in front of a screen: one short task at a time, in the process itself.
    quick = ["--queues", f"{os.environ.get('CELERY_QUEUE', 'vmo')}-quick", "--pool", "solo", "--hostname", "quick@%h"]
    python = [sys.executable, "-m"]
    mail = {"mail": [sys.executable, str(services.places.ROOT / "manage.py"), "serve_mail"]}
    return {
        "web": [*python, "gunicorn", "vmo.wsgi", *web],
        "live": [*python, "uvicorn", "vmo.asgi:application", *live],
        "worker": [*python, "celery", "-A", "vmo", "worker", *worker, *alone],
        "quick": [*python, "celery", "-A", "vmo", "worker", *quick, "--loglevel", "INFO", *alone],
        "beat": [*python, "celery", "-A", "vmo", "beat", "--loglevel", "WARNING", "--pidfile="],
        **(mail if takes_mail() else {}),
    }


def takes_mail() -> bool:
    """Whether mails are taken in by SMTP: a port is set for it."""
    return os.environ.get("MAIL_IN_PORT", "0").strip() not in {"", "0"}


@dataclass
class Child:
    """One process of the portal, started again when it dies, after a pause that grows with each bad start."""

    name: str
    command: list[str]
    log: Path
    env: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause: float = 0.0
    next_start: float = 0.0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = spawn(self.command, log=log, cwd=services.places.ROOT, env=self.env)
        self.started_at = time.monotonic()

    def look(self, say: Say) -> None:
        """Start it again when it has died and its pause is over."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.next_start:
                self.start()
        elif self.process.poll() is not None:
            self._died(now, say)

    def _died(self, now: float, say: Say) -> None:
        code = self.process.returncode if self.process else 0
        self.kill()  # what it may have left of its own
        self.process = None
        good = now - self.started_at > GOOD_START_SECONDS
        self.pause = 0.0 if good or not self.pause else self.pause
        self.next_start = now + self.pause
        how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"
        again = f"in {self.pause:.0f} s" if self.pause else "now"
        say(f"{self.name} {how}; starting it again {again} (its log: {self.log})")
        self.pause = min(max(1.0, self.pause * 2), LONGEST_PAUSE_SECONDS)

    def terminate(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        if self.process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Supervisor:
    """Runs the children until told to stop."""

    home: Path
    address: Address
    say: Say
    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def run(self, announce: Callable[[], None]) -> None:
        """Start all, call `announce` once the portal answers, and keep it running until a signal comes."""
        self._make_children()
        ready = False
        looked_at = 0.0
        while not self.stopping:
            for child in self.children:
                child.look(self.say)
            if time.monotonic() - looked_at > 1:
                self._look_after_services()
                shorten(self.home / "logs")
                looked_at = time.monotonic()
            if not ready and healthy(self.address):
                ready = True
                self._start_the_rest()
                announce()
            time.sleep(LOOK_SECONDS if ready else LOOK_SECONDS / 4)

    def _make_children(self) -> None:
        env = os.environ | {HOME_MARK: str(self.home), "PYTHONUNBUFFERED": "1"}
        for name, command in commands(self.address).items():
            child = Child(name, command, self.home / "logs" / f"{name}.log", env)
            self.children.append(child)
            if name not in FIRST:
                child.next_start = time.monotonic() + HEAD_START_SECONDS

    def _start_the_rest(self) -> None:
        for child in self.children:
            child.next_start = 0.0
            child.look(self.say)

    def _look_after_services(self) -> None:
        wanted = services.embedded()
        if not wanted:
            return
        try:
            if services.ensure(self.home, wanted):
                self.say("the keeper of PostgreSQL and Redis had died; they run again")
        except ServiceError as error:
            self.say(str(error))

    def stop(self) -> None:
        """Ask all to end, wait, and kill what is left: jobs are leased and transactions are whole, nothing is lost."""
        for child in self.children:
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and not all(child.ended() for child in self.children):
            time.sleep(0.05)
        for child in self.children:
            child.kill()
        end_all(list(left_behind(self.home)), [(signal.SIGKILL, 1.0)])

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Let Ctrl-C, SIGTERM and a closed terminal end `run`; a second one does not hurry it."""

        def end(signum: int, frame: object) -> None:
            if not self.stopping:
                self.say("stopping…")
            self.stopping = True

        before = {signum: signal.signal(signum, end) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)


@contextmanager
def only_one(home: Path, address: Address) -> Iterator[None]:
    """Raises ServiceError when another supervisor runs the portal of this home."""
    with ExitStack() as stack:
        try:
            services.places.make_home(home)
            mine = stack.enter_context(locks.held(home / "up.lock", note=f"{os.getpid()} {address.url}"))
            (home / "logs").mkdir(exist_ok=True)
        except OSError as error:
            raise services.places.unwritable(home, error) from error
        if not mine:
            pid, _, url = (locks.note_of(home / "up.lock") or "? ?").partition(" ")
            raise ServiceError(
                f"The portal of {home} already runs at {url} (process {pid}): "
                f"stop it with Ctrl-C or `kill {pid}`, or set VMO_HOME and PORT for a second one."
            )
        end_all(list(left_behind(home)), [(signal.SIGTERM, 2.0), (signal.SIGKILL, 2.0)])
        yield


def check_ports(address: Address) -> None:
    """Raises ServiceError when something else listens where the portal should."""
    for port, name in ((address.port, "PORT"), (address.live_port, "LIVE_PORT")):
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address.host, port))
            except OSError as error:
                raise ServiceError(
                    f"Port {port} cannot be used ({error.strerror}): stop what listens there, "
                    f"or choose another: {name}={port + 100} make up"
                ) from error


def left_behind(home: Path) -> Iterator[int]:
    """The processes that a supervisor of this home started and that still live, by the mark in their environment."""
    mark = f"{HOME_MARK}={home}"
    if Path("/proc/self/environ").exists():
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes().split(b"\0") and alive(int(entry.name)):
                    yield int(entry.name)
        return
    listed = subprocess.run(["ps", "-axEwwo", "pid=,command="], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        pid, _, words = line.strip().partition(" ")
        if mark in words.split(" ") and int(pid) != os.getpid():
            yield int(pid)


def healthy(address: Address) -> bool:
    """Whether the portal answers on /healthz and the live stream on its port."""
    pages = (f"{address.port}/healthz", f"{address.live_port}/live/healthz")
    host = "127.0.0.1" if address.seen_from_here == "localhost" else address.host
    return all(_answers(f"http://{host}:{page}") for page in pages)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  (our own address)
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def shorten(folder: Path) -> None:
    """Keep the logs small: one that has grown too long becomes `name.log.1`, and begins anew in place."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > LOG_BYTES:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
