"""Money as pages show it: whole units where cents say nothing, shares in per cent."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from django import template

from core.templatetags.ui import amount, money

register = template.Library()


@register.filter
def whole(value: object) -> Decimal | None:
    """An amount rounded to whole units of the currency; None stays None."""
    if value is None or value == "":
        return None
    exact = (
        Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else Decimal(str(value))
    )
    return exact.quantize(Decimal(1), ROUND_HALF_EVEN)


@register.filter
def whole_money(value: object) -> str:
    """Whole units with the currency: 12,345 EUR."""
    return money(whole(value))


@register.filter
def whole_amount(value: object) -> str:
    """Whole units without the currency: 12,345."""
    return amount(whole(value))


@register.filter
def per_cent(share: Fraction | float | None) -> str:
    """A share (1 is all) in per cent, without decimals; below one per cent "< 1 %"."""
    if share is None:
        return "n/a"
    value = 100 * float(share)
    text = "< 1" if 0 < value < 0.5 else str(round(value)).replace("-", "\u2212")
    return f"{text}\u00a0%"


@register.filter
def points(value: Fraction | float | None) -> str:
    """A deviation in percentage points with its sign: +12, −5."""
    if value is None:
        return "n/a"
    rounded = round(float(value))
    return "0" if not rounded else f"{rounded:+d}".replace("-", "\u2212")
