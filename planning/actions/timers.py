"""The timer of an increment: one, by the server's clock, seen by everybody on board, wall and phone."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core import live
from planning.links import event_topic
from planning.models import AgendaItem, Increment, Timer
from planning.queries.timer import timer_state
from planning.rules import require_manage
from portfolio.actions import writing
from portfolio.rules import Person

MOST_MINUTES = 720


def _minutes(minutes: int, least: int = 1) -> timedelta:
    if not least <= minutes <= MOST_MINUTES:
        raise ValidationError({"minutes": f"Give from {least} to {MOST_MINUTES} minutes."})
    return timedelta(minutes=minutes)


def _set(actor: Person, verb: str, increment: Increment, version: int | None, **fields: Any) -> Timer:
    """Write the timer's row and tell everybody who sees it."""
    with transaction.atomic():
        timer = _held(actor, increment)
        done = writing.change(actor, verb, timer, fields, version=version)
        live.publish(event_topic(increment), "timer", timer_state(done, timezone.now()))
    return done


def _held(actor: Person, increment: Increment) -> Timer:
    """The increment's timer, locked until the transaction ends, for those who may change it."""
    require_manage(actor, increment.train)
    if not increment.is_open:
        raise ValidationError(f"{increment} is closed: its event is over.")
    # Nobody saw the row that is made here: pages show none as version 0.
    timer, _ = Timer.objects.get_or_create(increment=increment, defaults={"version": 0})
    return writing.lock(timer)


def start_timer(
    *,
    actor: Person,
    increment: Increment,
    minutes: int,
    title: str = "",
    item: AgendaItem | None = None,
    version: int | None = None,
) -> Timer:
    """Let it run for so many minutes from now; one that runs already is replaced.

    Raises ValidationError (minutes from 1 to 720, a closed increment), Conflict when it is not at `version`.
    """
    ends_at = timezone.now() + _minutes(minutes)
    fields = {"title": title or (item.title if item else ""), "item": item, "ends_at": ends_at, "left_seconds": None}
    return _set(actor, "started the timer", increment, version, **fields)


def pause_timer(*, actor: Person, increment: Increment, version: int | None = None) -> Timer:
    """Stop the clock where it is; nothing happens when it does not run."""
    with transaction.atomic():
        timer = _held(actor, increment)
        if timer.ends_at is None:
            return timer
        left = max(0, round((timer.ends_at - timezone.now()).total_seconds()))
        return _set(actor, "paused the timer", increment, version, ends_at=None, left_seconds=left)


def resume_timer(*, actor: Person, increment: Increment, version: int | None = None) -> Timer:
    """Let it run on; nothing happens when it is not paused."""
    with transaction.atomic():
        timer = _held(actor, increment)
        if timer.left_seconds is None:
            return timer
        ends_at = timezone.now() + timedelta(seconds=timer.left_seconds)
        return _set(actor, "resumed the timer", increment, version, ends_at=ends_at, left_seconds=None)


def add_to_timer(*, actor: Person, increment: Increment, minutes: int, version: int | None = None) -> Timer:
    """So many minutes more (from -60), running or paused; one whose time was over runs so long from now."""
    with transaction.atomic():
        timer, more = _held(actor, increment), _minutes(minutes, least=-60)
        if timer.left_seconds is not None:
            left = max(0, timer.left_seconds + round(more.total_seconds()))
            return _set(actor, "changed the timer", increment, version, left_seconds=left)
        if timer.ends_at is None:
            raise ValidationError({"minutes": "The timer does not run."})
        ends_at = max(_base(timer.ends_at, more) + more, timezone.now())
        return _set(actor, "changed the timer", increment, version, ends_at=ends_at)


def _base(ends_at: datetime, more: timedelta) -> datetime:
    """Time that is added to a timer that is over counts from now."""
    return max(ends_at, timezone.now()) if more > timedelta() else ends_at


def stop_timer(*, actor: Person, increment: Increment, version: int | None = None) -> Timer:
    """There is no timer any more."""
    return _set(actor, "stopped the timer", increment, version, title="", item=None, ends_at=None, left_seconds=None)
