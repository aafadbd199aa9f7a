"""Figures: a measure of a scope in a window as at an instant. Everybody who shows a number gets it from here."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from inspect import signature
from typing import Any

from django.core.cache import cache
from django.db import connection

from metrics import columns, rollups
from metrics.columns import NEVER, FlowColumns, instant, micros
from metrics.columns import delivery as delivery_columns
from metrics.formulas import frame
from metrics.formulas.stats import DRAWN
from metrics.measurement import ALL_ITEMS, Facets, Measurement, Metric, Point, Window
from metrics.models import ItemKind, WorkItem
from metrics.past import owners
from metrics.registry import METRICS
from metrics.rows import STATES
from portfolio.queries import Scope

# How long a figure is kept; it is right however long that is (see _stamp and _Kept).
CACHE_SECONDS = 3600


class UnknownMetric(ValueError):
    """There is no such measure."""


def find_metric(key: str) -> Metric:
    """The measure `key`. Raises UnknownMetric with a message for people."""
    if key not in METRICS:
        raise UnknownMetric(f"There is no measure “{key}”. There are: {', '.join(METRICS)}.")
    return METRICS[key]


def load_columns(family: str, scope: Scope, window: Window, as_of: datetime, facets: Facets = ALL_ITEMS) -> Any:
    """The columns that the measures of a family read; `facets` choose among items only."""
    if family == "flow":
        return columns.load(scope, as_of, facets)
    return delivery_columns.load(scope, window, as_of)


def measure(
    key: str, scope: Scope, window: Window, as_of: datetime, facets: Facets = ALL_ITEMS, **options: Any
) -> Measurement:
    """One figure with its evidence, computed now. `options` are the formula's own (`percentiles`, say).

    Raises UnknownMetric; ValueError for an option out of range.
    """
    metric = find_metric(key)
    found = load_columns(metric.family, scope, window, as_of, facets)
    return metric.formula(found, window, as_of.astimezone(scope.zone).date(), **options)


def measure_many(
    keys: Iterable[str],
    scope: Scope,
    window: Window,
    as_of: datetime,
    facets: Facets = ALL_ITEMS,
    flow: Callable[[], FlowColumns] | None = None,
    ranks: Iterable[int] = DRAWN,
    data: str = "",
) -> dict[str, Measurement]:
    """Several figures, without evidence, each family's columns read at most once; kept in the cache.

    Percentiles are those of `ranks` and those that are always drawn. `flow` gives the flow columns of this scope,
    instant and facets, for who reads them anyway; `data` is data_stamp(), for who asks of many scopes.
    """
    wanted = [find_metric(key) for key in keys]
    stamp = _stamp(scope, window, as_of, facets, data or data_stamp())
    more = tuple(sorted({*ranks} - {*DRAWN}))
    names = {metric.key: f"figure:{stamp}:{metric.key}:{'-'.join(_more(metric, more))}" for metric in wanted}
    kept = cache.get_many(names.values())
    at = micros(as_of)
    found: dict[str, Measurement] = {}
    for metric in wanted:
        held = kept.get(names[metric.key])
        if held is not None and held[0] <= at < held[1]:
            found[metric.key] = held[2]
    missing = [metric for metric in wanted if metric.key not in found]
    fresh = _compute(missing, scope, window, as_of, facets, flow, more)
    cache.set_many({names[key]: value for key, value in fresh.items()}, CACHE_SECONDS)
    found |= {key: kept_figure[2] for key, kept_figure in fresh.items()}
    return {metric.key: found[metric.key] for metric in wanted}


# From when to when (µs, half-open) a figure is the same whatever as_of, and the figure.
_Kept = tuple[int, int, Measurement]


def takes_ranks(metric: Metric) -> bool:
    """Whether a measure has percentiles that one may choose."""
    return "percentiles" in signature(metric.formula).parameters


def _more(metric: Metric, more: Sequence[int]) -> list[str]:
    """Which percentiles a measure has beside those that are always drawn."""
    return list(map(str, more)) if takes_ranks(metric) else []


def _compute(
    metrics: Sequence[Metric],
    scope: Scope,
    window: Window,
    as_of: datetime,
    facets: Facets,
    flow: Callable[[], FlowColumns] | None,
    more: Sequence[int],
) -> dict[str, _Kept]:
    day, at = as_of.astimezone(scope.zone).date(), micros(as_of)
    # Rollups know all items together, and the percentiles that are always drawn.
    asked = [metric.key for metric in metrics if not _more(metric, more)] if facets.are_all else []
    summed = rollups.figures(asked, scope, window, as_of)
    result: dict[str, _Kept] = {key: (at, at + 1, figure) for key, figure in summed.items()}
    metrics = [metric for metric in metrics if metric.key not in summed]
    for family in dict.fromkeys(metric.family for metric in metrics):
        found = flow() if flow and family == "flow" else load_columns(family, scope, window, as_of, facets)
        until = getattr(found, "same_until", at + 1)
        for metric in metrics:
            if metric.family == family:
                options = {"percentiles": (*DRAWN, *more)} if _more(metric, more) else {}
                figure = metric.formula(found, window, day, **options)
                result[metric.key] = (at, until, _without_evidence(figure))
    return result


def only(found: Measurement, ranks: Iterable[int]) -> Measurement:
    """The figure with the percentiles asked for alone, in its series too."""
    wanted = {*ranks}
    names = {f"p{rank}" for rank in wanted}
    percentiles = {rank: value for rank, value in found.percentiles.items() if rank in wanted}
    return replace(found, percentiles=percentiles, series=[_only(point, names) for point in found.series])


def _only(point: Point, names: set[str]) -> Point:
    if not point.parts or not all(re.fullmatch(r"p\d{1,2}", name) for name in point.parts):
        return point
    return point._replace(parts={name: value for name, value in point.parts.items() if name in names})


def _without_evidence(found: Measurement) -> Measurement:
    """Evidence has a row per item of the scope: too much to keep, and quick to make again."""
    return replace(found, evidence=None)


# Asked for by almost every page and every move on a board, some of them more than once: one statement, and a digest
# instead of the rows.
STAMP = """
SELECT
    (SELECT md5(json_agg(json_build_array(id, created_at, data_version, synced_at IS NULL) ORDER BY id)::text)
     FROM metrics_source),
    (SELECT md5(json_agg(json_build_array(
        id, name, timezone, planning_unit, iteration_days, iteration_starts_on) ORDER BY id)::text)
     FROM portfolio_team),
    (SELECT md5(json_agg(json_build_array(id, team_id) ORDER BY id)::text) FROM portfolio_service),
    (SELECT md5(json_agg(json_build_array(team_id, kind, percent, days, valid_from) ORDER BY id)::text)
     FROM metrics_expectation)
