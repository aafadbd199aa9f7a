"""WSJF by hand: the value, ties, what is not scored, ranks by hand, warnings."""

from fractions import Fraction

import pytest

from portfolio.formulas.wsjf import PARTS, SCALE, Job, Parts, Rank, Score, ranked, value_of, warnings, wsjf
from portfolio.models import SCORES, WSJF_PARTS, Initiative

A, B, C, D = (5, 8, 2, 3), (1, 1, 1, 1), (13, 5, 2, 8), (1, 2, 3, 2)


def test_value() -> None:
    assert wsjf(5, 8, 2, 3) == 5  # (5 + 8 + 2) ÷ 3 = 15 ÷ 3
    assert wsjf(1, 1, 2, 3) == Fraction(4, 3)  # exact: no rounding inside
    assert wsjf(1, 1, 1, 20) == Fraction(3, 20)


@pytest.mark.parametrize("parts", [(5, 8, 2, 0), (4, 8, 2, 3), (5, 8, 2, -1), (0, 1, 1, 1), (21, 1, 1, 1)])
def test_off_the_scale(parts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="is not a score: use 1, 2, 3, 5, 8, 13, 20"):
        wsjf(*parts)


def test_the_scale_and_the_parts_are_those_of_the_database() -> None:
    assert SCALE == SCORES
    assert tuple(PARTS) == WSJF_PARTS
    assert all(Initiative._meta.get_field(part) for part in PARTS)


@pytest.mark.parametrize("missing", range(4))
def test_one_part_missing(missing: int) -> None:
    parts: list[Score] = [5, 8, 2, 3]
    parts[missing] = None
    assert value_of((parts[0], parts[1], parts[2], parts[3])) is None


def jobs(*given: tuple[str, Parts, int | None]) -> list[Job]:
    return [Job(key, *one) for key, one in enumerate(given, 1)]


def names(given: list[Job]) -> str:
    by_key = {job.key: job.name for job in given}
    return "".join(by_key[rank.key] for rank in ranked(given))


def test_highest_first_and_missing_last() -> None:
    # a: 15 ÷ 3 = 5; b: 3 ÷ 1 = 3; c: 20 ÷ 8 = 2.5; u lacks its size
    given = jobs(("c", C, None), ("u", (20, 20, 20, None), None), ("b", B, None), ("a", A, None))
    assert names(given) == "abcu"
    assert ranked(given)[0] == Rank(4, 1, Fraction(5), 1, False)
    assert ranked(given)[3] == Rank(2, 4, None, None, False)


def test_ties_go_to_the_smaller_job_then_by_name() -> None:
    # all are 3: 3 ÷ 1, (1 + 2 + 3) ÷ 2, (3 + 3 + 3) ÷ 3
    given = jobs(("z", D, None), ("y", (3, 3, 3, 3), None), ("x", B, None), ("B", B, None), ("a", B, None))
    assert names(given) == "aBxzy"


@pytest.mark.parametrize(
    ("by_hand", "order"),
    [
        ({}, "abcd"),
        ({"d": 1}, "dabc"),
        ({"a": 3}, "bcad"),
        ({"a": 99}, "bcda"),  # beyond the end is the end
        ({"c": 2, "d": 2}, "acdb"),  # both want the second place: by WSJF
        ({"d": 1, "c": 1}, "cdab"),
        ({"a": 4, "b": 1}, "bcda"),
        ({"a": 98, "b": 97}, "cdba"),
        ({"a": 2, "b": 2, "c": 2, "d": 2}, "abcd"),
    ],
)
def test_a_rank_by_hand_keeps_the_computed_one(by_hand: dict[str, int], order: str) -> None:
    # 5, 3, 2.5, (1 + 1 + 2) ÷ 5 = 0.8
    scores: dict[str, Parts] = {"a": A, "b": B, "c": C, "d": (1, 1, 2, 5)}
    given = jobs(*((name, parts, by_hand.get(name)) for name, parts in scores.items()))
    assert names(given) == order
    assert {rank.key: rank.computed for rank in ranked(given)} == {1: 1, 2: 2, 3: 3, 4: 4}
    assert [rank.place for rank in ranked(given)] == [1, 2, 3, 4]


def test_what_is_not_scored_may_be_ranked_by_hand() -> None:
    given = jobs(("a", A, None), ("u", (None, None, None, None), 1))
    assert ranked(given)[0] == Rank(2, 1, None, None, True)


def test_nothing() -> None:
    assert ranked([]) == []
    assert warnings([]) == []


def said(*rows: Parts) -> list[tuple[str, str]]:
    return [(warning.part, warning.text.split(": ")[1][:9]) for warning in warnings(rows)]


def test_no_warning() -> None:
    # sizes 1, 1, 2, 3: two of four are 1, which is not more than half
    assert said((1, 2, 1, 1), (2, 1, 2, 1), (3, 3, 3, 2), (5, 5, 5, 3)) == []


def test_a_part_without_a_one() -> None:
    assert said((2, 1, 1, 1), (3, 2, 5, 3)) == [("business_value", "no 1. The")]


def test_all_equal() -> None:
    assert said((1, 1, 1, 1), (1, 2, 2, 2)) == [("business_value", "all score")]
    assert said((5, 1, 1, 1), (5, 2, 2, 2)) == [("business_value", "no 1. The"), ("business_value", "all score")]


def test_more_than_half_of_the_sizes_at_the_floor() -> None:
    # 2 of 3
    assert said((1, 1, 1, 1), (2, 2, 2, 1), (3, 3, 3, 2)) == [("job_size", "2 of 3 ar")]


def test_missing_scores_are_passed_over() -> None:
    assert said((None, 1, 1, 1), (2, None, 3, 2)) == [("business_value", "no 1. The")]
