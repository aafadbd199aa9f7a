"""CSV for people's spreadsheets: cells that a spreadsheet would run as a formula are made text."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.http import StreamingHttpResponse
from django.utils.text import slugify

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


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
    yield writer.writerow(head)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A download `name`.csv, sent while `rows` are still being read."""
    response = StreamingHttpResponse(csv_lines(head, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{slugify(name) or "export"}.csv"'
    return response
