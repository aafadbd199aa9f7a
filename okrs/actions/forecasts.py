"""Chances that were shown while a cycle was young are kept, and scored when it is over; never per person."""

from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from metrics.formulas.forecast.shapes import canonical
from okrs.chances import Chance, chances
from okrs.formulas.chance import FORMULA
from okrs.models import ChanceForecast, KeyResult
from okrs.queries import progress_of, standings


def keep_chances(*, now: datetime) -> int:
    """Keep the first chance that can be told of each key result of a running cycle; returns how many are new."""
    day = timezone.localdate(now)
    open_ones = Q(objective__closed_at=None, objective__cycle__starts_on__lte=day, objective__cycle__ends_on__gt=day)
    rows = KeyResult.objects.filter(open_ones, forecast=None)
    found = chances(rows, now)
    ends = dict(rows.values_list("pk", "objective__cycle__ends_on"))
    made = [_kept(pk, one, one.share, ends[pk], now) for pk, one in found.items() if one.share is not None]
    ChanceForecast.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def _kept(pk: int, one: Chance, share: float, by: date, now: datetime) -> ChanceForecast:
    works = [[work.name, work.lift, work.landing.chance, work.is_counted] for work in one.works]
    inputs = {"inputs": repr(one.inputs) if one.inputs else "", "works": works}
    return ChanceForecast(
        key_result_id=pk,
        as_of=now,
        due_on=by,
        chance=share,
        confidence=one.confidence,
        engine=FORMULA,
        inputs=canonical(inputs),
    )


def decide_chances(*, now: datetime) -> int:
    """Say of the kept chances whose last day is over whether the target was reached on it; returns how many.

    By the facts as they are now: a check-in of the cycle that is corrected later changes what is decided.
    """
    due = ChanceForecast.objects.filter(due_on__lt=timezone.localdate(now)).select_related("key_result__objective")
    by_day: dict[object, list[ChanceForecast]] = {}
    for row in due:
        by_day.setdefault(row.due_on, []).append(row)
    changed = []
    for rows in by_day.values():
        known = standings([row.key_result for row in rows], rows[0].due_on)
        for row in rows:
            is_kept = progress_of(row.key_result, known[row.key_result_id].value) == 1
            if row.is_kept is not is_kept:
                row.is_kept, row.decided_at = is_kept, now
                changed.append(row)
    ChanceForecast.objects.bulk_update(changed, ["is_kept", "decided_at"])
    return len(changed)
