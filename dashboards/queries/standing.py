"""Where the items of a scope stand at an instant: what places a measure's evidence on a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from metrics.columns import FlowColumns, day_date, instant, load
from metrics.forms import Asked
from metrics.formulas import frame
from metrics.models import WorkItem
from metrics.registry import METRICS
from metrics.rows import STATES


@dataclass(frozen=True, slots=True)
class Standing:
    """`states`: state by band (status, or state itself), in the workflow's order. By item: its band now, its finish."""

    states: Mapping[str, str]
    band: Mapping[int, str]
    finished_on: Mapping[int, date]
    columns: FlowColumns
    asked: Asked

    def counted(self, key: str) -> list[tuple[int, int]]:
        """(primary key, whole value) of the items behind a flow measure: its evidence that counts."""
        day = instant(self.columns.as_of).astimezone(self.asked.scope.zone).date()
        evidence = METRICS[key].formula(self.columns, self.asked.window, day).evidence
        if evidence is None:
            return []
        chosen = evidence.included
        values = evidence.values[chosen].astype(np.int64)
        return list(zip(evidence.ids[chosen].tolist(), values.tolist(), strict=True))


def standing(asked: Asked, at: datetime) -> Standing:
    """One read of the scope's columns, for everything that the page draws item by item."""
    columns = load(asked.scope, at, asked.facets)
    names, band = frame.groups(columns)
    states = {name: STATES[int(columns.state[place])] for name, place in _first_of_each(names, band).items()}
    ends = frame.finishes(columns)
    done = np.flatnonzero(ends.done)
    days = {day: day_date(day) for day in np.unique(ends.day[done]).tolist()}
    return Standing(
        {name: states[name] for name in names if name in states},
        dict(zip(columns.ids.tolist(), (names[b] for b in band[columns.last].tolist()), strict=True)),
        {pk: days[day] for pk, day in zip(columns.ids[done].tolist(), ends.day[done].tolist(), strict=True)},
        columns,
        asked,
    )


def _first_of_each(names: Sequence[str], band: frame.Ints) -> Mapping[str, int]:
    """A stay of each band that has one."""
    found, first = np.unique(band, return_index=True)
    return {names[b]: place for b, place in zip(found.tolist(), first.tolist(), strict=True)}


def names(ids: Sequence[int]) -> Mapping[int, str]:
    """Key and title of items, as a figure's hover says them."""
    rows = WorkItem.objects.filter(pk__in=ids).values_list("pk", "key", "title")
    return {pk: f"{key} {title[:60]}".strip() for pk, key, title in rows}
