"""Reading files of rows: encodings, separators, workbooks, what is refused, and what people write into cells."""

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from openpyxl import Workbook

from core import imports
from core.exports import csv_lines
from core.imports import Column, Row, cells, read, repeated

COLUMNS = [Column("key", "Key", is_required=True), Column("name", "Name of it"), Column("cost", "Cost")]


def table(data: str | bytes) -> imports.Table:
    return read(io.BytesIO(data if isinstance(data, bytes) else data.encode()), COLUMNS)


def refusal(data: str | bytes) -> str:
    with pytest.raises(ValidationError) as error:
        table(data)
    return str(error.value.message_dict["file"][0])


def book(*rows: list[Any]) -> bytes:
    made, file = Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(file)
    return file.getvalue()


WANTED = [Row(2, {"key": "a", "name": "Zürich"}), Row(3, {"key": "b", "name": "Ł, ö"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_usual_encoding_and_separator(encoding: str, separator: str) -> None:
    text = f'key{separator}Name of it\r\na{separator}Zürich\r\nb{separator}"Ł, ö"\r\n'
    assert table(text.encode(encoding)).rows == WANTED


def test_what_windows_wrote() -> None:
    assert table("sep=;\r\nKEY;name_of_it\r\na;Zürich – 5 €\r\n".encode("cp1252")).rows == [
        Row(3, {"key": "a", "name": "Zürich – 5 €"})
    ]


def test_a_workbook() -> None:
    found = table(
        book(["Key", "Name of it", "Cost"], ["a", 1.5, 1.234], [None, None, None], ["b", 12, date(2026, 3, 1)])
    )
    # 1.234 has three decimals: a 0 more keeps it from being read as 1234.
    assert found.rows == [
        Row(2, {"key": "a", "name": "1.5", "cost": "1.2340"}),
        Row(4, {"key": "b", "name": "12", "cost": "2026-03-01"}),
    ]


def test_lines_are_those_of_the_file() -> None:
    found = table('key,name,cost\n\na,"two\nlines",1\n,,\nb,x\nc,y,2,spare\n,z,3\nd,w,4,\n')
    assert [(row.line, row.cells["key"]) for row in found.rows] == [(3, "a"), (9, "d")]
    assert [(one.line, one.column, one.message) for one in found.problems] == [
        (6, "", "It has 2 cells, the heading has 3."),
        (7, "", "It has 4 cells, the heading has 3."),
        (8, "key", "This cell must not be empty."),
    ]


def test_columns_nobody_knows_are_named() -> None:
    found = table("Rank,key,Mood\n1,a,good\n")
    assert (found.rows, found.ignored) == ([Row(2, {"key": "a"})], ["Rank", "Mood"])


def test_what_an_export_neutralised_comes_back_as_it_was() -> None:
    lines = "".join(csv_lines(["key", "name"], [["a", "=1+1"], ["b", "'tis"]]))
    assert "'=1+1" in lines
    assert [row.cells["name"] for row in table(lines).rows] == ["=1+1", "'tis"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "The file is empty."),
        ("\n \n", "The file is empty."),
        ("name,cost\na,1\n", "There is no column key."),
        ("key,KEY\na,b\n", "The column key is there twice."),
        ("key,name\n", "a heading but no rows"),
        (b"PK\x03\x04 no archive at all", "This is no workbook that can be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "save it as .xlsx or CSV"),
        ('key\n"' + "x" * 200_000, "cannot be read on after line 2"),
    ],
)
def test_files_that_cannot_be_used(data: str | bytes, said: str) -> None:
    assert said in refusal(data)


class Endless(io.RawIOBase):
    """A CSV of a million rows that counts what is read of it."""

    def __init__(self) -> None:
        self.place = self.most = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self.place = 12_000_000 if whence else offset
        return self.place

    def readinto(self, buffer: Any, /) -> int:
        start = b"key,name\n" if self.place == 0 else b"".join(b"%07d,x\n" % n for n in range(100))
        data = start[: len(buffer)]
        buffer[: len(data)] = data
        self.place += len(data)
        self.most = max(self.most, self.place)
        return len(data)


def test_a_million_rows_are_refused_without_reading_them() -> None:
    file = Endless()
    with pytest.raises(ValidationError, match="more than 20,000 rows, and an import takes no more: split it"):
        read(file, COLUMNS)  # type: ignore[arg-type]
    # 20,001 rows of 10 bytes, and what a buffer reads ahead
    assert 200_000 < file.most < 300_000


def test_exactly_as_many_as_it_takes() -> None:
    rows = "".join(f"{n},x\n" for n in range(imports.MOST_ROWS))
    assert len(table(f"key,name\n{rows}").rows) == imports.MOST_ROWS


def test_keys_that_are_there_twice() -> None:
    rows = [Row(2, {"key": "a"}), Row(3, {"key": "b"}), Row(4, {"key": "A"}), Row(5, {"key": ""}), Row(6, {"key": ""})]
    assert [(one.line, one.message) for one in repeated(rows, ["key"])] == [(4, "Line 2 has the same key.")]
    assert repeated(rows, []) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12345.67", "12345.67"),
        ("12,345.67", "12345.67"),
        ("12.345,67", "12345.67"),
        ("1 234 567,8", "1234567.8"),
        ("1'234.50", "1234.5"),
        ("1,234", "1234"),
        ("1.234.567", "1234567"),
        ("1,5", "1.5"),
        ("-300", "-300"),
        ("500 EUR", "500"),
        ("€ 500", "500"),
        ("500,00 €", "500"),
        ("1.2300", "1.23"),
    ],
)
def test_amounts(text: str, value: str, settings: Any) -> None:
    settings.CURRENCY = "EUR"
    assert cells.amount(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("500 USD", "“USD” is not the currency of this portal: amounts are in EUR."),
        ("$5", "“USD” is not the currency"),
        ("much", "is no amount"),
        ("1.2345", "more than two decimals"),
        ("1,23,456", "is no amount"),
        ("1" * 14, "is no amount"),
        ("nan", "is no amount"),
        ("1e9", "is no amount"),
    ],
)
def test_amounts_that_cannot_be_read(text: str, said: str, settings: Any) -> None:
    settings.CURRENCY = "EUR"
    with pytest.raises(ValueError, match=said):
        cells.amount(text)


def test_days() -> None:
    assert cells.day("2026-03-31") == cells.day("31.3.2026") == cells.day("2026-03-31 00:00:00") == date(2026, 3, 31)
    for text in ("3/4/2026", "2026-02-30", "soon", ""):
        with pytest.raises(ValueError, match="is no day: write it as 2026-03-31"):
            cells.day(text)


def test_whole_numbers_and_choices() -> None:
    assert [cells.whole(text) for text in ("5", "5.0", "-3")] == [5, 5, -3]
    with pytest.raises(ValueError, match="is no whole number"):
        cells.whole("5.5")
    choices = [("h1", "H1 invest or extract"), ("h2", "H2 emerging")]
    assert [cells.choice(text, choices) for text in ("h1", "H1", "h2 emerging")] == ["h1", "h1", "h2"]
    with pytest.raises(ValueError, match="“h9” is not one of h1, h2"):
        cells.choice("h9", choices)


def test_cells_of_a_workbook() -> None:
    given = [None, True, 5, 5.0, 0.1, 1e-7, datetime(2026, 3, 1), datetime(2026, 3, 1, 9, 30), " x "]  # noqa: DTZ001
    texts = ["", "yes", "5", "5", "0.1", "0.0000001", "2026-03-01", "2026-03-01 09:30:00", "x"]
    assert [cells.text_of(value) for value in given] == texts
