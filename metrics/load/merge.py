"""COPY into a temporary table, then one INSERT … ON CONFLICT that writes only what differs."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from psycopg2 import sql


@dataclass(frozen=True, slots=True)
class Table:
    """A fact table. `columns` are (name, SQL type) without source_id and external_id.

    `touched` is the column whose values tell what a written row concerns. `newest`: only a delivery that is not
    older (`updated_at`) overwrites, and it brings back what was missing.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    touched: str
    newest: bool = False
    # What one delivery knows and another does not (None): the known one stays.
    kept: tuple[str, ...] = ()

    @property
    def stage(self) -> str:
        return f"load_{self.name}"

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.columns]


@dataclass(frozen=True, slots=True)
class Merged:
    """How many rows were written, and the ids (items or services) that they concern or concerned."""

    written: int
    touched: set[int]


EVENT_OF_ITEM = ("item_id", "bigint")
STATUS = "bigint"
INSTANT = "timestamptz"
# What external ids of blocked stays begin with that come from statuses (blocks.py); no tool's own do.
DERIVED = "status:"

ITEMS = Table(
    "metrics_workitem",
    (
        ("key", "text"),
        ("title", "text"),
        ("url", "text"),
        ("tool_type", "text"),
        ("kind", "text"),
        ("status_id", STATUS),
        ("team_id", "bigint"),
        ("created_at", INSTANT),
        ("updated_at", INSTANT),
        ("points", "float8"),
        ("labels", "text[]"),
        ("parent", "text"),
        ("class_of_service", "text"),
    ),
    touched="id",
    newest=True,
)
TRANSITIONS = Table(
    "metrics_transition",
    (EVENT_OF_ITEM, ("at", INSTANT), ("from_status_id", STATUS), ("to_status_id", STATUS)),
    touched="item_id",
)
TEAM_MOVES = Table(
    "metrics_teammove",
    (EVENT_OF_ITEM, ("at", INSTANT), ("from_team_id", "bigint"), ("to_team_id", "bigint")),
    touched="item_id",
)
BLOCKS = Table(
    "metrics_blockedstay",
    (EVENT_OF_ITEM, ("from_at", INSTANT), ("to_at", INSTANT), ("reason", "text")),
    touched="item_id",
)
LINKS = Table("metrics_itemlink", (EVENT_OF_ITEM, ("needs", "text")), touched="item_id")
PULL_REQUESTS = Table(
    "metrics_pullrequest",
    (
        ("number", "text"),
        ("title", "text"),
        ("url", "text"),
        ("opened_at", INSTANT),
        ("first_commit_at", INSTANT),
        ("first_review_at", INSTANT),
        ("merged_at", INSTANT),
        ("closed_at", INSTANT),
        ("merge_sha", "text"),
        ("merge_method", "text"),
        ("commits", "text[]"),
        ("is_bot", "bool"),
    ),
    touched="",
)
COMMITS = Table(
    "metrics_commit",
    (
        ("authored_at", INSTANT),
        ("committed_at", INSTANT),
        ("parents", "text[]"),
        ("pull_request", "text"),
        ("is_bot", "bool"),
    ),
    touched="",
    kept=("pull_request",),
)
DEPLOYMENTS = Table(
    "metrics_deployment",
    (
        ("service_id", "bigint"),
        ("sha", "text"),
        ("ref", "text"),
        ("environment", "text"),
        ("is_production", "bool"),
        ("status", "text"),
        ("started_at", INSTANT),
        ("finished_at", INSTANT),
        ("reached", "bool"),
        ("is_unplanned", "bool"),
        ("url", "text"),
    ),
    touched="service_id",
)
INCIDENTS = Table(
    "metrics_incident",
    (
        ("service_id", "bigint"),
        ("title", "text"),
        ("url", "text"),
        ("started_at", INSTANT),
        ("resolved_at", INSTANT),
        ("deployment", "text"),
        ("fix", "text"),
        ("severity", "text"),
    ),
    touched="service_id",
)


def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text


def _quoted(part: str) -> str:
    return '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'


def cell(value: Any) -> str:
    """A value as COPY's text format writes it."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, tuple):
        return _escaped("{" + ",".join(map(_quoted, value)) + "}")
    return repr(value)


def copy_in(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY `rows` into `table`."""
    text = "".join("\t".join(map(cell, row)) + "\n" for row in rows)
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _listed(columns))
    cursor.copy_expert(command.as_string(cursor.cursor), io.StringIO(text))


def _listed(names: Iterable[str], prefix: str = "") -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(prefix, name) if prefix else sql.Identifier(name) for name in names)


