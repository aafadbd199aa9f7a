"""A full reading gives exactly these rows, computed by hand from the payloads of shop.py."""

from metrics.rows import (
    BlockRow,
    CommitRow,
    DeploymentRow,
    IncidentRow,
    LinkRow,
    PullRequestRow,
    StatusRow,
    TransitionRow,
    WorkItemRow,
)
from tests.connectors.github import payloads as gh
from tests.connectors.github.fake import FakeGitHub
from tests.connectors.github.payloads import sha
from tests.connectors.github.shop import at, connector, of, store, z

DOING, REVIEW = "label:status: in progress", "label:status: review"


def test_items_with_their_moves_and_blocks(github: FakeGitHub) -> None:
    stored = store(connector(github).pull(None))
    assert of(stored, WorkItemRow) == [
        WorkItemRow(
            external_id="1001",
            key="shop#1",
            title="Pay by card",
            url="https://github.com/acme/shop/issues/1",
            tool_type="bug",
            status="closed",
            created_at=at("2025-01-06 09:00"),
            updated_at=at("2025-01-10 16:00"),
            labels=("bug", "status: review"),
        ),
        WorkItemRow(
            external_id="1002",
            key="shop#2",
            title="Thing 2",
            url="https://github.com/acme/shop/issues/2",
            tool_type="Feature",
            status="not_planned",
            created_at=at("2025-01-07 09:00"),
            updated_at=at("2025-01-09 09:00"),
        ),
        WorkItemRow(
            external_id="1006",
            key="shop#6",
            title="Nobody can pay",
            url="https://github.com/acme/shop/issues/6",
            status="closed",
            created_at=at("2025-01-14 11:00"),
            updated_at=at("2025-01-14 13:00"),
            labels=("incident", "severity: high"),
        ),
    ]
    assert of(stored, TransitionRow) == [
        TransitionRow("12", "1001", at("2025-01-07 10:00"), "open", DOING),
        TransitionRow("17", "1001", at("2025-01-09 10:01"), DOING, REVIEW),
        TransitionRow("18", "1001", at("2025-01-10 16:00"), REVIEW, "closed"),
        TransitionRow("21", "1002", at("2025-01-09 09:00"), "open", "not_planned"),
        TransitionRow("62", "1006", at("2025-01-14 13:00"), "open", "closed"),
    ]
    assert of(stored, BlockRow) == [BlockRow("13", "1001", at("2025-01-07 12:00"), at("2025-01-08 12:00"), "blocked")]


def test_the_workflow_in_its_order(github: FakeGitHub) -> None:
    assert sorted(of(store(connector(github).pull(None)), StatusRow), key=lambda row: row.position) == [
        StatusRow("open", "Open", "backlog", 0),
        StatusRow(DOING, "status: in progress", "active", 1),
        StatusRow(REVIEW, "status: review", None, 2),
        StatusRow("closed", "Closed", "done", 900),
        StatusRow("not_planned", "Closed as not planned", "removed", 901),
    ]


def test_pull_requests_and_how_they_came_in(github: FakeGitHub) -> None:
    three, four, five, seven = of(store(connector(github).pull(None)), PullRequestRow)
    assert three == PullRequestRow(
        external_id="1003",
        number="3",
        title="Thing 3",
        url="https://github.com/acme/shop/pull/3",
        opened_at=at("2025-01-07 16:00"),
        first_commit_at=at("2025-01-07 14:00"),
        first_review_at=at("2025-01-08 09:00"),
        merged_at=at("2025-01-08 15:00"),
        closed_at=at("2025-01-08 15:00"),
        merge_sha=sha("m3"),
        merge_method="merge",
        commits=(sha("f1"), sha("f2")),
    )
    assert (four.merge_method, four.merge_sha, four.commits) == ("squash", sha("q4"), (sha("s1"), sha("s2")))
    assert (four.first_commit_at, four.first_review_at) == (at("2025-01-09 14:00"), at("2025-01-10 08:00"))
    assert (five.merge_method, five.merge_sha) == ("rebase", sha("r2'"))
    assert five.commits == (sha("r1"), sha("r2"))
    assert five.first_review_at is None, "a comment after the merge is no review"
    assert seven.is_bot
    assert (seven.merged_at, seven.closed_at, seven.merge_sha, seven.merge_method) == (None, None, "", "")


def test_a_review_that_was_not_sent_and_one_of_a_deleted_account_are_none(github: FakeGitHub) -> None:
    ghost = {**gh.reviewed(37, z("2025-01-08 08:00"), "x"), "user": None}
    github.timelines[3][2:2] = [gh.reviewed(36, z("2025-01-07 18:00"), "bob", "pending"), ghost]
    three = of(store(connector(github).pull(None)), PullRequestRow)[0]
    assert three.first_review_at == at("2025-01-08 09:00")


