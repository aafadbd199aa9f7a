"""Percentiles by nearest rank, and control limits of individual values (XmR)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from metrics.measurement import Number

Values = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Floats = npt.NDArray[np.float64]

DRAWN = (50, 70, 85, 95)
FEWEST_POINTS = 8
LIMIT_FACTOR = 2.66
RUN = 8
# So many in a row, of which all but one count.
NEAR_OF = 4
SIDES: tuple[Literal[1, -1], ...] = (1, -1)


def _number(value: np.int64 | np.float64) -> Number:
    """A Python number; whole ones of an integer array stay int."""
    return value.item()


def percentiles(values: Values, ranks: Iterable[int] = DRAWN) -> dict[int, Number]:
    """For each p: the smallest value such that at least p % of the values are ≤ it. Nothing for no values.

    Raises ValueError for a p outside 1…99.
    """
    ranks = list(ranks)
    if any(not 1 <= p <= 99 for p in ranks):
        raise ValueError("A percentile is a whole number from 1 to 99.")
    if not len(values):
        return {}
    ascending = np.sort(values)
    return {p: _number(ascending[-(-p * len(values) // 100) - 1]) for p in ranks}


def percentile(values: Values, p: int) -> Number | None:
    """The nearest-rank percentile, or None for no values."""
    return percentiles(values, [p]).get(p)


def median(values: Values) -> Number | None:
    """The 50th percentile by nearest rank, or None for no values."""
    return percentile(values, 50)


OUTSIDE = "outside a natural limit"
LONG_RUN = "8 in a row on one side of the centre"
NEAR_LIMIT = "3 of 4 nearer a limit than the centre"
# A value on a limit is inside it, whatever the last digit of a float says.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Signal:
    """Places in the series that together say the process changed; by which rule, and on which side of the centre."""

    places: tuple[int, ...]
    rule: str
    side: Literal[1, -1] = 1


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A process behaviour chart: centre and natural limits; `reason` when there are too few points."""

    centre: float | None = None
    lower: float | None = None
    upper: float | None = None
    signals: tuple[Signal, ...] = ()
    reason: str = ""


def behaviour(values: Sequence[Number], *, baseline: int | None = None) -> Behaviour:
    """Centre (mean) and limits (mean ± 2.66 × mean moving range) of values that cannot be negative.

    `baseline`: only the first so many values make the limits. A lower limit below 0 is drawn at 0, and no value lies
    below it. Signals: a value outside a limit; 8 in a row on one side of the centre (a value on it ends the row); 3 of
    4 in a row nearer the same limit than the centre, where what overlaps is one signal. Source: D. J. Wheeler,
    Understanding Variation (XmR charts).
    """
    points = np.asarray(values, dtype=np.float64)
    base = points[:baseline]
    if len(base) < FEWEST_POINTS:
        return Behaviour(reason=f"too little data: {len(base)} of {FEWEST_POINTS} points")
    centre = float(base.mean())
    reach = LIMIT_FACTOR * float(np.abs(np.diff(base)).mean())
    gaps = points - centre
    gaps[np.abs(gaps) < ROUNDING] = 0
    signals = [
        signal for side in SIDES for rule in (_outside, _runs, _near_limit) for signal in rule(gaps, reach, side)
    ]
    return Behaviour(centre, max(centre - reach, 0.0), centre + reach, tuple(sorted(signals, key=lambda s: s.places)))


def _outside(gaps: Floats, reach: float, side: Literal[1, -1]) -> list[Signal]:
    return [Signal((place,), OUTSIDE, side) for place in np.flatnonzero(gaps * side > reach + ROUNDING).tolist()]


def _runs(gaps: Floats, reach: float, side: Literal[1, -1]) -> list[Signal]:
    """Stretches of at least 8 in a row on one side."""
    flags = np.concatenate([[0], (np.sign(gaps) == side).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(flags)).reshape(-1, 2).tolist()
    return [Signal(tuple(range(low, high)), LONG_RUN, side) for low, high in edges if high - low >= RUN]


def _near_limit(gaps: Floats, reach: float, side: Literal[1, -1]) -> list[Signal]:
    """Stretches in which 3 of each 4 in a row are nearer the limit than the centre."""
    if reach <= 0 or len(gaps) < NEAR_OF:
        return []
    near = gaps * side > reach / 2 + ROUNDING
    full = np.lib.stride_tricks.sliding_window_view(near, NEAR_OF).sum(axis=1) >= NEAR_OF - 1
    found: list[list[int]] = []
    for low in np.flatnonzero(full).tolist():
        places = (low + np.flatnonzero(near[low : low + NEAR_OF])).tolist()
        if found and places[0] <= found[-1][-1]:
            found[-1] += [place for place in places if place > found[-1][-1]]
        else:
            found.append(places)
    return [Signal(tuple(places), NEAR_LIMIT, side) for places in found]
