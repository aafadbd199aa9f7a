"""Where key results and objectives stand as of a day, and what the leader's page is told of them."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from okrs import queries
from okrs.models import KeyResult, Objective
from tests.cast import Cast
from tests.okrs.cast import HALF, Goals, check_in, key_result, make_goals


@pytest.fixture
def goals(cast: Cast) -> Goals:
    return make_goals(cast)


def test_the_newest_by_its_own_date_counts(goals: Goals) -> None:
    check_in(goals.more, date(2026, 11, 12), 40, 7)
    # Entered later, but of an earlier day: a correction of the past.
    check_in(goals.more, date(2026, 11, 5), 25, 3)
    now = queries.standings([goals.more], HALF)[goals.more.pk]
    assert (now.value, now.confidence, now.on) == (40, 7, date(2026, 11, 12))
    assert now.progress == pytest.approx(0.5)  # (40 − 20) ÷ (60 − 20)
    assert now.pace == pytest.approx(0.0)  # half of the quarter is over
    assert now.is_on_pace
    assert now.due_on == date(2026, 11, 19)
    assert now.state == "fresh"
    then = queries.standings([goals.more], date(2026, 11, 11))[goals.more.pk]
    assert (then.value, then.confidence) == (25, 3)
    assert then.progress == pytest.approx(0.125)  # 5 ÷ 40


def test_a_check_in_of_the_portal_keeps_the_owners_confidence(goals: Goals) -> None:
    check_in(goals.less, date(2026, 11, 2), 9, 6)
    check_in(goals.less, date(2026, 11, 14), 8, None, is_automatic=True)
    now = queries.standings([goals.less], HALF)[goals.less.pk]
    assert (now.value, now.confidence, now.confidence_on) == (8, 6, date(2026, 11, 2))
    assert now.is_automatic


def test_pending_scores_nothing(goals: Goals) -> None:
    now = queries.standings([goals.more], HALF)[goals.more.pk]
    assert (now.value, now.progress, now.state) == (None, 0, "pending")
    assert now.due_on == date(2026, 10, 7)


def test_the_score_of_an_objective(goals: Goals) -> None:
    check_in(goals.more, date(2026, 11, 12), 40)  # 0.5, weight 1
    check_in(goals.less, date(2026, 11, 12), 9.5, 4)  # (9.5 − 11) ÷ (5 − 11) = 0.25, weight 3
    found = queries.scores([goals.team, goals.company], HALF)
    mine = found[goals.team.pk]
    assert mine.score == pytest.approx(0.3125)  # (0.5 + 3 × 0.25) ÷ 4
    assert mine.pace == pytest.approx(-0.1875)
    assert (mine.grade, mine.confidence, mine.points) == ("red", 4, -19)
    # Without key results there is no score.
    assert found[goals.company.pk].score is None
    assert found[goals.company.pk].grade is None


def test_as_many_queries_for_one_as_for_many(goals: Goals) -> None:
    for number in range(5):
        check_in(key_result(goals.stream, f"KR {number}", 0, 10), date(2026, 11, 1), number)
    check_in(goals.more, date(2026, 11, 1), 30)
    counts = []
    for some in ([goals.more], list(KeyResult.objects.all())):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            queries.standings(some, HALF)
        counts.append(len(seen))
    assert counts == [3, 3]


def test_the_summary(cast: Cast, goals: Goals) -> None:
    one, two = key_result(goals.stream, "One", 0, 10), key_result(goals.stream, "Two", 0, 10)
    check_in(one, date(2026, 10, 30), 2, 8)
    check_in(one, date(2026, 11, 13), 6, 5)
    check_in(two, date(2026, 11, 13), 4, 5)
    check_in(goals.more, date(2026, 10, 20), 30, 2)
    found = queries.summary(cast.leader, None, HALF)
    assert found.total == 4
    # One and two have 5, "more" has 2; "less" has none.
    assert found.counts == (0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0)
    assert found.mean == pytest.approx(4)  # (5 + 5 + 2) ÷ 3
    # Two weeks before (1 November) "one" had 8 and "more" had 2: (5 − 8 + 2 − 2) ÷ 2
    assert found.change == pytest.approx(-1.5)
    assert found.compared == 2
    # "one" is at 0.6 of the way at half-time; "two" at 0.4, "more" at 0.25, "less" at 0.
    assert found.on_pace == 1
    # "more" was due on 27 October, its grace ended on the 30th.
    assert (found.outdated, found.pending, found.due) == (1, 1, 0)
    # Least confident first, then the one further behind.
    assert [row.key_result for row in found.worst] == [goals.more, two, one]


def test_the_summary_of_a_stream_and_of_those_who_see_less(cast: Cast, goals: Goals) -> None:
    key_result(goals.company, "Customers", 0, 10)
    other = Objective.objects.create(cycle=goals.cycle, level="stream", stream=cast.platform, name="Steady")
    key_result(other, "Incidents", 10, 0, kind="reduce")
    assert queries.summary(cast.leader, None, HALF).total == 4
    assert queries.summary(cast.leader, [cast.payments], HALF).total == 2
    assert queries.summary(cast.coach, None, HALF).total == 3  # the company's and those of Payments
    assert queries.summary(cast.outsider, None, HALF).total == 0
    assert queries.summary(cast.leader, None, date(2027, 2, 1)).total == 0


def test_the_summary_takes_the_same_queries_for_more(cast: Cast, goals: Goals) -> None:
    counts = []
    for number in range(2):
        check_in(key_result(goals.stream, f"KR {number}", 0, 10), date(2026, 10, 10), number)
        with CaptureQueriesContext(connection) as seen:
            queries.summary(cast.leader, None, HALF)
        counts.append(len(seen))
    assert counts[0] == counts[1]
