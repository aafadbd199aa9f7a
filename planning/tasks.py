"""Celery's part: chances that follow the plan, on a queue of their own so that no sync keeps them waiting."""

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from metrics.forecasts.landing import known
from planning import chances


@shared_task
def reckon(increment_id: int) -> bool:
    """Bring the chances of an increment up to its plan; running twice, or for nothing, does no harm."""
    return chances.reckon(increment_id)


def wake(increment_id: int) -> None:
    """Tell a worker, once the write is there; if nobody hears it, the next look at what is behind does."""
    transaction.on_commit(lambda: reckon.apply_async((increment_id,), retry=False), robust=True)


@shared_task
def reckon_behind() -> int:
    """Wake workers for increments whose chances are behind their plan, what is known, or the day; how many."""
    moved = set(chances.moved().values_list("pk", flat=True))
    ids = list(chances.behind(timezone.localdate(), known()).values_list("pk", flat=True))
    for pk in ids:
        # Nobody waits for what a sync or midnight changed: whoever moves a card then shall not wait for that either.
        queue = settings.QUICK_QUEUE if pk in moved else settings.CELERY_TASK_DEFAULT_QUEUE
        # With no worker about, they are not all made up for.
        reckon.apply_async((pk,), queue=queue, expires=settings.JOB_SWEEP_SECONDS)
    return len(ids)


def wake_behind() -> None:
    """Have somebody look, now, at what is behind: facts have changed."""
    reckon_behind.apply_async(retry=False, expires=settings.JOB_SWEEP_SECONDS)


@shared_task
def make_print(print_id: int) -> None:
    """Draw a board as a file. It takes seconds, so it waits on the common queue and keeps no chance waiting."""
    from planning.actions import printing

    printing.draw(print_id)


def wake_print(print_id: int) -> None:
    """Tell a worker, once the row is there; if nobody hears it, the next sweep does."""
    transaction.on_commit(lambda: make_print.apply_async((print_id,), retry=False), robust=True)


@shared_task
def sweep_prints() -> None:
    """Wake workers for boards to be drawn that nobody works on, and forget old files."""
    from planning.actions import printing

    printing.sweep()
