"""Calendar quarters, by hand."""

from datetime import date
from fractions import Fraction

import pytest

from portfolio.quarters import Quarter


def test_a_quarter_knows_its_days_and_names() -> None:
    quarter = Quarter.of(date(2026, 11, 22))
    assert (quarter.first, quarter.last, quarter.days) == (date(2026, 10, 1), date(2026, 12, 31), 92)
    assert (quarter.name, quarter.slug) == ("Q4 2026", "2026-q4")
    assert quarter.next.first == date(2027, 1, 1)
    assert quarter.previous.slug == "2026-q3"


def test_elapsed_counts_whole_days() -> None:
    # Q1 2026 has 31 + 28 + 31 = 90 days; the 14th of February is its 45th.
    quarter = Quarter.of(date(2026, 2, 14))
    assert quarter.elapsed(date(2026, 2, 14)) == Fraction(1, 2)
    assert quarter.elapsed(date(2025, 12, 31)) == 0
    assert quarter.elapsed(date(2026, 1, 1)) == Fraction(1, 90)
    assert quarter.elapsed(date(2026, 4, 1)) == 1


@pytest.mark.parametrize("text", ["2026-q4", "2026Q4", " 2026-10-01 "])
def test_read(text: str) -> None:
    assert Quarter.read(text) == Quarter(date(2026, 10, 1))


@pytest.mark.parametrize("text", ["", "2026-q5", "2026-10-02", "0000-q1", "q4", "x" * 500])
def test_what_is_no_quarter_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no quarter"):
        Quarter.read(text)
