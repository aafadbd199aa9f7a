"""Blocked time: cut to the window, to work in progress and to as_of; reasons in clusters. Values computed by hand."""

from datetime import date, timedelta

import pytest

from metrics.columns import load
from metrics.formulas.blocked import Cluster, clusters, grouped, words_of
from metrics.load import upsert
from metrics.measurement import Window
from metrics.models import Source
from metrics.rows import BlockRow, TeamMoveRow
from portfolio.queries import find_scope
from tests.metrics.cast import at, source, team
from tests.metrics.test_flow import LATER, MARCH, STATUSES, figure, history
from tests.metrics.test_flow import board as board

pytestmark = pytest.mark.django_db
HOUR, DAY = 3600, 86400


def block(key: str, low: str, high: str | None, reason: str = "", item: str = "A") -> BlockRow:
    return BlockRow(key, item, at(low), at(high) if high else None, reason)


def found(scope: str = "team:falcon", window: Window = MARCH) -> list[Cluster]:
    return clusters(load(find_scope(scope, None), LATER), window)


def test_only_what_is_in_progress_counts_and_only_in_the_window(board: Source) -> None:
    upsert(board, history("A", "2025-02-01", "2025-02-27 dev", "2025-03-03 todo", "2025-03-05 dev", "2025-03-07 done"))
    upsert(board, [block("x", "2025-02-28", "2025-03-06", "Vendor")])
    measured = figure("blocked_time")
    # 1 and 2 March (Dev), not the 3rd and 4th (To do), the 5th (Dev): the window cuts February.
    assert (measured.value, measured.n, measured.parts) == (3 * DAY, 1, {"Vendor": 3 * DAY})
    assert figure("blocked_time", as_of=at("2025-03-05 06:00")).value == 2 * DAY + 6 * HOUR


