"""Columns sent to PostgreSQL in its binary format arrive as they were; derived rows are what loops find."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from django.db import connection

from metrics import actions
from metrics.columns import day_number, micros
from metrics.load import binary
from metrics.models import ItemFlow, Source
from tests.metrics import naive
from tests.metrics.test_thousand import Case
from tests.metrics.test_thousand_stored import store

pytestmark = pytest.mark.django_db


def ints(*values: int) -> binary.Ints:
    return np.array(values, dtype=np.int64)


def test_every_kind_of_cell_arrives_as_it_was() -> None:
    at = (
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2025, 3, 30, 1, 0, 0, 123_456, UTC),
        datetime(2099, 12, 31, tzinfo=UTC),
    )
    present = np.array([True, False, True])
    columns = [
        ("a", binary.bigints(ints(-(2**62), 0, 2**62))),
        ("b", binary.integers(ints(-1, 7, 2**31 - 1), present)),
        ("c", binary.floats(np.array([0.1, -1e300, np.inf]))),
        ("d", binary.instants(ints(*map(micros, at)), present)),
        ("e", binary.days(ints(*(day_number(one.date()) for one in at)))),
        ("f", binary.texts(ints(2, 0, 1), ["", "Prüfung ✓", "tab\tand\nline\\"])),
        ("g", binary.bigint_arrays(ints(0, 0, 2), ints(5, -6, 7), 3)),
    ]
    with connection.cursor() as cursor:
        kinds = "a bigint, b int, c float8, d timestamptz, e date, f text, g bigint[]"
        cursor.execute(f"CREATE TEMPORARY TABLE t ({kinds}) ON COMMIT DROP")
        binary.copy_columns(cursor, "t", columns)
        cursor.execute("SELECT * FROM t")
        rows = cursor.fetchall()
    assert rows == [
        (-(2**62), -1, 0.1, at[0], date(1970, 1, 1), "tab\tand\nline\\", [5, -6]),
        (0, None, -1e300, None, date(2025, 3, 30), "", []),
        (2**62, 2**31 - 1, np.inf, at[2], date(2099, 12, 31), "Prüfung ✓", [7]),
    ]


def test_no_rows_are_no_rows() -> None:
    columns = [
        ("a", binary.bigints(ints())),
        ("f", binary.texts(ints(), [])),
        ("g", binary.bigint_arrays(ints(), ints(), 0)),
    ]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE t (a bigint, f text, g bigint[]) ON COMMIT DROP")
        binary.copy_columns(cursor, "t", columns)
        cursor.execute("SELECT count(*) FROM t")
        assert cursor.fetchone() == (0,)


def expected(case: Case, item: Any, number: int, now: datetime) -> dict[str, Any] | None:
    """What is derived of an item, by loops."""
    steps = naive.timeline(case.log, item, now)
    if not steps:
        return None
    place = naive.finish(steps)
    team = steps[-1 if place is None else place]["team"]
    done = naive.finished_items(case.log | {"items": [item]}, [team], now)
    return {
        "team__slug": f"{team}-{number}",
        "status__name": None if steps[-1]["status"] == naive.UNKNOWN else steps[-1]["status"],
        "state": steps[-1]["state"],
        "created_at": steps[0]["at"],
        "started_at": naive.started(steps),
        "finished_at": None if place is None else steps[place]["at"],
        "cycle_days": done[0]["cycle"] if done else None,
        "lead_days": done[0]["lead"] if done else None,
        "busy": naive.busy_and_all(done[0], now) if done else None,
        "holders": {f"{step['team']}-{number}" for step in steps},
    }


def test_derived_rows_are_what_loops_find() -> None:
    now = datetime.now(UTC)
    cases = [Case(number) for number in range(60)]
    slugs = {team.pk: slug for slug, team in store(cases).items()}
    actions.refresh(Source.objects.get())
    stored = {row["item__key"]: row for row in ItemFlow.objects.values(
        "item__key", "team__slug", "status__name", "state", "created_at", "started_at", "finished_at", "cycle_days",
        "lead_days", "active_seconds", "waiting_seconds", "teams",
    )}  # fmt: skip
    found = 0
    for number, case in enumerate(cases):
        for item in case.log["items"]:
            wanted, row = expected(case, item, number, now), stored.pop(item["key"], None)
            if wanted is None or row is None:
                assert wanted is row
                continue
            busy, holders = wanted.pop("busy"), wanted.pop("holders")
            assert {name: value for name, value in row.items() if name in wanted} == wanted
            assert {slugs[pk] for pk in row["teams"]} == holders
            if busy:
                spent = row["active_seconds"], row["active_seconds"] + row["waiting_seconds"]
                assert spent == pytest.approx(tuple(map(float, busy)))
                found += 1
    assert stored == {}
    assert found > 10
