"""A file of rows, CSV in any usual encoding and with any usual separator, or XLSX: the rows by column, and what is
wrong with the file. Files with too many rows are refused without reading on."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

from django.core.exceptions import ValidationError
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from core.exports import RISKY
from core.imports.cells import text_of
from core.imports.protocol import Column, Problem, Row

MOST_ROWS = 20_000
MOST_BYTES = 50 * 2**20
# A small archive can hold endless text.
MOST_UNPACKED = 100 * 2**20
# So many lines for each row that may be filled: a sheet of empty lines is not read to its end.
LINES_PER_ROW = 10
LONGEST_CELL = 50_000
# A quotation mark that is never closed swallows the rest: no more of it is read than this.
MOST_OPEN = 131_072
SEPARATORS = ",;\t|"

# The number of a line and its cells.
Lines = Generator[tuple[int, list[str]], None, None]


@dataclass(slots=True)
class Table:
    """What a file holds; `ignored` are the headings of columns that nobody knows."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def unreadable(text: str) -> ValidationError:
    return ValidationError({"file": text})


def read(file: BinaryIO, columns: Sequence[Column], most_rows: int = MOST_ROWS) -> Table:
    """The rows of a file that `columns` know, with problems by line.

    Raises ValidationError (at "file") when it cannot be used at all: empty, no table, a needed column is not there, a
    column is there twice, more than `most_rows` rows.
    """
    if file.seek(0, io.SEEK_END) > MOST_BYTES:
        raise unreadable(f"The file is larger than {MOST_BYTES // 2**20} MB: split it.")
    file.seek(0)
    start = file.read(4096)
    if not start.strip(b"\0 \t\r\n\xff\xfe\xef\xbb\xbf"):
        raise unreadable("The file is empty.")
    if start.startswith(b"PK\x03\x04"):
        with closing(_workbook(file)) as lines:
            return _table(lines, columns, most_rows)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise unreadable("This is a workbook of the old kind (.xls): save it as .xlsx or CSV.")
    return _csv(file, start, columns, most_rows)


def _encodings(start: bytes) -> Sequence[str]:
    """What to try, the likeliest first: by the byte order mark, by NUL bytes, else UTF-8 and what Windows wrote."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    if b"\0" in start:
        return ("utf-16-le",) if start[1::2].count(0) > start[::2].count(0) else ("utf-16-be",)
    return ("utf-8-sig", "cp1252", "latin-1")


def _csv(file: BinaryIO, start: bytes, columns: Sequence[Column], most_rows: int) -> Table:
    for encoding in _encodings(start):
        with suppress(UnicodeDecodeError), closing(_records(file, encoding, columns)) as lines:
            return _table(lines, columns, most_rows)
    raise unreadable("The file is no text: save it as CSV in UTF-8, or as .xlsx.")


def _records(file: BinaryIO, encoding: str, columns: Sequence[Column]) -> Lines:
    """The records of a CSV; a broken end is refused."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        first = text.readline(LONGEST_CELL)
        named = re.fullmatch(r"sep=([^\s\"]|\t)\s*", first, re.I)
        separator = named[1] if named else _separator(first, columns)
        lines: Iterator[str] = text if named else chain([first], text)
        # The limit is the process's: others who read files set their own before they begin.
        csv.field_size_limit(MOST_OPEN)
        reader = csv.reader(lines, delimiter=separator)
        before = 1 if named else 0
        number = 1
        for cells in reader:
            yield number + before, cells
            number = reader.line_num + 1
    except csv.Error as error:
        raise unreadable(f"The file cannot be read on after line {number + before}: {error}.") from error
    finally:
        text.detach()


def _separator(first: str, columns: Sequence[Column]) -> str:
    """The separator by which the heading names most columns."""
    known = set(_names(columns))
    return max(
        SEPARATORS,
        key=lambda mark: len(known & {_plain(cell) for cell in next(csv.reader([first], delimiter=mark), [])}),
    )


