"""The board: rows by value stream, columns, cards in their cells, loads, strings. The same number of queries for one
card and for three hundred."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from planning.capacity import Load, loads
from planning.models import BoardView, Increment, Iteration, Lane
from planning.queries.faces import Face, cards_of, cell_key, faces
from planning.queries.rows import in_own_order, kin_of
from planning.queries.strings import String, strings
from planning.rules import Reach, reach


@dataclass(frozen=True, slots=True)
class Cell:
    """A place of the board; `label` names it for those who hear the board."""

    key: str
    label: str
    faces: Sequence[Face] = ()
    load: Load | None = None
    is_ip: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A lane with its cells: one per iteration, the last one unplanned."""

    lane: Lane
    cells: Sequence[Cell]
    may_change: bool
    is_folded: bool

    @property
    def count(self) -> int:
        """How many cards stand in it."""
        return sum(len(cell.faces) for cell in self.cells)


@dataclass(slots=True)
class Group:
    """Rows of one value stream, or those of no team."""

    name: str
    slug: str
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shown:
    """A board for one reader, as of the line `number` of its log."""

    increment: Increment
    number: int
    columns: Sequence[Iteration]
    groups: Sequence[Group]
    parking: Cell
    strings: Sequence[String]
    reach: Reach
    view: BoardView
    cards: int

    @property
    def rows(self) -> list[Row]:
        """All rows in the order in which they are shown."""
        return [row for group in self.groups for row in group.rows]

    @property
    def may_write(self) -> bool:
        """Whether the reader may move anything on it."""
        return self.increment.is_open and self.reach.takes_part

    @property
    def conflicts(self) -> int:
        """Dependencies that are provided after they are needed."""
        return sum(one.is_conflict for one in self.strings)

    @property
    def declined(self) -> int:
        """Dependencies that were answered with no, and are needed still."""
        return sum(one.is_declined for one in self.strings)

    @property
    def overloaded(self) -> list[Cell]:
        """The cells that carry more than their team can."""
        return [cell for row in self.rows for cell in row.cells if cell.load and cell.load.tone == "red"]


def board_of(increment: Increment, user: User | AnonymousUser) -> Shown:
    """The board as `user` sees it; a wall's is nobody's, and changes nothing."""
    # Before the rest is read: what is written meanwhile is heard of as news, twice rather than never.
    number = Increment.objects.values_list("number", flat=True).get(pk=increment.pk)
    lanes = list(increment.lanes.select_related("team__stream", "team__calendar"))
    columns = list(increment.iterations.all())
    cards = list(cards_of(increment))
    drawn = strings(increment)
    view = _view(increment, user)
    mine = reach(user, increment, lanes)
    weights = loads(increment, lanes, columns, cards)
    by_cell = _by_cell(faces(cards, drawn))
    rows = [_row(lane, columns, by_cell, weights, mine, view) for lane in in_own_order(lanes, view)]
    parking = Cell("parking", "Parking lot", by_cell.get("parking", ()))
    return Shown(increment, number, columns, _grouped(rows), parking, drawn, mine, view, len(cards))


def _view(increment: Increment, user: User | AnonymousUser) -> BoardView:
    """How they look at it, as they left it."""
    if not isinstance(user, User):
        return BoardView(increment=increment)
    kept = BoardView.objects.filter(increment=increment, user=user).first()
    return kept or BoardView(increment=increment, user=user)


def _by_cell(ones: Sequence[Face]) -> dict[str, list[Face]]:
    found: dict[str, list[Face]] = defaultdict(list)
    for face in ones:
        found[face.cell].append(face)
    return found


def _row(
    lane: Lane,
    columns: Sequence[Iteration],
    by_cell: Mapping[str, Sequence[Face]],
    weights: Mapping[tuple[int, int], Load],
    mine: Reach,
    view: BoardView,
) -> Row:
    cells = [
        Cell(
            key := cell_key(lane.pk, column.pk),
            f"{lane.name}, {column.name}",
            by_cell.get(key, ()),
            weights.get((lane.pk, column.pk)),
            column.is_ip,
        )
        for column in columns
    ]
    key = cell_key(lane.pk, None)
    cells.append(Cell(key, f"{lane.name}, unplanned", by_cell.get(key, ())))
    return Row(lane, cells, mine.may(lane.pk), lane.pk in view.folded)


def _grouped(rows: Sequence[Row]) -> list[Group]:
    """Rows of one value stream beside each other, where its first one stands."""
    found: dict[str, Group] = {}
    for row in rows:
        slug, name = kin_of(row.lane)
        found.setdefault(slug, Group(name, slug)).rows.append(row)
    return list(found.values())


def cell_named(increment: Increment, key: str) -> tuple[Lane | None, Iteration | None] | None:
    """The row and the iteration of a cell's name; None: there is no such cell (any more)."""
    if key == "parking":
        return None, None
    lane_id, _, column_id = key.partition("-")
    if not lane_id.isdecimal() or not (column_id == "none" or column_id.isdecimal()) or len(key) > 30:
        return None
    lane = Lane.objects.select_related("team").filter(increment=increment, pk=int(lane_id)).first()
    column = None if column_id == "none" else _column(increment, int(column_id))
    return None if lane is None or (column is None and column_id != "none") else (lane, column)


def _column(increment: Increment, pk: int) -> Iteration | None:
    return Iteration.objects.filter(increment=increment, pk=pk).first()
