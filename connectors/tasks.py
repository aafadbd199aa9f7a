"""Celery's part: waking a worker for a run, and looking every few seconds for runs that nobody works on."""

import logging
from collections.abc import Iterable

from celery import shared_task
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from connectors import sync
from connectors.models import SyncRun
from core import jobs
from core.models import JobState
from metrics.models import Source, SourceState

log = logging.getLogger(__name__)


@shared_task
def run_sync(run_id: int) -> None:
    """Do the run, unless it is over or in somebody's hands: being called twice, or for nothing, does no harm."""
    run = jobs.claim(SyncRun.objects.select_related("source"), run_id)
    if run is not None:
        sync.execute(run)


def wake(run_ids: Iterable[int]) -> None:
    """Tell the workers of these runs."""
    for run_id in run_ids:
        run_sync.delay(run_id)


def open_due_runs() -> int:
    """A run for every active source whose time has come and that has none open; how many."""
    due = Source.objects.filter(
        Q(next_sync_at=None) | Q(next_sync_at__lte=Now()), state=SourceState.ACTIVE, schedule_minutes__gt=0
    ).exclude(runs__state__in=[JobState.QUEUED, JobState.RUNNING])
    opened = 0
    for source in due:
        try:
            with transaction.atomic():
                SyncRun.objects.create(source=source)
            opened += 1
        except IntegrityError:
            log.info("%s has a run already: somebody was faster.", source)
    return opened


@shared_task
def derive(source_id: int) -> None:
    """Derive everything of a source again: a person mapped it anew, or a killed sync left it undone."""
    sync.derive_all(source_id)


@shared_task
def sweep() -> None:
    """Open runs of sources that are due, and wake workers for whatever waits and nobody works on."""
    open_due_runs()
    wake(jobs.hand_out(SyncRun.objects.all()))
    for source_id in sync.underived():
        derive.delay(source_id)
