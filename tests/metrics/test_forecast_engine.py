"""The engine of forecasts, by hand: every rule with its arithmetic, and what is odd or large."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from metrics.formulas.forecast import engine, queue
from metrics.formulas.forecast.calendar import next_working, number, working
from metrics.formulas.forecast.shapes import Line, Part, Target, dump, load
from metrics.formulas.forecast.spread import Spread, kernel, unfold
from tests.metrics.forecast_cast import WEEKDAYS, crew, inputs, items, queue_of, targets

ROOT = Path(__file__).resolve().parents[2]


# By hand


def test_one_item_at_three_a_day_is_done_on_the_next_working_day() -> None:
    [found] = targets(items(1, {3: 60}))
    assert set(found["when"].values()) == {"2026-11-23"}
    assert found["curve"] == [0.0, 0.0, 1.0]  # Saturday, Sunday, Monday


def test_two_items_of_a_coin_a_day() -> None:
    """0 or 1 a day: P(T ≤ 2) = 1/4, P(T ≤ 3) = 1/2, P(T ≤ 4) = 11/16, ≤ 5: 26/32, ≤ 6: 57/64 = .89, ≤ 7: 120/128.

    ≤ 8: 247/256 = .965. So 50 %: day 3, 70 %: day 5, 85 %: day 6, 95 %: day 8; day 1 is Monday the 23rd, day 6 is
    Monday the 30th.
    """
    [found] = targets(items(2, {0: 30, 1: 30}, due_on=date(2026, 11, 27)))
    assert found["when"] == {"50": "2026-11-25", "70": "2026-11-27", "85": "2026-11-30", "95": "2026-12-02"}
    assert found["chance"] == 26 / 32
    working_days = [found["curve"][place] for place in (2, 3, 4, 5, 6, 9, 10)]
    assert working_days == [0, 1 / 4, 1 / 2, 11 / 16, 26 / 32, 57 / 64, 120 / 128]


def test_how_many_in_two_days() -> None:
    """0, 1 or 3 a day, alike: of the 9 sums 0 1 3 1 2 4 3 4 6, at least 1: 8/9, 2: 6/9, 3: 5/9, 4: 3/9, 6: 1/9.

    So in at least 50 % of futures 3 (5/9), 70 %: 1 (8/9, as 6/9 is less), 85 %: 1, 95 %: 0.
    """
    given = inputs([crew({0: 1, 1: 1, 3: 1})], [], [], counting=(0,), by=date(2026, 11, 24))
    found = json.loads(engine.run(dump(given)))["counting"]
    assert {rank: days[-1] for rank, days in found["fan"].items()} == {"50": 3, "70": 1, "85": 1, "95": 0}
    assert found["first"] == "2026-11-21"
    assert found["fan"]["50"] == [0, 0, 1, 3]  # Sat, Sun, Mon (2/3 bring 1), Tue


def test_days_off_are_mapped_over() -> None:
    """One a day for certain, 3 items, Monday and Tuesday are holidays: Wednesday, Thursday, Friday the 27th."""
    team = crew({1: 5}, holidays=(date(2026, 11, 23), date(2026, 11, 24)))
    given = inputs([team], [Line((0,), (Part("x", 3),))], [Target("x", "x", ((0, 0),))])
    assert targets(given)[0]["when"]["50"] == "2026-11-27"
    [found] = targets(replace(given, teams=(replace(team, weekdays=(7,), holidays=()),)))
    assert found["when"]["50"] == "2026-12-06"  # Sundays only: 22 and 29 November, 6 December


def test_rounds_of_a_queue() -> None:
    """Sizes 3, 1, 2 with two at a time. Round 1: A B (1, 2), round 2: A C (3, 4), round 3: A C (5, 6)."""
    assert queue.owners([3, 1, 2], 2).tolist() == [0, 1, 0, 2, 0, 2]
    assert queue.done_at([3, 1, 2], 2).tolist() == [5, 2, 6]
    assert queue.done_at([3, 1, 2], 1).tolist() == [3, 4, 6]
    assert queue.done_at([3, 0, 2], 9).tolist() == [5, 0, 4]  # A C A C A
    assert queue.progress(queue.owners([3, 1, 2], 2), [2]).tolist() == [0, 0, 0, 0, 1, 1, 2]


def test_features_are_done_with_the_nth_finish() -> None:
    """One a day for certain: with two at a time A is done on day 5 (27th), B on day 2 (24th), C on day 6 (30th)."""
    assert [found["when"]["85"] for found in targets(queue_of([3, 1, 2], {1: 9}, limit=2))] == [
        "2026-11-27",
        "2026-11-24",
        "2026-11-30",
    ]


def test_a_joint_chance_is_the_product() -> None:
    """One item each, two teams, a coin a day: day 1: 1/2 × 1/2, day 2: 3/4 × 3/4 = 9/16, day 3: 49/64, 4: 225/256.

    50 %: day 2; 70 %: day 3; 85 %: day 4; 95 %: day 6 (63/64)² = .969 (day 5: (31/32)² = .938).
    """
    teams = [crew({0: 1, 1: 1}), crew({0: 1, 1: 1}, "heron")]
    lines = [Line((0,), (Part("a", 1),)), Line((1,), (Part("b", 1),))]
    given = inputs(teams, lines, [Target("both", "both", ((0, 0), (1, 0)), due_on=date(2026, 11, 24))])
    [found] = targets(given)
    assert found["when"] == {"50": "2026-11-24", "70": "2026-11-25", "85": "2026-11-26", "95": "2026-11-30"}
    assert found["chance"] == 9 / 16


def test_a_burn_up_of_two_teams_adds_what_each_has_done() -> None:
    """One item each, a coin a day. Done after day 1: 0 (1/4), 1 (1/2), 2 (1/4): at least 1 in 3/4, so 50 %: 1, 85 %: 0.

    After day 2: both 9/16, one 6/16, none 1/16: 50 %: 2, 85 % (15/16): 1, 95 %: 0.
    """
    teams = [crew({0: 1, 1: 1}), crew({0: 1, 1: 1}, "heron")]
    lines = [Line((0,), (Part("a", 1),)), Line((1,), (Part("b", 1),))]
    given = inputs(teams, lines, [Target("both", "both", ((0, 0), (1, 0)), detail=True)])
    [found] = targets(given)
    assert [found["fan"][rank][2] for rank in ("50", "85", "95")] == [1, 0, 0]
    assert [found["fan"][rank][3] for rank in ("50", "85", "95")] == [2, 1, 0]


def test_teams_of_one_queue_add_up() -> None:
    """Two teams of one a day each: 3 items are done on day 2; on a holiday of the second, on day 2 as well (1 + 2)."""
    heron = crew({1: 1}, "heron", holidays=(date(2026, 11, 23),))
    given = inputs([crew({1: 1}), heron], [Line((0, 1), (Part("x", 3),))], [Target("x", "x", ((0, 0),), detail=True)])
    [found] = targets(given)
    assert found["when"]["50"] == "2026-11-24"
    assert found["fan"]["50"] == [0, 0, 1, 3]


def test_scaling_splits_between_floor_and_ceiling() -> None:
    """1 × 3/2: 1 and 2 alike; 3 × 3/2 = 4 or 5 alike; 0 stays. Of 4 days 0 0 1 3: 2/4, 1/8, 1/8, 1/8, 1/8."""
    assert kernel({0: 2, 1: 1, 3: 1}, Fraction(3, 2)).tolist() == [1 / 2, 1 / 8, 1 / 8, 0, 1 / 8, 1 / 8]
    assert kernel({0: 1, 2: 1}, Fraction(1)).tolist() == [1 / 2, 0, 1 / 2]
    with pytest.raises(ValueError, match="needs a day"):
        kernel({}, Fraction(1))


def test_finishes_of_days_off_count_on_the_next_working_day() -> None:
    days = np.array([number(date(2026, 11, day)) for day in (20, 21, 22, 23)])  # Fri Sat Sun Mon
    holiday = (date(2026, 11, 23),)
    assert (next_working(days, WEEKDAYS, ()) - days).tolist() == [0, 2, 1, 0]
    assert (next_working(days, WEEKDAYS, holiday) - days).tolist() == [0, 3, 2, 1]
    assert working(days, WEEKDAYS, holiday).tolist() == [True, False, False, False]


def test_what_lies_beyond_ten_years_is_no_date() -> None:
    """10,000 items at one on every second day take 20,000 working days, 77 years."""
    [found] = targets(items(10_000, {0: 30, 1: 30}, due_on=date(2027, 1, 1)))
    assert found["when"] == dict.fromkeys(["50", "70", "85", "95"])
    assert found["chance"] == 0


def test_a_cap_does_not_hide_what_lies_above_it() -> None:
    """0 or 20 a day alike, 10 items: after day 1 half of the futures are done with 10: the 50 % line is at 10."""
    [found] = targets(items(10, {0: 1, 20: 1}))
    assert found["fan"]["50"][2] == 10
    assert found["fan"]["70"][2] == 0
    assert found["when"]["50"] == "2026-11-23"


def test_nothing_left_is_done() -> None:
    assert targets(items(0, {1: 9})) == [{"done": True, "id": "items", "items": 0}]


def test_a_part_of_unknown_size_holds_up_what_comes_after_it() -> None:
    parts = (Part("a", 2), Part("b", None), Part("c", 1))
    aims = [Target(name, name, ((0, place),)) for place, name in enumerate("abc")]
    found = targets(inputs([crew({1: 9})], [Line((0,), parts)], aims))
    assert found[0]["when"]["50"] == "2026-11-24"
    assert found[1]["reason"] == "too little data: nothing says how many items b will have"
    assert found[2]["reason"] == "too little data: nothing says how many items b, which comes before, will have"


def test_before_a_part_of_unknown_size_dates_are_never_too_early() -> None:
    """Two at a time, the second never ends: rounds A B, A B, A B: A's third item is the fifth finish."""
    parts = (Part("a", 3), Part("b", None))
    [found] = targets(inputs([crew({1: 9})], [Line((0,), parts, 2)], [Target("a", "a", ((0, 0),))]))
    assert found["when"]["50"] == "2026-11-27"


