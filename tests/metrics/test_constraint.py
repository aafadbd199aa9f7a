"""The constraint: which place holds the work, its share, and since when. Values computed by hand."""

from datetime import date

import numpy as np
import pytest

from metrics.formulas.constraint import leading_since
from metrics.load import upsert
from metrics.measurement import Window
from metrics.models import Source
from metrics.registry import METRICS, recomputed
from metrics.rows import TeamMoveRow
from tests.metrics.cast import at, source, team
from tests.metrics.test_flow import STATUSES, figure, history
from tests.metrics.test_flow import board as board

pytestmark = pytest.mark.django_db

# 3 March 2025 is a Monday: from there four full weeks to Sunday, 30 March.
FOUR = Window(date(2025, 3, 3), date(2025, 3, 30))


def test_it_is_the_place_with_most_item_days_of_four_weeks(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 09:00 dev", "2025-03-10 09:00 wait"))
    upsert(board, history("B", "2025-03-01", "2025-03-03 09:00 dev", "2025-03-17 09:00 test"))
    upsert(board, history("C", "2025-03-01", "2025-03-29 09:00 dev"))
    found = figure("constraint", window=FOUR)
    # Dev: 7 (A) + 14 (B) + 2 (C) = 23; Wait: 21 (A); Test: 14 (B). 58 item-days in 28 days.
    assert found.parts == {"Dev": 23 / 28, "Wait": 21 / 28, "Test": 14 / 28}
    assert found.value == 23 / 58
    assert found.n == 3
    # Dev led the first two weeks; then Wait held 7 against 0 for a week, and 7 against 2 in the last: no third week.
    assert found.detail == {
        "place": "Dev", "status": "Dev", "team": "Falcon", "state": "active",
        "since": "2025-03-03", "is_whole_history": 1, "items": 1, "in_progress": 3, "average": 23 / 28, "left": 2,
        "runner_up": "Wait", "runner_up_share": 21 / 58,
    }  # fmt: skip


def test_its_evidence_gives_it_again(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 09:00 dev", "2025-03-10 09:00 wait"))
    upsert(board, history("B", "2025-03-01", "2025-03-03 09:00 dev"))
    upsert(board, history("C", "2025-03-01"))
    found = figure("constraint", window=FOUR)
    rows = found.evidence
    assert rows is not None
    # A: 7 of 28 days in Dev; B: 28 of 28; C never was in progress.
    assert (rows.values[:2].tolist(), rows.base is not None and rows.base[:2].tolist()) == ([7, 28], [28, 28])
    assert rows.included.tolist() == [True, True, False]
    assert rows.rules[rows.rule[2]] == "excluded: not in progress at the end of any of these days"
    assert recomputed(METRICS["constraint"], rows) == found.value == 35 / 56


def test_its_weeks_are_averages_and_cut_ones_are_marked(board: Source) -> None:
    upsert(board, history("A", "2025-02-01", "2025-02-03 09:00 dev", "2025-03-05 09:00 wait"))
    found = figure("constraint", window=Window(date(2025, 3, 1), date(2025, 3, 10)))
    # Saturday and Sunday; Monday and Tuesday of seven days in Dev; one Monday.
    assert [(point.at, point.parts, point.is_partial) for point in found.series] == [
        (date(2025, 2, 24), {"Dev": 1, "Wait": 0}, True),
        (date(2025, 3, 3), {"Dev": 2 / 7, "Wait": 5 / 7}, False),
        (date(2025, 3, 10), {"Dev": 0, "Wait": 1}, True),
    ]
    # The four full weeks up to the window's end begin before it: 10 February to 9 March.
    assert found.detail["place"] == "Dev"
    assert found.value == 23 / 28


def test_the_lead_is_looked_for_before_the_window_too(board: Source) -> None:
    upsert(board, history("A", "2024-12-01", "2024-12-02 09:00 dev"))
    upsert(board, history("B", "2025-01-01", "2025-01-06 09:00 wait"))
    upsert(board, history("C", "2025-01-01", "2025-01-06 09:00 wait"))
    found = figure("constraint", window=FOUR)
    # Wait has held two since 6 January, nothing before; Dev one since 2 December.
    assert found.detail["place"] == "Wait"
    assert (found.detail["since"], found.detail["is_whole_history"]) == ("2025-01-06", 0)
    assert found.detail["before"] == 0


def test_before_is_the_average_of_the_four_weeks_before_the_lead(board: Source) -> None:
    upsert(board, history("A", "2025-01-01", "2025-01-06 09:00 wait"))
    for key in "BC":
        upsert(board, history(key, "2025-01-01", "2025-01-06 09:00 dev", "2025-03-03 09:00 wait"))
    found = figure("constraint", window=FOUR)
    assert (found.detail["since"], found.detail["before"]) == ("2025-03-03", 1)


@pytest.mark.parametrize(
    ("ours", "other", "since"),
    [
        # Always most.
        ([5, 5, 5, 5, 5, 5], [1, 1, 1, 1, 1, 1], 0),
        # Two weeks of another's lead do not end ours, three do.
        ([5, 1, 1, 5, 5, 5, 5], [1, 5, 5, 1, 1, 1, 1], 0),
        ([5, 1, 1, 1, 5, 5, 5, 5], [1, 5, 5, 5, 1, 1, 1, 1], 4),
        # A tenth more is not over a tenth more: 11 to 10.
        ([20, 10, 10, 10, 20, 20, 20, 20], [1, 11, 11, 11, 1, 1, 1, 1], 0),
        ([20, 10, 10, 10, 20, 20, 20, 20], [1, 12, 12, 12, 1, 1, 1, 1], 4),
        # It begins where it held most, not where the others were near.
        ([10, 10, 10, 20, 20, 20, 20], [11, 11, 11, 1, 1, 1, 1], 3),
        # Weeks in which nothing stands there end it, too.
        ([5, 0, 0, 0, 5, 5, 5, 5], [0, 0, 0, 0, 0, 0, 0, 0], 4),
        ([5, 0, 0, 5, 5, 5, 5], [0, 0, 0, 0, 0, 0, 0], 0),
        # Most over four weeks, but not lately: the last four.
        ([1, 1, 40, 1, 1, 1], [5, 5, 5, 5, 5, 5], 2),
        # Equal height counts as most.
        ([5, 5, 5, 5], [5, 5, 5, 5], 0),
    ],
)
def test_a_lead_ends_when_another_clearly_leads_for_three_weeks(ours: list[int], other: list[int], since: int) -> None:
    assert leading_since(np.array([ours, other]), 0) == since


def test_of_equal_places_the_earlier_in_the_workflow(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 09:00 test"))
    upsert(board, history("B", "2025-03-01", "2025-03-03 09:00 dev"))
    assert list(figure("constraint", window=FOUR).parts) == ["Dev", "Test"]


def test_places_of_a_stream_are_the_teams_own(board: Source) -> None:
    other = source(team("kestrel"), "other", synced_at=at("2025-01-01"))
    upsert(other, STATUSES)
    upsert(board, history("A", "2025-03-01", "2025-03-03 09:00 dev"))
    upsert(other, history("B", "2025-03-01", "2025-03-02 09:00 dev", "2025-03-09 09:00 wait"))
    upsert(board, [TeamMoveRow("m", "A", at("2025-03-24 09:00"), "falcon", "kestrel")])
    upsert(board, history("A", "2025-03-01", "2025-03-03 09:00 dev", team="kestrel"))
    found = figure("constraint", "stream:payments", FOUR)
    # A: 21 days with Falcon, 7 with Kestrel; B: 6 days from the 3rd to the 8th, then 22.
    assert found.parts == {"Kestrel: Wait": 22 / 28, "Falcon: Dev": 21 / 28, "Kestrel: Dev": 13 / 28}
    assert (found.detail["place"], found.detail["team"]) == ("Kestrel: Wait", "Kestrel")


def test_too_little_says_what_is_missing(board: Source) -> None:
    assert figure("constraint", window=FOUR).reason == "nothing was in progress in any full week"
    upsert(board, history("A", "2025-03-01", "2025-03-12 09:00 dev", "2025-03-19 09:00 done"))
    # From Monday the 10th: three full weeks by the 30th.
    reason = "too little data: 3 of 4 full weeks since work was first in progress"
    assert figure("constraint", window=FOUR).reason == reason
    june = Window(date(2025, 5, 1), date(2025, 6, 1))
    assert figure("constraint", window=june).reason == "nothing was in progress in the last four full weeks"


def test_what_happened_after_as_of_plays_no_part(board: Source) -> None:
    upsert(board, history("A", "2025-01-01", "2025-01-06 09:00 dev", "2025-03-12 09:00 wait"))
    upsert(board, history("B", "2025-01-01", "2025-03-13 09:00 wait"))
    found = figure("constraint", window=FOUR, as_of=at("2025-03-11 12:00"))
    assert (found.detail["place"], found.detail["items"], found.value) == ("Dev", 1, 1)
    assert found.series[-1].at == date(2025, 3, 10)
