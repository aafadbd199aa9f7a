"""How likely a key result lands: the trend of its check-ins and what linked work adds (DEFINITIONS §5).

Pure: 10,000 trials from a seed that is an argument, so the same inputs give the same bytes. A trial is the last value,
plus weekly changes drawn from those that were seen, plus the lift of each piece of work that lands in it. What is
drawn for the trend and for each piece of work comes from generators of their own: a larger lift or a likelier landing
never takes a trial away.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from metrics.formulas.stats import percentiles

FORMULA = "trials-1"
TRIALS = 10_000
# Weekly changes below this number say nothing.
FEWEST_CHANGES = 4
# The end values between these percentiles (nearest rank) are the interval.
LOW, HIGH = 5, 95
# Sums of floats miss a target that they reach by this share of it.
SLACK = 1e-9

Floats = npt.NDArray[np.float64]


class Work(NamedTuple):
    """A piece of linked work: lands by the last day with `chance` (0…1), and then moves the value by `lift`."""

    id: str
    lift: float
    chance: float


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a chance depends on. `value` as at the last check-in, `days` from there to the last day of the cycle.

    `changes` are weekly. Reached is an end value from `least` to `most` (None: no edge on that side).
    """

    value: float
    days: int
    changes: tuple[float, ...]
    works: tuple[Work, ...] = ()
    least: float | None = None
    most: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Trials:
    """`share` of the trials that reach the target (0…1) with its standard error; mean and 5th to 95th percentile of
    the end values.
    """

    share: float
    error: float
    expected: float
    low: float
    high: float


class Changes(NamedTuple):
    """Weekly changes, oldest first, and how many weeks were left out because linked work landed in them."""

    values: tuple[float, ...]
    left_out: int


def week_of(day: date) -> int:
    """The number of the week (Monday to Sunday) that a day is in; the next week has the next number."""
    return (day.toordinal() - 1) // 7


def weekly_changes(days: Sequence[date], values: Sequence[float], landings: Collection[date], until: date) -> Changes:
    """How the current value moved from Sunday to Sunday, over the weeks that are over at the end of `until`.

    `days` rise. Between two check-ins more than a week apart the change is spread evenly over the weeks; where linked
    work landed in one of those, none of them tells the trend, and all are left out.
    """
    last_week = week_of(until) if until.isoweekday() == 7 else week_of(until) - 1
    by_week = {week_of(day): value for day, value in zip(days, values, strict=True)}
    known = [(week, value) for week, value in sorted(by_week.items()) if week <= last_week]
    landed = {week_of(day) for day in landings}
    found: list[float] = []
    left_out = 0
    for (begin, before), (end, after) in pairwise(known):
        if any(begin < week <= end for week in landed):
            left_out += end - begin
        else:
            found += [(after - before) / (end - begin)] * (end - begin)
    return Changes(tuple(found), left_out)


def run(inputs: Inputs) -> Trials:
    """The trials. Raises ValueError without any weekly change; how many are enough is the caller's to say."""
    if not inputs.changes:
        raise ValueError("no weekly change to draw from")
    ends = inputs.value + _trend(inputs) + _lifts(inputs)
    share = float(_reached(ends, inputs).mean())
    edges = percentiles(ends, (LOW, HIGH))
    error = math.sqrt(share * (1 - share) / TRIALS)
    return Trials(share, error, float(ends.mean()), float(edges[LOW]), float(edges[HIGH]))


def _trend(inputs: Inputs) -> Floats:
    """What the weeks bring in each trial; the days of a week that is not whole bring that part of a change."""
    whole, rest = divmod(max(inputs.days, 0), 7)
    draws = _generator(inputs.seed, "trend")
    changes, often = np.unique(np.array(inputs.changes, dtype=np.float64), return_counts=True)
    # Which weeks bring which change makes no difference to their sum: how often each is drawn is enough.
    sums = draws.multinomial(whole, often / often.sum(), TRIALS) @ changes
    part = np.repeat(changes, often)[draws.integers(0, len(inputs.changes), TRIALS)] * (rest / 7)
    total: Floats = sums + part
    return total


def _lifts(inputs: Inputs) -> Floats:
    total = np.zeros(TRIALS)
    for work in sorted(inputs.works):
        total += work.lift * (_generator(inputs.seed, work.id).random(TRIALS) < work.chance)
    return total


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, crc32(name.encode())])))


def _reached(ends: Floats, inputs: Inputs) -> npt.NDArray[np.bool_]:
    inside = np.ones(len(ends), dtype=np.bool_)
    if inputs.least is not None:
        inside &= ends >= inputs.least - _slack(inputs.least, inputs.value)
    if inputs.most is not None:
        inside &= ends <= inputs.most + _slack(inputs.most, inputs.value)
    return inside


def _slack(edge: float, value: float) -> float:
    return SLACK * max(abs(edge), abs(value), abs(edge - value))


def all_land(chances: Sequence[float]) -> float:
    """The chance that several pieces of work all land, each on its own: never above that of the least likely."""
    return math.prod(chances)
