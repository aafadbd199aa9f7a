"""The five delivery measures (docs/users/measures.md): pure functions of (columns, window, as_of_day, …options).

A deployment counts on the day it finished, in its team's zone; production deployments that reached production are the
whole that ratios are of. What is known later than the columns' `as_of` is not in the columns.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from metrics.columns.delivery_shapes import NONE, ChangeColumns, DeliveryColumns, Flags, Floats, Ints
from metrics.columns.zones import day_date, day_number
from metrics.formulas.stats import DRAWN, median
from metrics.formulas.stats import percentiles as ranks_of
from metrics.measurement import Evidence, Measurement, Metric, Number, Point, Window

STAGES = ("coding", "pickup", "review", "deploy")
NO_SOURCE = "no source delivers deployments to this scope"
NO_DEPLOYMENT = "no deployment in this window"

# 1970-01-01 was a Thursday.
WEEKDAY = 3

Reduce = Callable[[Floats], Number | None]


class Outcomes(NamedTuple):
    """Per deployment: whether it failed in its own run, was rolled back or is linked to an incident; all at once.

    `link`: per incident the position of its deployment, NONE where that is none of the columns'.
    """

    counts: Flags
    run_failed: Flags
    rolled_back: Flags
    incident: Flags
    link: Ints

    @property
    def failed(self) -> Flags:
        return self.counts & (self.run_failed | self.rolled_back | self.incident)


def share(values: Floats) -> Number | None:
    """Of zeros and ones: the share of ones."""
    return float(values.sum()) / len(values) if len(values) else None


def per_day(values: Floats) -> Number | None:
    """A deployment's value is the number of days of the window it lies in."""
    return len(values) / float(values[0]) if len(values) else 0.0


def _inside(day: Ints, window: Window) -> Flags:
    inside: Flags = (day >= day_number(window.first)) & (day <= day_number(window.last))
    return inside


def _weekly(columns: DeliveryColumns, window: Window, day: Ints, values: Floats, reduce: Reduce) -> list[Point]:
    """`reduce` of the values of each week with any; weeks that the window or `as_of` cuts are marked."""
    first, last = day_number(window.first), min(day_number(window.last), columns.whole_day)
    monday = day - (day + WEEKDAY) % 7
    points = []
    for week in np.unique(monday).tolist():
        is_partial = week < first or week + 6 > last
        points.append(Point(day_date(week), reduce(values[monday == week]), is_partial=is_partial))
    return points


# Outcomes of deployments


def outcomes(columns: DeliveryColumns) -> Outcomes:
    """What came of each deployment, as known at the columns' `as_of`."""
    runs = columns.deployments
    link = incident_links(columns)
    counts = runs.is_production & runs.reached
    hit = np.bincount(link[link != NONE], minlength=len(runs.ids)) > 0
    return Outcomes(counts, runs.is_over & ~runs.success, ~np.isnan(runs.undone_at), hit, link)


def incident_links(columns: DeliveryColumns) -> Ints:
    """Per incident the position of the deployment it belongs to: the named one, else the latest of its service that
    reached production before it, if that is not longer ago than the source allows; else NONE."""
    incidents = columns.incidents
    named = _positions(columns.deployments.ids, incidents.deployment)
    return np.where(incidents.deployment != NONE, named, _latest_before(columns))


def _positions(ids: Ints, wanted: Ints) -> Ints:
    """Where each of `wanted` is in `ids`; NONE where it is not."""
    if not len(ids):
        return np.full(len(wanted), NONE, dtype=np.int64)
    order = np.argsort(ids)
    place = order[np.minimum(np.searchsorted(ids[order], wanted), len(ids) - 1)]
    return np.where(ids[place] == wanted, place, NONE)


