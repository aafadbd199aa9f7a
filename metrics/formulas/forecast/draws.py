"""What a team has finished by the end of each iteration, per trial: drawn by the inverse of its exact distribution
(spread.py), from one uniform number per trial, team and iteration. Kept in memory: a moved card changes none of it.
"""

import hashlib
from fractions import Fraction
from functools import lru_cache

import numpy as np

from metrics.formulas.forecast.spread import Floats, Ints, kernel, unfold

# Draws of a team and an iteration kept in memory: 40 kB each.
KEPT_DRAWS = 512
# Teams whose progress is kept in memory: 40 kB for each iteration.
KEPT_TEAMS = 128
# Items finished in a day → on how many days.
Histogram = tuple[tuple[int, int], ...]


@lru_cache(KEPT_TEAMS)
def progress(
    seed: int, trials: int, slug: str, counts: Histogram, factor: tuple[int, int], days: tuple[int, ...]
) -> Ints:
    """Per iteration and trial: items that a team has finished by its end. A moved card changes none of it."""
    rows = [draws(seed, trials, slug, place, counts, factor, worked) for place, worked in enumerate(days)]
    return np.array(rows, dtype=np.int32).reshape(len(rows), trials).cumsum(axis=0, dtype=np.int32)


@lru_cache(KEPT_DRAWS)
def draws(
    seed: int, trials: int, slug: str, iteration: int, counts: Histogram, factor: tuple[int, int], days: int
) -> Ints:
    """Per trial: items that a team finishes in so many working days; the inverse of their exact distribution."""
    if not days or not counts:
        return np.zeros(trials, dtype=np.int32)
    sums = distribution(counts, factor, days)
    drawn = np.searchsorted(sums, uniform(seed, f"team {slug}", iteration, trials), side="right")
    # What the rounding of the sum leaves above it is the largest number there is.
    return np.minimum(drawn, len(sums) - 1).astype(np.int32)


def distribution(counts: Histogram, factor: tuple[int, int], days: int) -> Floats:
    """P(at most n) for n = 0, 1, 2 …: items finished in so many working days."""
    day = kernel(dict(counts), Fraction(*factor))
    [*_, last] = unfold([day], [np.ones(days, dtype=np.bool_)])
    sums: Floats = np.concatenate([np.zeros(last.lowest), last.mass.cumsum()])
    return sums


@lru_cache(KEPT_DRAWS)
def uniform(seed: int, who: str, iteration: int, trials: int) -> Floats:
    """Numbers in [0, 1), one per trial: the same for the same arguments, on every machine and version of NumPy."""
    words = np.frombuffer(hashlib.sha256(f"{seed}/{who}/{iteration}".encode()).digest(), dtype="<u4")
    raw = np.random.PCG64(np.random.SeedSequence(words.tolist())).random_raw(trials)
    return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
