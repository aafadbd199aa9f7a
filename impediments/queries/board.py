"""The board of impediments: a column per state, those most is asked for first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import User
from impediments.models import State
from impediments.queries.listing import ALL, Asked, finding, found, old_enough, ordered
from impediments.queries.rows import Row, Summary, rows_of, summary

# What was resolved longer ago is in the list, not on the board.
RESOLVED_DAYS = 14


@dataclass(frozen=True, slots=True)
class Column:
    """A state with its cards; `earlier` were resolved before the days that the board shows."""

    state: State
    cards: Sequence[Row]
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class Board:
    """What the page shows."""

    columns: Sequence[Column]
    finding: str
    summary: Summary
    is_filtered: bool

    @property
    def total(self) -> int:
        return sum(len(column.cards) + column.earlier for column in self.columns)

    @property
    def may_move(self) -> bool:
        return any(card.may_work for column in self.columns for card in column.cards)

    @property
    def resolved_days(self) -> int:
        return RESOLVED_DAYS


def board_of(user: User, asked: Asked, now: datetime, *, is_filtered: bool) -> Board:
    """The board as `user` sees it now."""
    every = found(user, replace(asked, state=ALL), now)
    old = Q(resolved_at__lt=now - timedelta(days=RESOLVED_DAYS))
    rows = ordered(rows_of(every.exclude(old), user, now), asked)
    columns = [Column(state, [row for row in rows if row.state == state]) for state in State]
    columns[-1] = _resolved(columns[-1], earlier=old_enough(every.filter(old), asked, now).count())
    still = [row for row in rows if row.is_open]
    return Board(columns, finding(still, now, is_filtered=is_filtered), summary(rows), is_filtered)


def _resolved(column: Column, earlier: int) -> Column:
    """The latest first."""
    cards = sorted(column.cards, key=lambda row: row.one.resolved_at or row.one.logged_at, reverse=True)
    return replace(column, cards=cards, earlier=earlier)
