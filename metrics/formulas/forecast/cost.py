"""How long the engine would take, told beforehand from the inputs alone: a page must not wait for what nobody reads.

In nanoseconds of one core, roughly (within twice what bench/forecast.py measures): what matters is the magnitude.
"""

from collections.abc import Mapping, Sequence
from math import prod, sqrt
from typing import NamedTuple

from metrics.formulas.forecast.shapes import Inputs, Line, Target, TeamInput

# A call of NumPy, and an element that one adds or multiplies.
CALL, ELEMENT = 2_000, 2
# Half a second: a page asks up to four times, for items and for the plan, each as it is and with a what-if.
MOST = 500_000_000
# So many standard deviations wide is what the engine keeps of a distribution (spread.NOTHING at both ends).
WIDE = 19
DRAWN_DAYS = 730


class _Day(NamedTuple):
    """What a day of some teams together brings: mean and variance, the numbers there can be, the largest less the
    smallest.
    """

    mean: float
    variance: float
    numbers: int
    reach: int

    def width(self, days: float) -> float:
        """How many numbers are told apart after so many days."""
        return min(WIDE * sqrt(days * self.variance) + self.reach, days * self.reach) + 1


def cost(inputs: Inputs) -> float:
    """The time, in nanoseconds, of engine.answer(inputs)."""
    queues = [_queue(inputs, line) for line in inputs.lines]
    fans = sum(_fan(target, queues) for target in inputs.targets if target.detail and target.parts)
    return sum(queue.cost for queue in queues) + fans + cost_of_counting(inputs)


def _day(teams: Sequence[TeamInput]) -> _Day:
    found = [_moments(team.counts or {0: 1}, float(team.factor)) for team in teams]
    reach = sum(one.reach for one in found)
    numbers = min(prod(one.numbers for one in found), reach + 1)
    return _Day(sum(one.mean for one in found), sum(one.variance for one in found), numbers, reach)


def _moments(counts: Mapping[int, int], factor: float) -> _Day:
    days = sum(counts.values())
    mean = sum(count * often for count, often in counts.items()) / days
    variance = sum(often * (count - mean) ** 2 for count, often in counts.items()) / days
    # A scaled count is its floor or its ceiling.
    numbers = len(counts) * (1 if factor == 1 else 2)
    reach = int((max(counts) - min(counts)) * factor) + (factor != 1)
    return _Day(mean * factor, variance * factor**2, numbers, reach)


def _worked(teams: Sequence[TeamInput], days: int) -> float:
    """About how many of the days somebody works."""
    return days * max(len(team.weekdays) for team in teams) / 7


def _unfolding(day: _Day, days: float, cap: float) -> float:
    """The time of spread.unfold: a day adds a copy of the distribution for each number; it widens as the root grows."""
    width = min(day.width(days) * 2 / 3, cap)
    return days * day.numbers * (CALL + ELEMENT * width)


class _Queue(NamedTuple):
    cost: float = 0
    items: int = 0
    days: float = 0
    width: float = 0


def _queue(inputs: Inputs, line: Line) -> _Queue:
    """A queue is followed until its last item is as good as certainly finished, or to the horizon."""
    teams = [inputs.teams[place] for place in line.teams]
    items = sum(part.items or 0 for part in line.parts)
    if not items or any(team.reason for team in teams):
        return _Queue()
    day, most = _day(teams), (inputs.horizon - inputs.today).days
    # The n for which n × mean − 6.3 × √(n × variance) reaches the items.
    root = (6.3 * sqrt(day.variance) + sqrt(39.7 * day.variance + 4 * day.mean * items)) / (2 * day.mean)
    days = min(root**2 + 1, _worked(teams, most))
    width = min(day.width(days), items)
    # Each day is also summed up and looked at for each part.
    looks = days * (10 * CALL + ELEMENT * width + 10 * len(line.parts))
    return _Queue(_unfolding(day, days, items) + looks + 20 * items, items, days, width)


def _fan(target: Target, queues: Sequence[_Queue]) -> float:
    """Each day drawn adds up what is finished in each queue: a copy of one distribution for each number of another."""
    parts = sorted((queues[line] for line in {line for line, _ in target.parts}), key=lambda queue: -queue.items)
    days = min(max(queue.days for queue in parts) * 7 / 5, DRAWN_DAYS)
    total, time = 0, 0.0
    for queue in parts:
        copies = min(queue.width, total) / 2
        total += queue.items
        time += 10 * CALL + ELEMENT * 3 * (queue.width + queue.items) + copies * (CALL + ELEMENT * total)
    return days * time


def cost_of_counting(inputs: Inputs) -> float:
    """The part of it that “how many by a day” takes."""
    if not inputs.counting or inputs.by is None:
        return 0
    teams = [inputs.teams[place] for place in inputs.counting]
    day, days = _day(teams), _worked(teams, (inputs.by - inputs.today).days)
    return _unfolding(day, days, float("inf")) + days * (20 * CALL + 5 * ELEMENT * day.width(days))
