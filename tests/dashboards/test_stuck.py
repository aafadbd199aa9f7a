"""Which state holds the work up, and since when: the sentences of the Flow page, on histories counted by hand."""

from typing import Any

import pytest
from django.test import Client

from dashboards.queries.stuck import QUESTION
from metrics.load import upsert
from metrics.models import Source
from tests.dashboards.flow_cast import board as board
from tests.dashboards.flow_cast import reader as reader
from tests.dashboards.flow_cast import show
from tests.metrics.cast import at, source, team
from tests.metrics.test_flow import STATUSES, history

pytestmark = pytest.mark.django_db


def _a_queue(board: Source) -> None:
    """One item in Dev since Monday 6 January; three enter Wait on Monday 10 February and stay."""
    upsert(board, history("A", "2025-01-01", "2025-01-06 09:00 dev"))
    for key in ("B", "C", "D"):
        upsert(board, history(key, "2025-02-01", "2025-02-10 09:00 wait"))


def test_it_says_the_state_and_since_when(board: Source, reader: Client) -> None:
    _a_queue(board)
    page = show(reader)
    # Wait holds 3 of 4 items every day from the week of 10 February on; before it Dev held the only one.
    assert page.heading == (
        "Falcon: Wait holds the work up since the week of 10 Feb 2025: 3 of 4 items in progress stand there"
    )
    said = page.widgets[QUESTION]
    assert said.answer == (
        "Wait holds the work up: 3 of 4 items in progress stand there, 75 % of all that stood in progress over the "
        "last four full weeks. No other state has held clearly more since the week of 10 Feb 2025."
    )
    # The 28 days before the window end on 2 March: four full weeks of Wait, from 3 February, three of them with items:
    # 3 × 21 item-days against 28 of Dev, 63 of 91.
    assert said.trend == (
        "3 items stood there on average in these four weeks, and none left; 0 stood there in the four weeks before it "
        "took the lead. Next: Dev, 25 %. "
        "28 days earlier: Wait, 69 %."
    )
    assert said.tag == "waiting"


def test_a_lead_as_long_as_the_record_says_so(board: Source, reader: Client) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 09:00 dev", "2025-03-10 09:00 wait"))
    upsert(board, history("B", "2025-03-01", "2025-03-03 09:00 dev", "2025-03-17 09:00 test"))
    upsert(board, history("C", "2025-03-01", "2025-03-29 09:00 dev"))
    page = show(reader)
    # Dev 7 + 14 + 2 = 23 item-days, Wait 21, Test 14: 23 of 58 is 40 %, 21 of 58 is 36 %, more than 3/4 of it.
    assert page.heading == (
        "Falcon: Dev holds the work up since March 2025, for as long as the record goes: "
        "1 of 3 items in progress stands there"
    )
    said = page.widgets[QUESTION]
    assert "40 % of all that stood in progress" in said.answer
    # 23 item-days in 28 days; A and B left it.
    assert said.trend == (
        "0.8 items stood there on average in these four weeks, and 2 left. Close behind: Wait, 36 %. "
        "Nothing to compare with 28 days earlier."
    )
    assert said.tag == "being worked on"


def test_a_window_that_is_over_is_told_in_the_past(board: Source, reader: Client) -> None:
    _a_queue(board)
    upsert(board, history("E", "2025-02-01", "2025-03-24 09:00 wait"))
    page = show(reader, to="2025-03-23")
    assert page.heading == (
        "Falcon: Wait held the work up from the week of 10 Feb 2025 on: "
        "3 of 4 items in progress stood there on 23 Mar 2025"
    )
    assert page.widgets[QUESTION].answer == (
        "Wait held the work up: 3 of 4 items in progress stood there on 23 Mar 2025, 75 % of all that stood in "
        "progress over the last four full weeks. No other state held clearly more from the week of 10 Feb 2025 on."
    )


def test_what_comes_after_as_of_is_not_known(board: Source, reader: Client) -> None:
    _a_queue(board)
    page = show(reader, **{"from": "2025-01-06", "to": "2025-02-09", "as_of": "2025-02-09"})
    assert page.heading == (
        "Falcon: Dev holds the work up since January 2025, for as long as the record goes: "
        "1 of 1 item in progress stands there"
    )
    assert "No other state holds any." in page.widgets[QUESTION].trend


def test_an_empty_place_says_that_none_stands_there_now(board: Source, reader: Client) -> None:
    upsert(board, history("A", "2025-02-01", "2025-03-03 09:00 dev"))
    upsert(board, history("B", "2025-02-01", "2025-03-03 09:00 wait", "2025-03-30 09:00 done"))
    upsert(board, history("C", "2025-02-01", "2025-03-03 09:00 wait", "2025-03-30 10:00 done"))
    page = show(reader)
    assert page.heading.endswith("Wait holds the work up since March 2025, for as long as the record goes: "
                                 "none of 1 item in progress stands there now")  # fmt: skip


@pytest.mark.parametrize(("scope", "name"), [("stream:payments", "Payments"), ("portfolio", "Portfolio")])
def test_of_several_teams_the_place_names_the_team(board: Source, reader: Client, scope: str, name: str) -> None:
    _a_queue(board)
    other = source(team("kestrel"), "kestrel", synced_at=at("2025-01-01"))
    upsert(other, [*STATUSES, *history("K", "2025-01-01", "2025-01-06 09:00 test")])
    page = show(reader, scope=scope)
    assert page.heading == (
        f"{name}: Wait at Falcon holds the work up since the week of 10 Feb 2025: 3 of 5 items in progress stand there"
    )
    # Dev of Falcon and Test of Kestrel hold one each of five; Falcon comes first.
    assert "Next: Dev at Falcon, 20 %." in page.widgets[QUESTION].trend


def test_nothing_in_progress_is_no_constraint(board: Source, reader: Client) -> None:
    upsert(board, history("A", "2025-02-01"))
    page = show(reader)
    assert page.heading == "Falcon: nothing was in progress in any full week"
    assert page.widgets[QUESTION].answer == "Nothing was in progress in any full week."
    assert page.widgets[QUESTION].tag == "n/a"


def test_the_figure_shows_the_weeks_from_before_it_began(board: Source, reader: Client) -> None:
    _a_queue(board)
    said = show(reader).widgets[QUESTION]
    rows: list[Any] = said.html.split("<tr>")[2:]
    # Eight weeks before 10 February is 16 December; work begins in the week of 6 January. 16 Dec to 24 Mar: 15 weeks.
    assert len(rows) == 15
    assert rows[0].count("<td") == 3
    assert "16 Dec 2024" in rows[0]
    assert "24 Mar 2025" in rows[-1]
    assert '"text": "since 10 Feb 2025"' in said.html
