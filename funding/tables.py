"""The pages of money as tables for CSV and XLSX: heads and rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings

from accounts.models import User
from funding.forms.asked import Asked
from funding.guardrails import Approvals, Capacity, Horizons, Reviews
from funding.models import LedgerEntry
from funding.queries import parts
from funding.queries.pages import Line
from portfolio.models import Initiative, Team, ValueStream

Row = Sequence[object]
MONEY = ("stream", "budget", "spent", "elapsed", "forecast", "over", "over share", "spent is known from", "note")
SPEND = ("month", "stream", "team", "initiative", "horizon", "amount", "source", "currency")
LEDGER = ("posted on", "amount", "stream", "initiative", "horizon", "key", "text")


def money_row(line: Line) -> Row:
    """A stream's money: shares from 0 to 1."""
    one = line.money
    share = None if one.over_share is None else round(one.over_share, 4)
    elapsed = round(float(one.elapsed), 4)
    known = (one.stream.slug, one.budget, one.known_spent, elapsed, one.forecast, one.over, share)
    return (*known, line.source_text, one.reason)


def ledger_row(entry: LedgerEntry) -> Row:
    """A line as an import takes it."""
    initiative = entry.initiative.slug if entry.initiative else ""
    return (entry.posted_on, entry.amount, entry.stream.slug, initiative, entry.horizon, entry.key, entry.text)


def spend_rows(streams: Sequence[ValueStream], asked: Asked, user: User) -> Iterator[Row]:
    """The parts of a quarter's spend, as figures are computed from them; what `user` may not see has no name."""
    found = parts(asked.quarter.first, asked.quarter.last, asked.at, streams)
    slugs = {one.pk: one.slug for one in streams}
    teams = dict(Team.objects.filter(pk__in={part.team for part in found}).values_list("pk", "slug"))
    seen = Initiative.objects.for_user(user).filter(pk__in={part.initiative for part in found})
    names = dict(seen.values_list("pk", "slug"))
    for part in found:
        team, initiative = teams.get(part.team or 0, ""), names.get(part.initiative or 0, "")
        source = "ledger" if part.is_ledger else "teams"
        month = f"{part.month:%Y-%m}"
        yield month, slugs[part.stream], team, initiative, part.horizon, part.amount, source, settings.CURRENCY


def _horizons(found: Horizons) -> tuple[Sequence[str], list[Row]]:
    head = ("horizon", "when", "amount", "share", "target", "tolerance", "deviation in points")
    rows: list[Row] = []
    for when, balance in (("so far", found.now), ("at the end of the quarter", found.end)):
        for one in balance.shares if balance else ():
            deviation = None if one.deviation is None else round(float(one.deviation), 2)
            target, tolerance = one.target or (None, None)
            rows.append((one.horizon, when, one.amount, round(float(one.share), 4), target, tolerance, deviation))
    rows.append(("not said", "so far", found.not_said, None, None, None, None))
    return head, rows


def _allocation(found: Capacity) -> tuple[Sequence[str], list[Row]]:
    head = ("stream", "type", "finished items", "per cent", "policy per cent", "tolerance", "outside")
    rows: list[Row] = [
        (row.stream.slug, kind.kind.value, kind.n, round(kind.share, 2), kind.target, row.tolerance, kind.is_off)
        for row in found.rows
        for kind in row.kinds
    ]
    return head, rows


def _approvals(found: Approvals) -> tuple[Sequence[str], list[Row]]:
    head = ("initiative", "stream", "case", "estimated cost", "approved", "threshold")
    rows: list[Row] = [
        (row.initiative.slug, row.initiative.stream.slug, row.case, row.initiative.estimated_cost, row.approved,
         row.threshold)
        for row in found.rows
    ]  # fmt: skip
    return head, rows


def _reviews(found: Reviews) -> tuple[Sequence[str], list[Row]]:
    head = ("initiative", "stream", "last review", "days ago", "late")
    rows: list[Row] = [
        (row.initiative.slug, row.initiative.stream.slug, row.on, row.days, row.is_late) for row in found.rows
    ]
    return head, rows


# By the name of the guardrail.
GUARDRAILS: Mapping[str, Callable[[Any], tuple[Sequence[str], list[Row]]]] = {
    "horizons": _horizons,
    "allocation": _allocation,
    "approvals": _approvals,
    "reviews": _reviews,
}
