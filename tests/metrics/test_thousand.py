"""On 1,000 random histories every measure of flow is what loops find, and what a portal without the future would say.

The columns are fed without the database here, which makes it quick; that the database gives the same columns, of any
facets, and that rollups say the same, is tested on the same histories loaded into one database at once.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from metrics.columns import FlowColumns, derive, micros
from metrics.formulas import ageing
from metrics.measurement import Measurement, Window
from metrics.registry import FLOW
from tests.metrics import histories, naive, naive_more
from tests.metrics.histories import ENDED, TEAM_IDS
from tests.metrics.test_flow_naive import SCOPES, ZONES, check, check_evidence, plain, until

# More by HISTORIES=10000.
N, CHUNKS = int(os.environ.get("HISTORIES") or 1000), 4


class Case:
    """A history with a scope and a window to ask for; numbers give always the same."""

    def __init__(self, number: int) -> None:
        rng = random.Random(-number - 1)
        self.log = histories.history(number)
        self.text = rng.choice(list(SCOPES))
        self.teams = SCOPES[self.text]
        self.kind = self.text.partition(":")[0]
        self.is_team = self.kind == "team"
        self.zone = ZONES[self.teams[0]] if self.is_team else "UTC"
        first = histories.instant(rng).date()
        self.window = Window(first, first + timedelta(days=rng.choice([0, 6, 13, 27, 41])))
        # Any instant, or one at which something happens (it has happened then), or the end of it all.
        events = [move[0] for item in self.log["items"] for move in item["moves"] + item["team_moves"]]
        any_time = histories.instant(rng)
        self.as_of = [any_time, rng.choice([any_time, *events]), ENDED][number % 3]
        self.is_to_come = self.window.first > naive.day_in(self.as_of, self.zone)

    def columns(self, log: naive.Log | None = None) -> FlowColumns:
        teams = frozenset(TEAM_IDS[slug] for slug in self.teams)
        facts = histories.facts_of(self.log if log is None else log)
        found = derive(facts, micros(self.as_of), teams, zone=ZoneInfo(self.zone), kind=self.kind)
        expected = tuple(one for one in histories.expectations_of(self.log) if one.team in teams)
        return replace(found, expectations=expected)


def figures(columns: FlowColumns, case: Case) -> dict[str, Measurement]:
    return {key: metric.formula(columns, case.window, case.as_of.date()) for key, metric in FLOW.items()}


def cases(chunk: int) -> Iterator[Case]:
    """Those of a part whose window has begun by then."""
    for number in range(chunk * N // CHUNKS, (chunk + 1) * N // CHUNKS):
        case = Case(number)
        if not case.is_to_come:
            yield case


@pytest.fixture(autouse=True)
def _timelines_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timeline is asked for on every day and worked out once."""
    known: dict[tuple[int, datetime], tuple[Any, list[dict[str, Any]]]] = {}
    plainly = naive.timeline

    def timeline(log: naive.Log, item: Any, as_of: datetime) -> list[dict[str, Any]]:
        key = id(item), as_of
        if key not in known:
            known[key] = item, plainly(log, item, as_of)
        return known[key][1]

    monkeypatch.setattr(naive, "timeline", timeline)


def check_more(found: dict[str, Measurement], case: Case) -> None:
    """The measures that naive_more.py works out."""
    log, teams, zone, window, as_of, is_team = case.log, case.teams, case.zone, case.window, case.as_of, case.is_team
    check_constraint(found["constraint"], naive_more.constraint(log, teams, zone, is_team, window, as_of))
    spent = naive_more.blocked(log, teams, zone, window, as_of)
    assert found["blocked_time"].value == pytest.approx(spent["value"], abs=1e-6)
    assert found["blocked_time"].parts == pytest.approx(spent["parts"], abs=1e-6)
    pace = naive_more.velocity(log, teams, zone, window, as_of)
    assert found["velocity"].value == (pace and pace["value"])
    assert {point.at: point.value for point in found["velocity"].series} == (pace["series"] if pace else {})
    met, of = naive_more.expectation_met(log, teams, zone, window, as_of)
    assert found["expectation_met"].value == (met / of if of else None)
    load = {kind: n for kind, n in found["flow_load"].parts.items() if n}
    assert load == naive_more.load(log, teams, zone, window, as_of)


def check_constraint(found: Measurement, expected: dict[str, Any] | None) -> None:
    if expected is None:
        assert found.value is None
        return
    assert found.value == expected["value"]
    assert found.parts == expected["parts"]
    said = {name: found.detail[name] for name in ("place", "since", "items", "in_progress")}
    assert said == {name: expected[name] for name in said}
    weeks = {point.at: {name: n for name, n in (point.parts or {}).items() if n} for point in found.series}
    assert weeks == {week: {name: n for name, n in parts.items() if n} for week, parts in expected["series"].items()}


def check_ageing(columns: FlowColumns, case: Case) -> None:
    found = ageing.pace(columns, case.window)
    bands = {band.name: dict(band.ages) for band in found.bands if band.n}
    assert bands == naive_more.pace(case.log, case.teams, case.zone, case.is_team, case.window, case.as_of)
    of = ageing.chances(columns, case.window)
    keys = [case.log["items"][place - 1]["key"] for place in of.ids.tolist()]
    known = np.isin(of.why, (ageing.KNOWN, ageing.MISSED))
    chances = [chance if is_known else None for chance, is_known in zip(of.chance.tolist(), known, strict=True)]
    why = [ageing.WHY[place] for place in of.why.tolist()]
    rows = zip(keys, of.age.tolist(), of.days.tolist(), chances, why, strict=True)
    assert sorted(rows, key=str) == naive_more.chances(case.log, case.teams, case.zone, case.window, case.as_of)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_figure_is_what_loops_find_and_what_was_so_then(chunk: int) -> None:
    """Without the events after as_of every figure is the same."""
    known = asked = 0
    for case in cases(chunk):
        columns = case.columns()
        found = figures(columns, case)
        check(found, naive.measure(case.log, case.teams, case.zone, case.is_team, *case.window, case.as_of))
        check_more(found, case)
        check_ageing(columns, case)
        check_evidence(found)
        if case.as_of < ENDED:
            then = case.columns(until(case.log, case.as_of))
            assert plain(figures(then, case)) == plain(found)
            assert ageing.pace(then, case.window) == ageing.pace(columns, case.window)
        known += sum(figure.value is not None for figure in found.values())
        asked += len(found)
    # It is not silence that agrees.
    assert known > asked / 2
