"""Check-ins: said by the day they are about, corrected by saying that day again, deleted, restored."""

import math
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from core import audit
from okrs.actions.holding import LARGEST, tell
from okrs.models import CheckIn, KeyResult, KeyResultKind
from okrs.queries.due import closed_words
from okrs.rules import require_check_in, today
from portfolio.actions.writing import plain
from portfolio.rules import Person

# What a check-in says beside its day.
SAID = ("value", "confidence", "note", "blocker")


def check_in(
    *,
    actor: Person,
    key_result: KeyResult,
    on: date,
    value: float | None,
    confidence: int,
    note: str = "",
    blocker: str = "",
) -> CheckIn:
    """Say where a key result stands at the end of the day `on`; saying a day again corrects that day.

    `value` in the key result's unit (a milestone: 0 or 1), None for one that updates itself: its figure's value of
    that day stands. `confidence` from 0 to 10. Refused: days to come or outside the cycle, and what is closed.
    """
    require_check_in(actor, key_result)
    with transaction.atomic():
        row = _held(key_result)
        _check_open(row)
        _check_day(row, on)
        said = {
            "value": _figure(row, on) if row.updates_itself else _number(row, value),
            "confidence": _confidence(confidence),
            "note": " ".join(note.split()),
            "blocker": " ".join(blocker.split()),
        }
        made = _write(actor, row, on, said)
        tell(row.objective, "checked-in", key_result=row.pk)
        # Confidence that falls may ask for a decision.
        transaction.on_commit(_propose, robust=True)
        return made


def _propose() -> None:
    from portfolio.tasks import propose_decisions

    propose_decisions.delay()


def delete_check_in(*, actor: Person, check_in: CheckIn) -> None:
    """Take a day's check-in away; what the portal wrote by itself stays, it would come back."""
    require_check_in(actor, check_in.key_result)
    if check_in.is_automatic:
        raise ValidationError("The portal writes these by itself: it cannot be deleted.")
    with transaction.atomic():
        row = _held(check_in.key_result)
        _check_open(row)
        if not row.check_ins.filter(pk=check_in.pk).exists():
            raise ValidationError("Somebody deleted it already.")
        said = {name: plain(getattr(check_in, name)) for name in SAID}
        audit.record(actor=actor, verb="deleted the check-in of", target=row, data={"on": plain(check_in.on), **said})
        check_in.delete()
        tell(row.objective, "checked-in", key_result=row.pk)


def restore_check_in(*, actor: Person, key_result: KeyResult, on: date, **said: Any) -> CheckIn:
    """Bring a deleted check-in back, unless somebody has said that day anew."""
    if key_result.check_ins.filter(on=on).exists():
        raise ValidationError("There is a check-in of that day again: it stays.")
    return check_in(actor=actor, key_result=key_result, on=on, **said)


def _held(key_result: KeyResult) -> KeyResult:
    """The row as it is now; until the transaction ends nobody else checks in, and nobody closes the objective."""
    rows = KeyResult.objects.select_related("objective__cycle", "objective__team", "objective__stream", "kpi")
    return rows.select_for_update(of=("self", "objective"), no_key=True).get(pk=key_result.pk)


def _check_open(row: KeyResult) -> None:
    if words := closed_words(row):
        raise ValidationError(words)


def _check_day(row: KeyResult, on: date) -> None:
    cycle = row.objective.cycle
    if on > today(row.objective):
        raise ValidationError({"on": "This day has not come yet."})
    if on < cycle.starts_on:
        raise ValidationError({"on": f"{cycle} begins on {cycle.starts_on:%-d %b %Y}: choose a day from then on."})
    if on > cycle.ends_on:
        raise ValidationError({"on": f"{cycle} ended on {cycle.ends_on:%-d %b %Y}: say what held on that day."})


def _number(row: KeyResult, value: float | None) -> float:
    if value is None:
        raise ValidationError({"value": "Say the value."})
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise ValidationError({"value": "This is no number that can be kept."})
    if row.kind == KeyResultKind.MILESTONE and value not in (0, 1):
        raise ValidationError({"value": "A milestone is 0 (not yet) or 1 (reached)."})
    return float(value)


def _figure(row: KeyResult, on: date) -> float:
    """The newest value of the key figure by that day."""
    found = row.kpi.values.filter(on__lte=on).order_by("-on").first() if row.kpi else None
    if found is None:
        raise ValidationError({"value": f"“{row.kpi}” has no value by that day yet."})
    return found.value


def _confidence(confidence: int | None) -> int:
    if confidence is None or not 0 <= confidence <= 10:
        raise ValidationError({"confidence": "Choose from 0 (no hope) to 10 (certain)."})
    return confidence


def _write(actor: Person, row: KeyResult, on: date, said: dict[str, Any]) -> CheckIn:
    there = row.check_ins.filter(on=on).first()
    thing = there or CheckIn(key_result=row, on=on, is_automatic=row.updates_itself)
    before = {name: getattr(thing, name) for name in SAID}
    if there and before == said:
        return there
    for name, value in said.items():
        setattr(thing, name, value)
    thing.by_id = getattr(actor, "pk", None)
    thing.full_clean(exclude=["by"])
    thing.save()
    day = {"on": plain(on)}
    if there:
        changed = {name: [before[name], value] for name, value in said.items() if before[name] != value}
        audit.record(actor=actor, verb="corrected the check-in of", target=row, data=day | changed)
    else:
        data = {name: value for name, value in said.items() if value != ""}
        audit.record(actor=actor, verb="checked in", target=row, data=day | data)
    return thing
