"""An example of every figure, small for tests and as large as pages make them for bench/figures.py."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from charts import figures
from charts.figures import Cloud, Dot, Level, Mark, Spec, behaviour, flow, forecast, pareto, points, reliability, series

MONDAY = date(2025, 1, 6)
NOON = datetime(2025, 1, 6, 12, tzinfo=UTC)
LEVELS = [Level(6, "50 %: 6 days", "dash"), Level(14, "85 %: 14 days")]


def days(n: int) -> list[date]:
    return [MONDAY + timedelta(days=i) for i in range(n)]


def wave(n: int, low: int = 1) -> list[int]:
    """Numbers that go up and down."""
    return [low + i * 7 % 11 for i in range(n)]


def dots(n: int) -> list[Dot]:
    return [Dot(MONDAY + timedelta(days=i % 180), 1 + i * 7 % 40, f"A-{i} Some title", i) for i in range(n)]


def states(n: int) -> list[str]:
    return [f"State number {i}" for i in range(n)]


def cloud(n: int) -> Cloud:
    generator = np.random.default_rng(4)
    x = (MONDAY.toordinal() - date(1970, 1, 1).toordinal()) + generator.integers(0, 1000, n)
    texts = [f"A-{i} Some title" for i in range(n)]
    return Cloud(x, np.ceil(generator.lognormal(1.5, 0.8, n)), texts, list(range(n)))


def in_states(n: int, names: list[str]) -> list[Dot]:
    return [Dot(names[i % len(names)], 1 + i * 7 % 40, f"A-{i} Some title", i) for i in range(n)]


def marks(n: int) -> list[Mark]:
    at = [NOON + timedelta(hours=5 * i) for i in range(n)]
    return [Mark(f"service-{i % 5}", at[i], f"v{i}", "deployed") for i in range(n)] + [
        Mark("service-0", at[0], "down", "incident", at[-1] + timedelta(hours=2))
    ]


def fan(n: int) -> Spec:
    past: list[Any] = [*range(n), *([None] * n)]
    ahead = [[None] * n + [n + i * slope for i in range(n)] for slope in (3, 2, 1)]
    bands = dict(zip((50, 85, 95), ahead, strict=True))
    return forecast.burn_up(days(2 * n), past, [2 * n] * (2 * n), bands, due=days(2 * n)[-2])


def lane(i: int) -> forecast.Lane:
    first = MONDAY + timedelta(days=9 * i)
    return forecast.Lane(f"Feature {i}", {p: first + timedelta(days=p // 5) for p in (50, 85, 95)}, first)


def said(n: int) -> list[reliability.Bin]:
    return [reliability.Bin(f"{i} to {i + 1}", i + 1, i / n, (i + 0.5) / n) for i in range(n)]


def chart_of(n: int) -> Spec:
    at = days(7 * n)[::7]
    pieces = [behaviour.Piece(at[0], at[n // 2], 6.0, 1.0, 11.0), behaviour.Piece(at[n // 2], at[-1], 5.0, None, None)]
    cut = behaviour.Cut(at[n // 2], 0.5, "a new way of working")
    return behaviour.behaviour(at, wave(n), pieces, [cut], name="Finished", unit="items", signals=[1])


# By builder: a figure of about so many values. The second is how many a large page has.
EXAMPLES: dict[str, tuple[Callable[[int], Spec], int]] = {
    "scatter": (lambda n: points.scatter(dots(n), LEVELS, name="Items", unit="days", link="/items/{}/"), 1500),
    "strip": (lambda n: points.strip(in_states(n, states(6)), states(6), LEVELS, name="Items", unit="days"), 500),
    "timeline": (
        lambda n: points.timeline(marks(n), {"deployed": ("series-1", "circle"), "incident": ("bad", "x")}),
        400,
    ),
    "line": (lambda n: series.line(days(n), {"in": wave(n), "out": wave(n, 2)}, LEVELS, unit="items"), 366),
    "bar": (lambda n: series.bar(days(n), {"a": wave(n), "b": wave(n)}, LEVELS, unit="items", faint=[True] * n), 104),
    "ranking": (lambda n: series.ranking(dict.fromkeys(states(n), 3.5), unit="days", strong=states(1)[0]), 30),
    "pareto": (lambda n: pareto.pareto({name: 1 + n - i for i, name in enumerate(states(n))}, unit="days"), 30),
    "stacked_area": (
        lambda n: series.stacked_area(days(n), {name: wave(n) for name in states(20)}, unit="items", floor=3),
        366,
    ),
    "histogram": (lambda n: series.histogram(wave(n), LEVELS, unit="days"), 5000),
    "run_chart": (
        lambda n: series.run_chart(days(n), wave(n), LEVELS, name="Finished", unit="items", signals=[1]),
        366,
    ),
    "standing": (
        lambda n: flow.standing(
            days(n), {name: wave(n) for name in states(12)}, strong=states(1)[0], unit="items", since=MONDAY
        ),
        104,
    ),
    "ageing": (
        lambda n: flow.ageing(in_states(n, states(19)), states(19), {name: {50: 2, 85: 9} for name in states(19)}),
        500,
    ),
    "percentiles_over_time": (
        lambda n: flow.percentiles_over_time(days(n), {p: wave(n) for p in (50, 70, 85, 95)}, unit="days"),
        104,
    ),
    "shares": (lambda n: flow.shares(dict.fromkeys(states(n), 100 / n), {states(1)[0]: 30}, 10), 6),
    "behaviour": (lambda n: chart_of(max(n, 4)), 104),
    "burn_up": (fan, 180),
    "chance_by_date": (
        lambda n: forecast.chance_by_date(days(n), [i / n for i in range(n)], states(n), {50: days(n)[n // 2]}),
        180,
    ),
    "chance_by_count": (
        lambda n: forecast.chance_by_count(list(range(n)), [1 - i / n for i in range(n)], states(n), {85: n // 2}),
        120,
    ),
    "lanes": (lambda n: forecast.lanes([lane(i) for i in range(n)], MONDAY), 30),
    "reliability": (lambda n: reliability.reliability({"Forecasts": said(n), "Votes": said(n)}), 10),
}


def builders() -> Iterator[str]:
    """The name of everything in charts.figures that makes a figure."""
    for module in pkgutil.iter_modules(figures.__path__):
        found = importlib.import_module(f"{figures.__name__}.{module.name}")
        for name, builder in inspect.getmembers(found, inspect.isfunction):
            is_own = builder.__module__ == found.__name__ and not name.startswith("_")
            if is_own and inspect.signature(builder).return_annotation is Spec and name not in {"layout_of", "line_of"}:
                yield name
