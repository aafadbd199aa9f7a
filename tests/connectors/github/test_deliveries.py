"""Releases, workflow runs, and the course of a deployment."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from connectors.github.deliveries import course
from connectors.github.payloads import DeploymentStatus
from connectors.protocol import ConnectorError
from metrics.rows import DeploymentRow
from tests.connectors.github import payloads as gh
from tests.connectors.github.fake import FakeGitHub
from tests.connectors.github.shop import at, connector, of, store, through_json, z

Course = tuple[str, datetime | None, datetime | None, bool]


def minute(number: int) -> datetime:
    return at(f"2025-01-06 09:{number:02}")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], ("running", None, None, False)),
        (["queued", "in_progress"], ("running", minute(1), None, True)),
        (["in_progress", "success"], ("success", minute(0), minute(1), True)),
        (["success", "inactive"], ("success", None, minute(0), True)),
        (["in_progress", "failure"], ("failure", minute(0), minute(1), True)),
        (["pending", "failure"], ("failure", None, minute(1), False)),
        (["error"], ("failure", None, minute(0), False)),
        (["waiting", "inactive"], ("cancelled", None, minute(1), False)),
        (["in_progress", "failure", "in_progress", "success"], ("success", minute(0), minute(3), True)),
    ],
)
def test_the_course_of_a_deployment(states: Sequence[str], expected: Course) -> None:
    steps = [DeploymentStatus(state, minute(number), number) for number, state in enumerate(states)]
    assert course(steps[::-1]) == expected


def with_releases(github: FakeGitHub) -> None:
    github.releases = [
        gh.release(1, "v1.0", z("2025-01-08 16:00"), z("2025-01-08 17:00")),
        gh.release(2, "v1.1-rc", z("2025-01-10 16:00"), z("2025-01-10 17:00"), prerelease=True),
        gh.release(3, "v1.1", z("2025-01-10 18:00"), z("2025-01-11 17:00"), name="Hotfix for cards"),
        gh.release(4, "v2.0", z("2025-01-12 18:00"), None),
        gh.release(5, "docs-1", z("2025-01-12 18:00"), z("2025-01-12 18:00")),
        gh.release(6, "v0.9", z("2025-01-05 18:00"), z("2025-01-05 18:00")),
    ]
    github.tags = [gh.tag("v1.0", "m3"), gh.tag("v1.1", "q4"), gh.tag("v1.1-rc", "q4"), gh.tag("docs-1", "q4")]


def test_published_releases_are_deployments_of_their_tags_commit(github: FakeGitHub) -> None:
    with_releases(github)
    batches = list(connector(github, deployment_source="releases", hotfixes="hotfix*").pull(None))
    found = {row.ref: row for row in of(store(batches), DeploymentRow)}
    assert found["v1.1"] == DeploymentRow(
        external_id="release:v1.1",
        sha=gh.sha("q4"),
        ref="v1.1",
        environment="release",
        is_production=True,
        status="success",
        started_at=None,
        finished_at=at("2025-01-11 17:00"),
        is_unplanned=True,
        url="https://github.com/acme/shop/releases/tag/v1.1",
    )
    assert {name: row.is_production for name, row in found.items()} == {
        "v1.0": True,
        "v1.1-rc": False,
        "v1.1": True,
        "docs-1": False,
    }
    assert [reject.place for batch in batches for reject in batch.rejected] == ["release v0.9"]


def test_a_draft_that_is_published_later_is_found(github: FakeGitHub) -> None:
    with_releases(github)
    github.tags.append(gh.tag("v2.0", "r2'"))
    cursor = list(connector(github, deployment_source="releases").pull(None))[-1].cursor
    draft = next(release for release in github.releases if release["tag_name"] == "v2.0")
    draft |= {"draft": False, "published_at": z("2025-01-25 09:00")}
    later = store(connector(github, deployment_source="releases").pull(through_json(cursor)))
    assert "v2.0" in [row.ref for row in of(later, DeploymentRow)]


def with_runs(github: FakeGitHub) -> None:
    github.workflows = [
        gh.workflow(6, "Tests", ".github/workflows/tests.yml"),
        gh.workflow(7, "Deploy", ".github/workflows/deploy.yml"),
    ]
    github.runs = [
        gh.run(91, "m3", z("2025-01-08 16:00"), z("2025-01-08 16:10"), "success"),
        gh.run(92, "q4", z("2025-01-10 16:00"), z("2025-01-10 16:10"), "failure"),
        gh.run(93, "q4", z("2025-01-10 17:00"), z("2025-01-10 17:10"), "failure", head_branch="hotfix/cards"),
        gh.run(94, "q4", z("2025-01-10 18:00"), z("2025-01-10 18:10"), "skipped"),
        gh.run(95, "r2'", z("2025-01-13 18:00"), z("2025-01-13 18:05"), None),
        gh.run(96, "r2'", z("2025-01-13 19:00"), z("2025-01-13 19:05"), "cancelled"),
    ]
    github.jobs = {
        92: [gh.job("test", z("2025-01-10 16:00"), "failure"), gh.job("ship", z("2025-01-10 16:05"), "skipped")],
        93: [gh.job("test", z("2025-01-10 17:00"), "success"), gh.job("ship", z("2025-01-10 17:05"), "failure")],
    }


def runs(github: FakeGitHub, job: str) -> dict[str, DeploymentRow]:
    reader = connector(
        github,
        deployment_source="workflow",
        workflow="deploy.yml",
        workflow_branches="main, hotfix/*",
        workflow_job=job,
        hotfixes="hotfix*",
    )
    return {row.external_id: row for row in of(store(reader.pull(None)), DeploymentRow)}


def test_runs_of_a_workflow_are_deployments(github: FakeGitHub) -> None:
    with_runs(github)
    found = runs(github, job="Ship")
    assert found["run:91"] == DeploymentRow(
        external_id="run:91",
        sha=gh.sha("m3"),
        ref="main",
        environment="Deploy",
        is_production=True,
        status="success",
        started_at=at("2025-01-08 16:00"),
        finished_at=at("2025-01-08 16:10"),
        url="https://github.com/acme/shop/actions/runs/91",
    )
    assert {name: (row.status, row.reached, row.is_unplanned) for name, row in found.items()} == {
        "run:91": ("success", True, False),
        "run:92": ("failure", False, False),
        "run:93": ("failure", True, True),
        "run:95": ("running", True, False),
        "run:96": ("cancelled", False, False),
    }
    assert found["run:95"].finished_at is None


def test_without_a_job_every_failed_run_counts(github: FakeGitHub) -> None:
    with_runs(github)
    assert runs(github, job="")["run:92"].reached


def test_an_unknown_workflow_is_named_with_those_there_are(github: FakeGitHub) -> None:
    with_runs(github)
    with pytest.raises(ConnectorError) as caught:
        connector(github, deployment_source="workflow", workflow="ship").check()
    assert caught.value.field == "workflow"
    assert "“Tests”, “Deploy”" in caught.value.message


def test_none_is_none(github: FakeGitHub) -> None:
    assert of(store(connector(github, deployment_source="none").pull(None)), DeploymentRow) == []
    assert not github.asked("deployments.*|releases|actions/.*")
