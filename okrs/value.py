"""Delivered value: how far key results moved in a window, by their weights (DEFINITIONS §4).

Each value stream has a scale of its own: values of streams are never added up, and never compared.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from okrs.models import CheckIn, Contribution, KeyResult
from okrs.queries import progress_of
from portfolio.models import ValueStream


@dataclass(frozen=True, slots=True)
class Moved:
    """A key result that is of a value stream or one of its teams, with its progress (0…1) before and after."""

    key_result: KeyResult
    stream: int
    before: float
    after: float

    @property
    def value(self) -> float:
        """Weight × change of progress; negative when it went back."""
        return self.key_result.weight * (self.after - self.before)


def moved(streams: Collection[ValueStream] | None, first: date, last: date) -> list[Moved]:
    """The key results of value streams and their teams with what they were before `first` and at the end of `last`.

    None: of all streams. Three queries. Without a check-in by a day a key result is pending then, its progress 0.
    """
    rows = KeyResult.objects.filter(objective__cycle__starts_on__lte=last).exclude(objective__level="company")
    if streams is not None:
        ids = [stream.pk for stream in streams]
        rows = rows.filter(Q(objective__stream__in=ids) | Q(objective__team__stream__in=ids))
    known = list(rows.select_related("objective__team").order_by("pk"))
    before, after = _values(known, first - timedelta(days=1)), _values(known, last)
    return [
        Moved(
            one,
            one.objective.stream_id or (one.objective.team.stream_id if one.objective.team else 0),
            progress_of(one, before.get(one.pk)),
            progress_of(one, after.get(one.pk)),
        )
        for one in known
    ]


def _values(rows: Sequence[KeyResult], day: date) -> dict[int, float]:
    said = CheckIn.objects.filter(key_result__in=[one.pk for one in rows], on__lte=day)
    newest = said.order_by("key_result", "-on").distinct("key_result")
    return dict(newest.values_list("key_result", "value"))


def delivered_value(streams: Collection[ValueStream] | None, first: date, last: date) -> dict[int, float]:
    """What each value stream delivered in the days `first` to `last`, by its id: Σ weight × change of progress.

    A stream without any key result is left out: n/a. Two people's key results that moved by half count 0.5 + 0.5.
    """
    found: dict[int, float] = {}
    for one in moved(streams, first, last):
        found[one.stream] = found.get(one.stream, 0.0) + one.value
    return found


def value_of_initiatives(first: date, last: date) -> dict[int, float]:
    """What each initiative delivered: its part of the key results that it, or a feature of it, should move.

    The part is |its lift| ÷ Σ |lifts| of the key result; lifts that are all 0 share it equally. An initiative that is
    linked to no key result is left out. Four queries.
    """
    values = {one.key_result.pk: one.value for one in moved(None, first, last)}
    rows = Contribution.objects.filter(key_result__in=values).order_by("pk")
    linked = list(rows.values_list("key_result", "initiative", "feature__initiative", "lift"))
    total: dict[int, float] = {}
    count: dict[int, int] = {}
    for key_result, _, _, lift in linked:
        total[key_result] = total.get(key_result, 0.0) + abs(lift)
        count[key_result] = count.get(key_result, 0) + 1
    found: dict[int, float] = {}
    for key_result, own, of_feature, lift in linked:
        initiative = own or of_feature
        if initiative:
            part = abs(lift) / total[key_result] if total[key_result] else 1 / count[key_result]
            found[initiative] = found.get(initiative, 0.0) + part * values[key_result]
    return found
