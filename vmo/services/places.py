"""Where the embedded services keep their data, and as whom they run.

An ordinary user runs them as itself, with data in VMO_HOME. PostgreSQL refuses to run as root, so root runs them
as an unprivileged user; where that user cannot reach VMO_HOME, their data lies in /var/lib/vmo instead. No
permission of a folder that is not the portal's own is ever widened.
"""

import hashlib
import os
import pwd
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

STATE_DIR = Path("/var/lib/vmo")
# Paths of unix sockets must be shorter than 108 bytes (104 on macOS), with the socket's own name.
LONGEST_SOCKET_DIR = 80


ROOT = Path(__file__).resolve().parents[2]


class ServiceError(Exception):
    """An embedded service cannot run; the message is one line that ends with the remedy."""


@dataclass(frozen=True)
class Account:
    """The user the services run as."""

    uid: int
    gid: int
    name: str

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may go through `folder` and all above it (folders to be made count as passable)."""
        return all(self._can_pass(part) for part in (folder, *folder.parents))

    def _can_pass(self, folder: Path) -> bool:
        try:
            found = folder.stat()
        except FileNotFoundError:
            return True
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


@dataclass(frozen=True)
class Place:
    """The folders of one portal's services; `account` is None where they run as whoever starts them."""

    home: Path
    base: Path
    account: Account | None

    @property
    def postgres(self) -> Path:
        return self.base / "postgres"

    @property
    def redis(self) -> Path:
        return self.base / "redis"

    @property
    def sockets(self) -> Path:
        """In the base folder or, where that path is too long for a socket, in a short one."""
        inside = self.base / "run"
        if len(os.fsencode(inside)) < LONGEST_SOCKET_DIR:
            return inside
        return Path("/tmp") / f"vmo-{digest(self.base)}"  # noqa: S108  (ownership is checked before use)

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def logs(self) -> Path:
        return self.home / "logs"


def home() -> Path:
    """VMO_HOME, by default .vmo/ beside manage.py."""
    return Path(os.environ.get("VMO_HOME") or ROOT / ".vmo").resolve()


def digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def service_account(owner_of: Path | None = None) -> Account | None:
    """Whom root runs the services as: the owner of existing data, VMO_SERVICE_USER, `vmo`, or `nobody`."""
    if os.geteuid() != 0:
        return None
    owner = _owner(owner_of) if owner_of else None
    if owner:
        return owner
    wanted = os.environ.get("VMO_SERVICE_USER", "")
    for name in [wanted] if wanted else ["vmo", "nobody"]:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid == 0:
            break
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise ServiceError(
        f"PostgreSQL must not run as root, and there is no ordinary user {wanted or 'vmo or nobody'!r}: "
        "create one, or name another in VMO_SERVICE_USER."
    )


def _owner(folder: Path) -> Account | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    if found.st_uid == 0:
        return None
    try:
        name = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        name = str(found.st_uid)
    return Account(found.st_uid, found.st_gid, name)


def place(home: Path) -> Place:
    """Where the services of `home` are; the same answer in every process, before and after the first start."""
    base = _recorded(home)
    if base is None:
        account = service_account(home / "postgres")
        base = home if account is None or account.can_enter(home) else STATE_DIR / digest(home)
    return Place(home, base, service_account(base / "postgres"))


def _record(home: Path) -> Path:
    return home / "services-base"


def _recorded(home: Path) -> Path | None:
    """What the first start wrote down: later changes of permissions must not make data seem to be lost."""
    try:
        return Path(_record(home).read_text().strip() or home)
    except OSError:
        return None


def prepare(here: Place) -> None:
    """Make the folders, owned by those who use them. Raises ServiceError when that is not possible."""
    try:
        make_home(here.home)
        here.logs.mkdir(exist_ok=True)
        if here.account and here.base != here.home:
            _make_open(here.base)
        for folder in (here.postgres, here.redis, here.sockets):
            make_private(folder, here.account)
        if _recorded(here.home) is None:
            _record(here.home).write_text(f"{here.base}\n")
    except OSError as error:
        raise unwritable(here.base, error) from error
    if here.account and not here.account.can_enter(here.base):
        raise ServiceError(
            f"The user {here.account.name}, who runs the services, cannot reach {here.base} any more: "
            "give it the right to pass (x) through the folders on that path."
        )


def make_home(home: Path) -> None:
    """Make the portal's own folder; the services' user may pass through it, its secrets are files of mode 600."""
    if os.geteuid() == 0:
        _make_open(home)
    else:
        home.mkdir(parents=True, exist_ok=True)


def _make_open(folder: Path) -> None:
    """Make `folder` and what is missing above it passable, whatever the umask; leave existing ones as they are."""
    if folder.exists():
        return
    _make_open(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)


def make_private(folder: Path, account: Account | None) -> None:
    """Make `folder` one that only `account` (None: this user) can enter. Raises ServiceError if it is another's."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise ServiceError(f"{folder} is not a folder: move it away.")
    owner = account.uid if account else os.geteuid()
    if found.st_uid not in (owner, os.geteuid()):
        raise ServiceError(
            f"{folder} belongs to another user: start the portal as that user or as root, or set VMO_HOME elsewhere."
        )
    if account and found.st_uid != account.uid:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def database_url(home: Path) -> str:
    return f"postgresql://vmo@{quote(str(place(home).sockets), safe='')}/vmo"


def redis_url(home: Path) -> str:
    return f"unix://{place(home).redis_socket}?db=0"


def celery_url(url: str) -> str:
    """The same Redis as Celery spells it."""
    return (
        "redis+socket" + url.removeprefix("unix").replace("?db=", "?virtual_host=") if url.startswith("unix:") else url
    )


def secret_key(home: Path) -> str:
    """The portal's own secret key, made once and kept in its home, readable by nobody else."""
    path = home / "secret_key"
    try:
        if not path.exists():
            _make_key(path)
        return path.read_text().strip()
    except OSError as error:
        raise unwritable(home, error) from error


def _make_key(path: Path) -> None:
    make_home(path.parent)
    draft = path.with_name(f"secret_key.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(50))
    with suppress(FileExistsError):
        os.link(draft, path)  # the first of several processes wins, and nobody reads half a key
    draft.unlink()


def unwritable(folder: Path, error: OSError) -> ServiceError:
    return ServiceError(
        f"Cannot use {error.filename or folder} ({error.strerror}): "
        "give this user the right to, free some space, or set VMO_HOME to another folder."
    )
