"""What the lists and the explanation of a figure show: rows of a scope, and the evidence behind a value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import F, OrderBy, QuerySet
from django.urls import reverse

from metrics.forms import Asked
from metrics.measurement import Evidence, Measurement, Metric, recomputed
from metrics.models import Change, Deployment, Incident, ItemFlow, PullRequest, WorkItem
from metrics.queries import measure


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: how it is called, which template renders its rows, and its CSV's head and cells."""

    name: str
    title: str
    noun: str
    template: str
    head: tuple[str, ...]
    row: Callable[[Any], Sequence[object]]


def _last(name: str) -> OrderBy:
    """The latest first, what has no such time last."""
    return F(name).desc(nulls_last=True)


def items(asked: Asked) -> QuerySet[ItemFlow]:
    """The items that the scope's teams hold now, deleted ones left out."""
    rows = ItemFlow.objects.filter(team__in=asked.scope.teams, item__deleted_at=None)
    return rows.select_related("item", "team", "status").order_by(_last("finished_at"), _last("started_at"), "item_id")


def _item_row(row: ItemFlow) -> Sequence[object]:
    item = row.item
    status = row.status.name if row.status else ""
    times = (row.created_at, row.started_at, row.finished_at)
    return (item.key, item.title, item.kind, row.team.name, status, row.state, *times, row.cycle_days, row.lead_days)


ITEMS = Listing(
    "items",
    "Work items",
    "item",
    "metrics/items.html",
    (
        "key", "title", "type", "team", "status", "state", "created", "started", "finished",
        "cycle time (days)", "lead time (days)",
    ),
    _item_row,
)  # fmt: skip


def pull_requests(asked: Asked) -> QuerySet[PullRequest]:
    """The pull requests of the sources of the scope's teams."""
    rows = PullRequest.objects.filter(source__team__in=asked.scope.teams)
    return rows.select_related("source").order_by(_last("opened_at"), "-pk")


def _pull_request_row(row: PullRequest) -> Sequence[object]:
    times = (row.first_commit_at, row.opened_at, row.first_review_at, row.merged_at, row.closed_at)
    return (row.number, row.title, row.source.name, *times, row.url)


PULL_REQUESTS = Listing(
    "pull-requests",
    "Pull requests",
    "pull request",
    "metrics/pull_requests.html",
    ("number", "title", "source", "first commit", "opened", "first review", "merged", "closed", "address"),
    _pull_request_row,
)


def deployments(asked: Asked) -> QuerySet[Deployment]:
    """The deployments of the services of the scope's teams."""
    rows = Deployment.objects.filter(service__team__in=asked.scope.teams)
    return rows.select_related("service", "source").order_by(_last("finished_at"), "-pk")


def _deployment_row(row: Deployment) -> Sequence[object]:
    place = "production" if row.is_production else "other"
    times = (row.started_at, row.finished_at)
    return (row.ref, row.sha, row.service.name, row.environment, place, row.status, row.is_unplanned, *times, row.url)


DEPLOYMENTS = Listing(
    "deployments",
    "Deployments",
    "deployment",
    "metrics/deployments.html",
    ("ref", "commit", "service", "environment", "kind", "result", "unplanned", "started", "finished", "address"),
    _deployment_row,
)


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A row behind a figure: what it is, whether it counts, by which rule, and what it adds (None when out)."""

    key: str
    title: str
    url: str
    included: bool
    rule: str
    value: float | None
    base: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A figure with its evidence. `recomputed` is the value made again from the included rows alone."""

    measurement: Measurement
    recomputed: float | int | None
    included: int
    excluded: int
    by_rule: Sequence[tuple[str, int]]
    order: Sequence[int]
    show: str

    @property
    def total(self) -> int:
        return len(self.order)

    @property
    def agrees(self) -> bool:
        return self.recomputed == self.measurement.value

    @property
    def value_label(self) -> str:
        evidence = self.measurement.evidence
        return (evidence.value_label if evidence else "") or self.measurement.unit

    @property
    def base_label(self) -> str:
        """What the rows of a ratio add below the line, or nothing."""
        return self.measurement.evidence.base_label if self.measurement.evidence else ""

    def lines(self, start: int, stop: int) -> list[EvidenceLine]:
        """Lines `start` (from 0) up to `stop`, in one query per kind of row."""
        evidence = self.measurement.evidence
        return _lines(evidence, self.order[start:stop]) if evidence else []


