"""What came late before, by pair of who provides and who needs: over closed increments, and over committed ones as far
as the iteration that needed it is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Lower

from planning.formulas.late import late_risk
from planning.models import Agreement, Dependency, IncrementState, Iteration, Lane

# A team, or by its name who has none: ("team", 3), ("name", "bank").
Party = tuple[str, int | str]
Pair = tuple[Party, Party]


@dataclass(frozen=True, slots=True)
class Tally:
    """Of `n` dependencies of a pair that were due, `late` came late or not at all."""

    late: int = 0
    n: int = 0

    @property
    def risk(self) -> float:
        return late_risk(self.late, self.n)

    @property
    def text(self) -> str:
        """Short, for a badge."""
        return f"{self.risk * 100:.0f} %" if self.n else "no history"

    @property
    def title(self) -> str:
        """What it rests on."""
        if not self.n:
            return "No history of this pair: 50 % until there is one."
        noun = "dependency" if self.n == 1 else "dependencies"
        came = f"{self.late} of {self.n} {noun} of this pair came late"
        return f"Late risk {self.text}: {came}; ({self.late} + 1) ÷ ({self.n} + 2)."


NONE = Tally()
STANDS = When(provider__lane__isnull=False, then="provider__lane__team")
LATE = Q(done=None) | Q(done__gt=F("due"))


def party(lane: Lane | None) -> Party:
    """Whom a row stands for, in every increment alike; the parking lot is nobody."""
    if lane is None:
        return ("name", "")
    return ("team", lane.team_id) if lane.team_id else ("name", lane.name.lower())


def pair(dependency: Dependency) -> Pair:
    """Who provides (where its card stands now, else who was asked) and who needs."""
    provider = dependency.provider
    lane = provider.lane if provider and provider.lane else dependency.provider_lane
    return party(lane), party(dependency.consumer.lane)


def tallies(on: date, train: int | None = None) -> Mapping[Pair, Tally]:
    """By pair, as of the day `on`; with `train` (its primary key) only what that train planned. One query.

    Due is the last day of the iteration it was needed in, else of the consumer's, else of the increment. Delivered is
    the day said with the dependency, else with the provider card. Those never agreed do not count.
    """
    rows = due_by(on) if train is None else due_by(on).filter(increment__train=train)
    counted = (
        rows.values("provider_team", "provider_name", "consumer_team", "consumer_name")
        .annotate(n=Count("pk"), late=Count("pk", filter=LATE))
        .order_by()
    )
    return {
        (
            _party(row["provider_team"], row["provider_name"]),
            _party(row["consumer_team"], row["consumer_name"]),
        ): Tally(row["late"], row["n"])
        for row in counted
    }


def due_by(on: date) -> QuerySet[Any]:
    """The dependencies that were due before `on`, with their parties and the days `due` and `done`: what is tallied."""
    last = Iteration.objects.filter(increment=OuterRef("increment")).order_by("-last_on").values("last_on")[:1]
    return (
        Dependency.objects.filter(
            removed_at=None,
            consumer__removed_at=None,
            agreement__in=(Agreement.AGREED, Agreement.DELIVERED),
            increment__state__in=(IncrementState.COMMITTED, IncrementState.CLOSED),
        )
        .annotate(
            due=Coalesce("needed_in__last_on", "consumer__iteration__last_on", Subquery(last)),
            done=Coalesce("delivered_on", "provider__done_on"),
            provider_team=Case(STANDS, default="provider_lane__team"),
            provider_name=Case(
                When(provider__lane__isnull=False, then=_name_without_team("provider__lane")),
                default=_name_without_team("provider_lane"),
            ),
            consumer_team=F("consumer__lane__team"),
            consumer_name=_name_without_team("consumer__lane"),
        )
        .filter(Q(increment__state=IncrementState.CLOSED) | Q(due__lt=on))
    )


def _name_without_team(lane: str) -> Case:
    return Case(When(**{f"{lane}__team": None}, then=Coalesce(Lower(f"{lane}__name"), Value(""))), default=Value(""))


def _party(team: int | None, name: str) -> Party:
    return ("team", team) if team else ("name", name)
