"""The list of initiatives: filtered, ordered, grouped; as many queries for three rows as for three thousand."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from portfolio import panels
from portfolio.formulas import wsjf
from portfolio.models import Horizon, Initiative, Stage, Team, ValueType
from portfolio.queries.ranking import OPEN, rank_by_id, shown
from portfolio.rules import can

LONG = ("description", "hypothesis", "outcome", "business_case")
STAGES, HORIZONS, TYPES = list(Stage.values), list(Horizon.values), list(ValueType.values)


class ListRow(NamedTuple):
    """A row: `rank` among all open ones (None: done), `cost` None where there is none or it is not to be seen."""

    initiative: Initiative
    rank: wsjf.Rank | None
    cost: Decimal | None
    sees_money: bool

    @property
    def wsjf(self) -> str:
        return shown(self.value)

    @property
    def value(self) -> Any:
        initiative = self.initiative
        return self.rank.value if self.rank else wsjf.value_of(_parts(initiative))


class Shown(NamedTuple):
    """A row on the page: what other apps say about it, too."""

    row: ListRow
    marks: Sequence[panels.Mark]
    is_late: bool


class Group(NamedTuple):
    """Rows with something in common; `label` is empty where there are no groups, `size` is of all pages."""

    label: str
    size: int
    rows: list[Shown]


def _parts(initiative: Initiative) -> Any:
    return tuple(getattr(initiative, part) for part in wsjf.PARTS)


def _filtered(rows: "QuerySet[Initiative]", asked: Mapping[str, Any]) -> "QuerySet[Initiative]":
    stage = asked.get("stage") or ""
    if stage != "all":
        rows = rows.filter(stage__in=[stage] if stage else OPEN)
    for name in ("stream", "theme", "owner", "value_type"):
        if asked.get(name):
            rows = rows.filter(**{name: asked[name]})
    if horizon := asked.get("horizon"):
        rows = rows.filter(horizon="" if horizon == "none" else horizon)
    if text := asked.get("q"):
        rows = rows.filter(Q(name__icontains=text) | Q(slug__istartswith=text))
    return rows


def listing(user: User, asked: Mapping[str, Any], *, with_texts: bool = False) -> list[ListRow]:
    """The initiatives that `user` sees and asks for, in order (by group first, then as `asked["sort"]` says).

    `asked` are the cleaned values of ListForm. Ranks are among all open ones that `user` sees, whatever the filter.
    """
    seen = Initiative.objects.for_user(user)
    narrow = seen.filter(stage__in=OPEN).order_by().only("name", "manual_rank", *wsjf.PARTS)
    ranks = rank_by_id(narrow)
    found = _filtered(seen.select_related("stream", "theme", "owner"), asked)
    teams = Prefetch("teams", Team.objects.for_user(user))
    found = found.prefetch_related(teams) if with_texts else found.defer(*LONG)
    rows = [_row(one, ranks.get(one.pk), user) for one in found]
    ordered = _ordered(rows, asked.get("sort") or "rank")
    return sorted(ordered, key=lambda row: GROUPED[asked["group"]](row)[0]) if asked.get("group") else ordered


def _row(one: Initiative, rank: wsjf.Rank | None, user: User) -> ListRow:
    sees = can(user, "see_money", one.stream)
    return ListRow(one, rank, one.estimated_cost if sees else None, sees)


def _place(values: Sequence[str], value: str) -> int | None:
    return values.index(value) if value in values else None


# What a column is sorted by; None is always last.
KEYS: dict[str, Callable[[ListRow], Any]] = {
    "rank": lambda row: row.rank.place if row.rank else None,
    "name": lambda row: row.initiative.name.casefold(),
    "stream": lambda row: row.initiative.stream.name.casefold(),
    "theme": lambda row: row.initiative.theme.name.casefold() if row.initiative.theme else None,
    "stage": lambda row: _place(STAGES, row.initiative.stage),
    "horizon": lambda row: row.initiative.horizon or None,
    "type": lambda row: _place(TYPES, row.initiative.value_type),
    "wsjf": lambda row: row.value,
    "cost": lambda row: row.cost,
    "due": lambda row: row.initiative.due_on,
    "owner": lambda row: row.initiative.owner.name.casefold() if row.initiative.owner else None,
}


def _ordered(rows: Sequence[ListRow], sort: str) -> list[ListRow]:
    """By the column, what has nothing there last; equal ones by rank, then by name."""
    key, back = KEYS[sort.removeprefix("-")], sort.startswith("-")
    settled = sorted(rows, key=lambda row: (row.rank is None, row.rank.place if row.rank else 0, row.initiative.name))
    told = sorted((row for row in settled if key(row) is not None), key=key, reverse=back)
    return told + [row for row in settled if key(row) is None]


# What a row is grouped by: the order of its group, and the group's heading.
Grouped = Callable[[ListRow], tuple[Any, str]]


def _of_thing(name: str, none: str) -> Grouped:
    def of(row: ListRow) -> tuple[Any, str]:
        thing = getattr(row.initiative, name)
        order = (thing is None, getattr(thing, "position", 0), thing.name.casefold() if thing else "")
        return order, thing.name if thing else none

    return of


def _of_choice(name: str, values: Sequence[str], none: str = "") -> Grouped:
    def of(row: ListRow) -> tuple[Any, str]:
        place = _place(values, getattr(row.initiative, name))
        label = getattr(row.initiative, f"get_{name}_display")()
        return (place is None, place or 0), label or none

    return of


GROUPED: dict[str, Grouped] = {
    "theme": _of_thing("theme", "No theme"),
    "stream": _of_thing("stream", ""),
    "stage": _of_choice("stage", STAGES),
    "horizon": _of_choice("horizon", HORIZONS, "No horizon"),
    "value_type": _of_choice("value_type", TYPES),
    "owner": _of_thing("owner", "No owner"),
}


def grouped(everything: Sequence[ListRow], page: Sequence[ListRow], by: str, user: User, at: datetime) -> list[Group]:
    """The rows of a page in their groups, with what other apps say about them."""
    marks = panels.marks("initiative", [row.initiative.pk for row in page], user, at)
    today = timezone.localdate(at)
    shown_rows = [Shown(row, marks[row.initiative.pk], _is_late(row.initiative, today)) for row in page]
    if not by:
        return [Group("", len(everything), shown_rows)]
    of = GROUPED[by]
    counts = {label: len(list(rows)) for label, rows in groupby(everything, key=lambda row: of(row)[1])}
    return [
        Group(label, counts[label], list(rows)) for label, rows in groupby(shown_rows, key=lambda one: of(one.row)[1])
    ]


def _is_late(initiative: Initiative, today: date) -> bool:
    return initiative.stage != Stage.DONE and initiative.due_on is not None and initiative.due_on < today
