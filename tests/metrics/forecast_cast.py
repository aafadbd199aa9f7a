"""Small inputs for the engine of forecasts, and its results."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from metrics.formulas.forecast import engine
from metrics.formulas.forecast.shapes import Inputs, Line, Part, Target, TeamInput, dump
from metrics.models import Forecast
from portfolio.models import Team

# A Friday: the next working day is Monday the 23rd.
TODAY = date(2026, 11, 20)
WEEKDAYS = (1, 2, 3, 4, 5)
RANKS = (50, 70, 85, 95)


def crew(counts: Mapping[int, int], slug: str = "falcon", **fields: Any) -> TeamInput:
    given = {"weekdays": WEEKDAYS, "holidays": (), **fields}
    return TeamInput(slug, slug.title(), TODAY, counts=counts, **given)


def inputs(teams: Sequence[TeamInput], lines: Sequence[Line], targets: Sequence[Target], **fields: Any) -> Inputs:
    given = {"ranks": RANKS, "horizon": TODAY + timedelta(days=3652), **fields}
    return Inputs(TODAY.isoformat(), TODAY, teams=tuple(teams), lines=tuple(lines), targets=tuple(targets), **given)


def items(n: int, counts: Mapping[int, int], **fields: Any) -> Inputs:
    """When are `n` items done by one team?"""
    target = Target("items", "items", ((0, 0),), detail=True, due_on=fields.pop("due_on", None))
    return inputs([crew(counts)], [Line((0,), (Part("items", n),))], [target], **fields)


def queue_of(sizes: Sequence[int], counts: Mapping[int, int], limit: int = 1, **fields: Any) -> Inputs:
    """When is each feature of one team's queue done?"""
    parts = tuple(Part(f"f{place}", size) for place, size in enumerate(sizes))
    targets = [Target(f"f{place}", f"f{place}", ((0, place),)) for place in range(len(sizes))]
    return inputs([crew(counts)], [Line((0,), parts, limit)], targets, **fields)


def targets(given: Inputs) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(engine.run(dump(given)))["targets"]
    return found


def the_date(text: str | None) -> date:
    return date.max if text is None else date.fromisoformat(text)


def stored(owner: Team) -> Forecast:
    """Three items of a team, promised for a day that is far away."""
    text = dump(items(3, {1: 60}))
    return Forecast.objects.create(
        team=owner, subject="3 items", items=3, due_on="2099-01-01", chance=0.9, engine=engine.ENGINE, inputs=text,
        result=engine.run(text), as_of=datetime(2026, 11, 20, 12, tzinfo=UTC),
    )  # fmt: skip
