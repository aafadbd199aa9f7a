"""The formulas agree with a naive re-computation on random histories, and have the properties they must have."""

import math
import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from metrics.columns import derive, micros, read_scope
from metrics.load import upsert
from metrics.measurement import Measurement, Window
from metrics.models import Source
from metrics.registry import FLOW, recomputed
from metrics.rows import BlockRow, Row, StatusRow, TeamMoveRow, TransitionRow, WorkItemRow
from portfolio.models import Team
from portfolio.queries import Scope, find_scope
from tests.metrics import naive
from tests.metrics.cast import source, team

pytestmark = pytest.mark.django_db

STATUSES = {
    "Idea": "backlog",
    "Ready": "backlog",
    "build": "active",
    "Test": "active",
    "Wait": "waiting",
    "odd": None,
    "Shipped": "done",
    "Archived": "done",
    "Dropped": "removed",
}
NAMES = list(STATUSES)
# Offsets from -10 to +14, half an hour of summer time, and clocks that change at midnight.
ZONES = {
    "falcon": "Europe/Berlin",
    "kestrel": "America/New_York",
    "osprey": "Pacific/Kiritimati",
    "heron": "Asia/Beirut",
    "egret": "Australia/Lord_Howe",
}
STREAMS = {"falcon": "payments", "kestrel": "payments", "osprey": "payments", "heron": "lending", "egret": "lending"}
SCOPES = {
    "team:falcon": ["falcon"],
    "team:kestrel": ["kestrel"],
    "team:heron": ["heron"],
    "stream:payments": ["falcon", "kestrel", "osprey"],
    "portfolio": list(ZONES),
}
# Around both changes of the clocks in 2025, in Europe, in America, in Lebanon and in Australia.
SPRING, AUTUMN = datetime(2025, 3, 5, tzinfo=UTC), datetime(2025, 10, 1, tzinfo=UTC)

instants = st.builds(
    lambda start, hours, odd: start + timedelta(hours=hours, microseconds=odd),
    st.sampled_from([SPRING, AUTUMN]),
    st.integers(0, 40 * 24) | st.sampled_from([3, 3, 24, 25 * 24 - 1, 25 * 24]),
    st.sampled_from([0, 0, 0, 1, 1_799_999_999]),
)
as_ofs = instants | st.just(datetime(2026, 1, 1, tzinfo=UTC))


@st.composite
def walks(draw: Any, places: list[str], most: int) -> list[tuple[datetime, str | None, str]]:
    """Moves along a chain; at times several of one instant, now and then one that breaks the chain."""
    times = sorted(draw(st.lists(instants, max_size=most)))
    if times and draw(st.booleans()):
        times = sorted(times + [draw(st.sampled_from(times))] * draw(st.integers(1, 3)))
    moves = []
    held: str | None = draw(st.sampled_from([None, *places]))
    for at in times:
        if draw(st.integers(0, 9)) == 0:
            held = draw(st.sampled_from(places))
        to = draw(st.sampled_from(places))
        moves.append((at, held, to))
        held = to
    return moves


@st.composite
def items(draw: Any, key: str) -> dict[str, Any]:
    moves = draw(walks(NAMES, 7))
    changes = [move for move in draw(walks(list(ZONES), 3)) if move[1] is not None]
    blocks = [
        (low, None if high is None else max(low, high))
        for low, high in draw(st.lists(st.tuples(instants, st.none() | instants), max_size=3))
    ]
    item = {
        "key": key,
        "created": draw(st.none() | instants),
        "status": draw(st.sampled_from(NAMES)),
        "team": draw(st.sampled_from(list(ZONES))),
        "kind": draw(st.sampled_from(["feature", "defect", "other"])),
        "moves": moves,
        "team_moves": changes,
        "blocks": blocks,
    }
    return item | ends(item)


def ends(item: dict[str, Any]) -> dict[str, Any]:
    """The status and team that the tool shows now, when it is consistent."""
    moves, changes = naive.in_order(item["moves"]), naive.in_order(item["team_moves"])
    return {
        "status": moves[-1][2] if moves else item["status"],
        "team": changes[-1][2] if changes else item["team"],
    }


@st.composite
def logs(draw: Any) -> naive.Log:
    n = draw(st.integers(0, 5))
    return {"teams": ZONES, "statuses": STATUSES, "items": [draw(items(f"A-{number}")) for number in range(n)]}


