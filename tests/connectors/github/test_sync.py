"""Full, resumed, incremental, rate-limited, long and deleting: always the same rows in the end."""

from typing import Any

import pytest

from connectors.http import Limits
from connectors.protocol import Batch, ConnectorError
from metrics.rows import (
    CommitRow,
    DeploymentRow,
    IncidentRow,
    PullRequestRow,
    Row,
    StatusRow,
    TransitionRow,
    WorkItemRow,
)
from tests.connectors.github import payloads as gh
from tests.connectors.github.fake import FakeGitHub
from tests.connectors.github.shop import at, connector, of, store, through_json, z
from tests.connectors.server import Reply


def read(github: FakeGitHub, cursor: Any = None, **settings: str) -> list[Batch]:
    return list(connector(github, None, **settings).pull(through_json(cursor) if cursor else None))


def rows(batches: list[Batch]) -> list[Row]:
    return [row for batch in batches for row in batch.rows]


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_the_size_of_pages_changes_nothing(github: FakeGitHub, page: int) -> None:
    whole = store(read(github))
    github.largest_page = page
    assert store(read(github)) == whole


def test_a_sync_resumed_anywhere_ends_with_the_same_rows(github: FakeGitHub) -> None:
    github.largest_page = 2
    batches = read(github)
    whole = store(batches)
    assert len(batches) > 15
    for count in range(1, len(batches)):
        stored = store(batches[:count])
        rest = read(github, batches[count - 1].cursor)
        assert store(rest, stored) == whole, f"resumed after batch {count}"


def test_resuming_does_not_start_again(github: FakeGitHub) -> None:
    github.largest_page = 2
    batches = read(github)
    last_items = [n for n, batch in enumerate(batches) if batch.cursor["phase"] == "items"][-1]
    github.server.requests.clear()
    read(github, batches[last_items].cursor)
    assert not github.asked("commits|git/ref.*|compare.*")
    assert github.asked("deployments")


def test_a_listing_of_commits_goes_on_at_its_page_though_the_branch_moved(github: FakeGitHub) -> None:
    github.largest_page = 2
    batches = read(github)
    first = next(n for n, batch in enumerate(batches) if batch.cursor.get("listing"))
    github.branches["main"] = "n8"
    github.commits.insert(0, gh.commit("n8", z("2025-01-16 09:00"), ("r2'",)))
    resumed = read(github, batches[first].cursor)
    stored = store(resumed, store(batches[: first + 1]))
    assert gh.sha("n8") not in {row.external_id for row in of(stored, CommitRow)}
    later = store(read(github, resumed[-1].cursor), stored)
    assert {row.external_id for row in of(later, CommitRow)} >= {commit["sha"] for commit in github.commits}


def test_progress_counts_issues_and_pull_requests(github: FakeGitHub) -> None:
    items = [batch for batch in read(github) if batch.phase == "Issues and pull requests"]
    assert (items[-1].done, items[-1].total) == (7, 7)


def test_when_nothing_changed_nothing_is_read_again(github: FakeGitHub) -> None:
    first = read(github)
    second = read(github, first[-1].cursor)
    github.server.requests.clear()
    third = read(github, second[-1].cursor)
    assert rows(third) == []
    assert not github.asked(r"issues/\d+/timeline|deployments/\d+/statuses|compare.*")
    assert third[-1].cursor == second[-1].cursor


def test_an_incremental_sync_reads_what_changed(github: FakeGitHub) -> None:
    cursor = read(github)[-1].cursor
    github.issues[0] |= {"state": "open", "state_reason": "reopened", "closed_at": None}
    github.issues[0]["updated_at"] = z("2025-01-20 09:00")
    github.timelines[1].append(gh.event(19, "reopened", z("2025-01-20 09:00"), state_reason="reopened"))
    github.branches["main"] = "n8"
    github.commits.insert(0, gh.commit("n8", z("2024-12-01 09:00"), ("r2'",)))
    github.deployments[1]["updated_at"] = z("2025-01-20 09:00")
    github.statuses[71].append(gh.deployment_status(715, "failure", z("2025-01-20 09:00")))
    github.server.requests.clear()

    found = store(read(github, cursor))

    assert [row.status for row in of(found, WorkItemRow)] == ["label:status: review"]
    assert of(found, TransitionRow)[-1] == TransitionRow(
        "19", "1001", at("2025-01-20 09:00"), "closed", "label:status: review"
    )
    # However old it is: the branch has it now and had it not before.
    assert gh.sha("n8") in {row.external_id for row in of(found, CommitRow)}
    assert [(row.external_id, row.status) for row in of(found, DeploymentRow)] == [
        ("deployment:71", "failure"),
        ("deployment:73", "failure"),
    ]
    # Several threads ask: in which order is theirs.
    assert sorted(request.path.split("/")[-2] for request in github.asked(r"issues/\d+/timeline")) == ["1", "7"]


