"""Objectives for the tests: a quarter, a company objective, one of Payments and one of Falcon."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from okrs.models import CheckIn, Cycle, KeyResult, Objective
from tests.cast import Cast

# Q4 2026 has 92 days; at the end of 15 November 46 of them are over: a half.
FIRST, HALF, LAST = date(2026, 10, 1), date(2026, 11, 15), date(2026, 12, 31)


@dataclass(frozen=True)
class Goals:
    cycle: Cycle
    company: Objective
    stream: Objective
    team: Objective
    # Of the team's objective: increase 20 → 60, weight 1; reduce 11 → 5, weight 3.
    more: KeyResult
    less: KeyResult


def make_goals(cast: Cast) -> Goals:
    """Make them; nothing is checked in yet."""
    cycle = Cycle.objects.create(slug="2026-q4", name="Q4 2026", starts_on=FIRST, ends_on=LAST)
    company = Objective.objects.create(cycle=cycle, level="company", name="Grow", owner=cast.leader)
    stream = Objective.objects.create(cycle=cycle, level="stream", stream=cast.payments, name="Refund at once")
    team = Objective.objects.create(
        cycle=cycle, level="team", team=cast.falcon, name="Refunds in two days", owner=cast.member
    )
    more = key_result(team, "Refunds by themselves", 20, 60, unit="%")
    less = key_result(team, "Days to a refund", 11, 5, kind="reduce", unit="days", weight=3, position=1)
    return Goals(cycle, company, stream, team, more, less)


def key_result(objective: Objective, name: str, baseline: float | None, target: float | None, **also: Any) -> KeyResult:
    return KeyResult.objects.create(objective=objective, name=name, baseline=baseline, target=target, **also)


def check_in(of: KeyResult, on: date, value: float, confidence: int | None = 5, **also: Any) -> CheckIn:
    return CheckIn.objects.create(key_result=of, on=on, value=value, confidence=confidence, **also)
