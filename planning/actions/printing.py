"""Having a board drawn: asked for once, done by a worker however often it is killed, kept for a day."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from core import audit, jobs, live
from core.models import JobState
from planning import exports, tasks
from planning.models import Increment, Print
from planning.queries.board import board_of

log = logging.getLogger(__name__)
OPEN = (JobState.QUEUED, JobState.RUNNING)
# A board that kills its worker (too little memory) is not drawn for ever.
ATTEMPTS = 3
KEPT = timedelta(days=1)


def ask_print(*, actor: User, increment: Increment, kind: str) -> Print:
    """Have the board drawn; who asks again while it is being drawn is given the same."""
    with transaction.atomic():
        row, is_new = Print.objects.get_or_create(increment=increment, asked_by=actor, kind=kind, state__in=OPEN)
        if is_new:
            audit.record(actor=actor, verb="had drawn", target=increment, data={"kind": kind})
            tasks.wake_print(row.pk)
    return row


def draw(print_id: int) -> None:
    """Draw what was asked for, unless it is over or in somebody's hands; called twice it does no harm.

    Whatever goes wrong gives it back, to be begun again, ATTEMPTS times at most.
    """
    row = jobs.claim(Print.objects.select_related("increment__train", "asked_by"), print_id)
    if row is None:
        return
    try:
        with jobs.keep_alive(row):
            _finish(row) if row.attempts <= ATTEMPTS else _give_up(row)
    except jobs.LeaseLost:
        log.warning("Print %s is in other hands now; stopped without writing.", row.pk)
    finally:
        # Of one that is over this changes nothing.
        jobs.release(row)
        _tell(row)


def _finish(row: Print) -> None:
    """Draw it and keep the file; the person's older ones of the kind go."""
    board = board_of(row.increment, row.asked_by)
    content = exports.drawn(board, row.kind, lambda done, total: _say(row, done, total))
    with transaction.atomic():
        jobs.finish(row, JobState.SUCCEEDED, content=content, number=board.number, done=row.total, error="")
        same = Print.objects.filter(increment=row.increment, asked_by=row.asked_by, kind=row.kind)
        same.filter(pk__lt=row.pk).exclude(state__in=OPEN).delete()


def _give_up(row: Print) -> None:
    error = f"It was begun {ATTEMPTS} times and not finished; the portal's log says more."
    jobs.finish(row, JobState.FAILED, error=error)


def _say(row: Print, done: int, total: int) -> None:
    row.done, row.total = done, total
    jobs.renew(row, done=done, total=total)
    _tell(row)


def _tell(row: Print) -> None:
    """Have its page look again."""
    live.publish(f"print:{row.pk}", "progress", {})


def sweep() -> None:
    """Wake workers for what waits and nobody works on, and forget what is older than a day."""
    for pk in jobs.hand_out(Print.objects.all()):
        tasks.make_print.delay(pk)
    Print.objects.filter(finished_at__lt=Now() - KEPT).delete()
