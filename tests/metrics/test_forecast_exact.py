"""The engine of forecasts against an independent exact computation, a simulation, and its own promises."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate, pairwise, product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.formulas.forecast import engine, queue
from metrics.formulas.forecast.shapes import Line, Part, Target, dump
from tests.metrics.forecast_cast import RANKS, TODAY, crew, inputs, items, queue_of, targets, the_date

# An independent exact computation: whole distributions by Fractions, every path where there are few


def exact(counts: Mapping[int, int], days: int) -> dict[int, Fraction]:
    """The distribution of the sum of `days` draws, by fractions."""
    whole = sum(counts.values())
    found = {0: Fraction(1)}
    for _ in range(days):
        after: dict[int, Fraction] = {}
        for total, chance in found.items():
            for count, often in counts.items():
                after[total + count] = after.get(total + count, Fraction(0)) + chance * Fraction(often, whole)
        found = after
    return found


def at_least(distribution: Mapping[int, Fraction], n: int) -> Fraction:
    return sum((chance for total, chance in distribution.items() if total >= n), Fraction(0))


def nth_working_day(n: int) -> date:
    days = [TODAY + timedelta(days=ahead) for ahead in range(1, 7 * n + 7)]
    return [day for day in days if day.isoweekday() <= 5][n - 1]


histograms = st.dictionaries(st.integers(0, 6), st.integers(1, 9), min_size=1, max_size=4).filter(
    lambda counts: any(counts)
)


@settings(max_examples=25, deadline=None)
@given(histograms, st.integers(1, 12), st.integers(1, 99))
def test_when_is_the_first_day_that_fractions_say(counts: dict[int, int], n: int, rank: int) -> None:
    [found] = targets(items(n, counts, ranks=(rank,)))
    when = found["when"][str(rank)]
    for days in range(1, 21):
        reached = at_least(exact(counts, days), n)
        if days < 15:
            place = (nth_working_day(days) - TODAY).days - 1
            curve = found["curve"][place] if place < len(found["curve"]) else 1.0
            assert abs(curve - reached) < 1e-3 if place >= len(found["curve"]) else abs(curve - reached) < 1e-9
        if reached >= Fraction(rank, 100):
            assert when == nth_working_day(days).isoformat()
            return
    assert the_date(when) > nth_working_day(20)


@settings(max_examples=25, deadline=None)
@given(histograms, st.integers(1, 15), st.integers(1, 99))
def test_how_many_is_the_largest_number_that_fractions_say(counts: dict[int, int], days: int, rank: int) -> None:
    given = inputs([crew(counts)], [], [], counting=(0,), by=nth_working_day(days), ranks=(rank,))
    found = json.loads(engine.run(dump(given)))["counting"]["fan"][str(rank)][-1]
    sums = exact(counts, days)
    assert at_least(sums, found) >= Fraction(rank, 100)
    assert at_least(sums, found + 1) < Fraction(rank, 100)


def by_hand_of_rounds(sizes: Sequence[int], limit: int) -> list[int]:
    """The rule of rounds, one item at a time."""
    left, order = list(sizes), []
    while any(left):
        for place in [place for place, size in enumerate(left) if size][:limit]:
            left[place] -= 1
            order.append(place)
    return order


@given(st.lists(st.integers(0, 9), max_size=7), st.integers(1, 5))
def test_owners_are_those_of_the_rule_taken_literally(sizes: list[int], limit: int) -> None:
    assert queue.owners(sizes, limit).tolist() == by_hand_of_rounds(sizes, limit)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(histograms, st.lists(st.integers(1, 3), min_size=1, max_size=3)), min_size=1, max_size=3),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_a_joint_chance_equals_enumeration_of_every_path(
    teams: list[tuple[dict[int, int], list[int]]], limit: int, days: int
) -> None:
    """Every future of `days` days of each team is walked through, item by item; the chance is the share of the kept."""
    chances = []
    for counts, sizes in teams:
        need = by_hand_of_rounds(sizes, limit)
        needed = len(need) - need[::-1].index(len(sizes) - 1)  # the last feature of the queue is what we wait for
        paths = product(counts.items(), repeat=days)
        kept = sum(prod(often for _, often in path) for path in paths if sum(count for count, _ in path) >= needed)
        chances.append(Fraction(kept, sum(counts.values()) ** days))
    crews = [crew(counts, f"t{place}") for place, (counts, _) in enumerate(teams)]
    lines = [
        Line((place,), tuple(Part(str(n), size) for n, size in enumerate(sizes)), limit)
        for place, (_, sizes) in enumerate(teams)
    ]
    wanted = tuple((place, len(sizes) - 1) for place, (_, sizes) in enumerate(teams))
    [found] = targets(inputs(crews, lines, [Target("all", "all", wanted, due_on=nth_working_day(days))]))
    assert abs(found["chance"] - prod(chances)) < 1e-8


# Simulation, as a second check: 10,000 trials with a seed


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_simulation_of_a_queue_agrees(limit: int) -> None:
    """A trial draws days and hands each finish to the next feature of the round. Error of a share: 4 × 0.005."""
    random = np.random.default_rng(20261122)
    counts, sizes = {0: 25, 1: 17, 2: 12, 3: 5, 8: 1}, [9, 4, 14, 6]
    days, order = 60, np.array(by_hand_of_rounds(sizes, limit))
    draws = random.choice(np.repeat(list(counts), list(counts.values())), size=(10_000, days)).cumsum(axis=1)
    found = targets(queue_of(sizes, counts, limit, ranks=tuple(range(5, 100, 5))))
    for place in range(len(sizes)):
        need = int(np.flatnonzero(order == place)[-1]) + 1
        done = (draws < need).sum(axis=1) + 1  # the working day on which it is done
        for rank, when in found[place]["when"].items():
            share = (done <= np.busday_count(TODAY + timedelta(days=1), the_date(when) + timedelta(days=1))).mean()
            before = (done <= np.busday_count(TODAY + timedelta(days=1), the_date(when) + timedelta(days=1)) - 1).mean()
            assert share >= int(rank) / 100 - 0.02
            assert before < int(rank) / 100 + 0.02


def test_simulation_of_joint_dates_agrees() -> None:
    random = np.random.default_rng(7)
    histories = [{0: 30, 1: 20, 4: 10}, {0: 10, 1: 40, 2: 10}, {0: 50, 10: 10}]
    needs = [25, 22, 30]
    done = np.zeros(10_000)
    for counts, need in zip(histories, needs, strict=True):
        draws = random.choice(np.repeat(list(counts), list(counts.values())), size=(10_000, 120)).cumsum(axis=1)
        done = np.maximum(done, (draws < need).sum(axis=1) + 1)
    crews = [crew(counts, f"t{place}") for place, counts in enumerate(histories)]
    lines = [Line((place,), (Part("x", need),)) for place, need in enumerate(needs)]
    joint = Target("all", "all", ((0, 0), (1, 0), (2, 0)))
    found = targets(inputs(crews, lines, [joint], ranks=tuple(range(10, 100, 10))))[0]
    for rank, when in found["when"].items():
        share = (done <= np.busday_count(TODAY + timedelta(days=1), the_date(when) + timedelta(days=1))).mean()
        assert int(rank) / 100 - 0.02 <= share


# Promises


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=6), st.integers(1, 4), st.data())
def test_more_work_anywhere_makes_no_date_earlier(sizes: list[int], limit: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(sizes) - 1))
    more = [size + (data.draw(st.integers(1, 9)) if n == place else 0) for n, size in enumerate(sizes)]
    before, after = queue.done_at(sizes, limit), queue.done_at(more, limit)
    assert (after >= before).all()


@settings(max_examples=20, deadline=None)
@given(histograms, st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 3), st.data())
def test_more_work_and_idle_weeks_make_no_date_earlier(
    counts: dict[int, int], sizes: list[int], limit: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(sizes) - 1))
    more = [size + (n == place) for n, size in enumerate(sizes)]
    idle = {**counts, 0: counts.get(0, 0) + 5}
    base = targets(queue_of(sizes, counts, limit))
    for other in (targets(queue_of(more, counts, limit)), targets(queue_of(sizes, idle, limit))):
        for one, two in zip(base, other, strict=True):
            assert all(the_date(two["when"][rank]) >= the_date(day) for rank, day in one["when"].items() if day)


@settings(max_examples=20, deadline=None)
@given(histograms, st.integers(1, 30), st.fractions(Fraction(1, 10), 4), st.fractions(Fraction(1, 10), 4))
def test_a_faster_team_is_never_later(counts: dict[int, int], n: int, one: Fraction, two: Fraction) -> None:
    slow, fast = sorted([one.limit_denominator(100), two.limit_denominator(100)])
    given = items(n, counts)
    days = [
        targets(replace(given, teams=(replace(given.teams[0], factor=factor),)))[0]["when"] for factor in (slow, fast)
    ]
    assert all(the_date(days[1][rank]) <= the_date(days[0][rank]) for rank in days[0])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(histograms, st.integers(1, 9)), min_size=2, max_size=4), st.integers(1, 60))
def test_a_delivery_is_never_earlier_than_its_latest_part(teams: list[tuple[dict[int, int], int]], ahead: int) -> None:
    """And its chance never exceeds that of its weakest part."""
    due = TODAY + timedelta(days=ahead)
    crews = [crew(counts, f"t{place}") for place, (counts, _) in enumerate(teams)]
    lines = [Line((place,), (Part("x", n),)) for place, (_, n) in enumerate(teams)]
    parts = [Target(str(place), "x", ((place, 0),), due_on=due) for place in range(len(teams))]
    joint = Target("all", "all", tuple((place, 0) for place in range(len(teams))), due_on=due)
    whole, *rest = targets(inputs(crews, lines, [joint, *parts]))
    for rank, when in whole["when"].items():
        assert the_date(when) >= max(the_date(part["when"][rank]) for part in rest)
    assert whole["chance"] <= min(part["chance"] for part in rest)


@settings(max_examples=20, deadline=None)
@given(histograms, st.integers(1, 40))
def test_chances_grow_day_by_day_and_the_fan_is_ordered(counts: dict[int, int], n: int) -> None:
    [found] = targets(items(n, counts))
    assert all(one <= two for one, two in pairwise(found["curve"]))
    assert all(0 <= chance <= 1 for chance in found["curve"])
    lines = [found["fan"][str(rank)] for rank in RANKS]
    for less, more in pairwise(lines):
        assert all(one >= two for one, two in zip(less, more, strict=True))
    assert all(list(accumulate(line, max)) == line for line in lines)
    assert max(lines[0]) <= n
