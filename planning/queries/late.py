"""What came late before, by pair of who provides and who needs: over closed increments, and over committed ones as far
as the iteration that needed it is over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from metrics.forecasts.landing import stamp
from metrics.queries import fingerprint
from planning.delivered import delivered
from planning.formulas.late import late_risk
from planning.models import Agreement, Card, Dependency, Increment, IncrementState, Iteration, Lane

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
CACHE_SECONDS = 3600
COUNTED = (IncrementState.COMMITTED, IncrementState.CLOSED)
STANDS = When(provider__lane__isnull=False, then="provider__lane__team")
LATE = Q(done=None) | Q(done__gt=F("due"))
# Nobody said when it came: the items of the provider's feature can tell.
BY_ITEMS = Q(delivered_on=None, provider__feature__isnull=False)
SAID = Q(delivered_on__isnull=False) | Q(provider=None) | Q(provider__feature=None)


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


def tallies(on: date, train: int | None = None, known: str = "") -> Mapping[Pair, Tally]:
    """By pair, as of the day `on`; with `train` (its primary key) only what that train planned. As many queries for
    one as for hundreds.

    Due is the last day of the iteration it was needed in, else of the consumer's, else of the increment. Delivered is
    the day said with the dependency, else that on which the provider card was (planning/delivered.py). Those never
    agreed do not count.
    """
    name = f"late-tallies:{known or known_by(on)}:{on}:{train}"
    found: Mapping[Pair, Tally] | None = cache.get(name)
    if found is None:
        found = _tallied(due_by(on) if train is None else due_by(on).filter(increment__train=train), on)
        # What is not committed yet may never be: others must not find it under the number that they will use.
        kept = found
        transaction.on_commit(lambda: cache.set(name, kept, CACHE_SECONDS), robust=True)
    return found


def known_by(on: date) -> str:
    """What is known at the end of a day (now, if it is not over) of facts and of all plans that count: each write gives
    its increment a new number. What rests on nothing else is the same while this is; ask once, and hand it on.
    """
    counted = Increment.objects.filter(state__in=COUNTED).order_by("pk").values_list("pk", "state", "number")
    return fingerprint(stamp(_end(on)), list(counted))


def _tallied(rows: QuerySet[Any], on: date) -> dict[Pair, Tally]:
    missed = [row.pk for row, done in by_items(rows, on) if done is None or (row.due is not None and done > row.due)]
    counted = (
        rows.values("provider_team", "provider_name", "consumer_team", "consumer_name")
        .annotate(n=Count("pk"), late=Count("pk", filter=(SAID & LATE) | Q(pk__in=missed)))
        .order_by()
    )
    return {
        (
            _party(row["provider_team"], row["provider_name"]),
            _party(row["consumer_team"], row["consumer_name"]),
        ): Tally(row["late"], row["n"])
        for row in counted
    }


def _end(on: date) -> datetime:
    """The end of that day, or now if it is not over."""
    return min(timezone.now(), timezone.make_aware(datetime.combine(on, time.max)))


def by_items(rows: QuerySet[Any], on: date) -> list[tuple[Any, date | None]]:
    """Of `rows` of `due_by` those of which nobody said when they came, and whose provider card has a feature: with the
    day its items tell, by the end of the day `on` (None: not by then)."""
    asked = list(rows.filter(BY_ITEMS).select_related("provider"))
    done = _delivered([row.provider for row in asked], _end(on)) if asked else {}
    return [(row, done.get(row.provider_id)) for row in asked]


def _delivered(cards: Sequence[Card], end: datetime) -> Mapping[int, date]:
    """Kept until the facts change: every board asks the same of all that was ever planned."""
    rows = sorted((card.pk, card.feature_id, card.done_on) for card in cards)
    name = f"late:{stamp(end)}:{fingerprint(rows)}"
    found: dict[int, date] | None = cache.get(name)
    if found is None:
        found = delivered(cards, end)
        cache.set(name, found, CACHE_SECONDS)
    return found


def due_by(on: date) -> QuerySet[Any]:
    """The dependencies that were due before `on`, with their parties and the days `due` and `done`: what is tallied."""
    last = Iteration.objects.filter(increment=OuterRef("increment")).order_by("-last_on").values("last_on")[:1]
    return (
        Dependency.objects.filter(
            removed_at=None,
            consumer__removed_at=None,
            agreement__in=(Agreement.AGREED, Agreement.DELIVERED),
            increment__state__in=COUNTED,
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
