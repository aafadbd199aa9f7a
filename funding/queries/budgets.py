"""Budgets as they were at an instant, and what was spent of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from django.db.models import Q
from django.utils import timezone

from funding.formulas.forecast import CENT, outlook
from funding.models import Amendment
from funding.queries.spend import Part, parts
from portfolio.models import Team, ValueStream
from portfolio.quarters import Quarter

Source = Literal["teams", "ledger", "both", ""]


@dataclass(frozen=True, slots=True)
class StreamMoney:
    """A value stream's money in a quarter, as at a day; amounts to the cent.

    `forecast` is by straight line; `over` is forecast − budget (negative: under), `over_share` that of the budget.
    None is n/a, then `reason` says why. `source` is what the spend is known from; "" when nothing was spent.
    """

    stream: ValueStream
    budget: Decimal | None
    spent: Decimal
    elapsed: Fraction
    forecast: Decimal | None
    over: Decimal | None
    over_share: float | None
    source: Source
    reason: str = ""
    spent_share: float | None = None
    # Nothing is known of its spend: the costs of its teams are still to be prepared, or nobody said what they cost.
    is_unprepared: bool = False
    is_unpriced: bool = False

    @property
    def is_unknown(self) -> bool:
        """Whether nothing can be said of its spend; `spent` is 0 then, and shown nowhere."""
        return self.is_unprepared or self.is_unpriced

    @property
    def known_spent(self) -> Decimal | None:
        """What was spent; None is n/a."""
        return None if self.is_unknown else self.spent

    @property
    def left(self) -> Decimal | None:
        """What the forecast leaves of the budget, at least 0."""
        return None if self.over is None else max(-self.over, Decimal(0))


def budgets(streams: Collection[ValueStream], quarter: Quarter, as_of: datetime) -> dict[int, Decimal]:
    """The budget of each value stream for the quarter that was valid at `as_of`; without one it is left out."""
    rows = Amendment.objects.filter(stream__in=streams, quarter=quarter.first, at__lte=as_of)
    latest = rows.order_by("stream", "-at", "-id").distinct("stream")
    return dict(latest.values_list("stream", "amount"))


def money(streams: Sequence[ValueStream], quarter: Quarter, as_of: datetime) -> list[StreamMoney]:
    """Budget, spend and forecast of each value stream in its order: three queries, however many."""
    amounts = budgets(streams, quarter, as_of)
    spent: dict[int, list[Part]] = {}
    for part in parts(quarter.first, quarter.last, as_of, streams):
        spent.setdefault(part.stream, []).append(part)
    elapsed = quarter.elapsed(timezone.localdate(as_of))
    found = [_money(one, amounts.get(one.pk), spent.get(one.pk, []), elapsed) for one in streams]
    priced = _unknown_teams(streams, quarter) if elapsed else {}
    return [
        one if one.source or one.stream.pk not in priced else _unknown(one, is_priced=priced[one.stream.pk])
        for one in found
    ]


def _unknown_teams(streams: Sequence[ValueStream], quarter: Quarter) -> dict[int, bool]:
    """The streams with a team in the quarter whose cost is not known: True where it is only not prepared yet."""
    there = Q(ended_on=None) | Q(ended_on__gte=quarter.first)
    unpriced = Q(cost_per_day=None, costs=None)
    rows = Team.objects.filter(there & (unpriced | Q(cost_mark=None)), stream__in=streams).order_by()
    found: dict[int, bool] = {}
    for stream, now, then in rows.values_list("stream", "cost_per_day", "costs"):
        found[stream] = found.get(stream, False) or now is not None or then is not None
    return found


def _unknown(one: StreamMoney, *, is_priced: bool) -> StreamMoney:
    why = "the costs of its teams are being prepared" if is_priced else "nobody set what its teams cost"
    one = replace(one, forecast=None, over=None, over_share=None, spent_share=None, reason=why)
    return replace(one, is_unprepared=is_priced, is_unpriced=not is_priced)


def _money(stream: ValueStream, budget: Decimal | None, found: Sequence[Part], elapsed: Fraction) -> StreamMoney:
    spent = sum((part.amount for part in found), Decimal(0)).quantize(CENT)
    out = outlook(spent, budget, elapsed)
    return StreamMoney(
        stream=stream,
        budget=budget,
        spent=spent,
        elapsed=elapsed,
        forecast=out.forecast,
        over=out.over,
        over_share=out.over_share,
        source=source_of(found),
        reason=out.reason,
        spent_share=out.spent_share,
    )


def source_of(found: Sequence[Part]) -> Source:
    """What a spend is known from."""
    kinds = {part.is_ledger for part in found}
    return "both" if len(kinds) == 2 else "" if not kinds else "ledger" if kinds.pop() else "teams"


def history(stream: ValueStream, quarter: Quarter, as_of: datetime) -> list[Amendment]:
    """The amounts of a budget by `as_of`, with who and why, the latest first."""
    rows = Amendment.objects.filter(stream=stream, quarter=quarter.first, at__lte=as_of)
    return list(rows.select_related("by").order_by("-at", "-id"))
