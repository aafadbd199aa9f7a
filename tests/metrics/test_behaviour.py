"""Process behaviour charts: weekly points, limits between baselines, signals in words; with values by hand."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from metrics import actions, behaviour, load
from metrics.behaviour import BehaviourChart
from metrics.forms import Asked
from metrics.formulas import stats
from metrics.measurement import Facets, Window
from metrics.models import Baseline, Source
from metrics.rows import Row, TransitionRow, WorkItemRow
from portfolio.models import Team
from portfolio.queries import find_scope
from tests.metrics.cast import at, source, team
from tests.metrics.test_flow import STATUSES

# A Monday.
FIRST = date(2025, 1, 6)
HALF_YEAR = Window(FIRST, date(2025, 7, 6))


def upsert(board: Source, rows: Iterable[Row]) -> None:
    """Load and derive, as a sync does."""
    load.upsert(board, rows)
    actions.refresh(board)


def weeks_on(n: int) -> date:
    return FIRST + timedelta(weeks=n)


@pytest.fixture
def board(db: None) -> Source:
    made = source(team("falcon"), synced_at=at("2025-01-01"))
    upsert(made, STATUSES)
    return made


def worked(key: str, began: datetime, ended: datetime | None = None, **fields: Any) -> Iterator[Row]:
    """An item created as it began."""
    status = "dev" if ended is None else "done"
    yield WorkItemRow(key, key, status=status, created_at=began - timedelta(minutes=1), **fields)
    yield TransitionRow(f"{key}-1", key, began, "todo", "dev")
    if ended is not None:
        yield TransitionRow(f"{key}-2", key, ended, "dev", "done")


def on(week: int, weekday: int = 0, hour: int = 9) -> datetime:
    return datetime.combine(weeks_on(week) + timedelta(days=weekday), time(hour), tzinfo=UTC)


def finish(board: Source, counts: Sequence[int], **fields: Any) -> None:
    """So many items finished in each week from FIRST on: begun on its Monday, finished on its Wednesday."""
    rows = [
        row
        for week, count in enumerate(counts)
        for number in range(count)
        for row in worked(f"F{week}-{number}", on(week), on(week, 2), **fields)
    ]
    upsert(board, rows)


def asked(window: Window = HALF_YEAR, scope: str = "team:falcon", **fields: Any) -> Asked:
    return Asked(find_scope(scope, None), window, None, **fields)


def chart(measure: str, as_of: str = "2025-07-07", window: Window = HALF_YEAR, **fields: Any) -> BehaviourChart:
    return behaviour.chart(measure, asked(window, **fields), at(as_of))


def baseline(starts_on: date, ends_on: date | None = None, measure: str = "throughput") -> Baseline:
    falcon = Team.objects.get(slug="falcon")
    return actions.set_baseline(
        actor=None, place=falcon, measure=measure, starts_on=starts_on, ends_on=ends_on, reason="WIP limit"
    )


def limits(found: BehaviourChart) -> list[tuple[float | None, float | None, float | None]]:
    return [(s.limits.lower, s.limits.centre, s.limits.upper) for s in found.segments]


class TestPoints:
    def test_throughput_and_arrivals_are_sums_of_weeks(self, board: Source) -> None:
        finish(board, [2, 0, 3])
        for measure in ("throughput", "arrivals"):
            found = chart(measure, window=Window(FIRST, date(2025, 1, 26)), as_of="2025-02-01")
            assert [(w.monday, w.value, w.is_partial) for w in found.weeks] == [
                (date(2025, 1, 6), 2, False),
                (date(2025, 1, 13), 0, False),
                (date(2025, 1, 20), 3, False),
            ]

    def test_wip_and_total_age_stand_at_sundays_end(self, board: Source) -> None:
        # A from Monday the 6th on; B from Friday the 10th to Monday the 13th.
        upsert(board, [*worked("A", on(0)), *worked("B", on(0, 4), on(1))])
        window = Window(FIRST, date(2025, 1, 19))
        assert [w.value for w in chart("wip", window=window).weeks] == [2, 1]
        # On Sunday the 12th A is 7 days old and B is 3; on the 19th A is 14.
        assert [w.value for w in chart("total_work_item_age", window=window).weeks] == [10, 14]

    def test_cycle_time_is_the_median_of_a_weeks_finishes(self, board: Source) -> None:
        # Finished on Wednesday: 3 days, 2 days, 1 day; the week after none; then one of 3 + 14 days.
        for key, weekday in (("A", 0), ("B", 1), ("C", 2)):
            upsert(board, worked(key, on(0, weekday), on(0, 2, 12)))
        upsert(board, worked("D", on(0), on(2, 2)))
        found = chart("cycle_time", window=Window(FIRST, date(2025, 1, 26)))
        assert [(w.monday, w.value) for w in found.weeks] == [(weeks_on(0), 2), (weeks_on(2), 17)]

    def test_a_week_cut_by_the_window_or_by_now_is_partial(self, board: Source) -> None:
        finish(board, [1] * 5)
        found = chart("throughput", "2025-02-05", Window(date(2025, 1, 8), date(2025, 2, 28)))
        # The window begins on a Wednesday; the 5th of February is one: its week is not over.
        assert [w.is_partial for w in found.weeks] == [True, False, False, False, True]
        assert found.segments[0].limits.reason == "too little data: 3 of 8 points"
        over = chart("throughput", "2025-02-09T23:59:59.999999", Window(date(2025, 1, 8), date(2025, 2, 28)))
        assert [w.is_partial for w in over.weeks] == [True, False, False, False, False]

    def test_weeks_before_the_first_record_are_no_weeks_of_zero(self, board: Source) -> None:
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6])
        found = chart("throughput", "2025-03-03", Window(date(2024, 6, 3), date(2025, 3, 2)))
        assert [w.monday for w in found.weeks] == [weeks_on(n) for n in range(8)]
        assert limits(found) == [pytest.approx((0, 5, 10.32))]

    def test_without_a_source_or_a_record_it_is_not_available(self, db: None, board: Source) -> None:
        assert chart("throughput").reason == "nothing is recorded in this window"
        team("heron")
        assert chart("wip", scope="team:heron").reason

    def test_the_window_before_the_records_is_not_available(self, board: Source) -> None:
        finish(board, [1, 1])
        found = chart("throughput", window=Window(date(2023, 1, 2), date(2023, 6, 4)))
        assert (found.weeks, found.reason) == ((), "nothing is recorded in this window")

    def test_types_are_chosen(self, board: Source) -> None:
        finish(board, [4, 6, 4], tool_type="Bug")
        window = Window(FIRST, date(2025, 1, 26))
        assert [w.value for w in chart("throughput", window=window, facets=Facets(("defect",))).weeks] == [4, 6, 4]
        assert [w.value for w in chart("throughput", window=window, facets=Facets(("feature",))).weeks] == [0, 0, 0]


class TestLimits:
    def test_by_hand(self, board: Source) -> None:
        # Mean (4 + 6) / 2 = 5; every moving range is 2: 5 ± 2.66 × 2 = -0.32 (drawn at 0) and 10.32.
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6])
        found = chart("throughput", "2025-03-03", Window(FIRST, date(2025, 3, 2)))
        assert limits(found) == [pytest.approx((0, 5, 10.32))]
        assert (found.segments[0].n, found.signals) == (8, ())

    def test_seven_weeks_are_too_little(self, board: Source) -> None:
        finish(board, [4, 6, 4, 6, 4, 6, 4])
        found = chart("throughput", "2025-02-25", Window(FIRST, date(2025, 3, 2)))
        assert limits(found) == [(None, None, None)]
        assert found.segments[0].limits.reason == "too little data: 7 of 8 points"

    def test_a_baseline_starts_limits_of_its_own_and_ends_every_row(self, board: Source) -> None:
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6, 1, 2, 1, 2, 1, 2, 1, 2])
        window, as_of = Window(FIRST, date(2025, 4, 27)), "2025-04-28"
        # As one process: mean 52 / 16 = 3.25; moving ranges 7 × 2 + 5 + 7 × 1 = 26, over 15; 2.66 × 26 / 15 = 4.6107.
        # The first eight weeks are above the mean, the last eight below.
        one = chart("throughput", as_of, window)
        assert limits(one) == [pytest.approx((0, 3.25, 7.8606667))]
        assert [signal.text for signal in one.signals] == [
            "weeks of 6 Jan to 24 Feb: 8 in a row above the mean 3.2",
            "weeks of 3 Mar to 21 Apr: 8 in a row below the mean 3.2",
        ]
        mark = baseline(weeks_on(8))
        two = chart("throughput", as_of, window)
        # After: mean 1.5, moving ranges 1: 1.5 ± 2.66.
        assert limits(two) == [pytest.approx((0, 5, 10.32)), pytest.approx((0, 1.5, 4.16))]
        assert [(s.baseline, s.first, s.last, s.n) for s in two.segments] == [
            (None, FIRST, date(2025, 3, 2), 8),
            (mark, date(2025, 3, 3), date(2025, 4, 27), 8),
        ]
        assert two.signals == ()

    def test_a_row_over_a_baseline_is_no_row(self, board: Source) -> None:
        # Weeks 4 … 11 are eight above 5; the baseline of week 8 cuts them in four and four.
        finish(board, [4, 6, 4, 6, 6, 6, 6, 6, 6, 6, 6, 6, 4, 4, 4, 4, 4])
        window, as_of = Window(FIRST, date(2025, 5, 4)), "2025-05-05"
        assert any("in a row above" in signal.text for signal in chart("throughput", as_of, window).signals)
        baseline(weeks_on(8))
        assert not [s for s in chart("throughput", as_of, window).signals if s.rule == stats.LONG_RUN]

    def test_only_the_weeks_of_its_period_make_a_baselines_limits(self, board: Source) -> None:
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6, 12, 10])
        baseline(weeks_on(0), weeks_on(8) - timedelta(days=1))
        found = chart("throughput", "2025-03-17", Window(FIRST, date(2025, 3, 16)))
        assert limits(found) == [pytest.approx((0, 5, 10.32))]
        assert found.segments[0].n == 8
        assert [signal.text for signal in found.signals] == [
            "week of 3 Mar: 12 finished, above the upper limit 10.3",
        ]
        assert found.noted == [8]

    def test_too_few_weeks_since_a_baseline_are_said(self, board: Source) -> None:
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6, 1, 2, 1, 2, 1])
        baseline(weeks_on(8))
        found = chart("throughput", "2025-04-07", Window(FIRST, date(2025, 4, 6)))
        assert [s.limits.reason for s in found.segments] == ["", "too little data: 5 of 8 points"]

    def test_a_week_in_which_the_process_changed_belongs_to_neither(self, board: Source) -> None:
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6, 50, 1, 2, 1, 2, 1, 2, 1, 2])
        baseline(weeks_on(8) + timedelta(days=2))
        found = chart("throughput", "2025-05-05", Window(FIRST, date(2025, 5, 4)))
        assert limits(found) == [pytest.approx((0, 5, 10.32)), pytest.approx((0, 1.5, 4.16))]
        assert [n for n, week in enumerate(found.weeks) if week.is_partial] == [8]
        assert found.signals == ()

    def test_limits_of_a_baseline_do_not_depend_on_the_window(self, board: Source) -> None:
        finish(board, [9, 6, 4, 6, 4, 6, 4, 6, 4, 6, 12, 4])
        baseline(weeks_on(1), weeks_on(9) - timedelta(days=1))
        whole = chart("throughput", "2025-03-31", Window(FIRST, date(2025, 3, 30)))
        late = chart("throughput", "2025-03-31", Window(weeks_on(10), date(2025, 3, 30)))
        assert limits(whole)[1] == limits(late)[0] == pytest.approx((0, 5, 10.32))
        assert [signal.text for signal in late.signals] == ["week of 17 Mar: 12 finished, above the upper limit 10.3"]
        assert [week.monday for week in late.weeks] == [weeks_on(10), weeks_on(11)]
        # What is signalled outside the window is not listed in it.
        assert not chart("throughput", "2025-03-31", Window(weeks_on(11), date(2025, 3, 30))).signals

    def test_a_baseline_after_the_as_of_time_does_not_exist_then(self, board: Source) -> None:
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6, 4, 6])
        before = chart("throughput", "2025-03-16", Window(FIRST, date(2025, 3, 16)))
        baseline(weeks_on(10))
        after = chart("throughput", "2025-03-16", Window(FIRST, date(2025, 3, 16)))
        assert before == after
        assert len(chart("throughput", "2025-03-17", Window(FIRST, date(2025, 3, 23))).segments) == 2

    def test_baselines_are_of_one_scope_and_one_measure(self, board: Source) -> None:
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6, 4, 6])
        baseline(weeks_on(4))
        for measure, scope in (("wip", "team:falcon"), ("throughput", "stream:payments"), ("throughput", "portfolio")):
            assert [s.baseline for s in chart(measure, scope=scope).segments] == [None]

    def test_another_measures_baseline_does_not_lengthen_the_window(self, board: Source) -> None:
        finish(board, [90, 6, 4, 6, 4, 6, 4, 6, 4, 6])
        window = Window(weeks_on(1), date(2025, 3, 16))
        alone = chart("throughput", "2025-03-17", window)
        baseline(weeks_on(0), measure="wip")
        baseline(weeks_on(9), measure="throughput")
        baseline(weeks_on(9), measure="arrivals")
        both = behaviour.charts(["wip", "throughput", "arrivals"], asked(window), at("2025-03-17"))
        # Weeks 1 … 8: mean (6 + 4) / 2, moving ranges 2.
        assert limits(both["throughput"])[0] == limits(both["arrivals"])[0] == pytest.approx((0, 5, 10.32))
        assert alone.weeks == both["throughput"].weeks
        assert both["wip"].segments[0].n == 10

    def test_as_many_queries_for_five_charts_with_three_baselines_as_with_one(self, board: Source) -> None:
        finish(board, [4, 6] * 8)

        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as seen:
                behaviour.charts(behaviour.MEASURES, asked(), at(f"2025-07-0{len(Baseline.objects.all()) + 1}"))
            return len(seen)

        baseline(weeks_on(2))
        one = queries()
        for week in (4, 6):
            baseline(weeks_on(week))
        assert queries() == one


class TestWords:
    def test_of_each_measure(self, board: Source) -> None:
        assert [behaviour.SAID[measure](n) for measure in behaviour.MEASURES for n in (1, 12)] == [
            "1 finished", "12 finished", "1 came in", "12 came in", "1 in progress", "12 in progress",
            "1 item day", "12 item days", "median 1 day", "median 12 days",
        ]  # fmt: skip

    def test_three_of_four(self, board: Source) -> None:
        # Half way from 5 to the upper limit 10.32 is 7.66: 8 is nearer the limit.
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6, 8, 8, 4, 8])
        baseline(weeks_on(0), weeks_on(8) - timedelta(days=1))
        found = chart("throughput", "2025-03-31", Window(FIRST, date(2025, 3, 30)))
        assert [s.text for s in found.signals] == [
            "weeks of 3 Mar to 24 Mar: 3 of 4 nearer the upper limit than the mean 5"
        ]
        assert found.noted == [8, 9, 11]

    def test_a_limit_is_never_said_to_be_the_value_outside_of_it(self) -> None:
        assert behaviour.decimal(15.96, 16) == "15.96"
        assert behaviour.decimal(15.96, 17) == behaviour.decimal(15.96) == "16"

    def test_neighbours_outside_one_limit_are_one_signal(self, board: Source) -> None:
        finish(board, [4, 6, 4, 6, 4, 6, 4, 6, 12, 13, 4, 11])
        baseline(weeks_on(0), weeks_on(8) - timedelta(days=1))
        found = chart("throughput", "2025-03-31", Window(FIRST, date(2025, 3, 30)))
        assert [s.text for s in found.signals if s.rule == stats.OUTSIDE] == [
            "weeks of 3 Mar to 10 Mar: 2 in a row above the upper limit 10.3, the last 13 finished",
            "week of 24 Mar: 11 finished, above the upper limit 10.3",
        ]

    def test_another_year_is_named(self) -> None:
        assert behaviour.day_text(date(2025, 8, 4), 2025) == "4 Aug"
        assert behaviour.day_text(date(2024, 8, 4), 2025) == "4 Aug 2024"
