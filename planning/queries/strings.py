"""The strings of a board: its dependencies as they are drawn, from provider to consumer."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from planning.formulas.schedule import Schedule, schedule
from planning.models import Agreement, Card, Dependency, Increment, Lane
from planning.queries.late import NONE, Tally, pair, tallies


@dataclass(frozen=True, slots=True)
class String:
    """A dependency as the board draws it: colour and dash by `schedule`, its end by `agreement`, `badge` its chance of
    coming late. `provider` is None while no card of the provider is known: it hangs on the cell `anchor` ("3-17").
    """

    id: int
    provider: int | None
    consumer: int
    schedule: Schedule
    agreement: str
    badge: str
    badge_title: str
    # Delivered: hidden by default, with the count said.
    is_resolved: bool
    # The row that provides, and the cell to begin at where no card is known.
    lane: int
    anchor: str
    # In words, for a title; and for those who hear the board, what it is to the card that needs it and to the other.
    text: str
    needs: str
    gives: str
    # The late risk rests on something; else the badge is greyed.
    has_history: bool
    version: int

    @property
    def is_problem(self) -> bool:
        """Whether "problems only" shows it: at risk, in conflict, unplanned or declined, and not delivered."""
        return not self.is_resolved and (self.is_declined or self.schedule.is_problem)

    @property
    def is_declined(self) -> bool:
        """Answered with no: its schedule says nothing, and somebody still needs it."""
        return self.agreement == Agreement.DECLINED

    @property
    def is_conflict(self) -> bool:
        """Promised for after it is needed."""
        return self.schedule == Schedule.CONFLICT and not self.is_resolved and not self.is_declined

    def as_json(self) -> dict[str, Any]:
        """As the page and its live events carry it; what is heard stands on the cards."""
        said = asdict(self) | {"is_problem": self.is_problem, "is_declined": self.is_declined}
        return {name: value for name, value in said.items() if name not in ("needs", "gives")}


def drawn(increment: Increment) -> QuerySet[Dependency]:
    """The dependencies that stand on the board, with all that a string reads."""
    return standing(increment).select_related(
        "provider_lane",
        "provider__lane",
        "provider__iteration",
        "consumer__lane",
        "consumer__iteration",
        "needed_in",
    )


def standing(increment: Increment) -> QuerySet[Dependency]:
    """Those that were not withdrawn, and whose consumer is on the board; declined ones too."""
    return Dependency.objects.filter(increment=increment, removed_at=None, consumer__removed_at=None).order_by("pk")


def strings(increment: Increment, on: date | None = None) -> list[String]:
    """All strings of a board, in a fixed number of queries, however many there are.

    A provider card that was taken off the board leaves its string open: somebody still needs it.
    """
    return _strings(drawn(increment), on)


def strings_of_cards(increment: Increment, cards: Collection[int], known: str = "") -> list[String]:
    """The strings that begin or end at any of `cards`: what a move of theirs changes. `known`: of today, if at hand
    (planning.queries.late.known_by)."""
    near = Q(provider__in=cards) | Q(consumer__in=cards)
    return _strings(drawn(increment).filter(near), None, known) if cards else []


def _strings(rows: QuerySet[Dependency], on: date | None, known: str = "") -> list[String]:
    found = list(rows)
    history = tallies(on or timezone.localdate(), known=known) if found else {}
    return [string_of(row, history.get(pair(row), NONE)) for row in found]


def provider_of(row: Dependency) -> Card | None:
    """The provider's card, if it is on the board."""
    return row.provider if row.provider and row.provider.removed_at is None else None


def lane_of(row: Dependency) -> Lane:
    """The row that provides: where its card stands now, else the one that was asked."""
    provider = row.provider
    return provider.lane if provider and provider.lane else row.provider_lane


def schedule_of(row: Dependency) -> Schedule:
    """Its state by the iterations of its cards."""
    provider = provider_of(row)
    here = provider.iteration.number if provider and provider.iteration else None
    there = row.consumer.iteration.number if row.consumer.iteration else None
    return schedule(here, there)


def string_of(row: Dependency, late: Tally = NONE) -> String:
    """One dependency as it is drawn; `late` is the tally of its pair."""
    provider, state, lane = provider_of(row), schedule_of(row), lane_of(row)
    there = row.consumer.lane.name if row.consumer.lane else "the parking lot"
    thing, said = f"{_what(row)} of {lane.name}", _standing(row, state)
    begins = row.needed_in_id if row.needed_in_id else "none"
    return String(
        id=row.pk,
        provider=provider.pk if provider else None,
        consumer=row.consumer_id,
        schedule=state,
        agreement=row.agreement,
        badge=late.text,
        badge_title=late.title,
        is_resolved=row.agreement == Agreement.DELIVERED,
        lane=lane.pk,
        anchor=f"{lane.pk}-{begins}",
        text=f"{row.consumer.title} needs {thing}: {said}",
        needs=f"{thing}: {said}",
        gives=f"{_what(row)} to {row.consumer.title} of {there}: {said}",
        has_history=bool(late.n),
        version=row.version,
    )


def _what(row: Dependency) -> str:
    """What is needed, in words."""
    provider = provider_of(row)
    return row.what or (provider.title if provider else "something")


def _standing(row: Dependency, state: Schedule) -> str:
    """How it stands: "at risk, agreed"; what was declined has no schedule."""
    agreed = Agreement(row.agreement).label.lower()
    return agreed if row.agreement == Agreement.DECLINED else f"{state.label.lower()}, {agreed}"
