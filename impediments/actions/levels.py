"""Levels and their clocks: raised and lowered, paused and resumed by people, raised by the portal when time is up."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from impediments.actions.held import (
    check_open,
    held,
    keep,
    publish,
    text_of,
    values_of,
)
from impediments.actions.spells import reckon, to_level
from impediments.actions.telling import tell_level
from impediments.clocks import due_pauses
from impediments.models import Impediment, Level, Pause
from portfolio.actions.writing import SIGNATURE, save
from portfolio.rules import Person


def set_level(
    *,
    actor: Person,
    impediment: Impediment,
    level: int,
    reason: str,
    version: int | None = None,
    at: datetime | None = None,
) -> Impediment:
    """Raise or lower it by hand, with a reason; the clock of the new level begins now. The same level: nothing."""
    if level not in Level.values:
        raise ValidationError({"level": "Choose a level from 1 to 4."})
    if not text_of(reason):
        raise ValidationError({"reason": "Say in a sentence why: who acts now should know."})
    with transaction.atomic():
        row = held(actor, impediment, version)
        check_open(row)
        if row.level != level:
            rises, reason = level > row.level, text_of(reason)
            to_level(actor, "raised" if rises else "lowered", row, level, at or timezone.now(), reason=reason)
            if rises:
                tell_level(row, actor, reason=reason)
            publish(row, "level")
    return row


def pause(
    *,
    actor: Person,
    impediment: Impediment,
    reason: str,
    until_on: date | None = None,
    version: int | None = None,
    at: datetime | None = None,
) -> Impediment:
    """Stop the clock of its level, never its age, with a reason; on `until_on` it runs again by itself."""
    at = at or timezone.now()
    if not text_of(reason):
        raise ValidationError({"reason": "Say what it waits for."})
    with transaction.atomic():
        row = held(actor, impediment, version)
        check_open(row)
        if until_on and until_on <= at.astimezone(row.team.zone).date():
            raise ValidationError({"until_on": "Choose a day to come."})
        _end_due(row, at)
        if row.pauses.filter(to_at=None).exists():
            raise ValidationError("Its clock is paused already: resume it first.")
        before = values_of(row)
        # A clock that runs on until this instant: pauses never overlap.
        last = row.pauses.order_by("-to_at").values_list("to_at", flat=True).first()
        by = actor if isinstance(actor, User) else None
        begin = max(at, last) if last else at
        stop = Pause(impediment=row, from_at=begin, reason=text_of(reason), until_on=until_on, by=by)
        stop.full_clean(exclude=SIGNATURE, validate_constraints=False)
        save(stop)
        keep(actor, "paused", row, before, reason=stop.reason, until_on=until_on)
        reckon(row, begin)
        publish(row, "paused")
    return row


def _end_due(row: Impediment, at: datetime) -> None:
    """End a pause whose day has come and which no job has ended yet."""
    stop = row.pauses.filter(to_at=None).first()
    ended = due_pauses(at, stop.pk).get(stop.pk) if stop else None
    if stop and ended:
        end_pause(None, row, stop, ended)


def resume(
    *, actor: Person, impediment: Impediment, version: int | None = None, at: datetime | None = None
) -> Impediment:
    """Its level's clock runs again. One that runs: nothing."""
    with transaction.atomic():
        row = held(actor, impediment, version)
        stop = row.pauses.filter(to_at=None).first()
        if stop is not None:
            end_pause(actor, row, stop, at or timezone.now())
            publish(row, "resumed")
    return row


def end_pause(actor: Person, row: Impediment, stop: Pause, at: datetime) -> None:
    """End a pause of a held row."""
    before = values_of(row)
    stop.to_at = max(at, stop.from_at)
    stop.save(update_fields=["to_at"])
    keep(actor, "resumed", row, before, reason=stop.reason)
    reckon(row, stop.to_at)


def change_pause(
    *, actor: Person, impediment: Impediment, until_on: date | None, version: int | None = None
) -> Impediment:
    """Another day on which the pause ends, or none."""
    with transaction.atomic():
        row = held(actor, impediment, version)
        stop = row.pauses.filter(to_at=None).first()
        if stop is None:
            raise ValidationError("Its clock is not paused.")
        if until_on and until_on <= timezone.now().astimezone(row.team.zone).date():
            raise ValidationError({"until_on": "Choose a day to come."})
        if stop.until_on != until_on:
            before, was = values_of(row), stop.until_on
            stop.until_on = until_on
            stop.save(update_fields=["until_on"])
            keep(actor, "paused", row, before, until_on=[str(was or ""), str(until_on or "")])
            publish(row, "paused")
    return row
