"""Tables for people's spreadsheets, CSV and XLSX: cells that a spreadsheet would run as a formula are made text."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.text import slugify
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
FORMATS = ("csv", "xlsx")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What XML cannot hold.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# What a cell of a workbook holds at most.
LONGEST = 32_767


class _Echo:
    """A file that hands every line straight on."""

    def write(self, line: str) -> str:
        return line


def cell(value: object) -> object:
    """A value as it stands in a CSV: numbers stay numbers, nothing is empty, text never starts a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(RISKY):
        return f"'{value}"
    return value


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow([cell(name) for name in head])
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A download `name`.csv, sent while `rows` are still being read."""
    response = StreamingHttpResponse(csv_lines(head, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{slugify(name) or "export"}.csv"'
    return response


def xlsx_cell(value: object) -> object:
    """A value as it stands in a workbook: numbers and days are such, everything else is text that is no formula."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, int | float | Decimal) or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    return CONTROL.sub("", str(cell(value if isinstance(value, datetime) else str(value))))[:LONGEST]


def xlsx_response(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A download `name`.xlsx of one sheet whose head stays in sight."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet((slugify(name) or "export")[:31])
    sheet.freeze_panes = "A2"
    titles = [WriteOnlyCell(sheet, xlsx_cell(title)) for title in head]
    for title in titles:
        title.font = Font(bold=True)
    sheet.append(titles)
    for row in rows:
        sheet.append([xlsx_cell(value) for value in row])
    file = io.BytesIO()
    book.save(file)
    response = HttpResponse(file.getvalue(), content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{slugify(name) or "export"}.xlsx"'
    return response


def table_response(
    request_format: str, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]
) -> HttpResponseBase:
    """A download in the format that was asked for, "xlsx" or else CSV; formula cells are text in both."""
    return xlsx_response(name, head, rows) if request_format == "xlsx" else csv_response(name, head, rows)
