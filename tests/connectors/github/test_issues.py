"""The history of one issue from its timeline, worked out by hand."""

from typing import Any

import msgspec
import pytest

from connectors.github import issues
from connectors.github.payloads import Event, Issue
from connectors.github.rules import Rules
from metrics.rows import BlockRow, IncidentRow, Row, StatusRow, TransitionRow, WorkItemRow
from tests.connectors.github import payloads as gh
from tests.connectors.github.payloads import Json
from tests.connectors.github.shop import at, z

RULES = Rules.of({"repository": "acme/shop", "status_labels": "status: *"})


def decoded(record: Json, shape: type[Any]) -> Any:
    return msgspec.json.decode(msgspec.json.encode(record), type=shape)


def rows(events: list[Json], rules: Rules = RULES, board: Any = None, **fields: Any) -> list[Row]:
    issue: Issue = decoded(gh.issue(1, z("2025-01-06 09:00"), z("2025-01-31 09:00"), **fields), Issue)
    timeline: list[Event] = [decoded(event, Event) for event in events]
    return issues.rows(issue, timeline, rules, board).rows


def moves(found: list[Row]) -> list[tuple[str, str, str | None, str]]:
    return [
        (row.external_id, f"{row.at:%d %H:%M}", row.from_status, row.to_status)
        for row in found
        if isinstance(row, TransitionRow)
    ]


def item(found: list[Row]) -> WorkItemRow:
    return next(row for row in found if isinstance(row, WorkItemRow))


def a(name: str) -> str:
    return f"label:status: {name}"


def test_the_next_label_on_before_the_last_one_off() -> None:
    found = rows(
        [
            gh.labeled(1, z("2025-01-07 09:00"), "status: a"),
            gh.labeled(2, z("2025-01-08 09:00"), "status: b"),
            gh.unlabeled(3, z("2025-01-08 09:01"), "status: a"),
        ]
    )
    assert moves(found) == [("1", "07 09:00", "open", a("a")), ("2", "08 09:00", a("a"), a("b"))]


def test_the_last_label_off_and_the_next_on_within_minutes_is_one_move() -> None:
    found = rows(
        [
            gh.labeled(1, z("2025-01-07 09:00"), "status: a"),
            gh.unlabeled(2, z("2025-01-08 09:00"), "status: a"),
            gh.labeled(3, z("2025-01-08 09:10"), "status: b"),
        ]
    )
    assert moves(found) == [("1", "07 09:00", "open", a("a")), ("3", "08 09:10", a("a"), a("b"))]


def test_after_longer_it_was_open_in_between() -> None:
    found = rows(
        [
            gh.labeled(1, z("2025-01-07 09:00"), "status: a"),
            gh.unlabeled(2, z("2025-01-08 09:00"), "status: a"),
            gh.labeled(3, z("2025-01-08 09:11"), "status: b"),
        ]
    )
    assert [move[1:] for move in moves(found)] == [
        ("07 09:00", "open", a("a")),
        ("08 09:00", a("a"), "open"),
        ("08 09:11", "open", a("b")),
    ]


def test_the_same_label_off_and_on_again_is_no_move() -> None:
    found = rows(
        [
            gh.labeled(1, z("2025-01-07 09:00"), "status: a"),
            gh.unlabeled(2, z("2025-01-08 09:00"), "status: a"),
            gh.labeled(3, z("2025-01-08 09:01"), "Status: A"),
        ]
    )
    assert moves(found) == [("1", "07 09:00", "open", a("a"))]


def test_closed_reopened_and_closed_for_good() -> None:
    found = rows(
        [
            gh.labeled(1, z("2025-01-07 09:00"), "status: a"),
            gh.event(2, "closed", z("2025-01-08 09:00"), state_reason="completed"),
            gh.unlabeled(3, z("2025-01-08 09:05"), "status: a"),
            gh.labeled(4, z("2025-01-08 09:06"), "status: b"),
            gh.event(5, "reopened", z("2025-01-09 09:00"), state_reason="reopened"),
            gh.event(6, "closed", z("2025-01-10 09:00"), state_reason="duplicate"),
        ],
        state="closed",
        closed_at=z("2025-01-10 09:00"),
        state_reason="duplicate",
    )
    assert moves(found) == [
        ("1", "07 09:00", "open", a("a")),
        ("2", "08 09:00", a("a"), "closed"),
        ("5", "09 09:00", "closed", a("b")),
        ("6", "10 09:00", a("b"), "not_planned"),
    ]
    assert item(found).status == "not_planned"


