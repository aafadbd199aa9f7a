"""CSV: one row per change of status, one per item with a date column per status, or a Jira export.

The file is read as a stream, what it says is kept per item in memory (some 150 bytes a change), and handed over item
by item with its whole history, so a corrected file corrects the facts. The cursor knows the file it is about by its
hash; `items` says how many items of it are stored while it is being read.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from sys import intern
from typing import Any, BinaryIO, ClassVar
from zoneinfo import ZoneInfo

from connectors.csv import dates, layout
from connectors.csv.layout import Layout
from connectors.csv.table import Table
from connectors.protocol import Batch, Check, ConnectorError, Context, Cursor, Field, Rejected
from metrics.rows import Row, StatusRow, TransitionRow, WorkItemRow

BATCH_ITEMS = 200
RECORD = 300
CHUNK = 1 << 20
HINT = "Name of the column; found by itself where its name is a common one."


@dataclass(slots=True)
class Item:
    """What the file says about an item: its latest describing line, and its changes as (at, from, to)."""

    row: WorkItemRow
    changes: list[tuple[datetime, str | None, str]] = field(default_factory=list)


class Bad(Exception):
    """A line that cannot be used; the text says why."""


def _column(name: str, label: str) -> Field:
    return Field(name, label, help=HINT)


class CsvConnector:
    """See the protocol for what the methods promise."""

    tool: ClassVar[str] = "csv"
    label: ClassVar[str] = "CSV file"
    summary: ClassVar[str] = "Work items and their status changes from a file; an export of Jira maps itself."
    # Listing what exists costs one look at the file.
    sweep_is_cheap: ClassVar[bool] = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "path",
            "File",
            "path",
            required=True,
            help="A path on the portal's machine; it is read again when it changes.",
        ),
        _column("key", "Item key"),
        _column("at", "Time of the change"),
        _column("from", "Status before"),
        _column("to", "Status after"),
        _column("created", "Created"),
        _column("status", "Present status"),
        Field(
            "columns",
            "Date columns",
            "long",
            help="For files with one row per item: a line status=column for each column with the date of its entry.",
        ),
        _column("title", "Title"),
        _column("type", "Item type"),
        _column("points", "Points"),
        Field("team", "Team", help="Column with the short name of the team; without it, the source's team."),
        _column("labels", "Labels"),
        _column("updated", "Updated"),
        _column("parent", "Parent"),
        Field("zone", "Time zone", "zone", help="Of dates without one; without it, the team's."),
        Field("date_format", "Date format", help="dmy, mdy or ymd, or a pattern such as %d.%m.%Y %H:%M."),
        Field(
            "encoding",
            "Encoding",
            "choice",
            choices=(("", "Find out"), ("utf-8", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")),
        ),
        Field(
            "separator",
            "Separator",
            "choice",
            choices=(("", "Find out"), (",", "Comma"), (";", "Semicolon"), ("tab", "Tab"), ("|", "Bar")),
        ),
    )

    def __init__(self, settings: Mapping[str, str], context: Context) -> None:
        self.settings = settings
        self.context = context
        self.zone = ZoneInfo(settings["zone"]) if settings["zone"] else context.zone

    def check(self) -> Check:
        with self._file() as file:
            table, shape = self._opened(file)
            parse = self._dates(table, shape)
            rejected: list[Rejected] = []
            items = self._items(table, shape, parse, rejected)
        changes = sum(len(item.changes) for item in items.values())
        summary = f"{len(items):,} items with {changes:,} changes of status; {len(rejected):,} lines cannot be used."
        notes = [*shape.notes, *(f"{bad.place}: {bad.reason}" for bad in rejected[:3])]
        return Check(str(self._path()), summary, tuple(notes))

    def pull(self, cursor: Cursor | None) -> Iterator[Batch]:
        with self._file() as file:
            stamp = _stamp(file)
            before = dict(cursor or {})
            if before.get("is_whole") and before.get("stamp") == stamp:
                yield Batch((), before, phase="The file has not changed")
                return
            digest = _digest(file)
            is_same = before.get("sha256") == digest
            if is_same and before.get("is_whole"):
                yield Batch((), {**before, "stamp": stamp}, phase="The file has not changed")
                return
            yield from self._read(file, {"sha256": digest, "stamp": stamp}, before.get("items", 0) if is_same else 0)

    def sweep(self) -> Iterator[Sequence[str]]:
        with self._file() as file:
            table, shape = self._opened(file)
            yield list(self._items(table, shape, self._dates(table, shape), []))

    def _path(self) -> Path:
        path = Path(self.settings["path"])
        if not path.is_absolute():
            raise ConnectorError("Give the whole path, from the root of the disk.", permanent=True, field="path")
        if why := self.context.refusal(path):
            raise ConnectorError(why, permanent=True, field="path")
        return path

    @contextmanager
    def _file(self) -> Iterator[BinaryIO]:
        path = self._path()
        try:
            if path.exists() and not path.is_file():
                raise ConnectorError(f"{path} is not a file.", permanent=True, field="path")
            file = path.open("rb")
        except OSError as error:
            message = f"The file {path} cannot be read: {error.strerror}."
            raise ConnectorError(message, permanent=True, field="path") from error
        with file:
            yield file

    def _opened(self, file: BinaryIO) -> tuple[Table, Layout]:
        table = Table(file, self.settings["encoding"], self.settings["separator"])
        return table, layout.of(self.settings, table.header)

    def _dates(self, table: Table, shape: Layout) -> dates.Parse:
        """How this file's dates are read. Raises ConnectorError when day and month cannot be told apart."""
        form = self.settings["date_format"].strip()
        if "%" in form or form in dates.ORDERS:
            return dates.parser(form, self.zone)
        if form:
            raise ConnectorError("Say dmy, mdy, ymd, or a pattern with %.", permanent=True, field="date_format")
        columns = shape.date_columns
        order = dates.order_in(line.cells[n] for line in table.lines() if not line.fault for n in columns)
        if order in {"either", "both"}:
            message = "Dates such as 03/04/2025 can be read two ways: say dmy or mdy."
            raise ConnectorError(message, permanent=True, field="date_format")
        return dates.parser(order, self.zone)

    def _read(self, file: BinaryIO, cursor: dict[str, Any], skip: int) -> Iterator[Batch]:
        """The items after the first `skip`, each with its whole history."""
        table, shape = self._opened(file)
        rejected: list[Rejected] = []
        items = list(self._items(table, shape, self._dates(table, shape), rejected).values())
        statuses = self._statuses(items, shape)
        total = len(items)
        yield Batch(
            statuses, {**cursor, "items": skip}, () if skip else rejected, phase="Reading", done=skip, total=total
        )
        for start in range(skip, total, BATCH_ITEMS):
            part = items[start : start + BATCH_ITEMS]
            done = start + len(part)
            rows: list[Row] = [_present(item) for item in part]
            rows += [move for item in part for move in _moves(item)]
            keys = [item.row.external_id for item in part]
            yield Batch(rows, {**cursor, "items": done}, whole=keys, phase="Reading items", done=done, total=total)
        yield Batch((), {**cursor, "is_whole": True}, phase="Read", done=total, total=total)

    def _statuses(self, items: Sequence[Item], shape: Layout) -> list[Row]:
        """The statuses in the order of their date columns, then by name."""
        named = {name for item in items for _, before, to in item.changes for name in (before, to) if name}
        named |= {item.row.status for item in items if item.row.status}
        order = {status: n for n, (status, _) in enumerate(shape.dates)}
        ordered = sorted(named, key=lambda name: (order.get(name, len(order)), name))
        return [StatusRow(name, name, position=order.get(name)) for name in ordered]

    def _items(self, table: Table, shape: Layout, parse: dates.Parse, rejected: list[Rejected]) -> dict[str, Item]:
        """The items by key, in the order of their first line; lines that cannot be used go to `rejected`."""
        items: dict[str, Item] = {}
        understand = _by_change if shape.has_changes else _by_item
        for line in table.lines():
            try:
                if line.fault:
                    raise Bad(line.fault)
                understand(items, shape, parse, line.cells)
            except (Bad, dates.Unreadable) as bad:
                record = table.separator.join(line.cells)[:RECORD]
                rejected.append(Rejected(f"line {line.number}", str(bad), record))
        return items


