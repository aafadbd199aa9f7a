"""The Blockers page: time by reason, reasons in other words together, what is open; every sentence by hand."""

import pytest
from django.test import Client

from metrics.load import upsert
from metrics.models import Source
from metrics.rows import BlockRow
from tests.dashboards.flow_cast import board as board
from tests.dashboards.flow_cast import cells, show
from tests.dashboards.flow_cast import reader as reader
from tests.metrics.cast import at
from tests.metrics.test_flow import history

pytestmark = pytest.mark.django_db
PAGE = "/flow/blocked/"
WHAT = "What blocks the work?"
WHICH = "Which items were blocked, and which are now?"
LONG = "How long was work blocked, and by what?"


@pytest.fixture
def blocked(board: Source) -> Source:
    """A is blocked for two days in the week of 3 March; B for one, in the next week, in other words; C by another
    reason from 29 March on, which is two days to the end of the 30th.
    """
    for key in "ABC":
        upsert(board, history(key, "2025-03-01", "2025-03-03 dev"))
    rows = [
        BlockRow("1", "A", at("2025-03-05"), at("2025-03-07"), "Legal review"),
        BlockRow("2", "B", at("2025-03-11"), at("2025-03-12"), "waiting for legal review!"),
        BlockRow("3", "C", at("2025-03-29"), None, "Test environment"),
    ]
    upsert(board, rows)
    return board


def test_it_says_what_blocks_longest(blocked: Source, reader: Client) -> None:
    page = show(reader, PAGE)
    assert page.heading == "Falcon: “Legal review” blocked work longest: 3 days on 2 items"
    said = page.widgets[WHAT]
    # 3 of 5 days; the median of one and two days is, by nearest rank, one.
    assert said.answer == (
        "“Legal review” took 60 % of the blocked time: 3 days in all, half of its 2 blocks lasted 24 h or less. "
        "1 block is open at the end."
    )
    assert said.trend == "3 items blocked for 5 days together; 0 s in the 28 days before."
    assert cells(said.html) == [
        ["Legal review also said: “waiting for legal review!”", "2", "2", "3 days", "24 h", "0"],
        ["Test environment", "1", "1", "48 h", "48 h", "1"],
    ]


def test_each_week_has_its_reasons(blocked: Source, reader: Client) -> None:
    said = show(reader, PAGE).widgets[LONG]
    assert said.answer == "The worst week was that of 3 Mar 2025: 2 days blocked, over all items."
    assert '"name": "Legal review"' in said.html
    assert '"y": [2.0, 1.0, 0.0, 0.0]' in said.html
    assert '"y": [0.0, 0.0, 0.0, 2.0]' in said.html


def test_it_lists_the_blocks_open_ones_first(blocked: Source, reader: Client) -> None:
    said = show(reader, PAGE).widgets[WHICH]
    assert said.answer == "3 blocks on items that were in progress, 1 of them open."
    assert cells(said.html) == [
        ["C", "Test environment", "29 Mar 2025", "48 h", "blocked"],
        ["A", "Legal review", "5 Mar 2025", "2 days", "over"],
        ["B", "waiting for legal review!", "11 Mar 2025", "24 h", "over"],
    ]


def test_a_block_not_yet_there_as_of_a_day_is_not_known(blocked: Source, reader: Client) -> None:
    page = show(reader, PAGE, to="2025-03-10", as_of="2025-03-10")
    assert page.heading == "Falcon: “Legal review” blocked work longest: 2 days on 1 item"
    assert len(cells(page.widgets[WHICH].html)) == 1


def test_without_blocks_the_page_says_so(board: Source, reader: Client) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 dev"))
    page = show(reader, PAGE)
    assert page.heading == "Falcon: nothing in progress was blocked in 28 days"
    assert list(page.widgets) == [WHAT]
    assert page.widgets[WHAT].trend == "Nor in the 28 days before."
