"""The real Jira history agrees with the naive re-computation, figure by figure and item by item."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from metrics import queries
from metrics.columns import load
from metrics.formulas import ageing
from metrics.load import upsert
from metrics.measurement import Window
from metrics.models import Expectation
from metrics.registry import FLOW
from metrics.rows import Row, StatusRow, TransitionRow, WorkItemRow
from portfolio.models import Team
from portfolio.queries import find_scope
from tests.metrics import naive, naive_more
from tests.metrics.cast import source, team
from tests.metrics.test_flow_naive import check, check_evidence, figures
from tests.metrics.test_thousand import check_constraint

pytestmark = pytest.mark.django_db

PATH = Path(__file__).resolve().parents[3] / "shared/data/jira-history/replication-reviews.csv"
ZONE = "America/New_York"
WAITING = ("Blocked", "Waiting", "Pending", "Submitted")
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


def state(status: str) -> str:
    if status in ("Open", "Assigned"):
        return "backlog"
    if status == "Done":
        return "done"
    if status == "Incomplete":
        return "removed"
    return "waiting" if status.startswith(WAITING) else "active"


def read() -> naive.Log:
    items: dict[str, dict[str, Any]] = {}
    with PATH.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            created = datetime.fromisoformat(line["created"] + "T00:00:00-05:00")
            blank = {
                "key": line["key"],
                "created": created,
                "status": None,
                "team": "falcon",
                "kind": "other",
                "points": None,
            }
            item = items.setdefault(line["key"], {**blank, "moves": [], "team_moves": [], "blocks": []})
            item["moves"].append((datetime.fromisoformat(line["at"]), line["from_status"] or None, line["to_status"]))
    statuses = {move[2] for item in items.values() for move in item["moves"]}
    statuses |= {move[1] for item in items.values() for move in item["moves"]} - {None}
    return {
        "teams": {"falcon": ZONE},
        "statuses": {name: state(name) for name in statuses},
        "items": list(items.values()),
    }


def rows(log: naive.Log) -> list[Row]:
    found: list[Row] = [StatusRow(name, name, of) for name, of in log["statuses"].items()]
    seen: dict[tuple[Any, ...], int] = defaultdict(int)
    for item in log["items"]:
        found.append(WorkItemRow(item["key"], item["key"], created_at=item["created"]))
        for move in item["moves"]:
            seen[item["key"], *move] += 1
            key = f"{item['key']} {move} {seen[item['key'], *move]}"
            found.append(TransitionRow(key, item["key"], move[0], move[1], move[2]))
    return found


@pytest.mark.skipif(not PATH.exists(), reason=f"the real history is not here: {PATH.name}")
def test_the_real_history_agrees_item_by_item(monkeypatch: pytest.MonkeyPatch) -> None:
    log = read()
    board = source(team("falcon", zone=ZONE))
    result = upsert(board, rows(log))
    assert result.rejected == []
    assert upsert(board, rows(log)).written == 0
    scope = find_scope("team:falcon", None)

    lines = {line["key"]: line for line in queries.items(scope, AS_OF)}
    assert set(lines) == {item["key"] for item in log["items"]}
    done = {row["item"]["key"]: row for row in naive.finished_items(log, ["falcon"], AS_OF)}
    for item in log["items"]:
        line, row = lines[item["key"]], done.get(item["key"])
        steps = naive.timeline(log, item, AS_OF)
        started = naive.started(steps)
        assert line["state"] == steps[-1]["state"], item["key"]
        assert datetime.fromisoformat(line["created"]) == steps[0]["at"]
        assert (line["started"] and datetime.fromisoformat(line["started"])) == started, item["key"]
        assert line["cycle_time"] == (row and row["cycle"]), item["key"]
        assert line["lead_time"] == (row and row["lead"]), item["key"]
    assert len(done) > 400

    timelines = {item["key"]: naive.timeline(log, item, AS_OF) for item in log["items"]}
    monkeypatch.setattr(naive, "timeline", lambda log, item, as_of: timelines[item["key"]])
    window = Window(date(2024, 2, 26), date(2024, 3, 24))
    found = figures(scope, window, AS_OF)
    check(found, naive.measure(log, ["falcon"], ZONE, True, *window, AS_OF))
    check_evidence(found)
    check_where_it_stands(log, window)


def check_where_it_stands(log: naive.Log, window: Window) -> None:
    """Constraint, velocity, expectation, pace and chances of the real history, with an expectation of 30 days."""
    log |= {"iterations": {"falcon": ("items", 14, date(2024, 1, 1))}}
    log |= {"expected": [("falcon", "", 85, 30, date(2024, 3, 1))]}
    Expectation.objects.create(team=Team.objects.get(), percent=85, days=30, valid_from=date(2024, 3, 1))
    columns = load(find_scope("team:falcon", None), AS_OF)
    found = {key: metric.formula(columns, window, AS_OF.date()) for key, metric in FLOW.items()}
    expected = naive_more.constraint(log, ["falcon"], ZONE, True, window, AS_OF)
    check_constraint(found["constraint"], expected)
    pace = naive_more.velocity(log, ["falcon"], ZONE, window, AS_OF)
    assert found["velocity"].value == (pace and pace["value"])
    met, of = naive_more.expectation_met(log, ["falcon"], ZONE, window, AS_OF)
    assert (found["expectation_met"].value, found["expectation_met"].n) == (met / of, of)
    bands = {band.name: dict(band.ages) for band in ageing.pace(columns, window).bands if band.n}
    assert bands == naive_more.pace(log, ["falcon"], ZONE, True, window, AS_OF)
    said = naive_more.chances(log, ["falcon"], ZONE, window, AS_OF)
    chances = ageing.chances(columns, window)
    assert sorted(chances.age.tolist()) == sorted(row[1] for row in said)
    known = [chance for chance in chances.chance.tolist() if chance == chance]
    assert sorted(known) == sorted(row[3] for row in said if row[3] is not None)
    assert len(said) > 100


@pytest.mark.skipif(not PATH.exists(), reason="the real history is not here")
def test_the_constraint_of_the_real_history_is_named() -> None:
    """What the page says as of 20 December 2025 (docs/decisions/0009-the-constraint.md)."""
    board = source(team("falcon", zone=ZONE))
    upsert(board, rows(read()))
    as_of = datetime(2025, 12, 21, 4, 59, 59, tzinfo=UTC)
    scope = find_scope("team:falcon", None)
    found = queries.measure("constraint", scope, Window(date(2025, 9, 22), date(2025, 12, 20)), as_of)
    assert found.detail["place"] == "Pending publication"
    assert found.detail["since"] == "2025-08-25"
    assert found.detail["runner_up"] == "Pending Article DOI"
    assert found.detail["items"] == 196


@pytest.mark.skipif(not PATH.exists(), reason="the real history is not here")
def test_as_of_cuts_the_real_history() -> None:
    log = read()
    board = source(team("falcon", zone=ZONE))
    upsert(board, rows(log))
    as_of = datetime(2024, 6, 15, 16, tzinfo=UTC)
    window = Window(date(2024, 5, 1), date(2024, 6, 30))
    scope = find_scope("team:falcon", None)
    later = figures(scope, window, as_of)
    for item in log["items"]:
        item["moves"] = [move for move in item["moves"] if move[0] <= as_of]
    log["items"] = [item for item in log["items"] if item["created"] <= as_of]
    other = source(team("kestrel", zone=ZONE), "other")
    upsert(other, rows(log))
    then = figures(find_scope("team:kestrel", None), window, as_of)
    for key, figure in then.items():
        assert (later[key].value, later[key].parts, later[key].series) == (figure.value, figure.parts, figure.series), (
            key
        )
    assert later["wip"].series[-1].at == as_of.date()
