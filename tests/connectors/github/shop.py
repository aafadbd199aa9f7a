"""A small repository with one of everything, and helpers to read it. The expected rows are written out by hand."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.github import GitHubConnector
from connectors.http import Limits
from connectors.protocol import Batch, Context
from metrics.rows import BlockRow, LinkRow, Row, TransitionRow
from tests.connectors.github import payloads as gh
from tests.connectors.github.fake import TOKEN, FakeGitHub

Stored = dict[tuple[str, str], Row]


def at(text: str) -> datetime:
    """“2025-01-06 09:00” in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def z(text: str) -> str:
    """The same as GitHub writes it."""
    return f"{at(text):%Y-%m-%dT%H:%M:%SZ}"


def connector(github: FakeGitHub, limits: Limits | None = None, **settings: str) -> GitHubConnector:
    context = Context("shop", Path("/nonexistent"), ZoneInfo("UTC"), at("2025-03-01"))
    given = {"url": github.url, "repository": gh.REPOSITORY, "token": TOKEN, **settings}
    defaults = {field.name: field.default for field in GitHubConnector.fields}
    return GitHubConnector({**defaults, **given}, context, limits)


def store(batches: Iterable[Batch], stored: Stored | None = None) -> Stored:
    """What a loader would hold after these batches: the last row of each id, whole histories replaced."""
    found = dict(stored or {})
    for batch in batches:
        for key, row in list(found.items()):
            if isinstance(row, TransitionRow | BlockRow | LinkRow) and row.item in batch.whole:
                del found[key]
        for row in batch.rows:
            found[type(row).__name__, row.external_id] = row
        for gone in batch.gone:
            found.pop((f"{gone.kind.title()}Row", gone.external_id), None)
    return found


def through_json(cursor: Mapping[str, Any]) -> Any:
    """A cursor as it comes back from the database."""
    return json.loads(json.dumps(cursor))


def of(stored: Stored, kind: type[Row]) -> list[Any]:
    """The rows of a kind, by external id."""
    return [row for (name, _), row in sorted(stored.items()) if name == kind.__name__]


def fill(github: FakeGitHub) -> None:
    """The repository as the tests find it."""
    _work(github)
    _code(github)
    _pulls(github)
    _deployments(github)


def _work(github: FakeGitHub) -> None:
    github.labels = ["bug", "status: in progress", "status: review", "blocked", "incident"]
    one = gh.issue(
        1,
        z("2025-01-06 09:00"),
        z("2025-01-10 16:00"),
        title="Pay by card",
        labels=[gh.label("bug"), gh.label("status: review")],
        state="closed",
        state_reason="completed",
        closed_at=z("2025-01-10 16:00"),
    )
    two = gh.issue(
        2,
        z("2025-01-07 09:00"),
        z("2025-01-09 09:00"),
        type={"id": 1, "name": "Feature"},
        state="closed",
        state_reason="not_planned",
        closed_at=z("2025-01-09 09:00"),
    )
    six = gh.issue(
        6,
        z("2025-01-14 11:00"),
        z("2025-01-14 13:00"),
        title="Nobody can pay",
        labels=[gh.label("incident"), gh.label("severity: high")],
        state="closed",
        state_reason="completed",
        closed_at=z("2025-01-14 13:00"),
        body="Everything is down.\n\nDeployment: 71\nFixed by: https://github.com/acme/shop/deployments/72\n",
    )
    github.issues += [one, two, six]
    github.timelines |= {
        1: [
            gh.labeled(11, z("2025-01-06 09:00"), "bug"),
            gh.labeled(12, z("2025-01-07 10:00"), "status: in progress"),
            gh.labeled(13, z("2025-01-07 12:00"), "blocked"),
            gh.unlabeled(14, z("2025-01-08 12:00"), "blocked"),
            gh.commented(15, z("2025-01-08 13:00"), "bob"),
            gh.unlabeled(16, z("2025-01-09 10:00"), "status: in progress"),
            gh.labeled(17, z("2025-01-09 10:01"), "status: review"),
            gh.event(18, "closed", z("2025-01-10 16:00"), state_reason="completed"),
        ],
        2: [gh.event(21, "closed", z("2025-01-09 09:00"), state_reason="not_planned")],
        6: [
            gh.labeled(61, z("2025-01-14 11:00"), "incident"),
            gh.event(62, "closed", z("2025-01-14 13:00"), state_reason="completed"),
        ],
    }


