"""Lines of ledgers as lists show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from funding.models import LedgerEntry
from portfolio.models import ValueStream


def lines_of(
    streams: Sequence[ValueStream], first: date, last: date, chosen: Mapping[str, Any] | None = None
) -> "QuerySet[LedgerEntry]":
    """The lines of the streams' ledgers posted in the days, the latest first.

    `chosen`: `q` is a part of the text or the beginning of the key, `horizon`, `initiative` (short name).
    """
    rows = LedgerEntry.objects.filter(stream__in=streams, posted_on__range=(first, last))
    said = chosen or {}
    if text := said.get("q"):
        rows = rows.filter(Q(text__icontains=text) | Q(key__istartswith=text))
    if horizon := said.get("horizon"):
        rows = rows.filter(Q(horizon=horizon) | Q(horizon="", initiative__horizon=horizon))
    if slug := said.get("initiative"):
        rows = rows.filter(initiative__slug=slug)
    return rows.select_related("stream", "initiative").order_by("-posted_on", "-id")


@dataclass(frozen=True, slots=True)
class LedgerSum:
    """How many lines of how many streams, and what they sum to."""

    lines: int
    streams: int
    amount: Decimal


def ledger_page(lines: "QuerySet[LedgerEntry]") -> LedgerSum:
    """What all lines of a list come to: one query."""
    found = lines.order_by().aggregate(n=Count("pk"), streams=Count("stream", distinct=True), amount=Sum("amount"))
    return LedgerSum(found["n"], found["streams"], found["amount"] or Decimal(0))
