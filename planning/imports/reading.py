"""What the rows of a file ask for: cards by their keys, with their places on the board, or why it cannot be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from core.imports import Column, Problem, Row, cells
from metrics.models import EpicLink, Source
from planning.models import Card, CardKind, Increment, Iteration, Lane, LaneKind, Unit
from portfolio.models import Feature
from portfolio.models.organisation import ValueType

COLUMNS = (
    Column("key", "Key", True, "as the tool or the team calls it; names the card, so that a second import finds it"),
    Column("title", "Title", False, "a new card needs it"),
    Column("row", "Row", False, "a team, an external row, or empty: the parking lot"),
    Column("iteration", "Iteration", False, "its number or name; empty: unplanned"),
    Column("kind", "Kind", False, ", ".join(CardKind.values)),
    Column("size", "Size", False, "a number"),
    Column("unit", "Unit", False, "points or items; empty: what the team plans in"),
    Column("value_type", "Kind of value", False, ", ".join(ValueType.values)),
    Column("description", "Description"),
    Column("url", "Address", False, "of the feature in its tool"),
    Column("feature", "Feature", False, "the team’s feature of that name in this portal"),
    Column("source", "Source", False, "a synced source: the items there whose parent is the key are the feature’s"),
)
PARKING = "parking lot"
UNPLANNED = "unplanned"
LONGEST = {"key": 40, "title": 200, "url": 500}


@dataclass(slots=True)
class Wanted:
    """A row: the card that is there (None: new), what differs, and its place if that is said.

    `source`: the feature is the one of the items there whose parent is the key; made where there is none.
    """

    line: int
    key: str
    card: Card | None
    fields: dict[str, Any] = field(default_factory=dict)
    place: tuple[Lane | None, Iteration | None] | None = None
    source: Source | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether all is as it says already."""
        return self.card is not None and not self.fields and self.place is None and self.source is None


