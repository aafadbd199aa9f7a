"""Guardrail 2: is the finished work of the kinds that the allocation policies ask for?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from metrics import columns
from metrics.formulas import frame
from metrics.models import FlowDay
from metrics.rollups import items_if_current
from metrics.states import KIND_NAMES
from portfolio.models import Allocation, Team, ValueStream, ValueType
from portfolio.quarters import Quarter
from portfolio.queries import Scope


@dataclass(frozen=True, slots=True)
class KindShare:
    """The share of a kind in per cent against the policy's; `target` None: the policy says nothing about it."""

    kind: ValueType
    n: int
    share: float
    target: int | None
    is_off: bool


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """A stream's finished items by kind against its policy; no `kinds`: nothing was finished."""

    stream: ValueStream
    tolerance: int
    total: int
    kinds: tuple[KindShare, ...]
    has_policy: bool

    @property
    def off(self) -> list[KindShare]:
        """The kinds outside the tolerance, the furthest first."""
        outside = [kind for kind in self.kinds if kind.is_off]
        return sorted(outside, key=lambda one: -abs(one.share - (one.target or 0)))

    @property
    def text(self) -> str:
        if not self.has_policy:
            return "no policy"
        if not self.total:
            return "nothing finished in this quarter"
        said = [f"{one.kind.label} {round(one.share)}\u00a0% instead of {one.target}\u00a0%" for one in self.off[:2]]
        return "; ".join(said) or "within the policy"


@dataclass(frozen=True, slots=True)
class Capacity:
    """Guardrail 2 of some streams."""

    rows: tuple[AllocationRow, ...]

    @property
    def off(self) -> list[AllocationRow]:
        return [row for row in self.rows if row.off]

    @property
    def tag(self) -> str:
        """A word for the head of the widget."""
        known = any(row.has_policy and row.total for row in self.rows)
        return "" if not known else "off policy" if self.off else "within policy"

    @property
    def tone(self) -> str:
        return "warn" if self.off else ""

    @property
    def answer(self) -> str:
        with_policy = [row for row in self.rows if row.has_policy]
        if not with_policy:
            return "No value stream here has an allocation policy, so nothing is compared."
        if not any(row.total for row in with_policy):
            return "Nothing was finished in this quarter yet."
        if not self.off:
            return "What is finished is of the types that the policy asks for, within its tolerance."
        worst = max(self.off, key=lambda row: abs(row.off[0].share - (row.off[0].target or 0)))
        more = f" {len(self.off) - 1} more outside their policy." if len(self.off) > 1 else ""
        kind = worst.off[0]
        return (
            f"{kind.kind.label} is {round(kind.share)}\u00a0% of what {worst.stream} finishes, its policy says "
            f"{kind.target}\u00a0% ± {worst.tolerance}.{more}"
        )


def capacity(streams: Sequence[ValueStream], quarter: Quarter, as_of: datetime) -> Capacity:
    """The finished items of the quarter by kind, of each stream, against its policy."""
    policies: dict[int, dict[str, int]] = {}
    for pk, kind, share in Allocation.objects.filter(stream__in=streams).values_list("stream", "value_type", "share"):
        policies.setdefault(pk, {})[kind] = share
    last = min(quarter.last, timezone.localdate(as_of))
    wanted = [stream for stream in streams if stream.pk in policies]
    found = finished_by_kind(wanted, quarter.first, last, as_of) if last >= quarter.first and wanted else {}
    rows = (_row(stream, policies.get(stream.pk, {}), found.get(stream.pk, {})) for stream in streams)
    return Capacity(tuple(rows))


def _row(stream: ValueStream, policy: Mapping[str, int], counts: Mapping[str, int]) -> AllocationRow:
    total, tolerance = sum(counts.values()), stream.allocation_tolerance
    shown = [kind for kind in ValueType if kind.value in policy or counts.get(kind.value)] if total else []
    kinds = []
    for kind in shown:
        n, target = counts.get(kind.value, 0), policy.get(kind.value)
        # Whole numbers decide: a share just on the limit is inside.
        is_off = target is not None and abs(100 * n - target * total) > tolerance * total
        kinds.append(KindShare(kind, n, 100 * n / total, target, is_off))
    return AllocationRow(stream, tolerance, total, tuple(kinds), bool(policy))


def finished_by_kind(
    streams: Collection[ValueStream], first: date, last: date, as_of: datetime
) -> dict[int, dict[str, int]]:
    """How many items of each kind the teams of each stream finished in the days, as at `as_of`.

    From the rollups where they are current, else from the facts: both count as the measure flow_distribution does.
    """
    teams = dict(Team.objects.filter(stream__in=streams).order_by("pk").values_list("pk", "stream"))
    scope = Scope("portfolio", "", "", ZoneInfo(settings.TIME_ZONE), tuple(teams))
    found: dict[int, dict[str, int]] = {}
    counted = (
        _from_rollups(scope.teams, first, last)
        if items_if_current(scope, as_of) is not None
        else _from_facts(scope, first, last, as_of)
    )
    for (team, kind), n in counted.items():
        own = found.setdefault(teams[team], {})
        own[kind] = own.get(kind, 0) + n
    return found


def _from_rollups(teams: Sequence[int], first: date, last: date) -> dict[tuple[int, str], int]:
    rows = FlowDay.objects.filter(team__in=teams, measure="finished", on__range=(first, last))
    sums = rows.order_by().values_list("team", "part").annotate(total=Sum("n"))
    return {(team, kind): n for team, kind, n in sums}


def _from_facts(scope: Scope, first: date, last: date, as_of: datetime) -> dict[tuple[int, str], int]:
    found = columns.load(scope, as_of)
    ends = frame.finishes(found)
    days = frame.Days(frame.number(first), frame.number(last))
    chosen = ends.in_scope & (ends.day >= days.first) & (ends.day <= days.last)
    numbers = np.array([team.id for team in found.teams], dtype=np.int64)
    team, kind = found.team[ends.stay[chosen]], found.kinds[chosen].astype(np.int64)
    pairs, n = np.unique(team * len(KIND_NAMES) + kind, return_counts=True)
    return {
        (int(numbers[pair // len(KIND_NAMES)]), KIND_NAMES[pair % len(KIND_NAMES)]): count
        for pair, count in zip(pairs.tolist(), n.tolist(), strict=True)
    }
