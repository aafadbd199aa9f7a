"""Whether forecasts were right as often as they said: Brier score and reliability table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FEWEST = 10
BINS = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts whose stated chance lies in [low, high) (the last bin includes 1): how many, what they said on average

    and what share of them was kept (None: there is none). The same of the people's votes, binned by themselves.
    """

    low: float
    high: float
    n: int
    stated: float | None
    kept: float | None
    votes_n: int
    votes_stated: float | None
    votes_kept: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """`brier`: mean squared distance of what was stated from what came (0 best, 0.25 a coin's), over `n` forecasts.

    `votes_brier` is that of the people's votes over the `votes_n` forecasts that have votes, and `voted_brier` that of
    the forecasts on just those, so that the two compare. None: n/a, and `reason` or `votes_reason` says why.
    """

    n: int
    kept: int
    brier: float | None
    reason: str
    votes_n: int
    votes_brier: float | None
    voted_brier: float | None
    votes_reason: str
    bins: tuple[Bin, ...]


def calibrate(stated: Floats, kept: npt.NDArray[np.bool_], votes: Floats) -> Calibration:
    """How well chances (0…1) matched what came; `votes` are those of the people (NaN: nobody voted)."""
    came = kept.astype(np.float64)
    voted = ~np.isnan(votes)
    n, of_votes = len(stated), int(voted.sum())
    return Calibration(
        n=n,
        kept=int(kept.sum()),
        brier=_brier(stated, came) if n >= FEWEST else None,
        reason="" if n >= FEWEST else f"too little data: {n} of {FEWEST} forecasts with a known outcome",
        votes_n=of_votes,
        votes_brier=_brier(votes[voted], came[voted]) if of_votes >= FEWEST else None,
        voted_brier=_brier(stated[voted], came[voted]) if of_votes >= FEWEST else None,
        votes_reason="" if of_votes >= FEWEST else f"too little data: {of_votes} of {FEWEST} forecasts with votes",
        bins=tuple(_bin(number, stated, came, votes[voted], came[voted]) for number in range(BINS)),
    )


def _brier(stated: Floats, came: Floats) -> float:
    return round(float(np.mean((stated - came) ** 2)), 6)


def _bin(number: int, stated: Floats, came: Floats, votes: Floats, came_of_votes: Floats) -> Bin:
    of_stated, of_votes = _within(number, stated), _within(number, votes)
    return Bin(
        number / BINS,
        (number + 1) / BINS,
        int(of_stated.sum()),
        _mean(stated[of_stated]),
        _mean(came[of_stated]),
        int(of_votes.sum()),
        _mean(votes[of_votes]),
        _mean(came_of_votes[of_votes]),
    )


def _within(number: int, chances: Floats) -> npt.NDArray[np.bool_]:
    # 0.7 × 10 is a hair above 7 and 0.29 × 100 a hair below 29: what is on the edge belongs above it.
    place = np.minimum(np.floor(chances * BINS + 1e-9), BINS - 1)
    inside: npt.NDArray[np.bool_] = place == number
    return inside


def _mean(values: Floats) -> float | None:
    return round(float(values.mean()), 6) if len(values) else None


def mean_vote(fists: Sequence[float]) -> float:
    """Fists of 1…5 as the chance their owners give: 10, 30, 50, 70, 90 %, on average. Raises ValueError in words."""
    if not fists:
        raise ValueError("There are no votes.")
    if any(not 1 <= fist <= 5 for fist in fists):
        raise ValueError("A vote is a number of fingers from 1 to 5.")
    return round(sum(2 * fist - 1 for fist in fists) / (10 * len(fists)), 6)
