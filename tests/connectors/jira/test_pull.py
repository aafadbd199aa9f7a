"""Reading all, reading on, and missing nothing while people work."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.protocol import Batch, ConnectorError
from metrics.rows import Row, TransitionRow, WorkItemRow
from tests.connectors.jira.conftest import Connect
from tests.connectors.jira.fake import FakeIssue, FakeJira
from tests.connectors.server import Reply, Server

CLOUD = pytest.mark.parametrize("jira", ["cloud"], indirect=True)
DATA_CENTER = pytest.mark.parametrize("jira", ["datacenter"], indirect=True)


def rows_of(batches: Sequence[Batch]) -> dict[tuple[str, str], Row]:
    """What a store would hold after these batches: the last row of a kind and id."""
    assert [reject for batch in batches for reject in batch.rejected] == []
    return {(type(row).__name__, row.external_id): row for batch in batches for row in batch.rows}


def keys(batches: Sequence[Batch]) -> list[str]:
    return [row.key for batch in batches for row in batch.rows if isinstance(row, WorkItemRow)]


def fill(jira: FakeJira, count: int, minutes: float = 7) -> list[FakeIssue]:
    """Issues that were moved twice, one after the other."""
    issues = []
    for n in range(count):
        issue = jira.create(f"Thing {n}")
        jira.pass_time(minutes)
        jira.move(issue, "3")
        jira.move(issue, "10001")
        issues.append(issue)
    return issues


def test_all_issues_come_once_with_their_progress(jira: FakeJira, connect: Connect) -> None:
    fill(jira, 230)
    batches = list(connect().pull(None))
    assert sorted(keys(batches)) == sorted(f"PAY-{n}" for n in range(1, 231))
    assert batches[-1].done == 230
    assert {batch.total for batch in batches if batch.phase == "Issues"} == {230}
    assert all(len(batch.rows) <= 410 for batch in batches)
    assert len([batch for batch in batches if batch.phase == "Issues"]) >= 2


def test_a_pull_can_go_on_from_every_cursor(jira: FakeJira, connect: Connect) -> None:
    issues = fill(jira, 320)
    for issue in issues[::9]:
        jira.pass_time(7)
        jira.move(issue, "3")
    undisturbed = list(connect().pull(None))
    assert len(undisturbed) >= 3
    for n in range(1, len(undisturbed)):
        rest = list(connect().pull(undisturbed[n - 1].cursor))
        assert rows_of([*undisturbed[:n], *rest]) == rows_of(undisturbed)
        again = set(keys(undisturbed[:n])) & set(keys(rest))
        # What is read again is what the overlap covers: 15 minutes, 7 minutes apart, to the minute.
        assert len(again) <= (3 if n > 1 else 0)


def test_a_later_pull_brings_what_changed_since(jira: FakeJira, connect: Connect) -> None:
    issues = fill(jira, 60)
    cursor = list(connect().pull(None))[-1].cursor
    jira.pass_time(600)
    entry = jira.move(issues[3], "3")
    new = jira.create("New")
    later = list(connect().pull(cursor))
    assert set(keys(later)) == {"PAY-4", new.key} | {issue.key for issue in issues[-3:]}
    assert ("TransitionRow", f"{entry}.0") in rows_of(later)
    assert later[-1].cursor == {"items": jira.now.isoformat()}


def test_a_pull_without_news_keeps_the_cursor(jira: FakeJira, connect: Connect) -> None:
    fill(jira, 3, minutes=60)
    cursor = list(connect().pull(None))[-1].cursor
    again = list(connect().pull(cursor))
    assert again[-1].cursor == cursor
    assert keys(again) == ["PAY-3"]


def test_an_empty_project_can_be_pulled(jira: FakeJira, connect: Connect) -> None:
    (statuses,) = connect().pull(None)
    assert (len(statuses.rows), statuses.cursor) == (4, {})
    assert list(connect().pull(statuses.cursor)) == [statuses]


def test_issues_updated_while_paging_are_not_skipped(jira: FakeJira, connect: Connect) -> None:
    """Each page, somebody touches an issue of the page before: it moves to the end, all others move up."""
    issues = fill(jira, 230)
    jira.page_limit = 20
    touched = iter(issues)

    def touch(searches: int) -> None:
        if searches:
            jira.pass_time()
            jira.move(next(touched), "10100")

    jira.before_search = touch
    batches = list(connect().pull(None))
    jira.before_search = lambda n: None
    assert set(keys(batches)) == {issue.key for issue in issues}
    given = [row for batch in batches for row in batch.rows if isinstance(row, WorkItemRow)]
    assert len({(row.key, row.updated_at) for row in given}) == len(given)
    # What was touched when its last page had been read is younger than the cursor: the next pull brings it.
    later = list(connect().pull(batches[-1].cursor))
    assert rows_of([*batches, *later]) == rows_of(list(connect().pull(None)))


def test_issues_deleted_while_paging_hide_no_others(jira: FakeJira, connect: Connect) -> None:
    issues = fill(jira, 90)
    jira.page_limit = 20
    doomed = [issue.id for issue in issues[:3]]

    def delete(searches: int) -> None:
        if searches and doomed:
            del jira.issues[doomed.pop()]

    jira.before_search = delete
    batches = list(connect().pull(None))
    assert {issue.key for issue in issues[3:]} <= set(keys(batches))


def test_hundreds_of_issues_in_the_same_minute(jira: FakeJira, connect: Connect) -> None:
    """A bulk change gives many issues one time of update: the key keeps their order."""
    issues = [jira.create() for _ in range(150)]
    jira.page_limit = 20
    batches = list(connect().pull(None))
    assert len(keys(batches)) == 150
    assert list(keys(list(connect().pull(batches[-1].cursor)))) == [issue.key for issue in issues]


@DATA_CENTER
def test_a_list_that_never_rests_is_given_up(connect: Connect, jira: FakeJira) -> None:
    """Cloud's tokens keep the place in the order."""
    issues = [jira.create() for _ in range(60)]
    jira.page_limit = 20

    def rotate(searches: int) -> None:
        """At every second page ten issues are away: no page begins where the one before ended."""
        jira.issues = {issue.id: issue for issue in issues[searches % 2 * 10 :]}

    jira.before_search = rotate
    with pytest.raises(ConnectorError, match="changes faster") as caught:
        list(connect().pull(None))
    assert not caught.value.permanent


