"""The straight-line forecast, by hand."""

from decimal import Decimal
from fractions import Fraction

from funding.formulas.forecast import outlook


def test_the_example_of_the_definitions() -> None:
    # 300 of 500 at 50 %: 300 ÷ 500 = 60 % spent; 300 ÷ ½ = 600; 600 − 500 = 100 over; 100 ÷ 500 = 20 %.
    found = outlook(Decimal(300), Decimal(500), Fraction(1, 2))
    assert (found.forecast, found.over, found.over_share, found.spent_share) == (Decimal(600), Decimal(100), 0.2, 0.6)


def test_under_is_negative() -> None:
    # 100 ÷ ¼ = 400; 400 − 500 = −100; −100 ÷ 500 = −20 %.
    found = outlook(Decimal(100), Decimal(500), Fraction(1, 4))
    assert (found.forecast, found.over, found.over_share) == (Decimal(400), Decimal(-100), -0.2)


def test_before_the_quarter_nothing_can_be_said() -> None:
    found = outlook(Decimal(0), Decimal(500), Fraction(0))
    assert (found.forecast, found.over, found.over_share) == (None, None, None)
    assert found.reason == "the quarter has not begun"


def test_without_a_budget_there_is_a_forecast_but_nothing_over() -> None:
    found = outlook(Decimal(300), None, Fraction(1, 2))
    assert (found.forecast, found.over, found.reason) == (Decimal(600), None, "no budget is set")


def test_a_budget_of_zero_has_no_share() -> None:
    found = outlook(Decimal(10), Decimal(0), Fraction(1, 2))
    assert (found.forecast, found.over, found.over_share) == (Decimal(20), Decimal(20), None)
    assert "no share" in found.reason


def test_cents_are_rounded_once() -> None:
    # 100 ÷ (30 ÷ 90) = 300 exactly; 100 ÷ (31 ÷ 90) = 290.3225… = 290.32.
    assert outlook(Decimal(100), Decimal(300), Fraction(30, 90)).over == 0
    assert outlook(Decimal(100), Decimal(300), Fraction(31, 90)).forecast == Decimal("290.32")
