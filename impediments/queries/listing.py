"""The list of impediments: filters, order, and the same rows as a file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from impediments.clocks import ages
from impediments.models import Impediment, State
from impediments.queries.rows import Row, rows_of, seen
from portfolio.models import Team, ValueStream

OPEN, ALL = "open", "all"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for; nothing of it narrows nothing. `age`: at least so many working days.

    `state` is one of the board’s columns, OPEN or ALL. `owner` is the primary key of a person, "none" nobody.
    """

    text: str = ""
    level: int | None = None
    category: str = ""
    stream: ValueStream | None = None
    team: Team | None = None
    owner: int | str | None = None
    state: str = OPEN
    age: int = 0
    sort: str = ""


def found(user: User, asked: Asked, at: datetime, *, is_past: bool = False) -> QuerySet[Impediment]:
    """What `user` sees of what is asked for, without its age; as at an instant."""
    rows = seen(user, at).filter(_wanted(asked), _in_state(asked.state, is_past=is_past))
    if asked.level:
        rows = rows.filter(**{"level_then" if is_past else "level": asked.level})
    return rows


def _in_state(state: str, *, is_past: bool) -> Q:
    """Of the past it is known what was open, not in which column it stood."""
    if state == ALL:
        return Q()
    if is_past:
        return Q(is_open_then=state != State.RESOLVED)
    return ~Q(state=State.RESOLVED) if state == OPEN else Q(state=state)


def _wanted(asked: Asked) -> Q:
    wanted = Q()
    if asked.text:
        wanted &= Q(what__icontains=asked.text) | Q(description__icontains=asked.text) | Q(asked__icontains=asked.text)
    if asked.category:
        wanted &= Q(category=asked.category)
    if asked.stream:
        wanted &= Q(team__stream=asked.stream)
    if asked.team:
        wanted &= Q(team=asked.team)
    if asked.owner == "none":
        wanted &= Q(owner=None)
    elif asked.owner is not None:
        wanted &= Q(owner=asked.owner)
    return wanted


def _clock(row: Row) -> float:
    """When the level's clock runs out; what stands still comes last."""
    breach = row.standing.breach_at if row.standing else None
    return breach.timestamp() if breach else float("inf")


# What the list can be ordered by. The first of a column's clicks orders upwards.
ORDERS: dict[str, Callable[[Row], Any]] = {
    "what": lambda row: row.one.what.casefold(),
    "team": lambda row: (row.one.team.stream.name, row.one.team.name),
    "category": lambda row: row.one.get_category_display(),
    "level": lambda row: row.level,
    "state": lambda row: list(State).index(State(row.state)) if row.state else -1,
    "age": lambda row: row.age.seconds,
    "clock": _clock,
    "items": lambda row: row.items,
    "days": lambda row: row.cost.days,
    "cost": lambda row: row.cost.amount or 0,
    "owner": lambda row: str(row.one.owner or "\uffff").casefold(),
}
# Whoever is asked most, and for longest, stands first.
USUAL = "-level"


def listed(user: User, asked: Asked, at: datetime, *, is_past: bool = False) -> list[Row]:
    """The rows in their order."""
    return ordered(rows_of(found(user, asked, at, is_past=is_past), user, at, is_past=is_past), asked)


def old_enough(rows: QuerySet[Impediment], asked: Asked, at: datetime) -> QuerySet[Impediment]:
    """The rows of `found` whose age is enough, where one is asked for: the age is no column, so it is counted first."""
    if not asked.age:
        return rows
    age = ages(rows.select_related(None).only("pk", "team"), at)
    return rows.filter(pk__in=[pk for pk, one in age.items() if one.days >= asked.age])


def ordered(rows: Sequence[Row], asked: Asked) -> list[Row]:
    """Those old enough, in the order that is asked for; the older first where it says nothing."""
    kept = sorted((row for row in rows if row.age.days >= asked.age), key=lambda row: (-row.age.seconds, row.one.pk))
    sort = asked.sort or USUAL
    return sorted(kept, key=ORDERS[sort.removeprefix("-")], reverse=sort.startswith("-"))


HEAD = ["id", "what", "category", "team", "stream", "state", "level", "owner", "asked", "since", "logged", "resolved"]
FIGURES = ["age_working_days", "level_hours_used", "level_hours_limit", "blocked_items", "lost_item_days"]


def head(rows: Sequence[Row]) -> list[str]:
    """The columns of the file; money where the reader sees any."""
    money = [f"cost_{settings.CURRENCY.lower()}"] if shows_money(rows) else []
    return [*HEAD, *FIGURES, *money, "resolution", "root_cause", "external"]


def shows_money(rows: Sequence[Row]) -> bool:
    """Whether the reader sees money of any of them."""
    return any(row.cost.amount is not None or not row.cost.is_hidden for row in rows)


def lines(rows: Sequence[Row]) -> Iterator[list[object]]:
    """The rows of the file."""
    with_money = shows_money(rows)
    for row in rows:
        one, clock = row.one, row.standing
        yield [
            one.pk,
            one.what,
            one.category,
            one.team.slug,
            one.team.stream.slug,
            row.state or OPEN,
            row.level,
            str(one.owner or ""),
            one.asked,
            one.since_at,
            one.logged_at,
            None if row.is_open else getattr(one, "ended_then", None) or one.resolved_at,
            round(row.age.days, 2),
            round(clock.used_hours, 2) if clock else None,
            clock.limit_hours if clock else None,
            row.items,
            round(row.cost.days, 2),
            *([row.cost.amount] if with_money else []),
            "" if row.is_open else getattr(one, "resolution_then", "") or one.resolution,
            "" if row.is_open else getattr(one, "root_cause_then", "") or one.root_cause,
            one.is_external,
        ]


def finding(rows: Sequence[Row], at: datetime, *, is_filtered: bool) -> str:
    """What a list of impediments says, in a sentence."""
    still = [row for row in rows if row.is_open]
    if not still:
        if rows:
            return f"{len(rows)} resolved impediment{'' if len(rows) == 1 else 's'}"
        return "No impediment is like that" if is_filtered else "Nothing stands in the way"
    stands = "1 impediment stands" if len(still) == 1 else f"{len(still)} impediments stand"
    oldest = max(still, key=lambda row: row.age.seconds)
    return f"{stands} in the way, {'for' if len(still) == 1 else 'the oldest for'} {oldest.age_text}"


def soon(rows: Sequence[Row], at: datetime) -> int:
    """How many reach the limit of their level today."""
    today = timezone.localdate(at)
    breaches = [row.standing.breach_at for row in rows if row.is_open and row.standing]
    return sum(one is not None and timezone.localdate(one) <= today for one in breaches)
