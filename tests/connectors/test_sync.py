"""The life of a sync: its counts, its errors, its schedule, what it leaves when it is cancelled or killed."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from connectors import actions, sync, tasks
from connectors.models import Rejection, SyncRun
from core import jobs
from core.models import JobState
from metrics.models import ItemFlow, Source, SourceState, WorkItem
from tests.connectors.cast import (
    csv_source,
    git_source,
    many_changes,
    sync_now,
    team,
    transitions_of,
    write_changes,
)

pytestmark = pytest.mark.django_db

ONE = [
    ("A-1", "2025-01-02T09:00Z", "Open", "Doing", "2025-01-01"),
    ("A-1", "2025-01-03T09:00Z", "Doing", "Done", "2025-01-01"),
]


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    return run.read, run.written, run.unchanged, run.rejected


def over(run: SyncRun) -> bool:
    run.refresh_from_db()
    return run.is_over


def test_a_first_sync_stores_derives_and_counts(tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", ONE), team())
    run = sync_now(source)
    assert (run.state, run.error) == (JobState.SUCCEEDED, "")
    # 3 statuses, 1 item, 2 changes.
    assert counts(run) == (6, 6, 0, 0)
    flow = ItemFlow.objects.get(item__key="A-1")
    assert (flow.state, flow.cycle_days, flow.lead_days) == ("done", 2, 3)
    source.refresh_from_db()
    assert source.synced_at is not None
    assert not source.needs_derive
    assert source.next_sync_at is not None


def test_a_second_sync_writes_nothing(tmp_path: Path) -> None:
    path = write_changes(tmp_path / "a.csv", ONE)
    source = csv_source(path, team())
    sync_now(source)
    source.refresh_from_db()
    version = source.data_version
    assert counts(sync_now(source)) == (0, 0, 0, 0)
    again = sync_now(source, full=True)
    assert (again.written, again.unchanged) == (0, 6)
    source.refresh_from_db()
    assert source.data_version == version


def test_a_run_that_is_open_is_the_one_that_is_asked_for(tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", ONE), team())
    first = actions.request_sync(actor=None, source=source, enqueue=False)
    second = actions.request_sync(actor=None, source=source, full=True, enqueue=False)
    assert second.pk == first.pk
    assert second.is_full
    assert SyncRun.objects.count() == 1


def test_bad_rows_are_kept_with_their_reason_and_stop_no_other(tmp_path: Path) -> None:
    rows = [*ONE, ("", "2025-01-02", "Open", "Doing", ""), ("A-2", "yesterday", "Open", "Doing", "2025-01-01")]
    run = sync_now(csv_source(write_changes(tmp_path / "a.csv", rows), team()))
    assert run.state == JobState.SUCCEEDED
    assert counts(run) == (8, 6, 0, 2)
    kept = dict(Rejection.objects.filter(run=run).values_list("place", "reason"))
    assert kept["line 4"] == "it has no key"
    assert "“yesterday” is not a date" in kept["line 5"]


def test_only_the_first_rejections_are_kept_but_all_are_counted(tmp_path: Path) -> None:
    bad = [(f"A-{n}", "never", "Open", "Doing", "2025-01-01") for n in range(sync.REJECTIONS_KEPT + 5)]
    run = sync_now(csv_source(write_changes(tmp_path / "a.csv", [*ONE, *bad]), team()))
    assert run.rejected == sync.REJECTIONS_KEPT + 5
    assert Rejection.objects.count() == sync.REJECTIONS_KEPT


def test_a_lasting_error_stops_the_schedule_and_a_good_sync_starts_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    source = csv_source(path, team())
    run = sync_now(source)
    assert run.state == JobState.FAILED
    assert run.is_permanent
    source.refresh_from_db()
    assert source.state == SourceState.STOPPED
    assert "cannot be read" in source.error
    assert tasks.open_due_runs() == 0
    write_changes(path, ONE)
    sync_now(source)
    source.refresh_from_db()
    assert (source.state, source.error) == (SourceState.ACTIVE, "")
    assert source.next_sync_at is not None


def test_a_passing_error_keeps_the_schedule_and_waits_longer_each_time(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    source = git_source(repo, team())
    Source.objects.filter(pk=source.pk).update(settings={**source.settings, "url": "http://127.0.0.1:9/x.git"})
    waits = []
    for _ in range(3):
        run = sync_now(source)
        assert (run.state, run.is_permanent) == (JobState.FAILED, False)
        source.refresh_from_db()
        assert source.state == SourceState.ACTIVE
        assert source.next_sync_at is not None
        waits.append(round((source.next_sync_at - timezone.now()) / timedelta(minutes=15)))
    assert waits == [1, 2, 4]


def test_due_sources_get_one_run_each(tmp_path: Path) -> None:
    owner, path = team(), write_changes(tmp_path / "a.csv", ONE)
    due = csv_source(path, owner, "Due")
    paused = csv_source(path, owner, "Paused")
    actions.pause(actor=None, source=paused)
    Source.objects.filter(pk=csv_source(path, owner, "By hand").pk).update(schedule_minutes=0)
    later = csv_source(path, owner, "Later")
    Source.objects.filter(pk=later.pk).update(next_sync_at=timezone.now() + timedelta(minutes=1))
    assert tasks.open_due_runs() == 1
    assert tasks.open_due_runs() == 0
    assert SyncRun.objects.get().source == due
    actions.resume(actor=None, source=paused)
    assert tasks.open_due_runs() == 1


def test_cancelling_a_waiting_run_ends_it_at_once(tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", ONE), team())
    run = actions.request_sync(actor=None, source=source, enqueue=False)
    assert actions.cancel(actor=None, run=run)
    assert over(run)
    assert jobs.claim(SyncRun.objects.all(), run.pk) is None
    assert not actions.cancel(actor=None, run=run)


def test_cancelling_between_batches_leaves_figures_right_and_the_next_sync_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "PUBLISH_EVERY", 0.0)
    source = csv_source(write_changes(tmp_path / "a.csv", many_changes(450)), team())
    run = actions.request_sync(actor=None, source=source, enqueue=False)
    claimed = jobs.claim(SyncRun.objects.select_related("source"), run.pk)
    assert claimed is not None
    cancelled = []

    def stop_soon(seen: SyncRun) -> None:
        if not seen.is_over and WorkItem.objects.exists():
            cancelled.append(actions.cancel(actor=None, run=seen))

    sync.execute(claimed, stop_soon)
    assert over(run)
    assert run.state == JobState.CANCELLED
    stored = WorkItem.objects.count()
    assert stored == 200
    assert ItemFlow.objects.count() == stored
    rest = sync_now(source)
    assert WorkItem.objects.count() == ItemFlow.objects.count() == 450
    # The statuses once more, and the 250 items with their 500 changes that were missing.
    assert (rest.read, rest.written) == (753, 750)


def test_an_item_is_deleted_when_two_syncs_miss_it_and_returns_when_it_is_seen(tmp_path: Path) -> None:
    rows = [(f"A-{n}", "2025-01-02T09:00Z", "Open", "Doing", "2025-01-01") for n in range(4)]
    path = write_changes(tmp_path / "a.csv", rows)
    source = csv_source(path, team())
    sync_now(source)
    write_changes(path, rows[1:])
    sync_now(source)
    item = WorkItem.objects.get(key="A-0")
    assert item.missing_at is not None
    assert item.deleted_at is None
    run = sync_now(source)
    item.refresh_from_db()
    assert item.deleted_at is not None
    assert run.deleted == 1
    write_changes(path, rows)
    sync_now(source)
    item.refresh_from_db()
    assert (item.missing_at, item.deleted_at) == (None, None)
    assert ItemFlow.objects.filter(item=item).exists()


def test_when_more_than_half_is_missing_nothing_is_deleted(tmp_path: Path) -> None:
    rows = [(f"A-{n}", "2025-01-02T09:00Z", "Open", "Doing", "2025-01-01") for n in range(4)]
    path = write_changes(tmp_path / "a.csv", rows)
    source = csv_source(path, team())
    sync_now(source)
    write_changes(path, rows[3:])
    for _ in range(3):
        run = sync_now(source)
        assert "3 of 4 items were not listed" in run.warning
    assert not WorkItem.objects.exclude(missing_at=None, deleted_at=None).exists()


def test_a_new_identity_infers_no_deletion(tmp_path: Path) -> None:
    rows = [(f"A-{n}", "2025-01-02T09:00Z", "Open", "Doing", "2025-01-01") for n in range(4)]
    source = csv_source(write_changes(tmp_path / "a.csv", rows), team())
    sync_now(source)
    moved = write_changes(tmp_path / "b.csv", rows[1:])
    Source.objects.filter(pk=source.pk).update(settings={**source.settings, "path": str(moved)})
    run = sync_now(source)
    assert "deletions are not looked for" in run.warning
    assert not WorkItem.objects.exclude(missing_at=None).exists()


def test_a_corrected_file_corrects_the_history(tmp_path: Path) -> None:
    path = write_changes(tmp_path / "a.csv", ONE)
    source = csv_source(path, team())
    sync_now(source)
    corrected = [ONE[0], ("A-1", "2025-01-05T09:00Z", "Doing", "Done", "2025-01-01")]
    write_changes(path, corrected)
    sync_now(source)
    other = csv_source(path, source.team, "Afresh")
    sync_now(other)
    assert transitions_of(source) == transitions_of(other)
    assert ItemFlow.objects.get(item__source=source).cycle_days == 4


@pytest.mark.parametrize("way", ["the sweep's task", "the next sync"])
def test_what_a_killed_sync_left_underived_is_derived(tmp_path: Path, way: str) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", ONE), team())
    sync_now(source)
    ItemFlow.objects.all().delete()
    Source.objects.filter(pk=source.pk).update(needs_derive=True)
    assert sync.underived() == [source.pk]
    if way == "the next sync":
        sync_now(source)
    else:
        tasks.derive(source.pk)
    assert ItemFlow.objects.count() == 1
    assert sync.underived() == []
