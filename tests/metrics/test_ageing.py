"""Pace bands per status, and the chance of each item to beat its expectation. Values computed by hand."""

from datetime import date, datetime

import numpy as np
import pytest

from metrics.columns import load
from metrics.formulas import ageing
from metrics.formulas.ageing import KNOWN, MISSED, TOO_FEW, UNEXPECTED, Chances, Pace
from metrics.load import upsert
from metrics.measurement import Window
from metrics.models import BlockedStay, Source, WorkItem
from metrics.rows import StatusRow, TeamMoveRow
from portfolio.queries import find_scope
from tests.metrics.cast import at, source, team
from tests.metrics.test_expectation_met import expect, taking
from tests.metrics.test_flow import LATER, MARCH, STATUSES, history
from tests.metrics.test_flow import board as board

pytestmark = pytest.mark.django_db


def pace(
    scope: str = "team:falcon", as_of: datetime = LATER, ranks: tuple[int, ...] = (50,), window: Window = MARCH
) -> Pace:
    return ageing.pace(load(find_scope(scope, None), as_of), window, percentiles=ranks)


def ages(found: Pace, rank: int = 50) -> dict[str, object]:
    return {band.name: band.ages.get(rank) for band in found.bands}


def test_bands_are_ages_at_which_items_left_each_status(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 09:00 dev", "2025-03-04 09:00 test", "2025-03-10 09:00 done"))
    # Dev left on the second day, Test on the eighth, which is the cycle time.
    assert ages(pace()) == {"Dev": 2, "Test": 8}


def test_any_rank_by_nearest_rank(board: Source) -> None:
    for day in range(1, 11):
        upsert(board, history(f"A{day}", "2025-03-01", "2025-03-01 09:00 dev", f"2025-03-{day:02} 17:00 done"))
    (band,) = pace(ranks=(1, 50, 85, 99)).bands
    assert (band.name, band.state, band.n, band.ages) == ("Dev", "active", 10, {1: 1, 50: 5, 85: 9, 99: 10})
    with pytest.raises(ValueError, match="from 1 to 99"):
        pace(ranks=(0,))


def test_an_item_that_comes_back_counts_at_its_last_leaving(board: Source) -> None:
    moves = ("2025-03-03 dev", "2025-03-05 test", "2025-03-07 dev", "2025-03-08 test", "2025-03-11 done")
    upsert(board, history("A", "2025-03-01", *moves))
    found = pace()
    assert ages(found) == {"Dev": 6, "Test": 9}
    assert [band.n for band in found.bands] == [1, 1]


def test_a_reopened_item_counts_to_its_last_finish(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 dev", "2025-03-05 done", "2025-03-09 dev", "2025-03-12 done"))
    assert ages(pace()) == {"Dev": 10}
    assert ages(pace(as_of=at("2025-03-06"))) == {"Dev": 3}


def test_a_false_start_does_not_count(board: Source) -> None:
    moves = ("2025-03-03 wait", "2025-03-05 todo", "2025-03-10 dev", "2025-03-12 done")
    upsert(board, history("A", "2025-03-01", *moves))
    found = pace()
    assert ages(found) == {"Dev": 3, "Wait": None}
    assert [band.n for band in found.bands] == [1, 0]


def test_a_status_that_was_skipped_or_passed_within_an_instant_does_not_count(board: Source) -> None:
    moves = ("2025-03-03 dev", "2025-03-05 wait", "2025-03-05 test", "2025-03-07 done")
    upsert(board, history("A", "2025-03-01", *moves))
    upsert(board, history("B", "2025-03-01", "2025-03-03 test", "2025-03-04 done"))
    found = pace()
    assert {band.name: band.n for band in found.bands} == {"Dev": 1, "Wait": 0, "Test": 2}
    # B left Test on its second day, A on its fifth: the 50th of 2 and 5 is below Dev's 3.
    assert ages(found) == {"Dev": 3, "Wait": None, "Test": 2}


def test_blocked_days_count_like_others(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-03 dev", "2025-03-10 done"))
    before = pace()
    BlockedStay.objects.create(
        item=WorkItem.objects.get(), external_id="x", from_at=at("2025-03-04"), to_at=at("2025-03-09")
    )
    assert ages(pace()) == ages(before) == {"Dev": 8}


def test_only_items_finished_in_the_window_by_a_team_of_the_scope(board: Source) -> None:
    team("kestrel")
    upsert(board, history("A", "2025-03-01", "2025-03-03 dev", "2025-04-01 done"))
    upsert(board, history("B", "2025-03-01", "2025-03-03 dev", "2025-03-08 test", "2025-03-10 done", team="kestrel"))
    upsert(board, [TeamMoveRow("m", "B", at("2025-03-06"), "falcon", "kestrel")])
    assert ages(pace()) == {"Dev": None}
    assert pace().reason == "no item finished in this window"
    # Kestrel had it in Dev from the fourth to the sixth day.
    assert ages(pace("team:kestrel")) == {"Dev": 6, "Test": 8}
    assert ages(pace("stream:payments")) == {"active": 8}


def test_days_are_those_of_the_team(board: Source) -> None:
    tokyo = source(team("osprey", zone="Asia/Tokyo"), "tokyo", synced_at=at("2025-01-01"))
    upsert(tokyo, STATUSES)
    # 23:59 on the 2nd and 0:00 on the 3rd in Tokyo.
    upsert(tokyo, history("A", "2025-03-01", "2025-03-02 14:59 dev", "2025-03-02 15:00 test", "2025-03-02 16:00 done"))
    assert ages(pace("team:osprey")) == {"Dev": 2, "Test": 2}


def test_statuses_of_two_workflows_keep_the_order_of_each(board: Source) -> None:
    rows = [
        StatusRow("think", "Think", "active", 1),
        StatusRow("dev", "Dev", "active", 2),
        StatusRow("done", "Done", "done", 3),
    ]
    other = source(team("kestrel"), "other", synced_at=at("2025-01-01"))
    upsert(other, rows)
    upsert(board, history("A", "2025-03-01", "2025-03-03 dev", "2025-03-05 test", "2025-03-06 done"))
    upsert(other, history("B", "2025-03-01", "2025-03-02 dev", "2025-03-04 done", start="think", team="falcon"))
    upsert(other, [TeamMoveRow("m", "B", at("2025-03-01"), "kestrel", "falcon")])
    # Dev comes first in the one workflow, after Think in the other.
    assert [band.name for band in pace().bands] == ["Think", "Dev", "Test"]


def test_nothing_is_known_of_a_window_to_come(board: Source) -> None:
    assert pace(as_of=at("2025-02-01")) == Pace((), 0, "the window begins after the as-of time")


def chances(scope: str = "team:falcon", as_of: str = "2025-03-31 12:00") -> Chances:
    return ageing.chances(load(find_scope(scope, None), at(as_of)), MARCH)


def said(found: Chances) -> list[tuple[object, ...]]:
    rows = zip(
        found.age.tolist(),
        found.days.tolist(),
        found.chance.tolist(),
        found.sample.tolist(),
        found.why.tolist(),
        strict=True,
    )
    return [(age, days, None if np.isnan(chance) else chance, n, why) for age, days, chance, n, why in rows]


def test_the_chance_is_that_of_items_that_became_as_old(board: Source) -> None:
    expect(9)
    # Cycle times 1…10.
    for days in range(1, 11):
        taking(board, days, "20")
    # Ages 4, 6, 8 and 12 days on 31 March.
    for first in (28, 26, 24, 20):
        upsert(board, history(f"W{first}", "2025-02-01", f"2025-03-{first} 09:00 dev"))
    assert said(chances()) == [
        (12, 9, 0.0, 0, MISSED),
        # Three became 8 days old or older: too few.
        (8, 9, None, 3, TOO_FEW),
        # Of 6, 7, 8, 9 and 10 four took no more than 9; of 4…10 six.
        (6, 9, 4 / 5, 5, KNOWN),
        (4, 9, 6 / 7, 7, KNOWN),
    ]


def test_the_last_day_expected_is_not_missed_yet(board: Source) -> None:
    expect(9)
    upsert(board, history("A", "2025-02-01", "2025-03-23 09:00 dev"))
    assert said(chances()) == [(9, 9, None, 0, TOO_FEW)]
    assert said(chances(as_of="2025-04-01")) == [(9, 9, None, 0, TOO_FEW)]


def test_a_kind_with_an_expectation_of_its_own_is_compared_with_its_like(board: Source) -> None:
    expect(3)
    expect(9, kind="defect")
    for days in range(1, 6):
        taking(board, days, "20", tool_type="Bug")
        taking(board, days, "21", tool_type="Story")
    for kind in ("Bug", "Story"):
        upsert(board, history(kind, "2025-02-01", "2025-03-30 09:00 dev", tool_type=kind))
    # Two days old: four defects took as long, all within 9 (too few to say); of all kinds eight, four within 3.
    assert sorted(said(chances()), key=str) == [(2, 3, 0.5, 8, KNOWN), (2, 9, None, 4, TOO_FEW)]


def test_in_a_stream_each_team_speaks_for_itself(board: Source) -> None:
    other = source(team("kestrel"), "other", synced_at=at("2025-01-01"))
    upsert(other, STATUSES)
    expect(3)
    for days in range(1, 6):
        taking(board, days, "20")
        taking(other, 9, f"{days + 10}")
    for owner in (board, other):
        upsert(owner, history("W", "2025-02-01", "2025-03-31 09:00 dev"))
    found = chances("stream:payments")
    assert found.team.tolist() == [0, 1]
    # Falcon: three of 1…5 within 3 days. Nothing is expected of Kestrel's.
    assert said(found) == [(1, 3, 3 / 5, 5, KNOWN), (1, 0, None, 5, UNEXPECTED)]


def test_nothing_in_progress_is_an_empty_answer(board: Source) -> None:
    assert len(chances().ids) == 0
    assert (
        ageing.pace(load(find_scope("team:falcon", None), LATER), Window(date(2025, 3, 1), date(2025, 3, 1))).bands
        == ()
    )
