"""The impediments that cost most, and what removing them would give back: a forecast with and without them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from accounts.models import User
from impediments.costs.base import open_at
from impediments.costs.capacity import Capacity, capacity
from impediments.models import Block, BlockedDay, Impediment
from metrics.forecasts import Outlook, Question, WhatIf, ask_items
from portfolio.queries import Scope

TOP = 3


@dataclass(frozen=True, slots=True)
class Line:
    """An open impediment, what it took so far (`capacity`), and how many items it blocks now."""

    impediment: Impediment
    capacity: Capacity
    items: int


def top(teams: Collection[int], as_of: datetime, n: int = TOP, user: User | None = None) -> list[Line]:
    """The open impediments that took most from these teams, in working days of a whole team; then the oldest.

    The order is the same for everybody: it does not tell what is hidden. `user`: only those this person may see.
    """
    own = Impediment.objects.all() if user is None else Impediment.objects.for_user(user)
    near = Q(team__in=teams) | Q(pk__in=BlockedDay.objects.filter(team__in=teams).values("impediment"))
    rows = list(open_at(own.filter(near), as_of).select_related("team__stream", "owner"))
    took = capacity(rows, as_of=as_of, teams=teams)
    items = blocked_items(rows, as_of)
    lines = [Line(one, took[one.pk], items.get(one.pk, 0)) for one in rows]
    return sorted(lines, key=lambda line: (-line.capacity.team_days, line.impediment.since_at, line.impediment.pk))[:n]


def blocked_items(impediments: Collection[Impediment], as_of: datetime) -> dict[int, int]:
    """How many items each blocks at an instant; without any it is left out."""
    open_blocks = Q(to_at=None) | Q(to_at__gt=as_of)
    rows = Block.objects.filter(open_blocks, impediment__in=impediments, from_at__lte=as_of).order_by()
    found: dict[int, set[str]] = {}
    for one, key in rows.values_list("impediment", "key"):
        found.setdefault(one, set()).add(key)
    return {one: len(keys) for one, keys in found.items()}


@dataclass(frozen=True, slots=True)
class GivesBack:
    """What a scope would finish if some impediments had not been: the same forecast with and without them.

    `by`: the day asked about; `many` by it and `when` all that is open is finished, each as (rank, with, without);
    `reason`: why nothing can be said. `lines` are the impediments, `stays` how many of their blocks are left out.
    """

    lines: tuple[Line, ...]
    stays: int
    by: date | None = None
    items: int = 0
    many: tuple[tuple[int, int, int], ...] = ()
    when: tuple[tuple[int, date | None, date | None], ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def both(self) -> list[tuple[int, int, int, date | None, date | None]]:
        """Per rank: how many with and without them, and until when with and without."""
        days = {rank: (on, earlier) for rank, on, earlier in self.when}
        return [(rank, now, then, *days.get(rank, (None, None))) for rank, now, then in self.many]


def gives_back(scope: Scope, lines: Collection[Line], as_of: datetime) -> GivesBack:
    """The forecast of the scope as it is, and as if these impediments had not blocked anything in the sampled days."""
    blocks = Block.objects.filter(impediment__in=[line.impediment for line in lines]).exclude(stay=None)
    stays = tuple(sorted(set(blocks.filter(from_at__lte=as_of).values_list("stay", flat=True))))
    found = GivesBack(tuple(lines), len(stays))
    if not stays:
        return GivesBack(tuple(lines), 0, reason="they block no item, so no forecast changes without them")
    outlook = ask_items(scope, Question(what_if=WhatIf(unblock_stays=stays)), as_of)
    return _compared(found, outlook)


def _compared(found: GivesBack, outlook: Outlook) -> GivesBack:
    base, variant = outlook.base, outlook.variant
    if variant is None or base.reason or variant.reason or base.how_many is None or variant.how_many is None:
        return GivesBack(found.lines, found.stays, reason=base.reason or "nothing can be forecast")
    now, then = base.how_many, variant.how_many
    many = tuple((rank, now.at_least[rank], then.at_least[rank]) for rank in sorted(now.at_least))
    first, other = base.deliveries[0], variant.deliveries[0]
    when = tuple((rank, on, other.when.get(rank)) for rank, on in sorted(first.when.items()))
    notes = tuple(note for note in variant.notes if "blocked" in note)
    return GivesBack(found.lines, found.stays, now.by, first.items, many, when, notes)
