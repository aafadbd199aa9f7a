"""Where initiatives were on their way through the portfolio, and how long: read from the entries of their stages."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from portfolio.models import StageEntry


class Stay(NamedTuple):
    """An initiative was in a stage from `entered_at` until `left_at` (None: it was there still when asked about)."""

    stage: str
    entered_at: datetime
    left_at: datetime | None


def stage_at(ids: Collection[int], at: datetime) -> dict[int, str]:
    """The stage of each initiative at an instant: that of its latest entry by then. One not there yet is left out."""
    entries = StageEntry.objects.filter(initiative__in=ids, at__lte=at)
    latest = entries.order_by("initiative_id", "-at", "-id").distinct("initiative_id")
    return dict(latest.values_list("initiative_id", "stage"))


def stays(ids: Collection[int], at: datetime) -> dict[int, list[Stay]]:
    """The stays of each initiative in the order it made them, as known of an instant; an id without any is left out."""
    entries = StageEntry.objects.filter(initiative__in=ids, at__lte=at).order_by("initiative_id", "at", "id")
    found: dict[int, list[Stay]] = {}
    for pk, stage, entered in entries.values_list("initiative_id", "stage", "at"):
        own = found.setdefault(pk, [])
        if own and own[-1].stage == stage:
            continue
        if own:
            own[-1] = own[-1]._replace(left_at=entered)
        own.append(Stay(stage, entered, None))
    return found


def seconds_in_stages(own: Collection[Stay], at: datetime) -> dict[str, float]:
    """Seconds in each stage over all stays in it, the open one counted up to `at`; they add up to the whole way."""
    found: dict[str, float] = {}
    for stay in own:
        seconds = ((stay.left_at or at) - stay.entered_at).total_seconds()
        found[stay.stage] = found.get(stay.stage, 0.0) + seconds
    return found
