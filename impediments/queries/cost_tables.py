"""Costs as tables for spreadsheets: by category, place and month, per impediment, and the days behind them all."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from accounts.models import User
from funding.rollups import Ground, ground
from impediments import costs
from impediments.models import BlockedDay, Impediment
from impediments.queries.costs import Group, Page, Row
from portfolio.models import Team

# What a CSV has of both costs; money only where the reader may see some.
HEAD = ("impediments", "item_days", "team_days", "capacity_cost", "delay_weeks", "delay_cost")
MONEY = {"capacity_cost", "delay_cost", "cost_until", "amount", "team_cost"}
Cell = object


def _cells(group: Group) -> dict[str, Cell]:
    return {
        "impediments": group.n,
        "item_days": round(group.capacity.days, 4),
        "team_days": round(group.capacity.team_days, 4),
        "capacity_cost": group.capacity.amount,
        "delay_weeks": None if group.delay.weeks is None else round(group.delay.weeks, 2),
        "delay_cost": group.delay.amount,
    }


def _impediment_cells(row: Row) -> dict[str, Cell]:
    one = row.impediment
    cells = {"id": one.pk, "impediment": one.what, "category": one.category, "team": one.team.slug}
    cells |= {"is_open": row.is_open} | _cells(Group("", 1, row.capacity, row.delay))
    return cells | {"item_days_until": row.coming and row.coming.days, "cost_until": row.coming and row.coming.amount}


def _day_cells(row: BlockedDay, streams: frozenset[int]) -> dict[str, Cell]:
    amount = row.amount if row.team.stream_id in streams else None
    return {
        "day": row.on,
        "impediment_id": row.impediment_id,
        "impediment": row.impediment.what,
        "team": row.team.slug,
        "blocked_items": round(row.items, 6),
        "items_in_progress": row.in_progress,
        "amount": amount,
    }


PARTS: dict[str, Callable[[Page], Sequence[Group]]] = {
    "category": lambda page: page.categories,
    "place": lambda page: page.places,
    "month": lambda page: page.months,
}


def table(page: Page, part: str, user: User) -> tuple[list[str], list[list[Cell]]]:
    """The head and the rows of a CSV: "category", "place", "month", "impediment" or "day" (what all are sums of)."""
    if part in PARTS:
        rows = [{part: group.name} | _cells(group) for group in PARTS[part](page)]
        head = [part, *(HEAD[1:] if part == "month" else HEAD)]
    elif part == "day":
        rows = [_day_cells(row, costs.money_streams(user)) for row in day_rows(page)]
        head = ["day", "impediment_id", "impediment", "team", "blocked_items", "items_in_progress", "amount"]
    else:
        rows = [_impediment_cells(row) for row in page.rows]
        head = ["id", "impediment", "category", "team", "is_open", *HEAD[1:], "item_days_until", "cost_until"]
    head = [name for name in head if page.has_money or name not in MONEY]
    return head, [[row[name] for name in head] for row in rows]


def day_rows(page: Page) -> Iterable[BlockedDay]:
    """The prepared days that the page's capacity costs are sums of."""
    ids = [row.impediment.pk for row in page.rows]
    window, until = page.asked.window, Q(pk=None)
    teams = costs.last_days(Team.objects.filter(pk__in=page.asked.scope.teams), page.at)
    for last in set(teams.values()):
        until |= Q(team__in=[pk for pk, on in teams.items() if on == last], on__lte=last)
    rows = BlockedDay.objects.filter(until, impediment__in=ids, on__gte=window.first, on__lte=window.last)
    return rows.select_related("impediment", "team").order_by("on", "impediment", "team")


def days_table(one: Impediment, at: datetime, user: User) -> tuple[list[str], list[list[Cell]]]:
    """The formula of one impediment, day by day: what its runs are made of."""
    streams = costs.money_streams(user)
    rows = costs.day_rows(one, at)
    on = ground({row.team for row in rows})
    head = ["day", "team", "team_cost", "blocked_items", "items_in_progress", "amount"]
    has_money = any(row.team.stream_id in streams for row in rows)
    cells = [_day_cells(row, streams) | {"team_cost": _rate(on, row, streams)} for row in rows]
    head = [name for name in head if has_money or name not in MONEY]
    return head, [[row[name] for name in head] for row in cells]


def _rate(on: Ground, row: BlockedDay, streams: frozenset[int]) -> Decimal | None:
    return costs.rate_on(on, row.team, row.on) if row.team.stream_id in streams else None
