"""Bad data and bad questions, on pages and in the API: a clear message or a clean n/a, no fault, no wrong number."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from metrics import actions
from metrics.load import upsert
from metrics.models import ItemFlow, Source, WorkItem
from metrics.registry import METRICS
from metrics.rows import BlockRow, Row, TransitionRow, WorkItemRow
from portfolio.actions import end_team
from tests.cast import Cast
from tests.metrics.cast import at
from tests.metrics.test_flow import STATUSES, history

PAGES = ["/", "/flow/", "/delivery/", "/items/", "/pull-requests/", "/deployments/"]
MARCH = {"from": "2025-03-01", "to": "2025-03-31"}


@pytest.fixture
def board(cast: Cast) -> Source:
    cache.clear()
    made = Source.objects.create(slug="board", name="Board", tool="csv", team=cast.falcon, synced_at=at("2025-01-01"))
    upsert(made, STATUSES)
    return made


@pytest.fixture
def leader(cast: Cast, client: Client) -> Client:
    client.force_login(cast.leader)
    return client


def put(into: Source, *rows: Row) -> None:
    """Load and derive, as a sync does."""
    result = upsert(into, rows)
    assert result.rejected == []
    Source.objects.filter(pk=into.pk).update(data_version=F("data_version") + 1)
    actions.refresh(into)


def said(client: Client, scope: str = "team:falcon", **params: str) -> dict[str, Any]:
    """Every figure, by the API."""
    answer = client.get("/api/v1/report/", {"scope": scope, **MARCH, **params})
    assert answer.status_code == 200, answer.content
    return dict(answer.json()["metrics"])


def all_pages(client: Client, scope: str = "team:falcon", **params: str) -> None:
    """Every page of figures and lists, and every explanation, is served."""
    for page in (*PAGES, *(f"/explain/{key}/" for key in METRICS)):
        answer = client.get(page, {"scope": scope, **MARCH, **params}, follow=True)
        assert answer.status_code == 200, page
        assert b"That is a fault of the portal" not in answer.content, page


def test_a_cycle_of_statuses_is_walked_as_it_was(board: Source, leader: Client) -> None:
    # Dev → Test → Dev → Test …: each round takes an hour in each; the workflow's order says nothing of it.
    steps = [f"2025-03-10 {hour:02}:00 {('dev', 'test')[hour % 2]}" for hour in range(1, 21)]
    put(board, *history("A", "2025-03-09", *steps, "2025-03-10 21:00 done"))
    found = said(leader)
    assert found["cycle_time"]["value"] == 1
    # Ten hours in each: 1–2 test, 2–3 dev, …, 20–21 dev.
    assert found["time_in_state"]["parts"] == {"To do": 25 * 3600, "Dev": 10 * 3600, "Test": 10 * 3600}
    all_pages(leader)


def test_a_map_of_statuses_that_goes_in_circles_counts_each_finish_once(board: Source, leader: Client) -> None:
    # Two statuses that are done, gone through in turn, and back: the first entry into done counts.
    put(board, *history("A", "2025-03-01", "2025-03-03 dev", "2025-03-05 done", "2025-03-06 live", "2025-03-07 done"))
    found = said(leader)
    assert (found["throughput"]["value"], found["cycle_time"]["value"]) == (1, 3)


def test_an_item_finished_before_it_was_created_counts_from_its_first_event(board: Source, leader: Client) -> None:
    put(board, *history("A", "2025-03-20", "2025-03-03 dev", "2025-03-05 done"))
    found = said(leader)
    # 3, 4, 5 March: what the tool calls created came later, so the first event did.
    assert (found["cycle_time"]["value"], found["lead_time"]["value"]) == (3, 3)
    line = leader.get("/api/v1/items/", {"scope": "team:falcon"}).json()["results"][0]
    assert line["created_at"].startswith("2025-03-03")
    assert line["lead_days"] == 3
    assert "3 Mar 2025" in leader.get(f"/items/{line['id']}/").content.decode()
    all_pages(leader)


def test_a_move_to_come_has_not_happened(board: Source, leader: Client) -> None:
    soon = timezone.now() + timedelta(days=2)
    put(
        board,
        WorkItemRow("A", "A", status="done", created_at=at("2025-03-01")),
        TransitionRow("A-0", "A", at("2025-03-02"), "todo", "dev"),
        TransitionRow("A-1", "A", soon, "dev", "done"),
        WorkItemRow("B", "B", status="todo", created_at=soon),
    )
    today = timezone.localdate().isoformat()
    window = {"from": (timezone.localdate() - timedelta(days=30)).isoformat(), "to": today}
    found = said(leader, **window)
    assert (found["throughput"]["value"], found["wip"]["value"]) == (0, 1)
    # A window that reaches into the future counts what has happened, nothing more.
    wide = said(leader, **{"from": window["from"], "to": (soon + timedelta(days=9)).date().isoformat()})
    assert (wide["throughput"]["value"], wide["wip"]["value"]) == (0, 1)
    # One that lies there has nothing to say, in words.
    later = said(
        leader,
        **{"from": (soon + timedelta(days=1)).date().isoformat(), "to": (soon + timedelta(days=9)).date().isoformat()},
    )
    assert later["throughput"] == {
        "value": None, "unit": "items", "n": 0, "reason": "the window begins after the as-of time", "series": [],
    }  # fmt: skip
    rows = leader.get("/api/v1/items/", {"scope": "team:falcon"}).json()["results"]
    assert [(row["key"], row["state"], row["finished_at"]) for row in rows] == [("A", "active", None)]
    a, b = (WorkItem.objects.get(key=key).pk for key in "AB")
    assert b"not finished" in leader.get(f"/items/{a}/").content
    assert b"Nothing is known of when this item moved" in leader.get(f"/items/{b}/").content
    all_pages(leader, **window)


def moves(key: str, n: int) -> Iterator[Row]:
    """An item that goes to and fro `n` times, every ten minutes, and is still on its way."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    names = ("dev", "test")
    yield WorkItemRow(key, key, status=names[(n - 1) % 2], created_at=start)
    for number in range(n):
        before = names[(number - 1) % 2] if number else "todo"
        yield TransitionRow(
            f"{key}-{number}", key, start + timedelta(minutes=10 * number), before, names[number % 2]
        )  # fmt: skip