def test_an_item_blocked_twice_at_a_time_counts_once(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-01 dev"))
    upsert(board, [block("x", "2025-03-02", "2025-03-04", "Vendor"), block("y", "2025-03-03", "2025-03-05", "vendor!")])
    upsert(board, [block("z", "2025-03-04 12:00", "2025-03-06", "Legal")])
    # The vendor 2 to 4 March, legal half of the 4th and the 5th: together 2 to 5 March.
    measured = figure("blocked_time")
    assert measured.value == 4 * DAY
    assert measured.parts == {"Vendor": 3 * DAY, "Legal": 1.5 * DAY}


def test_a_block_that_is_open_counts_up_to_as_of_or_the_window_s_end(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-01 dev"))
    upsert(board, [block("x", "2025-03-30", None, "Vendor")])
    assert figure("blocked_time").value == 2 * DAY
    assert figure("blocked_time", as_of=at("2025-03-30 01:00")).value == HOUR
    assert figure("blocked_time", as_of=at("2025-03-29")).value == 0
    assert [(one.open_now, one.stays) for one in found()] == [(1, 1)]
    # A window that is over before the block: nothing was blocked.
    assert found(window=Window(date(2025, 3, 1), date(2025, 3, 29))) == []


def test_days_are_those_of_the_team_that_holds_the_item(board: Source) -> None:
    team("osprey", zone="Asia/Tokyo")
    upsert(board, history("A", "2025-02-01", "2025-02-01 dev", team="osprey"))
    upsert(board, [TeamMoveRow("m", "A", at("2025-02-02"), "falcon", "osprey")])
    upsert(board, [block("x", "2025-02-28 12:00", "2025-02-28 18:00", "Vendor")])
    # In Tokyo March begins at 15:00 UTC.
    assert figure("blocked_time", "team:osprey").value == 3 * HOUR
    assert figure("blocked_time", "stream:payments").value == 3 * HOUR
    assert figure("blocked_time").value == 0


def test_clusters_say_how_many_how_long_and_what_is_open(board: Source) -> None:
    for key in "AB":
        upsert(board, history(key, "2025-02-01", "2025-03-01 dev"))
    rows = [
        block("1", "2025-03-02", "2025-03-03", "Waiting for the vendor"),
        block("2", "2025-03-05", "2025-03-08", "vendor (VEN-12)"),
        block("3", "2025-02-20", "2025-03-02", "Vendor!", "B"),
        block("4", "2025-03-10", None, "Waiting for the vendor", "B"),
        block("5", "2025-03-11", "2025-03-12", "Legal review", "B"),
    ]
    upsert(board, rows)
    vendor, legal = found()
    # The third was blocked from 20 February (10 days), in progress and in the window on 1 March only; the fourth is
    # open: 83 days up to 1 June, of which 22 lie in March. Lengths 1, 3, 10, 83: the 50th is 3.
    assert vendor == Cluster(
        "Waiting for the vendor", ("Vendor!", "Waiting for the vendor", "vendor (VEN-12)"),
        items=2, stays=4, seconds=(1 + 3 + 1 + 22) * DAY, median_seconds=3 * DAY, open_now=1,
    )  # fmt: skip
    assert (legal.label, legal.items, legal.seconds, legal.open_now) == ("Legal review", 1, DAY, 0)
    assert figure("blocked_time").parts == {"Waiting for the vendor": 27 * DAY, "Legal review": DAY}
    # The vendor's day of 11 March and the legal one are one of item B.
    assert figure("blocked_time").value == 27 * DAY


def test_a_block_without_a_reason_says_so(board: Source) -> None:
    upsert(board, history("A", "2025-03-01", "2025-03-01 dev"))
    upsert(board, [block("x", "2025-03-02", "2025-03-03")])
    assert figure("blocked_time").parts == {"No reason given": DAY}


def test_a_deleted_or_foreign_item_is_in_no_cluster(board: Source) -> None:
    other = source(team("kestrel", "lending"), "other", synced_at=at("2025-01-01"))
    upsert(other, [*STATUSES, *history("A", "2025-03-01", "2025-03-01 dev"), block("x", "2025-03-02", "2025-03-03")])
    assert figure("blocked_time").value == 0
    assert figure("blocked_time", "portfolio").value == DAY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Waiting for procurement", "procurement"),
        ("Test environment is down", "test environments down AGAIN!"),
        ("Waits for legal review #405", "waiting for a legal review"),
        ("Waiting for another team", "other team"),
        ("Approval missing", "missing approvals"),
        ("Freigabe fehlt", "Freigabe fehlt noch"),
        ("see https://wiki.example/x?y=1 vendor", "Vendor PAY-12"),
    ],
)
def test_the_same_in_other_words_is_one(one: str, other: str) -> None:
    assert len(set(grouped([one, other], [1, 1]))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Test data is missing", "Access rights are missing"),
        ("Test environment is down", "Test data is missing"),
        ("Waiting for procurement", "Waiting for legal"),
        ("PAY-1", "PAY-2 vendor"),
        ("", "vendor"),
    ],
)
def test_other_things_stay_apart(one: str, other: str) -> None:
    assert len(set(grouped([one, other], [1, 1]))) == 2


def test_what_is_nothing_but_filler_is_taken_as_it_is() -> None:
    assert words_of("Waiting") == {"waiting"}
    assert words_of("PAY-12") == {"pay-12"}
    assert words_of("  ") == frozenset()


def test_the_order_of_reasons_makes_no_difference() -> None:
    reasons = ["vendor answer", "vendor answer late", "late vendor", "legal answer", "legal"]
    counts = [3, 1, 2, 2, 1]
    straight = {reasons[place]: reasons[leader] for place, leader in enumerate(grouped(reasons, counts))}
    back = {
        reasons[::-1][place]: reasons[::-1][leader] for place, leader in enumerate(grouped(reasons[::-1], counts[::-1]))
    }
    assert straight == back
    assert straight["vendor answer late"] == "vendor answer"


def test_ten_thousand_blocks_of_one_item(board: Source) -> None:
    """Blocks of one item one after the other, and all of them in one long one: each second once."""
    upsert(board, history("A", "2025-03-01", "2025-03-01 dev"))
    begin = at("2025-03-02")
    rows = [
        BlockRow(str(n), "A", begin + timedelta(seconds=2 * n), begin + timedelta(seconds=2 * n + 1), "Vendor")
        for n in range(10_000)
    ]
    upsert(board, rows)
    assert figure("blocked_time").value == 10_000
    upsert(board, [block("long", "2025-03-02", "2025-03-03", "Legal")])
    assert figure("blocked_time").parts == {"Legal": DAY, "Vendor": 10_000}
    assert figure("blocked_time").value == DAY