def test_a_team_without_data_says_so() -> None:
    teams = [crew({0: 60}, reason="too little data: Falcon …")]
    given = inputs(teams, [Line((0,), (Part("x", 3),))], [Target("x", "x", ((0, 0),))])
    assert targets(given) == [{"id": "x", "items": 3, "reason": "too little data: Falcon …"}]


def test_inputs_are_the_same_after_a_round_trip() -> None:
    given = queue_of([3, 1], {0: 3, 2: 4}, limit=2, by=date(2027, 1, 1), counting=(0,), notes=("größer",))
    given = replace(given, teams=(replace(given.teams[0], factor=Fraction(5, 4), holidays=(date(2026, 12, 25),)),))
    assert load(dump(given)) == given
    assert "größer" in dump(given)
    with pytest.raises(ValueError, match="Expecting value"):
        engine.run("")


# At the edges


@pytest.mark.parametrize(
    ("n", "counts"),
    [
        (10_000, {20: 20, 30: 10, 41: 10, 0: 20}),  # above twenty a day
        (10_000, {0: 50, 1: 8, 300: 1, 7: 1}),  # a spring cleaning
        (10_000, {0: 59, 1: 1}),  # hardly ever
        (100_000, {1_000: 1}),
        (1, {0: 55, 1: 5}),
    ],
)
def test_large_and_odd_queues_are_answered(n: int, counts: dict[int, int]) -> None:
    [found] = targets(items(n, counts))
    assert found["items"] == n
    assert list(found["when"]) == ["50", "70", "85", "95"]
    text = engine.run(dump(items(n, counts)))
    assert "NaN" not in text
    assert "Infinity" not in text
    assert "-0.0" not in text