def _describe(shape: Layout, parse: dates.Parse, cells: Sequence[str], known: Item | None) -> WorkItemRow:
    """The item as a line tells it; what the line leaves empty stays as an earlier one told it."""
    key = shape.cell(cells, "key")
    if not key:
        raise Bad("it has no key")
    if len(key) > 200:
        raise Bad("its key is longer than 200 characters")
    row = known.row if known else WorkItemRow(key, key)
    told: dict[str, Any] = {
        "title": shape.cell(cells, "title"),
        "tool_type": shape.cell(cells, "type"),
        "status": intern(shape.cell(cells, "status")),
        "team": shape.cell(cells, "team"),
        "parent": shape.cell(cells, "parent"),
        "labels": tuple(_labels(shape.all(cells, "labels"))),
        "points": _number(shape.cell(cells, "points")),
        "created_at": _date(parse, shape.cell(cells, "created")),
        "updated_at": _date(parse, shape.cell(cells, "updated")),
    }
    return row._replace(**{name: value for name, value in told.items() if value not in (None, "", ())})


def _date(parse: dates.Parse, text: str) -> datetime | None:
    return parse(text) if text else None


def _labels(cells: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(label for cell in cells for part in cell.split(",") if (label := part.strip())))


def _number(text: str) -> float | None:
    if not text:
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise Bad(f"“{text[:40]}” is no number of points") from None