def test_what_github_lists_late_is_found(github: FakeGitHub) -> None:
    """The newest change of the first sync was at 09:00; this one was a little before and not listed yet."""
    cursor = read(github)[-1].cursor
    github.issues.append(gh.issue(20, z("2025-01-15 08:56"), z("2025-01-15 08:56")))
    github.timelines[20] = []
    assert [row.key for row in of(store(read(github, cursor)), WorkItemRow)] == ["shop#20"]


def test_a_first_page_that_stays_the_same_hides_no_later_page(github: FakeGitHub) -> None:
    github.largest_page = 1
    cursor = None
    for number in (20, 21, 22, 23):
        when = z(f"2025-01-15 09:0{number - 20}")
        github.issues.append(gh.issue(number, when, when))
        github.timelines[number] = []
        batches = read(github, cursor)
        assert f"shop#{number}" in [row.key for row in of(store(batches), WorkItemRow)]
        # Once more with nothing new, which is when a page is remembered by its ETag.
        cursor = read(github, batches[-1].cursor)[-1].cursor


def test_an_older_deployment_that_changed_is_found_behind_newer_ones(github: FakeGitHub) -> None:
    github.largest_page = 1
    cursor = read(github)[-1].cursor
    github.deployments[1]["updated_at"] = z("2025-01-20 09:00")
    github.statuses[71].append(gh.deployment_status(715, "failure", z("2025-01-20 09:00")))
    new = gh.deployment(75, "r2'", "production", z("2025-01-21 09:00"), z("2025-01-21 09:00"))
    github.deployments.append(new)
    found = store(read(github, cursor))
    assert {row.external_id: row.status for row in of(found, DeploymentRow)} == {
        "deployment:71": "failure",
        "deployment:73": "failure",
        "deployment:75": "running",
    }


def test_commits_are_not_asked_for_twice(github: FakeGitHub) -> None:
    read(github)
    assert not github.asked("commits/[0-9a-f]+")


def test_a_commit_stays_with_the_pull_request_that_was_merged(github: FakeGitHub) -> None:
    """Number 7, still open, was begun on the branch of number 3."""
    github.timelines[7].insert(0, gh.committed("f1", z("2025-01-07 14:00"), ("c1",)))
    commits = {row.external_id: row.pull_request for row in of(store(read(github)), CommitRow)}
    assert commits[gh.sha("f1")] == "1003"


def test_an_item_that_changes_while_pages_are_read_hides_no_other(github: FakeGitHub) -> None:
    """It moves to the end of the list, and all behind it move up a place."""
    github.largest_page = 2
    found = store([])
    for batch in connector(github).pull(None):
        found = store([batch], found)
        items = of(found, WorkItemRow)
        if len(items) == 1:
            moved = next(issue for issue in github.issues if str(issue["id"]) == items[0].external_id)
            moved["updated_at"] = z("2025-02-01 09:00")
    assert len(of(found, WorkItemRow)) == 3
    assert len(of(found, PullRequestRow)) == 4


def test_many_changes_in_one_second_are_all_read(github: FakeGitHub) -> None:
    github.largest_page = 2
    github.issues = [gh.issue(n, z("2025-01-01 09:00"), z("2025-01-02 09:00")) for n in range(10, 17)]
    github.timelines = {n: [] for n in range(10, 17)}
    assert len(of(store(read(github)), WorkItemRow)) == 7


def test_a_timeline_longer_than_a_page(github: FakeGitHub) -> None:
    """150 moves: 75 times to review and back."""
    github.labels = ["status: doing", "status: review"]
    names = ["status: doing", "status: review"]
    events = []
    for number in range(150):
        minute = z(f"2025-02-{1 + number // 24:02} {number % 24:02}:00")
        events += [
            gh.labeled(1000 + 2 * number, minute, names[number % 2]),
            gh.unlabeled(1001 + 2 * number, minute, names[(number + 1) % 2]),
        ]
    github.issues = [gh.issue(1, z("2025-01-31 09:00"), z("2025-02-08 09:00"), labels=[gh.label("status: review")])]
    github.timelines = {1: events}
    stored = store(read(github))
    moves = sorted(of(stored, TransitionRow), key=lambda row: row.at)
    assert len(github.asked("issues/1/timeline")) == 3
    assert [row.at for row in moves] == [at(f"2025-02-{1 + n // 24:02} {n % 24:02}:00") for n in range(150)]
    assert [row.to_status for row in moves] == ["label:status: doing", "label:status: review"] * 75
    assert of(stored, WorkItemRow)[0].status == "label:status: review"