def test_the_mean_of_ten_years_is_exact() -> None:
    """2,610 working days of a mean of 0.9: nothing is lost on the way (2610 × 0.9 = 2349)."""
    day = kernel({0: 30, 1: 15, 2: 9, 3: 7, 0 + 4: 0}, Fraction(1))
    mean = float((day * np.arange(len(day))).sum())
    *_, last = unfold([day], [np.ones(2610, dtype=np.bool_)])
    totals = last.lowest + np.arange(len(last.mass))
    assert abs(float(last.mass.sum()) - 1) < 1e-10
    assert abs(float((totals * last.mass).sum()) - 2610 * mean) < 1e-6


def test_below_counts_what_lies_under() -> None:
    spread = Spread(2, np.array([0.25, 0.5, 0.25]))
    assert spread.below(np.array([0, 2, 3, 4, 5, 9])).tolist() == [0, 0, 0.25, 0.75, 1, 1]
    assert spread.at_least([50, 75, 76]).tolist() == [3, 3, 2]


def test_the_same_inputs_are_the_same_bytes_in_two_processes() -> None:
    teams = [crew({0: 30, 1: 17, 2: 9, 5: 4}), crew({0: 11, 1: 7, 3: 5}, "heron", factor=Fraction(7, 5))]
    lines = [Line((0,), (Part("a", 7), Part("b", 31)), 2), Line((1,), (Part("c", 40),)), Line((0, 1), (Part("d", 99),))]
    aims = [Target("x", "Größe", ((0, 1), (1, 0)), detail=True), Target("y", "y", ((2, 0),), detail=True)]
    text = dump(inputs(teams, lines, aims, counting=(0, 1), by=date(2027, 6, 30)))
    script = "import sys; from metrics.formulas.forecast.engine import run; sys.stdout.buffer.write(run(sys.stdin.buffer.read().decode()).encode())"  # noqa: E501
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            input=text.encode(),
            capture_output=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {engine.run(text).encode()}
