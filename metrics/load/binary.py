"""Whole columns as PostgreSQL's binary COPY takes them: built by NumPy, without a loop over rows."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg2 import sql

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
BIGINT_OID = 20
# PostgreSQL counts from 2000-01-01; in days and in microseconds since 1970.
EPOCH_DAY = 10_957
EPOCH = EPOCH_DAY * 86_400_000_000


@dataclass(frozen=True, slots=True)
class Cells:
    """A column: `length` of each cell in bytes (-1: null), and what cells hold: rows with a uint8[rows, width] each."""

    length: Ints
    held: Sequence[tuple[Ints, Bytes]]


def _as_bytes(values: npt.NDArray[Any], kind: str) -> Bytes:
    encoded = np.ascontiguousarray(values.astype(kind))
    return encoded.view(np.uint8).reshape(len(values), encoded.dtype.itemsize)


def _fixed(values: npt.NDArray[Any], kind: str, present: Flags | None) -> Cells:
    rows = np.arange(len(values)) if present is None else np.flatnonzero(present)
    length = np.full(len(values), -1, dtype=np.int64)
    length[rows] = np.dtype(kind).itemsize
    return Cells(length, [(rows, _as_bytes(values[rows], kind))])


def bigints(values: Ints, present: Flags | None = None) -> Cells:
    """bigint; null where not `present`."""
    return _fixed(values, ">i8", present)


def integers(values: Ints, present: Flags | None = None) -> Cells:
    """integer; null where not `present`."""
    return _fixed(values, ">i4", present)


def floats(values: npt.NDArray[np.float64]) -> Cells:
    """double precision."""
    return _fixed(values, ">f8", None)


def instants(values: Ints, present: Flags | None = None) -> Cells:
    """timestamptz, from µs since 1970; null where not `present`."""
    return _fixed(np.where(True if present is None else present, values, EPOCH) - EPOCH, ">i8", present)


def days(values: Ints) -> Cells:
    """date, from day numbers since 1970."""
    return _fixed(values - EPOCH_DAY, ">i4", None)


def texts(places: Ints, names: Sequence[str]) -> Cells:
    """text or varchar: of each row the name at its place."""
    encoded = [name.encode() for name in names]
    width = np.array([len(one) for one in encoded], dtype=np.int64)
    table = np.array(encoded, dtype=f"S{max(width.max(initial=1), 1)}")
    signs = table.view(np.uint8).reshape(len(names), table.dtype.itemsize) if len(names) else np.zeros((0, 1), np.uint8)
    length = width[places]
    groups = [(rows, int(length[rows[0]])) for rows in _groups(length)]
    return Cells(length, [(rows, signs[places[rows], :of]) for rows, of in groups])


def _groups(values: Ints) -> list[Ints]:
    """The rows of each value that there is."""
    return [np.flatnonzero(values == value) for value in np.unique(values)]


def bigint_arrays(row: Ints, values: Ints, n: int) -> Cells:
    """bigint[] of `n` rows: `values` go to their `row`, whose numbers ascend; a row without any is an empty array."""
    count = np.bincount(row, minlength=n)
    first = count.cumsum() - count
    held = []
    for rows in _groups(count):
        size = int(count[rows[0]])
        places = first[rows][:, None] + np.arange(size)
        # Dimensions, no nulls, the element's type; then per dimension its size and first index; each element's length.
        head = np.array([1, 0, BIGINT_OID, size, 1] if size else [0, 0, BIGINT_OID], dtype=">i4").view(np.uint8)
        elements = np.zeros((len(rows), size), dtype=[("length", ">i4"), ("value", ">i8")])
        elements["length"], elements["value"] = 8, values[places] if size else 0
        body = elements.view(np.uint8).reshape(len(rows), size * 12)
        held.append((rows, np.concatenate([np.tile(head, (len(rows), 1)), body], axis=1)))
    return Cells(np.where(count > 0, 20 + 12 * count, 12), held)


def encoded(columns: Sequence[Cells]) -> bytes:
    """Rows of these columns as COPY … (FORMAT binary) takes them."""
    n = len(columns[0].length)
    size = np.full(n, 2 + 4 * len(columns)) + np.sum([np.maximum(column.length, 0) for column in columns], axis=0)
    at = size.cumsum() - size
    out = np.zeros(int(size.sum()), dtype=np.uint8)

    def put(place: Ints, what: Bytes) -> None:
        out[place[:, None] + np.arange(what.shape[1])] = what

    put(at, _as_bytes(np.full(n, len(columns)), ">i2"))
    at += 2
    for column in columns:
        put(at, _as_bytes(column.length, ">i4"))
        at += 4
        for rows, held in column.held:
            put(at[rows], held)
        at += np.maximum(column.length, 0)
    return HEADER + out.tobytes() + TRAILER


def copy_columns(cursor: Any, table: str, columns: Sequence[tuple[str, Cells]]) -> None:
    """COPY columns, each with its name, into `table`."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(table), names)
    cursor.copy_expert(command.as_string(cursor.cursor), io.BytesIO(encoded([cells for _, cells in columns])))
