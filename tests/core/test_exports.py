"""Tables as CSV and XLSX: what a spreadsheet would run is text in both, numbers and days stay such."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from openpyxl import load_workbook

from core.exports import table_response

RISKY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']


def body(wanted: str, head: list[str], rows: list[list[object]]) -> bytes:
    answer = table_response(wanted, "My list", head, rows)
    assert f'filename="my-list.{wanted}"' in answer.headers["Content-Disposition"]
    return b"".join(answer)


def sheet(head: list[str], rows: list[list[object]]) -> list[list[object]]:
    book = load_workbook(io.BytesIO(body("xlsx", head, rows)))
    assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


@pytest.mark.parametrize("text", RISKY)
def test_formulas_are_text(text: str) -> None:
    rows = list(csv.reader(io.StringIO(body("csv", [text], [[text]]).decode(), newline="")))
    assert rows == [[f"'{text}"], [f"'{text}"]]
    # XML reads a carriage return as a new line.
    assert sheet([text], [[text]])[1] == [f"'{text}".replace("\r", "\n")]


def test_numbers_and_days_stay_such() -> None:
    row: list[object] = [-5, Decimal("-2.50"), 0.5, Fraction(3, 2), date(2026, 3, 1), None, True]
    day = datetime(2026, 3, 1)  # noqa: DTZ001 (as workbooks give days back)
    assert sheet(["a"] * 7, [row])[1] == [-5, -2.5, 0.5, 1.5, day, None, True]
    text = body("csv", ["a"] * 5, [[-5, Decimal("-2.50"), 0.5, date(2026, 3, 1), None]]).decode()
    assert text.splitlines()[1] == "-5,-2.50,0.5,2026-03-01,"


def test_instants_and_what_xml_cannot_hold() -> None:
    at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert sheet(["at", "text"], [[at, "a\x00b\x0bc"]])[1] == ["2026-03-01T09:30:00+00:00", "abc"]


def test_nothing_but_a_head() -> None:
    assert sheet(["a", "b"], []) == [["a", "b"]]
    assert body("csv", ["a", "b"], []) == b"a,b\r\n"
