"""What of an issue becomes which row: expected rows are written by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from connectors.jira import JiraConnector
from metrics.rows import BlockRow, LinkRow, Row, StatusRow, TeamMoveRow, TransitionRow, WorkItemRow
from tests.connectors.jira.conftest import Connect
from tests.connectors.jira.fake import EPIC, ESTIMATE, FLAG, NEW, POINTS, SQUAD, FakeJira, change
from tests.connectors.server import Server

R = TypeVar("R", bound=Row)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=UTC)


def pulled(connector: JiraConnector, kind: type[R]) -> list[R]:
    batches = list(connector.pull(None))
    assert [reject for batch in batches for reject in batch.rejected] == []
    return [row for batch in batches for row in batch.rows if isinstance(row, kind)]


def test_an_issue_as_it_is_now(jira: FakeJira, server: Server, connect: Connect) -> None:
    labels, parent = ["checkout", "legal"], {"id": "77", "key": "PAY-9"}
    issue = jira.create("Pay by card", labels=labels, parent=parent, fields={POINTS: 5.0})
    jira.pass_time(90)
    jira.move(issue, "3")
    assert pulled(connect(class_field="Priority"), WorkItemRow) == [
        WorkItemRow(
            external_id="101",
            key="PAY-1",
            title="Pay by card",
            url=f"{server.url}/browse/PAY-1",
            tool_type="Story",
            status="3",
            created_at=at("01-08 09:00"),
            updated_at=at("01-08 10:30"),
            team=None,
            points=5.0,
            labels=("checkout", "legal"),
            parent="PAY-9",
            class_of_service="Medium",
        )
    ]


def test_statuses_come_with_their_category_in_the_order_of_the_workflow(jira: FakeJira, connect: Connect) -> None:
    jira.projects["PAY"] = ("10", ["10001", "10100", "10000", "3"])
    jira.statuses["555"] = ("Elsewhere", NEW)
    rows = pulled(connect(), StatusRow)
    assert [(row.external_id, row.name, row.hint) for row in sorted(rows, key=lambda row: row.position or 0)] == [
        ("10000", "To Do", "backlog"),
        ("10100", "In Review", "active"),
        ("3", "In Progress", "active"),
        ("10001", "Done", "done"),
    ]


def test_every_status_change_is_a_transition(jira: FakeJira, connect: Connect) -> None:
    issue = jira.create()
    jira.pass_time()
    first = jira.move(issue, "3")
    jira.pass_time()
    second = jira.move(issue, "10001")
    assert pulled(connect(), TransitionRow) == [
        TransitionRow(f"{first}.0", "101", at("01-08 09:10"), "10000", "3"),
        TransitionRow(f"{second}.0", "101", at("01-08 09:20"), "3", "10001"),
    ]


def test_several_changes_of_the_status_in_one_entry(jira: FakeJira, connect: Connect) -> None:
    issue = jira.create()
    jira.pass_time()
    entry = jira.move(issue, "3", "10100", "10001")
    assert pulled(connect(), TransitionRow) == [
        TransitionRow(f"{entry}.0", "101", at("01-08 09:10"), "10000", "3"),
        TransitionRow(f"{entry}.1", "101", at("01-08 09:10"), "3", "10100"),
        TransitionRow(f"{entry}.2", "101", at("01-08 09:10"), "10100", "10001"),
    ]


def test_entries_of_one_instant_keep_their_order(jira: FakeJira, connect: Connect) -> None:
    """Also when ids get a digit more: 1000 comes after 999."""
    jira._next = 997
    issue = jira.create()
    entries = [jira.move(issue, status) for status in ("3", "10100", "3")]
    assert entries == ["999", "1000", "1001"]
    assert pulled(connect(), TransitionRow) == [
        TransitionRow("999.0", "998", at("01-08 09:00"), "10000", "3"),
        TransitionRow("1000.0", "998", at("01-08 09:00"), "3", "10100"),
        TransitionRow("1001.0", "998", at("01-08 09:00"), "10100", "3"),
    ]


def test_other_fields_of_an_entry_and_fields_of_the_same_name_are_no_transitions(
    jira: FakeJira, connect: Connect
) -> None:
    issue = jira.create()
    lookalike = change("customfield_10900", "status", ("1", "Red"), ("2", "Green"))
    sprint = change("customfield_10020", "Sprint", ("", ""), ("7", "Sprint 7"))
    jira.pass_time()
    entry = jira.change(issue, sprint, lookalike, change("status", "status", ("10000", "To Do"), ("3", "In Progress")))
    assert [row.external_id for row in pulled(connect(), TransitionRow)] == [f"{entry}.0"]


def test_a_server_that_names_no_field_ids(connect: Connect, jira: FakeJira) -> None:
    jira.field_ids = False
    issue = jira.create()
    jira.change(issue, change("customfield_10900", "status", ("1", "Red"), ("2", "Green")))
    entry, flagged = jira.move(issue, "3"), jira.flag(issue, True)
    assert [row.external_id for row in pulled(connect(), TransitionRow)] == [f"{entry}.0"]
    assert [row.external_id for row in pulled(connect(), BlockRow)] == [f"{flagged}.0"]


def test_a_renamed_status_is_the_same_status(jira: FakeJira, connect: Connect) -> None:
    issue = jira.create()
    entry = jira.move(issue, "3")
    jira.statuses["3"] = ("Doing", "indeterminate")
    assert [row.name for row in pulled(connect(), StatusRow) if row.external_id == "3"] == ["Doing"]
    assert [(row.external_id, row.to_status) for row in pulled(connect(), TransitionRow)] == [(f"{entry}.0", "3")]


def test_an_issue_moved_in_keeps_its_id_and_brings_its_old_statuses(jira: FakeJira, connect: Connect) -> None:
    jira.statuses |= {"700": ("Ideas", NEW), "800": ("Legacy", "indeterminate")}
    jira.projects["OLD"] = ("11", ["700", "800"])
    issue = jira.create(project="OLD", status="700")
    jira.pass_time()
    legacy = jira.move(issue, "800")
    jira.pass_time()
    moved = jira.change(
        issue,
        change("issuekey", "Key", (None, "OLD-1"), (None, "PAY-1")),
        change("project", "project", ("11", "Project OLD"), ("10", "Project PAY")),
        change("status", "status", ("800", "Legacy"), ("10000", "To Do")),
    )
    issue.key = "PAY-1"
    jira._set_status(issue, "10000")
    del jira.statuses["800"]
    assert [(row.external_id, row.key) for row in pulled(connect(), WorkItemRow)] == [("101", "PAY-1")]
    assert pulled(connect(), TransitionRow) == [
        TransitionRow(f"{legacy}.0", "101", at("01-08 09:10"), "700", "800"),
        TransitionRow(f"{moved}.0", "101", at("01-08 09:20"), "800", "10000"),
    ]
    outside = {row.external_id: (row.name, row.hint) for row in pulled(connect(), StatusRow)}
    # “Legacy” was deleted: only the changelog knows its name, and nobody its category.
    assert (outside["700"], outside["800"]) == (("Ideas", "backlog"), ("Legacy", None))


def test_flags_are_blocks(jira: FakeJira, connect: Connect) -> None:
    issue = jira.create()
    jira.pass_time()
    first = jira.flag(issue, True)
    jira.pass_time(60)
    jira.flag(issue, False)
    jira.pass_time()
    second = jira.flag(issue, True)
    assert pulled(connect(), BlockRow) == [
        BlockRow(f"{first}.0", "101", at("01-08 09:10"), at("01-08 10:10"), "Impediment"),
        BlockRow(f"{second}.0", "101", at("01-08 10:20"), None, "Impediment"),
    ]
    assert pulled(connect(flag_field=""), BlockRow) == []


def test_a_flag_set_at_the_creation_began_then(jira: FakeJira, connect: Connect) -> None:
    still, over = (jira.create(fields={FLAG: [{"id": "10019", "value": "Impediment"}]}) for _ in range(2))
    jira.pass_time(30)
    jira.flag(over, False)
    rows = {row.item: (row.from_at, row.to_at, row.reason) for row in pulled(connect(), BlockRow)}
    assert rows == {
        still.id: (at("01-08 09:00"), None, "Impediment"),
        over.id: (at("01-08 09:00"), at("01-08 09:30"), "Impediment"),
    }


def test_sizes_are_taken_from_the_first_field_with_a_number(jira: FakeJira, connect: Connect) -> None:
    jira.create(fields={POINTS: None, ESTIMATE: 3})
    jira.create(fields={POINTS: 8.0, ESTIMATE: 3})
    jira.create()
    assert [row.points for row in pulled(connect(), WorkItemRow)] == [3.0, 8.0, None]
    assert [row.points for row in pulled(connect(points_field="Story point estimate"), WorkItemRow)] == [3.0, 3.0, None]
    assert [row.points for row in pulled(connect(points_field="No such field"), WorkItemRow)] == [None, None, None]


def test_an_epic_link_is_the_parent_where_there_is_none(jira: FakeJira, connect: Connect) -> None:
    jira.create(fields={EPIC: "PAY-50"})
    jira.create(parent={"id": "9", "key": "PAY-8"}, fields={EPIC: "PAY-50"})
    assert [row.parent for row in pulled(connect(), WorkItemRow)] == ["PAY-50", "PAY-8"]


def test_a_team_field_moves_items_between_teams(jira: FakeJira, connect: Connect) -> None:
    blue, green = ("1", "Squad Blue"), ("2", "Squad Green")
    issue = jira.create(fields={SQUAD: {"id": "2", "value": "Squad Green"}})
    jira.pass_time()
    first = jira.change(issue, change(SQUAD, "Squad", blue, ("3", "Visitors")))
    jira.pass_time()
    second = jira.change(issue, change(SQUAD, "Squad", ("3", "Visitors"), green))
    asked = connect(team_field="squad", team_map="Squad Blue = falcon\n2 = heron")
    assert pulled(asked, TeamMoveRow) == [
        TeamMoveRow(f"{first}.0", "101", at("01-08 09:10"), "falcon", None),
        TeamMoveRow(f"{second}.0", "101", at("01-08 09:20"), None, "heron"),
    ]
    assert [row.team for row in pulled(asked, WorkItemRow)] == ["heron"]
    assert pulled(connect(), TeamMoveRow) == []
    assert [row.team for row in pulled(connect(), WorkItemRow)] == [None]


def test_projects_can_be_teams(jira: FakeJira, connect: Connect) -> None:
    jira.projects["OPS"] = ("12", ["10000"])
    issue = jira.create(project="OPS")
    jira.pass_time()
    key = change("issuekey", "Key", (None, "PAY-3"), (None, "OPS-1"))
    entry = jira.change(issue, key, change("project", "project", ("10", "Payments"), ("12", "Operations")))
    asked = connect(project="PAY, OPS", team_field="Project", team_map="PAY = falcon\nOPS = heron")
    assert pulled(asked, TeamMoveRow) == [TeamMoveRow(f"{entry}.0", "101", at("01-08 09:10"), "falcon", "heron")]
    assert [row.team for row in pulled(asked, WorkItemRow)] == ["heron"]


def test_a_bad_issue_is_rejected_and_the_rest_goes_on(jira: FakeJira, connect: Connect) -> None:
    bad, good = jira.create(), jira.create()
    jira.change(bad, change("status", "status", ("10000", "To Do"), (None, "In Progress")))
    batches = list(connect().pull(None))
    rows: Sequence[Row] = [row for batch in batches for row in batch.rows]
    assert [row.external_id for row in rows if isinstance(row, WorkItemRow)] == [good.id]
    (rejected,) = [reject for batch in batches for reject in batch.rejected]
    assert rejected.place == "PAY-1"
    assert "without the new status" in rejected.reason
    assert [issue for batch in batches for issue in batch.whole] == [good.id]


def test_a_link_is_of_the_issue_that_waits(jira: FakeJira, connect: Connect) -> None:
    """Both issues name the link; only its words tell which of them waits."""
    blocks = {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}
    depends = {"name": "Dependency", "inward": "is depended on by", "outward": "Depends on"}
    relates = {"name": "Relates", "inward": "relates to", "outward": "relates to"}
    jira.create(
        issuelinks=[
            {"id": "7001", "type": blocks, "inwardIssue": {"key": "LED-4"}},
            {"id": "7002", "type": blocks, "outwardIssue": {"key": "PAY-2"}},
            {"id": "7003", "type": depends, "outwardIssue": {"key": "OPS-1"}},
            {"id": "7004", "type": relates, "inwardIssue": {"key": "LED-5"}},
        ]
    )
    jira.create(issuelinks=[{"id": "7002", "type": blocks, "inwardIssue": {"key": "PAY-1"}}])
    assert pulled(connect(), LinkRow) == [
        LinkRow("7001", "101", "LED-4"),
        LinkRow("7003", "101", "OPS-1"),
        LinkRow("7002", "102", "PAY-1"),
    ]
