"""Figures of many scopes at once: as many queries as of one. The same numbers as metrics.queries gives of each.

Streams are answered from rollups where metrics.queries would do so too, the rest from one read of the facts of them
all, cut into parts. What was computed is kept in the cache, one entry per scope, until something it rests on changes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache

from metrics import columns, queries, rollups
from metrics.columns import delivery as delivery_columns
from metrics.columns import micros
from metrics.columns.parts import of_scope
from metrics.formulas import summed
from metrics.measurement import Measurement, Metric, Window
from portfolio.queries import Scope

# Measurements of a scope by window and key.
Found = dict[tuple[Window, str], Measurement]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is computed: which measures in which windows as at an instant."""

    metrics: Sequence[Metric]
    windows: Sequence[Window]
    as_of: datetime

    @property
    def keys(self) -> list[str]:
        return [metric.key for metric in self.metrics]

    def family(self, name: str) -> list[Metric]:
        return [metric for metric in self.metrics if metric.family == name]


def measure_each(
    keys: Iterable[str],
    scopes: Sequence[Scope],
    windows: Sequence[Window],
    as_of: datetime,
    *,
    with_series: Collection[str] = (),
) -> dict[str, Found]:
    """Each scope's figures by its text, without evidence; series only of the measures in `with_series`."""
    asked = _Asked([queries.find_metric(key) for key in keys], list(windows), as_of)
    stamp = queries.data_stamp()
    names = {scope.text: _name(scope, asked, with_series, stamp) for scope in scopes}
    kept, at = cache.get_many(names.values()), micros(as_of)
    held = {text: kept[name] for text, name in names.items() if name in kept}
    found: dict[str, Found] = {text: known[2] for text, known in held.items() if known[0] <= at < known[1]}
    missing = [scope for scope in scopes if scope.text not in found]
    fresh = _compute(missing, asked) if missing else {}
    fresh = {text: (until, _slim(figures, with_series)) for text, (until, figures) in fresh.items()}
    cache.set_many({names[text]: (at, *one) for text, one in fresh.items()}, queries.CACHE_SECONDS)
    return found | {text: figures for text, (_, figures) in fresh.items()}


def _name(scope: Scope, asked: _Asked, with_series: Collection[str], stamp: str) -> str:
    day = asked.as_of.astimezone(scope.zone).date()
    values = (scope.text, scope.teams, scope.zone.key, day, asked.keys, asked.windows, sorted(with_series), stamp)
    return f"each:{queries.fingerprint(*values)}"


def _slim(figures: Found, with_series: Collection[str]) -> Found:
    """Without what nobody asked for: it would be kept and read again for nothing."""
    return {
        (window, key): replace(one, evidence=None, series=one.series if key in with_series else ())
        for (window, key), one in figures.items()
    }


def _compute(scopes: Sequence[Scope], asked: _Asked) -> dict[str, tuple[int, Found]]:
    """Per scope until when (µs) its figures are the same, and the figures."""
    found: dict[str, tuple[int, Found]] = {scope.text: (columns.OPEN, {}) for scope in scopes}
    for part in (_from_rollups(scopes, asked), _delivery(scopes, asked)):
        _join(found, part)
    _join(found, _flow([one for one in scopes if _lacks(found[one.text][1], asked)], asked, found))
    return found


def _join(found: dict[str, tuple[int, Found]], more: Mapping[str, tuple[int, Found]]) -> None:
    for text, (until, figures) in more.items():
        found[text] = (min(found[text][0], until), found[text][1] | figures)


def _lacks(figures: Found, asked: _Asked) -> bool:
    return any((window, one.key) not in figures for window in asked.windows for one in asked.family("flow"))


def _from_rollups(scopes: Sequence[Scope], asked: _Asked) -> dict[str, tuple[int, Found]]:
    """What the rollups answer of streams, if they are large together; scopes without items are left to the facts."""
    keys = [one.key for one in asked.family("flow") if one.key in summed.MEASURES]
    streams = [scope for scope in scopes if scope.kind != "team" and scope.teams]
    today = asked.as_of.astimezone(streams[0].zone).date() if streams else asked.as_of.date()
    if not streams or not keys or any(window.first > today for window in asked.windows):
        return {}
    current = rollups.current(streams, asked.as_of)
    chosen = [scope for scope in streams if scope.text in current and current[scope.text].items]
    if sum(current[scope.text].items for scope in chosen) < rollups.SMALLEST:
        return {}
    zones = {scope.text: current[scope.text].zones for scope in chosen}
    at, found = micros(asked.as_of), dict[str, tuple[int, Found]]()
    for scope in chosen:
        around = {scope.zone, *zones[scope.text].values()}
        found[scope.text] = (columns.same_until(current[scope.text].next_event, at, around), {})
    for window in asked.windows:
        for text, sums in rollups.read_each(chosen, zones, window, asked.as_of).items():
            found[text][1].update({(window, key): one for key, one in summed.figures(sums, keys).items()})
    return found


def _whole(scopes: Sequence[Scope]) -> Scope:
    """A scope of the teams of them all."""
    teams = tuple(sorted({team for scope in scopes for team in scope.teams}))
    return Scope("portfolio", "", "", ZoneInfo(settings.TIME_ZONE), teams)


def _flow(
    scopes: Sequence[Scope], asked: _Asked, known: Mapping[str, tuple[int, Found]]
) -> dict[str, tuple[int, Found]]:
    """What is missing of flow, from the facts: one read, cut into parts."""
    metrics = asked.family("flow")
    if not scopes or not metrics:
        return {}
    whole, gaps = columns.load(_whole(scopes), asked.as_of), columns.gaps(scopes)
    found = {}
    for scope in scopes:
        part = of_scope(whole, scope, gaps[scope.text])
        wanted = [(w, one) for w in asked.windows for one in metrics if (w, one.key) not in known[scope.text][1]]
        day = asked.as_of.astimezone(scope.zone).date()
        midnight = columns.same_until(columns.OPEN, whole.as_of, {scope.zone})
        figures = {(window, one.key): one.formula(part, window, day) for window, one in wanted}
        found[scope.text] = (min(whole.same_until, midnight), figures)
    return found


def _delivery(scopes: Sequence[Scope], asked: _Asked) -> dict[str, tuple[int, Found]]:
    """The figures of delivery: one read for all windows."""
    metrics = asked.family("delivery")
    if not metrics:
        return {}
    reach = Window(min(window.first for window in asked.windows), max(window.last for window in asked.windows))
    found = {}
    parts = delivery_columns.load_parts(scopes, reach, asked.as_of)
    for scope in scopes:
        part, day = parts[scope.text], asked.as_of.astimezone(scope.zone).date()
        figures = {(w, one.key): one.formula(part, w, day) for w in asked.windows for one in metrics}
        found[scope.text] = (part.same_until, figures)
    return found
