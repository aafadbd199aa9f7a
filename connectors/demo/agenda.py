"""The agenda of a simulation: what happens when, in a fixed order, and never later than its end.

What is on it depends on the past alone, so a run that ends later only adds to what a shorter one made.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from connectors.demo.clock import WorkClock
from connectors.demo.world import Profile

Action = Callable[[int], None]


class Agenda:
    """Holds the team's profile, its clock and its dice; instants are whole seconds since 1970."""

    def __init__(self, profile: Profile, seed: int, clock: WorkClock, ends: int) -> None:
        self.profile = profile
        self.clock = clock
        self.ends = ends
        # The standard library's generator: its stream is the same in every version of Python.
        self.random = Random(f"{seed}/{profile.slug}")  # noqa: S311 (a simulation, no secret)
        self._heap: list[tuple[int, int, Action]] = []
        self._order = count()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.profile.zone)

    def put(self, at: int, action: Action) -> None:
        """Call `action(at)` when its time has come."""
        heappush(self._heap, (at, next(self._order), action))

    def put_after(self, at: int, minutes: float, action: Action) -> None:
        """The same, `minutes` of working time after `at`."""
        self.put(self.clock.after(at, minutes), action)

    def run(self) -> None:
        while self._heap and self._heap[0][0] <= self.ends:
            at, _, action = heappop(self._heap)
            action(at)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def lognormal(self, mean: float, spread: float = 0.7) -> float:
        """A positive figure with the given mean; `spread` is the standard deviation of its logarithm."""
        return self.random.lognormvariate(0, spread) * mean / _lognormal_mean(spread)


def _lognormal_mean(spread: float) -> float:
    return float(2.718281828459045 ** (spread * spread / 2))