def _latest_before(columns: DeliveryColumns) -> Ints:
    runs, incidents = columns.deployments, columns.incidents
    link = np.full(len(incidents.ids), NONE, dtype=np.int64)
    counts = runs.is_production & runs.reached
    for service in np.unique(incidents.service):
        own = np.flatnonzero(counts & (runs.service == service))
        felt = np.flatnonzero(incidents.service == service)
        if not len(own):
            continue
        place = np.searchsorted(runs.finished[own], incidents.started[felt], side="right") - 1
        latest = own[np.maximum(place, 0)]
        near = incidents.started[felt] - runs.finished[latest] <= incidents.reach[felt]
        link[felt] = np.where((place >= 0) & near, latest, NONE)
    return link


def recovered_at(columns: DeliveryColumns, found: Outcomes) -> Floats:
    """Per deployment when it was resolved: the last of its incidents, or, without any, the next successful deployment
    of its service and environment; NaN: not yet."""
    runs = columns.deployments
    resolved = np.full(len(runs.ids), -np.inf)
    linked = found.link != NONE
    ends = columns.incidents.resolved[linked]
    np.maximum.at(resolved, found.link[linked], np.where(np.isnan(ends), np.inf, ends))
    resolved[np.isinf(resolved)] = np.nan
    return np.where(found.incident, resolved, _next_success(columns))


def _next_success(columns: DeliveryColumns) -> Floats:
    runs = columns.deployments
    after = np.full(len(runs.ids), np.nan)
    good = runs.is_production & runs.success
    for place in np.unique(runs.place):
        own = np.flatnonzero(runs.place == place)
        successes = np.flatnonzero(good & (runs.place == place))
        following = np.searchsorted(successes, own, side="right")
        has_one = following < len(successes)
        after[own[has_one]] = runs.finished[successes[following[has_one]]]
    return after


# Evidence

NOT_PRODUCTION, NOT_OVER, NOT_REACHED = "not in production", "not finished", "did not reach production"


def _of_deployments(
    columns: DeliveryColumns, window: Window, values: Floats, why: str, label: str, out: dict[str, Flags]
) -> Evidence:
    """The window's deployments: `values` of those that count, of the others the first rule they break."""
    runs = columns.deployments
    rules = {NOT_PRODUCTION: ~runs.is_production, NOT_OVER: ~runs.is_over, NOT_REACHED: ~runs.reached, **out}
    rule = np.zeros(len(runs.ids), dtype=np.int16)
    for number, broken in reversed(list(enumerate(rules.values(), 1))):
        rule[broken] = number
    inside = _inside(runs.day, window)
    included = (rule == 0)[inside]
    shown = np.where(included, values[inside], np.nan)
    return Evidence("deployment", runs.ids[inside], included, shown, rule[inside], (why, *rules), label)


def _missing(columns: DeliveryColumns, unit: str, reason: str, evidence: Evidence | None = None) -> Measurement:
    return Measurement(None, unit, reason=reason if columns.has_source else NO_SOURCE, evidence=evidence)


# The measures


def deployment_frequency(columns: DeliveryColumns, window: Window, as_of_day: date) -> Measurement:
    """Successful production deployments per day of the window (of those of its days that have begun by `as_of`)."""
    runs = columns.deployments
    first = day_number(window.first)
    days = min(day_number(window.last), columns.day_at) - first + 1
    if days < 1 or not columns.has_source:
        return _missing(columns, "per day", "the window begins after the as-of time")
    good = runs.is_production & runs.success
    values = np.full(len(runs.ids), float(days))
    evidence = _of_deployments(
        columns, window, values, "successful production deployment", "days of the window", {"failed": ~runs.success}
    )
    counts = np.bincount(runs.day[good & _inside(runs.day, window)] - first, minlength=days)
    n = int(counts.sum())
    parts = {
        "deployments": n,
        "per_day": n / days,
        "per_week": n * 7 / days,
        "share_of_days": int((counts > 0).sum()) / days,
    }
    series = [Point(day_date(first + number), count) for number, count in enumerate(counts.tolist())]
    return Measurement(n / days, "per day", n=n, parts=parts, series=series, evidence=evidence)