def _by_change(items: dict[str, Item], shape: Layout, parse: dates.Parse, cells: Sequence[str]) -> None:
    """A line that tells of one change; one without time and status only describes its item."""
    known = items.get(shape.cell(cells, "key"))
    row = _describe(shape, parse, cells, known)
    at, to = shape.cell(cells, "at"), shape.cell(cells, "to")
    if bool(at) != bool(to):
        raise Bad("it has no time of the change" if to else "it has no status after the change")
    change = (parse(at), intern(shape.cell(cells, "from")) or None, intern(to)) if at else None
    item = known or items.setdefault(row.external_id, Item(row))
    item.row = row
    if change:
        item.changes.append(change)


def _by_item(items: dict[str, Item], shape: Layout, parse: dates.Parse, cells: Sequence[str]) -> None:
    """A line that tells all of an item: the dates of its entries into statuses, or only where it is."""
    if shape.cell(cells, "key") in items:
        raise Bad(f"the key {shape.cell(cells, 'key')} has had a line already")
    item = Item(_describe(shape, parse, cells, None))
    entries = [(parse(text), n, status) for n, (status, c) in enumerate(shape.dates) if (text := cells[c].strip())]
    before: str | None = None
    for at, _, status in sorted(entries):
        item.changes.append((at, before, status))
        before = status
    since = next((text for n in shape.since if (text := cells[n].strip())), "")
    if since and item.row.status:
        item.changes.append((parse(since), None, item.row.status))
    items[item.row.external_id] = item


def _present(item: Item) -> WorkItemRow:
    """The item with its present status: what the file says, else where its last change led."""
    if item.row.status or not item.changes:
        return item.row
    latest = max(at for at, _, _ in item.changes)
    last = [(before, to) for at, before, to in item.changes if at == latest]
    left = [before for before, _ in last]
    # Of changes of the same instant, the last is the one that none goes on from.
    ends = [to for _, to in last if to not in left] or [to for _, to in last]
    return item.row._replace(status=ends[-1])


def _moves(item: Item) -> list[TransitionRow]:
    """The item's changes, each under an id made of what it says, so that the order of lines is no matter."""
    times: dict[tuple[datetime, str | None, str], int] = {}
    rows = []
    for change in item.changes:
        times[change] = times.get(change, 0) + 1
        at, before, to = change
        name = f"{item.row.external_id}|{at.isoformat()}|{before or ''}|{to}|{times[change]}"
        external_id = name if len(name) <= 200 else hashlib.sha256(name.encode()).hexdigest()
        rows.append(TransitionRow(external_id, item.row.external_id, at, before, to))
    return rows


def _stamp(file: BinaryIO) -> list[int]:
    """Size and time of the last change: the same for a file nobody touched."""
    told = os.fstat(file.fileno())
    return [told.st_size, told.st_mtime_ns]


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
