"""GitHub through the worker: full, resumed after a kill, rate-limited, with a long timeline, and with deletions."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors import actions, tasks
from connectors.models import SyncRun
from core.models import JobState
from metrics.models import BlockedStay, Change, Commit, Deployment, Incident, PullRequest, Source, Transition, WorkItem
from tests.conftest import Worker
from tests.connectors.cast import delivery_of, items_of, sync_now, team, transitions_of
from tests.connectors.github import payloads as gh
from tests.connectors.github.fake import TOKEN, FakeGitHub
from tests.connectors.github.shop import at, z
from tests.connectors.server import Reply, Request
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


def source_of(github: FakeGitHub, name: str = "Shop", owner: Any = None) -> Source:
    """A source that is synced only when asked."""
    return actions.connect(
        actor=None,
        tool="github",
        name=name,
        team=owner or team(),
        settings={"url": github.url, "repository": gh.REPOSITORY, "token": TOKEN},
        schedule_minutes=0,
    )


def over(run: SyncRun) -> bool:
    run.refresh_from_db()
    return run.is_over


def synced(source: Source, *, full: bool = False) -> SyncRun:
    """A sync done by a worker, to its end."""
    run = actions.request_sync(actor=None, source=source, full=full)
    until(lambda: over(run), seconds=60, what="the end of the run")
    return run


def everything(source: Source) -> list[Any]:
    blocks = BlockedStay.objects.filter(source=source).order_by("external_id")
    incidents = Incident.objects.filter(source=source).order_by("external_id")
    return [
        items_of(source),
        transitions_of(source),
        delivery_of(source),
        list(blocks.values_list("external_id", "item__external_id", "from_at", "to_at", "reason")),
        list(incidents.values_list("external_id", "started_at", "resolved_at", "deployment", "fix")),
    ]


def test_a_full_sync_and_a_second_that_writes_nothing(github: FakeGitHub, worker: Worker) -> None:
    source = source_of(github)
    first = synced(source)
    assert (first.state, first.error, first.warning, first.rejected) == (JobState.SUCCEEDED, "", "", 0)
    models = (WorkItem, Transition, BlockedStay, PullRequest, Commit, Deployment, Incident)
    counts = [model._default_manager.filter(source=source).count() for model in models]
    assert counts == [3, 5, 1, 4, 12, 4, 1]
    stored = everything(source)
    for full in (False, True):
        again = synced(source, full=full)
        assert (again.state, again.written, again.deleted) == (JobState.SUCCEEDED, 0, 0)
    assert everything(source) == stored


def test_a_sync_whose_worker_is_killed_goes_on(github: FakeGitHub, spawn_worker: Callable[[], Worker]) -> None:
    github.largest_page = 2
    owner = team()
    killed, quiet = source_of(github, "Killed", owner), source_of(github, "Quiet", owner)
    here, go = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        """The timeline of the last pull request that came in is long in coming."""
        if request.path.endswith("issues/5/timeline"):
            here.set()
            go.wait(60)

    github.before = hold
    first = spawn_worker()
    run = actions.request_sync(actor=None, source=killed)
    assert here.wait(60)
    first.kill()
    go.set()
    assert 0 < WorkItem.objects.filter(source=killed).count() < 3
    github.server.requests.clear()
    spawn_worker()

    def swept() -> bool:
        tasks.sweep()
        return over(run)

    until(swept, seconds=60, every=0.3, what="the end of the run that was killed")
    assert (run.state, run.error) == (JobState.SUCCEEDED, "")
    assert run.attempts >= 2
    assert not github.asked("commits"), "it did not start again"
    sync_now(quiet)
    assert everything(killed) == everything(quiet)


def test_changes_reach_production_by_merge_squash_and_rebase(github: FakeGitHub) -> None:
    """After a first deployment of c1, the next brings every commit but the merge commit, as its pull request's."""
    github.deployments.append(gh.deployment(69, "c1", "production", z("2025-01-06 12:00"), z("2025-01-06 12:10")))
    github.statuses[69] = [gh.deployment_status(691, "success", z("2025-01-06 12:10"))]
    source = source_of(github)
    assert sync_now(source).error == ""
    changes = Change.objects.filter(deployment__source=source).order_by("authored_at")
    fields = ("commit__external_id", "pull_request__number", "authored_at", "deployment__external_id")
    assert list(changes.values_list(*fields)) == [
        (gh.sha("f1"), "3", at("2025-01-07 14:00"), "deployment:71"),
        (gh.sha("f2"), "3", at("2025-01-07 15:00"), "deployment:71"),
        # Squashed: authored when its first commit was.
        (gh.sha("q4"), "4", at("2025-01-09 14:00"), "deployment:71"),
        (gh.sha("r1'"), "5", at("2025-01-11 09:00"), "deployment:71"),
        (gh.sha("r2'"), "5", at("2025-01-11 10:00"), "deployment:71"),
    ]


