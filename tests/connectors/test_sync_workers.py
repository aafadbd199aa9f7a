"""Syncs by real workers, killed and not."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from connectors import actions, sync, tasks
from connectors.models import SyncRun
from core import jobs
from core.models import JobState
from metrics.models import ItemFlow, Source, WorkItem
from tests.conftest import Worker
from tests.connectors.cast import (
    csv_source,
    items_of,
    many_changes,
    sync_now,
    team,
    transitions_of,
    write_changes,
)
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

ONE = [
    ("A-1", "2025-01-02T09:00Z", "Open", "Doing", "2025-01-01"),
    ("A-1", "2025-01-03T09:00Z", "Doing", "Done", "2025-01-01"),
]


def over(run: SyncRun) -> bool:
    run.refresh_from_db()
    return run.is_over


def swept_until(condition: Callable[[], bool], what: str) -> None:
    """Sweep, as beat does every few seconds, until `condition` holds."""

    def look() -> bool:
        tasks.sweep()
        return condition()

    until(look, seconds=60, every=0.3, what=what)


def figures(source: Source) -> list[tuple[object, ...]]:
    fields = ("item__external_id", "state", "created_at", "started_at", "finished_at", "cycle_days")
    return list(ItemFlow.objects.filter(item__source=source).order_by("item__external_id").values_list(*fields))


def test_a_worker_does_what_is_asked(tmp_path: Path, worker: Worker) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", ONE), team())
    run = actions.request_sync(actor=None, source=source)
    until(lambda: over(run), what="the end of the run")
    assert (run.state, run.written) == (JobState.SUCCEEDED, 6)


def test_one_broken_source_stops_no_other(tmp_path: Path, worker: Worker) -> None:
    owner = team()
    broken = csv_source(tmp_path / "missing.csv", owner, "Broken")
    good = csv_source(write_changes(tmp_path / "a.csv", ONE), owner, "Good")
    swept_until(lambda: SyncRun.objects.filter(finished_at__isnull=False).count() == 2, "the end of both runs")
    assert broken.runs.get().state == JobState.FAILED
    assert good.runs.get().state == JobState.SUCCEEDED


def test_a_killed_first_sync_ends_as_an_undisturbed_one(tmp_path: Path, spawn_worker: Callable[[], Worker]) -> None:
    path = write_changes(tmp_path / "a.csv", many_changes(4000))
    owner = team()
    killed, quiet = csv_source(path, owner, "Killed"), csv_source(path, owner, "Quiet")
    actions.pause(actor=None, source=quiet)
    first = spawn_worker()
    run = actions.request_sync(actor=None, source=killed)
    until(lambda: WorkItem.objects.filter(source=killed).count() >= 400, what="some batches")
    first.kill()
    stored = WorkItem.objects.filter(source=killed).count()
    assert 0 < stored < 4000
    spawn_worker()
    swept_until(lambda: over(run), "the end of the run that was killed")
    assert run.state == JobState.SUCCEEDED
    assert run.attempts >= 2
    sync_now(quiet)
    assert items_of(killed) == items_of(quiet)
    assert transitions_of(killed) == transitions_of(quiet)
    assert len(items_of(killed)) == 4000
    assert figures(killed) == figures(quiet)
    # Every record was written once: 3 statuses, 4,000 items and 8,000 changes.
    assert run.written == 12_003


def test_a_worker_that_lost_its_lease_writes_no_more(tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", many_changes(450)), team())
    run = actions.request_sync(actor=None, source=source, enqueue=False)
    slow = jobs.claim(SyncRun.objects.select_related("source"), run.pk)
    assert slow is not None
    SyncRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    other = jobs.claim(SyncRun.objects.select_related("source"), run.pk)
    assert other is not None
    sync.execute(slow)
    assert WorkItem.objects.count() == 0
    sync.execute(other)
    assert WorkItem.objects.count() == 450
    assert over(run)
    assert run.attempts == 2
