"""The timer as pages and programs show it."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from planning.models import Increment, Timer


def timer_of(increment: Increment) -> Timer:
    """The increment's timer; one that was never started is stopped."""
    return Timer.objects.filter(increment=increment).first() or Timer(increment=increment, version=0)


def timer_state(timer: Timer, now: datetime) -> dict[str, Any]:
    """What a browser needs to show it by the server's clock, whatever its own says.

    `state` is running, paused or stopped; `ends_at` and `now` are milliseconds since 1970 by the server, `left` the
    seconds that are left of a paused one. A running one whose end is behind `now` is over.
    """
    state = "running" if timer.ends_at else "stopped" if timer.left_seconds is None else "paused"
    return {
        "state": state,
        "title": timer.title,
        "ends_at": _milliseconds(timer.ends_at) if timer.ends_at else None,
        "left": timer.left_seconds,
        "version": timer.version,
        "now": _milliseconds(now),
    }


def timer_now(increment: Increment) -> dict[str, Any]:
    """The increment's timer as it is now."""
    return timer_state(timer_of(increment), timezone.now())


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
