"""Leases: who holds a job, who lost it, and what cancelling does. A sync run stands for any job."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from connectors.models import SyncRun
from core import jobs
from core.models import JobState
from tests.connectors.cast import csv_source, team, write_changes
from tests.waiting import until

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(tmp_path: Path) -> SyncRun:
    return SyncRun.objects.create(source=csv_source(write_changes(tmp_path / "a.csv", []), team()))


def claimed(job: SyncRun) -> SyncRun:
    found = jobs.claim(SyncRun.objects.all(), job.pk)
    assert found is not None
    return found


def silence(job: SyncRun) -> None:
    """Let the lease end, as time does."""
    SyncRun.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_job_is_claimed_by_one(job: SyncRun) -> None:
    first = claimed(job)
    assert (first.state, first.attempts, first.fence) == (JobState.RUNNING, 1, 1)
    assert jobs.claim(SyncRun.objects.all(), job.pk) is None


def test_a_silent_worker_loses_the_job_and_cannot_write(job: SyncRun) -> None:
    slow = claimed(job)
    silence(job)
    quick = claimed(job)
    assert quick.started_at == slow.started_at
    with pytest.raises(jobs.LeaseLost):
        jobs.renew(slow, read=1)
    with pytest.raises(jobs.LeaseLost):
        jobs.finish(slow, JobState.SUCCEEDED)
    jobs.renew(quick, read=2)
    jobs.finish(quick, JobState.SUCCEEDED)
    job.refresh_from_db()
    assert (job.state, job.read, job.attempts) == (JobState.SUCCEEDED, 2, 2)
    assert jobs.claim(SyncRun.objects.all(), job.pk) is None


def test_a_job_is_handed_out_once_per_lease(job: SyncRun) -> None:
    assert jobs.hand_out(SyncRun.objects.all()) == [job.pk]
    assert jobs.hand_out(SyncRun.objects.all()) == []
    silence(job)
    assert jobs.hand_out(SyncRun.objects.all()) == [job.pk]
    claimed(job)
    assert jobs.hand_out(SyncRun.objects.all()) == []
    silence(job)
    assert jobs.hand_out(SyncRun.objects.all()) == [job.pk]


def test_a_queued_job_can_be_claimed_although_it_was_handed_out(job: SyncRun) -> None:
    jobs.hand_out(SyncRun.objects.all())
    assert claimed(job).attempts == 1


def test_cancelling_a_running_job_is_seen_at_its_next_step(job: SyncRun) -> None:
    held = claimed(job)
    assert jobs.cancel(held)
    with pytest.raises(jobs.Cancelled):
        jobs.renew(held)
    jobs.renew(held, even_cancelled=True, phase="Putting things right")
    jobs.finish(held, JobState.CANCELLED)
    assert not jobs.cancel(held)


def test_a_job_whose_worker_died_is_still_cancelled(job: SyncRun) -> None:
    jobs.cancel(claimed(job))
    silence(job)
    with pytest.raises(jobs.Cancelled):
        jobs.renew(claimed(job))


def test_a_revoked_job_is_over_for_its_worker(job: SyncRun) -> None:
    held = claimed(job)
    jobs.revoke(job)
    with pytest.raises(jobs.LeaseLost):
        jobs.renew(held, even_cancelled=True)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_released_job_is_free_at_once(job: SyncRun) -> None:
    held = claimed(job)
    jobs.release(held)
    assert claimed(job).attempts == 2
    jobs.release(held)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_waits_for_a_slow_tool_keeps_its_lease(job: SyncRun) -> None:
    held = claimed(job)
    first = held.lease_until

    def is_longer() -> bool:
        job.refresh_from_db()
        return bool(job.lease_until and first and job.lease_until > first)

    with jobs.keep_alive(held):
        until(is_longer, what="a longer lease")
