"""How a chance is written: everybody who shows one asks here."""

import math
from datetime import date

# Nobody can know better than this: what lies beyond is shown as "more than" or "less than".
MOST, LEAST = 0.95, 0.05


def shown_chance(chance: float | None) -> str:
    """A chance of 0…1 in words: "84 %", "> 95 %", "< 5 %", "n/a". Rounded down: never more than was found."""
    if chance is None or math.isnan(chance):
        return "n/a"
    if chance > MOST:
        return "> 95 %"
    if chance < LEAST:
        return "< 5 %"
    # A thousandth of a millionth is far above the error of the arithmetic, and far below what is shown.
    return f"{math.floor(chance * 100 + 1e-7)} %"


def shown_day(on: date | None, horizon: date) -> str:
    """A forecast's day in words: "4 Dec 2026"; one that lies behind what is looked at: "beyond 21 Nov 2036"."""
    at = on or horizon
    text = f"{at.day} {at:%b %Y}"
    return text if on else f"beyond {text}"
