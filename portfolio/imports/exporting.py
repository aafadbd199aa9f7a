"""Initiatives as a file: the columns that come in, and the computed ones behind them."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from portfolio.imports.columns import COLUMNS, MONEY, written
from portfolio.queries.listing import ListRow, listing
from portfolio.rules import can_somewhere

# Worked out by the portal: an import passes them over.
COMPUTED = ("wsjf", "rank", "computed_rank")


def exported(user: User, asked: Mapping[str, Any]) -> tuple[list[str], list[list[object]]]:
    """The head and the rows of what `user` sees and asks for (as listing.listing); money where it may be seen."""
    sees_money = can_somewhere(user, "see_money")
    kept = [place for place, column in enumerate(COLUMNS) if sees_money or column.name not in MONEY]
    head = [*(COLUMNS[place].name for place in kept), *COMPUTED]
    return head, [_line(row, kept) for row in listing(user, asked, with_texts=True)]


def _line(row: ListRow, kept: list[int]) -> list[object]:
    teams = sorted(team.slug for team in row.initiative.teams.all())
    cells = written(row.initiative, with_money=row.sees_money, teams=teams)
    value, rank = row.value, row.rank
    computed = [None if value is None else round(float(value), 4), rank and rank.place, rank and rank.computed]
    return [cells[place] for place in kept] + computed
