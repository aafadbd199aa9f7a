"""Which items stand behind a figure, and where each of them is: what figures draw item by item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from dashboards.queries.base import Reading
from metrics.columns import day_date
from metrics.formulas import frame
from metrics.measurement import Measurement
from metrics.models import WorkItem
from metrics.rows import STATES

IN_PROGRESS = ("active", "waiting")


@dataclass(frozen=True, slots=True)
class Rows:
    """The items that count in a figure: primary keys, what each adds, and its place in the columns."""

    keys: Sequence[int]
    values: Sequence[int]
    places: frame.Ints

    def __len__(self) -> int:
        return len(self.keys)


def counted(reading: Reading, measured: Measurement) -> Rows:
    """The rows that are in a measurement's evidence."""
    evidence = measured.evidence
    if evidence is None:
        return Rows([], [], np.zeros(0, dtype=np.int64))
    chosen = evidence.included
    values = evidence.values[chosen].astype(np.int64).tolist()
    return Rows(evidence.ids[chosen].tolist(), values, np.searchsorted(reading.columns.ids, evidence.ids[chosen]))


@dataclass(frozen=True, slots=True)
class Bands:
    """The bands of a scope in the workflow's order with the state of each, and the band of each stay."""

    states: Mapping[str, str]
    names: Sequence[str]
    band: frame.Ints

    @property
    def in_progress(self) -> list[str]:
        return [name for name, state in self.states.items() if state in IN_PROGRESS]


def bands(reading: Reading) -> Bands:
    """A team's statuses, a stream's and the portfolio's states; those in which something ever was."""
    columns = reading.columns
    names, band = frame.groups(columns)
    found, first = np.unique(band, return_index=True)
    places = zip(found.tolist(), first.tolist(), strict=True)
    return Bands({names[b]: STATES[int(columns.state[place])] for b, place in places}, names, band)


def finish_days(reading: Reading, places: frame.Ints) -> list[date]:
    """The days on which the items at `places` finished."""
    number = frame.finishes(reading.columns).day[places]
    days = {day: day_date(day) for day in np.unique(number).tolist()}
    return [days[day] for day in number.tolist()]


def bands_now(reading: Reading, where: Bands, places: frame.Ints) -> list[str]:
    """The bands in which the items at `places` are."""
    return [where.names[band] for band in where.band[reading.columns.last[places]].tolist()]


def names(ids: Sequence[int]) -> Mapping[int, str]:
    """Key and title of items, as a figure's hover says them."""
    rows = WorkItem.objects.filter(pk__in=ids).values_list("pk", "key", "title")
    return {pk: f"{key} {title[:60]}".strip() for pk, key, title in rows}
