"""The widgets of the leader's page: every app adds its own, so that no app needs to import its siblings.

A widget answers one question in a sentence and shows its rows, those that need somebody first. From the same rows come
the page, its PDF, the page of all rows and the CSV, so they cannot disagree. An app registers a maker when the portal
starts (AppConfig.ready); each maker asks the database as often for forty value streams as for one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import User
from portfolio.models import ValueStream
from portfolio.queries import Scope

Tone = Literal["", "good", "warn", "bad"]
# How much a cell of the heat table weighs when the places are ordered.
WEIGHTS: Mapping[str, int] = {"bad": 3, "warn": 1}


@dataclass(frozen=True, slots=True)
class Ask:
    """What a widget is asked: by whom, of which value streams (those of the scope that the person may see), when.

    `at` is as_of, or now; `as_of` None is now. `since` is the reader's last visit, None: none, or the past is shown.
    `query` asks for the same page again. `is_whole`: the whole portfolio, things of no stream included.
    """

    user: User
    scope: Scope
    streams: Sequence[ValueStream]
    first: date
    last: date
    at: datetime
    as_of: datetime | None
    since: datetime | None
    query: str
    as_of_query: str
    is_whole: bool

    @property
    def day(self) -> date:
        """The portal's day at `at`."""
        return timezone.localdate(self.at)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def of_streams(self) -> Sequence[ValueStream] | None:
        """The streams, or None for all there is."""
        return None if self.is_whole else self.streams


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar filled to `value` of `of` with a mark at `mark`; `label` says it in words. Tone: "", over, good."""

    value: float
    of: float
    label: str
    mark: float | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Spark:
    """A small line of `values` in the order of time; `low` and `high` are its natural limits, `label` says it."""

    values: Sequence[float]
    label: str
    low: float | None = None
    high: float | None = None

    WIDTH, HEIGHT, EDGE = 84, 22, 2

    def _y(self, value: float) -> float:
        known = [*self.values, *(one for one in (self.low, self.high) if one is not None)]
        least, most = min(known), max(known)
        share = (value - least) / (most - least) if most > least else 0.5
        return round(self.HEIGHT - self.EDGE - share * (self.HEIGHT - 2 * self.EDGE), 1)

    @property
    def points(self) -> str:
        """The line as an SVG polyline has it."""
        step = self.WIDTH / max(len(self.values) - 1, 1)
        return " ".join(f"{round(place * step, 1)},{self._y(value)}" for place, value in enumerate(self.values))

    @property
    def limits(self) -> list[float]:
        """The heights of the limits."""
        return [self._y(one) for one in (self.low, self.high) if one is not None]


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a row: a text, where it leads, a second small line, a tone (never without a word that says it).

    `title` says why a value is n/a. `value` is what the CSV has, the text unless given.
    """

    text: str
    address: str = ""
    note: str = ""
    tone: Tone = ""
    is_tag: bool = False
    title: str = ""
    value: object = None
    bar: Bar | None = None
    spark: Spark | None = None

    @property
    def plain(self) -> object:
        return self.text if self.value is None else self.value


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column. `is_side`: left out where there is little room (a PDF)."""

    label: str
    is_number: bool = False
    is_side: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """A widget. `rows` are all rows, those that need somebody first; the page shows `shown` of them.

    `finding` is a clause for the page's heading ("three decisions are due"), empty when nothing needs anybody. `heat`
    is what it says of places in the table of where to look first: by a column's head, by the text of a place's scope.
    `why` explains it in sentences.
    """

    key: str
    question: str
    answer: str
    head: Sequence[Head] = ()
    rows: Sequence[Sequence[Cell]] = ()
    shown: int = 5
    noun: str = "row"
    nouns: str = ""
    size: str = "w12"
    trend: str = ""
    tag: str = ""
    tone: Tone = ""
    note: str = ""
    why: Sequence[str] = ()
    finding: str = ""
    heat: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    # Where everything about it is, and what that is called.
    page: str = ""
    page_label: str = ""
    # A template shown in place of the rows, with its context.
    template: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    # Whether it has rows and a CSV of its own.
    has_rows: bool = True

    @property
    def more(self) -> int:
        """How many rows the page does not show."""
        return max(0, len(self.rows) - self.shown)

    @property
    def lines(self) -> Sequence[Sequence[tuple[Head, Cell]]]:
        """The rows that the page shows, each cell with its head."""
        return [list(zip(self.head, row, strict=True)) for row in self.rows[: self.shown]]

    @property
    def all_lines(self) -> Sequence[Sequence[tuple[Head, Cell]]]:
        return [list(zip(self.head, row, strict=True)) for row in self.rows]

    @property
    def table(self) -> tuple[list[str], list[list[object]]]:
        """Head and rows for a CSV."""
        return [one.label for one in self.head], [[cell.plain for cell in row] for row in self.rows]

    def noun_of(self, n: int) -> str:
        return self.noun if n == 1 else self.nouns or f"{self.noun}s"


# The widget, or None: nothing to show this reader.
Maker = Callable[[Ask], Tile | None]
_makers: dict[str, tuple[int, Maker]] = {}


def register(key: str, maker: Maker, *, rank: int) -> None:
    """Called once by an app; what has the lowest rank comes first."""
    _makers[key] = (rank, maker)


def tiles(ask: Ask) -> list[Tile]:
    """The widgets of every app, in their order."""
    made = (maker(ask) for _, maker in sorted(_makers.values(), key=lambda pair: pair[0]))
    return [tile for tile in made if tile is not None]


def tile(key: str, ask: Ask) -> Tile | None:
    """One widget by its key; None when there is none, or none for this reader."""
    return _makers[key][1](ask) if key in _makers else None


def link(name: str, *args: object, query: str = "") -> str:
    """The address of a page by its URL's name, or nothing while there is no such page."""
    try:
        address = reverse(name, args=args)
    except NoReverseMatch:
        return ""
    return f"{address}?{query}" if query else address
