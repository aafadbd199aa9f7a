"""The types a measure speaks in: a window, a measurement with its series and evidence, and a registry entry.

Formulas import these from here (metrics/registry.py imports the formulas, so they cannot import it).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Number = int | float


class Window(NamedTuple):
    """Whole days, first to last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


class Facets(NamedTuple):
    """Which items are meant: those of any of these kinds, classes of service and labels; nothing said means all.

    What an item is called today counts, whenever it was worked on: tools keep no history of it.
    """

    kinds: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def are_all(self) -> bool:
        return not (self.kinds or self.classes or self.labels)


ALL_ITEMS = Facets()


class Point(NamedTuple):
    """One step of a series: a day (or the Monday of a week) with a value or with named parts."""

    at: date
    value: Number | None = None
    parts: Mapping[str, Number] | None = None
    # A week that the window cuts; never compared with full ones.
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """The rows behind a figure: candidates, whether each is in, by which rule not, and what it contributes.

    `ids` are primary keys of `model` (int64[n]); `included` bool[n]; `values` float64[n], what each row adds (NaN
    where it is out); `rule` int16[n] points into `rules`, whose entry 0 is why a row is in. `recompute` of the
    included values gives the figure's value exactly.
    """

    model: Literal["item", "deployment", "change", "incident"]
    ids: npt.NDArray[np.int64]
    included: npt.NDArray[np.bool_]
    values: npt.NDArray[np.float64]
    rule: npt.NDArray[np.int16]
    rules: tuple[str, ...]
    # What `values` is, for the column's head: "days", "seconds".
    value_label: str = ""
    # For a ratio of sums: what each row adds below the line (NaN where it is out), and what that is.
    base: npt.NDArray[np.float64] | None = None
    base_label: str = ""
    # For a figure of sums per group (velocity, of iterations): which of `groups` each row is added in (int64[n], -1
    # where it is out), and what these are called. Groups without a row count as well.
    group: npt.NDArray[np.int64] | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurement:
    """A figure. `value` None is n/a and then `reason` says why, in words."""

    value: Number | None
    unit: str
    n: int = 0
    reason: str = ""
    percentiles: Mapping[int, Number] = field(default_factory=dict)
    parts: Mapping[str, Number] = field(default_factory=dict)
    # What else the figure says, by name: which status, since which day (ISO), how much before.
    detail: Mapping[str, str | Number] = field(default_factory=dict)
    series: Sequence[Point] = ()
    evidence: Evidence | None = None


Unit = Literal["items", "points", "days", "seconds", "ratio", "per day", "item days"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure: how it is called, which columns it reads, and the formula.

    `formula(columns, window, as_of_day, **options)` is pure; `recompute(values)` gives the value from included
    evidence (`recompute(values, base)` where the evidence has a base, `recompute(values, group, groups)` where it has
    groups): see `recomputed`.
    `better` says which direction is good, None where neither is. `additive`: scopes' values sum up.
    """

    key: str
    label: str
    question: str
    unit: Unit
    family: Literal["flow", "delivery"]
    formula: Callable[..., Measurement]
    recompute: Callable[..., Number | None]
    better: Literal["more", "less"] | None = None
    additive: bool = False
    definition: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def recomputed(metric: Metric, evidence: Evidence) -> Number | None:
    """The figure's value, from nothing but the included rows of its evidence."""
    values = evidence.values[evidence.included]
    if evidence.group is not None:
        return metric.recompute(values, evidence.group[evidence.included], len(evidence.groups))
    if evidence.base is None:
        return metric.recompute(values)
    return metric.recompute(values, evidence.base[evidence.included])
