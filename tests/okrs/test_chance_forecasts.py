"""The first chance of a key result is kept with the confidence of that day, and scored when its cycle is over."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.cache import cache

from okrs.actions.forecasts import decide_chances, keep_chances
from okrs.models import ChanceForecast, CheckIn
from okrs.queries.chances import calibration
from tests.cast import Cast
from tests.metrics.forecast_board import NOON
from tests.okrs.board import LAST, SUNDAY, key_result, say

pytestmark = pytest.mark.django_db
AFTER = datetime(2025, 7, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


def test_the_first_one_is_kept(cast: Cast) -> None:
    row, young = key_result(cast.payments), key_result(cast.payments, "Young")
    say(row, [0, 10, 20, 30, 40], sure=[5, 5, 5, 5, 7])
    say(young, [0, 10])
    # 40 + 4 × 10 + 10 / 7 = 81.4 of 100.
    assert keep_chances(now=NOON) == 1
    kept = ChanceForecast.objects.get()
    assert (kept.key_result, kept.chance, kept.confidence, kept.due_on) == (row, 0, 7, LAST)
    say(row, [90], last=SUNDAY + timedelta(weeks=1))
    assert keep_chances(now=NOON + timedelta(weeks=2)) == 0
    assert ChanceForecast.objects.get().chance == 0


def test_what_came_is_decided_when_the_cycle_is_over(cast: Cast) -> None:
    reached, missed = key_result(cast.payments), key_result(cast.payments, "Missed")
    for row in (reached, missed):
        say(row, [0, 10, 20, 30, 40])
    keep_chances(now=NOON)
    assert decide_chances(now=NOON) == 0
    CheckIn.objects.create(key_result=reached, on=LAST, value=100, confidence=9)
    CheckIn.objects.create(key_result=missed, on=LAST, value=99, confidence=9)
    assert decide_chances(now=AFTER) == 2
    assert dict(ChanceForecast.objects.values_list("key_result__name", "is_kept")) == {
        "Refunds within a day": True,
        "Missed": False,
    }
    assert decide_chances(now=AFTER) == 0
    # A check-in that is corrected later changes what came.
    CheckIn.objects.filter(key_result=missed, on=LAST).update(value=100)
    assert decide_chances(now=AFTER) == 1


def test_calibration(cast: Cast) -> None:
    """Ten of them: five said 0.8 and four came, five said 0.2 and one came: (8 × 0.04 + 2 × 0.64) / 10 = 0.16."""
    for n in range(10):
        likely = n < 5
        ChanceForecast.objects.create(
            key_result=key_result(cast.payments, f"KR {n}"),
            as_of=NOON,
            due_on=date(2025, 6, 30),
            chance=0.8 if likely else 0.2,
            confidence=5,
            engine="trials-1",
            inputs="{}",
            is_kept=n not in (4, 5, 6, 7, 8),
        )
    found = calibration(cast.leader)
    assert (found.n, found.kept) == (10, 5)
    assert found.brier == pytest.approx(0.16)
    # A confidence of 5 reads 50 %: a coin's score.
    assert found.votes_brier == pytest.approx(0.25)
    assert calibration(cast.outsider).n == 0
