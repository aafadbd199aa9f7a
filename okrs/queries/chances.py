"""What the page of chances shows: every key result of the running cycles with its chance, and the two flags."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.utils import timezone

from accounts.models import User
from metrics.formulas.forecast.calibration import Calibration, calibrate
from okrs.chances import Chance, chances
from okrs.flags import Orphans, hope, orphan_spend
from okrs.models import ChanceForecast, Contribution, KeyResult, Objective
from okrs.queries.standings import Standing, standings
from okrs.queries.summary import running
from portfolio.models import Feature, Initiative, ValueStream
from portfolio.quarters import Quarter
from portfolio.rules import can

# From this chance on somebody may count on it; below UNLIKELY nobody should.
LIKELY, UNLIKELY = 0.85, 0.5


@dataclass(frozen=True, slots=True)
class ChanceRow:
    """A key result with its chance as its reader may see it; `hope` says why it is more hope than plan."""

    key_result: KeyResult
    standing: Standing
    chance: Chance
    hope: str

    @property
    def order(self) -> tuple[bool, float, int]:
        """The least likely first; those without a chance last."""
        share = self.chance.share
        return (share is None, share or 0.0, self.key_result.pk)


def chance_rows(user: User, streams: Collection[ValueStream] | None, at: datetime) -> list[ChanceRow]:
    """The key results of running cycles that `user` may see, the least likely first; constant queries."""
    goals = running(user, streams, at).order_by()
    places = ("objective__cycle", "objective__stream", "objective__team", "owner")
    rows = list(KeyResult.objects.filter(objective__in=goals.values("pk")).select_related(*places).order_by("pk"))
    known, likely, hoped = standings(rows, at), chances(rows, at), hope(rows, at)
    seen = seen_work(user, rows)
    found = [ChanceRow(one, known[one.pk], likely[one.pk].seen(seen), hoped.get(one.pk, "")) for one in rows]
    return sorted(found, key=lambda row: row.order)


def seen_work(user: User, rows: Collection[KeyResult]) -> set[int]:
    """The contributions to these key results whose work `user` may see."""
    linked = Contribution.objects.filter(key_result__in=rows).order_by()
    initiatives = Initiative.objects.for_user(user).order_by().values("pk")
    features = Feature.objects.for_user(user).order_by().values("pk")
    own = linked.filter(initiative__in=initiatives).values_list("pk", flat=True)
    return {*own, *linked.filter(feature__in=features).values_list("pk", flat=True)}


def orphans(user: User, stream: ValueStream | None, at: datetime) -> tuple[Quarter, Orphans] | None:
    """Money without a key result in the quarter so far; None for who may not see the money there."""
    if not can(user, "see_money", stream):
        return None
    today = timezone.localdate(at)
    quarter = Quarter.of(today)
    return quarter, orphan_spend([stream] if stream else None, quarter.first, today, at)


def calibration(user: User) -> Calibration:
    """How well the kept chances of key results that `user` may see matched what came, beside people's confidence."""
    goals = Objective.objects.for_user(user).order_by().values("pk")
    kept = ChanceForecast.objects.filter(key_result__objective__in=goals).exclude(is_kept=None).order_by("pk")
    rows = list(kept.values_list("chance", "is_kept", "confidence"))
    stated = np.array([chance for chance, _, _ in rows], dtype=np.float64)
    came = np.array([is_kept for _, is_kept, _ in rows], dtype=np.bool_)
    votes = np.array([np.nan if sure is None else sure / 10 for _, _, sure in rows], dtype=np.float64)
    return calibrate(stated, came, votes)


def finding(rows: Collection[ChanceRow], day: date) -> str:
    """The heading of the page."""
    told = [row for row in rows if row.chance.share is not None]
    if not rows:
        return "No key result runs on this day"
    if not told:
        return f"No chance can be told yet for {_n(len(rows))}"
    likely = sum((row.chance.share or 0.0) >= LIKELY for row in told)
    unlikely = sum((row.chance.share or 0.0) < UNLIKELY for row in told)
    return f"{likely} of {_n(len(told))} likely to land, {unlikely} not"


def _n(count: int) -> str:
    return "1 key result" if count == 1 else f"{count} key results"
