"""Delivered value of value streams and of initiatives, by hand."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from okrs.models import Objective
from okrs.value import delivered_value, value_of_initiatives
from portfolio.models import Initiative
from tests.cast import Cast
from tests.okrs.board import SUNDAY, cycle, key_result, moves, say

pytestmark = pytest.mark.django_db
FIRST = SUNDAY - timedelta(days=27)


def initiative(cast: Cast, name: str) -> Initiative:
    return Initiative.objects.create(slug=name.lower(), name=name, stream=cast.payments)


def test_weight_times_change_of_progress(cast: Cast) -> None:
    # Four weeks before: 20 % and pending. At the end 60 % and 30 %: 2 × 0.4 + 1 × 0.3 = 1.1.
    say(key_result(cast.payments, "A", weight=2), [20, 30, 40, 50, 60])
    say(key_result(cast.payments, "B"), [10, 20, 30])
    # A team's counts for its value stream: of 40 % it went back to 10 %, × 1 = −0.3. Together 0.8.
    own = Objective.objects.create(cycle=cycle(), level="team", team=cast.heron, name="Less work")
    row = own.key_results.create(name="C", baseline=0, target=10)
    say(row, [4, 4, 3, 2, 1])
    # The company's is nobody's: it is above them.
    Objective.objects.create(cycle=cycle(), level="company", name="Grow").key_results.create(
        name="D", baseline=0, target=1
    )
    assert delivered_value([cast.payments, cast.platform], FIRST, SUNDAY) == {cast.payments.pk: pytest.approx(0.8)}
    assert delivered_value(None, FIRST, SUNDAY) == {cast.payments.pk: pytest.approx(0.8)}
    # The last two weeks alone: 2 × 0.2 + 0.2 − 0.2.
    half = delivered_value([cast.payments], FIRST + timedelta(days=14), SUNDAY)
    assert half == {cast.payments.pk: pytest.approx(0.4)}


def test_beyond_the_target_is_no_more_value(cast: Cast) -> None:
    say(key_result(cast.payments), [80, 90, 100, 120, 150])
    assert delivered_value([cast.payments], FIRST, SUNDAY) == {cast.payments.pk: pytest.approx(0.2)}


def test_without_key_results_there_is_nothing_to_say(cast: Cast) -> None:
    assert delivered_value([cast.payments], FIRST, SUNDAY) == {}
    later = cycle(date(2025, 7, 1), date(2025, 9, 30))
    key_result(cast.payments, of=later)
    assert delivered_value([cast.payments], FIRST, SUNDAY) == {}


def test_initiatives_share_by_their_lifts(cast: Cast) -> None:
    """0.5 of value: lifts 30 and −10 are three parts and one; a feature counts for its initiative."""
    first, second, third = initiative(cast, "One"), initiative(cast, "Two"), initiative(cast, "Three")
    row = key_result(cast.payments)
    say(row, [0, 0, 50])
    moves(row, first, 30)
    moves(row, second.features.create(team=cast.falcon, name="F"), -10)
    other = key_result(cast.payments, "Other", weight=2)
    say(other, [10, 10, 30])
    moves(other, first, 0)
    moves(other, third, 0)
    # Other: 2 × 0.3 (it was pending four weeks before) = 0.6, its lifts are all 0: 0.3 each.
    found = value_of_initiatives(FIRST, SUNDAY)
    assert found == {
        first.pk: pytest.approx(0.375 + 0.3),
        second.pk: pytest.approx(0.125),
        third.pk: pytest.approx(0.3),
    }


def test_as_many_queries_for_one_as_for_three(cast: Cast) -> None:
    counts = []
    for n in range(3):
        row = key_result(cast.payments, f"KR {n}")
        say(row, [1, 2, 3])
        moves(row, initiative(cast, f"I{n}"), 1)
        with CaptureQueriesContext(connection) as queries:
            assert len(value_of_initiatives(FIRST, SUNDAY)) == n + 1
        counts.append(len(queries))
    assert counts[0] == counts[-1]