def test_commits_and_the_pull_request_they_came_with(github: FakeGitHub) -> None:
    commits = {row.external_id: row for row in of(store(connector(github).pull(None)), CommitRow)}
    linked = {
        name: commits[sha(name)].pull_request
        for name in ("c1", "f1", "f2", "m3", "s1", "s2", "q4", "r1", "r2", "r1'", "r2'", "d1")
    }
    assert linked == {
        "c1": None,
        **dict.fromkeys(("f1", "f2", "m3"), "1003"),
        **dict.fromkeys(("s1", "s2", "q4"), "1004"),
        **dict.fromkeys(("r1", "r2", "r1'", "r2'"), "1005"),
        "d1": None,
    }
    assert len(commits) == 12
    assert commits[sha("r1'")] == CommitRow(
        external_id=sha("r1'"),
        authored_at=at("2025-01-11 09:00"),
        committed_at=at("2025-01-13 10:00"),
        parents=(sha("q4"),),
        pull_request="1005",
    )
    assert commits[sha("m3")].parents == (sha("c1"), sha("f2"))


def test_deployments_by_their_statuses(github: FakeGitHub) -> None:
    staging, good, failed, early = of(store(connector(github).pull(None)), DeploymentRow)
    assert good == DeploymentRow(
        external_id="deployment:71",
        sha=sha("r2'"),
        ref="main",
        environment="production",
        is_production=True,
        status="success",
        started_at=at("2025-01-14 10:10"),
        finished_at=at("2025-01-14 10:20"),
        url="https://github.com/acme/shop/actions/runs/714",
    )
    assert (staging.environment, staging.is_production, staging.status) == ("staging", False, "success")
    assert (failed.status, failed.reached, failed.is_unplanned) == ("failure", True, True)
    assert failed.finished_at == at("2025-01-14 12:20")
    assert (early.status, early.reached) == ("failure", False), "nothing was in progress before it failed"


def test_an_issue_with_an_incident_label_is_an_incident_too(github: FakeGitHub) -> None:
    assert of(store(connector(github).pull(None)), IncidentRow) == [
        IncidentRow(
            external_id="1006",
            title="Nobody can pay",
            url="https://github.com/acme/shop/issues/6",
            started_at=at("2025-01-14 11:00"),
            resolved_at=at("2025-01-14 13:00"),
            deployment="deployment:71",
            fix="deployment:72",
            severity="high",
        )
    ]


def test_an_empty_production_rule_matches_nothing(github: FakeGitHub) -> None:
    rows = of(store(connector(github, production_environments="").pull(None)), DeploymentRow)
    assert len(rows) == 4
    assert not any(row.is_production for row in rows)


def test_without_work_items_there_are_pull_requests_and_incidents_only(github: FakeGitHub) -> None:
    reader = connector(github, work_items="")
    stored = store(reader.pull(None))
    assert of(stored, WorkItemRow) == of(stored, TransitionRow) == of(stored, StatusRow) == []
    assert len(of(stored, PullRequestRow)) == 4
    assert len(of(stored, IncidentRow)) == 1
    assert reader.sweep() is None


def test_what_an_issue_waits_for(github: FakeGitHub) -> None:
    added = gh.event(19, "blocked_by_added", z("2025-01-07 11:00"))
    github.timelines[1].append(added)
    # Of this repository, and of another, which its own source calls by its name.
    ledger = gh.issue(12, z("2025-01-01 09:00"), z("2025-01-02 09:00"), repository_url=f"{gh.API}/repos/acme/ledger")
    other = gh.issue(2, z("2025-01-07 09:00"), z("2025-01-09 09:00"))
    github.blockers = {1: [other, {**ledger, "id": 5012}]}
    first = store(connector(github).pull(None))
    assert of(first, LinkRow) == [LinkRow("1001:1002", "1001", "shop#2"), LinkRow("1001:5012", "1001", "ledger#12")]
    # Only what ever waited is asked for it.
    asked = github.asked(r"issues/\d+/dependencies/blocked_by")
    assert [request.path for request in asked] == ["/api/v3/repos/acme/shop/issues/1/dependencies/blocked_by"]
    # One link is taken off again: what is read next has it no more.
    github.blockers[1].pop()
    assert of(store(connector(github).pull(None), first), LinkRow) == [LinkRow("1001:1002", "1001", "shop#2")]


def test_the_count_of_the_list_says_it_too_and_old_servers_know_nothing_of_links(github: FakeGitHub) -> None:
    github.issues[0]["issue_dependencies_summary"] = {"blocked_by": 0, "blocking": 0, "total_blocked_by": 1}
    github.blockers = {1: [gh.issue(2, z("2025-01-07 09:00"), z("2025-01-09 09:00"))]}
    assert of(store(connector(github).pull(None)), LinkRow) == [LinkRow("1001:1002", "1001", "shop#2")]
    github.blockers = None
    stored = store(connector(github).pull(None))
    assert (of(stored, LinkRow), len(of(stored, WorkItemRow))) == ([], 3)


def test_without_work_items_nothing_waits(github: FakeGitHub) -> None:
    github.timelines[1].append(gh.event(19, "blocked_by_added", z("2025-01-07 11:00")))
    assert of(store(connector(github, work_items="0").pull(None)), LinkRow) == []
    assert github.asked(r"issues/\d+/dependencies/blocked_by") == []
