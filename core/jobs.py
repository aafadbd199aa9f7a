"""Leases: how a job survives the death of its worker without being done by two at once.

A worker claims a row (`claim`), says regularly that it lives (`renew`) and ends it (`finish`). All three are
conditional writes in one statement. A worker that is killed just falls silent: its lease ends, and the next
`claim` hands the row to another one, with a higher fence, so the first can never write again.
"""

from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from core.models import JobState, LeasedJob

J = TypeVar("J", bound=LeasedJob)


class LeaseLost(Exception):
    """Somebody else holds this job now, or it was cancelled: stop without writing."""


def claimable(jobs: "QuerySet[J]") -> "QuerySet[J]":
    """Those of `jobs` that nobody is working on: queued, or running with a lease that has ended."""
    return jobs.filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=Now()))


def claim(jobs: "QuerySet[J]", job_id: int) -> J | None:
    """Take the job, or None when it is over or in somebody else's hands."""
    lease = Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    taken = claimable(jobs.filter(pk=job_id)).update(
        state=JobState.RUNNING,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_until=lease,
        started_at=Now(),
    )
    return jobs.get(pk=job_id) if taken else None


def _held(job: J) -> "QuerySet[J]":
    manager = type(job)._default_manager
    return manager.filter(pk=job.pk, fence=job.fence, state=JobState.RUNNING)


def renew(job: LeasedJob, **fields: object) -> None:
    """Lengthen the lease and write `fields` (progress). Raises LeaseLost when the job is not ours any more."""
    lease = Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    if not _held(job).update(lease_until=lease, **fields):
        raise LeaseLost


def finish(job: LeasedJob, state: JobState, **fields: object) -> None:
    """End the job in `state`. Raises LeaseLost when the job is not ours any more."""
    if not _held(job).update(state=state, finished_at=Now(), lease_until=None, **fields):
        raise LeaseLost
