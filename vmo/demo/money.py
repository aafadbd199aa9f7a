"""Budgets of the quarters around today, one amendment, Platform's ledger, and targets."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from accounts.models import User
from funding.models import Amendment, HorizonTarget, LedgerEntry
from portfolio.models import Initiative, ValueStream
from portfolio.quarters import Quarter
from vmo.demo.story import AMENDED, BUDGETS, HORIZONS
from vmo.demo.strategy import noon

# How many quarters before this one have budgets, and whose spend comes from a ledger, thousands a month by initiative.
PAST = 4
LEDGER = {
    "platform": (
        ("Deploy on any day", 118),
        ("Ready for the audit", 84),
        ("", 106),
    )
}


def load(today: date, people: dict[str, User]) -> None:
    """Make what is missing of the streams that are there."""
    for stream in ValueStream.objects.filter(slug__in=BUDGETS, amendments=None):
        Amendment.objects.bulk_create(_budgets(stream, Quarter.of(today), today, people.get("pmo")))
    for stream in ValueStream.objects.filter(slug__in=LEDGER, ledger=None):
        LedgerEntry.objects.bulk_create(_ledger(stream, today))
    for horizon, (share, tolerance) in HORIZONS.items():
        HorizonTarget.objects.get_or_create(
            stream=None, horizon=horizon, defaults={"share": share, "tolerance": tolerance}
        )


def _budgets(stream: ValueStream, now: Quarter, today: date, by: User | None) -> list[Amendment]:
    before, present, after = BUDGETS[stream.slug]
    quarters = [now]
    for _ in range(PAST):
        quarters.insert(0, quarters[0].previous)
    amounts = [*(before,) * PAST, present]
    found = []
    for quarter, amount in zip(quarters, amounts, strict=True):
        first, _, _ = AMENDED.get(stream.slug, (amount, 0, "")) if quarter == now else (amount, 0, "")
        set_on = noon(quarter.first - timedelta(days=12))
        found.append(_amendment(stream, quarter, first, set_on, by, "Budget of the quarter"))
    if stream.slug in AMENDED:
        _, days, reason = AMENDED[stream.slug]
        # Early in a quarter the amendment is of today: nothing of the demo lies ahead of it.
        at = noon(min(now.first + timedelta(days=days), today - timedelta(days=1)))
        found.append(_amendment(stream, now, present, at, by, reason))
    found.append(_amendment(stream, now.next, after, noon(today - timedelta(days=2)), by, "Budget of the quarter"))
    return found


def _amendment(
    stream: ValueStream, quarter: Quarter, thousands: int, at: datetime, by: User | None, why: str
) -> Amendment:
    amount = Decimal(thousands * 1000)
    return Amendment(stream=stream, quarter=quarter.first, amount=amount, at=at, by=by, reason=why)


def _ledger(stream: ValueStream, today: date) -> list[LedgerEntry]:
    """A line per initiative and half month, of the four months up to today."""
    dice = Random(stream.slug)  # noqa: S311 (a simulation)
    initiatives = {one.name: one for one in Initiative.objects.filter(stream=stream)}
    first = (today.replace(day=1) - timedelta(days=85)).replace(day=1)
    days = [first + timedelta(days=n) for n in range((today - first).days)]
    return [
        LedgerEntry(
            stream=stream,
            key=f"{stream.slug}-{day:%Y%m%d}-{number}",
            posted_on=day,
            amount=Decimal(round(thousands * 500 * dice.uniform(0.94, 1.06))),
            initiative=initiatives.get(name),
            horizon="" if name else "h1",
            text=name or "Licences and operation",
        )
        for day in days
        if day.day in (14, 28)
        for number, (name, thousands) in enumerate(LEDGER[stream.slug])
    ]
