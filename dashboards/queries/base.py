"""What a page of figures is made of: widgets, and the measurements they are made from, now and in the period before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.text import slugify

from charts.figures import Level, Spec
from metrics.columns import FlowColumns, load
from metrics.forms import Asked
from metrics.measurement import Measurement, Number, Window
from metrics.queries import data_stamp, measure_many
from metrics.registry import METRICS
from metrics.templatetags.measures import plain, value_text


@dataclass(frozen=True)
class Reading:
    """The flow columns of what is asked, as at `at`: read from the database at most once, and only when needed."""

    asked: Asked
    at: datetime

    @cached_property
    def columns(self) -> FlowColumns:
        return load(self.asked.scope, self.at, self.asked.facets)

    @property
    def today(self) -> date:
        """The scope's local day at as_of."""
        return self.at.astimezone(self.asked.scope.zone).date()

    def measure(self, key: str, window: Window | None = None, **options: Any) -> Measurement:
        """A measure of flow with its evidence; of the page's window unless another is given."""
        return METRICS[key].formula(self.columns, window or self.asked.window, self.today, **options)


@dataclass(frozen=True, slots=True)
class Figures:
    """Measurements of one page by key: of the window, and of the equal period before it."""

    asked: Asked
    at: datetime
    now: Mapping[str, Measurement]
    before: Mapping[str, Measurement]
    reading: Reading

    @property
    def today(self) -> date:
        """The scope's local day at as_of."""
        return self.reading.today


def figures(asked: Asked, at: datetime, keys: Iterable[str], ranked: Iterable[str] = (), data: str = "") -> Figures:
    """The measures of a page. `at` is as_of, or now. `ranked` are computed with the percentiles asked for, and with
    the rows behind them. `data` is data_stamp(), for a page of many scopes.
    """
    keys, ranked, reading, data = list(keys), list(ranked), Reading(asked, at), data or data_stamp()
    now, before = (
        measure_many(keys, asked.scope, window, at, asked.facets, lambda: reading.columns, data=data)
        | {key: reading.measure(key, window, percentiles=asked.ranks) for key in ranked}
        for window in (asked.window, asked.before)
    )
    return Figures(asked, at, now, before, reading)


@dataclass(frozen=True, slots=True)
class Widget:
    """One question with its answer. `key` is the measure whose rows and CSV the footer offers."""

    key: str
    question: str
    answer: str
    trend: str = ""
    size: str = "w6"
    tag: str = ""
    tone: str = ""
    number: str = ""
    spec: Spec | None = None
    query: str = ""
    note: str = ""
    # A template that shows more than a figure, and what it needs.
    template: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def figure(self) -> Spec | None:
        """The figure, where there is anything to draw: a chart of nothing but zeros says less than the answer."""
        if not self.spec:
            return None
        traces = self.spec["data"]
        if "ticktext" in self.spec["layout"]["yaxis"]:
            # Lanes: the first one's number is 0, and each point in it is worth drawing.
            return self.spec if any(trace["x"] for trace in traces) else None
        numbers = [value for trace in traces for value in (*trace["x"], *trace["y"]) if not isinstance(value, str)]
        return self.spec if any(numbers) else None

    @property
    def html_id(self) -> str:
        """An anchor; the question tells apart two widgets of one measure."""
        return slugify(self.question)

    @property
    def rows(self) -> str:
        return f"{reverse('explain', args=[self.key])}?{self.query}" if self.key else ""

    @property
    def why(self) -> str:
        return f"{self.rows}#means" if self.key else ""

    @property
    def csv(self) -> str:
        return f"{reverse('figure-csv', args=[self.key])}?{self.query}" if self.key else ""


def missing(found: Figures, key: str, question: str, size: str = "w6", measured: Measurement | None = None) -> Widget:
    """The widget of a measure that is n/a: why, in words. `measured` where it is not among the page's figures."""
    reason = (measured or found.now[key]).reason
    sentence = f"{reason[:1].upper()}{reason[1:]}."
    return Widget(key, question, sentence, size=size, tag="n/a", query=found.asked.query)


def trend(found: Figures, key: str, value: Number | None = None) -> str:
    """The same figure of the period before, in words."""
    before = found.before[key]
    days = found.asked.window.days
    past = before.value if value is None else value
    if past is None:
        return f"Nothing to compare with in the {days} days before."
    return f"{value_text(past, before.unit)} in the {days} days before."


def percentile_trend(found: Figures, key: str, rank: int) -> str:
    past = found.before[key].percentiles.get(rank)
    if past is None:
        return f"Nothing to compare with in the {found.asked.window.days} days before."
    return f"{rank}\u00a0%: {value_text(past, found.before[key].unit)} in the {found.asked.window.days} days before."


def stock_trend(found: Figures, key: str) -> str:
    """What a stock was at the end of the period before, in words."""
    before, days = found.before[key], found.asked.window.days
    if before.value is None:
        return f"Nothing to compare with {days} days earlier."
    return f"{value_text(before.value, before.unit)} {days} days earlier."


def headline(ranks: Sequence[int]) -> int:
    """The percentile that sentences name: the 85th, or the highest of those asked for."""
    return 85 if 85 in ranks else ranks[-1]


def levels(measured: Measurement, ranks: Sequence[int]) -> list[Level]:
    """Percentiles as lines, each with its name and a dash of its own."""
    shown = [p for p in ranks if p in measured.percentiles]
    return [
        Level(measured.percentiles[p], f"{p}\u00a0%: {plain(measured.percentiles[p])} d", dash_of(p)) for p in shown
    ]


def dash_of(rank: int) -> str:
    return {50: "dot", 70: "dash", 85: "solid", 95: "dashdot"}.get(rank, "longdash")


def item_link(asked: Asked) -> str:
    """The address of an item's page, as of the same instant, with {} where its key goes."""
    return reverse("item", args=[0]).replace("/0/", "/{}/") + asked.as_of_query


def question(key: str) -> str:
    return METRICS[key].question


def count(n: Number, one: str, many: str = "") -> str:
    """A number with its noun: "1 item", "12 items"."""
    return f"{plain(n)} {one if n == 1 else many or one + 's'}"


def per_cent(value: float) -> str:
    return f"{plain(round(100 * value))}\u00a0%"
