"""Capacity cost: what blocked items took from the working days of teams (docs/users/impediment-costs.md)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from impediments.costs.base import CENT, JUST, Which, added, keys

PARTS = """
    SELECT d.impediment_id, d.team_id, t.name, t.stream_id, sum(d.items), sum(d.items / d.in_progress),
        sum(d.amount), bool_or(d.amount IS NULL), count(*)
    FROM impediments_blockedday d JOIN portfolio_team t ON t.id = d.team_id
    LEFT JOIN impediments_blockedmark m ON m.team_id = d.team_id
    WHERE d.impediment_id = ANY(%(ids)s) AND d."on" BETWEEN %(first)s AND %(last)s
        AND d."on" <= CASE WHEN m.made_at > %(as_of)s + %(just)s
            THEN ((%(as_of)s + interval '1 microsecond') AT TIME ZONE t.timezone)::date - 1
            ELSE (%(as_of)s AT TIME ZONE t.timezone)::date END
        AND (%(teams)s::bigint[] IS NULL OR d.team_id = ANY(%(teams)s))
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 3
"""
MONTHS = """
    SELECT date_trunc('month', d."on"::timestamp)::date, d.team_id, t.name, t.stream_id, sum(d.items),
        sum(d.items / d.in_progress), sum(d.amount), bool_or(d.amount IS NULL), count(*)
    FROM impediments_blockedday d JOIN portfolio_team t ON t.id = d.team_id
    LEFT JOIN impediments_blockedmark m ON m.team_id = d.team_id
    WHERE d.impediment_id = ANY(%(ids)s) AND d."on" BETWEEN %(first)s AND %(last)s
        AND d."on" <= CASE WHEN m.made_at > %(as_of)s + %(just)s
            THEN ((%(as_of)s + interval '1 microsecond') AT TIME ZONE t.timezone)::date - 1
            ELSE (%(as_of)s AT TIME ZONE t.timezone)::date END
        AND (%(teams)s::bigint[] IS NULL OR d.team_id = ANY(%(teams)s))
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 3
"""
EVER, NEVER = date(1970, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class TeamPart:
    """What an impediment took from a team: `days` item-days, `team_days` working days of the whole team,
    `working_days` on which it did; `amount` None: nobody said what the team costs on some of them.
    """

    team: int
    name: str
    stream: int
    days: float
    team_days: float
    amount: Decimal | None
    working_days: int = 0


@dataclass(frozen=True, slots=True)
class Capacity:
    """What an impediment (or several) took: `days` item-days, `team_days` working days of whole teams, `amount` money
    to the cent, None where nothing is known (`reason` says why) or may be seen (`is_hidden`). With nothing blocked 0.
    """

    days: float = 0.0
    team_days: float = 0.0
    amount: Decimal | None = Decimal("0.00")
    reason: str = ""
    parts: tuple[TeamPart, ...] = ()
    is_hidden: bool = False

    def seen(self, streams: frozenset[int]) -> "Capacity":
        """The same with the money of these value streams (base.money_streams) alone."""
        if all(part.stream in streams for part in self.parts) and (self.parts or streams):
            return self
        shown = tuple(part if part.stream in streams else replace(part, amount=None) for part in self.parts)
        amount = added([part.amount for part in shown])
        reason = _unknown([part for part in self.parts if part.stream in streams])
        return replace(self, amount=amount, reason=reason, parts=shown, is_hidden=True)


def whole(parts: Iterable[TeamPart]) -> Capacity:
    """What parts come to together."""
    found = tuple(parts)
    amount = added([part.amount for part in found]) if found else Decimal("0.00")
    days, team_days = sum(part.days for part in found), sum(part.team_days for part in found)
    return Capacity(days, team_days, amount, _unknown(found), found)


def _unknown(parts: Iterable[TeamPart]) -> str:
    names = sorted({part.name for part in parts if part.amount is None})
    return f"nobody said what a day of {' and '.join(names)} costs" if names else ""


def capacity(
    impediments: Iterable[Which],
    first: date | None = None,
    last: date | None = None,
    *,
    as_of: datetime,
    teams: Iterable[int] | None = None,
) -> dict[int, Capacity]:
    """The capacity cost of each impediment, on the days `first` to `last` that were over by `as_of`, and of now the one
    that goes on (base.last_days): one query.

    `teams`: only what it took from these. Every impediment has an entry.
    """
    ids = keys(impediments)
    found = _grouped(PARTS, ids, first, last, as_of, teams)
    return {one: whole(found.get(one, ())) for one in ids}


def by_month(
    impediments: Iterable[Which], first: date, last: date, *, as_of: datetime, teams: Iterable[int] | None = None
) -> dict[date, Capacity]:
    """What all of them took, by the first day of the month: one query. Months without anything are left out."""
    found = _grouped(MONTHS, keys(impediments), first, last, as_of, teams)
    return {month: whole(parts) for month, parts in found.items()}


def _grouped(
    query: str, ids: list[int], first: date | None, last: date | None, as_of: datetime, teams: Iterable[int] | None
) -> dict[Any, list[TeamPart]]:
    """The parts of each group; the first column says which."""
    said: dict[str, Any] = {
        "ids": ids,
        "first": first or EVER,
        "last": last or NEVER,
        "as_of": as_of,
        "just": JUST,
        "teams": None if teams is None else list(teams),
    }
    with connection.cursor() as cursor:
        cursor.execute(query, said)
        rows = cursor.fetchall()
    found: dict[Any, list[TeamPart]] = {}
    for group, team, name, stream, days, team_days, amount, lacks, n in rows:
        known = None if lacks or amount is None else amount.quantize(CENT)
        found.setdefault(group, []).append(TeamPart(team, name, stream, days, team_days, known, n))
    return found