"""


def data_stamp() -> str:
    """What every figure depends on: sources and their data, teams, services, expectations. One query."""
    with connection.cursor() as cursor:
        cursor.execute(STAMP)
        return fingerprint(cursor.fetchone())


def _stamp(scope: Scope, window: Window, as_of: datetime, facets: Facets, data: str) -> str:
    """What a figure depends on beside its key and the time of day: scope, window, day, items, and all data."""
    day = as_of.astimezone(scope.zone).date()
    return fingerprint(scope.text, scope.teams, scope.zone.key, window, day, facets, data)


def fingerprint(*values: object) -> str:
    """A short name of values, the same for the same ones."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:32]


def report(
    scope: Scope,
    window: Window,
    as_of: datetime,
    keys: Iterable[str] | None = None,
    facets: Facets = ALL_ITEMS,
    ranks: Iterable[int] = DRAWN,
) -> dict[str, Any]:
    """The figures of a scope as JSON-able data, as `manage.py report --json` and the API give them."""
    ranks = tuple(ranks)
    found = measure_many(METRICS if keys is None else keys, scope, window, as_of, facets, ranks=ranks)
    return {
        "scope": scope.text,
        "from": window.first.isoformat(),
        "to": window.last.isoformat(),
        "as_of": as_of.astimezone(scope.zone).isoformat(),
        "metrics": {key: as_data(only(measurement, ranks)) for key, measurement in found.items()},
    }


def as_data(found: Measurement) -> dict[str, Any]:
    """A figure as JSON-able data."""
    data: dict[str, Any] = {"value": found.value, "unit": found.unit, "n": found.n}
    if found.value is None:
        data["reason"] = found.reason
    if found.percentiles:
        data["percentiles"] = {str(p): value for p, value in found.percentiles.items()}
    if found.parts:
        data["parts"] = dict(found.parts)
    if found.detail:
        data["detail"] = dict(found.detail)
    data["series"] = [point_data(point) for point in found.series]
    return data


def point_data(point: Point) -> dict[str, Any]:
    data: dict[str, Any] = {"at": point.at.isoformat()}
    if point.value is not None or point.parts is None:
        data["value"] = point.value
    if point.parts is not None:
        data["parts"] = dict(point.parts)
    if point.is_partial:
        data["partial"] = True
    return data


def items(
    scope: Scope, as_of: datetime, window: Window | None = None, facets: Facets = ALL_ITEMS
) -> list[dict[str, Any]]:
    """The items of a scope as JSON-able data: those its teams finished, and of the others those its teams hold.

    With a window only those finished in it. Times are in the zone of the item's team.
    """
    found = columns.load(scope, as_of, facets)
    ends = frame.finishes(found)
    stay = owners(found, ends).tolist()
    mine = found.in_scope[stay] if stay else ends.done
    if window is not None:
        mine = mine & ends.done & (ends.day >= frame.number(window.first)) & (ends.day <= frame.number(window.last))
    rows = WorkItem.objects.filter(pk__in=found.ids[mine].tolist())
    about = {row[0]: row[1:] for row in rows.values_list("pk", "key", "title", "tool_type")}
    # An item deleted since the columns were read is not in `about`.
    places = [n for n in mine.nonzero()[0].tolist() if int(found.ids[n]) in about]
    lines = [_item(found, ends, n, stay[n], about[int(found.ids[n])]) for n in places]
    return sorted(lines, key=lambda line: (line["created"], line["key"]))


def _item(found: FlowColumns, ends: frame.Finishes, n: int, stay: int, about: tuple[str, str, str]) -> dict[str, Any]:
    zone = found.teams[int(found.team[stay])].zone
    last = int(found.last[n])

    def when(at: int) -> str | None:
        return None if at == NEVER else instant(at).astimezone(zone).isoformat()

    began, ended = int(found.began[last]), int(found.ended[last])
    done = bool(ends.done[n])
    key, title, tool_type = about
    return {
        "key": key,
        "title": title,
        "type": ItemKind.values[int(found.kinds[n])],
        "tool_type": tool_type,
        "state": STATES[int(found.state[last])],
        "status": found.statuses[int(found.status[last])].name,
        "created": when(int(found.created[n])),
        "started": when(began),
        "finished": when(ended),
        "cycle_time": int(ends.cycle[n]) if done else None,
        "lead_time": int(ends.lead[n]) if done else None,
        "cycle_seconds": (ended - began) / 1_000_000 if done else None,
        "age": None if done or began == NEVER else _age(found, last),
    }


def _age(found: FlowColumns, stay: int) -> int:
    return found.teams[int(found.team[stay])].as_of_day - int(found.began_day[stay]) + 1
