"""Velocity: finished per iteration in the team's planning unit, the median of whole iterations. Computed by hand."""

from datetime import date

import pytest

from metrics.load import upsert
from metrics.measurement import Window
from metrics.models import Source
from metrics.registry import METRICS, recomputed
from portfolio.models import Team
from tests.metrics.cast import at, source, team
from tests.metrics.test_flow import STATUSES, figure, history
from tests.metrics.test_flow import board as board

pytestmark = pytest.mark.django_db

# Iterations of seven days from Wednesday, 1 January 2025: 26 February, 5, 12, 19 and 26 March begin one.
MARCH = Window(date(2025, 3, 1), date(2025, 3, 31))


@pytest.fixture(autouse=True)
def _weeks(board: Source) -> None:
    Team.objects.update(iteration_days=7, iteration_starts_on=date(2025, 1, 1))


def finish(board: Source, *dates: str, points: float | None = None) -> None:
    for on in dates:
        upsert(board, history(f"{on} {points}", "2025-02-01", f"2025-{on} 12:00 done", points=points))


def test_the_median_of_the_iterations_that_lie_in_the_window(board: Source) -> None:
    # 26 February to 4 March (cut): 1; 5 to 11: 3; 12 to 18: none; 19 to 25: 2; 26 March to 1 April (cut): 1.
    finish(board, "03-04", "03-05", "03-06", "03-11", "03-19", "03-25", "03-26")
    found = figure("velocity", window=MARCH)
    points = [(point.at, point.value, point.is_partial) for point in found.series]
    assert points == [
        (date(2025, 2, 26), 1, True),
        (date(2025, 3, 5), 3, False),
        (date(2025, 3, 12), 0, False),
        (date(2025, 3, 19), 2, False),
        (date(2025, 3, 26), 1, True),
    ]
    # The 50th percentile of 0, 2 and 3; five items in these iterations.
    assert (found.value, found.unit, found.n) == (2, "items", 5)
    assert found.detail == {"iterations": 3, "days": 7, "unsized": 0}


def test_its_rows_give_it_again_empty_iterations_included(board: Source) -> None:
    finish(board, "03-04", "03-05", "03-06")
    found = figure("velocity", window=MARCH)
    rows = found.evidence
    assert rows is not None
    assert rows.group is not None
    assert rows.groups == ("2025-03-05", "2025-03-12", "2025-03-19")
    assert rows.group.tolist() == [-1, 0, 0]
    assert rows.rules[rows.rule[0]] == "excluded: finished in an iteration that is not wholly in the window"
    # Of 2, 0 and 0.
    assert recomputed(METRICS["velocity"], rows) == found.value == 0


def test_points_count_what_has_them(board: Source) -> None:
    Team.objects.update(planning_unit="points")
    finish(board, "03-05", "03-06", points=2.5)
    finish(board, "03-12", points=3)
    finish(board, "03-13", points=None)
    finish(board, "03-19", points=8)
    found = figure("velocity", window=MARCH)
    assert [point.value for point in found.series] == [0, 5, 3, 8, 0]
    assert (found.value, found.unit, found.detail["unsized"]) == (5, "points", 1)


def test_what_is_running_is_no_whole_iteration(board: Source) -> None:
    finish(board, "03-05", "03-12")
    found = figure("velocity", window=MARCH, as_of=at("2025-03-18 12:00"))
    assert [point.is_partial for point in found.series] == [True, False, True]
    assert (found.value, found.detail["iterations"]) == (1, 1)


def test_a_window_without_a_whole_iteration_says_so(board: Source) -> None:
    finish(board, "03-05")
    found = figure("velocity", window=Window(date(2025, 3, 5), date(2025, 3, 10)))
    assert (found.value, found.reason) == (None, "no iteration of 7 days lies wholly in this window")
    assert [(point.value, point.is_partial) for point in found.series] == [(1, True)]


def test_iterations_reach_back_before_their_first_day(board: Source) -> None:
    Team.objects.update(iteration_starts_on=date(2026, 1, 7))
    finish(board, "03-05")
    # 7 January 2026 is a Wednesday too.
    assert [point.at.day for point in figure("velocity", window=MARCH).series] == [26, 5, 12, 19, 26]


def test_no_item_yet_is_not_available(board: Source) -> None:
    found = figure("velocity", window=MARCH)
    assert (found.value, found.reason) == (None, "no team of this scope has held an item yet")


def both(board: Source, **fields: object) -> None:
    """An item a week of a second team, with other fields."""
    other = source(team("kestrel"), "other", synced_at=at("2025-01-01"))
    Team.objects.update(iteration_days=7, iteration_starts_on=date(2025, 1, 1))
    Team.objects.filter(slug="kestrel").update(**fields)
    upsert(other, STATUSES)
    finish(board, "03-05", "03-12", "03-19")
    finish(other, "03-06", "03-13", "03-20")


def test_items_of_teams_with_the_same_iterations_add_up(board: Source) -> None:
    both(board, iteration_starts_on=date(2025, 1, 15))
    assert figure("velocity", "stream:payments", MARCH).value == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"planning_unit": "points"}, "these teams plan in different units"),
        ({"iteration_days": 14}, "the iterations of these teams begin on different days"),
        ({"iteration_starts_on": date(2025, 1, 2)}, "the iterations of these teams begin on different days"),
    ],
)
def test_what_cannot_be_added_is_not_available(board: Source, fields: dict[str, object], reason: str) -> None:
    both(board, **fields)
    found = figure("velocity", "stream:payments", MARCH)
    assert (found.value, found.reason) == (None, reason)
    assert figure("velocity", window=MARCH).value == 1


def test_points_of_two_teams_are_not_added(board: Source) -> None:
    both(board)
    Team.objects.update(planning_unit="points")
    assert figure("velocity", "stream:payments", MARCH).reason == "points of different teams cannot be added up"
