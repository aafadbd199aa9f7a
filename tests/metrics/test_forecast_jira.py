"""Forecasts from the real Jira history, against a naive sample and fractions."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from metrics import forecasts
from metrics.formulas.forecast.engine import run
from metrics.load import upsert
from portfolio.queries import find_scope
from tests.metrics import naive
from tests.metrics.cast import source, team
from tests.metrics.test_flow_jira import PATH, ZONE, read, rows

pytestmark = pytest.mark.django_db


def naive_counts(log: naive.Log, as_of: datetime) -> Counter[int]:
    """Items finished per weekday of the 84 days before as_of, each on its own day or the Monday after it."""
    today = naive.day_in(as_of, ZONE)
    on = []
    for row in naive.finished_items(log, ["falcon"], as_of):
        day = row["on"]
        while day.isoweekday() > 5:
            day += timedelta(days=1)
        on.append(day)
    days = [today - timedelta(days=ahead) for ahead in range(1, 85)]
    return Counter(on.count(day) for day in days if day.isoweekday() <= 5)


def distribution(counts: Counter[int], days: int) -> dict[int, Fraction]:
    found, whole = {0: Fraction(1)}, sum(counts.values())
    for _ in range(days):
        after: dict[int, Fraction] = {}
        for total, chance in found.items():
            for count, often in counts.items():
                after[total + count] = after.get(total + count, Fraction(0)) + chance * Fraction(often, whole)
        found = after
    return found


@pytest.mark.skipif(not PATH.exists(), reason=f"the real history is not here: {PATH.name}")
def test_the_real_history_gives_the_forecast_that_fractions_give() -> None:
    log = read()
    upsert(source(team("falcon", zone=ZONE)), rows(log))
    scope, ranks = find_scope("team:falcon", None), (10, 50, 70, 85, 95)
    for as_of in (datetime(2024, 3, 25, 15, tzinfo=UTC), datetime(2025, 12, 20, 3, tzinfo=UTC)):
        counts = naive_counts(log, as_of)
        today = naive.day_in(as_of, ZONE)
        by = today + timedelta(days=14)
        ahead = sum((today + timedelta(days=n)).isoweekday() <= 5 for n in range(1, 15))
        answer = forecasts.ask_items(scope, forecasts.Question(items=10, by=by, ranks=ranks), as_of).base
        assert Counter(answer.teams[0].counts) == counts
        sums = distribution(counts, ahead)
        reached = sum((chance for total, chance in sums.items() if total >= 10), Fraction(0))
        assert answer.deliveries[0].chance == pytest.approx(float(reached), abs=1e-9)
        assert answer.how_many is not None
        for rank, n in answer.how_many.at_least.items():
            tail = [sum((c for total, c in sums.items() if total >= m), Fraction(0)) for m in (n, n + 1)]
            assert tail[0] >= Fraction(rank, 100) > tail[1]
        assert run(answer.inputs) == answer.result
    nothing = forecasts.ask_items(scope, forecasts.Question(items=10), datetime(2026, 11, 1, tzinfo=UTC)).base
    assert nothing.reason == "too little data: Falcon finished work on 0 of the 5 days needed in the last 84"
    assert nothing.today == date(2026, 10, 31)
