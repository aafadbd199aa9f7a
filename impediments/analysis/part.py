"""The parts of the Analysis page: each a question with its answer, a figure and a table that is also its CSV."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.urls import reverse

from charts.figures import Spec
from impediments.analysis.cases import Cases

# By what the Pareto figure adds up.
BY: Mapping[str, str] = {"category": "Category", "reason": "Reason", "team": "Team", "root": "Root cause"}
# What the Pareto figure ranks by; the cost only for who sees the money of every team of the scope.
RANKED: Mapping[str, str] = {"days": "Days", "cost": "Cost"}
# So many signals are listed at once.
SAID = 4


class Cell(NamedTuple):
    """What stands in a row; `value` is what the CSV has, the text unless given."""

    text: str
    address: str = ""
    note: str = ""
    value: object = None

    @property
    def plain(self) -> object:
        return self.text if self.value is None else self.value


class Head(NamedTuple):
    label: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One question. The page shows `shown` rows at once, the others behind a click; the CSV has them all."""

    key: str
    question: str
    answer: str
    trend: str = ""
    tag: str = ""
    tone: str = ""
    spec: Spec | None = None
    head: Sequence[Head] = ()
    rows: Sequence[Sequence[Cell]] = ()
    shown: int = 8
    note: str = ""
    why: Sequence[str] = ()
    # Signals and other sentences below the figure.
    said: Sequence[str] = ()
    # The table stands beside the figure where there is room.
    is_beside: bool = False

    @property
    def latest(self) -> Sequence[str]:
        return self.said[:SAID]

    @property
    def earlier(self) -> Sequence[str]:
        return self.said[SAID:]

    @property
    def first(self) -> list[list[tuple[Head, Cell]]]:
        return [list(zip(self.head, row, strict=True)) for row in self.rows[: self.shown]]

    @property
    def more(self) -> list[list[tuple[Head, Cell]]]:
        return [list(zip(self.head, row, strict=True)) for row in self.rows[self.shown :]]

    @property
    def table(self) -> tuple[list[str], list[list[object]]]:
        """Head and rows for a file."""
        return [one.label for one in self.head], [[cell.plain for cell in row] for row in self.rows]


def number(value: float | None, digits: int = 1) -> str:
    """A number for people: one decimal where there is one; "n/a" for none."""
    if value is None:
        return "n/a"
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def days(value: float | None) -> str:
    """Working days in words."""
    text = number(value)
    return text if value is None else f"{text} working {'day' if text == '1' else 'days'}"


def count(n: int, noun: str, plural: str = "") -> str:
    """“1 impediment”, “3 impediments”."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def per_cent(share: float | None) -> str:
    return "n/a" if share is None else f"{100 * share:.0f}\u00a0%"


def figure_cell(value: float | None, note: str = "") -> Cell:
    """A number, or n/a; the file has it with two decimals."""
    return Cell(number(value), note=note, value="" if value is None else round(value, 2))


def address(found: Cases, pk: int) -> str:
    """The page of an impediment, at the instant that is shown."""
    return f"{reverse('impediment', args=[pk])}{found.asked.as_of_query}"


def ranked_by(found: Cases, wanted: str) -> str:
    """What the Pareto figure ranks by for the reader of `found`: "cost" only for who sees all of its money."""
    return "cost" if wanted == "cost" and found.sees_money else "days"


def analysis(found: Cases, by: str = "category", ranked: str = "days") -> tuple[str, list[Part]]:
    """The page's finding and its parts."""
    makers = _makers(by, ranked)
    return _finding(found), [makers[key](found) for key in makers]


def part(found: Cases, key: str, by: str = "category", ranked: str = "days") -> Part | None:
    """One part by its key, for its file; None when there is none of that name."""
    maker = _makers(by, ranked).get(key)
    return maker(found) if maker else None


def _makers(by: str, ranked: str) -> dict[str, Callable[[Cases], Part]]:
    from impediments.analysis import causes, times

    return {
        "resolution": times.resolution,
        "ageing": times.ageing,
        "levels": times.levels,
        "pareto": lambda found: causes.pareto(found, by, ranked),
        "reasons": causes.reasons,
        "roots": causes.roots,
        "origin": causes.origin,
    }


def _finding(found: Cases) -> str:
    from impediments.formulas.analysis import usual

    name, done, still = found.asked.scope.name, found.resolved, len(found.open)
    if not found.all:
        return f"{name}: no impediment in this window"
    if not done:
        return f"{name}: {count(still, 'impediment')} open, none resolved in this window"
    times = usual([case.days for case in done])
    return f"{name}: half of the impediments are gone within {days(times.median)}, 85 % within {number(times.p85)}"
