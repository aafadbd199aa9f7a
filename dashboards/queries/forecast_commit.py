"""Committing to what the Forecast page shows: what can be chosen, and the verb's call."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied

from accounts.models import User
from dashboards.forms import CommitForm
from dashboards.queries.base import count
from dashboards.queries.forecast import ForecastPage
from dashboards.queries.forecast_rows import features, initiatives
from metrics import actions
from metrics.forecasts import NOTHING
from metrics.forms import Asked
from metrics.models import Forecast
from portfolio.models import Feature, Initiative, Team, ValueStream
from portfolio.rules import WORDS, Place, can


def place_of(asked: Asked) -> Place:
    """The team or the stream of a scope; None is the portfolio."""
    if asked.scope.kind == "team":
        return Team.objects.get(slug=asked.scope.slug)
    return ValueStream.objects.get(slug=asked.scope.slug) if asked.scope.kind == "stream" else None


def subjects(asked: Asked, page: ForecastPage, user: User) -> list[tuple[str, str]]:
    """What can be committed to: the items asked for, each feature that has a forecast, and each initiative of a value
    stream where `user` may.
    """
    found = []
    if asked.scope.kind != "portfolio" and page.base.deliveries and page.base.deliveries[0].when:
        found.append(("items", count(page.base.deliveries[0].items, "item")))
    found += [(one.id, f"Feature: {one.name}") for one in features(page.plan) if one.when and not one.is_done]
    whole = {one.id: one for one in initiatives(page.plan) if one.when and not one.is_done}
    rows = Initiative.objects.filter(pk__in=[int(id.partition(":")[2]) for id in whole]).select_related("stream")
    may = {f"initiative:{row.pk}" for row in rows if can(user, "commit_forecast", row.stream)}
    return found + [(id, f"Initiative: {one.name}") for id, one in whole.items() if id in may]


def commit_form(
    asked: Asked, page: ForecastPage, user: User, chosen: str, data: Mapping[str, Any] | None = None
) -> CommitForm | None:
    """The form, with nothing to choose where there is no forecast; None where this person may not commit."""
    if not can(user, "commit_forecast", place_of(asked)):
        return None
    offered, delivery = subjects(asked, page, user), page.plan.find(chosen)
    due = delivery.due_on if delivery and delivery.due_on else page.question.by
    subject = chosen or next((name for name, _ in offered), "")
    return CommitForm(data, subjects=offered, initial={"subject": subject, "due_on": due})


def commit(form: CommitForm | None, asked: Asked, page: ForecastPage, user: User, at: datetime) -> Forecast | None:
    """Store the forecast; None after the form has the messages. Raises PermissionDenied."""
    if form is None:
        raise PermissionDenied(WORDS["commit_forecast"])
    if not form.is_valid():
        return None
    said = form.cleaned_data
    vote = said["votes"]
    return form.attempt(
        lambda: actions.commit_forecast(
            actor=user,
            as_of=at,
            due_on=said["due_on"],
            question=replace(page.question, what_if=NOTHING),
            votes=None if vote is None else [float(vote)],
            **_subject(asked, page, said["subject"]),
        )
    )


def _subject(asked: Asked, page: ForecastPage, chosen: str) -> dict[str, Any]:
    """The verb's arguments that say what is committed to; `chosen` is one of `subjects`."""
    kind, _, pk = chosen.partition(":")
    if kind == "feature":
        return {"feature": Feature.objects.get(pk=pk)}
    if kind == "initiative":
        return {"initiative": Initiative.objects.get(pk=pk)}
    return {asked.scope.kind: place_of(asked), "items": page.base.deliveries[0].items}
