"""Limits and signals again by plain loops over fractions, sharing no code with the portal; what must always hold."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.formulas import stats
from metrics.models import Source
from tests.metrics.test_behaviour import FIRST, baseline, board, chart, on, upsert, weeks_on, worked

__all__ = ["board"]


def naive_limits(values: Sequence[Fraction], n: int) -> tuple[Fraction, Fraction] | None:
    """Mean, and how far the limits are from it."""
    if n < 8:
        return None
    base = values[:n]
    ranges = [abs(b - a) for a, b in pairwise(base)]
    return sum(base) / Fraction(n), Fraction(266, 100) * sum(ranges) / Fraction(n - 1)


def naive_signals(values: Sequence[Fraction], centre: Fraction, reach: Fraction) -> dict[str, set[int]]:
    """By rule, the places that are part of a signal."""
    found: dict[str, set[int]] = {stats.OUTSIDE: set(), stats.LONG_RUN: set(), stats.NEAR_LIMIT: set()}
    for sign in (1, -1):
        away = [(value - centre) * sign for value in values]
        found[stats.OUTSIDE] |= {n for n, gap in enumerate(away) if gap > reach}
        for n in range(len(away) - 7):
            if all(gap > 0 for gap in away[n : n + 8]):
                found[stats.LONG_RUN] |= set(range(n, n + 8))
        for n in range(len(away) - 3):
            near = [n + k for k in range(4) if reach > 0 and 2 * away[n + k] > reach]
            if len(near) >= 3:
                found[stats.NEAR_LIMIT] |= set(near)
    return found


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.integers(0, 12) | st.integers(0, 3), max_size=40), st.integers(0, 40))
def test_limits_and_signals_are_those_of_the_plain_way(values: list[int], n: int) -> None:
    found, exact = stats.behaviour(values, baseline=n), [Fraction(value) for value in values]
    limits = naive_limits(exact, min(n, len(values)))
    if limits is None:
        assert found.centre is None
        assert found.reason == f"too little data: {min(n, len(values))} of 8 points"
        return
    centre, reach = limits
    assert (found.centre, found.upper) == pytest.approx((float(centre), float(centre + reach)))
    assert found.lower == pytest.approx(max(0.0, float(centre - reach)))
    by_rule = {rule: {p for s in found.signals if s.rule == rule for p in s.places} for rule in stats_rules()}
    assert by_rule == naive_signals(exact, centre, reach)


def stats_rules() -> tuple[str, str, str]:
    return stats.OUTSIDE, stats.LONG_RUN, stats.NEAR_LIMIT


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.integers(0, 9), min_size=8, max_size=40))
def test_signals_are_told_once_and_in_order(values: list[int]) -> None:
    signals = stats.behaviour(values).signals
    assert list(signals) == sorted(signals, key=lambda signal: signal.places)
    for rule in stats_rules():
        for side in (1, -1):
            places = [p for signal in signals if (signal.rule, signal.side) == (rule, side) for p in signal.places]
            assert len(places) == len(set(places))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.integers(0, 50), min_size=8, max_size=30), st.integers(1, 7))
def test_twice_the_values_have_twice_the_limits_and_the_same_signals(values: list[int], factor: int) -> None:
    one, many = stats.behaviour(values), stats.behaviour([factor * value for value in values])
    assert many.upper == pytest.approx(factor * (one.upper or 0))
    assert many.signals == one.signals


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_charts_of_random_histories_are_those_of_the_plain_way(seed: int, board: Source) -> None:
    """Throughput, WIP, total age and cycle time per week, from nothing but when items began and ended."""
    chance = random.Random(seed)
    spans: list[tuple[date, date]] = []
    rows = [*worked("first", on(0, 0, 1), on(0, 0, 2))]
    for number in range(160):
        began = on(chance.randrange(26), chance.randrange(7), 8)
        ended = began + timedelta(days=chance.randrange(40), hours=3)
        spans.append((began.date(), ended.date()))
        rows += worked(f"R{number}", began, ended)
    upsert(board, rows)
    spans.append((FIRST, FIRST))
    changed = weeks_on(chance.randrange(8, 16)) + timedelta(days=chance.choice([0, 0, 3]))
    values: dict[str, dict[date, Fraction]] = {"throughput": {}, "wip": {}, "total_work_item_age": {}, "cycle_time": {}}
    for week in range(26):
        sunday = weeks_on(week) + timedelta(days=6)
        ended_in = sorted((b - a).days + 1 for a, b in spans if weeks_on(week) <= b <= sunday)
        held = [(sunday - a).days + 1 for a, b in spans if a <= sunday < b]
        values["throughput"][weeks_on(week)] = Fraction(len(ended_in))
        values["wip"][weeks_on(week)] = Fraction(len(held))
        values["total_work_item_age"][weeks_on(week)] = Fraction(sum(held))
        if ended_in:
            values["cycle_time"][weeks_on(week)] = Fraction(ended_in[(len(ended_in) + 1) // 2 - 1])
    for measure, weekly in values.items():
        baseline(changed, measure=measure)
        found = chart(measure)
        assert {week.monday: week.value for week in found.weeks} == weekly
        before = [v for monday, v in weekly.items() if monday + timedelta(days=7) <= changed]
        after = [v for monday, v in weekly.items() if monday >= changed]
        for segment, own in zip(found.segments, (before, after), strict=True):
            exact = naive_limits(own, len(own))
            assert exact is not None
            assert segment.limits.centre == pytest.approx(float(exact[0]))
            assert segment.limits.upper == pytest.approx(float(sum(exact)))
