"""Verbs on what figures are set against: baselines of natural limits, and service level expectations.

Each checks the actor, is one transaction and leaves one audit entry; `actor` None is the portal itself. Invalid values
raise ValidationError by field. Removing is undone by setting the same again.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from metrics.formulas.stats import FEWEST_POINTS
from metrics.models import Baseline, Expectation
from portfolio.actions import writing
from portfolio.models import Team, ValueStream
from portfolio.rules import Person, Place, require

FIRST_DAY = date(1970, 1, 1)
# How far ahead an expectation may be agreed, and the longest there may be.
DAYS_AHEAD = 366
MOST_DAYS = 3650


def set_baseline(
    *,
    actor: Person,
    place: Place,
    measure: str,
    starts_on: date,
    reason: str,
    ends_on: date | None = None,
) -> Baseline:
    """From `starts_on` on, `measure` of `place` (None: the portfolio) has limits of its own, since `reason`.

    With `ends_on` only the weeks up to it make them; all full weeks from `starts_on` on do otherwise.
    """
    require(actor, "set_standards", place)
    fields = {"measure": measure, "starts_on": starts_on, "ends_on": ends_on, "reason": reason.strip()}
    made = Baseline(**fields, **_scope(place), made_by_id=_id(actor))
    _check_baseline(made)
    return writing.create(actor, "set", made)


def set_baselines(*, actor: Person, place: Place, measures: Sequence[str], **fields: Any) -> list[Baseline]:
    """The same change for several measures, an entry each: all or none. `fields` as of set_baseline.

    Measures that have a baseline from that day on already keep theirs; refused when all have.
    """
    with transaction.atomic():
        known = {"starts_on": fields["starts_on"], "measure__in": measures}
        there = Baseline.objects.filter(**known, **_scope(place)).values_list("measure", flat=True)
        chosen = [measure for measure in measures if measure not in set(there)] or measures
        return [set_baseline(actor=actor, place=place, measure=measure, **fields) for measure in chosen]


def change_baseline(*, actor: Person, baseline: Baseline, **fields: Any) -> Baseline:
    """`fields`: starts_on, ends_on, reason."""
    require(actor, "set_standards", baseline.team or baseline.stream)
    _refuse_others(fields, {"starts_on", "ends_on", "reason"})
    _check_baseline(_with(baseline, fields))
    return writing.change(actor, "changed", baseline, fields)


def remove_baseline(*, actor: Person, baseline: Baseline) -> None:
    """Its segment joins the one before."""
    require(actor, "set_standards", baseline.team or baseline.stream)
    names = ("measure", "starts_on", "ends_on", "reason")
    writing.delete(actor, "removed", baseline, {name: writing.plain(getattr(baseline, name)) for name in names})


def set_expectation(
    *, actor: Person, team: Team, days: int, valid_from: date, percent: int = 85, kind: str = ""
) -> Expectation:
    """From `valid_from` on, `percent` % of the team's items of `kind` ("": without one of their own) take `days`."""
    require(actor, "set_standards", team)
    fields = {"days": days, "valid_from": valid_from, "percent": percent, "kind": kind}
    made = Expectation(team=team, made_by_id=_id(actor), **fields)
    _check_expectation(made)
    return writing.create(actor, "set", made)


def change_expectation(*, actor: Person, expectation: Expectation, **fields: Any) -> Expectation:
    """`fields`: percent, days, valid_from. Changing corrects; a new agreement is a new expectation."""
    require(actor, "set_standards", expectation.team)
    _refuse_others(fields, {"percent", "days", "valid_from"})
    _check_expectation(_with(expectation, fields))
    return writing.change(actor, "changed", expectation, fields)


def remove_expectation(*, actor: Person, expectation: Expectation) -> None:
    """The one before it holds again, if there is one."""
    require(actor, "set_standards", expectation.team)
    names = ("kind", "percent", "days", "valid_from")
    writing.delete(actor, "removed", expectation, {name: writing.plain(getattr(expectation, name)) for name in names})


def _scope(place: Place) -> dict[str, Team | ValueStream | None]:
    """How a baseline says what it is of."""
    is_team = isinstance(place, Team)
    return {"team": place if is_team else None, "stream": None if is_team else place}


def _id(actor: Person) -> int | None:
    return actor.pk if actor is not None and actor.is_authenticated else None


def _refuse_others(fields: Mapping[str, Any], known: set[str]) -> None:
    if others := fields.keys() - known:
        raise TypeError(f"not to be changed: {sorted(others)}")


def _with(thing: Any, fields: Mapping[str, Any]) -> Any:
    """The row as it would be."""
    values = {field.attname: getattr(thing, field.attname) for field in thing._meta.concrete_fields}
    return type(thing)(**(values | dict(fields)))


def full_weeks(first: date, last: date) -> int:
    """How many weeks from Monday to Sunday lie within the days."""
    monday = first + timedelta(days=-first.weekday() % 7)
    return max(0, ((last - monday).days + 1) // 7)


def _today(team: Team | None) -> date:
    """Today, where the team is."""
    return timezone.localdate(timezone=team.zone if team else None)


def _check_baseline(made: Baseline) -> None:
    problems: dict[str, str] = {}
    if not FIRST_DAY <= made.starts_on <= _today(made.team):
        problems["starts_on"] = "This day is still to come: say it when the process has changed."
        if made.starts_on < FIRST_DAY:
            problems["starts_on"] = "Records begin in 1970 at the earliest."
    elif _others(made, "stream", "team", "measure", "starts_on"):
        problems["starts_on"] = f"There is a baseline from {made.starts_on:%-d %b %Y} on already."
    if made.ends_on and not problems and full_weeks(made.starts_on, made.ends_on) < FEWEST_POINTS:
        monday = made.starts_on + timedelta(days=-made.starts_on.weekday() % 7)
        earliest = monday + timedelta(days=7 * FEWEST_POINTS - 1)
        problems["ends_on"] = (
            f"Limits need {FEWEST_POINTS} full weeks from Monday to Sunday: the earliest last day is "
            f"{earliest:%-d %b %Y}. Left empty, all weeks from the change on make them."
        )
    if not made.reason:
        problems["reason"] = "Say what changed: everybody who reads the chart will ask."
    if problems:
        raise ValidationError(problems)


def _check_expectation(made: Expectation) -> None:
    problems: dict[str, str] = {}
    if not 1 <= made.percent <= 99:
        problems["percent"] = "A share is a whole number from 1 to 99."
    if not 1 <= made.days <= MOST_DAYS:
        problems["days"] = f"A time is a whole number of days from 1 to {MOST_DAYS}; the same day is 1."
    latest = _today(made.team) + timedelta(days=DAYS_AHEAD)
    if not FIRST_DAY <= made.valid_from <= latest:
        problems["valid_from"] = f"An expectation begins between 1 Jan 1970 and {latest:%-d %b %Y}."
    elif _others(made, "team", "kind", "valid_from"):
        problems["valid_from"] = (
            f"There is an expectation from {made.valid_from:%-d %b %Y} on already: change that one."
        )
    if problems:
        raise ValidationError(problems)


def _others(made: Any, *names: str) -> bool:
    """Whether another row says the same in these fields."""
    same = {name: getattr(made, name) for name in names}
    return bool(type(made)._default_manager.filter(**same).exclude(pk=made.pk).exists())
