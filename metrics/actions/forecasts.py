"""Verbs on forecasts: commit to one, withdraw it, decide what came of those that are due."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core import audit
from metrics import forecasts
from metrics.forecasts import outcomes
from metrics.formulas.forecast.calibration import mean_vote
from metrics.models import Forecast, Outcome
from portfolio.models import Feature, Initiative, Team, ValueStream
from portfolio.queries import find_scope, team_scope
from portfolio.rules import Person, require

# Rows read at a time when outcomes are decided.
PORTION = 200


def commit_forecast(
    *,
    actor: Person,
    due_on: date,
    team: Team | None = None,
    stream: ValueStream | None = None,
    feature: Feature | None = None,
    initiative: Initiative | None = None,
    items: int | None = None,
    as_of: datetime | None = None,
    question: forecasts.Question | None = None,
    votes: Sequence[float] | None = None,
    confidence: float | None = None,
) -> Forecast:
    """Keep the forecast that exactly one of team, stream (with `items`), feature or initiative is finished by `due_on`.

    `question` says how it was sampled; its what-if is not kept. `votes` are fists of 1…5 (or their mean alone), or
    `confidence` is one of 0…10: kept as one mean, never per person. Raises ValidationError by field, and in words where
    there is nothing to forecast.
    """
    subjects = [one for one in (team, stream, feature, initiative) if one is not None]
    if len(subjects) != 1:
        raise ValidationError("Name one of team, stream, feature and initiative.")
    team, stream = (feature.team if feature else team), (initiative.stream if initiative else stream)
    require(actor, "commit_forecast", team or stream)
    at = as_of or timezone.now()
    if at > timezone.now():
        raise ValidationError({"as_of": "A forecast cannot be made in the future."})
    if not (feature or initiative) and items is None:
        raise ValidationError({"items": "How many items are promised?"})
    said = _votes(votes, confidence)
    asked = replace(question or forecasts.Question(), items=items, by=due_on, what_if=forecasts.NOTHING)
    answer = _ask(subjects[0], asked, at)
    delivery, chance = _promised(answer)
    made = Forecast(
        team=team,
        stream=None if team else stream,
        feature=feature,
        initiative=initiative,
        subject=delivery.name[:200],
        items=delivery.items,
        due_on=due_on,
        chance=chance,
        votes=said,
        engine=answer.engine,
        inputs=answer.inputs,
        result=answer.result,
        as_of=at,
        made_by_id=getattr(actor, "pk", None),
    )
    return _keep(actor, made)


def _ask(subject: Any, asked: forecasts.Question, at: datetime) -> forecasts.Answer:
    try:
        match subject:
            case Feature():
                return forecasts.ask_feature(subject, asked, at).base
            case Initiative():
                return forecasts.ask_initiative(subject, asked, at).base
            case Team():
                return forecasts.ask_items(team_scope(subject), asked, at).base
            case _:
                return forecasts.ask_items(find_scope(f"stream:{subject.slug}", None), asked, at).base
    except forecasts.BadQuestion as error:
        raise ValidationError({_FIELDS.get(name, name): text for name, text in error.problems.items()}) from error


_FIELDS = {"by": "due_on"}


def _promised(answer: forecasts.Answer) -> tuple[forecasts.Delivery, float]:
    """What is promised, and the chance that it is kept."""
    if answer.reason or not answer.deliveries:
        raise ValidationError(f"There is no forecast to commit to: {answer.reason}.")
    delivery = answer.deliveries[0]
    if delivery.reason:
        raise ValidationError(f"There is no forecast to commit to: {delivery.reason}.")
    if delivery.chance is None:
        raise ValidationError("Nothing is left to do: there is nothing to promise.")
    return delivery, delivery.chance


def _votes(votes: Sequence[float] | None, confidence: float | None) -> float | None:
    if votes and confidence is not None:
        raise ValidationError({"votes": "Give votes or a confidence, not both."})
    if confidence is not None:
        if not 0 <= confidence <= 10:
            raise ValidationError({"confidence": "A confidence is a number from 0 to 10."})
        return round(confidence / 10, 6)
    if not votes:
        return None
    try:
        return mean_vote(votes)
    except ValueError as error:
        raise ValidationError({"votes": str(error)}) from error


def _keep(actor: Person, made: Forecast) -> Forecast:
    """Store it; a second click on the same button finds what the first one stored."""
    with transaction.atomic():
        made.full_clean(exclude=["made_by"])
        # Who comes second waits here, and then sees the first one's.
        if made.team_id:
            Team.objects.select_for_update(no_key=True).get(pk=made.team_id)
        elif made.stream_id:
            ValueStream.objects.select_for_update(no_key=True).get(pk=made.stream_id)
        if stored := _same(made):
            return stored
        made.save()
        data = {"due_on": made.due_on.isoformat(), "items": made.items, "chance": made.chance, "engine": made.engine}
        if made.votes is not None:
            data["votes"] = made.votes
        audit.record(actor=actor, verb="committed to", target=made, data=data)
    return made


def _same(made: Forecast) -> Forecast | None:
    """The open commitment of the same person to the same, by the same day and from the same data."""
    names = ("made_by_id", "team_id", "stream_id", "feature_id", "initiative_id", "items", "due_on", "votes", "inputs")
    same = Forecast.objects.filter(outcome=Outcome.OPEN, **{name: getattr(made, name) for name in names})
    return same.order_by("pk").first()


def withdraw_forecast(*, actor: Person, forecast: Forecast, reason: str = "") -> Forecast:
    """The question became void: it is never scored. Refused once the day it was due is over; see also `reopen`."""
    require(actor, "commit_forecast", forecast.team or forecast.stream)
    with transaction.atomic():
        row = Forecast.objects.select_for_update(of=("self",)).get(pk=forecast.pk)
        if row.outcome == Outcome.WITHDRAWN:
            return row
        if row.outcome != Outcome.OPEN or outcomes.end_of(row) <= timezone.now():
            raise ValidationError("The day it was due is over: what came of it stays.")
        row.outcome, row.decided_at = Outcome.WITHDRAWN, timezone.now()
        row.save(update_fields=["outcome", "decided_at"])
        audit.record(actor=actor, verb="withdrew", target=row, data={"reason": reason} if reason else {})
    return row


def keep_planned(*, forecasts: Sequence[Forecast]) -> list[Forecast]:
    """Keep what a plan promised, as its simulation found it; within the commitment's write and audit entry."""
    for made in forecasts:
        made.full_clean(exclude=["made_by", "team", "feature"], validate_constraints=False)
    return Forecast.objects.bulk_create(forecasts)


