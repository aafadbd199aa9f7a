"""Money on the pages of value streams and initiatives, for those who may see it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.queries import me
from funding.forms import seen
from funding.formulas.forecast import CENT
from funding.queries import money, parts, spend_by_initiative
from funding.queries.pages import Line
from funding.templatetags.costs import per_cent, whole_money
from portfolio.models import Initiative, ValueStream
from portfolio.panels import Mark, Panel
from portfolio.quarters import Quarter
from portfolio.rules import can

EVER = date(1970, 1, 1)
# So many quarters are shown of an initiative.
QUARTERS = 6


def stream_panel(pk: int, request: HttpRequest) -> Panel | None:
    """The money of a value stream in this quarter."""
    stream = ValueStream.objects.get(pk=pk)
    if not can(me(request), "see_money", stream):
        return None
    now = timezone.now()
    quarter = Quarter.of(timezone.localdate(now))
    [found] = money([stream], quarter, now)
    may_set = can(me(request), "manage_money", stream)
    return Panel("funding/stream_panel.html", {"line": Line(found), "quarter": quarter, "may_set": may_set})


def initiative_marks(ids: Collection[int], user: User, as_of: datetime) -> dict[int, list[Mark]]:
    """What was spent on each initiative by the value streams whose money `user` sees; nothing where that is nothing."""
    streams = seen(user)
    if not streams:
        return {}
    found: dict[int, Decimal] = {}
    for (_, pk), amount in spend_by_initiative(EVER, timezone.localdate(as_of), as_of, streams, ids).items():
        if pk is not None:
            found[pk] = found.get(pk, Decimal(0)) + amount
    return {pk: [Mark(f"{whole_money(amount)} spent")] for pk, amount in found.items() if amount}


@dataclass(frozen=True, slots=True)
class Spend:
    """What an initiative cost so far; `cost` is its estimate (None: not given), `others` says that not all is shown."""

    total: Decimal
    cost: Decimal | None
    quarters: list[tuple[Quarter, Decimal]]
    streams: list[tuple[str, Decimal]]
    hides_others: bool

    @property
    def share(self) -> float | None:
        return float(self.total / self.cost) if self.cost else None

    @property
    def is_over(self) -> bool:
        return self.cost is not None and self.total > self.cost

    @property
    def answer(self) -> str:
        if self.cost is None:
            return f"{whole_money(self.total)} so far; no cost was estimated."
        if not self.total:
            return f"Nothing yet of the {whole_money(self.cost)} that it is estimated to cost."
        return f"{whole_money(self.total)} so far, {per_cent(self.share)} of the {whole_money(self.cost)} estimated."


def spend_of(initiative: Initiative, user: User, as_of: datetime) -> Spend:
    """What the value streams whose money `user` sees spent on an initiative, by quarter and by stream."""
    streams = seen(user)
    found = parts(EVER, timezone.localdate(as_of), as_of, streams, [initiative.pk])
    names = {one.pk: one.name for one in streams}
    quarters: dict[Quarter, Decimal] = {}
    by_stream: dict[str, Decimal] = {}
    for part in found:
        quarter = Quarter.of(part.month)
        quarters[quarter] = quarters.get(quarter, Decimal(0)) + part.amount
        by_stream[names[part.stream]] = by_stream.get(names[part.stream], Decimal(0)) + part.amount
    total = sum((part.amount for part in found), Decimal(0)).quantize(CENT)
    return Spend(
        total=total,
        cost=initiative.estimated_cost,
        quarters=sorted(quarters.items(), reverse=True)[:QUARTERS],
        streams=sorted(by_stream.items(), key=lambda pair: -pair[1]),
        hides_others=not can(user, "see_money"),
    )


def initiative_panel(pk: int, request: HttpRequest) -> Panel | None:
    """What was spent on an initiative, for those who see the money of its value stream."""
    initiative = Initiative.objects.select_related("stream").get(pk=pk)
    if not can(me(request), "see_money", initiative.stream):
        return None
    spend = spend_of(initiative, me(request), timezone.now())
    return Panel("funding/initiative_panel.html", {"spend": spend, "initiative": initiative})
