"""Chances of key results as read: check-ins, linked work and its landing, kinds, reasons for n/a, one as for many."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from okrs.chances import Chance, chances
from okrs.models import CheckIn, KeyResult
from portfolio.models import Feature, Initiative, Verdict
from tests.cast import Cast
from tests.metrics.forecast_board import NOON, board, feature, item, open_items
from tests.okrs.board import LAST, SUNDAY, cycle, key_result, moves, say

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


def of(row: KeyResult, at: datetime = NOON) -> Chance:
    cache.clear()
    return chances([row], at)[row.pk]


def test_a_steady_trend(cast: Cast) -> None:
    """Ten a week for six weeks; from Sunday, 1 June, to Monday, 30 June, are 29 days: 4 weeks and a seventh."""
    row = key_result(cast.payments)
    say(row, [0, 10, 20, 30, 40, 50, 60])
    found = of(row)
    # 60 + 4 × 10 + 10 / 7 = 101.43 in each trial.
    assert (found.share, found.shown, found.error) == (1.0, "> 95 %", 0)
    assert found.low == found.high == pytest.approx(101.4286, abs=1e-3)
    assert found.expected == pytest.approx(101.4286, abs=1e-3)
    assert (found.changes, found.by) == ((10,) * 6, LAST)
    KeyResult.objects.update(target=102)
    assert (of(row).share, of(row).shown) == (0, "< 5 %")


def test_a_trend_with_luck(cast: Cast) -> None:
    """Changes of 0 and 10 alike often: with 4 weeks 60 → 100 needs four tens (1/16), a seventh of a ten adds 1.43."""
    row = key_result(cast.payments)
    say(row, [40, 40, 50, 50, 60])
    assert of(row).share == pytest.approx(1 / 16, abs=0.01)
    # To 91 it takes three tens of four and the seventh (4/16 × 1/2), or four: 1/8 + 1/16 = 3/16.
    KeyResult.objects.update(target=91)
    assert of(row).share == pytest.approx(3 / 16, abs=0.016)
    KeyResult.objects.update(target=90)
    assert of(row).share == pytest.approx(5 / 16, abs=0.019)


def test_a_reduction_goes_down(cast: Cast) -> None:
    row = key_result(cast.payments, kind="reduce", baseline=100, target=0)
    say(row, [60, 50, 40, 30, 20, 10])
    # 10 − 4 × 10 − 10 / 7 = −31.43.
    found = of(row)
    assert found.share == 1
    assert found.expected == pytest.approx(-31.4286, abs=1e-3)
    KeyResult.objects.update(target=-32)
    assert of(row).share == 0


def test_linked_work_adds_its_lift(cast: Cast) -> None:
    """No trend: 60 stays 60. Ten items at a coin a day, 20 working days to the end of June."""
    row = key_result(cast.payments)
    say(row, [60, 60, 60, 60, 60])
    assert of(row).share == 0
    work = feature(board(cast.falcon, every=2), "Card", 1, *open_items("Card", 10))
    linked = moves(row, work, 40)
    # P(at least 10 heads of 20) = 1/2 + C(20, 10) / 2^21 = 0.5881.
    found = of(row)
    assert found.share == pytest.approx(0.5881, abs=0.02)
    assert (found.low, found.high) == (60, 100)
    assert found.works[0].landing.chance == pytest.approx(0.5881, abs=1e-3)
    linked.lift = 39
    linked.save()
    assert of(row).share == 0


def test_work_that_landed_is_not_counted_twice(cast: Cast) -> None:
    """Landed on 22 May: its jump is in the value, its week is left out. After the last check-in: it adds its lift."""
    made = board(cast.falcon)
    work = feature(made, "Card", 1, item("Card-1", "2025-05-22 done", parent="Card"))
    row = key_result(cast.payments)
    say(row, [10, 10, 10, 10, 50, 50])
    moves(row, work, 40)
    found = of(row)
    # Sundays 27 April to 1 June: the change to 25 May is left out, four of 0 stay.
    assert (found.changes, found.left_out) == ((0,) * 4, 1)
    assert found.works[0].is_counted
    assert (found.low, found.high, found.share) == (50, 50, 0)
    # As of Friday, 23 May, the last check-in (18 May, 10) is from before it landed: 10 + 40.
    CheckIn.objects.create(key_result=row, on=date(2025, 4, 20), value=10, confidence=5)
    before = of(row, datetime(2025, 5, 23, 20, tzinfo=UTC))
    assert not before.works[0].is_counted
    assert (before.low, before.high) == (50, 50)


def test_work_that_was_stopped_adds_nothing(cast: Cast) -> None:
    row = key_result(cast.payments)
    say(row, [60, 60, 60, 60, 60])
    stopped = Initiative.objects.create(
        slug="old", name="Old", stream=cast.payments, stage="done", verdict=Verdict.STOP, ended_on=date(2025, 5, 5)
    )
    moves(row, stopped, 40)
    found = of(row)
    assert (found.share, found.high, found.notes) == (0, 60, ())


def test_work_that_cannot_be_told_is_said(cast: Cast) -> None:
    row = key_result(cast.payments)
    say(row, [60, 60, 60, 60, 60])
    moves(row, Initiative.objects.create(slug="new", name="New", stream=cast.payments), 40)
    found = of(row)
    assert found.share == 0
    assert found.notes == ("New is counted as not landing: no feature and no team: nothing says who would do it",)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "there is no check-in yet"),
        ([5], "too little data: no weekly change of the 4 needed"),
        ([5, 6], "too little data: 1 weekly change of the 4 needed"),
        ([5, 6, 7, 8], "too little data: 3 weekly changes of the 4 needed"),
    ],
)
def test_too_little_is_not_available(cast: Cast, values: list[float], reason: str) -> None:
    row = key_result(cast.payments)
    say(row, values)
    found = of(row)
    assert (found.share, found.shown, found.reason, found.low) == (None, "n/a", reason, None)


def test_a_cycle_that_is_over_has_a_score_instead(cast: Cast) -> None:
    row = key_result(cast.payments, of=cycle(date(2025, 1, 1), date(2025, 3, 31)))
    say(row, [60, 60, 60, 60, 60], last=date(2025, 3, 30))
    assert of(row).reason == "its cycle is over: the score says what came of it"


def test_a_band_is_reached_inside(cast: Cast) -> None:
    """Up or down by 10, alike often, from 50: after 4 weeks and a seventh within 45 to 55 with 6/16."""
    row = key_result(cast.payments, kind="band", baseline=None, target=None, band_low=45, band_high=55)
    say(row, [50, 60, 50, 60, 50])
    assert of(row).share == pytest.approx(6 / 16, abs=0.02)


def test_a_milestone_has_the_chance_of_its_work(cast: Cast) -> None:
    row = key_result(cast.payments, kind="milestone", baseline=None, target=None)
    assert of(row).reason == "no work is linked to it, so nothing says when it is reached"
    made = board(cast.falcon, every=2)
    moves(row, feature(made, "Card", 1, *open_items("Card", 10)), 1)
    assert of(row).share == pytest.approx(0.5881, abs=1e-3)
    # Heron lands for certain: the joint chance stays. What cannot be told makes it n/a.
    moves(row, feature(board(cast.heron), "Mail", 1, *open_items("Mail", 1)), 1)
    assert of(row).share == pytest.approx(0.5881, abs=1e-3)
    unknown = moves(row, Initiative.objects.create(slug="new", name="New", stream=cast.payments), 1)
    assert of(row).reason.startswith("the landing of New cannot be told")
    unknown.delete()
    say(row, [1])
    assert of(row).share == 1


def test_as_of_a_day(cast: Cast) -> None:
    row = key_result(cast.payments)
    say(row, [0, 10, 20, 30, 40, 50, 60])
    early = of(row, NOON - timedelta(weeks=3))
    assert early.reason == "too little data: 3 weekly changes of the 4 needed"
    then = of(row, NOON - timedelta(weeks=2))
    assert then.changes == (10,) * 4
    assert then.expected == pytest.approx(40 + 43 / 7 * 10)


def test_beside_the_confidence(cast: Cast) -> None:
    row = key_result(cast.payments)
    say(row, [60, 60, 60, 60, 60], sure=[5, 5, 5, 5, 8])
    CheckIn.objects.create(key_result=row, on=SUNDAY + timedelta(days=1), value=60, is_automatic=True)
    found = of(row)
    # Confidence 8 reads 80 %, the trend says 0, which is shown as < 5 %: 75 points above that.
    assert (found.confidence, found.share, found.gap) == (8, 0, 75)


def test_the_same_inputs_the_same_bytes(cast: Cast) -> None:
    row = key_result(cast.payments)
    say(row, [40, 41, 50, 52, 60, 63])
    assert repr(of(row)) == repr(of(row))


def test_as_many_queries_for_one_as_for_many(cast: Cast) -> None:
    made = board(cast.falcon)
    rows = [key_result(cast.payments, f"KR {n}") for n in range(5)]
    for n, row in enumerate(rows):
        say(row, [60, 60, 60, 60, 60 + n])
        moves(row, feature(made, f"F{n}", n + 1, *open_items(f"F{n}", 1)), 40)
    counts: list[Any] = []
    for wanted in (rows[:1], rows):
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            assert len(chances(wanted, NOON)) == len(wanted)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Feature.objects.count() == 5
