"""Which issues are incidents, when they began and ended, and what they hit."""

from datetime import UTC, datetime
from typing import Any

from connectors.jira import JiraConnector
from connectors.protocol import Gone
from metrics.rows import IncidentRow, WorkItemRow
from tests.connectors.jira.conftest import Connect
from tests.connectors.jira.fake import BEGAN, SERVICE, FakeIssue, FakeJira, change
from tests.connectors.server import Server


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-01-{text}").replace(tzinfo=UTC)


def incidents(connector: JiraConnector) -> list[IncidentRow]:
    return [row for batch in connector.pull(None) for row in batch.rows if isinstance(row, IncidentRow)]


def outage(jira: FakeJira, **given: Any) -> FakeIssue:
    return jira.create("Checkout is down", issuetype={"id": "9", "name": "Incident"}, **given)


def test_an_incident_by_its_type(jira: FakeJira, server: Server, connect: Connect) -> None:
    issue = outage(jira, priority={"id": "1", "name": "Highest"})
    jira.create("A story")
    jira.pass_time(30)
    jira.move(issue, "10001")
    jira.pass_time(30)
    jira.move(issue, "3")
    jira.pass_time(30)
    jira.move(issue, "10100", "10001")
    expected = IncidentRow(
        external_id=issue.id,
        title="PAY-1 Checkout is down",
        url=f"{server.url}/browse/PAY-1",
        started_at=at("08 09:00"),
        resolved_at=at("08 10:30"),
        severity="Highest",
    )
    assert incidents(connect(incident_types="incident, outage")) == [expected]
    assert incidents(connect()) == []


def test_an_incident_by_its_label_that_is_open(jira: FakeJira, connect: Connect) -> None:
    issue = jira.create(labels=["Outage"])
    jira.move(issue, "10001")
    jira.pass_time()
    jira.move(issue, "3")
    assert [row.resolved_at for row in incidents(connect(incident_types="outage"))] == [None]


def test_moves_among_done_statuses_do_not_resolve_again(jira: FakeJira, connect: Connect) -> None:
    jira.statuses["10002"] = ("Closed", "done")
    issue = outage(jira)
    jira.pass_time(30)
    jira.move(issue, "10001")
    jira.pass_time(30)
    jira.move(issue, "10002")
    assert [row.resolved_at for row in incidents(connect(incident_types="Incident"))] == [at("08 09:30")]


def test_the_resolution_date_where_that_is_asked_for(jira: FakeJira, connect: Connect) -> None:
    issue = outage(jira, resolutiondate="2024-01-08T12:00:00.000+0100")
    jira.pass_time(300)
    jira.move(issue, "10001")
    asked = connect(incident_types="Incident", incident_resolved="resolution")
    assert [row.resolved_at for row in incidents(asked)] == [at("08 11:00")]


def test_the_beginning_and_the_service_by_fields(jira: FakeJira, connect: Connect) -> None:
    outage(jira, fields={BEGAN: "2024-01-07T23:00:00.000-0500", SERVICE: [{"id": "5", "value": "Card payments"}]})
    outage(jira, fields={BEGAN: None, SERVICE: [{"id": "6", "value": "Ledger"}]})
    outage(jira)
    asked = connect(
        incident_types="Incident",
        incident_started_field="Began at",
        service_field="Affected service",
        service_map="Card payments = cards",
    )
    assert [(row.started_at, row.service) for row in incidents(asked)] == [
        (at("08 04:00"), "cards"),
        (at("08 09:00"), "Ledger"),
        (at("08 09:00"), None),
    ]


def test_incidents_of_another_project_by_a_filter(jira: FakeJira, connect: Connect) -> None:
    jira.projects["OPS"] = ("12", ["10000"])
    jira.create("A story")
    found = jira.create("Night shift", project="OPS", labels=["sev1"])
    jira.create("A question", project="OPS")
    asked = connect(incident_jql="project = OPS AND labels = sev1 ORDER BY created")
    batches = list(asked.pull(None))
    rows = [row for batch in batches for row in batch.rows]
    assert [row.external_id for row in rows if isinstance(row, IncidentRow)] == [found.id]
    assert [row.key for row in rows if isinstance(row, WorkItemRow)] == ["PAY-1"]
    assert all(found.id not in batch.whole for batch in batches)
    jira.pass_time(60)
    jira.move(found, "10001")
    later = [row for batch in asked.pull(batches[-1].cursor) for row in batch.rows]
    assert [row.resolved_at for row in later if isinstance(row, IncidentRow)] == [at("08 10:00")]


def test_an_incident_never_ends_before_it_began(jira: FakeJira, connect: Connect) -> None:
    issue = outage(jira, fields={BEGAN: "2024-01-08T15:00:00.000+0000"})
    jira.pass_time(30)
    jira.move(issue, "10001")
    (row,) = incidents(connect(incident_types="Incident", incident_started_field="Began at"))
    assert (row.started_at, row.resolved_at) == (at("08 15:00"), at("08 15:00"))


def test_an_issue_that_turns_out_to_be_no_incident_is_forgotten_as_one(jira: FakeJira, connect: Connect) -> None:
    issue = outage(jira)
    asked = connect(incident_types="Incident")
    cursor = list(asked.pull(None))[-1].cursor
    jira.pass_time()
    issue.fields["issuetype"] = {"id": "1", "name": "Bug"}
    jira.change(issue, change("issuetype", "issuetype", ("9", "Incident"), ("1", "Bug")))
    assert [gone for batch in asked.pull(cursor) for gone in batch.gone] == [Gone("incident", issue.id)]
    by_filter = connect(incident_types="Incident", incident_jql="labels = outage")
    assert [gone for batch in by_filter.pull(None) for gone in batch.gone] == []
