"""Forecasts that somebody committed to: as they were shown, and whether they come true as often as they say."""

import numpy as np
from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from metrics.forecasts import reading
from metrics.forecasts.answers import Answer
from metrics.formulas.forecast.calibration import Calibration, calibrate
from metrics.formulas.forecast.engine import ENGINE, run
from metrics.models import Forecast, Outcome
from portfolio.models import Team, ValueStream

# What somebody committed to when the day was over proves nothing; the portal's own (the demo) are made afterwards.
HINDSIGHT = Q(made_by__isnull=False, made_at__date__gt=F("due_on"))


def stored_for(user: User | AnonymousUser | None) -> QuerySet[Forecast]:
    """The stored forecasts of teams and value streams that `user` (None: the command line) may see, newest first."""
    rows = Forecast.objects.select_related("team", "stream", "feature", "initiative")
    if user is None:
        return rows
    teams, streams = Team.objects.for_user(user).order_by(), ValueStream.objects.for_user(user).order_by()
    return rows.filter(Q(team__in=teams) | Q(stream__in=streams))


def of_stored(forecast: Forecast) -> Answer:
    """What was shown when it was committed to: from its stored texts, nothing computed anew."""
    return reading.read(forecast.inputs, forecast.result, forecast.engine)


def is_reproduced(forecast: Forecast) -> bool | None:
    """Whether today's engine makes the same bytes of its inputs; None: another engine made it."""
    if forecast.engine != ENGINE:
        return None
    return run(forecast.inputs) == forecast.result


def is_hindsight(row: Forecast) -> bool:
    """Whether somebody committed to it when its day was over: it is kept, but not scored."""
    return row.made_by_id is not None and timezone.localdate(row.made_at) > row.due_on


def calibration(stream: ValueStream | None, user: User | AnonymousUser | None = None) -> Calibration:
    """How right the forecasts of a value stream and its teams were (None: all that `user` may see)."""
    rows = stored_for(user).filter(outcome__in=[Outcome.KEPT, Outcome.MISSED]).exclude(HINDSIGHT)
    if stream is not None:
        rows = rows.filter(Q(stream=stream) | Q(team__stream=stream))
    found = list(rows.order_by("pk").values_list("chance", "outcome", "votes"))
    stated = np.array([chance for chance, _, _ in found], dtype=np.float64)
    kept = np.array([outcome == Outcome.KEPT for _, outcome, _ in found], dtype=np.bool_)
    votes = np.array([np.nan if vote is None else vote for _, _, vote in found], dtype=np.float64)
    return calibrate(stated, kept, votes)
