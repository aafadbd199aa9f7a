"""What decisions rest on, of money: budgets, forecasts, spend; and the decision that an overspend asks for."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from core.templatetags.ui import money as money_text
from funding.queries import StreamMoney, money, spend_by_initiative
from portfolio.evidence import Fact, Subject
from portfolio.models import CostKind, DecisionKind, Initiative, ValueStream
from portfolio.proposals import Proposal
from portfolio.quarters import Quarter

# A forecast that is over its budget by more than this share asks for a decision.
OVER = 0.05
# Capacity is what the last four weeks cost, a week.
CAPACITY_WEEKS = 4


def facts(subject: Subject, at: datetime) -> list[Fact]:
    """Of a value stream: budget, spend and forecast of the quarter. Of an initiative: its spend."""
    return list(_of_initiative(subject, at) if isinstance(subject, Initiative) else _of_stream(subject, at))


def _fact(key: str, label: str, amount: Decimal, address: str) -> Fact:
    return Fact(key, label, _whole(amount), float(amount), settings.CURRENCY, is_money=True, address=address)


def _whole(amount: Decimal) -> str:
    """Cents decide nothing."""
    return money_text(amount.quantize(Decimal(1)))


def _of_initiative(one: Initiative, at: datetime) -> Iterator[Fact]:
    today, address = timezone.localdate(at), reverse("initiative", args=[one.slug])
    began = one.started_on or date(1970, 1, 1)
    for key, label, first in (
        ("spend", "Spent on it so far", min(began, date(1970, 1, 1))),
        ("spend_28", "Spent on it in the last 28 days", today - timedelta(days=7 * CAPACITY_WEEKS - 1)),
    ):
        spent = sum(spend_by_initiative(first, today, at, initiatives=[one.pk]).values(), Decimal(0))
        yield _fact(key, label, spent.quantize(Decimal("0.01")), address)


def _of_stream(stream: ValueStream, at: datetime) -> Iterator[Fact]:
    quarter = Quarter.of(timezone.localdate(at))
    [found] = money([stream], quarter, at)
    address = _page(stream, quarter)
    if found.known_spent is not None:
        yield _fact("spent", f"Spent in {quarter.name}", found.known_spent, address)
    if found.budget is not None:
        yield _fact("budget", f"Budget of {quarter.name}", found.budget, address)
    if found.forecast is not None:
        yield _fact("forecast", f"Forecast of {quarter.name} by straight line", found.forecast, address)
    if found.over is not None and found.over_share is not None:
        way = "over" if found.over > 0 else "under"
        text = f"{_whole(abs(found.over))} {way} ({abs(found.over_share):.0%})".replace("%", " %")
        value = float(found.over)
        yield Fact("over", "Forecast against budget", text, value, settings.CURRENCY, is_money=True, address=address)


def _page(stream: ValueStream, quarter: Quarter) -> str:
    try:
        return f"{reverse('funding')}?scope=stream:{stream.slug}&quarter={quarter.slug}"
    except NoReverseMatch:
        return ""


def capacity(ids: Collection[int], at: datetime) -> dict[int, Decimal]:
    """What each initiative costs a week: its spend of the last 28 days ÷ 4, to the cent."""
    today = timezone.localdate(at)
    first = today - timedelta(days=7 * CAPACITY_WEEKS - 1)
    found: dict[int, Decimal] = {}
    for (_, pk), amount in spend_by_initiative(first, today, at, initiatives=ids).items():
        if pk is not None:
            found[pk] = found.get(pk, Decimal(0)) + amount
    return {pk: (amount / CAPACITY_WEEKS).quantize(Decimal("0.01")) for pk, amount in found.items()}


def overspends(at: datetime) -> list[Proposal]:
    """A budget decision for each value stream whose forecast of the quarter exceeds its budget by more than 5 %."""
    today = timezone.localdate(at)
    quarter = Quarter.of(today)
    streams = [one for one in ValueStream.objects.all() if one.ended_on is None or one.ended_on >= today]
    found = money(streams, quarter, at)
    return [_overspend(one, quarter, at) for one in found if one.over_share is not None and one.over_share > OVER]


def _overspend(found: StreamMoney, quarter: Quarter, at: datetime) -> Proposal:
    over, share, spent = found.over or Decimal(0), found.over_share or 0.0, found.spent_share or 0.0
    left = max((quarter.last - timezone.localdate(at)).days, 7)
    return Proposal(
        kind=DecisionKind.BUDGET,
        question=f"{found.stream.name}: add {_whole(over)} or cut scope?",
        why=f"{spent:.0%} of the budget of {quarter.name} is spent when {float(found.elapsed):.0%} of the quarter is "
        f"over: by straight line it ends {_whole(over)} ({share:.0%}) above.".replace("%", " %"),
        cause=f"budget:{found.stream.pk}:{quarter.slug}",
        fingerprint=f"{quarter.slug}:{_step(share)}:{found.budget}",
        stream=found.stream,
        cost_kind=CostKind.OVERSPEND,
        cost_per_week=(over * 7 / left).quantize(Decimal("0.01")),
        due_on=min(quarter.last, timezone.localdate(at) + timedelta(days=14)),
    )


def _step(share: float) -> int:
    """Tenths of the budget that it is over by: news is a new amount of the budget, or another tenth."""
    return int(share * 10)