def withdraw_planned(*, ids: Collection[int]) -> int:
    """Withdraw those of them that are not due yet: theirs is not the plan any more. How many."""
    open_ones = Forecast.objects.filter(pk__in=ids, outcome=Outcome.OPEN, due_on__gt=timezone.localdate())
    return open_ones.update(outcome=Outcome.WITHDRAWN, decided_at=timezone.now())


def reopen_forecast(*, actor: Person, forecast: Forecast) -> Forecast:
    """Undo of a withdrawal: it is open, and will be decided. Refused once the day it was due is over.

    So nobody chooses by what came which forecasts are scored.
    """
    require(actor, "commit_forecast", forecast.team or forecast.stream)
    with transaction.atomic():
        row = Forecast.objects.select_for_update(of=("self",)).get(pk=forecast.pk)
        if row.outcome == Outcome.WITHDRAWN:
            if outcomes.end_of(row) <= timezone.now():
                raise ValidationError("The day it was due is over: it stays withdrawn.")
            row.outcome, row.decided_at = Outcome.OPEN, None
            row.save(update_fields=["outcome", "decided_at"])
            audit.record(actor=actor, verb="reopened", target=row)
    return row


def decide_outcomes(*, now: datetime) -> int:
    """Decide every forecast that is due by `now`, those decided before too: an import may have changed history.

    Returns how many outcomes changed. Safe to run twice or to be killed half-way: each forecast is decided by itself.
    """
    due = Forecast.objects.exclude(outcome=Outcome.WITHDRAWN).filter(due_on__lte=now.date())
    rows = due.select_related("team", "stream", "feature__team", "initiative").order_by("pk")
    return sum(_decide(forecast, now) for forecast in rows.iterator(PORTION))


def _decide(forecast: Forecast, now: datetime) -> bool:
    decision = outcomes.decide(forecast, now)
    if decision == (forecast.outcome, forecast.finished_on):
        return False
    with transaction.atomic():
        row = Forecast.objects.select_for_update(of=("self",)).get(pk=forecast.pk)
        # Somebody withdrew it meanwhile, or another worker decided it.
        if row.outcome == Outcome.WITHDRAWN or decision == (row.outcome, row.finished_on):
            return False
        data = {"outcome": [row.outcome, decision.outcome], "finished_on": _text(decision.finished_on)}
        row.outcome, row.finished_on = decision
        row.decided_at = None if decision.outcome == Outcome.OPEN else now
        row.save(update_fields=["outcome", "finished_on", "decided_at"])
        audit.record(actor=None, verb="decided", target=row, data=data)
    return True


def _text(on: date | None) -> str | None:
    return on.isoformat() if on else None