def change_lead_time(
    columns: DeliveryColumns, window: Window, as_of_day: date, *, percentiles: Iterable[int] = DRAWN
) -> Measurement:
    """Seconds from a change's authoring to the finish of its deployment: median over the changes of the window."""
    changes = columns.changes
    inside = _inside(changes.day, window)
    values = (changes.deployed - changes.authored)[inside]
    n = len(values)
    if not n:
        return _missing(columns, "seconds", "no change was deployed in this window")
    rule = np.zeros(n, dtype=np.int16)
    evidence = Evidence("change", changes.ids[inside], rule == 0, values, rule, ("deployed in the window",), "seconds")
    return Measurement(
        median(values),
        "seconds",
        n=n,
        percentiles=ranks_of(values, percentiles),
        parts=_stage_medians(changes, inside),
        series=_weekly(columns, window, changes.day[inside], values, median),
        evidence=evidence,
    )


def stages(changes: ChangeColumns) -> npt.NDArray[np.float64]:
    """float64[4, n]: seconds of coding, pickup, review and deploy of each change; NaN: n/a (negative, or not known)."""
    marks = np.array([changes.first_commit, changes.opened, changes.reviewed, changes.merged, changes.deployed])
    spans = np.diff(marks, axis=0)
    return np.where(spans >= 0, spans, np.nan)


def _stage_medians(changes: ChangeColumns, inside: Flags) -> dict[str, Number]:
    """Medians over the window's pull requests, each counted once, by its first change."""
    chosen = np.flatnonzero(inside & (changes.pull != NONE))
    _, once = np.unique(changes.pull[chosen], return_index=True)
    found = {}
    for name, spans in zip(STAGES, stages(changes)[:, chosen[once]], strict=True):
        value = median(spans[~np.isnan(spans)])
        if value is not None:
            found[name] = value
    return found


def _ratio(
    columns: DeliveryColumns, window: Window, hit: Flags, what: str, parts: Callable[[Flags], dict[str, Number]]
) -> Measurement:
    """The share of `hit` among the window's deployments that reached production."""
    runs = columns.deployments
    whole = runs.is_production & runs.reached & _inside(runs.day, window)
    values = hit.astype(np.float64)
    evidence = _of_deployments(columns, window, values, "deployment that reached production", f"1 if {what}", {})
    n = int(whole.sum())
    if not n:
        return _missing(columns, "ratio", NO_DEPLOYMENT, evidence)
    series = _weekly(columns, window, runs.day[whole], values[whole], share)
    return Measurement(share(values[whole]), "ratio", n=n, parts=parts(whole), series=series, evidence=evidence)


def change_fail_rate(columns: DeliveryColumns, window: Window, as_of_day: date) -> Measurement:
    """Failed ÷ all deployments that reached production."""
    found = outcomes(columns)

    def parts(whole: Flags) -> dict[str, Number]:
        return {
            "deployments": int(whole.sum()),
            "failed": int((found.failed & whole).sum()),
            "run_failed": int((found.run_failed & whole).sum()),
            "rolled_back": int((found.rolled_back & whole).sum()),
            "incident": int((found.incident & whole).sum()),
        }

    return _ratio(columns, window, found.failed, "failed", parts)


