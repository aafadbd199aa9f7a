"""What the lists and the explanation of a figure show: rows of a scope, and the evidence behind a value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Case, DateTimeField, F, OrderBy, Q, QuerySet, When
from django.db.models.functions import Coalesce, Least
from django.urls import reverse

from metrics.forms import Asked, ItemFilter
from metrics.measurement import Evidence, Measurement, Metric, recomputed
from metrics.models import Change, Deployment, Incident, ItemFlow, PullRequest, WorkItem
from metrics.past import PastItems
from metrics.past import items as past_items
from metrics.queries import measure, only, takes_ranks


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
    """The items that the scope's teams hold or finished, as they are now; deleted ones left out."""
    rows = ItemFlow.objects.filter(team__in=asked.scope.teams, item__deleted_at=None)
    kinds, classes, labels = asked.facets
    wanted = {"item__kind__in": kinds, "item__class_of_service__in": classes, "item__labels__overlap": list(labels)}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return rows.select_related("item", "team", "status").order_by(_last("finished_at"), _last("started_at"), "item_id")


def items_then(asked: Asked, as_of: datetime, filters: ItemFilter) -> PastItems:
    """The same at a past as_of: the items that were there, each as it was; filtered and sorted as `filters` say."""
    filters.form.is_valid()
    return past_items(asked.scope, as_of, asked.facets, filters.form.cleaned_data)


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


def _by(name: str, at: datetime) -> Case:
    """An instant that has come by `at`, else nothing."""
    return Case(When(**{f"{name}__lte": at}, then=F(name)), output_field=DateTimeField())


def pull_requests(asked: Asked, now: datetime) -> QuerySet[PullRequest]:
    """The pull requests of the sources of the scope's teams that were there, and what had become of them.

    `reviewed`, `merged` and `closed` are None where that came later. When one was opened is not always known: then it
    was there by the first thing that happened to it.
    """
    at = asked.as_of or now
    rows = PullRequest.objects.filter(source__team__in=asked.scope.teams)
    rows = rows.annotate(
        there=Coalesce("opened_at", Least("first_review_at", "merged_at", "closed_at")),
        reviewed=_by("first_review_at", at),
        merged=_by("merged_at", at),
        closed=_by("closed_at", at),
    )
    # Of one without times nobody knows when it was: it is there today.
    rows = rows.filter(Q(there__lte=at) | Q(there=None)) if asked.as_of is None else rows.filter(there__lte=at)
    return rows.select_related("source").order_by(_last("opened_at"), "-pk")


def _pull_request_row(row: Any) -> Sequence[object]:
    times = (row.first_commit_at, row.opened_at, row.reviewed, row.merged, row.closed)
    return (row.number, row.title, row.source.name, *times, row.url)


PULL_REQUESTS = Listing(
    "pull-requests",
    "Pull requests",
    "pull request",
    "metrics/pull_requests.html",
    ("number", "title", "source", "first commit", "opened", "first review", "merged", "closed", "address"),
    _pull_request_row,
)


def deployments(asked: Asked, now: datetime) -> QuerySet[Deployment]:
    """The deployments of the services of the scope's teams that had finished (or begun, when they never finished)."""
    at = asked.as_of or now
    rows = Deployment.objects.filter(service__team__in=asked.scope.teams)
    rows = rows.annotate(finish=Coalesce("finished_at", "started_at"))
    # Of one without times nobody knows when it was: it is there today.
    rows = rows.filter(Q(finish__lte=at) | Q(finish=None)) if asked.as_of is None else rows.filter(finish__lte=at)
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
    # What the addresses of the rows take along.
    query: str = ""

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
        return _lines(evidence, self.order[start:stop], self.query) if evidence else []


def explanation(metric: Metric, asked: Asked, now: datetime, show: str) -> Explanation:
    """Why the measure has its value: its rows. `show` is included, excluded or all."""
    options = {"percentiles": asked.ranks} if takes_ranks(metric) else {}
    found = measure(metric.key, asked.scope, asked.window, asked.as_of or now, asked.facets, **options)
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
        measurement=only(found, asked.ranks),
        recomputed=recomputed(metric, evidence) if included else found.value,
        included=included,
        excluded=len(evidence.ids) - included,
        by_rule=[(rule, int(count)) for rule, count in zip(evidence.rules, counts, strict=True) if count],
        order=order.tolist(),
        show=show,
        query=asked.as_of_query,
    )


def _lines(evidence: Evidence, places: Sequence[int], query: str) -> list[EvidenceLine]:
    known = _NAMES[evidence.model]([int(evidence.ids[place]) for place in places])
    lines = []
    for place in places:
        key, title, url = known.get(int(evidence.ids[place]), ("gone", "not in the database any more", ""))
        url += query if evidence.model == "item" and url else ""
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


FIGURE_HEAD = ("what", "at", "name", "value", "unit", "partial")


def figure_rows(found: Measurement) -> list[tuple[object, ...]]:
    """A figure as lines of FIGURE_HEAD: what the API gives as JSON, for spreadsheets.

    `partial` marks a point whose week or iteration the window or the as-of time cuts.
    """
    rows: list[tuple[object, ...]] = [("value", None, found.reason, found.value, found.unit, None)]
    rows += [("percentile", None, p, value, found.unit, None) for p, value in found.percentiles.items()]
    rows += [("part", None, name, value, None, None) for name, value in found.parts.items()]
    for point in found.series:
        at, partial = point.at.isoformat(), "partial" if point.is_partial else None
        if point.parts is None or point.value is not None:
            rows.append(("series", at, None, point.value, found.unit, partial))
        rows += [("series", at, name, value, None, partial) for name, value in (point.parts or {}).items()]
    return rows
