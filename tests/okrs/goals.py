"""Cycles, objectives and key results for tests of check-ins, reminders and alignment."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from okrs.models import CheckIn, Cycle, KeyResult, Objective
from portfolio.models import Team, ValueStream


def cycle(first: date, last: date, name: str = "Now", **fields: Any) -> Cycle:
    return Cycle.objects.create(slug=name.lower(), name=name, kind="own", starts_on=first, ends_on=last, **fields)


def running_cycle(before: int = 28, after: int = 56) -> Cycle:
    """A cycle that began `before` days ago and goes on for `after` days."""
    today = timezone.localdate()
    return cycle(today - timedelta(days=before), today + timedelta(days=after))


def objective(
    of: Cycle, place: Team | ValueStream | None = None, name: str = "Payments arrive at once", **fields: Any
) -> Objective:
    """At its level: of a team, of a value stream, of the company."""
    if isinstance(place, Team):
        return Objective.objects.create(cycle=of, level="team", team=place, name=name, **fields)
    if isinstance(place, ValueStream):
        return Objective.objects.create(cycle=of, level="stream", stream=place, name=name, **fields)
    return Objective.objects.create(cycle=of, level="company", name=name, **fields)


def key_result(of: Objective, owner: User | None = None, name: str = "Hours to settle", **fields: Any) -> KeyResult:
    """Reduce from 40 to 20 hours, unless `fields` say otherwise."""
    values: dict[str, Any] = {"kind": "reduce", "baseline": 40, "target": 20, "unit": "h"}
    return KeyResult.objects.create(objective=of, owner=owner, name=name, **values | fields)


def said(of: KeyResult, on: date, value: float, confidence: int | None = 5, **fields: Any) -> CheckIn:
    return CheckIn.objects.create(key_result=of, on=on, value=value, confidence=confidence, **fields)