def failed_deployment_recovery_time(
    columns: DeliveryColumns, window: Window, as_of_day: date, *, percentiles: Iterable[int] = DRAWN
) -> Measurement:
    """Seconds from a failed deployment's finish to its resolution: median over the window's failed deployments."""
    runs = columns.deployments
    found = outcomes(columns)
    spans = recovered_at(columns, found) - runs.finished
    out = {
        "did not fail": ~found.failed,
        "not resolved yet": np.isnan(spans),
        "resolved before it finished": spans < 0,
    }
    evidence = _of_deployments(columns, window, spans, "failed and resolved", "seconds", out)
    values = evidence.values[evidence.included]
    if not len(values):
        reason = _why_no_recovery(columns, window, found)
        return _missing(columns, "seconds", reason, evidence)
    days = runs.day[_inside(runs.day, window)][evidence.included]
    series = _weekly(columns, window, days, values, median)
    parts: dict[str, Number] = {
        "failed": int((found.failed & _inside(runs.day, window)).sum()),
        "resolved": len(values),
    }
    return Measurement(
        median(values),
        "seconds",
        len(values),
        percentiles=ranks_of(values, percentiles),
        parts=parts,
        series=series,
        evidence=evidence,
    )


def _why_no_recovery(columns: DeliveryColumns, window: Window, found: Outcomes) -> str:
    inside = _inside(columns.deployments.day, window)
    if not (found.counts & inside).any():
        return NO_DEPLOYMENT
    if not (found.failed & inside).any():
        return "no deployment of this window failed"
    return "no failed deployment of this window is resolved yet"


def deployment_rework_rate(columns: DeliveryColumns, window: Window, as_of_day: date) -> Measurement:
    """Unplanned deployments (by rule, roll-backs, fixes of incidents) ÷ all that reached production."""
    runs, incidents = columns.deployments, columns.incidents
    fixes = _positions(runs.ids, incidents.fix)
    is_fix = np.bincount(fixes[fixes != NONE], minlength=len(runs.ids)) > 0
    rework = runs.is_production & runs.reached & (runs.unplanned | runs.is_rollback | is_fix)

    def parts(whole: Flags) -> dict[str, Number]:
        return {"deployments": int(whole.sum()), "rework": int((rework & whole).sum())}

    return _ratio(columns, window, rework, "rework", parts)


DELIVERY: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric(
            key="deployment_frequency",
            label="Deployment frequency",
            question="How often do we deliver to production?",
            unit="per day",
            family="delivery",
            formula=deployment_frequency,
            recompute=per_day,
            better="more",
            definition="Successful production deployments per day of the window, beside the share of days with one.",
        ),
        Metric(
            key="change_lead_time",
            label="Change lead time",
            question="How long does a change take from being written to production?",
            unit="seconds",
            family="delivery",
            formula=change_lead_time,
            recompute=median,
            better="less",
            definition=(
                "From authoring a commit (of a squashed pull request: its first) to the finish of the deployment that "
                "first brought it to production. Median over the changes deployed in the window; merge commits do not "
                "count, and tracking starts at a service's first known deployment."
            ),
        ),
        Metric(
            key="change_fail_rate",
            label="Change fail rate",
            question="How many deployments go wrong?",
            unit="ratio",
            family="delivery",
            formula=change_fail_rate,
            recompute=share,
            better="less",
            definition=(
                "Failed ÷ all deployments that reached production. A deployment fails if its own run failed after "
                "starting there, if it was rolled back, or if an incident is linked to it."
            ),
        ),
        Metric(
            key="failed_deployment_recovery_time",
            label="Failed deployment recovery time",
            question="How fast are we back when a deployment went wrong?",
            unit="seconds",
            family="delivery",
            formula=failed_deployment_recovery_time,
            recompute=median,
            better="less",
            definition=(
                "From a failed deployment's finish to the resolution of its incidents, or to the next successful "
                "deployment when there is no incident. Median over the failed deployments of the window."
            ),
        ),
        Metric(
            key="deployment_rework_rate",
            label="Deployment rework rate",
            question="How much of what we deploy is repair?",
            unit="ratio",
            family="delivery",
            formula=deployment_rework_rate,
            recompute=share,
            better="less",
            definition=(
                "Unplanned deployments (hotfixes by rule, roll-backs, fixes that an incident names) ÷ all deployments "
                "that reached production."
            ),
        ),
    )
}