def _workbook(file: BinaryIO) -> Lines:
    """The rows of a workbook's first sheet, read one after the other; formulas count with the value they last had."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                raise unreadable("The workbook is too large: split it, or save the sheet as CSV.")
        book = load_workbook(file, read_only=True, data_only=True)
        # What the sheet says of its own size may be wrong.
        with closing(book):
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            width = 0
            for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
                cells = [text_of(value) for value in values]
                width = width or (len(cells) if any(cells) else 0)
                # A workbook holds nothing of the empty cells at a row's end.
                yield number, cells + [""] * (width - len(cells))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ParseError, ValueError, EOFError) as error:
        raise unreadable("This is no workbook that can be read: save it again as .xlsx, or as CSV.") from error


def _plain(name: str) -> str:
    """A heading as it is compared: lower case, single spaces."""
    return re.sub(r"[\s_\-]+", " ", name).strip().casefold()


def _names(columns: Sequence[Column]) -> dict[str, str]:
    """The name of a column by what may head it."""
    return {_plain(text): column.name for column in reversed(columns) for text in (column.label, column.name)}


def _heading(cells: Sequence[str], columns: Sequence[Column]) -> tuple[list[str | None], list[str]]:
    """Which column stands at each place (None: none that is known), and the headings that nobody knows."""
    names = _names(columns)
    places = [names.get(_plain(cell)) for cell in cells]
    known = [name for name in places if name]
    if twice := sorted({name for name in known if known.count(name) > 1}):
        raise unreadable(f"The column {twice[0]} is there twice.")
    missing = [column.name for column in columns if column.is_required and column.name not in known]
    if missing:
        raise unreadable(f"There is no column {', '.join(missing)}. The first line must name the columns.")
    return places, [cell.strip() for cell, name in zip(cells, places, strict=True) if not name and cell.strip()]


def _table(lines: Lines, columns: Sequence[Column], most_rows: int) -> Table:
    filled = _filled(lines, most_rows)
    _, heading = next(filled, (0, []))
    if not heading:
        raise unreadable("The file is empty.")
    places, ignored = _heading(heading, columns)
    table = Table(ignored=ignored)
    needed = {column.name for column in columns if column.is_required}
    for count, (number, cells) in enumerate(filled, 1):
        if count > most_rows:
            raise unreadable(f"The file has more than {most_rows:,} rows, and an import takes no more: split it.")
        _add(table, number, cells, places, needed)
    if not table.rows and not table.problems:
        raise unreadable("The file has a heading but no rows.")
    return table


def _filled(lines: Lines, most_rows: int) -> Lines:
    """The lines that say something."""
    for number, cells in lines:
        if any(cell.strip() for cell in cells):
            yield number, cells
        elif number > most_rows * LINES_PER_ROW:
            raise unreadable(f"Line {number:,} is empty, as others before it: remove the empty lines.")


def _add(table: Table, number: int, cells: list[str], places: Sequence[str | None], needed: set[str]) -> None:
    """Add a row, or what is wrong with it."""
    spare = [cell for cell in cells[len(places) :] if cell.strip()]
    if spare or len(cells) < len(places):
        words = f"It has {len(cells)} cells, the heading has {len(places)}."
        table.problems.append(Problem(number, "", words))
        return
    named = {name: _cell(cell) for name, cell in zip(places, cells, strict=False) if name}
    faults = [Problem(number, name, text) for name, cell in named.items() if (text := _fault(cell, name in needed))]
    table.problems += faults
    if not faults:
        table.rows.append(Row(number, named))


def _cell(text: str) -> str:
    """A cell without what an export put before it to keep it from being a formula."""
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(RISKY) else text


def _fault(cell: str, is_needed: bool) -> str:
    faults: list[tuple[Callable[[], bool], str]] = [
        (lambda: is_needed and not cell, "This cell must not be empty."),
        (lambda: len(cell) > LONGEST_CELL, f"This cell is longer than {LONGEST_CELL:,} characters."),
        (lambda: "\0" in cell, "This cell holds a character that cannot be stored (NUL)."),
    ]
    return next((text for is_wrong, text in faults if is_wrong()), "")
