"""The items of a scope as they were at an instant: the columns of every figure, filtered and sorted in arrays.

Only a page's texts are read from the database; a list of 15,000 items costs what their columns cost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics import columns, states
from metrics.columns import NEVER, FlowColumns, instant
from metrics.forms import search
from metrics.formulas import frame
from metrics.measurement import Facets
from metrics.models import ItemFlow, ItemKind, Status, WorkItem
from metrics.rows import STATES
from portfolio.models import Team
from portfolio.queries import Scope

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
# Where what has no value stands, whichever way a list is sorted.
NONE = np.iinfo(np.int64).min


def owners(found: FlowColumns, ends: frame.Finishes) -> Ints:
    """Per item the stay that says whose it is: a finished one is of the team that finished it, any other of its holder.

    As ItemFlow has it (metrics/actions/derive.py).
    """
    return np.where(ends.done, ends.stay, found.last)


@dataclass(frozen=True, slots=True)
class PastItems:
    """Items in their order, one place of the columns each; a slice of it makes rows as ItemFlow's are, unsaved."""

    found: FlowColumns
    ends: frame.Finishes
    owner: Ints
    order: Ints

    def __len__(self) -> int:
        return len(self.order)

    def count(self) -> int:
        return len(self.order)

    def __getitem__(self, part: slice) -> list[ItemFlow]:
        return self._rows(self.order[part])

    def iterator(self) -> Iterator[ItemFlow]:
        """All rows, some hundred at a time."""
        for low in range(0, len(self.order), 500):
            yield from self[low : low + 500]

    def __iter__(self) -> Iterator[ItemFlow]:
        return self.iterator()

    @property
    def ids(self) -> list[int]:
        """Their primary keys."""
        return self.found.ids[self.order].tolist()  # type: ignore[no-any-return]

    def of(self, ids: Sequence[int]) -> dict[int, ItemFlow]:
        """The rows of some of the items, by primary key."""
        places = self.order[np.isin(self.found.ids[self.order], np.array(ids, dtype=np.int64))]
        return {row.item_id: row for row in self._rows(places)}

    def _rows(self, places: Ints) -> list[ItemFlow]:
        found = self.found
        items = WorkItem.objects.in_bulk(found.ids[places].tolist())
        teams = Team.objects.in_bulk([team.id for team in found.teams])
        used = {int(found.status[found.last[n]]) for n in places.tolist()}
        known = Status.objects.in_bulk([found.statuses[number].id for number in used])
        # An item deleted since the columns were read is not there any more.
        there = [(n, items[int(found.ids[n])]) for n in places.tolist() if int(found.ids[n]) in items]
        return [self._row(n, item, teams, known) for n, item in there]

    def _row(self, n: int, item: WorkItem, teams: Mapping[int, Team], known: Mapping[int, Status]) -> ItemFlow:
        found, last, done = self.found, int(self.found.last[n]), bool(self.ends.done[n])
        return ItemFlow(
            item=item,
            team=teams[found.teams[int(found.team[self.owner[n]])].id],
            status=known.get(found.statuses[int(found.status[last])].id),
            state=STATES[int(found.state[last])],
            created_at=instant(int(found.created[n])),
            started_at=_known(int(found.began[last])),
            finished_at=_known(int(found.ended[last])),
            cycle_days=int(self.ends.cycle[n]) if done else None,
            lead_days=int(self.ends.lead[n]) if done else None,
        )


def _known(at: int) -> datetime | None:
    return None if at == NEVER else instant(at)


def items(scope: Scope, as_of: datetime, facets: Facets, said: Mapping[str, Any]) -> PastItems:
    """The items of a scope as at `as_of` that fit what a list's form says (state, kind, q), in its order (sort)."""
    found = columns.load(scope, as_of, facets)
    ends = frame.finishes(found)
    owner = owners(found, ends)
    mine = found.in_scope[owner] if len(owner) else np.zeros(0, dtype=np.bool_)
    every = PastItems(found, ends, owner, np.flatnonzero(mine & _fits(found, said)))
    if text := said.get("q"):
        every = _kept(every, _searched(every.ids, text))
    return PastItems(found, ends, owner, _ordered(every, said.get("sort") or []))


def _fits(found: FlowColumns, said: Mapping[str, Any]) -> Flags:
    """Which items are in the state and of the kind that a form says."""
    fits = np.ones(len(found.ids), dtype=np.bool_)
    if state := said.get("state"):
        fits &= found.state[found.last] == states.CODES[state]
    if kind := said.get("kind"):
        fits &= found.kinds == ItemKind.values.index(kind)
    return fits


def _searched(ids: Sequence[int], text: str) -> Ints:
    rows = search(WorkItem.objects.filter(pk__in=ids), text, "key", "title")
    return np.array(rows.values_list("pk", flat=True), dtype=np.int64)


def _kept(every: PastItems, ids: Ints) -> PastItems:
    chosen = every.order[np.isin(every.found.ids[every.order], ids)]
    return PastItems(every.found, every.ends, every.owner, chosen)


def _ordered(every: PastItems, sort: Sequence[str]) -> Ints:
    """The places in the order asked for, else the latest finished first; by primary key where that says nothing."""
    found, order = every.found, every.order
    keys = [found.ids[order]]
    for name in reversed(sort or ["-finished", "-started"]):
        values = _values(every, name.removeprefix("-"))
        rank = np.unique(values, return_inverse=True)[1].astype(np.int64)
        keys += [-rank if name.startswith("-") else rank, values == NONE]
    return order[np.lexsort(keys)]


def _values(every: PastItems, name: str) -> Ints:
    """What a column of the list is sorted by, as numbers; NONE where there is no value."""
    found, order, last = every.found, every.order, every.found.last[every.order]
    match name:
        case "state":
            return _alphabetic(STATES)[found.state[last]]
        case "type":
            return _alphabetic(ItemKind.values)[found.kinds[order]]
        case "team":
            names = [team.name for team in found.teams]
            return _placed(Team.objects.filter(name__in=names).order_by("name"), "name", names)[
                found.team[every.owner[order]]
            ]
        case "created":
            return found.created[order]
        case "started":
            return found.began[last]
        case "finished":
            return found.ended[last]
        case "cycle" | "lead":
            days: Ints = getattr(every.ends, name)[order]
            return np.where(every.ends.done[order], days, NONE)
    # Texts are in the database's order, as in the list of what is there now.
    rows = WorkItem.objects.filter(pk__in=every.ids).order_by(name, "pk")
    return _placed(rows, "pk", every.ids)


def _placed(rows: Any, field: str, values: Sequence[Any]) -> Ints:
    """The place of each of `values` among the rows' own."""
    places = {value: place for place, value in enumerate(rows.values_list(field, flat=True))}
    return np.array([places.get(value, NONE) for value in values], dtype=np.int64)


def _alphabetic(names: Sequence[str]) -> Ints:
    """The place of each name among them all when sorted."""
    return np.argsort(np.argsort(np.array(names))).astype(np.int64)
