"""What a connector is: it turns a tool's pages into rows. It knows no database and no clock.

To write one: a class with `tool`, `label`, `fields`, `check`, `pull` and `sweep`, and its line in
connectors/registry.py. Give bad records to the batch as `rejected`; raise ConnectorError for what stops the sync.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from metrics.rows import Row

Cursor = Mapping[str, Any]
# What lies here tells of processes and their environment, or never ends.
SYSTEM = ("/proc", "/sys", "/dev")


class ConnectorError(Exception):
    """The sync cannot go on. `permanent`: it will fail the same way until a person changes something.

    `field` names the setting at fault, so that a form can show the message there. `retry_at`: the tool asked us to
    stay away until then.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, field: str = "", retry_at: datetime | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.field = field
        self.retry_at = retry_at


@dataclass(frozen=True, slots=True)
class Field:
    """A setting of a connector: it makes the form, the command line's keys and the documentation."""

    name: str
    label: str
    kind: Literal["text", "url", "secret", "choice", "pattern", "number", "bool", "path", "zone", "long"] = "text"
    required: bool = False
    default: str = ""
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What a connector is given beside its settings: the portal's knowledge it may need, and nothing else."""

    slug: str
    workdir: Path
    zone: ZoneInfo
    now: datetime
    # Whether addresses of private networks may be asked (setting CONNECTORS_ALLOW_PRIVATE).
    allow_private: bool = True
    # Whether files and repositories of this machine may be read (setting CONNECTORS_ALLOW_LOCAL).
    allow_local: bool = True
    # The portal's own folder: its secret key, databases and clones, which no source may read.
    home: Path | None = None

    @property
    def uploads(self) -> Path | None:
        """Where files lie that people uploaded: these may be read whatever else may not."""
        return self.home / "uploads" if self.home else None

    def refusal(self, path: Path) -> str:
        """Why a connector must not read `path`, in words; empty when it may."""
        place = Path(os.path.realpath(path))  # unlike Path.resolve, it minds no loop and no overlong name
        if self.uploads and place.is_relative_to(self.uploads.resolve()):
            return ""
        if not self.allow_local:
            return "This portal reads no files of its own machine but uploaded ones (CONNECTORS_ALLOW_LOCAL)."
        if self.home and place.is_relative_to(self.home.resolve()):
            return "This is the portal's own folder, which sources do not read."
        if any(place.is_relative_to(root) for root in SYSTEM):
            return "This is no file of data: it belongs to the machine's system."
        return ""


class Rejected(NamedTuple):
    """A record that could not be used: where it was (a line, a key), why, and the start of it."""

    place: str
    reason: str
    record: str = ""


class Gone(NamedTuple):
    """A fact that the tool has no more, as the tool itself said (a deleted tag); never concluded from silence."""

    kind: Literal["commit", "pull_request", "deployment", "incident"]
    external_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, and the cursor that is true once they are stored: pulling from it goes on after them.

    `whole` are external ids of items whose whole history is in `rows`: stored transitions, team moves and blocks of
    them that are not in it go. `gone` are facts to forget.
    `done` and `total` count what the tool counts (issues, commits), for the progress bar; None: not known.
    """

    rows: Sequence[Row]
    cursor: Cursor
    rejected: Sequence[Rejected] = ()
    whole: Sequence[str] = ()
    gone: Sequence[Gone] = ()
    phase: str = ""
    done: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to "test connection": who we are there, what we see, and what a person should know."""

    identity: str
    summary: str
    warnings: Sequence[str] = field(default_factory=tuple)


class Connector(Protocol):
    """A tool. Instances live for one check, preview or sync."""

    tool: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]

    def __init__(self, settings: Mapping[str, str], context: Context) -> None:
        """`settings` holds every field's value as text, secrets included; fields not given have their default."""

    def check(self) -> Check:
        """Ask the tool who we are and what we see. Raises ConnectorError with an honest message."""

    def pull(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Everything (cursor None), or what changed since `cursor`, oldest first, in batches of some hundred rows."""

    def sweep(self) -> Iterator[Sequence[str]] | None:
        """External ids of all work items that exist now, in parts; None when the tool never forgets an item."""
