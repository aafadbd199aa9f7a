"""The real Jira history agrees with the naive re-computation, figure by figure and item by item."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from metrics import queries
from metrics.load import upsert
from metrics.measurement import Window
from metrics.rows import Row, StatusRow, TransitionRow, WorkItemRow
from portfolio.queries import find_scope
from tests.metrics import naive
from tests.metrics.cast import source, team
from tests.metrics.test_flow_naive import check, check_evidence, figures

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
            blank = {"key": line["key"], "created": created, "status": None, "team": "falcon", "kind": "other"}
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