class Reader:
    """Reads rows; asks the database once for all of them. Raises nothing: what is wrong is a Problem."""

    def __init__(self, rows: Sequence[Row], increment: Increment) -> None:
        self.increment = increment
        here = Card.objects.filter(increment=increment, removed_at=None)
        self.cards = {card.key.casefold(): card for card in here.exclude(key="").select_related("lane", "iteration")}
        self.lanes = _by_name(increment.lanes.select_related("team"))
        self.columns = {name: column for column in increment.iterations.all() for name in _names(column)}
        teams = [lane.team_id for lane in self.lanes.values() if lane.kind == LaneKind.TEAM]
        features = Feature.objects.filter(team__in=teams) if any(row.cells.get("feature") for row in rows) else ()
        self.features = {(one.team_id, one.name.casefold()): one for one in features}
        self.sources, self.links = self._synced(rows, teams)

    def _synced(
        self, rows: Sequence[Row], teams: Sequence[int | None]
    ) -> tuple[dict[str, Source], dict[tuple[int, str], Feature]]:
        """The sources that are named, and the features of the keys there."""
        named = {row.cells["source"].casefold() for row in rows if row.cells.get("source")}
        if not named:
            return {}, {}
        known = Source.objects.filter(items__team__in=teams).distinct()
        sources = {one.name.casefold(): one for one in known if one.name.casefold() in named}
        keys = {row.cells["key"] for row in rows}
        links = EpicLink.objects.filter(source__in=sources.values(), parent__in=keys).select_related("feature")
        return sources, {(link.source_id, link.parent): link.feature for link in links}

    def read(self, row: Row) -> tuple[Wanted, list[Problem]]:
        """What a row asks for, and what is wrong with it, cell by cell."""
        key = row.cells["key"]
        wanted = Wanted(row.line, key, self.cards.get(key.casefold()))
        problems: list[Problem] = []

        def cell(name: str, read: Callable[[str], Any]) -> Any:
            try:
                return read(row.cells[name])
            except (ValueError, ValidationError) as error:
                text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
                problems.append(Problem(row.line, name, text))
                return None

        said = {name: cell(name, _READ[name]) for name in _READ if row.cells.get(name)}
        lane, column = self._place(row, wanted, cell)
        if row.cells.get("feature"):
            said["feature"] = cell("feature", lambda text: self._feature(text, lane))
        if row.cells.get("source"):
            self._source(wanted, said, lane, cell)
        if not wanted.card and not said.get("title"):
            problems.append(Problem(row.line, "title", "A new card needs it."))
        if not problems:
            self._differs(wanted, said, lane, column)
        return wanted, problems

    def _place(self, row: Row, wanted: Wanted, cell: Callable[..., Any]) -> tuple[Lane | None, Iteration | None]:
        """Where it is to stand; an empty cell leaves a card that is there where it is."""
        card = wanted.card
        lane = cell("row", self._lane) if row.cells.get("row") else (card.lane if card else None)
        column = cell("iteration", self._column) if row.cells.get("iteration") else (card.iteration if card else None)
        is_parked = lane is None and row.cells.get("row", "").casefold() in {"", PARKING}
        if is_parked and not row.cells.get("iteration"):
            column = None
        if is_parked and column is not None:
            cell("iteration", lambda _: _refuse("In an iteration a card has a row: name one."))
        return lane, column

    def _lane(self, text: str) -> Lane | None:
        if text.casefold() == PARKING:
            return None
        if found := self.lanes.get(text.casefold()):
            return found
        names = ", ".join(dict.fromkeys(lane.name for lane in self.lanes.values()))
        raise ValueError(f"There is no row “{text[:60]}” on this board; there are {names}.")

    def _column(self, text: str) -> Iteration | None:
        if text.casefold() == UNPLANNED:
            return None
        if found := self.columns.get(text.casefold().removesuffix(".0")):
            return found
        raise ValueError(f"There is no iteration “{text[:40]}”: give its number or name, or “unplanned”.")

    def _feature(self, text: str, lane: Lane | None) -> Feature:
        if lane is None or lane.team_id is None:
            raise ValueError("Only a card in a team’s row has a feature.")
        if found := self.features.get((lane.team_id, text.casefold())):
            return found
        raise ValueError(f"{lane} has no feature “{text[:80]}” in this portal.")

    def _source(self, wanted: Wanted, said: dict[str, Any], lane: Lane | None, cell: Callable[..., Any]) -> None:
        """The feature of the source's key; one that is to be made stays in `wanted.source`."""
        source = cell("source", lambda text: self._named(text, lane))
        if source is None:
            return
        known = self.links.get((source.pk, wanted.key))
        if known is None:
            # A card that has a feature keeps it.
            wanted.source = source if wanted.card is None or wanted.card.feature_id is None else None
        elif lane is not None and known.team_id != lane.team_id:
            cell("row", lambda _: _refuse(f"{wanted.key} is the feature “{known}” of another team."))
        else:
            said["feature"] = known

    def _named(self, text: str, lane: Lane | None) -> Source:
        if lane is None or lane.team_id is None:
            raise ValueError("Only a card in a team’s row comes from a source.")
        if found := self.sources.get(text.casefold()):
            return found
        raise ValueError(f"There is no source “{text[:80]}” with items of this train’s teams.")

    def _differs(self, wanted: Wanted, said: dict[str, Any], lane: Lane | None, column: Iteration | None) -> None:
        """Keep what is not as the card is already."""
        card = wanted.card
        if card is None:
            wanted.fields, wanted.place = {"key": wanted.key, **said}, (lane, column)
            return
        wanted.fields = {name: value for name, value in said.items() if getattr(card, name) != value}
        there = (lane.pk if lane else None, column.pk if column else None)
        wanted.place = (lane, column) if there != (card.lane_id, card.iteration_id) else None


def _refuse(text: str) -> None:
    raise ValueError(text)


def _by_name(lanes: Any) -> dict[str, Lane]:
    """Rows by their own name and their team's short name; case apart."""
    found = list(lanes)
    short = {lane.team.slug.casefold(): lane for lane in found if lane.team}
    return short | {lane.name.casefold(): lane for lane in found}


def _names(column: Iteration) -> tuple[str, str]:
    return column.name.casefold(), str(column.number)


def _size(text: str) -> Decimal:
    value = cells.number(text)
    if value < 0 or value >= 10**6 or round(value, 1) != value:
        raise ValueError("A size is a number from 0 with at most one decimal.")
    return value


def _short(most: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"It has {len(text)} characters; {most} fit.")
        return text

    return read


def _url(text: str) -> str:
    URLValidator(schemes=["http", "https"])(text)
    return _short(LONGEST["url"])(text)


_READ: dict[str, Callable[[str], Any]] = {
    "title": _short(LONGEST["title"]),
    "kind": lambda text: cells.choice(text, CardKind.choices),
    "size": _size,
    "unit": lambda text: cells.choice(text, Unit.choices),
    "value_type": lambda text: cells.choice(text, ValueType.choices),
    "description": str,
    "url": _url,
}
