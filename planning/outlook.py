"""What the open plans look like from afar: for the leader's page, the pages of the nouns, decisions and the search.

The number of queries does not depend on the number of plans or cards.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from planning.baselines import places
from planning.formulas.schedule import schedule
from planning.formulas.stability import Moves, Place, moves
from planning.models import Agreement, Baseline, Card, CardKind, Dependency, Increment, IncrementState, Reckoning

OPEN = (IncrementState.PLANNING, IncrementState.COMMITTED)
# What is less likely than not.
UNLIKELY = 0.5


@dataclass(slots=True)
class Outlook:
    """An open plan. Values are business value; `expected` is None for the `reason`. `moves`: since it was committed."""

    increment: Increment
    cards: list[Card] = field(default_factory=list)
    conflicts: list[Dependency] = field(default_factory=list)
    moves: Moves | None = None
    # Of a past day: why nothing is said of chances and what rests on them.
    not_kept: str = ""

    @property
    def expected(self) -> float | None:
        """Σ planned value × chance over committed objectives."""
        made = self._reckoning
        return made.expected_value if made else None

    @property
    def committed(self) -> int | None:
        """Σ planned value of committed objectives."""
        made = self._reckoning
        return made.committed_value if made else None

    @property
    def reason(self) -> str:
        """Why there is no expected value."""
        made = self._reckoning
        return self.not_kept or (made.reason if made else "") or "no chances yet"

    @property
    def _reckoning(self) -> Reckoning | None:
        found: Reckoning | None = None if self.not_kept else getattr(self.increment, "reckoning", None)
        return found

    @property
    def unlikely(self) -> list[Card]:
        """The cards in an iteration that are less likely to land than not."""
        return [card for card in self.cards if is_unlikely(card)]

    @property
    def stability(self) -> float | None:
        """Untouched ÷ committed; None before a commitment."""
        return self.moves.stability if self.moves else None


def is_unlikely(card: Card) -> bool:
    """Whether it stands in an iteration and is less likely to land by its end than not."""
    chance = chance_of(card)
    return card.iteration_id is not None and chance is not None and chance < UNLIKELY


def chance_of(card: Card) -> float | None:
    """Its landing chance, 0…1, if there is one."""
    row = getattr(card, "chance", None)
    return row.chance if row is not None else None


def outlooks(user: User, teams: Collection[int] | None = None) -> list[Outlook]:
    """The open plans that `user` sees (of these teams), those with most conflicts first."""
    seen = Increment.objects.for_user(user).filter(state__in=OPEN)
    if teams is not None:
        seen = seen.filter(pk__in=Increment.objects.filter(lanes__team__in=teams).values("pk"))
    last = Prefetch("baselines", Baseline.objects.order_by("-number").only("increment_id", "number", "plan"), "kept")
    found = [Outlook(row) for row in seen.select_related("train", "reckoning").prefetch_related(last)]
    by_increment = {one.increment.pk: one for one in found}
    for card in cards_in(by_increment):
        by_increment[card.increment_id].cards.append(card)
    for dependency in _conflicts(by_increment):
        by_increment[dependency.increment_id].conflicts.append(dependency)
    for one in found:
        one.moves = _moves(one)
    return by_urgency(found)


def by_urgency(found: Sequence[Outlook]) -> list[Outlook]:
    """Those with most conflicts first."""
    return sorted(found, key=lambda one: (-len(one.conflicts), -len(one.unlikely), one.increment.name))


def cards_in(increments: Collection[int]) -> QuerySet[Card]:
    """The cards on these boards, with their places and chances."""
    rows = Card.objects.filter(increment__in=increments, removed_at=None)
    return rows.select_related("lane__team__stream", "iteration", "chance").order_by("iteration__number", "rank", "pk")


def _conflicts(increments: Collection[int]) -> list[Dependency]:
    """What is provided after it is needed."""
    rows = Dependency.objects.filter(increment__in=increments, removed_at=None, consumer__removed_at=None).exclude(
        agreement__in=[Agreement.DELIVERED, Agreement.DECLINED]
    )
    there = rows.filter(provider__removed_at=None).select_related(
        "provider__iteration", "consumer__iteration", "consumer__lane__team__stream"
    )
    return [row for row in there if schedule(number_of(row.provider), number_of(row.consumer)) == "conflict"]


def number_of(card: Card | None) -> int | None:
    """The number of the iteration that a card stands in; None: unplanned."""
    return card.iteration.number if card and card.iteration else None


def _moves(one: Outlook) -> Moves | None:
    kept: Sequence[Baseline] = one.increment.kept  # type: ignore[attr-defined]
    if not kept:
        return None
    now: Mapping[int, Place] = {card.pk: (card.lane_id, card.iteration_id) for card in one.cards}
    return moves(places(kept[0].plan), now)


def planned(user: User, features: Collection[int]) -> list[Card]:
    """Where features stand, on all boards that `user` sees: those of open plans first, then the newest."""
    seen = Increment.objects.for_user(user).order_by()
    rows = cards_in([]).none() if not features else Card.objects.filter(feature__in=features, removed_at=None)
    found = rows.filter(increment__in=seen).select_related(
        "increment__train", "lane__team", "iteration", "chance", "feature"
    )
    return sorted(found, key=lambda card: (not card.increment.is_open, -card.increment_id, card.rank, card.pk))


def of_teams(found: Sequence[Outlook]) -> dict[int, tuple[list[Dependency], list[Card], int]]:
    """Per team: conflicts of what it waits for, cards that are unlikely, how many cards stand in iterations."""
    told: dict[int, tuple[list[Dependency], list[Card], int]] = defaultdict(lambda: ([], [], 0))
    for one in found:
        for card in one.cards:
            if card.lane and card.lane.team_id and card.iteration_id and card.kind != CardKind.MILESTONE:
                late, unlikely, n = told[card.lane.team_id]
                told[card.lane.team_id] = (late, unlikely + [card] * is_unlikely(card), n + 1)
        for row in one.conflicts:
            if row.consumer.lane and row.consumer.lane.team_id:
                told[row.consumer.lane.team_id][0].append(row)
    return dict(told)
