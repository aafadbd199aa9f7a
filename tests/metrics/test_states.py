"""The order of moves of one instant, local days, kinds."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import states
from metrics.columns.zones import day_number, local_days, micros

moves = st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 4)), min_size=1, max_size=5).map(sorted)


def breaks(order: list[tuple[int, int]], start: int) -> int:
    count, held = 0, start
    for before, after in order:
        count += held != -1 and before != -1 and before != held
        held = after
    return count


@settings(max_examples=300, deadline=None, derandomize=True)
@given(moves, st.integers(-1, 4))
def test_the_chain_breaks_least_and_is_the_least_such(group: list[tuple[int, int]], start: int) -> None:
    best = min((breaks(list(order), start), list(order)) for order in permutations(group))
    assert [group[place] for place in states.chain(group, start)] == best[1]


def test_a_long_chain_of_one_instant_is_found() -> None:
    rng = random.Random(1)
    walk = [0]
    for _ in range(10_000):
        walk.append(rng.randrange(30))
    group = sorted(pairwise(walk))
    order = [group[place] for place in states.chain(group, 0)]
    assert breaks(order, 0) == 0
    assert sorted(order) == group


def test_many_moves_that_are_no_chain_are_all_kept() -> None:
    group = sorted((number % 7, (number * 3) % 5) for number in range(200))
    assert sorted(states.chain(group, 6)) == list(range(200))


@given(st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_the_order_does_not_depend_on_arrival(rng: random.Random) -> None:
    rows = [(rng.randrange(3), rng.randrange(4), rng.randrange(-1, 4), rng.randrange(4)) for _ in range(12)]
    orders = []
    for _ in range(3):
        rng.shuffle(rows)
        columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
        orders.append([rows[place] for place in states.ordered(*columns)])
    assert orders[0] == orders[1] == orders[2]


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Apia", "Asia/Beirut", "America/Havana"]


@pytest.mark.parametrize("name", [*ZONES, "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Kiritimati"])
def test_local_days_are_those_of_the_calendar(name: str) -> None:
    zone = ZoneInfo(name)
    rng = random.Random(name)
    start = datetime(1970, 1, 1, tzinfo=UTC)
    instants = [start + timedelta(seconds=rng.randrange(130 * 31_556_952)) for _ in range(3000)]
    # Every hour of a year, for the changes of clocks.
    instants += [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * step) for step in range(2 * 8760)]
    expected = [day_number(at.astimezone(zone).date()) for at in instants]
    assert local_days(np.array([micros(at) for at in instants]), zone).tolist() == expected


def test_days_never_go_back() -> None:
    """Newfoundland put its clocks back over midnight until 2011: at 0:01 it was 23:01 of the day before again."""
    zone = ZoneInfo("America/St_Johns")
    change = micros(datetime(2005, 10, 30, 2, 31, tzinfo=UTC))
    steps = np.arange(change - 7_200_000_000, change + 7_200_000_000, 60_000_000)
    days = local_days(steps, zone)
    assert (np.diff(days) >= 0).all()
    assert days[-1] - days[0] == 1


@pytest.mark.parametrize(
    ("tool_type", "kind"),
    [
        ("Story", "feature"),
        (" BUG ", "defect"),
        ("Spike", "enabler"),
        ("Tech debt", "debt"),
        ("Risk", "risk"),
        ("", "other"),
    ],
)
def test_kinds_by_default(tool_type: str, kind: str) -> None:
    assert states.kind_of(tool_type, {}) == kind
    assert states.kind_of(tool_type, {tool_type.strip().lower(): "enabler"}) == "enabler"
