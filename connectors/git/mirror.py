"""Our copy of a repository: branches and tags without files, fetched, and read as streams.

One git at a time works on it, by a lock that every git inherits. Whatever is wrong with it, it can be made anew.
"""

import fcntl
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from connectors.git.address import Address
from connectors.git.process import Broken, Git, Running
from connectors.protocol import ConnectorError

LOG_FIELDS = ("%H", "%P", "%at", "%ct", "%an <%ae>", "%B")
REF_FIELDS = (
    "%(refname)",
    "%(objectname)",
    "%(objecttype)",
    "%(taggerdate:unix)",
    "%(committerdate:unix)",
    "%(*objectname)",
    "%(*objecttype)",
    "%(*committerdate:unix)",
)
CHUNK = 1 << 16
PERCENT = re.compile(r"(Receiving objects|Resolving deltas):\s+(\d+)%")
# Seconds between looks at a fetch that runs, and at a lock that somebody else holds; how long is waited for that.
LOOK_EVERY = 0.2
LOCK_WAIT = 900
FETCH_LIMIT = 4 * 3600


class Commit(NamedTuple):
    """A commit as git logs it; times are seconds since 1970, `author` is “name <e-mail>”."""

    sha: str
    parents: tuple[str, ...]
    authored: str
    committed: str
    author: str
    message: str


class Ref(NamedTuple):
    """A branch or tag. `sha` is the commit it leads to ("" when it leads to none), `at` the tag's own time or that."""

    name: str
    object: str
    sha: str
    at: str


class Mirror:
    """The copy in `folder`."""

    def __init__(self, git: Git, folder: Path, address: Address) -> None:
        self.git = git
        self.address = address
        self.folder = folder
        self.path = folder / "mirror.git"

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Wait for the lock; it also ends when the process that holds it, and its gits, are gone."""
        with (self.folder / "mirror.lock").open("w") as file:
            deadline = time.monotonic() + LOCK_WAIT
            while not _lock(file.fileno()):
                if time.monotonic() > deadline:
                    raise ConnectorError("Another git still works on our copy of this repository.")
                time.sleep(LOOK_EVERY)
            yield file.fileno()

    def remote_refs(self) -> list[tuple[str, str]]:
        """(name, hash) of the branches and tags at the address; of annotated tags the commit behind them."""
        listed = self.git.run("ls-remote", "--heads", "--tags", "--", self.address.url)
        pairs = [line.split("\t", 1) for line in listed.decode("utf-8", "replace").splitlines() if "\t" in line]
        return list({name.removesuffix("^{}"): sha for sha, name in pairs}.items())

    def prepare(self) -> None:
        """Make the copy if there is none; clear what a killed git left."""
        if not (self.path / "HEAD").exists():
            self.discard()
            lengths = {len(sha) for _, sha in self.remote_refs()}
            format_of = "sha256" if lengths == {64} else "sha1"
            self.git.run("init", "-q", "--bare", f"--object-format={format_of}", "--template=", str(self.path))
        for stale in self.path.rglob("*.lock"):
            stale.unlink(missing_ok=True)
        self._read("config", "remote.origin.url", self.address.url)

    def discard(self) -> None:
        """Forget the copy."""
        shutil.rmtree(self.path, ignore_errors=True)

    def fetch(self, lock: int) -> Iterator[int]:
        """Fetch branches and tags; yields per cent of what is received, again and again while it runs."""
        # Local paths are copied whole: asking them for a part is not allowed unless they say so.
        part = () if self.address.protocol == "file" else ("--filter=blob:none",)
        options = ("--prune", "--force", "--no-tags", "--progress", "--update-shallow", "--no-write-fetch-head", *part)
        refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        with self.git.started("-C", str(self.path), "fetch", *options, "origin", *refs, lock=lock) as running:
            deadline = time.monotonic() + FETCH_LIMIT
            while not running.is_over(LOOK_EVERY):
                if time.monotonic() > deadline:
                    raise ConnectorError("Fetching the repository took more than 4 hours.")
                yield _percent(running)
            running.check()

    def refs(self) -> list[Ref]:
        """The branches and tags of the copy, by name."""
        form = "%00".join(REF_FIELDS)
        lines = self._read("for-each-ref", f"--format={form}", "refs/heads", "refs/tags").decode("utf-8", "replace")
        return [self._ref(line.split("\0")) for line in lines.splitlines()]

    def _ref(self, fields: Sequence[str]) -> Ref:
        name, sha, kind, tagged, committed, inner, inner_kind, inner_committed = fields
        if kind == "commit":
            return Ref(name, sha, sha, committed)
        if inner_kind == "commit":
            return Ref(name, sha, inner, tagged or inner_committed)
        return Ref(name, sha, self._peeled(name) if inner_kind == "tag" else "", tagged)

    def _peeled(self, name: str) -> str:
        """The commit behind a tag of a tag."""
        return self._read("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}").decode().strip()

    def existing(self, shas: Iterable[str]) -> set[str]:
        """Those of `shas` that the copy has."""
        wanted = "".join(f"{sha}\n" for sha in shas)
        if not wanted:
            return set()
        listed = self._read("cat-file", "--batch-check=%(objectname) %(objecttype)", give=wanted).decode()
        return {line.split()[0] for line in listed.splitlines() if not line.endswith(" missing")}

    def hashes(self, include: Iterable[str], exclude: Iterable[str]) -> list[str]:
        """Commits reachable from `include` and not from `exclude`, newest first."""
        return self._read("rev-list", "--stdin", give=_range(include, exclude), timeout=600).decode().split()

    def commits(self, include: Iterable[str], exclude: Iterable[str]) -> Iterator[Commit]:
        """The same with what git logs of them, every commit after its parents."""
        form = "%x00".join(LOG_FIELDS)
        options = ("--topo-order", "--reverse", "-z", f"--format=tformat:{form}", "--no-notes", "--no-mailmap")
        arguments = ("-C", str(self.path), "log", *options, "--stdin")
        with self.git.started(*arguments, give=_range(include, exclude)) as running:
            for values in _records(running, len(LOG_FIELDS)):
                sha, parents, *rest = values
                yield Commit(sha, tuple(parents.split()), *rest)
            running.check(own=True)

    def _read(self, *arguments: str, give: str | None = None, timeout: float = 60) -> bytes:
        if not self.path.is_dir():
            raise Broken("it is not there")
        return self.git.run("-C", str(self.path), *arguments, give=give, timeout=timeout, own=True)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _percent(running: Running) -> int:
    told = PERCENT.findall(running.complaints())
    return int(told[-1][1]) if told and told[-1][0] == "Receiving objects" else (100 if told else 0)


def _range(include: Iterable[str], exclude: Iterable[str]) -> str:
    return "".join([*(f"{sha}\n" for sha in include), *(f"^{sha}\n" for sha in exclude)])


def _records(running: Running, size: int) -> Iterator[list[str]]:
    """The NUL-separated output in groups of `size`."""
    rest, fields = b"", list[str]()
    while chunk := running.output.read(CHUNK):
        *parts, rest = (rest + chunk).split(b"\0")
        fields += [part.decode("utf-8", "replace") for part in parts]
        whole = len(fields) - len(fields) % size
        for start in range(0, whole, size):
            yield fields[start : start + size]
        del fields[:whole]
