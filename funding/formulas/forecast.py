"""What a budget will have cost when its quarter is over, by a straight line (docs/users/funding.md)."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

CENT = Decimal("0.01")
METHOD = "straight line: spent ÷ elapsed share of the quarter"


@dataclass(frozen=True, slots=True)
class Outlook:
    """Money as at a day: `forecast` and `over` (negative: under) to the cent, `over_share` of the budget.

    None is n/a, and `reason` says why; without a forecast there is no `over` either.
    """

    forecast: Decimal | None
    over: Decimal | None
    over_share: float | None
    spent_share: float | None
    reason: str = ""


def cents(value: Fraction) -> Decimal:
    """An exact amount of money, rounded to the cent (half to even)."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(CENT)


def outlook(spent: Decimal, budget: Decimal | None, elapsed: Fraction) -> Outlook:
    """Straight line: spent ÷ elapsed. 300 of 500 at 50 % of the quarter: 60 % spent, 600 expected, over by 100 (20 %).

    `elapsed` is the share of the quarter's calendar days that are over, 0…1.
    """
    share = float(Fraction(spent) / Fraction(budget)) if budget else None
    if elapsed == 0:
        return Outlook(None, None, None, share, "the quarter has not begun")
    exact = Fraction(spent) / elapsed
    forecast = cents(exact)
    if budget is None:
        return Outlook(forecast, None, None, None, "no budget is set")
    over_share = float((exact - Fraction(budget)) / Fraction(budget)) if budget else None
    reason = "" if budget else "the budget is 0: there is no share of it"
    return Outlook(forecast, forecast - budget, over_share, share, reason)
