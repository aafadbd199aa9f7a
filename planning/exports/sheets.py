"""Where everything stands on paper: a board laid out on sheets of A3, in millimetres from the upper left corner.

A string whose ends stand on two sheets is two stubs, and each card names the other. Nothing is drawn here.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from planning.queries.board import Cell, Row, Shown
from planning.queries.faces import Face
from planning.queries.strings import String

WIDTH, HEIGHT, MARGIN = 420.0, 297.0, 8.0
TOP, COLUMNS, GROUP, FOOT = 13.0, 9.0, 5.0, 9.0
HEAD = 34.0
CARD, GAP, GUTTER, LOAD = 11.0, 1.2, 3.2, 4.2
SMALLEST = 10.0
# Characters that fit into a line of a card, by its width; titles stand in at most two lines.
PER_MM = 0.62


class Box(NamedTuple):
    """A rectangle with lines of text; `tone` is a word that drawing knows."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...] = ()
    small: str = ""
    right: str = ""
    tone: str = ""
    # Where strings go on that leave the sheet.
    note: str = ""


class Line(NamedTuple):
    """A string as a curve (SVG path) that ends at x, y, with its state in a word."""

    path: str
    schedule: str
    is_agreed: bool
    x: float
    y: float


@dataclass
class Sheet:
    """A sheet with all that stands on it."""

    height: float
    title: str
    sub: str
    number: int = 1
    of: int = 1
    columns: list[Box] = field(default_factory=list)
    groups: list[Box] = field(default_factory=list)
    rows: list[Box] = field(default_factory=list)
    cells: list[Box] = field(default_factory=list)
    cards: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def foot(self) -> float:
        """Where the legend stands."""
        return self.height - MARGIN


class _Block(NamedTuple):
    """A row to be placed: its group's name where it is the group's first, its label, its cells, its height."""

    group: str
    label: str
    note: str
    cells: tuple[Cell, ...]
    height: float


class _Place(NamedTuple):
    """Where a card (or a cell without one) stands."""

    sheet: int
    left: float
    right: float
    y: float
    name: str
    # Which of the sheet's cards it is; a cell is none.
    card: int = -1


def sheets(board: Shown, *, is_one: bool = False) -> list[Sheet]:
    """The board on sheets; `is_one`: on one as long as it needs."""
    blocks = _blocks(board)
    made: list[Sheet] = []
    places: dict[str, _Place] = {}
    for number, part in enumerate(_parts(blocks, is_one)):
        made.append(_sheet(board, part, number, places))
    for sheet in made:
        sheet.of = len(made)
    for string in board.strings:
        if not string.is_resolved:
            _draw(string, made, places)
    return made


def _blocks(board: Shown) -> list[_Block]:
    """The rows, and the parking lot at the end, its cards spread over the width."""
    found = []
    for group in board.groups:
        for place, row in enumerate(group.rows):
            found.append(_block(group.name if place == 0 else "", row))
    lot = board.parking.faces
    if lot:
        many = len(board.columns) + 1
        cells = tuple(Cell(f"parking-{n}", "Parking lot", lot[n::many]) for n in range(many))
        found.append(_Block("Not planned", "Parking lot", _cards(len(lot)), cells, _height(cells)))
    return found


def _block(group: str, row: Row) -> _Block:
    return _Block(group, row.lane.name, _cards(row.count), tuple(row.cells), _height(row.cells))


def _cards(n: int) -> str:
    return "1 card" if n == 1 else f"{n} cards"


def _height(cells: Sequence[Cell]) -> float:
    """As high as its fullest cell."""
    most = max((len(cell.faces) for cell in cells), default=0)
    load = LOAD if any(cell.load for cell in cells) else GAP
    return max(SMALLEST, load + most * (CARD + GAP) + GAP)


def _parts(blocks: Sequence[_Block], is_one: bool) -> list[list[_Block]]:
    """The rows of each sheet: as many as fit, and one at least."""
    room = HEIGHT - 2 * MARGIN - TOP - COLUMNS - FOOT
    parts: list[list[_Block]] = [[]]
    left = room
    for block in blocks:
        needs = block.height + (GROUP if block.group else 0)
        if parts[-1] and needs > left and not is_one:
            parts.append([])
            left = room
        parts[-1].append(block)
        left -= needs
    return parts


