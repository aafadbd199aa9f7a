"""A CSV file as a header and numbered rows, whatever its encoding and separator."""

import codecs
import csv
import io
import os
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import BinaryIO, NamedTuple, TextIO

from connectors.protocol import ConnectorError

SEPARATORS = (",", ";", "\t", "|")
LOOKED_AT = 1 << 16
CHUNK = 1 << 20
# One cell may be long (a description), a quote that is never closed must not swallow the memory.
LONGEST_CELL = 8 << 20


class Line(NamedTuple):
    """A record: the number of its first line in the file, and its cells. `fault`: why it cannot be used."""

    number: int
    cells: Sequence[str]
    fault: str = ""


def encoding_of(file: BinaryIO, chosen: str) -> str:
    """The encoding: `chosen`, else by its byte order mark, its NUL bytes, or whether all of it is UTF-8."""
    file.seek(0)
    start = file.read(LOOKED_AT)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8) or chosen in {"utf-8", "utf8"}:
        return "utf-8-sig"
    if chosen:
        return chosen
    if b"\0" in start[:4096]:
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    return "utf-8-sig" if _is_utf8(file) else "cp1252"


def _is_utf8(file: BinaryIO) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def separator_of(text: str, chosen: str) -> str:
    """The separator: `chosen`, else the one by which most of the first records have as many cells as the header."""
    if chosen:
        return "\t" if chosen in {"tab", "\\t"} else chosen
    if text[:4].lower() == "sep=" and len(text) > 4:
        return text[4]
    return max(SEPARATORS, key=lambda separator: _fit(text, separator))


def _fit(text: str, separator: str) -> tuple[float, int]:
    """How well the first records agree on a number of cells above one, and that number."""
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return (0.0, 0)
    # What was cut off at the end of the sample says nothing.
    widths = [len(record) for record in (records[:-1] or records) if record]
    if not widths or widths[0] < 2:
        return (0.0, 0)
    return (Counter(widths)[widths[0]] / len(widths), widths[0])


class Table:
    """An open file. Reads as often as `lines` is called; raises ConnectorError for files without a header."""

    def __init__(self, file: BinaryIO, encoding: str = "", separator: str = "") -> None:
        csv.field_size_limit(LONGEST_CELL)
        self._file = file
        self.encoding = encoding_of(file, encoding)
        with self._text() as text:
            sample = text.read(LOOKED_AT)
        self._skip_first = sample[:4].lower() == "sep="
        self.separator = separator_of(sample, separator)
        if not sample.strip():
            raise ConnectorError("The file is empty.", permanent=True, field="path")
        with closing(self._records()) as records:
            self.header = [cell.strip() for cell in next(records)[1]]

    def _text(self) -> TextIO:
        """The file from its start; closing it does not close the file."""
        copy = os.dup(self._file.fileno())
        text = open(copy, encoding=self.encoding, errors="replace", newline="")  # noqa: SIM115
        text.seek(0)
        return text

    def _records(self) -> Generator[tuple[int, list[str]], None, None]:
        with self._text() as text:
            reader = csv.reader(text, delimiter=self.separator)
            number = 1
            is_first = self._skip_first
            for record in reader:
                if any(cell.strip() for cell in record) and not is_first:
                    yield number, record
                is_first = False
                number = reader.line_num + 1

    def lines(self) -> Iterator[Line]:
        """The records below the header; those that do not fit it have a fault. A broken end is a line with a fault."""
        width = len(self.header)
        records = self._records()
        next(records)
        number = 1
        try:
            for number, cells in records:
                yield Line(number, cells, _fault(cells, width))
        except csv.Error as error:
            yield Line(number + 1, (), f"the file cannot be read on from here: {error}")


def _fault(cells: Sequence[str], width: int) -> str:
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        return f"it has {len(cells)} cells, the header {width}"
    if len(cells) < width:
        return f"it has only {len(cells)} of {width} cells"
    return ""
