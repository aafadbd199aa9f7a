"""Two flags: hope (confidence without funded work) and orphan spend (money without a key result)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from funding.queries import spend_by_initiative
from okrs.models import Contribution, KeyResult
from okrs.queries import standings
from portfolio.models import Feature, Initiative, Stage, ValueStream
from portfolio.stages import stage_at

# From this confidence on somebody counts on a key result.
CONFIDENT = 7


def hope(key_results: Iterable[KeyResult], as_of: datetime) -> dict[int, str]:
    """The key results that somebody counts on while no work for them is funded, by id, each with why in words.

    Funded is an initiative that is being implemented or has cost something since the cycle began; a feature counts by
    its initiative, and one without an initiative while it is open. The number of queries does not grow.
    """
    rows = list(KeyResult.objects.filter(pk__in={one.pk for one in key_results}).select_related("objective__cycle"))
    known = standings(rows, as_of)
    sure = {pk: one.confidence for pk, one in known.items() if one.confidence is not None and one.progress < 1}
    meant = [row for row in rows if sure.get(row.pk, 0) >= CONFIDENT]
    if not meant:
        return {}
    funded = _funded(meant, as_of)
    linked: dict[int, bool] = {}
    for key_result, initiative, part in _links(meant):
        linked[key_result] = linked.get(key_result, False) or initiative in funded or part
    return {
        row.pk: f"confidence {sure[row.pk]} of 10, but "
        + ("none of the work linked to it is funded" if row.pk in linked else "no work is linked to it")
        for row in meant
        if not linked.get(row.pk)
    }


def _links(rows: Collection[KeyResult]) -> list[tuple[int, int | None, bool]]:
    """Key result, initiative, and whether it is an open feature without one."""
    linked = Contribution.objects.filter(key_result__in=rows).order_by("pk")
    of_feature = ("feature", "feature__initiative", "feature__ended_on")
    found = []
    for key_result, own, feature, parent, ended in linked.values_list("key_result", "initiative", *of_feature):
        found.append((key_result, own or parent, bool(feature and not parent and ended is None)))
    return found


def _funded(rows: Collection[KeyResult], as_of: datetime) -> set[int]:
    """Of the initiatives linked to these key results, those that are implemented or have cost something."""
    ids = {initiative for _, initiative, _ in _links(rows) if initiative}
    began = min(row.objective.cycle.starts_on for row in rows)
    spent = spend_by_initiative(began, timezone.localdate(as_of), as_of, initiatives=ids) if ids else {}
    paid = {initiative for (_, initiative), amount in spent.items() if initiative and amount > 0}
    return paid | {pk for pk, stage in stage_at(ids, as_of).items() if stage == Stage.IMPLEMENTING}


@dataclass(frozen=True, slots=True)
class Orphans:
    """Money that moves no key result. `amount` went to initiatives that are linked to none (`rows`, the dearest first),

    `unassigned` to no initiative at all; shares are of `total`, None (n/a) when nothing was spent.
    """

    amount: Decimal
    unassigned: Decimal
    total: Decimal
    rows: tuple[tuple[Initiative, Decimal], ...] = ()

    @property
    def share(self) -> float | None:
        return float(self.amount / self.total) if self.total else None

    @property
    def unassigned_share(self) -> float | None:
        return float(self.unassigned / self.total) if self.total else None


def orphan_spend(streams: Collection[ValueStream] | None, first: date, last: date, as_of: datetime) -> Orphans:
    """What streams (None: all) spent from `first` to `last` on initiatives that move no key result of that time.

    Linked is an initiative, or a feature of it, to a key result of a cycle that overlaps the days. Three queries.
    """
    spent = spend_by_initiative(first, last, as_of, streams)
    by_initiative: dict[int, Decimal] = {}
    unassigned = Decimal(0)
    for (_, initiative), amount in spent.items():
        if initiative is None:
            unassigned += amount
        else:
            by_initiative[initiative] = by_initiative.get(initiative, Decimal(0)) + amount
    linked = linked_initiatives(by_initiative, first, last)
    orphans = Initiative.objects.select_related("stream").in_bulk([pk for pk in by_initiative if pk not in linked])
    rows = sorted(((one, by_initiative[pk]) for pk, one in orphans.items()), key=lambda row: (-row[1], row[0].name))
    total = sum(by_initiative.values(), unassigned)
    return Orphans(sum((amount for _, amount in rows), Decimal(0)), unassigned, total, tuple(rows))


def linked_initiatives(ids: Collection[int], first: date, last: date) -> set[int]:
    """Those that are linked, or a feature of theirs is, to a key result of a cycle that overlaps the days."""
    meant = Q(key_result__objective__cycle__starts_on__lte=last, key_result__objective__cycle__ends_on__gte=first)
    features = Feature.objects.filter(initiative__in=ids).order_by()
    rows = Contribution.objects.filter(meant, Q(initiative__in=ids) | Q(feature__in=features.values("pk"))).order_by()
    return {own or parent for own, parent in rows.values_list("initiative", "feature__initiative")}
