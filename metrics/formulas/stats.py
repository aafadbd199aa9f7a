"""Percentiles by nearest rank, and control limits of individual values (XmR)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metrics.measurement import Number

Values = npt.NDArray[np.int64] | npt.NDArray[np.float64]

DRAWN = (50, 70, 85, 95)
FEWEST_POINTS = 8
LIMIT_FACTOR = 2.66
RUN = 8


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


@dataclass(frozen=True, slots=True)
class Signal:
    """Places in the series that together say the process changed, and by which rule."""

    places: tuple[int, ...]
    rule: str


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

    `baseline`: only the first so many values make the limits. A lower limit below 0 is drawn at 0. Signals: a value
    outside a limit; 8 in a row on one side of the centre; 3 of 4 in a row nearer the same limit than the centre.
    """
    points = np.asarray(values, dtype=np.float64)
    base = points[:baseline]
    if len(base) < FEWEST_POINTS:
        return Behaviour(reason=f"too little data: {len(base)} of {FEWEST_POINTS} points")
    centre = float(base.mean())
    reach = LIMIT_FACTOR * float(np.abs(np.diff(base)).mean())
    signals = (*_outside(points, centre, reach), *_runs(points - centre), *_near_limit(points - centre, reach))
    return Behaviour(centre, max(centre - reach, 0.0), centre + reach, signals)


def _outside(points: npt.NDArray[np.float64], centre: float, reach: float) -> list[Signal]:
    places = np.flatnonzero(np.abs(points - centre) > reach)
    return [Signal((int(place),), "outside a natural limit") for place in places]


def _runs(gaps: npt.NDArray[np.float64]) -> list[Signal]:
    """Stretches of at least 8 in a row on one side."""
    found = []
    for side in (1, -1):
        flags = np.concatenate([[0], (np.sign(gaps) == side).astype(np.int8), [0]])
        edges = np.flatnonzero(np.diff(flags)).reshape(-1, 2).tolist()
        found += [
            Signal(tuple(range(low, high)), "8 in a row on one side of the centre")
            for low, high in edges
            if high - low >= RUN
        ]
    return found


def _near_limit(gaps: npt.NDArray[np.float64], reach: float) -> list[Signal]:
    """3 of 4 in a row nearer the same limit than the centre."""
    found = []
    for side in (1, -1):
        near = gaps * side > reach / 2
        for low in range(len(gaps) - 3):
            if near[low : low + 4].sum() >= 3 and reach > 0:
                places = tuple(int(low + place) for place in np.flatnonzero(near[low : low + 4]))
                found.append(Signal(places, "3 of 4 nearer a limit than the centre"))
    return list(dict.fromkeys(found))