def explanation(metric: Metric, asked: Asked, now: datetime, show: str) -> Explanation:
    """Why the measure has its value: its rows. `show` is included, excluded or all."""
    found = measure(metric.key, asked.scope, asked.window, asked.as_of or now, asked.facets)
    evidence = found.evidence
    if evidence is None:
        return Explanation(found, None, 0, 0, [], [], show)
    wanted = {"included": evidence.included, "excluded": ~evidence.included}.get(show)
    order = np.arange(len(evidence.ids)) if wanted is None else np.flatnonzero(wanted)
    weights = np.where(evidence.included, evidence.values, 0)
    order = order[np.argsort(-weights[order], kind="stable")]
    counts = np.bincount(evidence.rule, minlength=len(evidence.rules))
    included = int(evidence.included.sum())
    return Explanation(
        measurement=found,
        recomputed=recomputed(metric, evidence) if included else found.value,
        included=included,
        excluded=len(evidence.ids) - included,
        by_rule=[(rule, int(count)) for rule, count in zip(evidence.rules, counts, strict=True) if count],
        order=order.tolist(),
        show=show,
    )


def _lines(evidence: Evidence, places: Sequence[int]) -> list[EvidenceLine]:
    known = _NAMES[evidence.model]([int(evidence.ids[place]) for place in places])
    lines = []
    for place in places:
        key, title, url = known.get(int(evidence.ids[place]), ("gone", "not in the database any more", ""))
        included = bool(evidence.included[place])
        value = float(evidence.values[place]) if included else None
        base = float(evidence.base[place]) if included and evidence.base is not None else None
        lines.append(EvidenceLine(key, title, url, included, evidence.rules[int(evidence.rule[place])], value, base))
    return lines


Names = Mapping[int, tuple[str, str, str]]


def _item_names(ids: Sequence[int]) -> Names:
    rows = WorkItem.objects.filter(pk__in=ids).values_list("pk", "key", "title")
    return {pk: (key, title, reverse("item", args=[pk])) for pk, key, title in rows}


def _deployment_names(ids: Sequence[int]) -> Names:
    rows = Deployment.objects.filter(pk__in=ids).select_related("service")
    return {row.pk: (row.ref or row.sha[:10], f"{row.service.name} to {row.environment}", row.url) for row in rows}


def _change_names(ids: Sequence[int]) -> Names:
    rows = Change.objects.filter(pk__in=ids).select_related("commit", "pull_request", "deployment__service")
    return {row.pk: _change_name(row) for row in rows}


def _change_name(row: Change) -> tuple[str, str, str]:
    into = f"in {row.deployment.ref or row.deployment.sha[:10]} of {row.deployment.service.name}"
    if row.pull_request:
        return f"#{row.pull_request.number}", f"{row.pull_request.title}, {into}", row.pull_request.url
    return row.commit.external_id[:10], into, ""


def _incident_names(ids: Sequence[int]) -> Names:
    rows = Incident.objects.filter(pk__in=ids).values_list("pk", "external_id", "title", "url")
    return {pk: (key, title, url) for pk, key, title, url in rows}


_NAMES: dict[str, Callable[[Sequence[int]], Names]] = {
    "item": _item_names,
    "deployment": _deployment_names,
    "change": _change_names,
    "incident": _incident_names,
}


FIGURE_HEAD = ("what", "at", "name", "value", "unit")


def figure_rows(found: Measurement) -> list[tuple[object, ...]]:
    """A figure as lines of FIGURE_HEAD: what the API gives as JSON, for spreadsheets."""
    rows: list[tuple[object, ...]] = [("value", None, found.reason, found.value, found.unit)]
    rows += [("percentile", None, p, value, found.unit) for p, value in found.percentiles.items()]
    rows += [("part", None, name, value, None) for name, value in found.parts.items()]
    for point in found.series:
        at = point.at.isoformat()
        if point.parts is None or point.value is not None:
            rows.append(("series", at, None, point.value, found.unit))
        rows += [("series", at, name, value, None) for name, value in (point.parts or {}).items()]
    return rows