def _sheet(board: Shown, part: Sequence[_Block], number: int, places: dict[str, _Place]) -> Sheet:
    inside = sum(block.height + (GROUP if block.group else 0) for block in part)
    height = max(HEIGHT, inside + 2 * MARGIN + TOP + COLUMNS + FOOT)
    days = "no iterations yet"
    if board.columns:
        first, last = board.columns[0], board.columns[-1]
        days = f"{first.first_on:%-d %b %Y} to {last.last_on:%-d %b %Y}"
    sheet = Sheet(height, f"{board.increment.train.name}, {board.increment.name}", days, number + 1)
    width = (WIDTH - 2 * MARGIN - HEAD) / (len(board.columns) + 1)
    y = MARGIN + TOP
    for place, column in enumerate([*board.columns, None]):
        x = MARGIN + HEAD + place * width
        name = column.name if column else "Unplanned"
        when = f"{column.first_on:%-d %b} – {column.last_on:%-d %b}" if column else ""
        tone = "ip" if column and column.is_ip else ""
        sheet.columns.append(Box(x, y, width, COLUMNS, (name,), when, tone=tone))
    y += COLUMNS
    for block in part:
        y = _put(sheet, block, y, width, places)
    return sheet


def _put(sheet: Sheet, block: _Block, y: float, width: float, places: dict[str, _Place]) -> float:
    """Place a row at `y`; where the next one begins."""
    if block.group:
        sheet.groups.append(Box(MARGIN, y, WIDTH - 2 * MARGIN, GROUP, (block.group,)))
        y += GROUP
    label = tuple(_lines(block.label, HEAD, 2))
    sheet.rows.append(Box(MARGIN, y, HEAD, block.height, label, block.note))
    for n, cell in enumerate(block.cells):
        x = MARGIN + HEAD + n * width
        load = cell.load
        text = f"{load.text} {load.unit}" if load else ""
        tone = (load.tone if load else "") or ("ip" if cell.is_ip else "")
        sheet.cells.append(Box(x, y, width, block.height, right=text, tone=tone))
        places[f"cell {cell.key}"] = _Place(sheet.number - 1, x + 1, x + GUTTER, y + block.height / 2, block.label)
        top = y + (LOAD if any(one.load for one in block.cells) else GAP)
        for face in cell.faces:
            _card(sheet, face, x + GUTTER, top, width - 2 * GUTTER, places)
            top += CARD + GAP
    return y + block.height


def _card(sheet: Sheet, face: Face, x: float, y: float, width: float, places: dict[str, _Place]) -> None:
    card = face.card
    small = " · ".join(part for part in (card.key, face.size) if part)
    chance = face.chance.text if face.chance else ""
    tone = card.kind if not face.chance or not face.chance.tone else face.chance.tone
    lines = tuple(_lines(card.title, width, 2))
    sheet.cards.append(Box(x, y, width, CARD, lines, small, chance, tone))
    name = card.key or card.title
    places[f"card {card.pk}"] = _Place(sheet.number - 1, x, x + width, y + CARD / 2, name, len(sheet.cards) - 1)


def _lines(text: str, width: float, most: int) -> list[str]:
    """Text in at most so many lines, by what fits on average."""
    return textwrap.wrap(text, int(width * PER_MM), max_lines=most, placeholder=" …")


def _draw(string: String, made: Sequence[Sheet], places: dict[str, _Place]) -> None:
    """A string from its provider to its consumer, or a stub at either where they stand on two sheets."""
    begin = places.get(f"card {string.provider}") or places.get(f"cell {string.anchor}")
    end = places.get(f"card {string.consumer}")
    if begin is None or end is None:
        return
    is_agreed = string.agreement in {"agreed", "delivered"}
    state = "declined" if string.is_declined else str(string.schedule)
    if begin.sheet == end.sheet:
        path = _curve(begin.right, begin.y, end.left, end.y)
        made[end.sheet].lines.append(Line(path, state, is_agreed, end.left, end.y))
        return
    out, into = begin.right + GUTTER - 0.6, end.left - GUTTER + 0.6
    here = Line(f"M{begin.right:.2f} {begin.y:.2f}H{out:.2f}", state, is_agreed, out, begin.y)
    there = Line(f"M{into:.2f} {end.y:.2f}H{end.left:.2f}", state, is_agreed, into, end.y)
    made[begin.sheet].lines.append(here)
    made[end.sheet].lines.append(there)
    _note(made, begin, f"→ {end.name}")
    _note(made, end, f"← {begin.name}")


def _note(made: Sequence[Sheet], place: _Place, text: str) -> None:
    """Say on a card where its string goes on."""
    if place.card >= 0:
        cards = made[place.sheet].cards
        box = cards[place.card]
        cards[place.card] = box._replace(note=" · ".join(part for part in (box.note, text) if part))


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    """Out to the right, in from the left."""
    bend = max(6.0, min(abs(to_x - x) / 2, 30.0))
    return f"M{x:.2f} {y:.2f}C{x + bend:.2f} {y:.2f} {to_x - bend:.2f} {to_y:.2f} {to_x:.2f} {to_y:.2f}"
