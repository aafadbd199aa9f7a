"""Days put together to weeks: what run charts and their limits are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from metrics.formulas import stats
from metrics.measurement import Number, Point, Window


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday on; `is_partial` when the window, or the present day, cuts it."""

    monday: date
    value: Number
    is_partial: bool


def weeks(series: Sequence[Point], window: Window, today: date) -> list[Week]:
    """Sums of a series of days per week. `today` is not over, so its week is partial."""
    sums: dict[date, Number] = {}
    for point in series:
        monday = point.at - timedelta(days=point.at.weekday())
        sums[monday] = sums.get(monday, 0) + (point.value or 0)
    last = min(window.last, today - timedelta(days=1))
    return [
        Week(monday, value, monday < window.first or monday + timedelta(days=6) > last)
        for monday, value in sorted(sums.items())
    ]


def behaviour(found: Sequence[Week]) -> tuple[stats.Behaviour, list[int]]:
    """Natural limits of the full weeks, and the places (among all weeks) of those that are more than noise."""
    full = [place for place, week in enumerate(found) if not week.is_partial]
    limits = stats.behaviour([found[place].value for place in full])
    noted = {full[place] for signal in limits.signals for place in signal.places}
    return limits, sorted(noted)
