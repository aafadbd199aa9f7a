"""Delay cost: by how many weeks initiatives land later because of impediments × what a week of delay costs them.

With the block its items cannot finish before it is released, so the initiative lands at max(landing, release); the
median of that is max(median landing, release). It stands beside capacity cost and is never added to it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
from django.db import connection

from accounts.models import User
from funding.rollups import OF_ITEMS
from impediments.costs.base import CENT, Which, added, keys, open_at
from impediments.models import Block, Category, Impediment
from metrics import columns, states
from metrics.forecasts.landing import Median, medians
from portfolio.models import Initiative

# Fewer resolved impediments of a category do not say how long the next one takes.
FEWEST = 3
NO_LANDING = "{name} has no landing date"
# What stands for the name of an initiative that the reader may not see.
UNSEEN = "an initiative you do not see"
# Days from since-when to the resolution, added up over all periods, of those that are resolved at as_of.
RESOLUTIONS = """
    WITH resolved AS (
        SELECT i.category, sum((p.to_at AT TIME ZONE t.timezone)::date - (p.from_at AT TIME ZONE t.timezone)::date) AS d
        FROM impediments_impediment i JOIN impediments_period p ON p.impediment_id = i.id
        JOIN portfolio_team t ON t.id = i.team_id
        WHERE i.merged_into_id IS NULL AND p.from_at <= %(as_of)s
        GROUP BY i.id, i.category HAVING bool_and(p.to_at IS NOT NULL AND p.to_at <= %(as_of)s)
    )
    SELECT category, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY d)::int FROM resolved GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Release:
    """The day before which the items cannot finish, and in words how that is known; None with the reason."""

    on: date | None
    why: str


@dataclass(frozen=True, slots=True)
class Slip:
    """An initiative that waits: `items` are keys of those blocked, `landing_on` its median landing without the block.

    `days` of slip; None with the `reason`. `amount` None: nobody said what a week costs (`cost_of_delay`), or hidden.
    """

    initiative: int
    slug: str
    name: str
    stream: int
    stream_slug: str
    items: tuple[str, ...]
    landing_on: date | None
    days: int | None
    cost_of_delay: Decimal | None
    amount: Decimal | None
    reason: str = ""

    @property
    def weeks(self) -> float | None:
        return None if self.days is None else self.days / 7

    def unnamed(self) -> "Slip":
        """The same without its name, its short name, its plans and its items."""
        reason = self.reason
        if reason.startswith(self.name):
            reason = NO_LANDING.format(name=UNSEEN)
        return replace(self, name=UNSEEN, slug="", items=(), landing_on=None, reason=reason)


@dataclass(frozen=True, slots=True)
class Delay:
    """By how much initiatives land later. `weeks`: the longest slip; None with the `reason`. `amount` to the cent: the
    sum over initiatives; None where nothing is known or may be seen (`is_hidden`). `loose`: items of no initiative.
    """

    amount: Decimal | None = None
    weeks: float | None = None
    release_on: date | None = None
    why: str = ""
    parts: tuple[Slip, ...] = ()
    loose: tuple[str, ...] = ()
    reason: str = ""
    is_hidden: bool = False

    def named(self, initiatives: Collection[int]) -> "Delay":
        """The same with the names and plans of these initiatives (primary keys) alone; before `seen`."""
        if all(part.initiative in initiatives for part in self.parts):
            return self
        parts = tuple(part if part.initiative in initiatives else part.unnamed() for part in self.parts)
        return replace(self, parts=parts, reason=_reason(parts))

    def seen(self, streams: frozenset[int]) -> "Delay":
        """The same with the money of these value streams (base.money_streams) alone."""
        if all(part.stream in streams for part in self.parts):
            return self
        parts = tuple(
            part if part.stream in streams else replace(part, amount=None, cost_of_delay=None) for part in self.parts
        )
        return replace(self, amount=added([part.amount for part in parts]), parts=parts, is_hidden=True)


def releases(impediments: Collection[Impediment], as_of: datetime) -> dict[int, Release]:
    """When each is likely to be out of the way: two queries at most."""
    with connection.cursor() as cursor:
        cursor.execute(RESOLUTIONS, {"as_of": as_of})
        usual = {category: (n, days) for category, n, days in cursor.fetchall()}
    return {one.pk: _release(one, usual.get(one.category), as_of) for one in impediments}


def _release(one: Impediment, usual: tuple[int, int] | None, as_of: datetime) -> Release:
    today, said = as_of.astimezone(one.team.zone).date(), ""
    if one.promised_on is not None:
        if one.promised_on >= today:
            return Release(one.promised_on, "promised")
        said = f"it was promised for {one.promised_on:%-d %b %Y}, which has passed; "
    n, days = usual or (0, 0)
    name = Category(one.category).label.lower()
    if n < FEWEST:
        return Release(None, f"{said}no date is promised and only {n} of {FEWEST} impediments of {name} are resolved")
    text = f"{days} day{'' if days == 1 else 's'}, the median of {n} resolved ones of {name}"
    return Release(today + timedelta(days), f"{said}{text}")


@dataclass(frozen=True, slots=True)
class _Items:
    """Keys of the unfinished items that each impediment blocks at as_of, by initiative (None: of none)."""

    blocked: Mapping[int, Mapping[int | None, tuple[str, ...]]]
    had: frozenset[int]

    @staticmethod
    def read(ids: Sequence[int], as_of: datetime) -> "_Items":
        rows = Block.objects.filter(impediment__in=ids, from_at__lte=as_of).exclude(to_at__lte=as_of)
        pairs = list(rows.order_by("key").values_list("impediment", "item", "key").distinct())
        home = _initiatives(_unfinished({item for _, item, _ in pairs if item is not None}, as_of))
        found: dict[int, dict[int | None, tuple[str, ...]]] = {}
        for one, item, key in pairs:
            if item in home:
                of = found.setdefault(one, {})
                of[home[item]] = (*of.get(home[item], ()), key)
        return _Items(found, frozenset(one for one, _, _ in pairs))