def rows_of(log: naive.Log) -> tuple[list[Row], list[Row]]:
    """What a connector would deliver: statuses and items; events."""
    things: list[Row] = [StatusRow(name, name, state, place) for place, (name, state) in enumerate(STATUSES.items())]  # type: ignore[arg-type]
    events: list[Row] = []
    for item in log["items"]:
        key = item["key"]
        things.append(
            WorkItemRow(
                key,
                key,
                tool_type=item["kind"],
                status=item["status"] or "",
                created_at=item["created"],
                team=item["team"],
            )
        )
        for n, (at, before, after) in enumerate(item["moves"]):
            events.append(TransitionRow(f"{key}-{n}", key, at, before, after))
        for n, (at, before, after) in enumerate(item["team_moves"]):
            events.append(TeamMoveRow(f"{key}-{n}", key, at, before, after))
        for n, (low, high) in enumerate(item["blocks"]):
            events.append(BlockRow(f"{key}-{n}", key, low, high))
    return things, events


@pytest.fixture
def board() -> Source:
    for slug, zone in ZONES.items():
        team(slug, STREAMS[slug], zone)
    return source(Team.objects.get(slug="falcon"), synced_at=datetime(2025, 1, 1, tzinfo=UTC))


class Undone:
    """What is loaded inside is gone afterwards."""

    def __enter__(self) -> None:
        self.block = transaction.atomic()
        self.block.__enter__()

    def __exit__(self, *error: Any) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(*error)


def figures(scope: Scope, window: Window, as_of: datetime) -> dict[str, Measurement]:
    columns = derive(read_scope(scope), micros(as_of), frozenset(scope.teams), zone=scope.zone, kind=scope.kind)
    day = as_of.astimezone(scope.zone).date()
    return {key: metric.formula(columns, window, day) for key, metric in FLOW.items()}


def count(found: Measurement) -> int:
    """The value of a count, which is never n/a here."""
    assert isinstance(found.value, int)
    return found.value


def series(found: Measurement) -> dict[date, Any]:
    return {point.at: point.value for point in found.series}


def check(found: dict[str, Measurement], expected: dict[str, Any]) -> None:
    for key in ("throughput", "arrivals", "departures", "net_flow", "wip", "total_work_item_age"):
        assert series(found[key]) == expected[key], key
        days = list(expected[key].values())
        assert found[key].value == (days[-1] if key in ("wip", "total_work_item_age") else sum(days)), key
    for key in ("cycle_time", "lead_time", "work_item_age"):
        assert found[key].value == expected[key][50], key
        assert found[key].percentiles == {p: value for p, value in expected[key].items() if value is not None}, key
        assert (found[key].value is None) == bool(found[key].reason), key
    for name in ("cycle", "lead"):
        weeks = {point.at: dict(point.parts or {}) for point in found[f"{name}_time"].series}
        assert weeks == expected[f"{name}_weeks"]
    assert found["time_in_state"].parts == pytest.approx(expected["time_in_state"])
    efficiency = found["flow_efficiency"].value
    assert (math.nan if efficiency is None else efficiency) == pytest.approx(expected["flow_efficiency"], nan_ok=True)
    bands = {point.at: {name: n for name, n in (point.parts or {}).items() if n} for point in found["cfd"].series}
    assert bands == expected["cfd"]
    shares = {kind: share for kind, share in found["flow_distribution"].parts.items() if share}
    assert shares == pytest.approx(expected["flow_distribution"])


def check_evidence(found: dict[str, Measurement]) -> None:
    for key, measurement in found.items():
        evidence = measurement.evidence
        assert evidence is not None, key
        if measurement.value is not None:
            assert recomputed(FLOW[key], evidence) == measurement.value, key
        assert len(evidence.ids) == len(set(evidence.ids.tolist()))
        assert ((evidence.rule == 0) == evidence.included).all()
        assert evidence.rule.max(initial=0) < len(evidence.rules)


# The same examples in every run of the suite; HISTORIES=1000 tries so many new ones.
HISTORIES = int(os.environ.get("HISTORIES", "0"))
ONCE = settings(
    max_examples=HISTORIES or 25,
    derandomize=not HISTORIES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate] if not HISTORIES else tuple(Phase),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
windows = st.builds(
    lambda start, days: Window(start.date(), start.date() + timedelta(days=days)), instants, st.integers(0, 25)
)


@ONCE
@given(log=logs(), window=windows, as_of=as_ofs, scope=st.sampled_from(list(SCOPES)))
def test_formulas_agree_with_the_naive_computation(
    board: Source, log: naive.Log, window: Window, as_of: datetime, scope: str
) -> None:
    with Undone():
        things, events = rows_of(log)
        assert upsert(board, things + events).rejected == []
        asked = find_scope(scope, None)
        if window.first > as_of.astimezone(asked.zone).date():
            return
        found = figures(asked, window, as_of)
        is_team = asked.kind == "team"
        check(found, naive.measure(log, SCOPES[scope], asked.zone.key, is_team, *window, as_of))
        check_evidence(found)


