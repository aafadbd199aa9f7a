"""What was spent: prepared costs of teams, and ledgers where they replace them (docs/users/funding.md).

A value stream's month with a ledger line posted by the as-of day counts by its ledger alone; every other month by the
cost of the stream's teams. One query answers for any number of streams.
"""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from portfolio.models import ValueStream

NOT_SAID = ""

PARTS = """
    WITH ledger_months AS MATERIALIZED (
        SELECT DISTINCT stream_id, date_trunc('month', posted_on::timestamp)::date AS month FROM funding_ledgerentry
        WHERE posted_on >= date_trunc('month', %(first)s::timestamp) AND posted_on <= %(today)s
            AND (%(streams)s::bigint[] IS NULL OR stream_id = ANY(%(streams)s))
    ), days AS (
        -- Added up before anything else is asked: there are many days and few months.
        SELECT d.team_id, d.initiative_id, date_trunc('month', d."on"::timestamp)::date AS month,
            sum(d.amount) AS amount
        FROM funding_daycost d
        WHERE d."on" BETWEEN %(first)s AND %(last)s
            AND (%(initiatives)s::bigint[] IS NULL OR d.initiative_id = ANY(%(initiatives)s))
            AND (%(streams)s::bigint[] IS NULL
                OR d.team_id IN (SELECT id FROM portfolio_team WHERE stream_id = ANY(%(streams)s)))
        GROUP BY 1, 2, 3
    )
    SELECT t.stream_id, d.month, d.team_id, d.initiative_id, coalesce(i.horizon, ''), d.amount, FALSE
    FROM days d
    JOIN portfolio_team t ON t.id = d.team_id
    LEFT JOIN portfolio_initiative i ON i.id = d.initiative_id
    WHERE NOT EXISTS (SELECT FROM ledger_months m WHERE m.stream_id = t.stream_id AND m.month = d.month)
    UNION ALL
    SELECT l.stream_id, date_trunc('month', l.posted_on::timestamp)::date, NULL, l.initiative_id,
        CASE WHEN l.horizon <> '' THEN l.horizon ELSE coalesce(i.horizon, '') END, sum(l.amount), TRUE
    FROM funding_ledgerentry l LEFT JOIN portfolio_initiative i ON i.id = l.initiative_id
    WHERE l.posted_on BETWEEN %(first)s AND %(last)s
        AND (%(streams)s::bigint[] IS NULL OR l.stream_id = ANY(%(streams)s))
        AND (%(initiatives)s::bigint[] IS NULL OR l.initiative_id = ANY(%(initiatives)s))
    GROUP BY 1, 2, 4, 5
    ORDER BY 1, 2, 3, 4, 5
"""


class Part(NamedTuple):
    """A part of what was spent. `team` None: of a ledger; `initiative` None: of none; `horizon` "": not said."""

    stream: int
    month: date
    team: int | None
    initiative: int | None
    horizon: str
    amount: Decimal
    is_ledger: bool


def parts(
    first: date,
    last: date,
    as_of: datetime,
    streams: Collection[ValueStream] | None = None,
    initiatives: Collection[int] | None = None,
) -> list[Part]:
    """Everything spent from `first` to `last` and no later than the day of `as_of`, by stream, month, team,
    initiative and horizon; of all streams and initiatives unless some are named. Amounts have four decimals.
    """
    today = timezone.localdate(as_of)
    said = {
        "first": first,
        "last": min(last, today),
        "today": today,
        "streams": None if streams is None else [stream.pk for stream in streams],
        "initiatives": None if initiatives is None else list(initiatives),
    }
    with connection.cursor() as cursor:
        cursor.execute(PARTS, said)
        return [Part(*row) for row in cursor.fetchall()]


def spend_by_stream(
    first: date, last: date, as_of: datetime, streams: Collection[ValueStream] | None = None
) -> dict[int, Decimal]:
    """What each value stream spent in the days `first` to `last`, as at `as_of`; without any it is left out."""
    found: dict[int, Decimal] = {}
    for part in parts(first, last, as_of, streams):
        found[part.stream] = found.get(part.stream, Decimal(0)) + part.amount
    return found


def spend_by_initiative(
    first: date,
    last: date,
    as_of: datetime,
    streams: Collection[ValueStream] | None = None,
    initiatives: Collection[int] | None = None,
) -> dict[tuple[int, int | None], Decimal]:
    """What each value stream spent on each initiative (None: on none) in the days `first` to `last`, as at `as_of`.

    Sums to `spend_by_stream`: teams may work on initiatives of other streams, whose money it then is not.
    """
    found: dict[tuple[int, int | None], Decimal] = {}
    for part in parts(first, last, as_of, streams, initiatives):
        key = part.stream, part.initiative
        found[key] = found.get(key, Decimal(0)) + part.amount
    return found
