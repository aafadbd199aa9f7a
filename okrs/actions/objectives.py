"""Objectives: what is to be achieved in a cycle, at the company, in a value stream or in a team."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from okrs.actions.holding import hold, hold_cycle, tell
from okrs.actions.key_results import check_kpi, check_weights, checked
from okrs.models import Cycle, KeyResult, Level, Objective
from okrs.rules import require_change
from portfolio.actions.writing import change, create
from portfolio.models import Team, ValueStream
from portfolio.rules import Person, Place, require

# Longer texts are documents: they have a place of their own.
LONGEST = 10_000
MOST_KEY_RESULTS = 20


def _columns(place: Place) -> dict[str, Any]:
    """The level of an objective and where it belongs."""
    if isinstance(place, Team):
        return {"level": Level.TEAM, "team": place}
    if isinstance(place, ValueStream):
        return {"level": Level.STREAM, "stream": place}
    return {"level": Level.COMPANY}


def _check_text(fields: Mapping[str, Any]) -> None:
    if len(fields.get("description", "")) > LONGEST:
        raise ValidationError({"description": f"Keep it below {LONGEST:,} characters."})


def create_objective(
    *,
    actor: Person,
    cycle: Cycle,
    name: str,
    place: Place = None,
    key_results: Sequence[Mapping[str, Any]] = (),
    **fields: Any,
) -> Objective:
    """Set an objective with its key results, all or nothing. `place`: a team, a value stream, None for the company.

    `fields`: description, ambition, owner, theme. What is wrong with a key result is said as `key_results`, by its
    number from 0: ValidationError's `params` hold {"at": number, "field": name}.
    """
    require(actor, "manage_objectives", place)
    _check_text(fields)
    rows = [_checked(actor, number, one) for number, one in enumerate(key_results)]
    if len(rows) > MOST_KEY_RESULTS:
        raise ValidationError(f"An objective has at most {MOST_KEY_RESULTS} key results.")
    check_weights(row.get("weight", 1) for row in rows)
    with transaction.atomic():
        held = hold_cycle(cycle)
        columns = _columns(place)
        last = held.objectives.filter(**columns).aggregate(last=Max("position"))["last"]
        fields.setdefault("position", 0 if last is None else last + 1)
        made = create(actor, "created", Objective(cycle=held, name=name, **columns, **fields))
        for number, row in enumerate(rows):
            _add(actor, made, number, row)
    return made


def _named(number: int, error: ValidationError) -> ValidationError:
    """What is wrong with the key result of this number, with the field it is about."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {"name": error.messages}
    found = [
        ValidationError(text, params={"at": number, "field": field})
        for field, texts in by_field.items()
        for text in texts
    ]
    return ValidationError({"key_results": found})


def _checked(actor: Person, number: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    try:
        given = checked(fields)
        check_kpi(actor, given)
    except ValidationError as error:
        raise _named(number, error) from error
    return given


def _add(actor: Person, objective: Objective, number: int, fields: Mapping[str, Any]) -> None:
    try:
        create(actor, "created", KeyResult(objective=objective, **{"position": number, **fields}))
    except ValidationError as error:
        raise _named(number, error) from error


def change_objective(*, actor: Person, objective: Objective, version: int | None = None, **fields: Any) -> Objective:
    """`fields`: name, description, ambition, owner, theme, position. It stays in its cycle and place.

    Raises portfolio.actions.writing.Conflict when it is not at the `version` that the writer saw.
    """
    require_change(actor, objective)
    _check_text(fields)
    with transaction.atomic():
        row = hold(objective)
        changed = change(actor, "changed", row, fields, version=version)
        tell(row, "changed", version=changed.version)
    return changed
