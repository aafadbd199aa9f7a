"""How much of the promised business value came about (DEFINITIONS, planning): actual of all ÷ planned of committed."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

# The usual band, in per cent: below it the plan did not hold, above it too little was promised.
BAND = (80, 100)


class Promise(NamedTuple):
    """An objective: business value planned (1…10) and actual (0…10); None: nobody said."""

    is_committed: bool
    planned: int | None
    actual: int | None


class Predictability(NamedTuple):
    """`share` is `actual` ÷ `planned` (1.0: as promised); None with the `reason`."""

    planned: int
    actual: int
    share: float | None
    reason: str = ""

    @property
    def word(self) -> str:
        """Where it lies against the band."""
        if self.share is None:
            return ""
        if self.actual * 100 < BAND[0] * self.planned:
            return f"below {BAND[0]} to {BAND[1]} %"
        return "committed too little" if self.actual > self.planned else f"within {BAND[0]} to {BAND[1]} %"


def predictability(promises: Iterable[Promise]) -> Predictability:
    """Σ actual (committed and uncommitted) ÷ Σ planned (committed only), of a team or of a whole train.

    n/a when none is committed, a committed one has no planned value, or any has no actual value yet.
    """
    rows = list(promises)
    committed = [row for row in rows if row.is_committed]
    planned = sum(row.planned or 0 for row in committed)
    actual = sum(row.actual or 0 for row in rows)
    without = sum(row.planned is None for row in committed)
    unknown = sum(row.actual is None for row in rows)
    if not committed:
        return Predictability(planned, actual, None, "no objective was committed")
    if without:
        return Predictability(planned, actual, None, f"{_objectives(without)} without a planned value")
    if unknown:
        return Predictability(planned, actual, None, f"{_objectives(unknown)} without an actual value")
    return Predictability(planned, actual, actual / planned)


def _objectives(count: int) -> str:
    return f"{count} objective{'' if count == 1 else 's'}"


def of_train(teams: Mapping[int, Iterable[Promise]]) -> Predictability:
    """Of all teams together: sum over sum, not the mean of their shares."""
    return predictability(promise for promises in teams.values() for promise in promises)
