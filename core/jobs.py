"""Leases: how a job survives the death of its worker without being done by two at once.

A worker claims a row (`claim`), says regularly that it lives (`renew`, or `keep_alive` while it waits for others)
and ends it (`finish`). All are conditional writes in one statement. A worker that is killed just falls silent: its
lease ends, and the next `claim` hands the row to another one, with a higher fence, so the first can never write
again. `hand_out` says which jobs a worker should be woken for.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from core.models import JobState, LeasedJob

log = logging.getLogger(__name__)

J = TypeVar("J", bound=LeasedJob)


class LeaseLost(Exception):
    """Somebody else holds this job now: stop without writing."""


class Cancelled(Exception):
    """Somebody asked for the end of this job: leave things right and finish it as cancelled."""


def _lease() -> object:
    return Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def claimable(jobs: "QuerySet[J]") -> "QuerySet[J]":
    """Those of `jobs` that nobody is working on: queued, or running with a lease that has ended."""
    return jobs.filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=Now()))


def claim(jobs: "QuerySet[J]", job_id: int) -> J | None:
    """Take the job, or None when it is over or in somebody else's hands."""
    taken = claimable(jobs.filter(pk=job_id)).update(
        state=JobState.RUNNING,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_until=_lease(),
        started_at=Coalesce(F("started_at"), Now()),
    )
    return jobs.get(pk=job_id) if taken else None


def hand_out(jobs: "QuerySet[J]") -> list[int]:
    """Ids of jobs to wake a worker for: nobody holds them, and nobody was woken for them within a lease's time."""
    with transaction.atomic():
        waiting = claimable(jobs).filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
        ids = list(
            waiting.order_by("pk").select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
        )
        # A queued job holds no lease; its column says until when the wake-up that was sent may take.
        jobs.filter(pk__in=ids, state=JobState.QUEUED).update(lease_until=_lease())
    return ids


def _held(job: J) -> "QuerySet[J]":
    manager = type(job)._default_manager
    return manager.filter(pk=job.pk, fence=job.fence, state=JobState.RUNNING)


def renew(job: LeasedJob, *, even_cancelled: bool = False, **fields: object) -> None:
    """Lengthen the lease and write `fields` (progress).

    Raises Cancelled when that was asked for (not with `even_cancelled`: for putting things right before the end), and
    LeaseLost when the job is not ours any more.
    """
    ours = _held(job) if even_cancelled else _held(job).filter(cancel_requested=False)
    if ours.update(lease_until=_lease(), **fields):
        return
    if _held(job).exists():
        raise Cancelled
    raise LeaseLost


def finish(job: LeasedJob, state: JobState, **fields: object) -> None:
    """End the job in `state`. Raises LeaseLost when the job is not ours any more."""
    if not _held(job).update(state=state, finished_at=Now(), lease_until=None, **fields):
        raise LeaseLost


def put_off(job: LeasedJob, pause: timedelta, **fields: object) -> None:
    """Give the job back, to be taken up again after `pause`; does nothing when it is not ours any more."""
    # A queued job is handed out when its lease's time has come.
    _held(job).update(state=JobState.QUEUED, lease_until=Now() + pause, fence=F("fence") + 1, **fields)


def release(job: LeasedJob) -> None:
    """Give the job back, to be taken up by another worker at once; does nothing when it is not ours any more."""
    _held(job).update(state=JobState.QUEUED, lease_until=None)


def cancel(job: LeasedJob) -> bool:
    """Ask for the job's end: one that nobody works on is over at once, a running one at its next step.

    Returns whether there was anything to cancel.
    """
    jobs = type(job)._default_manager.filter(pk=job.pk)
    if jobs.filter(state=JobState.QUEUED).update(state=JobState.CANCELLED, finished_at=Now(), lease_until=None):
        return True
    return bool(jobs.filter(state=JobState.RUNNING).update(cancel_requested=True))


def revoke(job: LeasedJob) -> None:
    """End the job at once, whoever holds it: its worker finds the lease lost and stops without writing."""
    jobs = type(job)._default_manager.filter(pk=job.pk, state__in=[JobState.QUEUED, JobState.RUNNING])
    jobs.update(state=JobState.CANCELLED, finished_at=Now(), lease_until=None, fence=F("fence") + 1)


def _breathe(job: LeasedJob, stop: threading.Event, pause: float) -> None:
    try:
        while not stop.wait(pause):
            if not _held(job).update(lease_until=_lease()):
                return
    except DatabaseError:
        # The main thread meets the same trouble, and says so; without a breath the lease just ends.
        log.warning("No connection to lengthen the lease of job %s", job.pk)
    finally:
        connection.close()


@contextmanager
def keep_alive(job: LeasedJob) -> Iterator[None]:
    """Lengthen the lease from a thread, for as long as the block takes: a slow tool must not cost us the job."""
    stop = threading.Event()
    thread = threading.Thread(target=_breathe, args=(job, stop, settings.JOB_LEASE_SECONDS / 3), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