def _stage(cursor: Any, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Put `rows` into the table's staging table; it lives as long as the connection, its rows only in here."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in (("external_id", "text"), *table.columns)
    )
    name = sql.Identifier(table.stage)
    cursor.execute(sql.SQL("SET LOCAL client_min_messages = warning"))
    cursor.execute(sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} ({}) ON COMMIT DELETE ROWS").format(name, columns))
    cursor.execute(sql.SQL("TRUNCATE {}").format(name))
    copy_in(cursor, table.stage, ["external_id", *table.names], rows)


def _given(table: Table, name: str) -> sql.Composable:
    """What a delivery says of a column, or what is stored where its silence means nothing."""
    if name in table.kept:
        return sql.SQL("COALESCE(excluded.{0}, t.{0})").format(sql.Identifier(name))
    return sql.Identifier("excluded", name)


def _condition(table: Table) -> sql.Composable:
    """When a stored row is written again."""
    differs = sql.SQL("(({}) IS DISTINCT FROM ({}))").format(
        _listed(table.names, "t"), sql.SQL(", ").join(_given(table, name) for name in table.names)
    )
    if not table.newest:
        return differs
    return sql.SQL(
        "(t.updated_at IS NULL OR excluded.updated_at IS NULL OR excluded.updated_at >= t.updated_at)"
        " AND (t.missing_at IS NOT NULL OR t.deleted_at IS NOT NULL OR {})"
    ).format(differs)


def _merge_command(table: Table) -> sql.Composed:
    names = table.names
    back = [sql.SQL("missing_at = NULL"), sql.SQL("deleted_at = NULL")] if table.newest else []
    given = (sql.SQL("{} = {}").format(sql.Identifier(name), _given(table, name)) for name in names)
    sets = sql.SQL(", ").join([*given, *back])
    return sql.SQL(
        "INSERT INTO {table} AS t (source_id, external_id, {names})"
        " SELECT %(source)s, external_id, {names} FROM {stage} ORDER BY external_id"
        " ON CONFLICT (source_id, external_id) DO UPDATE SET {sets} WHERE {condition} RETURNING {touched}"
    ).format(
        table=sql.Identifier(table.name),
        stage=sql.Identifier(table.stage),
        names=_listed(names),
        sets=sets,
        condition=_condition(table),
        touched=sql.Identifier("t", table.touched or "id"),
    )


def _leaving(cursor: Any, table: Table, source: int) -> set[int]:
    """The items or services that stored rows leave in this merge: they change too."""
    column = sql.Identifier(table.touched)
    command = sql.SQL(
        "SELECT DISTINCT t.{column} FROM {table} t JOIN {stage} s USING (external_id)"
        " WHERE t.source_id = %(source)s AND t.{column} <> s.{column}"
    ).format(column=column, table=sql.Identifier(table.name), stage=sql.Identifier(table.stage))
    cursor.execute(command, {"source": source})
    return {row[0] for row in cursor.fetchall()}


def merge(table: Table, source: int, rows: Sequence[Sequence[Any]]) -> Merged:
    """Merge `rows` (external id, then the table's columns), each external id at most once.

    Must run in a transaction. Rows that are stored already as they are, are not written.
    """
    if not rows:
        return Merged(0, set())
    with connection.cursor() as cursor:
        _stage(cursor, table, rows)
        left = _leaving(cursor, table, source) if table.touched not in ("", "id") else set()
        cursor.execute(_merge_command(table), {"source": source})
        written = [row[0] for row in cursor.fetchall()]
    return Merged(len(written), (set(written) | left) if table.touched else set())


def prune(table: Table, source: int, items: Sequence[int], keep: Sequence[str]) -> set[int]:
    """Delete events of `items` whose external id is not in `keep`; answers the items that lost one.

    What was derived from statuses stays: it goes, if it must, when the items are derived again.
    """
    command = sql.SQL(
        "DELETE FROM {} WHERE source_id = %s AND item_id = ANY(%s) AND NOT external_id = ANY(%s)"
        " AND NOT starts_with(external_id, %s) RETURNING item_id"
    ).format(sql.Identifier(table.name))
    with connection.cursor() as cursor:
        cursor.execute(command, [source, list(items), list(keep), DERIVED])
        return {row[0] for row in cursor.fetchall()}


def remove(table: Table, source: int, external_ids: Sequence[str]) -> Merged:
    """Delete rows by external id."""
    command = sql.SQL("DELETE FROM {} WHERE source_id = %s AND external_id = ANY(%s) RETURNING {}").format(
        sql.Identifier(table.name), sql.Identifier(table.touched or "id")
    )
    with connection.cursor() as cursor:
        cursor.execute(command, [source, list(external_ids)])
        gone = [row[0] for row in cursor.fetchall()]
    return Merged(len(gone), set(gone) if table.touched else set())
