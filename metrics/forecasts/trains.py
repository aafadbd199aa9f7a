"""What the plan of a train is reckoned with: how fast its teams are, and what is left of the features it plans.

Read from the facts as at an instant and kept until they change, so that a card can be moved, and the chances seen,
without reading a team's history again.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache

from metrics.forecasts import samples
from metrics.forecasts import work as works
from metrics.forecasts.landing import landed, stamp
from metrics.forecasts.questions import Question
from metrics.forecasts.work import Size, Sizes
from metrics.formulas.forecast.shapes import TeamInput
from metrics.measurement import ALL_ITEMS
from portfolio.models import Feature, Team

# The settings that a Forecast page has by itself.
QUESTION = Question()
CACHE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a feature: `items` (None: nobody knows, `sized_by` says why), or since when nothing is.

    `is_dropped`: it was closed before it was finished.
    """

    items: int | None
    sized_by: str = ""
    done_on: date | None = None
    is_dropped: bool = False


@dataclass(frozen=True, slots=True)
class Speeds:
    """Per team (primary key) its sample and calendar; and how large features usually are."""

    teams: Mapping[int, TeamInput]
    sizes: Sizes

    def typical(self, team: Team, value_type: str) -> Left:
        """The usual size of what is not known as a feature."""
        size = self.sizes.typical(self.sizes.features, team, value_type, "features")
        return Left(size.left, size.sized_by)


def speeds(teams: Collection[int], at: datetime, known: str = "") -> Speeds:
    """The speed of each team as at `at`; `known` is `stamp(at)`, if at hand."""
    name = _name("speeds", known or stamp(at), teams)
    found = cast(Speeds | None, cache.get(name))
    if found is None:
        found = _speeds(sorted(teams), at)
        cache.set(name, found, CACHE_SECONDS)
    return found


def _speeds(teams: Sequence[int], at: datetime) -> Speeds:
    crew = samples.known_teams(teams)
    given = samples.samples(samples.read(crew, at, ALL_ITEMS), QUESTION, of_queue=True)
    streams = sorted({team.stream_id for team in crew})
    work = works.read(streams, teams, at, ZoneInfo(settings.TIME_ZONE))
    return Speeds({team.pk: one for team, one in zip(crew, given, strict=True)}, Sizes.of(work))


def left(features: Collection[int], teams: Collection[int], at: datetime, known: str = "") -> dict[int, Left]:
    """Feature (primary key) → what is left of it as at `at`; those that are no more are left out.

    One that is not broken down is as large as somebody guessed, else as features of its team usually are: those of the
    streams of `teams` are known.
    """
    known = known or stamp(at)
    name = _name("left", known, features, teams)
    found = cast(dict[int, Left] | None, cache.get(name))
    if found is None:
        found = _left(features, speeds(teams, at, known).sizes, at)
        cache.set(name, found, CACHE_SECONDS)
    return found


def _left(features: Collection[int], sizes: Sizes, at: datetime) -> dict[int, Left]:
    rows = Feature.objects.filter(pk__in=features).select_related("team", "initiative").order_by("pk")
    work = works.of_features(list(rows), at)
    over = landed(work, at.astimezone(ZoneInfo(settings.TIME_ZONE)).date())
    found = {}
    for place, feature in enumerate(work.features):
        if feature.pk in over:
            found[feature.pk] = Left(0, done_on=over[feature.pk], is_dropped=over[feature.pk] is None)
        else:
            found[feature.pk] = _of_size(works.size_of(work, sizes, place, feature.team))
    return found


def _of_size(size: Size) -> Left:
    return Left(size.left, size.sized_by, size.finished_on)


def _name(what: str, known: str, *ids: Collection[int]) -> str:
    text = repr([sorted(one) for one in ids])
    return f"train-{what}:{known}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
