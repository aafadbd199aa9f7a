"""Data quality: each check finds what is wrong and nothing else, by hand and against a plain re-computation."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from metrics import quality
from metrics.load import upsert
from metrics.models import Deployment, Source, WorkItem
from metrics.rows import BlockRow, PullRequestRow, Row, StatusRow, TeamMoveRow, TransitionRow, WorkItemRow
from portfolio.models import Service
from tests.metrics import naive
from tests.metrics import test_flow_jira as jira
from tests.metrics.cast import at, source, team

pytestmark = pytest.mark.django_db

NOW = at("2025-07-01 12:00")
SYNCED = at("2025-07-01 11:00")
STATUSES = [
    StatusRow("open", "Open", "backlog", 0),
    StatusRow("dev", "Dev", "active", 1),
    StatusRow("test", "Test", "waiting", 2),
    StatusRow("done", "Done", "done", 3),
]
WAY = ("open", "dev", "test", "done")


def moves(key: str, *steps: tuple[str, str], created: str = "2025-03-03", **fields: Any) -> list[Row]:
    """An item that was created in Open, then went to each status at each time."""
    said = {"title": f"Title of {key}", "tool_type": "Story", "points": 3.0, **fields}
    said = {"status": steps[-1][1] if steps else "open", "created_at": at(created), **said}
    rows: list[Row] = [WorkItemRow(key, key, **said)]
    before = "open"
    for n, (when, to) in enumerate(steps):
        rows.append(TransitionRow(f"{key}-{n}", key, at(when), before, to))
        before = to
    return rows


def clean(key: str, day: str = "2025-03-04", **fields: Any) -> list[Row]:
    """An item with nothing wrong."""
    return moves(key, (f"{day} 09:00", "dev"), (f"{day} 10:00", "test"), (f"{day} 11:00", "done"), **fields)


@pytest.fixture
def board() -> Source:
    return source(team("falcon"), synced_at=SYNCED, attempted_at=at("2025-07-01 10:59"))


def store(board: Source, rows: Iterable[Row]) -> None:
    result = upsert(board, [*STATUSES, *rows])
    assert result.rejected == []


def found(board: Source, key: str) -> list[tuple[str, str]]:
    """What and why, of a check."""
    result = quality.inspect(board, NOW).result(key)
    assert result is not None
    assert result.found is not None, result.reason
    return [(line.name, line.text) for line in quality.lines(board, result, 0, result.lines)]


def reason(board: Source, key: str) -> str:
    result = quality.inspect(board, NOW).result(key)
    assert result is not None
    assert result.found is None
    return result.reason


def test_a_clean_source_has_nothing_to_mend(board: Source) -> None:
    store(board, [row for n in range(12) for row in clean(f"A-{n}")])
    report = quality.inspect(board, NOW)
    # The last event is of 4 March and the history is a day long: no telling what pauses are usual.
    assert [result.check.key for result in report.not_checked] == [
        "without_points",
        "silent",
        "quiet_since",
        "impossible_times",
    ]
    assert [(result.check.key, result.count) for result in report.findings] == []
    assert report.sentence == f"Nothing to mend: {len(quality.CHECKS) - 4} checks found nothing wrong."


def test_a_source_that_has_delivered_nothing_says_so(board: Source) -> None:
    report = quality.inspect(board, NOW)
    assert report.sentence == "Nothing to check yet: the source has delivered nothing."


def test_statuses_without_a_state(board: Source) -> None:
    store(board, [StatusRow("odd", "Odd", None, 9), *clean("A-1")])
    assert found(board, "unmapped_statuses") == [("Odd", "counts as active")]


def test_finished_before_created_is_not_also_moved_before_created(board: Source) -> None:
    store(board, [*clean("A-1"), *clean("A-2", created="2025-03-05"), *clean("A-3", created="2025-03-04 09:30")])
    assert found(board, "finished_before_created") == [("A-2", "created on 5 Mar 2025, 00:00 (UTC) by the tool")]
    assert found(board, "created_late") == [("A-3", "created on 4 Mar 2025, 09:30 (UTC) by the tool")]


def test_finished_before_started(board: Source) -> None:
    first_done = moves("A-1", ("2025-03-04 09:00", "done"), ("2025-03-05 09:00", "dev"), ("2025-03-06 09:00", "done"))
    straight, reopened = moves("A-2", ("2025-03-04 09:00", "done")), clean("A-3")
    reopened.append(TransitionRow("A-3-9", "A-3", at("2025-03-09"), "done", "dev"))
    store(board, [*first_done, *straight, *reopened])
    assert found(board, "finished_before_started") == [("A-1", "done first, in progress later")]


def test_moves_that_make_a_chain_in_another_order_are_out_of_order(board: Source) -> None:
    # Open → Dev at 10, Dev → Test at 9, Test → Done at 11: one chain, were the first two the other way round.
    store(board, [*clean("A-2"), WorkItemRow("A-1", "A-1", status="done", created_at=at("2025-03-03"))])
    times = (("open", "dev", "10:00"), ("dev", "test", "09:00"), ("test", "done", "11:00"))
    store(board, [TransitionRow(f"m{n}", "A-1", at(f"2025-03-04 {t}"), a, b) for n, (a, b, t) in enumerate(times)])
    assert found(board, "out_of_order") == [("A-1", "was in Test when it left Open")]
    assert found(board, "holes") == []
    assert found(board, "status_differs") == []


def test_moves_that_make_no_chain_have_holes(board: Source) -> None:
    store(board, [*clean("A-2"), WorkItemRow("A-1", "A-1", status="done", created_at=at("2025-03-03"))])
    lost = (("open", "dev", "09:00"), ("test", "done", "11:00"))
    store(board, [TransitionRow(f"m{n}", "A-1", at(f"2025-03-04 {t}"), a, b) for n, (a, b, t) in enumerate(lost)])
    assert found(board, "holes") == [("A-1", "was in Dev, next left Test")]
    assert found(board, "out_of_order") == []


def test_two_separate_circles_are_no_chain(board: Source) -> None:
    # Open → Dev → Open and Test → Done → Test: every status is left as often as entered, but nothing joins them.
    rounds = (("open", "dev"), ("dev", "open"), ("test", "done"), ("done", "test"))
    store(board, [*clean("A-2"), WorkItemRow("A-1", "A-1", status="test", created_at=at("2025-03-03"))])
    store(board, [TransitionRow(f"m{n}", "A-1", at(f"2025-03-0{4 + n}"), a, b) for n, (a, b) in enumerate(rounds)])
    assert found(board, "holes") == [("A-1", "was in Open, next left Test")]


def test_moves_of_one_instant_are_ordered_by_their_chain_first(board: Source) -> None:
    store(board, moves("A-1", ("2025-03-04", "dev"), ("2025-03-04", "test"), ("2025-03-04", "done")))
    assert found(board, "out_of_order") == found(board, "holes") == []


def test_the_status_shown_and_the_last_move(board: Source) -> None:
    store(board, [*clean("A-1"), *clean("A-2", status="test")])
    assert found(board, "status_differs") == [("A-2", "moved to Done last, but shown in Test")]


def test_the_same_move_twice_is_a_repeat_and_no_hole(board: Source) -> None:
    store(board, [*clean("A-1"), TransitionRow("again", "A-1", at("2025-03-04 10:00"), "dev", "test")])
    assert found(board, "repeated_moves") == [("A-1", "repeated once")]
    assert found(board, "holes") == found(board, "out_of_order") == []


def test_events_later_than_the_sync_that_brought_them(board: Source) -> None:
    ahead = moves("A-1", ("2025-06-30", "dev"), ("2025-07-01 11:01", "test"), ("2025-07-02", "done"))
    store(board, [*ahead, *clean("A-2"), *clean("A-3", created="2027-01-01")])
    assert found(board, "in_the_future") == [
        ("A-3", "1 such event; the latest is dated here"),
        ("A-1", "2 such events; the latest is dated here"),
    ]


def test_while_a_sync_runs_only_what_is_later_than_now_is_of_the_future(board: Source) -> None:
    store(board, moves("A-1", ("2025-07-01 11:30", "dev")))
    board.attempted_at = at("2025-07-01 11:20")
    assert found(board, "in_the_future") == []
    store(board, moves("A-2", ("2025-07-01 12:01", "dev")))
    board.data_version += 1
    board.save()
    assert found(board, "in_the_future") == [("A-2", "1 such event; the latest is dated here")]


def test_moved_between_teams(board: Source) -> None:
    team("heron")
    there = TeamMoveRow("t1", "A-1", at("2025-03-05"), "falcon", "heron")
    back = TeamMoveRow("t2", "A-1", at("2025-03-06"), "heron", "falcon")
    store(board, [*clean("A-1"), *clean("A-2"), there, back])
    assert found(board, "moved_between_teams") == [("A-1", "moved 2 times, last from Heron")]


def test_items_that_skip_what_most_visit(board: Source) -> None:
    # 12 of 14 visit Dev, 11 of 14 visit Test: both are usual (more than 7).
    rows = [row for n in range(11) for row in clean(f"A-{n}")]
    rows += moves("B-1", ("2025-03-04 09:00", "dev"), ("2025-03-04 11:00", "done"))
    rows += [*moves("B-2", ("2025-03-04", "done")), *moves("B-3", ("2025-03-03 12:00", "done"))]
    rows += moves("C-1", ("2025-03-04 09:00", "test"))
    store(board, rows)
    assert found(board, "skipping") == [
        ("B-1", "never in Test"),
        ("B-2", "never in Dev and 1 more"),
        ("B-3", "never in Dev and 1 more"),
    ]


def test_what_half_of_the_items_visit_is_not_what_most_visit(board: Source) -> None:
    # Test is visited by 6 of 12.
    rows = [row for n in range(6) for row in clean(f"A-{n}")]
    for n in range(6):
        rows += moves(f"B-{n}", ("2025-03-04 09:00", "dev"), ("2025-03-04 11:00", "done"))
    store(board, rows)
    assert found(board, "skipping") == []


def test_a_few_finished_items_do_not_say_what_is_usual(board: Source) -> None:
    store(board, clean("A-1"))
    assert reason(board, "skipping") == "fewer than 10 items have finished"


def everyday(days: Iterable[date]) -> list[Row]:
    return [row for n, day in enumerate(days) for row in clean(f"D-{n}", day.isoformat(), created=day.isoformat())]


def weekdays(first: date, last: date) -> list[date]:
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in every if day.weekday() < 5]


def test_working_days_without_an_event(board: Source) -> None:
    # Every weekday from 6 January to 30 June has one, but Wednesday 12 and Thursday 13 March, and Friday 4 April.
    silent = {date(2025, 3, 12), date(2025, 3, 13), date(2025, 4, 4), date(2025, 5, 1)}
    board.team.calendar.holidays.create(on=date(2025, 5, 1))
    store(board, everyday(day for day in weekdays(date(2025, 1, 6), date(2025, 6, 30)) if day not in silent))
    assert found(board, "silent") == [
        ("4 Apr 2025", "1 working day"),
        ("12 Mar 2025", "2 working days, up to 13 Mar 2025"),
    ]
    result = quality.inspect(board, NOW).result("silent")
    assert result is not None
    assert result.counted == "3 working days"
    assert found(board, "quiet_since") == []


def test_nothing_new_for_longer_than_ever(board: Source) -> None:
    # The longest pause is 12 and 13 March. After Friday 20 June come 6 working days up to Monday 30 June.
    pause = {date(2025, 3, 12), date(2025, 3, 13)}
    store(board, everyday(day for day in weekdays(date(2025, 1, 6), date(2025, 6, 20)) if day not in pause))
    said = "6 working days up to yesterday; the longest pause before was 2"
    assert found(board, "quiet_since") == [("20 Jun 2025", said)]


def test_a_source_with_an_event_now_and_then_misses_no_day(board: Source) -> None:
    store(board, everyday(weekdays(date(2025, 1, 6), date(2025, 6, 30))[::3]))
    assert reason(board, "silent").startswith("events come on too few working days")


def test_deleted_and_missing(board: Source) -> None:
    store(board, [*clean("A-1"), *clean("A-2"), *clean("A-3")])
    WorkItem.objects.filter(key="A-1").update(deleted_at=NOW, missing_at=NOW)
    WorkItem.objects.filter(key="A-2").update(missing_at=NOW)
    assert found(board, "deleted") == [("A-1", "deleted")]
    assert found(board, "missing") == [("A-2", "missed for the first time")]


def test_the_same_key_and_the_same_item_twice(board: Source) -> None:
    other = source(board.team, "other", synced_at=SYNCED)
    foreign = source(team("heron"), "foreign", synced_at=SYNCED)
    store(board, [*clean("A-1"), *clean("A-2", title="One"), *clean("A-3", title=" one "), *clean("A-4")])
    store(other, clean("A-1", created="2025-02-01"))
    store(foreign, clean("A-4", title="Another team's"))
    assert found(board, "same_key") == [("A-1", "the same as 1 other item, in another source of the team")]
    assert found(board, "same_title") == [("A-2", "the same as 1 other item"), ("A-3", "the same as 1 other item")]


def test_types_without_a_kind(board: Source) -> None:
    store(board, [*clean("A-1"), *clean("A-2", tool_type="Wish"), *clean("A-3", tool_type="")])
    assert [name for name, _ in found(board, "unmapped_types")] == ["A-2", "A-3"]
    board.type_mapping = {"wish": "feature", "": "other"}
    assert found(board, "unmapped_types") == []


def test_no_types_at_all_are_nothing_to_map(board: Source) -> None:
    store(board, clean("A-1", tool_type=""))
    assert reason(board, "unmapped_types") == "the tool names no item types"


def test_items_without_points_where_the_team_plans_in_points(board: Source) -> None:
    store(board, [*clean("A-1", points=None), *clean("A-2"), *moves("A-3", points=None)])
    assert reason(board, "without_points") == "no team that holds these items plans in points"
    board.team.planning_unit = "points"
    board.team.save()
    assert found(board, "without_points") == [("A-1", "started without points")]


def test_blocks_that_never_end_on_finished_items(board: Source) -> None:
    since, until = at("2025-03-04 09:30"), at("2025-03-04 09:40")
    forever = [BlockRow("b1", "A-1", since, None), BlockRow("b2", "A-2", since, until)]
    store(board, [*clean("A-1"), *clean("A-2"), *moves("A-3", ("2025-03-04", "dev")), *forever])
    store(board, [BlockRow("b3", "A-3", since, None)])
    assert found(board, "blocked_for_good") == [("A-1", "since then")]


def test_deliveries_with_impossible_times(board: Source) -> None:
    days = (at("2025-03-04"), at("2025-03-05"))
    store(board, [PullRequestRow("1", "1", "Back", "", days[1], None, None, days[0], None)])
    store(board, [PullRequestRow("2", "2", "Forth", "", days[0], None, None, days[1], None)])
    api = Service.objects.create(slug="api", name="Api", team=board.team)
    place = {"source": board, "service": api, "environment": "prod", "is_production": True, "status": "success"}
    Deployment.objects.create(external_id="9", sha="a" * 40, finished_at=at("2025-07-02"), **place)
    assert found(board, "impossible_times") == [
        ("Deployment", "later than the sync that brought it"),
        ("Pull request", "ends before it begins"),
    ]


def test_a_day_that_does_not_add_up_is_said(board: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """The formulas agree, so this breaks one of them: arrivals and departures lose every arrival."""
    from metrics.formulas import flow

    store(board, moves("A-1", ("2025-03-04", "dev")))
    assert found(board, "unbalanced") == []
    true = flow.changes

    def broken(*given: Any) -> Any:
        item, where, day, net = true(*given)
        return item[net < 0], where[net < 0], day[net < 0], net[net < 0]

    monkeypatch.setattr(flow, "changes", broken)
    board.data_version += 1
    board.save()
    said = "arrivals − departures is 0, work in progress changed by 1"
    assert found(board, "unbalanced") == [("4 Mar 2025", said)]


def test_the_sentence_counts_what_changes_figures(board: Source) -> None:
    rows = [*clean("A-1"), *clean("A-2", created="2025-03-05"), StatusRow("odd", "Odd", None, 9)]
    store(board, [*rows, TransitionRow("again", "A-1", at("2025-03-04 10:00"), "dev", "test")])
    assert quality.inspect(board, NOW).sentence == (
        "3 things to look at, 2 of them change figures: statuses without a state (1 status) "
        "and finished before created (1 item)."
    )


def test_the_same_number_of_queries_for_one_item_and_for_many(board: Source) -> None:
    store(board, clean("A-1", status="test"))

    def asked() -> int:
        board.data_version += 1
        board.save()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            report = quality.inspect(board, NOW)
            result = report.result("status_differs")
            assert result is not None
            assert quality.lines(board, result, 0, 50)
        return len(queries)

    one = asked()
    store(board, [row for n in range(2, 9) for row in clean(f"A-{n}", status="test")])
    assert asked() == one


def test_what_was_found_is_kept_until_something_changes(board: Source) -> None:
    store(board, clean("A-1", status="test"))
    assert len(found(board, "status_differs")) == 1
    store(board, clean("A-2", status="test"))
    assert len(found(board, "status_differs")) == 1, "kept"
    board.data_version += 1
    board.save()
    assert len(found(board, "status_differs")) == 2


@pytest.mark.skipif(not jira.PATH.exists(), reason="the real history is not here")
def test_the_real_history_agrees_with_a_plain_count() -> None:
    log = jira.read()
    board = source(team("replication", zone=jira.ZONE), synced_at=jira.AS_OF)
    upsert(board, jira.rows(log))
    report = quality.inspect(board, jira.AS_OF)

    def count(key: str) -> int:
        result = report.result(key)
        assert result is not None
        return result.count

    moved = [naive.in_order(item["moves"]) for item in log["items"]]
    finished = [{move[2] for move in moves} for moves in moved if jira.state(moves[-1][2]) == "done"]
    in_progress = {name for name, state in log["statuses"].items() if state in {"active", "waiting"}}
    usual = {name for name in in_progress if sum(name in visited for visited in finished) > len(finished) / 2}
    assert count("skipping") == sum(not usual <= visited for visited in finished) > 0
    assert count("finished_before_started") == sum(map(done_first, moved)) > 0
    broken = [any(b[1] not in (None, a[2]) for a, b in pairwise(moves)) for moves in moved]
    assert count("out_of_order") + count("holes") == sum(broken)
    last = max(moves[-1][0] for moves in moved).astimezone(ZoneInfo(jira.ZONE)).date()
    # It is 31 December there: the days after the last event, up to the 30th.
    assert count("quiet_since") == len([day for day in weekdays(last, date(2025, 12, 30)) if day > last]) > 0


def done_first(moves: list[tuple[datetime, str | None, str]]) -> bool:
    """Whether an item was done before it was ever in progress, and in progress later."""
    states = [jira.state(move[2]) for move in moves]
    begun = [n for n, state in enumerate(states) if state in {"active", "waiting"}]
    return "done" in states and bool(begun) and states.index("done") < begun[0]
