"""Key results beside the work that should move them, and objectives beside the places that set them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from django.db.models import Q

from accounts.models import User
from okrs.models import Contribution, Cycle, Objective
from okrs.queries.pages import Row, present_cycle, rows_of
from okrs.queries.standings import AsOf, Standing, day_of, standings
from portfolio.models import Team, ValueStream
from portfolio.panels import Mark

Work = Literal["initiative", "feature"]
# At or below this, somebody should look: drawn as a warning.
LOW = 3


class Moved(NamedTuple):
    """A key result that a piece of work should move, by how much, and where it stands."""

    contribution: Contribution
    standing: Standing


def moved_by(kind: Work, ids: Collection[int], user: User, as_of: AsOf) -> dict[int, list[Moved]]:
    """The key results that initiatives or features should move, by the work's id, as `user` may see them.

    Objectives closed by then are left out. Five queries however many there are.
    """
    seen = Objective.objects.for_user(user).order_by().values("pk")
    open_then = Q(key_result__objective__closed_at=None) | Q(key_result__objective__closed_at__date__gt=day_of(as_of))
    lines = list(
        Contribution.objects.filter(open_then, key_result__objective__in=seen, **{f"{kind}__in": list(ids)})
        .select_related("key_result__objective__cycle", "key_result__objective__team", "key_result__objective__stream")
        .order_by("key_result__objective_id", "key_result__position", "pk")
    )
    known = standings([line.key_result for line in lines], as_of)
    found: dict[int, list[Moved]] = {}
    for line in lines:
        found.setdefault(getattr(line, f"{kind}_id"), []).append(Moved(line, known[line.key_result_id]))
    return found


def marks(kind: Work, ids: Collection[int], user: User, as_of: datetime) -> dict[int, Sequence[Mark]]:
    """A short fact for cards: how many key results it should move, and the least confidence in them."""
    return {pk: [_mark(rows)] for pk, rows in moved_by(kind, ids, user, as_of).items()}


def _mark(rows: Sequence[Moved]) -> Mark:
    beliefs = [row.standing.confidence for row in rows if row.standing.confidence is not None]
    least = min(beliefs, default=None)
    count = "1 key result" if len(rows) == 1 else f"{len(rows)} key results"
    if least is None:
        return Mark(f"{count}, no confidence yet")
    if len(rows) == 1:
        return Mark(f"{count}, confidence {least}", is_tag=True, tone="warn" if least <= LOW else "")
    return Mark(f"{count}, lowest confidence {least}", is_tag=True, tone="warn" if least <= LOW else "")


class Goals(NamedTuple):
    """The objectives of a place in the cycle people mean on a day."""

    cycle: Cycle
    rows: list[Row]


def goals_of(place: ValueStream | Team, user: User, as_of: AsOf) -> Goals | None:
    """The objectives that a value stream (with its teams) or a team set for the present cycle; None without a cycle."""
    cycle = present_cycle(list(Cycle.objects.all()), day_of(as_of))
    if cycle is None:
        return None
    own = Q(team=place) if isinstance(place, Team) else Q(stream=place) | Q(team__stream=place)
    found = Objective.objects.for_user(user).filter(own, cycle=cycle).select_related("cycle", "stream", "team", "owner")
    return Goals(cycle, rows_of(found.order_by("level", "team__name", "position", "pk"), as_of))
