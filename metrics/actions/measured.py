"""Key figures that are measures of the portal: their values are written by it, a day after the other.

A day's value is the measure at that day's end over the window up to it. Days are written once they are over; the last
few are measured again each time, for what came late. Written twice, nothing changes.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from core import audit
from metrics.kpis import unit_of
from metrics.measurement import Window
from metrics.models import Kpi, KpiOrigin, KpiValue
from metrics.queries import measure_many
from metrics.registry import METRICS
from portfolio.queries import Scope, find_scope

# A figure that is new gets so many days of its past; what a portal missed while it was away, as many at most.
PAST_DAYS = 56
# How many of the last days are measured again.
AGAIN_DAYS = 3
WHY = "measured by the portal"


def scope_of(kpi: Kpi) -> Scope:
    """What a linked figure measures: its team, else its value stream."""
    return find_scope(f"team:{kpi.team.slug}" if kpi.team else f"stream:{kpi.stream.slug}", None)


def measured(kpi: Kpi, scope: Scope, day: date) -> float | None:
    """The figure at the end of a day, in its own unit; None where it is n/a."""
    metric, rank = METRICS[kpi.measure], kpi.percentile
    window = Window(day - timedelta(days=kpi.window_days - 1), day)
    at = datetime.combine(day, time.max, tzinfo=scope.zone)
    found = measure_many([kpi.measure], scope, window, at, ranks=[rank] if rank else [])[kpi.measure]
    value = found.percentiles.get(rank) if rank else found.value
    return None if value is None else value * unit_of(metric)[1]


def _days(kpi: Kpi, yesterday: date) -> Iterator[date]:
    """The days to be measured: those without a value, and the last few again."""
    last = KpiValue.objects.filter(kpi=kpi, origin=KpiOrigin.MEASURE).order_by("on").values_list("on", flat=True).last()
    first = yesterday - timedelta(days=PAST_DAYS - 1)
    if last is not None:
        first = max(first, min(last + timedelta(days=1), yesterday - timedelta(days=AGAIN_DAYS - 1)))
    end = min(yesterday, kpi.ended_on) if kpi.ended_on else yesterday
    return (first + timedelta(days=n) for n in range((end - first).days + 1))


def write_measure(*, kpi_id: int, now: datetime) -> int:
    """Write the values of a linked figure up to yesterday, where it is; returns how many days are new or different.

    Nothing for a figure that is gone or linked to no measure.
    """
    kpi = Kpi.objects.select_related("stream", "team").filter(pk=kpi_id).exclude(measure="").first()
    if kpi is None or kpi.measure not in METRICS:
        return 0
    scope = scope_of(kpi)
    yesterday = now.astimezone(scope.zone).date() - timedelta(days=1)
    return _write(kpi, {day: measured(kpi, scope, day) for day in _days(kpi, yesterday)})


def _write(kpi: Kpi, values: Mapping[date, float | None]) -> int:
    with transaction.atomic():
        held = Kpi.objects.select_for_update(no_key=True).get(pk=kpi.pk)
        if (held.measure, held.percentile, held.window_days) != (kpi.measure, kpi.percentile, kpi.window_days):
            # It was linked to something else meanwhile, which has a task of its own.
            return 0
        there = dict(kpi.values.filter(on__in=list(values)).values_list("on", "value"))
        moved = {day: value for day, value in values.items() if value is not None and there.get(day) != value}
        gone = [day for day, value in values.items() if value is None and day in there]
        kpi.values.filter(on__in=gone, origin=KpiOrigin.MEASURE).delete()
        made = {"kpi": kpi, "origin": KpiOrigin.MEASURE, "note": WHY}
        rows = [KpiValue(on=day, value=value, **made) for day, value in moved.items()]
        updated = ["value", "note", "origin", "by", "at"]
        KpiValue.objects.bulk_create(rows, update_conflicts=True, unique_fields=["kpi", "on"], update_fields=updated)
        if moved or gone:
            days = sorted([*moved, *gone])
            data = {"values": len(days), "from": days[0].isoformat(), "to": days[-1].isoformat()}
            audit.record(actor=None, verb="measured", target=kpi, data=data)
    return len(moved) + len(gone)


def linked(now: datetime) -> list[int]:
    """The figures that the portal writes, by id."""
    today = timezone.localdate(now)
    rows = Kpi.objects.exclude(measure="").exclude(ended_on__lt=today - timedelta(days=PAST_DAYS))
    return list(rows.order_by("pk").values_list("pk", flat=True))