def _code(github: FakeGitHub) -> None:
    """main: c1 ← m3 (merges f1, f2) ← q4 (squashes s1, s2) ← r1' ← r2' (rebased from r1, r2)."""
    github.branches = {"main": "r2'"}
    github.commits = [
        gh.commit("r2'", z("2025-01-11 10:00"), ("r1'",), z("2025-01-13 10:00")),
        gh.commit("r1'", z("2025-01-11 09:00"), ("q4",), z("2025-01-13 10:00")),
        gh.commit("q4", z("2025-01-10 15:00"), ("m3",)),
        gh.commit("m3", z("2025-01-08 15:00"), ("c1", "f2")),
        gh.commit("f2", z("2025-01-07 15:00"), ("f1",)),
        gh.commit("f1", z("2025-01-07 14:00"), ("c1",)),
        gh.commit("c1", z("2025-01-06 08:00")),
    ]


def _pull(github: FakeGitHub, number: int, created: str, merged: str, **more: Any) -> None:
    closed = {"state": "closed", "closed_at": z(merged)} if merged else {}
    link = gh.pull_link(number, z(merged) if merged else None)
    more.setdefault("updated", merged or created)
    updated = z(more.pop("updated"))
    github.issues.append(gh.issue(number, z(created), updated, pull_request=link, **closed, **more))


def _pulls(github: FakeGitHub) -> None:
    _pull(github, 3, "2025-01-07 16:00", "2025-01-08 15:00")
    _pull(github, 4, "2025-01-09 16:00", "2025-01-10 15:00")
    _pull(github, 5, "2025-01-11 11:00", "2025-01-13 10:00")
    _pull(github, 7, "2025-01-15 09:00", "", user=gh.user("dependabot[bot]", 77))
    github.timelines |= {
        3: [
            gh.committed("f1", z("2025-01-07 14:00"), ("c1",)),
            gh.committed("f2", z("2025-01-07 15:00"), ("f1",)),
            gh.commented(31, z("2025-01-07 16:30"), "ada"),
            gh.commented(32, z("2025-01-07 16:45"), "ci[bot]"),
            gh.reviewed(33, z("2025-01-08 09:00"), "bob"),
            gh.merged(34, z("2025-01-08 15:00"), "m3"),
            gh.event(35, "closed", z("2025-01-08 15:00")),
        ],
        4: [
            gh.committed("s1", z("2025-01-09 14:00"), ("m3",)),
            gh.committed("s2", z("2025-01-09 15:00"), ("s1",)),
            gh.line_commented(z("2025-01-10 08:00"), "bob"),
            gh.reviewed(41, z("2025-01-10 08:05"), "bob"),
            gh.merged(42, z("2025-01-10 15:00"), "q4"),
        ],
        5: [
            gh.committed("r1", z("2025-01-11 09:00"), ("m3",)),
            gh.committed("r2", z("2025-01-11 10:00"), ("r1",)),
            gh.merged(51, z("2025-01-13 10:00"), "r2'"),
            gh.commented(52, z("2025-01-13 11:00"), "bob"),
        ],
        7: [gh.committed("d1", z("2025-01-15 08:00"), ("r2'",))],
    }


def _deployments(github: FakeGitHub) -> None:
    github.deployments = [
        gh.deployment(70, "m3", "staging", z("2025-01-08 15:05"), z("2025-01-08 15:20")),
        gh.deployment(71, "r2'", "production", z("2025-01-14 10:00"), z("2025-01-14 10:30")),
        gh.deployment(72, "q4", "production", z("2025-01-14 12:00"), z("2025-01-14 12:20"), task="rollback:shop"),
        gh.deployment(73, "r2'", "production", z("2025-01-15 12:00"), z("2025-01-15 12:10")),
        gh.deployment(74, "r2'", "pr-7", z("2025-01-15 12:00"), z("2025-01-15 12:10"), transient_environment=True),
    ]
    github.statuses = {
        70: [gh.deployment_status(701, "success", z("2025-01-08 15:20"))],
        71: [
            gh.deployment_status(711, "queued", z("2025-01-14 10:00")),
            gh.deployment_status(712, "in_progress", z("2025-01-14 10:10")),
            gh.deployment_status(713, "success", z("2025-01-14 10:20")),
            gh.deployment_status(714, "inactive", z("2025-01-14 10:30")),
        ],
        72: [
            gh.deployment_status(721, "in_progress", z("2025-01-14 12:05")),
            gh.deployment_status(722, "failure", z("2025-01-14 12:20")),
        ],
        73: [gh.deployment_status(731, "error", z("2025-01-15 12:10"))],
        74: [gh.deployment_status(741, "success", z("2025-01-15 12:10"))],
    }
