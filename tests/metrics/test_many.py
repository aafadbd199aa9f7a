"""Figures of many scopes at once are those of each one alone, in as many queries as one scope needs."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from metrics import rollups
from metrics.many import measure_each
from metrics.measurement import Measurement, Window
from metrics.queries import measure
from metrics.registry import METRICS
from portfolio.queries import Scope, scopes_for
from tests.demo import AS_OF

NOW = Window(date(2025, 4, 1), date(2025, 6, 29))
BEFORE = Window(date(2025, 1, 1), date(2025, 3, 31))
KEYS = (
    "throughput", "cycle_time", "flow_efficiency", "wip", "work_item_age", "constraint", "deployment_frequency",
    "change_lead_time", "change_fail_rate", "failed_deployment_recovery_time", "deployment_rework_rate",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_kept(demo: None) -> None:
    cache.clear()


def parts() -> list[Scope]:
    """The portfolio, every stream and every team."""
    return scopes_for(None)


def alone(key: str, scope: Scope, window: Window, at: datetime) -> Measurement:
    """The same figure as every other page has it; series and evidence are compared where they are asked for."""
    return replace(measure(key, scope, window, at), evidence=None, series=())


@pytest.mark.parametrize("at", [AS_OF, AS_OF - timedelta(days=40, hours=7)])
def test_each_figure_is_the_one_of_the_scope_alone(at: datetime) -> None:
    found = measure_each(KEYS, parts(), [NOW, BEFORE], at)
    assert len(found) == len(parts()) >= 8
    for scope in parts():
        for window in (NOW, BEFORE):
            for key in KEYS:
                assert found[scope.text][window, key] == alone(key, scope, window, at), (scope.text, window, key)


def test_from_rollups_they_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    now, streams = timezone.now(), [scope for scope in parts() if scope.kind == "stream"]
    monkeypatch.setattr(rollups, "SMALLEST", 1)
    with CaptureQueriesContext(connection) as caught:
        found = measure_each(KEYS[:5], streams, [NOW, BEFORE], now)
    assert any("metrics_flowday" in query["sql"] for query in caught), "they came from the rollups"
    for scope in streams:
        for window in (NOW, BEFORE):
            for key in KEYS[:5]:
                assert found[scope.text][window, key] == alone(key, scope, window, now), (scope.text, window, key)


def test_what_was_kept_is_what_was_computed() -> None:
    # Delivery keeps nothing in the last hour before midnight: clocks may change in it.
    at, scopes = AS_OF - timedelta(hours=3), parts()
    first = measure_each(KEYS, scopes, [NOW, BEFORE], at)
    with CaptureQueriesContext(connection) as caught:
        again = measure_each(KEYS, scopes, [NOW, BEFORE], at)
    assert again == first
    # The stamp of all data.
    assert len(caught) == 1
    assert not any("metrics_workitem" in query["sql"] or "flowday" in query["sql"] for query in caught)


def test_series_are_there_for_those_who_ask() -> None:
    scope = parts()[0]
    found = measure_each(["throughput", "wip"], [scope], [NOW], AS_OF, with_series=["throughput"])[scope.text]
    assert found[NOW, "throughput"].series == measure("throughput", scope, NOW, AS_OF).series
    assert found[NOW, "wip"].series == ()


def test_a_scope_without_anything_says_why() -> None:
    empty = replace(parts()[1], slug="empty", teams=())
    found = measure_each(KEYS, [empty, parts()[1]], [NOW], AS_OF)[empty.text]
    for key in KEYS:
        assert found[NOW, key].value is None
        assert found[NOW, key].reason == alone(key, empty, NOW, AS_OF).reason


def test_the_number_of_queries_is_the_same_for_one_scope_and_for_many() -> None:
    def queries(scopes: list[Scope]) -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as caught:
            measure_each(KEYS, scopes, [NOW, BEFORE], AS_OF)
        return len(caught)

    streams = [scope for scope in parts() if scope.kind == "stream"]
    assert queries(streams[:1]) == queries(streams) <= 20
    assert set(KEYS) <= set(METRICS)