def until(log: naive.Log, as_of: datetime) -> naive.Log:
    """The log of a portal that holds only the events up to as_of; items as the tool showed them then."""
    kept = []
    for item in log["items"]:
        steps = naive.timeline(log, item, as_of)
        if not steps:
            continue
        status = steps[-1]["status"]
        kept.append(
            item
            | {
                "created": item["created"] if item["created"] and item["created"] <= as_of else steps[0]["at"],
                "status": None if status == naive.UNKNOWN else status,
                "team": steps[-1]["team"],
                "moves": [move for move in item["moves"] if move[0] <= as_of],
                "team_moves": [move for move in item["team_moves"] if move[0] <= as_of],
                "blocks": [(a, b if b and b <= as_of else None, *of) for a, b, *of in item["blocks"] if a <= as_of],
            }
        )
    return log | {"items": kept}


def plain(found: dict[str, Measurement]) -> dict[str, Any]:
    """Everything of the figures but the evidence, whose candidates' ids differ between databases."""
    return {key: (m.value, m.reason, m.n, m.percentiles, m.parts, m.detail, list(m.series)) for key, m in found.items()}


@ONCE
@given(log=logs(), window=windows, as_of=instants, scope=st.sampled_from(list(SCOPES)))
def test_a_figure_as_of_t_is_that_of_a_portal_with_only_the_events_up_to_t(
    board: Source, log: naive.Log, window: Window, as_of: datetime, scope: str
) -> None:
    asked = find_scope(scope, None)
    answers = []
    for part in (log, until(log, as_of)):
        with Undone():
            things, events = rows_of(part)
            upsert(board, things + events)
            answers.append(plain(figures(asked, window, as_of)))
    assert answers[0] == answers[1]


@ONCE
@given(
    log=logs(), window=windows, as_of=as_ofs, rng=st.randoms(use_true_random=False), scope=st.sampled_from(list(SCOPES))
)
def test_order_batches_and_repetition_change_no_figure(
    board: Source, log: naive.Log, window: Window, as_of: datetime, rng: Any, scope: str
) -> None:
    asked = find_scope(scope, None)
    things, events = rows_of(log)
    with Undone():
        upsert(board, things + events)
        straight = plain(figures(asked, window, as_of))
    rng.shuffle(things)
    shuffled = events * 2
    rng.shuffle(shuffled)
    cut = rng.randint(0, len(shuffled))
    with Undone():
        upsert(board, things)
        upsert(board, shuffled[:cut])
        upsert(board, shuffled[cut:])
        crooked = plain(figures(asked, window, as_of))
    assert crooked == straight


@ONCE
@given(log=logs(), window=windows, as_of=as_ofs)
def test_conservation_bands_and_sums(board: Source, log: naive.Log, window: Window, as_of: datetime) -> None:
    with Undone():
        things, events = rows_of(log)
        upsert(board, things + events)
        before = Window(window.first - timedelta(days=1), window.first - timedelta(days=1))
        wip_by_team = 0
        for slug in [*(f"team:{slug}" for slug in ZONES), "stream:payments", "stream:lending", "portfolio"]:
            scope = find_scope(slug, None)
            if window.first > as_of.astimezone(scope.zone).date():
                return
            found = figures(scope, window, as_of)
            held = figures(scope, before, as_of)["wip"].value
            came, left, wip = (series(found[key]) for key in ("arrivals", "departures", "wip"))
            for day in wip:
                assert came[day] - left[day] == wip[day] - held
                assert min(came[day], left[day], wip[day]) >= 0
                held = wip[day]
            for point in found["cfd"].series:
                assert all(height >= 0 for height in (point.parts or {}).values())
            wip_by_team += count(found["wip"]) if scope.kind == "team" else 0
            if slug == "portfolio" and as_of.year == 2026:
                assert found["wip"].value == wip_by_team


@ONCE
@given(log=logs(), cuts=st.lists(st.integers(1, 20), min_size=1, max_size=4))
def test_adjacent_windows_count_each_item_once(board: Source, log: naive.Log, cuts: list[int]) -> None:
    as_of, first = datetime(2026, 1, 1, tzinfo=UTC), date(2025, 3, 1)
    with Undone():
        things, events = rows_of(log)
        upsert(board, things + events)
        for slug in SCOPES:
            scope = find_scope(slug, None)
            whole = figures(scope, Window(first, date(2025, 12, 31)), as_of)
            total, start = {"throughput": 0, "arrivals": 0, "departures": 0}, first
            for days in [*cuts, 400]:
                last = min(start + timedelta(days=days), date(2025, 12, 31))
                part = figures(scope, Window(start, last), as_of)
                total = {key: value + count(part[key]) for key, value in total.items()}
                start = last + timedelta(days=1)
                if start > date(2025, 12, 31):
                    break
            assert total == {key: whole[key].value for key in total}
