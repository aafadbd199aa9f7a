"""The status of a project's board, over GraphQL."""

import pytest

from connectors.protocol import ConnectorError
from metrics.rows import StatusRow, TransitionRow, WorkItemRow
from tests.connectors.github.fake import FakeGitHub
from tests.connectors.github.shop import at, connector, of, store, through_json, z


@pytest.fixture
def board(github: FakeGitHub) -> FakeGitHub:
    github.columns = ["Todo", "In Progress", "Review"]
    github.board = {
        "I_kwDO000001": [
            ("s1", z("2025-01-06 10:00"), "Todo"),
            ("s2", z("2025-01-07 10:00"), "In Progress"),
            ("s3", z("2025-01-09 10:00"), "Review"),
            ("s4", z("2025-01-09 11:00"), "Shelf"),
        ],
        "I_kwDO000002": [],
    }
    return github


def test_the_columns_are_the_statuses(board: FakeGitHub) -> None:
    stored = store(connector(board, project="4").pull(None))
    assert of(stored, TransitionRow)[2:] == [
        TransitionRow("62", "1006", at("2025-01-14 13:00"), "open", "closed"),
        TransitionRow("s1", "1001", at("2025-01-06 10:00"), "open", "project:todo"),
        TransitionRow("s2", "1001", at("2025-01-07 10:00"), "project:todo", "project:in progress"),
        TransitionRow("s3", "1001", at("2025-01-09 10:00"), "project:in progress", "project:review"),
        TransitionRow("s4", "1001", at("2025-01-09 11:00"), "project:review", "project:shelf"),
    ]
    assert [row.status for row in of(stored, WorkItemRow)] == ["closed", "not_planned", "closed"]
    assert {row.name: (row.hint, row.position) for row in of(stored, StatusRow)} == {
        "Open": ("backlog", 0),
        "Todo": ("backlog", 1),
        "In Progress": ("active", 2),
        "Review": (None, 3),
        "Shelf": (None, None),
        "Closed": ("done", 900),
        "Closed as not planned": ("removed", 901),
    }


def test_a_long_history_is_read_over_pages(board: FakeGitHub) -> None:
    whole = store(connector(board, project="4").pull(None))
    board.board_page = 1
    assert store(connector(board, project="4").pull(None)) == whole


def test_one_question_for_many_issues(board: FakeGitHub) -> None:
    list(connector(board, project="4").pull(None))
    asked = [request for request in board.server.requests if request.path == "/api/graphql"]
    assert len(asked) == 2, "one for the columns, one for all issues"


def test_a_token_that_may_not_see_it_is_said_and_labels_count(board: FakeGitHub) -> None:
    board.may_read_project = False
    reader = connector(board, project="4")
    warnings = " ".join(reader.check().warnings)
    assert "Project 4 cannot be read" in warnings
    assert "read:project" in warnings
    assert store(reader.pull(None)) == store(connector(board).pull(None))


def test_a_token_that_may_see_it_no_more_stops_the_sync(board: FakeGitHub) -> None:
    """Going on by labels would mix two histories."""
    cursor = list(connector(board, project="4").pull(None))[-1].cursor
    board.may_read_project = False
    board.issues[0]["updated_at"] = z("2025-01-20 09:00")
    with pytest.raises(ConnectorError) as caught:
        list(connector(board, project="4").pull(through_json(cursor)))
    assert caught.value.permanent


def test_a_project_that_does_not_exist(board: FakeGitHub) -> None:
    assert "none of this number" in " ".join(connector(board, project="5").check().warnings)
