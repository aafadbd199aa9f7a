"""How likely a stored forecast is now: asked again of today's facts, sampled as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from metrics import forecasts
from metrics.forecasts import Answer, BadQuestion, Question
from metrics.measurement import Facets
from metrics.models import Forecast, ItemFlow
from portfolio.queries import find_scope, team_scope

# What of a stored question is asked again.
SETTINGS = {"share", "sample_days", "wip_limit", "only_features"}


def chance_now(row: Forecast, at: datetime) -> float | None:
    """The chance that it is kept, as at `at`; None where that cannot be told."""
    asked = forecasts.of_stored(row).asked
    facets = Facets(*(tuple(asked.get(name, ())) for name in Facets._fields))
    question = Question(by=row.due_on, facets=facets, **{k: v for k, v in asked.items() if k in SETTINGS})
    try:
        return _promised(_ask(row, question, facets, asked, at))
    except BadQuestion:
        return None


def _promised(found: Answer | None) -> float | None:
    if found is None:
        return 1.0
    if found.reason or not found.deliveries:
        return None
    return 1.0 if found.deliveries[0].is_done else found.deliveries[0].chance


def _ask(row: Forecast, question: Question, facets: Facets, asked: Mapping[str, Any], at: datetime) -> Answer | None:
    """The answer of today; None where the promised items are finished already."""
    if row.feature is not None:
        return forecasts.ask_feature(row.feature, question, at).base
    if row.initiative is not None:
        return forecasts.ask_initiative(row.initiative, question, at).base
    scope = team_scope(row.team) if row.team else find_scope(f"stream:{row.stream.slug}", None)  # type: ignore[union-attr]
    since = finished_since(scope.teams, row.as_of, at, facets) * int(asked.get("share", 100)) // 100
    if since >= row.items:
        return None
    return forecasts.ask_items(scope, replace(question, items=row.items - since), at).base


def finished_since(teams: Sequence[int], since: datetime, at: datetime, facets: Facets) -> int:
    """Items that these teams finished after one instant and by another."""
    rows = ItemFlow.objects.filter(team__in=teams, finished_at__gt=since, finished_at__lte=at, item__deleted_at=None)
    if facets.kinds:
        rows = rows.filter(item__kind__in=facets.kinds)
    if facets.classes:
        rows = rows.filter(item__class_of_service__in=facets.classes)
    if facets.labels:
        rows = rows.filter(item__labels__overlap=list(facets.labels))
    return rows.count()
