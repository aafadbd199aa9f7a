"""What an importer is: it knows the columns of its files and writes their rows by the verbs of its app."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404

from core.audit import Actor
from core.models import ImportRun

T = TypeVar("T")


class Column(NamedTuple):
    """A column of a file: `name` heads it and is the key in a row's cells; a file may also say the `label`."""

    name: str
    label: str
    is_required: bool = False
    help: str = ""


class Row(NamedTuple):
    """A row: the number of its (first) line in the file, and its cells by column name, stripped.

    A column that the file does not have is not among the cells; an empty cell is "".
    """

    line: int
    cells: Mapping[str, str]


class Problem(NamedTuple):
    """Why a line cannot be imported; `column` is a column's name, or empty when it is about the whole line."""

    line: int
    column: str
    message: str


class Refused(ValidationError):
    """Lines that turned out to be wrong while they were written: nothing is written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__([f"Line {one.line}: {one.message}" for one in problems[:5]])
        self.problems = list(problems)


@dataclass(slots=True)
class Checked:
    """What an import would do: so many rows new, changed, as they are already; and what is wrong, by line."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)


class Importer(ABC):
    """One kind of file. Subclass it and `register` an instance when the app is ready (AppConfig.ready).

    `scope` is a text of its own making that says where the rows belong ("stream:payments"), empty for everywhere; it
    comes from the address of the page and is stored with the run.
    """

    kind: str  # in addresses: "initiatives"
    title: str  # a heading: "Import initiatives"
    noun: str  # what a row is: "initiative"
    plural: str = ""
    columns: Sequence[Column]
    # Columns that name a row together: a second row with the same cells is a problem. Empty: rows have no key.
    key: Sequence[str] = ()
    help: str = ""  # a sentence or two above the columns
    most_rows: int = 20_000  # a longer file is refused
    nav: str = ""  # the job of the navigation, and the section of tabs with `tab`
    tab: str = ""

    @abstractmethod
    def allow(self, actor: Actor, scope: str) -> None:
        """Raise Http404 when there is no such scope for `actor`, PermissionDenied when they may not import there."""

    @abstractmethod
    def address(self, scope: str) -> str:
        """Where the imported things are seen."""

    @abstractmethod
    def check(self, rows: Sequence[Row], actor: Actor, scope: str) -> Checked:
        """The dry run: what importing the rows would do. Writes nothing (see `trial`)."""

    @abstractmethod
    def apply(self, rows: Sequence[Row], actor: Actor, run: ImportRun) -> dict[str, Any]:
        """Write the rows by the app's verbs, in the transaction that is open; returns JSON that `roll_back` undoes.

        Raises Refused (or ValidationError) when something is wrong: then nothing is written. May set the counts of
        `run` anew. Rows that are there already are left as they are.
        """

    @abstractmethod
    def roll_back(self, undo: Mapping[str, Any], actor: Actor) -> None:
        """Take back what `apply` wrote, in the open transaction.

        Raises ValidationError, in words, when rows were changed since: then nothing is taken back.
        """

    def columns_for(self, actor: Actor, scope: str) -> Sequence[Column]:
        """The columns that `actor` may fill (not those of money they may not see); others in a file are passed over."""
        return self.columns

    def shares_runs(self, actor: Actor, scope: str) -> bool:
        """Whether `actor` sees the runs that others made, with what they typed; else only their own."""
        return actor is None


def trial(work: Callable[[], T]) -> T:
    """What `work` returns; all it wrote is taken back. For dry runs by the very verbs of the import."""
    with transaction.atomic():
        answer = work()
        transaction.set_rollback(True)
    return answer


def repeated(rows: Iterable[Row], key: Collection[str]) -> list[Problem]:
    """A problem for each row that has the same (case apart) non-empty cells in the `key` columns as one before it."""
    seen: dict[tuple[str, ...], int] = {}
    problems = []
    for row in rows:
        cells = tuple(row.cells.get(name, "").casefold() for name in key)
        first = seen.setdefault(cells, row.line) if any(cells) else row.line
        if first != row.line:
            problems.append(Problem(row.line, next(iter(key)), f"Line {first} has the same {' and '.join(key)}."))
    return problems


_IMPORTERS: dict[str, Importer] = {}


def register(importer: Importer) -> None:
    """Offer a kind of file; called once when its app is ready."""
    _IMPORTERS[importer.kind] = importer


def find(kind: str) -> Importer:
    """The importer of this kind; raises Http404 when there is none."""
    try:
        return _IMPORTERS[kind]
    except KeyError:
        raise Http404(f"There is nothing to import called {kind[:40]}.") from None
