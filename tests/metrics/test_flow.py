"""Every rule of flow on small histories, with values computed by hand.

| rule (docs/users/measures.md) | tests, here unless another file is named |
|---|---|
| started | back_to_the_backlog, reopening_keeps_the_start, removed_is_never_finished, created_outside_the_backlog |
| finished | reopening, done_to_done, removed_is_never_finished |
| straight to done | straight_to_done |
| cycle time, lead time | same_day, calendar_days, day_is_the_team_s_own, clock_changes |
| percentiles; over time | nearest_rank, any_percentile, out_of_range; test_flow_facets: percentiles_over_time |
| work item age, total work item age | ages_are_those_of_the_end |
| WIP; flow load | wip_is_what_is_in_progress; test_flow_facets: flow_load |
| throughput | days_without_a_finish, reopening |
| arrivals, departures, net flow | reopening, removed, in_and_out_on_one_day, move_between_teams |
| time in state | sums_to_the_lead_time; test_flow_facets: stays_of_an_item_sum_to_its_life |
| flow efficiency | sum_over_sum_and_blocked_is_waiting |
| CFD | each_status_at_the_day_s_end, workflow_s_order; bands: test_flow_naive; two workflows: test_ageing |
| team moves | move_between_teams; test_constraint, test_blocked, test_ageing |
| flow distribution | share_of_kinds |
| velocity | test_velocity |
| blocked time, clusters | test_blocked |
| constraint | test_constraint |
| expectation, chances | test_expectation_met, test_ageing |
| ageing bands | test_ageing |
| process behaviour | test_stats, and the tests of its charts |
| conservation | test_flow_naive, test_flow_facets |
| facets | test_flow_facets, test_thousand_stored |
| order within an instant, of arrival | moves_of_one_instant, first_move_without_a_from; test_states, test_flow_naive |
| unmapped, renamed statuses | an_unmapped_status |
| as of, weeks, n/a | reopening, weeks_that_the_window_cuts, nothing_to_measure, without_a_source; test_thousand |
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from metrics import queries
from metrics.load import upsert
from metrics.measurement import Measurement, Window
from metrics.models import Source, Status, WorkItem
from metrics.rows import BlockRow, Row, StatusRow, TeamMoveRow, TransitionRow, WorkItemRow
from portfolio.queries import find_scope
from tests.metrics.cast import at, source, team

pytestmark = pytest.mark.django_db

MARCH = Window(date(2025, 3, 1), date(2025, 3, 31))
LATER = at("2025-06-01")
STATUSES: list[Row] = [
    StatusRow("todo", "To do", "backlog", 0),
    StatusRow("dev", "Dev", "active", 1),
    StatusRow("wait", "Wait", "waiting", 2),
    StatusRow("test", "Test", "active", 3),
    StatusRow("done", "Done", "done", 4),
    StatusRow("live", "Live", "done", 5),
    StatusRow("gone", "Gone", "removed", 6),
]


@pytest.fixture
def board() -> Source:
    made = source(team("falcon"), synced_at=at("2025-01-01"))
    upsert(made, STATUSES)
    return made


def history(key: str, created: str, *moves: str, start: str = "todo", **fields: Any) -> Iterator[Row]:
    """An item and its moves, each written as "2025-03-02 10:00 dev"."""
    held = start
    steps = []
    for number, text in enumerate(moves):
        when, _, to = text.rpartition(" ")
        steps.append(TransitionRow(f"{key}-{number}", key, at(when), held, to))
        held = to
    yield WorkItemRow(key, key, status=held, created_at=at(created), **fields)
    yield from steps


def figure(key: str, scope: str = "team:falcon", window: Window = MARCH, as_of: datetime = LATER) -> Measurement:
    return queries.measure(key, find_scope(scope, None), window, as_of)


def days(found: Measurement) -> dict[int, Any]:
    """Day of the month → value, where it is not 0."""
    return {point.at.day: point.value for point in found.series if point.value}


def line(key: str, as_of: datetime = LATER, scope: str = "team:falcon") -> dict[str, Any]:
    return next(one for one in queries.items(find_scope(scope, None), as_of) if one["key"] == key)


def test_the_same_day_is_one_day(board: Source) -> None:
    upsert(board, history("A", "2025-03-03", "2025-03-03 09:00 dev", "2025-03-03 17:00 done"))
    assert (figure("cycle_time").value, figure("lead_time").value) == (1, 1)
    assert line("A")["cycle_seconds"] == 8 * 3600


def test_cycle_and_lead_time_count_calendar_days(board: Source) -> None:
    upsert(board, history("A", "2025-02-27", "2025-03-03 23:59 dev", "2025-03-06 00:01 done"))
    # 3, 4, 5, 6 March; 27 and 28 February and six days of March.
    assert (figure("cycle_time").value, figure("lead_time").value) == (4, 8)


def test_percentiles_are_nearest_rank(board: Source) -> None:
    for number in range(1, 11):
        upsert(board, history(f"A{number}", "2025-03-01", "2025-03-01 10:00 dev", f"2025-03-{number:02} 11:00 done"))
    found = figure("cycle_time")
    assert found.percentiles == {50: 5, 70: 7, 85: 9, 95: 10}
    assert (found.value, found.n) == (5, 10)


def test_back_to_the_backlog_is_a_false_start(board: Source) -> None:
    moves = ("2025-03-01 dev", "2025-03-05 todo", "2025-03-10 dev", "2025-03-12 done")
    upsert(board, history("A", "2025-02-01", *moves))
    assert figure("cycle_time").value == 3
    assert line("A", at("2025-03-06"))["started"] is None


def test_a_reopening_keeps_the_start_and_moves_the_finish(board: Source) -> None:
    moves = ("2025-03-01 dev", "2025-03-05 done", "2025-03-10 dev", "2025-03-12 done")
    upsert(board, history("A", "2025-02-01", *moves))
    assert figure("cycle_time").value == 12
    assert days(figure("throughput")) == {12: 1}
    # As of the 7th the first finish stood; as of the 11th it is open.
    assert days(figure("throughput", as_of=at("2025-03-07"))) == {5: 1}
    assert figure("throughput", as_of=at("2025-03-11")).value == 0
    assert days(figure("arrivals")) == {1: 1, 10: 1}
    assert days(figure("departures")) == {5: 1, 12: 1}


def test_done_to_done_never_dates_the_finish_again(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-02 dev", "2025-03-04 done", "2025-03-20 live"))
    assert days(figure("throughput")) == {4: 1}
    assert figure("cycle_time").value == 3


def test_removed_is_never_finished_and_restarts_like_the_backlog(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-02 dev", "2025-03-04 gone"))
    upsert(board, history("B", "2025-03-01", "2025-03-02 dev", "2025-03-04 gone", "2025-03-10 dev", "2025-03-11 done"))
    assert figure("throughput").value == 1
    assert figure("cycle_time").value == 2
    assert days(figure("departures")) == {4: 2, 11: 1}
    rules = figure("cycle_time").evidence
    assert rules is not None
    assert [rules.rules[rule] for rule in rules.rule] == ["excluded: removed", "finished in the window"]


def test_straight_to_done_starts_when_it_finishes(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-04 done"))
    assert figure("cycle_time").value == 1
    assert figure("throughput").value == 1
    # It never was in progress.
    assert (figure("arrivals").value, figure("departures").value) == (0, 0)
    assert figure("flow_efficiency").value is None
    assert figure("flow_efficiency").reason == "no finished item spent time in progress"


def test_created_outside_the_backlog_starts_at_its_creation(board: Source) -> None:
    upsert(board, history("A", "2025-03-03", "2025-03-05 done", start="dev"))
    upsert(board, history("B", "2025-03-06", start="done"))
    upsert(board, history("C", "2025-03-07", start="dev"))
    assert line("A")["cycle_time"] == 3
    assert line("B")["cycle_time"] == 1
    assert line("C")["started"] == "2025-03-07T00:00:00+00:00"
    assert days(figure("throughput")) == {5: 1, 6: 1}


def test_wip_is_what_is_in_progress_at_the_end_of_the_day(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 10:00 dev", "2025-03-05 10:00 wait", "2025-03-07 10:00 done"))
    upsert(board, history("B", "2025-03-01", "2025-03-04 10:00 dev", "2025-03-04 12:00 todo"))
    assert days(figure("wip")) == {3: 1, 4: 1, 5: 1, 6: 1}
    assert figure("wip").value == 0
    assert figure("wip", as_of=at("2025-03-04 11:00")).value == 2


def test_in_and_out_on_one_day_is_neither_arrival_nor_departure(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-04 10:00 dev", "2025-03-04 12:00 todo"))
    assert (figure("arrivals").value, figure("departures").value, figure("net_flow").value) == (0, 0, 0)


def test_ages_are_those_of_the_end_of_the_window_or_of_as_of(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 dev"))
    upsert(board, history("B", "2025-03-01", "2025-03-30 dev"))
    upsert(board, history("C", "2025-03-01", "2025-03-31 dev", "2025-04-02 done"))
    # 3…31 March, 30…31, 31.
    found = figure("work_item_age")
    assert found.percentiles == {50: 2, 70: 29, 85: 29, 95: 29}
    assert figure("total_work_item_age").value == 29 + 2 + 1
    assert figure("total_work_item_age", as_of=at("2025-03-05 12:00")).value == 3
    assert [point.value for point in figure("total_work_item_age").series][28:] == [27, 28 + 1, 29 + 2 + 1]


def test_time_in_state_sums_to_the_lead_time(board: Source) -> None:
    moves = ("2025-03-03 dev", "2025-03-04 wait", "2025-03-06 12:00 dev", "2025-03-07 done")
    upsert(board, history("A", "2025-03-01", *moves))
    day = 86400
    found = figure("time_in_state")
    assert found.parts == {"To do": 2 * day, "Dev": 1.5 * day, "Wait": 2.5 * day}
    assert found.value == 6 * day
    by_state = figure("time_in_state", "portfolio").parts
    assert by_state == {"backlog": 2 * day, "active": 1.5 * day, "waiting": 2.5 * day}


def test_flow_efficiency_is_sum_over_sum_and_blocked_is_waiting(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-02 dev", "2025-03-04 wait", "2025-03-10 done"))
    upsert(board, history("B", "2025-03-01", "2025-03-02 dev", "2025-03-04 done"))
    # 2 of 8 days and 2 of 2.
    assert figure("flow_efficiency").value == pytest.approx(0.4)
    blocks = [("2025-03-03", "2025-03-03 12:00"), ("2025-03-03 06:00", "2025-03-04"), ("2025-02-01", "2025-03-01")]
    upsert(board, [BlockRow(str(n), "B", at(low), at(high)) for n, (low, high) in enumerate(blocks)])
    # The two blocks overlap: the whole of 3 March was blocked.
    assert figure("flow_efficiency").value == pytest.approx(0.3)
    upsert(board, [BlockRow("open", "A", at("2025-03-03"), None)])
    assert figure("flow_efficiency").value == pytest.approx(0.2)


def test_the_cfd_shows_each_status_at_the_day_s_end(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-02 dev", "2025-03-03 test", "2025-03-04 dev", "2025-03-05 done"))
    upsert(board, history("B", "2025-02-01", "2025-02-02 done"))
    upsert(board, history("C", "2025-03-01", "2025-03-03 gone"))
    found = figure("cfd")
    assert found.parts == {"To do": 0, "Dev": 0, "Test": 0, "Done": 2}
    by_day = [{name: n for name, n in (point.parts or {}).items() if n} for point in found.series[:5]]
    assert by_day == [
        {"To do": 2, "Done": 1},
        {"To do": 1, "Dev": 1, "Done": 1},
        {"Test": 1, "Done": 1},
        {"Dev": 1, "Done": 1},
        {"Done": 2},
    ]
    assert figure("cfd", "portfolio").parts == {"backlog": 0, "active": 0, "waiting": 0, "done": 2}


def test_the_cfd_is_in_the_workflow_s_order(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-02 test", "2025-03-03 dev", "2025-03-04 wait", "2025-03-05 done"))
    assert list(figure("cfd").parts) == ["To do", "Dev", "Wait", "Test", "Done"]


def test_flow_distribution_is_the_share_of_kinds(board: Source) -> None:
    for key, kind in (("A", "Story"), ("B", "bug"), ("C", "Bug"), ("D", "Whatever")):
        upsert(board, history(key, "2025-03-01", "2025-03-04 done", tool_type=kind))
    assert figure("flow_distribution").parts == {
        "feature": 0.25, "enabler": 0, "defect": 0.5, "debt": 0, "risk": 0, "other": 0.25,
    }  # fmt: skip


def test_a_move_between_teams_takes_wip_along_and_keeps_the_start(board: Source) -> None:
    team("kestrel")
    upsert(board, history("A", "2025-03-01", "2025-03-02 dev", "2025-03-10 done", team="kestrel"))
    upsert(board, [TeamMoveRow("m", "A", at("2025-03-05 12:00"), "falcon", "kestrel")])
    assert days(figure("wip")) == {2: 1, 3: 1, 4: 1}
    assert days(figure("wip", "team:kestrel")) == {5: 1, 6: 1, 7: 1, 8: 1, 9: 1}
    assert (days(figure("arrivals")), days(figure("departures"))) == ({2: 1}, {5: 1})
    assert (days(figure("arrivals", "team:kestrel")), days(figure("departures", "team:kestrel"))) == ({5: 1}, {10: 1})
    assert figure("cycle_time").value is None
    assert figure("cycle_time", "team:kestrel").value == 9
    assert (figure("throughput").value, figure("throughput", "team:kestrel").value) == (0, 1)
    rules = figure("throughput").evidence
    assert rules is not None
    assert rules.rules[rules.rule[0]] == "excluded: finished by a team outside this scope"
    # The stream's days are the sums of its teams'.
    assert days(figure("arrivals", "stream:payments")) == {2: 1, 5: 1}


def test_a_day_is_the_team_s_own(board: Source) -> None:
    tokyo = team("osprey", zone="Asia/Tokyo")
    other = source(tokyo, "tokyo", synced_at=at("2025-01-01"))
    upsert(other, STATUSES)
    upsert(other, history("A", "2025-03-01", "2025-03-02 14:59 dev", "2025-03-02 15:00 done"))
    # 23:59 and 0:00 of the next day in Tokyo.
    found = queries.measure("cycle_time", find_scope("team:osprey", None), MARCH, LATER)
    assert found.value == 2
    assert days(figure("throughput", "team:osprey")) == {3: 1}
    assert days(figure("throughput", "portfolio")) == {3: 1}


def test_clock_changes_move_nothing() -> None:
    berlin = team("heron", zone="Europe/Berlin")
    board = source(berlin, synced_at=at("2025-01-01"))
    upsert(board, STATUSES)
    # Summer time begins on 30 March 2025 at 1:00 UTC: midnight is 23:00 UTC before, and 22:00 after.
    upsert(board, history("A", "2025-03-01", "2025-03-29 22:59 dev", "2025-03-30 22:00 done"))
    upsert(board, history("B", "2025-03-01", "2025-03-29 23:00 dev", "2025-03-30 21:59 done"))
    assert line("A", scope="team:heron")["cycle_time"] == 3
    assert line("B", scope="team:heron")["cycle_time"] == 1


def test_moves_of_one_instant_follow_their_chain(board: Source) -> None:
    when = at("2025-03-04")
    upsert(board, [WorkItemRow("A", "A", status="test", created_at=at("2025-03-01"))])
    steps = [("todo", "dev"), ("dev", "todo"), ("todo", "done"), ("done", "test")]
    upsert(board, [TransitionRow(f"t{9 - n}", "A", when, *step) for n, step in enumerate(steps)])
    assert line("A")["state"] == "active"
    assert line("A")["status"] == "Test"
    assert line("A")["started"] == "2025-03-04T00:00:00+00:00"


def test_a_first_move_without_a_from_leaves_the_past_unknown(board: Source) -> None:
    upsert(board, [WorkItemRow("A", "A", status="done", created_at=at("2025-03-01"))])
    steps = [("1", "2025-03-03", None, "dev"), ("2", "2025-03-05", "dev", "done")]
    upsert(board, [TransitionRow(key, "A", at(when), before, after) for key, when, before, after in steps])
    assert line("A")["cycle_time"] == 3
    assert figure("time_in_state").parts == {"(before the first record)": 2 * 86400, "Dev": 2 * 86400}


def test_an_unmapped_status_counts_as_active(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 odd"))
    assert figure("wip").value == 1
    Status.objects.filter(external_id="odd").update(state="done")
    assert (figure("wip").value, figure("throughput").value) == (0, 1)


def test_deleted_items_are_in_no_figure(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 dev"))
    WorkItem.objects.update(deleted_at=at("2025-05-01"))
    assert figure("wip").value == 0
    assert queries.items(find_scope("team:falcon", None), LATER) == []


def test_weeks_that_the_window_or_as_of_cuts_are_marked(board: Source) -> None:
    for number in range(1, 32):
        upsert(board, history(f"A{number}", "2025-03-01", f"2025-03-{number:02} 12:00 done"))
    # March 2025 begins on a Saturday and ends on a Monday.
    marks = {point.at: point.is_partial for point in figure("cycle_time").series}
    mondays = [date(2025, 2, 24), date(2025, 3, 3), date(2025, 3, 10), date(2025, 3, 17), date(2025, 3, 24)]
    assert marks == dict(zip([*mondays, date(2025, 3, 31)], [True, False, False, False, False, True], strict=True))
    at_noon = figure("cycle_time", as_of=at("2025-03-16 13:00"))
    assert at_noon.series[-1].is_partial
    at_night = figure("cycle_time", as_of=at("2025-03-16 23:59").replace(second=59, microsecond=999_999))
    assert not at_night.series[-1].is_partial


def test_days_without_a_finish_count_as_zero(board: Source) -> None:
    found = figure("throughput")
    assert (found.value, len(found.series), found.reason) == (0, 31, "")


def test_nothing_to_measure_is_not_available_and_says_why(board: Source) -> None:
    for key in ("cycle_time", "lead_time", "time_in_state", "flow_efficiency", "flow_distribution"):
        found = figure(key)
        assert (found.value, found.reason, found.series) == (None, "no item finished in this window", ())
    assert (figure("work_item_age").value, figure("work_item_age").reason) == (None, "nothing is in progress")
    early = figure("wip", as_of=at("2025-02-01"))
    assert (early.value, early.reason) == (None, "the window begins after the as-of time")


def test_a_scope_without_a_source_says_so() -> None:
    team("falcon")
    assert figure("throughput").reason == "no source connected"
    board = source(find_team("falcon"))
    assert figure("throughput").reason == "no source of this scope has delivered work items yet"
    upsert(board, STATUSES)
    Source.objects.update(synced_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert figure("throughput").value == 0


def find_team(slug: str) -> Any:
    from portfolio.models import Team

    return Team.objects.get(slug=slug)


@pytest.mark.parametrize("p", [0, 100, -1])
def test_a_percentile_out_of_range_is_refused(board: Source, p: int) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-04 done"))
    with pytest.raises(ValueError, match="from 1 to 99"):
        queries.measure("cycle_time", find_scope("team:falcon", None), MARCH, LATER, percentiles=[p])


def test_any_percentile_can_be_asked_for(board: Source) -> None:
    for number in range(1, 11):
        upsert(board, history(f"A{number}", "2025-03-01", "2025-03-01 dev", f"2025-03-{number:02} 11:00 done"))
    found = queries.measure("cycle_time", find_scope("team:falcon", None), MARCH, LATER, percentiles=[1, 33, 99])
    assert found.percentiles == {1: 1, 33: 4, 50: 5, 99: 10}
