"""Guardrail 1: shares of spend per horizon against their targets, and what would bring them back (funding.md)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from funding.formulas.forecast import cents

HORIZONS = ("h0", "h1", "h2", "h3")
# All subsets of so many candidates are tried; more are left out, the lowest ranks first.
MOST_CANDIDATES = 16
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Target(NamedTuple):
    """Which share of spend a horizon should have, ± `tolerance`: both in per cent."""

    share: int
    tolerance: int


class Share(NamedTuple):
    """A horizon's spend and its share (0…1) against its target; `deviation` in percentage points, above is positive.

    Without a target there is neither `deviation` nor `is_off`.
    """

    horizon: str
    amount: Decimal
    share: Fraction
    target: Target | None
    deviation: Fraction | None
    is_off: bool


class Balance(NamedTuple):
    """The shares of all horizons; `total` is what they are shares of, `move` the money to move (None: no targets)."""

    shares: tuple[Share, ...]
    total: Decimal
    move: Decimal | None

    @property
    def off(self) -> list[Share]:
        """The horizons outside their tolerance."""
        return [share for share in self.shares if share.is_off]


def balance(amounts: Mapping[str, Decimal], targets: Mapping[str, Target]) -> Balance | None:
    """The shares of spend by horizon; None when the horizons got nothing (or less, by credits) together.

    Money to move = ½ Σ |share − target share| × total: what lies above its target has to go to what lies below.
    Spend without a horizon is none of `amounts`.
    """
    exact = {horizon: Fraction(amounts.get(horizon, Decimal(0))) for horizon in HORIZONS}
    total = sum(exact.values(), Fraction(0))
    if total <= 0:
        return None
    shares = tuple(_share(horizon, exact[horizon], total, targets.get(horizon)) for horizon in HORIZONS)
    off = sum((abs(share.deviation) for share in shares if share.deviation is not None), Fraction(0))
    return Balance(shares, cents(total), cents(off / 200 * total) if targets else None)


def _share(horizon: str, amount: Fraction, total: Fraction, target: Target | None) -> Share:
    share = amount / total
    deviation = None if target is None else 100 * share - target.share
    is_off = target is not None and deviation is not None and abs(deviation) > target.tolerance
    return Share(horizon, cents(amount), share, target, deviation, is_off)


def at_the_end(
    spent: Mapping[str, Decimal], recent: Mapping[str, Decimal], days: int, left: int
) -> dict[str, Decimal] | None:
    """What each horizon will have got when the quarter is over: spent so far + recent ÷ days × working days left.

    `recent` was spent in the last `days` working days. None without such days while there are days left.
    """
    if left and not days:
        return None
    pace = {horizon: Fraction(recent.get(horizon, Decimal(0))) / max(days, 1) for horizon in HORIZONS}
    return {horizon: cents(Fraction(spent.get(horizon, Decimal(0))) + pace[horizon] * left) for horizon in HORIZONS}


class Candidate(NamedTuple):
    """An initiative that could be started, in the order of its rank; `purse` is whose money pays it (an index)."""

    key: int
    purse: int
    horizon: str
    cost: Decimal
    wsjf: Fraction


class Suggestion(NamedTuple):
    """Which candidates restore the balance. `base` would be started by rank alone; both are keys in their order.

    `restores`: all horizons are inside their tolerance with it. `loss` = Σ WSJF(base) − Σ WSJF(chosen), at least 0
    where `base` was among the choices.
    """

    chosen: tuple[int, ...]
    base: tuple[int, ...]
    restores: bool
    loss: Fraction
    left_out: int


def suggest(
    candidates: Sequence[Candidate],
    spent: Mapping[str, Decimal],
    targets: Mapping[str, Target],
    purses: Sequence[Decimal],
) -> Suggestion:
    """The subset of candidates, within the money of each purse, that brings all horizons inside their tolerance.

    Of several the one with the largest Σ WSJF; when none does, the one with the smallest total deviation. Shares are
    those of `spent` plus the cost of what is chosen. Exact: every subset is tried. Ties: more WSJF, less cost, then
    the better ranks. `base` is greedy by rank: each next one that its purse can still pay.
    """
    known = candidates[:MOST_CANDIDATES]
    bits = _subsets(len(known))
    fits = _affordable(bits, known, purses)
    off, inside = _deviations(bits, known, spent, targets)
    worth = _worth(bits, known)
    cost = bits @ np.array([_units(one.cost) for one in known], dtype=np.int64)
    rank = np.where(inside & fits, 0, 1)
    # Deviations are compared to a billionth of a percentage point.
    miss = np.where(inside, 0.0, np.round(off, 9))
    order = np.lexsort((np.arange(len(bits))[::-1], cost, -worth, miss, rank, ~fits))
    best, base = int(order[0]), _greedy(known, purses)
    chosen = tuple(one.key for one, taken in zip(known, bits[best], strict=True) if taken)
    wsjf = {one.key: one.wsjf for one in known}
    loss = sum((wsjf[key] for key in base), Fraction(0)) - sum((wsjf[key] for key in chosen), Fraction(0))
    return Suggestion(chosen, base, bool(inside[best]), loss, len(candidates) - len(known))


def _units(amount: Decimal) -> int:
    """Cents."""
    return int(amount * 100)


def _subsets(n: int) -> Ints:
    """All subsets of n things: int64[2^n, n] of 0 and 1; the first thing is the highest bit."""
    return np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1


def _affordable(bits: Ints, known: Sequence[Candidate], purses: Sequence[Decimal]) -> Flags:
    """Which subsets every purse can pay."""
    cost = np.zeros((len(known), len(purses)), dtype=np.int64)
    for place, one in enumerate(known):
        cost[place, one.purse] = _units(one.cost)
    most = np.array([_units(purse) for purse in purses], dtype=np.int64)
    return _everywhere(bits @ cost <= most)


def _everywhere(flags: Flags) -> Flags:
    """Per row: whether all of it holds."""
    return np.asarray(flags.all(axis=1), dtype=np.bool_)


def _worth(bits: Ints, known: Sequence[Candidate]) -> Ints:
    """Σ WSJF of each subset, exactly: on the least common denominator of them all."""
    common = int(np.lcm.reduce([one.wsjf.denominator for one in known] or [1]))
    return bits @ np.array([int(one.wsjf * common) for one in known], dtype=np.int64)


def _deviations(
    bits: Ints, known: Sequence[Candidate], spent: Mapping[str, Decimal], targets: Mapping[str, Target]
) -> tuple[Floats, Flags]:
    """Per subset: the sum of absolute deviations (percentage points), and whether all are inside their tolerance."""
    cost = np.zeros((len(known), len(HORIZONS)), dtype=np.int64)
    for place, one in enumerate(known):
        cost[place, HORIZONS.index(one.horizon)] = _units(one.cost)
    amounts = bits @ cost + np.array([_units(spent.get(horizon, Decimal(0))) for horizon in HORIZONS], dtype=np.int64)
    total = np.maximum(amounts.sum(axis=1), 1)[:, None]
    aims = [targets.get(horizon) for horizon in HORIZONS]
    wanted = np.array([aim.share if aim else 0 for aim in aims], dtype=np.int64)
    most = np.array([aim.tolerance if aim else 0 for aim in aims], dtype=np.int64)
    counts = np.array([aim is not None for aim in aims])
    # Whole numbers decide what is inside: a share just on its limit is not lost to rounding.
    away = np.abs(100 * amounts - wanted * total)
    inside = _everywhere((away <= most * total) | ~counts)
    return np.where(counts, away / total, 0.0).sum(axis=1), inside


def _greedy(known: Sequence[Candidate], purses: Sequence[Decimal]) -> tuple[int, ...]:
    left, taken = list(purses), []
    for one in known:
        if one.cost <= left[one.purse]:
            left[one.purse] -= one.cost
            taken.append(one.key)
    return tuple(taken)
