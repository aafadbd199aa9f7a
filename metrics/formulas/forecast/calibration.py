"""Whether forecasts were right as often as they said: Brier score and reliability table."""

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
