"""Days put together to weeks: what run charts are made of. Natural limits are made in metrics/behaviour.py only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

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
