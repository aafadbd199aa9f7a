"""The confidence in the objectives of a portfolio or value streams: what the leader's page and its mail say."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from accounts.models import User
from okrs.models import KeyResult, Objective
from okrs.queries.standings import AsOf, Standing, day_of, mean, standings
from portfolio.models import ValueStream

# How far back "the change in two weeks" looks.
BEFORE = timedelta(days=14)
WORST = 3


@dataclass(frozen=True, slots=True)
class Believed:
    """A key result with where it stands and where it stood two weeks earlier."""

    key_result: KeyResult
    standing: Standing
    before: Standing


@dataclass(frozen=True, slots=True)
class Confidence:
    """The key results of running cycles that are not closed, as of a day.

    `counts` are key results by confidence 0 to 10 (those without any are left out). `mean` is the mean of all that
    have one; `change` is the mean change in two weeks of the `compared` ones that had one then, too, else None.
    `worst` are up to three, the least confident first, then the furthest behind.
    """

    total: int = 0
    counts: tuple[int, ...] = (0,) * 11
    mean: float | None = None
    change: float | None = None
    compared: int = 0
    on_pace: int = 0
    outdated: int = 0
    due: int = 0
    pending: int = 0
    automatic: int = 0
    worst: Sequence[Believed] = field(default_factory=list)

    @property
    def known(self) -> int:
        """How many have a confidence at all."""
        return sum(self.counts)


def running(user: User, streams: "Collection[ValueStream] | None", as_of: AsOf) -> "QuerySet[Objective]":
    """Objectives that `user` may see, of cycles that run on the day, not closed by then: of streams and their teams.

    `streams` None: of the whole portfolio, the company's too.
    """
    day = day_of(as_of)
    found = Objective.objects.for_user(user).filter(cycle__starts_on__lte=day, cycle__ends_on__gte=day)
    found = found.filter(Q(closed_at=None) | Q(closed_at__date__gt=day))
    if streams is None:
        return found
    ids = [stream.pk for stream in streams]
    return found.filter(Q(stream__in=ids) | Q(team__stream__in=ids))


def summary(user: User, streams: "Collection[ValueStream] | None", as_of: AsOf) -> Confidence:
    """Counts by confidence, pace and freshness, the change in two weeks, and the worst three; constant queries."""
    goals = running(user, streams, as_of).order_by()
    rows = list(
        KeyResult.objects.filter(objective__in=goals.values("pk"))
        .select_related("objective__cycle", "objective__stream", "objective__team", "owner")
        .order_by("pk")
    )
    if not rows:
        return Confidence()
    day: date = day_of(as_of)
    now, before = standings(rows, day), standings(rows, day - BEFORE)
    return _confidence([Believed(one, now[one.pk], before[one.pk]) for one in rows])


def _confidence(rows: Sequence[Believed]) -> Confidence:
    given = [row.standing.confidence for row in rows if row.standing.confidence is not None]
    both = [
        row.standing.confidence - row.before.confidence
        for row in rows
        if row.standing.confidence is not None and row.before.confidence is not None
    ]
    states = [row.standing.state for row in rows]
    ranked = sorted(
        (row for row in rows if row.standing.confidence is not None and row.standing.progress < 1),
        key=lambda row: (row.standing.confidence, row.standing.pace, row.key_result.pk),
    )
    return Confidence(
        total=len(rows),
        counts=tuple(given.count(number) for number in range(11)),
        mean=mean(given),
        change=mean(both),
        compared=len(both),
        on_pace=sum(row.standing.is_on_pace for row in rows),
        outdated=states.count("outdated"),
        due=states.count("due"),
        pending=states.count("pending"),
        automatic=sum(row.standing.is_automatic for row in rows),
        worst=ranked[:WORST],
    )