def slow_down(status: int, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(gh.refusal("You have exceeded a secondary rate limit. Please wait."), status, named)


def test_a_rate_limited_sync_waits_and_ends_the_same(github: FakeGitHub) -> None:
    whole = store(read(github))
    early = slow_down(429, Retry_After="0")
    past = slow_down(403, X_RateLimit_Remaining="0", X_RateLimit_Reset="1")
    github.troubles = [early, None, slow_down(403, Retry_After="0"), None, None, Reply(None, 503, {"Retry-After": "0"})]
    assert store(read(github)) == whole
    github.troubles = [None] * 8 + [early, early]
    assert store(read(github)) == whole
    assert past.status == 403


def test_a_long_limit_ends_the_sync_and_the_next_goes_on(github: FakeGitHub) -> None:
    whole = store(read(github))
    github.largest_page = 2
    github.troubles = [None] * 14 + [slow_down(403, X_RateLimit_Remaining="0", X_RateLimit_Reset="4102444800")]
    reader = connector(github, Limits(wait_seconds=1))
    batches: list[Batch] = []
    with pytest.raises(ConnectorError) as caught:
        batches.extend(reader.pull(None))
    assert not caught.value.permanent
    assert caught.value.retry_at is not None
    assert "2100-01-01" in caught.value.message
    assert batches
    github.troubles = []
    assert store(read(github, batches[-1].cursor), store(batches)) == whole


def test_a_deleted_issue_is_not_in_the_sweep(github: FakeGitHub) -> None:
    github.largest_page = 2

    def swept() -> list[str]:
        return sorted(name for part in connector(github).sweep() or () for name in part)

    assert swept() == ["1001", "1002", "1006"]
    github.delete(2)
    assert swept() == ["1001", "1006"]


def test_an_issue_that_goes_while_we_read_stops_nothing(github: FakeGitHub) -> None:
    del github.timelines[2]
    stored = store(read(github))
    assert [row.external_id for row in of(stored, WorkItemRow)] == ["1001", "1006"]


def test_a_record_that_is_not_as_documented_is_rejected_alone(github: FakeGitHub) -> None:
    github.issues.append({"id": 9, "number": 9, "title": "no times", "updated_at": z("2025-01-05 00:00")})
    batches = read(github)
    rejected = [reject for batch in batches for reject in batch.rejected]
    assert len(rejected) == 1
    assert "created_at" in rejected[0].reason or "state" in rejected[0].reason
    assert len(of(store(batches), WorkItemRow)) == 3


def test_an_issue_that_is_no_incident_any_more_is_forgotten(github: FakeGitHub) -> None:
    batches = read(github)
    stored = store(batches)
    assert len(of(stored, IncidentRow)) == 1
    six = next(issue for issue in github.issues if issue["number"] == 6)
    six |= {"labels": [], "updated_at": z("2025-01-20 09:00")}
    github.timelines[6].append(gh.unlabeled(63, z("2025-01-20 09:00"), "incident"))
    assert of(store(read(github, batches[-1].cursor), stored), IncidentRow) == []


def test_a_branch_that_was_rewritten_is_read_again(github: FakeGitHub) -> None:
    cursor = read(github)[-1].cursor
    github.commits = [gh.commit("new", z("2025-02-01 09:00"), ("c1",)), github.commits[-1]]
    github.branches["main"] = "new"
    found = {row.external_id for row in of(store(read(github, cursor)), CommitRow)}
    assert {gh.sha("new"), gh.sha("c1")} <= found


def test_release_branches_bring_what_the_default_branch_has_not(github: FakeGitHub) -> None:
    github.branches |= {"release/1": "h1", "wild": "w1"}
    github.commits = [
        gh.commit("h1", z("2025-01-12 09:00"), ("q4",)),
        gh.commit("w1", z("2025-01-12 09:00"), ("q4",)),
        *github.commits,
    ]
    found = {row.external_id for row in of(store(read(github, branches="release/*")), CommitRow)}
    assert gh.sha("h1") in found
    assert gh.sha("w1") not in found
    assert len(github.asked("compare.*")) == 1


def test_an_empty_repository(github: FakeGitHub) -> None:
    github.branches = {}
    github.issues = []
    github.deployments = []
    assert {type(row) for row in rows(read(github))} <= {StatusRow}


def test_the_merge_commit_is_asked_for_when_the_timeline_does_not_name_it(github: FakeGitHub) -> None:
    github.timelines[4] = [event for event in github.timelines[4] if event["event"] != "merged"]
    four = next(issue for issue in github.issues if issue["number"] == 4)
    four["merge_commit_sha"] = gh.sha("q4")
    pull = of(store(read(github)), PullRequestRow)[1]
    assert (pull.number, pull.merge_sha, pull.merge_method) == ("4", gh.sha("q4"), "squash")


def test_a_sample_reads_little(github: FakeGitHub) -> None:
    stored = store(connector(github).sample())
    assert {type(row) for row in stored.values()} >= {WorkItemRow, DeploymentRow, IncidentRow, StatusRow}
    assert not github.asked("commits")