@pytest.mark.parametrize(
    ("reason", "status"), [("not_planned", "not_planned"), ("completed", "closed"), (None, "closed")]
)
def test_servers_that_do_not_say_in_the_event_how_it_was_closed(reason: str | None, status: str) -> None:
    event = gh.event(2, "closed", z("2025-01-08 09:00"))
    found = rows([event], state="closed", closed_at=z("2025-01-08 09:00"), state_reason=reason)
    assert moves(found) == [("2", "08 09:00", "open", status)]


def test_an_imported_issue_is_closed_without_an_event() -> None:
    found = rows([], state="closed", closed_at=z("2025-01-08 09:00"), state_reason="completed")
    assert moves(found) == [("1001:closed", "08 09:00", "open", "closed")]


def test_an_imported_issue_has_its_label_from_the_start() -> None:
    found = rows([], labels=[gh.label("bug"), gh.label("status: a")])
    assert moves(found) == []
    assert item(found).status == a("a")


def test_an_open_block_and_one_that_came_twice() -> None:
    found = rows(
        [
            gh.labeled(1, z("2025-01-07 09:00"), "blocked by legal"),
            gh.unlabeled(2, z("2025-01-08 09:00"), "blocked by legal"),
            gh.labeled(3, z("2025-01-09 09:00"), "blocked by legal"),
        ]
    )
    assert [row for row in found if isinstance(row, BlockRow)] == [
        BlockRow("1", "1001", at("2025-01-07 09:00"), at("2025-01-08 09:00"), "blocked by legal"),
        BlockRow("3", "1001", at("2025-01-09 09:00"), None, "blocked by legal"),
    ]


def test_a_sub_issue_names_its_parent() -> None:
    parent = "https://api.github.com/repos/acme/plans/issues/12"
    assert item(rows([], parent_issue_url=parent)).parent == "plans#12"


def test_the_board_counts_instead_of_labels() -> None:
    board = [
        issues.BoardMove("x1", at("2025-01-07 09:00"), "Doing"),
        issues.BoardMove("x2", at("2025-01-09 09:00"), ""),
    ]
    found = rows([gh.labeled(1, z("2025-01-08 09:00"), "status: a")], board=board, labels=[gh.label("status: a")])
    assert moves(found) == [
        ("x1", "07 09:00", "open", "project:doing"),
        ("x2", "09 09:00", "project:doing", "open"),
    ]


@pytest.mark.parametrize(
    ("body", "deployment", "fix"),
    [
        ("Deployment: 71", "deployment:71", None),
        ("**Deployment:** 71\r\n**Fix:** 72\r\n", "deployment:71", "deployment:72"),
        ("- caused by deployment: https://ghe.acme.example/acme/shop/deployments/71.", "deployment:71", None),
        ("Fixed by: 72", None, "deployment:72"),
        ("The deployment: it went wrong somehow", None, None),
        (None, None, None),
    ],
)
def test_an_incident_names_its_deployment_in_its_text(
    body: str | None, deployment: str | None, fix: str | None
) -> None:
    found = next(row for row in rows([], labels=[gh.label("incident")], body=body) if isinstance(row, IncidentRow))
    assert (found.deployment, found.fix, found.resolved_at) == (deployment, fix, None)


def test_for_releases_an_incident_names_the_tag() -> None:
    rules = Rules.of({"repository": "acme/shop", "deployment_source": "releases"})
    found = rows([], rules, labels=[gh.label("incident")], body="Deployment: v1.2.3-rc.1\n")
    assert next(row for row in found if isinstance(row, IncidentRow)).deployment == "release:v1.2.3-rc.1"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("status: In Progress", "active"),
        ("status/backlog", "backlog"),
        ("Waiting", "waiting"),
        ("status:done", "done"),
        ("status: review", None),
    ],
)
def test_what_a_status_most_likely_is(name: str, hint: str | None) -> None:
    assert issues.label_row(name, 3) == StatusRow(f"label:{name.lower()}", name, hint, 3)  # type: ignore[arg-type]
