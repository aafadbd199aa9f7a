"""What came of stored forecasts: decided from the facts as at the end of the day they were due, whenever asked."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from metrics.columns import day_date, micros
from metrics.forecasts import plans, samples
from metrics.forecasts import work as works
from metrics.formulas import frame
from metrics.formulas.forecast import shapes
from metrics.measurement import Facets
from metrics.models import Forecast, Outcome
from portfolio.models import Feature, Team


class Decision(NamedTuple):
    """What came; `finished_on` is when what was promised was finished, if that was by the end of the day it was due."""

    outcome: str
    finished_on: date | None


OPEN = Decision(Outcome.OPEN, None)


def decide(forecast: Forecast, now: datetime) -> Decision:
    """Kept when the work was finished by the end of `due_on`, missed when not; open before that end.

    Facts as the database holds them now, so an import that changes history changes the decision. Where there are none,
    nothing tells: a feature without any item stays open, and what was decided stays when its source is deleted.
    """
    zone = _zone(forecast)
    end = datetime.combine(forecast.due_on, time.max, tzinfo=zone)
    if end >= now:
        return OPEN
    if forecast.feature_id is not None or forecast.initiative_id is not None:
        return _of_features(forecast, end)
    return _of_items(forecast, end)


def _zone(forecast: Forecast) -> ZoneInfo:
    return forecast.team.zone if forecast.team is not None else ZoneInfo(settings.TIME_ZONE)


def _features(forecast: Forecast) -> list[Feature]:
    if forecast.feature is not None:
        return [forecast.feature]
    return list(Feature.objects.filter(initiative=forecast.initiative_id).order_by("pk"))


def _of_features(forecast: Forecast, end: datetime) -> Decision:
    """All that had items by then, or was named when promised, must be done; of an initiative, but what was ended."""
    work = works.of_features(_features(forecast), end)
    dropped = [forecast.feature is None and _is_over(one, end) for one in work.features]
    named = set(shapes.load(forecast.inputs).targets[0].members)
    due = ~np.array(dropped, dtype=np.bool_) | (work.left == 0)
    counted = work.is_broken_down & due
    empty = np.array([plans.feature_id(one) in named for one in work.features], dtype=np.bool_) & ~work.is_broken_down
    if not counted.any():
        return _as_it_is(forecast)
    if work.left[counted].any() or (empty & ~np.array(dropped, dtype=np.bool_)).any():
        return Decision(Outcome.MISSED, None)
    return Decision(Outcome.KEPT, works.finished_on(work, np.flatnonzero(counted).tolist()))


def _as_it_is(forecast: Forecast) -> Decision:
    return Decision(forecast.outcome, forecast.finished_on)


def _is_over(feature: Feature, end: datetime) -> bool:
    return feature.ended_on is not None and feature.ended_on <= end.date()


def _of_items(forecast: Forecast, end: datetime) -> Decision:
    """Items that its teams finished after the forecast's instant, of the kind that was sampled."""
    inputs = shapes.load(forecast.inputs)
    slugs = {team.slug for team in inputs.teams} if forecast.team_id is None else {forecast.team.slug}  # type: ignore[union-attr]
    teams = list(Team.objects.filter(slug__in=slugs).select_related("calendar"))
    only_features = bool(inputs.asked.get("only_features"))
    reading = samples.read(teams, end, _facets(inputs.asked))
    if not len(reading.columns.ids):
        return _as_it_is(forecast)
    meant = reading.of(only_features=only_features)
    ends, found = frame.finishes(reading.columns), reading.columns
    late = found.ended[found.last] > micros(forecast.as_of)
    days = np.sort(ends.day[ends.in_scope & meant & late & (ends.day <= frame.number(forecast.due_on))])
    # Of all finishes only a share went to what was promised: so many more are needed.
    needed = -(-forecast.items * 100 // int(inputs.asked.get("share", 100)))
    if len(days) < needed:
        return Decision(Outcome.MISSED, None)
    return Decision(Outcome.KEPT, day_date(int(days[needed - 1])))


def _facets(asked: Mapping[str, Sequence[str]]) -> Facets:
    return Facets(*(tuple(asked.get(name, ())) for name in Facets._fields))


def end_of(forecast: Forecast) -> datetime:
    """The instant from which on the outcome can be known."""
    return datetime.combine(forecast.due_on + timedelta(days=1), time(), tzinfo=_zone(forecast))
