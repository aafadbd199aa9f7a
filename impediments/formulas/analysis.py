"""What impediments have in common: usual times, levels left in time, causes that come back, the few that cost most."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from metrics.formulas import stats
from metrics.formulas.blocked import grouped

# So many alike come back.
RECURS = 2


@dataclass(frozen=True, slots=True)
class Usual:
    """Median, 85th percentile and largest of `n` times, by nearest rank; None without any."""

    n: int
    median: float | None
    p85: float | None
    most: float | None


def usual(times: Sequence[float]) -> Usual:
    """What is usual of times in any unit."""
    values = np.asarray(times, dtype=np.float64)
    found = stats.percentiles(values, (50, 85))
    return Usual(len(values), found.get(50), found.get(85), float(values.max()) if len(values) else None)


@dataclass(frozen=True, slots=True)
class Left:
    """How stays at a level ended: `n` had a limit, `in_time` before it was reached; `free` had none.

    `used` are business hours of those with a limit.
    """

    n: int
    in_time: int
    free: int
    used: Usual

    @property
    def share(self) -> float | None:
        return self.in_time / self.n if self.n else None


def left_in_time(levels: Sequence[int], used: Sequence[float], limits: Sequence[float | None]) -> dict[int, Left]:
    """Per level how its stays ended; `used` and `limits` in hours. A limit that is reached is not kept."""
    found = {}
    for level in sorted(set(levels)):
        own = [(spent, limit) for one, spent, limit in zip(levels, used, limits, strict=True) if one == level]
        limited = [(spent, limit) for spent, limit in own if limit is not None]
        in_time = sum(spent < limit for spent, limit in limited)
        found[level] = Left(len(limited), in_time, len(own) - len(limited), usual([spent for spent, _ in limited]))
    return found


def alike(texts: Sequence[str]) -> list[list[int]]:
    """The places of texts that say the same in other words (metrics.formulas.blocked), the largest group first."""
    counts = Counter(texts)
    given = sorted(counts)
    leader = dict(zip(given, grouped(given, [counts[text] for text in given]), strict=True))
    groups: dict[int, list[int]] = {}
    for place, text in enumerate(texts):
        groups.setdefault(leader[text], []).append(place)
    return sorted(groups.values(), key=lambda places: (-len(places), places[0]))


def commonest(texts: Sequence[str]) -> str:
    """The text that comes most often, of several the first by the alphabet; "" for none."""
    counts = Counter(texts)
    return min(counts, key=lambda text: (-counts[text], text), default="")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole: its own share, and that of it and all larger ones."""

    name: str
    value: float
    share: float
    together: float


def shares(parts: Mapping[str, float]) -> list[Share]:
    """The parts from the largest, without those of 0."""
    kept = sorted(((name, value) for name, value in parts.items() if value > 0), key=lambda pair: (-pair[1], pair[0]))
    whole, so_far, found = sum(value for _, value in kept), 0.0, []
    for name, value in kept:
        so_far += value
        found.append(Share(name, value, value / whole, so_far / whole))
    return found


def vital(found: Sequence[Share], most: float = 0.8) -> int:
    """How many of the largest parts make up at least `most` of the whole."""
    # A share that adds up to it in rounding reaches it.
    return next((n for n, one in enumerate(found, 1) if one.together >= most - 1e-9), len(found))
