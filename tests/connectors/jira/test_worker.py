"""Jira through the portal: real database, real worker, a Jira on a local port."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from connectors import actions, tasks
from connectors.models import SyncRun
from core.models import JobState
from metrics.models import BlockedStay, Incident, ItemFlow, Source, SourceState, Status, TeamMove, Transition, WorkItem
from tests.conftest import Worker
from tests.connectors.cast import sync_now, team
from tests.connectors.jira.conftest import settings_for
from tests.connectors.jira.fake import SQUAD, FakeIssue, FakeJira, change
from tests.connectors.server import Reply, Server
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
CLOUD = pytest.mark.parametrize("jira", ["cloud"], indirect=True)


def source_of(server: Server, **given: str) -> Source:
    """A Jira source that syncs only when asked."""
    return actions.connect(
        actor=None,
        tool="jira",
        name="Payments board",
        team=team(),
        settings=settings_for(server, given),
        schedule_minutes=0,
    )


def over(run: SyncRun) -> bool:
    run.refresh_from_db()
    return run.is_over


def synced(source: Source, *, full: bool = False, state: JobState = JobState.SUCCEEDED) -> SyncRun:
    """A sync by the worker, to its end."""
    run = actions.request_sync(actor=None, source=source, full=full)
    until(lambda: over(run), seconds=60, what="the end of the sync")
    assert (run.state, run.rejected) == (state, 0), run.error
    source.refresh_from_db()
    return run


def people_work(jira: FakeJira, count: int) -> list[FakeIssue]:
    """Issues that go back and forth, some of them to the end."""
    issues = []
    for n in range(count):
        issue = jira.create(f"Thing {n}")
        jira.pass_time(11)
        for status in ("3", "10100", "3", "10001")[: 1 + n % 4]:
            jira.move(issue, status)
            jira.pass_time(3)
        issues.append(issue)
    return issues


def told(jira: FakeJira) -> set[tuple[str, str, datetime, str, str]]:
    """Every status change that the Jira knows of: item, id, when, from, to."""
    return {
        (issue.id, f"{entry['id']}.{n}", entry["created"], item["from"], item["to"])
        for issue in jira.issues.values()
        for entry in issue.histories
        for n, item in enumerate(item for item in entry["items"] if item["field"] == "status")
    }


def stored(source: Source) -> set[tuple[str, str, datetime, str, str]]:
    fields = ("item__external_id", "external_id", "at", "from_status__external_id", "to_status__external_id")
    return set(Transition.objects.filter(source=source, item__deleted_at=None).values_list(*fields))


def test_a_first_and_a_second_sync(jira: FakeJira, server: Server, worker: Worker) -> None:
    issues = people_work(jira, 130)
    jira.flag(issues[1], True)
    source = source_of(server)
    run = synced(source)
    assert stored(source) == told(jira)
    assert set(WorkItem.objects.values_list("external_id", flat=True)) == set(jira.issues)
    assert list(BlockedStay.objects.values_list("item__key", "to_at")) == [("PAY-2", None)]
    # 4 statuses, 130 items, 1 block, and 1 + 2 + 3 + 4 moves of every four items: 32 times 10, then 1 and 2.
    assert (run.read, run.written, run.unchanged) == (135 + 323, 135 + 323, 0)
    assert (run.done, run.total) == (130, 130)
    again = synced(source, full=True)
    assert (again.written, again.unchanged, again.deleted) == (0, run.read, 0)


def test_a_preview_says_what_is_in_progress(jira: FakeJira, server: Server) -> None:
    people_work(jira, 8)
    settings = settings_for(server, {"incident_types": "Incident"})
    seen = actions.preview(
        actor=None, tool="jira", settings=settings, team=team(), statuses={"In Review": "waiting", "To Do": "active"}
    )
    # Of every four, one ends In Progress, one In Review, one back In Progress, one Done.
    assert (seen.counts["item"], seen.counts["in_progress"], seen.counts["incident"]) == (8, 6, 0)
    assert [(status.name, status.state) for status in seen.statuses] == [
        ("In Review", "waiting"),
        ("To Do", "active"),
        ("In Progress", "active"),
        ("Done", "done"),
    ]
    assert WorkItem.objects.count() == 0


@CLOUD
def test_flow_follows_from_the_history(jira: FakeJira, server: Server, worker: Worker) -> None:
    jira.now = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
    issue = jira.create()
    jira.pass_time(24 * 60)
    jira.move(issue, "3", "10100")
    jira.pass_time(3 * 24 * 60)
    jira.move(issue, "10001")
    synced(source_of(server))
    flow = ItemFlow.objects.get(item__key="PAY-1")
    # Created on the 4th, started on the 5th, finished on the 8th.
    assert (flow.state, flow.cycle_days, flow.lead_days) == ("done", 4, 5)


def test_later_syncs_bring_changes_only(jira: FakeJira, server: Server, worker: Worker) -> None:
    issues = people_work(jira, 60)
    source = source_of(server)
    synced(source)
    jira.pass_time(60)
    jira.move(issues[5], "10100")
    jira.statuses["3"] = ("Doing", "indeterminate")
    jira.create("New")
    run = synced(source)
    assert stored(source) == told(jira)
    # The status' new name, the item that moved and its move, the new item.
    assert run.written == 4
    assert Status.objects.get(external_id="3").name == "Doing"


def test_a_busy_server_with_long_histories(jira: FakeJira, server: Server, worker: Worker) -> None:
    issues = people_work(jira, 90)
    for issue in issues[::30]:
        jira.chat(issue, 120)
        jira.move(issue, "3")
    jira.page_limit = 20

    def busy(searches: int) -> None:
        if searches % 3 == 1:
            jira.replies.append(Reply({"errorMessages": ["Rate limit exceeded"]}, 429, {"Retry-After": "0"}))

    jira.before_search = busy
    source = source_of(server)
    synced(source)
    assert stored(source) == told(jira)


def test_work_goes_on_while_the_sync_reads(jira: FakeJira, server: Server, worker: Worker) -> None:
    issues = people_work(jira, 100)
    jira.page_limit = 20
    busy = iter(issues)

    def work(searches: int) -> None:
        if searches:
            jira.pass_time(1)
            jira.move(next(busy), "10100")

    jira.before_search = work
    source = source_of(server)
    synced(source)
    jira.before_search = lambda n: None
    synced(source)
    assert stored(source) == told(jira)


def test_deleted_and_moved_issues_go_when_two_syncs_agree(jira: FakeJira, server: Server, worker: Worker) -> None:
    issues = people_work(jira, 30)
    source = source_of(server)
    synced(source)
    jira.projects["OPS"] = ("12", ["10000"])
    del jira.issues[issues[3].id]
    issues[7].key = "OPS-1"
    assert [synced(source, full=True).deleted for _ in range(3)] == [0, 2, 0]
    left = set(WorkItem.objects.filter(deleted_at=None).values_list("external_id", flat=True))
    assert left == {issue.id for issue in issues} - {issues[3].id, issues[7].id}
    # Moved back, it is the same item again.
    issues[7].key = "PAY-8"
    jira.pass_time()
    jira.move(issues[7], "3")
    synced(source)
    assert WorkItem.objects.get(external_id=issues[7].id).deleted_at is None


def test_lost_access_deletes_nothing(jira: FakeJira, server: Server, worker: Worker) -> None:
    people_work(jira, 10)
    source = source_of(server)
    synced(source)
    jira.hidden = {"PAY"}
    for _ in range(3):
        run = synced(source, full=True, state=JobState.FAILED)
        assert "PAY" in run.error
    assert source.state == SourceState.STOPPED
    assert WorkItem.objects.filter(deleted_at=None, missing_at=None).count() == 10


def test_a_token_that_is_no_good_stops_the_source(jira: FakeJira, server: Server, worker: Worker) -> None:
    people_work(jira, 5)
    source = source_of(server, token="expired-token")
    run = synced(source, state=JobState.FAILED)
    assert run.is_permanent
    assert source.state == SourceState.STOPPED
    assert "401" in source.error
    assert "expired-token" not in source.error
    assert WorkItem.objects.count() == 0


@CLOUD
def test_teams_and_incidents(jira: FakeJira, server: Server, worker: Worker) -> None:
    issue = jira.create(issuetype={"id": "9", "name": "Incident"}, fields={SQUAD: {"id": "2", "value": "Green"}})
    jira.pass_time()
    jira.change(issue, change(SQUAD, "Squad", ("1", "Blue"), ("2", "Green")))
    jira.pass_time()
    jira.move(issue, "10001")
    heron = team("heron")
    source = source_of(server, team_field="Squad", team_map="Green = heron", incident_types="Incident")
    synced(source)
    move = TeamMove.objects.get()
    assert (move.from_team.slug, move.to_team, move.item.team) == ("falcon", heron, heron)
    incident = Incident.objects.get()
    assert (incident.started_at, incident.resolved_at) == (issue.created, issue.updated)
    assert incident.service.slug == "payments-board"


@pytest.mark.parametrize("jira", ["datacenter"], indirect=True)
def test_a_killed_first_sync_goes_on_where_it_was(
    jira: FakeJira, server: Server, spawn_worker: Callable[[], Worker]
) -> None:
    people_work(jira, 400)
    jira.page_limit = 50
    at_sixth, go_on = threading.Event(), threading.Event()

    def hold(searches: int) -> None:
        """The sixth search is answered only when the first worker is dead."""
        if searches == 5:
            at_sixth.set()
            go_on.wait(60)

    jira.before_search = hold
    source = source_of(server)
    first = spawn_worker()
    run = actions.request_sync(actor=None, source=source)
    assert at_sixth.wait(60)
    first.kill()
    go_on.set()
    assert 0 < WorkItem.objects.count() < 400
    spawn_worker()

    def swept() -> bool:
        tasks.sweep()
        return over(run)

    until(swept, seconds=90, every=0.3, what="the end of the run that was killed")
    assert (run.state, run.attempts >= 2) == (JobState.SUCCEEDED, True)
    assert stored(source) == told(jira)
    # 4 statuses, 400 items, 100 times 10 moves: each was written once, and there is nothing left to write.
    assert run.written == 1404
    assert sync_now(source, full=True).written == 0
