"""How many items are finished after so many days: the exact distribution, one convolution a day.

Days are independent draws from a team's histogram of daily finishes. A day adds, for each count of the histogram, a
shifted and weighted copy of the distribution: only IEEE products and sums of single elements, in a fixed order, so the
same inputs give the same bits everywhere (no FFT, no BLAS). Entries below 1e-20 at either end are cut off. With ten
years of days the error stays below 1e-10; chances are rounded to 9 decimals before anything is compared or kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NOTHING = 1e-20
DECIMALS = 9
# Rounds to 1.
CERTAIN = 1 - 4e-10


class Spread(NamedTuple):
    """P(lowest), P(lowest + 1) …: what is missing to 1 lies above."""

    lowest: int
    mass: Floats

    def below(self, numbers: Ints) -> Floats:
        """P(fewer than n) for each n."""
        sums = np.zeros(len(self.mass) + 1)
        self.mass.cumsum(out=sums[1:])
        found: Floats = sums[np.minimum(np.maximum(numbers - self.lowest, 0), len(self.mass))]
        return found

    def at_least(self, ranks: Sequence[int]) -> Ints:
        """Per rank p the largest n with P(at least n) ≥ p %."""
        reached = rounded(1.0 - self.mass.cumsum())
        wanted = np.array(ranks, dtype=np.float64) / 100
        found: Ints = self.lowest + (reached[None, :] >= wanted[:, None]).sum(axis=1)
        return found


START = Spread(0, np.ones(1))


def rounded(chances: Floats) -> Floats:
    """Chances as they are compared and kept: 9 decimals, within 0…1."""
    # Adding 0 turns the -0 of a rounded speck below 0 into 0.
    return np.minimum(np.maximum(chances.round(DECIMALS), 0.0), 1.0) + 0.0


def kernel(counts: Mapping[int, int], factor: Fraction) -> Floats:
    """The distribution of one working day's finishes, from `counts` (finished in a day → days), scaled by `factor`.

    A count of k becomes k × factor: its floor or its ceiling, so that the mean is exact. A larger factor makes no
    number less likely to be reached. Raises ValueError for no days.
    """
    days = sum(counts.values())
    if not days:
        raise ValueError("A histogram needs a day.")
    weights: dict[int, int] = {}
    for count, often in counts.items():
        whole, part = divmod(count * factor.numerator, factor.denominator)
        weights[whole] = weights.get(whole, 0) + often * (factor.denominator - part)
        weights[whole + 1] = weights.get(whole + 1, 0) + often * part
    most = max(count for count, weight in weights.items() if weight)
    return np.array([weights.get(count, 0) / (days * factor.denominator) for count in range(most + 1)])


def plus(spread: Spread, day: Floats, cap: int | None) -> Spread:
    """The distribution after one more day; numbers from `cap` on are not told apart."""
    size = len(spread.mass) + len(day) - 1
    room = size if cap is None else max(cap - spread.lowest, 0)
    mass = np.zeros(min(size, room))
    for count in day.nonzero()[0].tolist():
        width = min(len(spread.mass), len(mass) - count)
        if width > 0:
            mass[count : count + width] += spread.mass[:width] * day[count]
    return _trimmed(Spread(spread.lowest, mass), is_cut=size >= room and cap is not None)


def _trimmed(spread: Spread, *, is_cut: bool) -> Spread:
    """Without what is next to nothing at the ends; where the cap cut it, the upper end is not one."""
    kept = (spread.mass >= NOTHING).nonzero()[0]
    low = int(kept[0]) if len(kept) else len(spread.mass)
    high = len(spread.mass) if is_cut or not len(kept) else int(kept[-1]) + 1
    return Spread(spread.lowest + low, spread.mass[low:high])


def unfold(kernels: Sequence[Floats], worked: Sequence[Flags], cap: int | None = None) -> Iterator[Spread]:
    """The spread at the end of each day. Per team: its day's distribution and which days it works; teams add up."""
    together: dict[tuple[bool, ...], Floats] = {}
    spread = START
    for present in zip(*(flags.tolist() for flags in worked), strict=True):
        if any(present):
            if present not in together:
                together[present] = _together([one for one, here in zip(kernels, present, strict=True) if here])
            spread = plus(spread, together[present], cap)
        yield spread


def _together(kernels: Sequence[Floats]) -> Floats:
    """The distribution of the sum of independent draws."""
    total = START
    for one in kernels:
        total = plus(total, one, None)
    return np.concatenate([np.zeros(total.lowest), total.mass])


def added(one: Floats, other: Floats) -> Floats:
    """The distribution of the sum of two independent numbers from 0 on."""
    if len(one) < len(other):
        one, other = other, one
    mass = np.zeros(len(one) + len(other) - 1)
    for count in np.flatnonzero(other).tolist():
        mass[count : count + len(one)] += one * other[count]
    return mass
