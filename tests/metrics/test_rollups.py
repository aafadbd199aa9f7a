"""Rollups answer exactly what the formulas answer, and only while they are true."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from metrics import actions, queries, rollups
from metrics.load import upsert
from metrics.measurement import Window
from metrics.models import FlowDay, ItemFlow, Source, WorkItem
from metrics.registry import FLOW
from metrics.rows import TeamMoveRow
from portfolio.models import Team
from portfolio.queries import find_scope
from tests.metrics import naive
from tests.metrics.cast import at, team
from tests.metrics.test_flow import MARCH, STATUSES, history
from tests.metrics.test_flow_naive import ONCE, Undone, figures, logs, plain, rows_of, windows
from tests.metrics.test_flow_naive import board as board

pytestmark = pytest.mark.django_db

# What does not add up per team and day is always made from the facts.
NOT_SUMMED = {"constraint", "flow_load", "blocked_time", "velocity", "expectation_met"}
open_windows = windows.map(lambda window: Window(window.first, timezone.now().date()))


@pytest.fixture(autouse=True)
def _for_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollups, "SMALLEST", 0)


@ONCE
@given(log=logs(), window=windows | open_windows, scope=st.sampled_from(["stream:payments", "portfolio"]))
def test_rollups_equal_the_formulas(board: Source, log: naive.Log, window: Window, scope: str) -> None:
    with Undone():
        things, events = rows_of(log)
        upsert(board, things + events)
        actions.refresh(board)
        rollups.rebuild(Team.objects.values_list("pk", flat=True))
        now = timezone.now()
        asked = find_scope(scope, None)
        summed = rollups.figures(list(FLOW), asked, window, now)
        assert set(FLOW) - set(summed) == NOT_SUMMED
        assert plain(summed) == {key: plain(figures(asked, window, now))[key] for key in summed}


def everything() -> list[tuple[Any, ...]]:
    return sorted(FlowDay.objects.values_list("team", "measure", "on", "part", "n"))


@ONCE
@given(log=logs(), rng=st.randoms(use_true_random=False))
def test_what_a_sync_touches_is_enough(board: Source, log: naive.Log, rng: Any) -> None:
    """Two half syncs, each deriving what it touched, leave what deriving everything leaves."""
    things, events = rows_of(log)
    rng.shuffle(events)
    cut = len(events) // 2
    with Undone():
        for part in ([*things, *events[:cut]], events[cut:]):
            result = upsert(board, part)
            actions.refresh(board, result.items)
        step_by_step = everything(), sorted(ItemFlow.objects.values_list("item__key", "state", "cycle_days", "teams"))
        FlowDay.objects.all().delete()
        actions.refresh(board)
        rollups.rebuild(Team.objects.values_list("pk", flat=True))
        at_once = everything(), sorted(ItemFlow.objects.values_list("item__key", "state", "cycle_days", "teams"))
        assert step_by_step == at_once


@pytest.fixture
def filled(board: Source) -> Source:
    upsert(board, STATUSES)
    upsert(board, history("A", "2025-03-01", "2025-03-03 dev", "2025-03-06 done"))
    upsert(board, history("B", "2025-03-01", "2025-03-03 dev"))
    actions.refresh(board)
    rollups.rebuild(Team.objects.values_list("pk", flat=True))
    return board


def answers(as_of: datetime | None = None, scope: str = "portfolio") -> bool:
    return bool(rollups.figures(["wip"], find_scope(scope, None), MARCH, as_of or timezone.now()))


def test_they_answer_for_now_and_never_for_the_past(filled: Source) -> None:
    assert answers()
    assert answers(timezone.now() + timedelta(days=3))
    assert not answers(datetime(2025, 3, 5, tzinfo=UTC))
    assert not answers(scope="team:falcon")


CHANGES: dict[str, Callable[[Source], object]] = {
    "facts nothing was derived from": lambda source: Source.objects.update(needs_derive=True),
    "another zone": lambda source: Team.objects.filter(slug="falcon").update(timezone="Asia/Tokyo"),
    "a new team": lambda source: team("swift", "payments"),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_they_do_not_answer_once_anything_is_different(filled: Source, change: str) -> None:
    CHANGES[change](filled)
    assert not answers()


def test_an_event_that_was_still_to_come_ends_their_time(filled: Source) -> None:
    soon = timezone.now() + timedelta(hours=2)
    upsert(filled, history("C", "2025-03-01", f"{soon:%Y-%m-%d %H:%M} dev"))
    actions.refresh(filled)
    assert answers()
    assert not answers(soon + timedelta(minutes=1))


def test_a_team_that_an_item_was_taken_from_is_computed_again(filled: Source) -> None:
    move = TeamMoveRow("m", "B", at("2025-03-10"), "falcon", "kestrel")
    result = upsert(filled, [move])
    actions.refresh(filled, result.items)
    kestrel = Team.objects.get(slug="kestrel")
    assert FlowDay.objects.filter(team=kestrel, measure="arrived").count() == 1
    item = next(iter(result.items))
    filled.refresh_from_db()
    result = upsert(filled, history("B", "2025-03-01", "2025-03-03 dev"), whole=["B"])
    assert result.items == {item}
    actions.refresh(filled, result.items)
    assert FlowDay.objects.filter(team=kestrel).count() == 0


def test_deleting_an_item_takes_it_out(filled: Source) -> None:
    WorkItem.objects.filter(key="B").update(deleted_at=at("2025-04-01"))
    actions.refresh(filled, WorkItem.objects.values_list("pk", flat=True))
    found = rollups.figures(["wip"], find_scope("portfolio", None), MARCH, timezone.now())
    assert found["wip"].value == 0


def test_a_figure_is_the_same_with_and_without_them(filled: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    scope, now = find_scope("portfolio", None), timezone.now()
    with_them = queries.measure_many(FLOW, scope, MARCH, now)
    monkeypatch.setattr(rollups, "SMALLEST", 10**9)
    without = queries.measure_many(FLOW, scope, MARCH, now + timedelta(seconds=1))
    assert plain(with_them) == plain(without)
