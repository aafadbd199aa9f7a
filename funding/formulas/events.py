"""Participatory budgeting: equal shares, and what is funded in full."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

CENT = Decimal("0.01")


def share_of(budget: Decimal, people: int) -> Decimal:
    """Everybody's equal share of the budget of a group, rounded down to the cent: 100 for 3 people is 33.33 each.

    0 for a group without people.
    """
    return (budget / people).quantize(CENT, ROUND_DOWN) if people else Decimal(0)


class Outcome(NamedTuple):
    """What a group funds: keys of items with pledges up to their cost; amounts of money.

    `spent` is the cost of what is funded, `partial` lies on items that are not, `left` is all of the budget that funds
    nothing (partial pledges too).
    """

    funded: frozenset[int]
    spent: Decimal
    partial: Decimal
    left: Decimal


def outcome(budget: Decimal, costs: Mapping[int, Decimal], pledged: Mapping[int, Decimal]) -> Outcome:
    """An item is funded only in full: when its pledges reach its cost."""
    funded = frozenset(key for key, cost in costs.items() if pledged.get(key, Decimal(0)) >= cost)
    spent = sum((costs[key] for key in funded), Decimal(0))
    partial = sum((amount for key, amount in pledged.items() if key not in funded), Decimal(0))
    return Outcome(funded, spent, partial, budget - spent)