def _unfinished(ids: Collection[int], as_of: datetime) -> list[int]:
    """Those of the items that are there and neither done nor removed at as_of."""
    if not ids:
        return []
    found = columns.derive(columns.read_items(sorted(ids)), columns.micros(as_of), frozenset())
    is_over = np.isin(found.state[found.last], (states.DONE, states.REMOVED))
    kept: list[int] = found.ids[~is_over].tolist()
    return kept


def _initiatives(ids: Sequence[int]) -> dict[int, int | None]:
    """Each item with its initiative."""
    with connection.cursor() as cursor:
        cursor.execute(OF_ITEMS, [list(ids)])
        home: dict[int, int] = dict(cursor.fetchall())
    return {pk: home.get(pk) for pk in ids}


def delay(impediments: Iterable[Which], as_of: datetime) -> dict[int, Delay]:
    """What each impediment delays as at an instant; each has an entry, the queries do not grow with them."""
    ids = keys(impediments)
    rows = list(open_at(Impediment.objects.filter(pk__in=ids), as_of).select_related("team"))
    items = _Items.read([one.pk for one in rows], as_of)
    wanted = {pk for of in items.blocked.values() for pk in of if pk is not None}
    initiatives = Initiative.objects.select_related("stream").in_bulk(wanted)
    landings, until = medians(wanted, as_of), releases(rows, as_of)
    found = {one.pk: _delay(one, items, until[one.pk], initiatives, landings) for one in rows}
    return {pk: found.get(pk, Delay(reason="it is resolved: nothing waits for it")) for pk in ids}


def _delay(
    one: Impediment,
    items: _Items,
    release: Release,
    initiatives: Mapping[int, Initiative],
    landings: Mapping[int, Median],
) -> Delay:
    blocked = items.blocked.get(one.pk, {})
    loose = blocked.get(None, ())
    parts = tuple(
        _slip(initiatives[pk], keys, release, landings[pk])
        for pk, keys in sorted(blocked.items(), key=lambda pair: pair[0] or 0)
        if pk is not None
    )
    given = Delay(release_on=release.on, why=release.why if release.on else "", parts=parts, loose=loose)
    if not parts:
        return replace(given, reason=_nothing(one.pk in items.had, bool(loose)))
    days = [part.days for part in parts if part.days is not None]
    given = replace(given, reason=_reason(parts))
    return replace(given, amount=added([part.amount for part in parts]), weeks=max(days) / 7) if days else given


def _reason(parts: Sequence[Slip]) -> str:
    """Why nothing is known of any of them, else whose week of delay has no price."""
    if all(part.days is None for part in parts):
        return "; ".join(dict.fromkeys(part.reason for part in parts))
    unpriced = " and ".join(dict.fromkeys(part.name for part in parts if part.cost_of_delay is None))
    return f"nobody said what a week of delay of {unpriced} costs" if unpriced else ""


def told(delays: Mapping[int, Delay], user: User) -> dict[int, Delay]:
    """What `user` may read of delays: the names and plans of initiatives that they see. One query."""
    ids = {part.initiative for one in delays.values() for part in one.parts}
    seen = set(Initiative.objects.for_user(user).filter(pk__in=ids).values_list("pk", flat=True))
    return {pk: one.named(seen) for pk, one in delays.items()}


def _nothing(had: bool, is_loose: bool) -> str:
    if is_loose:
        return "its items belong to no initiative"
    return "its items are finished or gone" if had else "it blocks no item"


def _slip(initiative: Initiative, items: tuple[str, ...], release: Release, landing: Median) -> Slip:
    """Weeks of slip × the initiative's cost of delay a week."""
    weekly, days, reason = initiative.cost_of_delay, None, ""
    if release.on is None:
        reason = release.why
    elif landing.on is None:
        reason = f"{NO_LANDING.format(name=initiative.name)}: {landing.reason}"
    else:
        days = max((release.on - landing.on).days, 0)
    amount = None if days is None or weekly is None else (weekly * days / 7).quantize(CENT)
    return Slip(
        initiative.pk, initiative.slug, initiative.name, initiative.stream_id, initiative.stream.slug, items,
        landing.on, days, weekly, amount, reason,
    )  # fmt: skip


def _days(part: Slip) -> int:
    """What is not known is less than nothing."""
    return -1 if part.days is None else part.days


def together(delays: Iterable[Delay]) -> Delay:
    """What several delay together: an initiative that waits for more than one lands once, after the last of them."""
    longest: dict[int, Slip] = {}
    reasons: list[str] = []
    is_hidden = False
    for one in delays:
        is_hidden |= one.is_hidden
        reasons += [one.reason] if one.weeks is None and one.reason and one.parts else []
        for part in one.parts:
            known = longest.get(part.initiative)
            if known is None or _days(part) > _days(known):
                longest[part.initiative] = part
    parts = tuple(longest.values())
    days = [part.days for part in parts if part.days is not None]
    return Delay(
        amount=added([part.amount for part in parts]),
        weeks=max(days) / 7 if days else None,
        parts=parts,
        reason="" if days else "; ".join(dict.fromkeys(reasons)) or "no initiative waits for them",
        is_hidden=is_hidden,
    )