def test_ten_thousand_moves_of_one_item(board: Source, leader: Client) -> None:
    put(board, *moves("A", 10_000), BlockRow("b", "A", at("2025-02-01"), at("2025-02-03"), "waits for a certificate"))
    found = said(leader)
    # Moves every ten minutes from 1 January: the last at 9,999 × 10 min = 69 days 10 h 30 min, on 11 March.
    assert found["wip"]["value"] == 1
    assert found["throughput"]["value"] == 0
    all_pages(leader)
    row = ItemFlow.objects.get(item__key="A")
    with CaptureQueriesContext(connection) as caught:
        answer = leader.get(f"/items/{row.item_id}/")
    assert answer.status_code == 200
    assert len(caught) < 20
    html = answer.content.decode()
    assert len(html) < 120_000
    # The creation and 10,000 moves, 50 on a page; the drawing has what can be told apart.
    assert "1 to 50 of 10,001 stays" in html
    assert html.count("<rect ") <= 301
    assert "waits for a certificate" in html
    last = leader.get(f"/items/{row.item_id}/", {"page": "201"}).content.decode()
    assert "10,001 to 10,001 of" in last
    # 10,000 moves make 5,000 stays of 600 s in each, but the last, in Test, which goes on.
    assert leader.get("/explain/wip/", {"scope": "team:falcon", **MARCH}).status_code == 200


def test_ten_thousand_moves_of_one_instant(board: Source, leader: Client) -> None:
    when, names = at("2025-03-03"), ("dev", "test")
    rows = [TransitionRow(f"A-{n}", "A", when, names[n % 2], names[1 - n % 2]) for n in range(10_000)]
    put(board, WorkItemRow("A", "A", status="dev", created_at=at("2025-03-01")), *rows)
    found = said(leader)
    assert (found["wip"]["value"], found["throughput"]["value"]) == (1, 0)
    assert leader.get(f"/items/{WorkItem.objects.get().pk}/").status_code == 200


def test_a_team_with_one_item(board: Source, leader: Client) -> None:
    put(board, *history("A", "2025-03-01", "2025-03-03 dev", "2025-03-05 done"))
    found = said(leader, p="1,50,99")
    assert found["cycle_time"]["percentiles"] == {"1": 3, "50": 3, "99": 3}
    assert found["flow_efficiency"]["value"] == 1
    all_pages(leader)


def test_a_team_with_no_item_counts_nothing_and_makes_no_ratio_of_it(board: Source, leader: Client) -> None:
    found = said(leader)
    assert {found[key]["value"] for key in ("throughput", "arrivals", "wip")} == {0}
    for key in ("cycle_time", "flow_efficiency", "work_item_age", "flow_distribution", "change_fail_rate"):
        assert found[key]["value"] is None, key
        assert found[key]["reason"], key
    all_pages(leader)
    for scope in ("team:heron", "stream:payments", "stream:platform", "portfolio"):
        all_pages(leader, scope)


def test_a_team_that_is_no_more(board: Source, leader: Client, cast: Cast) -> None:
    put(board, *history("A", "2025-03-01", "2025-03-03 dev", "2025-03-05 done"))
    end_team(actor=cast.pmo, team=cast.falcon, on=timezone.localdate() - timedelta(days=1))
    # Ended, it keeps its history.
    assert said(leader)["throughput"]["value"] == 1
    all_pages(leader)
    assert said(leader, "stream:payments")["throughput"]["value"] == 1
    # Deleted, it is not there.
    for page in PAGES:
        assert leader.get(page, {"scope": "team:gone"}).status_code == 404
    answer = leader.get("/api/v1/report/", {"scope": "team:gone"})
    assert answer.status_code == 404
    assert "There is no scope “team:gone”" in answer.json()["detail"]


