"""The Times page: percentiles as asked, spread, course, states; every sentence by hand."""

import pytest
from django.test import Client

from metrics.load import upsert
from metrics.models import Source
from tests.dashboards.flow_cast import board as board
from tests.dashboards.flow_cast import reader as reader
from tests.dashboards.flow_cast import show
from tests.metrics.test_flow import history

pytestmark = pytest.mark.django_db
PAGE = "/flow/times/"
LONG = "How long does an item take once it is started?"
SPREAD = "How are cycle times spread?"
COURSE = "Do items take longer or shorter than they did?"
STATES = "Where do items spend their time?"
OPEN = "Where has the work in progress spent its time so far?"
EFFICIENCY = "What share of the time in progress is work?"


def _ten(board: Source) -> None:
    """Ten items with cycle times of 1 to 10 days."""
    for n in range(1, 11):
        upsert(board, history(f"A{n}", "2025-03-03", "2025-03-03 10:00 dev", f"2025-03-{n + 2:02} 11:00 done"))


def test_it_says_the_percentile_and_the_median(board: Source, reader: Client) -> None:
    _ten(board)
    page = show(reader, PAGE)
    assert page.heading == "Falcon: 85 % of items take 9 days or less once they are started"
    assert page.widgets[LONG].answer == "85 % of the 10 finished items took 9 days or less; half took 5 or less."
    assert page.widgets[LONG].trend == "Nothing to compare with in the 28 days before."
    # 10 ÷ 5 = 2.
    assert page.widgets[SPREAD].answer == "From 1 to 10 days: the longest took 2 times the median."


def test_percentiles_are_those_asked_for(board: Source, reader: Client) -> None:
    _ten(board)
    page = show(reader, PAGE, p="30,60")
    # The highest asked for is said: the 60th of 1…10 is 6.
    assert page.widgets[LONG].answer == "60 % of the 10 finished items took 6 days or less; half took 5 or less."
    assert "30\\u00a0%: 3 d" in page.widgets[LONG].html
    assert "85\\u00a0%" not in page.widgets[LONG].html


def test_the_course_compares_halves_of_full_weeks(board: Source, reader: Client) -> None:
    # One item a week, finished on Wednesdays 5, 12, 19, 26 March after 2, 2, 5 and 5 days.
    for finish, start in ((5, 4), (12, 11), (19, 15), (26, 22)):
        upsert(
            board,
            history(f"A{finish}", "2025-03-01", f"2025-03-{start:02} 10:00 dev", f"2025-03-{finish:02} 11:00 done"),
        )
    assert show(reader, PAGE).widgets[COURSE].answer == (
        "Items take longer in the later half of the weeks: in a typical one 85 % take 5 days or less, "
        "2 in the earlier half."
    )


def test_too_few_weeks_have_no_course(board: Source, reader: Client) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-04 10:00 dev", "2025-03-05 11:00 done"))
    assert show(reader, PAGE).widgets[COURSE].answer.startswith("Too little data: fewer than four full weeks")


def test_time_in_state_and_efficiency(board: Source, reader: Client) -> None:
    upsert(board, history("A", "2025-03-03", "2025-03-05 dev", "2025-03-07 wait", "2025-03-13 done"))
    page = show(reader, PAGE)
    # Two days in To do, two in Dev, six in Wait: 6 of 8 days in progress are 75 %, 2 of 8 are work.
    assert page.widgets[STATES].answer == (
        "Wait (waiting) holds 75 % of the time in progress: 6 days an item. In the backlog an item waits 2 days."
    )
    assert page.widgets[EFFICIENCY].answer == "Work is worked on 25 % of its time in progress; 75 % it waits."


def test_the_open_stay_counts_for_items_in_progress(board: Source, reader: Client) -> None:
    upsert(board, history("A", "2025-03-03", "2025-03-11 dev"))
    upsert(board, history("B", "2025-03-03", "2025-03-05 wait", "2025-03-11 dev"))
    said = show(reader, PAGE).widgets[OPEN]
    # From 11 March to the end of the 30th: 20 days each.
    assert said.answer == "Of the states in progress, Dev (active) has held them longest: 20 days an item."
    assert said.trend == "2 items in progress, 0 28 days earlier."


def test_what_came_after_the_window_is_not_in_the_open_stays(board: Source, reader: Client) -> None:
    upsert(board, history("A", "2025-03-03", "2025-03-11 dev", "2025-03-25 done"))
    said = show(reader, PAGE, to="2025-03-20").widgets[OPEN]
    # At the end of 20 March it had been in Dev for 10 days.
    assert said.answer == "Of the states in progress, Dev (active) has held them longest: 10 days an item."


def test_weeks_of_efficiency_are_sums_over_sums(board: Source, reader: Client) -> None:
    # Week of 3 March: A 1 day of 2, B 3 days of 4: 4 of 6 days are 66.7 %. Week of 10 March: C 1 of 2.
    upsert(board, history("A", "2025-03-03", "2025-03-03 dev", "2025-03-04 wait", "2025-03-05 done"))
    upsert(board, history("B", "2025-03-03", "2025-03-03 dev", "2025-03-06 wait", "2025-03-07 done"))
    upsert(board, history("C", "2025-03-03", "2025-03-10 dev", "2025-03-11 wait", "2025-03-12 done"))
    said = show(reader, PAGE).widgets[EFFICIENCY].html
    assert '"y": [66.7, 50.0]' in said