def test_a_rate_limited_sync_gets_there(github: FakeGitHub, worker: Worker) -> None:
    limit = Reply(gh.refusal("You have exceeded a secondary rate limit."), 403, {"Retry-After": "0"})
    busy = Reply(gh.refusal("API rate limit exceeded"), 429, {"Retry-After": "0"})
    github.troubles = [limit, None, busy, busy, None, None, None, None, None, limit, None, Reply(None, 502)]
    source = source_of(github)
    run = synced(source)
    assert (run.state, run.error) == (JobState.SUCCEEDED, "")
    assert github.troubles == []
    assert len(items_of(source)) == 3


def test_a_long_limit_ends_the_run_until_then(github: FakeGitHub, worker: Worker) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}
    github.troubles = [None] * 12 + [Reply(gh.refusal("API rate limit exceeded"), 403, headers)] * 9
    source = source_of(github)
    Source.objects.filter(pk=source.pk).update(schedule_minutes=15)
    run = synced(source)
    assert (run.state, run.is_permanent) == (JobState.FAILED, False)
    assert "2100-01-01" in run.error
    source.refresh_from_db()
    assert source.next_sync_at == datetime(2100, 1, 1, 0, 0, 1, tzinfo=UTC)
    github.troubles = []
    assert synced(source).state == JobState.SUCCEEDED
    assert len(items_of(source)) == 3


def test_a_long_timeline(github: FakeGitHub, worker: Worker) -> None:
    events = [
        gh.labeled(5000 + n, z(f"2025-02-{1 + n // 24:02} {n % 24:02}:00"), f"status: {'ab'[n % 2]}")
        for n in range(240)
    ]
    github.issues.append(gh.issue(8, z("2025-01-31 09:00"), z("2025-02-10 23:00")))
    github.timelines[8] = events
    source = source_of(github)
    assert synced(source).state == JobState.SUCCEEDED
    moves = Transition.objects.filter(source=source, item__key="shop#8").order_by("at")
    assert list(moves.values_list("external_id", flat=True)) == [str(5000 + n) for n in range(240)]
    assert len(github.asked("issues/8/timeline")) == 3


def test_a_deleted_issue_goes_after_two_syncs_and_a_wrong_token_deletes_nothing(
    github: FakeGitHub, worker: Worker
) -> None:
    source = source_of(github)
    synced(source)
    github.delete(2)
    gone = WorkItem.objects.get(source=source, key="shop#2")
    assert synced(source, full=True).deleted == 0
    gone.refresh_from_db()
    assert gone.missing_at is not None
    assert gone.deleted_at is None

    actions.change_settings(actor=None, source=source, settings={"token": "ghp_wrong"})
    refused = synced(source, full=True)
    assert (refused.state, refused.is_permanent) == (JobState.FAILED, True)
    assert "does not accept the token" in refused.error
    assert "ghp_wrong" not in refused.error

    actions.change_settings(actor=None, source=source, settings={"token": TOKEN})
    synced(source)
    gone.refresh_from_db()
    assert gone.deleted_at is not None
    assert WorkItem.objects.filter(source=source, deleted_at=None).count() == 2