def test_a_window_of_zero_days_is_refused_and_one_day_is_one_day(board: Source, leader: Client) -> None:
    put(board, *history("A", "2025-03-01", "2025-03-03 dev", "2025-03-05 done"))
    one = said(leader, **{"from": "2025-03-05", "to": "2025-03-05"})
    assert one["throughput"]["series"] == [{"at": "2025-03-05", "value": 1}]
    all_pages(leader, **{"from": "2025-03-05", "to": "2025-03-05"})
    none = {"scope": "team:falcon", "from": "2025-03-06", "to": "2025-03-05"}
    assert leader.get("/api/v1/report/", none).json() == {
        "from": ["2025-03-06 is after 2025-03-05: a window starts before it ends."]
    }
    answer = leader.get("/flow/", none)
    assert answer.status_code == 400
    assert "a window starts before it ends" in answer.content.decode()


def test_events_at_the_ends_of_time(board: Source, leader: Client) -> None:
    put(board, *history("A", "1970-01-01", "1970-01-01 10:00 dev", "2025-03-05 done"))
    found = said(leader)
    # 1 January 1970 to 5 March 2025: 20,152 days later, plus 1.
    assert found["cycle_time"]["value"] == 20_153
    late = TransitionRow("Z-1", "Z", at("2099-12-31"), "dev", "done")
    put(board, WorkItemRow("Z", "Z", status="done", created_at=at("2025-03-01")), late)
    assert (said(leader)["throughput"]["value"], said(leader)["wip"]["value"]) == (1, 1)
    # What is not of our time is refused, and the sync says so.
    refused = upsert(board, [TransitionRow("Z-2", "Z", at("2100-06-01"), "dev", "done")]).rejected
    assert len(refused) == 1
    all_pages(leader)
    assert said(leader, **{"from": "1970-01-01", "to": "1970-01-31"})["arrivals"]["value"] == 1
    assert leader.get("/flow/", {"scope": "team:falcon", "from": "2100-01-01"}).status_code == 400


@pytest.mark.parametrize("p", ["0", "100", "50,100", "-5", "50.5", "many"])
def test_a_percentile_that_is_none_is_refused(board: Source, leader: Client, p: str) -> None:
    told = leader.get("/api/v1/metrics/cycle_time/", {"scope": "team:falcon", "p": p})
    assert (told.status_code, list(told.json())) == (400, ["p"])
    assert "A percentile is a whole number from 1 to 99" in told.json()["p"][0]
    for page in ("/flow/", "/explain/cycle_time/", "/figures/cycle_time/"):
        assert leader.get(page, {"scope": "team:falcon", "p": p}).status_code == 400


def test_items_are_chosen_alike_by_page_api_csv_and_report(board: Source, leader: Client) -> None:
    import json
    from io import StringIO

    from django.core.management import call_command

    put(
        board,
        *history("A", "2025-03-01", "2025-03-03 dev", "2025-03-05 done", tool_type="Bug", class_of_service="Expedite"),
        *history("B", "2025-03-01", "2025-03-03 dev", "2025-03-09 done", tool_type="Bug", labels=("web",)),
        *history("C", "2025-03-01", "2025-03-03 dev", "2025-03-12 done", tool_type="Story", labels=("web", "api")),
    )
    # Cycle times 3, 7 and 10 days.
    for choice, expected, options in (
        ({"type": "defect"}, [3, 7], {"type": ["defect"]}),
        ({"label": "web"}, [7, 10], {"label": ["web"]}),
        ({"class": "Expedite"}, [3], {"service": ["Expedite"]}),
        ({"type": "feature", "label": "api"}, [10], {"type": ["feature"], "label": ["api"]}),
    ):
        found = said(leader, p="1,99", **choice)["cycle_time"]
        assert (found["n"], found["percentiles"]) == (len(expected), {"1": expected[0], "99": expected[-1]})
        out = StringIO()
        call_command(
            "report", scope="team:falcon", first=MARCH["from"], last=MARCH["to"], percentiles="1,99", json=True,
            stdout=out, **options,
        )  # fmt: skip
        assert json.loads(out.getvalue())["metrics"]["cycle_time"] == found
        params = {"scope": "team:falcon", **MARCH, "p": "1,99", **choice}
        csv = b"".join(leader.get("/figures/cycle_time/", params).streaming_content).decode()  # type: ignore[attr-defined]
        assert f"percentile,,99,{expected[-1]},days," in csv
        assert "percentile,,85" not in csv
        rows = leader.get("/api/v1/items/", params).json()["results"]
        then = leader.get("/api/v1/items/", {**params, "as_of": "2025-03-31"}).json()["results"]
        assert sorted(row["cycle_days"] for row in rows) == sorted(row["cycle_days"] for row in then) == expected
        html = leader.get("/explain/cycle_time/", params).content.decode()
        assert f"Counted ({len(expected)})" in html
