"""Test connection, preview and the listing for deletions: who we are, and honest errors at their field."""

import pytest

from connectors.protocol import ConnectorError
from metrics.rows import WorkItemRow
from tests.connectors.jira.conftest import Connect
from tests.connectors.jira.fake import EMAIL, PASSWORD, TOKEN, FakeJira
from tests.connectors.server import Reply, Server

CLOUD = pytest.mark.parametrize("jira", ["cloud"], indirect=True)
DATA_CENTER = pytest.mark.parametrize("jira", ["datacenter"], indirect=True)


def refusal(connect: Connect, **given: str) -> tuple[str, bool, str]:
    """The field and permanence of the error that a check raises, and its words."""
    with pytest.raises(ConnectorError) as caught:
        connect(**given).check()
    assert TOKEN not in caught.value.message
    return caught.value.field, caught.value.permanent, caught.value.message


def test_who_we_are_and_what_we_see(jira: FakeJira, connect: Connect) -> None:
    for _ in range(3):
        jira.create()
    check = connect().check()
    kind, who = ("Cloud", "5b10ac") if jira.cloud else ("Data Center", "JIRAUSER7")
    assert check.identity == f"VMO portal ({who})"
    assert check.summary == f"Jira {kind}. 3 issues; dates in filters are read in UTC."
    assert list(check.warnings) == []


@pytest.mark.parametrize("step", ["check", "pull", "sweep"])
def test_a_wrong_token_is_a_permanent_error_everywhere(step: str, jira: FakeJira, connect: Connect) -> None:
    """Although the server answers searches with such a token, as it would a stranger's."""
    jira.create()
    connector = connect(token="wrong")
    with pytest.raises(ConnectorError) as caught:
        list(connector.pull(None)) if step == "pull" else getattr(connector, step)()
    assert (caught.value.permanent, caught.value.field) == (True, "token")
    assert "401" in caught.value.message
    assert "wrong" not in caught.value.message


@DATA_CENTER
def test_user_and_password(jira: FakeJira, connect: Connect) -> None:
    jira.create()
    assert connect(token="", user="portal", password=PASSWORD).check().identity == "VMO portal (JIRAUSER7)"
    assert refusal(connect, token="", user="portal", password="no")[:2] == ("password", True)
    assert refusal(connect, token="", user="", password=PASSWORD)[:2] == ("user", True)


@DATA_CENTER
def test_a_personal_access_token_needs_no_user(jira: FakeJira, connect: Connect) -> None:
    jira.create()
    assert connect(user="").check().identity == "VMO portal (JIRAUSER7)"


@CLOUD
def test_a_token_of_cloud_needs_the_email(jira: FakeJira, connect: Connect) -> None:
    field, permanent, message = refusal(connect, user="")
    assert (field, permanent) == ("user", True)
    assert "e-mail" in message


@CLOUD
def test_the_kind_can_be_said_where_the_server_does_not(jira: FakeJira, server: Server, connect: Connect) -> None:
    jira.create()
    server.script("/rest/api/2/serverInfo", Reply({"errorMessages": ["Log in"]}, 403))
    assert connect(deployment="cloud").check().summary.startswith("Jira Cloud")
    assert refusal(connect, deployment="auto")[1]


def test_without_a_token_a_warning_says_that_little_is_seen(jira: FakeJira, connect: Connect) -> None:
    jira.create()
    check = connect(token="", user="").check()
    assert check.identity == "anonymous"
    assert "No token" in check.warnings[0]
    assert "time zone of filters is not known" in check.summary


def test_a_stranger_reads_on_from_early_enough(jira: FakeJira, connect: Connect) -> None:
    """Nobody says in which zone dates are read, so all of them are allowed for."""
    first = jira.create()
    cursor = list(connect(token="", user="").pull(None))[-1].cursor
    jira.pass_time(60 * 30)
    second = jira.create()
    batches = list(connect(token="", user="").pull(cursor))
    found = {row.key for batch in batches for row in batch.rows if isinstance(row, WorkItemRow)}
    assert found == {first.key, second.key}


def test_a_mistake_in_the_filter_shows_at_the_filter(jira: FakeJira, connect: Connect) -> None:
    field, permanent, message = refusal(connect, jql="colour = blue")
    assert (field, permanent) == ("jql", True)
    assert "Field 'colour' does not exist" in message
    assert refusal(connect, incident_jql="colour = blue")[0] == "incident_jql"
    with pytest.raises(ConnectorError) as caught:
        list(connect(jql="colour = blue").pull(None))
    assert (caught.value.field, caught.value.permanent) == ("jql", True)


def test_a_project_that_is_not_there_or_not_seen(jira: FakeJira, connect: Connect) -> None:
    assert refusal(connect, project="NIX")[:2] == ("project", True)
    jira.hidden = {"PAY"}
    field, permanent, message = refusal(connect)
    assert (field, permanent) == ("project", True)
    assert "VMO portal" in message
    with pytest.raises(ConnectorError):
        connect().sweep()


def test_neither_project_nor_filter(connect: Connect) -> None:
    assert refusal(connect, project="")[:2] == ("project", True)


def test_an_address_that_is_no_jira(server: Server, connect: Connect) -> None:
    assert refusal(connect, url=f"{server.url}/wiki")[:2] == ("url", True)


def test_unknown_fields_and_no_issues_are_warned_of(jira: FakeJira, connect: Connect) -> None:
    given = {"points_field": "Size, Effort", "team_field": "Tribe", "flag_field": "Blocked", "service_field": "Product"}
    assert list(connect(**given).check().warnings) == [
        "No issue is seen. Check the project and the filter, and that the account may browse the project.",
        "No field is called “Size” or “Effort”: issues will have no size.",
        "No field is called “Tribe”.",
        "No field is called “Product”.",
        "No field is called “Blocked”: Jira's flags will not be read as blocks.",
    ]


def test_the_listing_holds_every_issue_that_is_there(jira: FakeJira, connect: Connect) -> None:
    jira.projects["OPS"] = ("12", ["10000"])
    kept = {jira.create().id for _ in range(45)}
    deleted, moved = jira.create(), jira.create()
    del jira.issues[deleted.id]
    moved.key = "OPS-1"
    jira.page_limit = 20
    parts = connect().sweep()
    assert parts is not None
    assert {issue for part in parts for issue in part} == kept


def test_the_listing_misses_nothing_when_issues_go_meanwhile(jira: FakeJira, connect: Connect) -> None:
    issues = [jira.create() for _ in range(60)]
    jira.page_limit = 20
    doomed = [issue.id for issue in issues[:3]]

    def delete(searches: int) -> None:
        if searches and doomed:
            del jira.issues[doomed.pop()]

    jira.before_search = delete
    parts = connect().sweep()
    assert parts is not None
    assert {issue.id for issue in issues[3:]} <= {issue for part in parts for issue in part}


def test_a_preview_shows_what_was_touched_last(jira: FakeJira, connect: Connect) -> None:
    issues = []
    for _ in range(150):
        issues.append(jira.create())
        jira.pass_time()
    jira.move(issues[7], "3")
    batches = list(connect(incident_jql="labels = outage").sample())
    found = [row.key for batch in batches for row in batch.rows if isinstance(row, WorkItemRow)]
    assert found[:2] == ["PAY-8", "PAY-150"]
    assert len(found) == (100 if jira.cloud else 50)
    assert EMAIL not in str(batches)