def test_a_long_changelog_is_read_beyond_its_first_page(jira: FakeJira, server: Server, connect: Connect) -> None:
    issue = jira.create()
    entries = []
    for n in range(6):
        jira.pass_time()
        entries.append(jira.move(issue, "3" if n % 2 == 0 else "10100"))
        jira.chat(issue, 45)
    rows = [row for batch in connect().pull(None) for row in batch.rows if isinstance(row, TransitionRow)]
    assert [row.external_id for row in rows] == [f"{entry}.0" for entry in entries]
    pages = [request for request in server.requests if request.path.endswith("/changelog")]
    assert [request.query["startAt"] for request in pages] == (["0", "100", "200"] if jira.cloud else [])


def test_a_changelog_just_as_long_as_a_search_gives_is_not_trusted(jira: FakeJira, connect: Connect) -> None:
    short, long = jira.create(), jira.create()
    entries = [jira.move(short, "3"), jira.move(long, "3")]
    jira.chat(short, 39)
    jira.chat(long, 40)
    rows = [row for batch in connect().pull(None) for row in batch.rows if isinstance(row, TransitionRow)]
    assert sorted(row.external_id for row in rows) == sorted(f"{entry}.0" for entry in entries)


def test_a_server_that_is_busy_is_waited_for(jira: FakeJira, server: Server, connect: Connect) -> None:
    fill(jira, 120)
    jira.page_limit = 50
    expected = rows_of(list(connect().pull(None)))

    def busy(searches: int) -> None:
        if searches % 2:
            jira.replies.append(Reply({"errorMessages": ["Rate limit exceeded"]}, 429, {"Retry-After": "0"}))

    jira.before_search = busy
    asked = len(server.requests)
    assert rows_of(list(connect().pull(None))) == expected
    again = [request.query for request in server.requests[asked:] if "search" in request.path]
    assert len(again) > len({tuple(query.items()) for query in again if query})


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
def test_dates_are_said_in_the_zone_of_the_account(zone: str, jira: FakeJira, connect: Connect) -> None:
    jira.zone, jira.now = ZoneInfo(zone), datetime(2024, 7, 1, 12, 0, 30, tzinfo=UTC)
    issues = fill(jira, 30, minutes=60)
    cursor = list(connect().pull(None))[-1].cursor
    jira.pass_time(1)
    jira.move(issues[0], "3")
    assert set(keys(list(connect().pull(cursor)))) == {"PAY-1", "PAY-30"}
    since = jira.now - timedelta(minutes=16)
    assert f'updated >= "{since.astimezone(jira.zone):%Y-%m-%d %H:%M}"' in jira.searches[-1]["jql"]


def test_nothing_is_skipped_when_clocks_are_set_back(jira: FakeJira, connect: Connect) -> None:
    """In New York 01:30 comes twice on 3 November 2024, at 05:30 and 06:30 UTC."""
    jira.zone, jira.now = ZoneInfo("America/New_York"), datetime(2024, 11, 3, 4, 0, tzinfo=UTC)
    issues = fill(jira, 24, minutes=10)
    for n in range(5, 18, 3):
        cursor = {"items": issues[n].updated.isoformat()}
        assert {issue.key for issue in issues[n:]} <= set(keys(list(connect().pull(cursor))))


@CLOUD
def test_an_issue_deleted_after_the_search_is_left_out(jira: FakeJira, connect: Connect) -> None:
    """Data Center gives changelogs with the search."""
    kept, gone = fill(jira, 2)
    jira.chat(gone, 50)
    jira.gone = {gone.id}
    batches = list(connect().pull(None))
    assert keys(batches) == [kept.key]
    assert [reject for batch in batches for reject in batch.rejected] == []


@DATA_CENTER
def test_a_history_that_is_cut_off_for_good_is_not_taken_for_whole(jira: FakeJira, connect: Connect) -> None:
    """Cloud has the rest of it elsewhere."""
    cut, whole = fill(jira, 2)
    jira.cut = {cut.id}
    batches = list(connect().pull(None))
    assert keys(batches) == [whole.key]
    assert [(reject.place, reject.reason) for batch in batches for reject in batch.rejected] == [
        (cut.key, "The server gave only a part of its history.")
    ]


def test_a_bad_entry_of_a_long_history_is_its_issues_affair(jira: FakeJira, connect: Connect) -> None:
    bad, good = fill(jira, 2)
    jira.chat(bad, 50)
    bad.histories[0]["id"] = None
    batches = list(connect().pull(None))
    assert keys(batches) == [good.key]
    assert [reject.place for batch in batches for reject in batch.rejected] == [bad.key]
