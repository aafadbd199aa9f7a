"""Deployments, incidents and changes of a scope as NumPy columns: one read per table.

Only what had happened by `as_of` is in them: figures are those of a portal that holds only the events up to then.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import FloatField, Func
from django.db.models.functions import Coalesce

from metrics.columns.delivery_shapes import (
    NONE,
    ChangeColumns,
    DeliveryColumns,
    DeploymentColumns,
    Floats,
    IncidentColumns,
    Ints,
)
from metrics.columns.zones import local_day, local_days, micros
from metrics.measurement import Window
from metrics.models import Change, Deployment, Incident, Source
from portfolio.models import Service
from portfolio.queries import Scope


class _Seconds(Func):
    """An instant as seconds since 1970."""

    template = "EXTRACT(EPOCH FROM %(expressions)s)::float8"
    output_field = FloatField()


def load(scope: Scope, window: Window, as_of: datetime) -> DeliveryColumns:
    """The scope's delivery facts for a window (whole days of each team) as at `as_of`."""
    found = Service.objects.filter(team__in=scope.teams).values_list("pk", "team__timezone")
    reader = _Reader({pk: ZoneInfo(name) for pk, name in found}, window, as_of)
    deployments = reader.deployments()
    return DeliveryColumns(
        day_at=local_day(as_of, scope.zone),
        whole_day=local_day(as_of + timedelta(microseconds=1), scope.zone) - 1,
        has_source=bool(len(deployments.ids)) or _has_source(reader.services),
        deployments=deployments,
        incidents=reader.incidents(),
        changes=reader.changes(),
        same_until=min([*reader.later, _midnight(as_of, scope.zone)]),
    )


def _midnight(as_of: datetime, zone: ZoneInfo) -> int:
    """The next one, in µs; an hour early, in case clocks change then."""
    day = as_of.astimezone(zone).date() + timedelta(days=1)
    return micros(datetime.combine(day, time(), zone) - timedelta(hours=1))


def _has_source(services: Sequence[int]) -> bool:
    delivered = Deployment.objects.filter(service__in=services, is_production=True)
    return Source.objects.filter(service__in=services).exists() or delivered.exists()


def _columns(rows: Iterable[Sequence[Any]], kinds: str) -> list[Any]:
    """Rows as columns; `kinds` has a letter for each: i int64 (None: NONE), f float64 (None: NaN), b bool, o list."""
    listed = list(rows)
    columns: Sequence[Sequence[Any]] = list(zip(*listed, strict=True)) if listed else list(repeat((), len(kinds)))
    return [_column(values, kind) for values, kind in zip(columns, kinds, strict=True)]


def _column(values: Sequence[Any], kind: str) -> Any:
    match kind:
        case "i":
            return np.array([NONE if value is None else value for value in values], dtype=np.int64)
        case "f":
            return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        case "b":
            return np.array(values, dtype=np.bool_)
    return list(values)


def _numbers(*columns: Sequence[Any]) -> Ints:
    """The same number for the same combination of values, numbered by first appearance."""
    numbers: dict[tuple[Any, ...], int] = {}
    rows = zip(*columns, strict=True)
    return np.array([numbers.setdefault(row, len(numbers)) for row in rows], dtype=np.int64)


class _Reader:
    """Reads a scope's facts as at an instant, and notes when the next of them will be (`later`, µs)."""

    def __init__(self, zones: Mapping[int, ZoneInfo], window: Window, as_of: datetime) -> None:
        self.zones, self.as_of = zones, as_of
        self.services = sorted(zones)
        every = set(zones.values()) or {ZoneInfo("UTC")}
        # The instants between which the window's days lie, in whichever of the zones.
        self.start = min(datetime.combine(window.first, time(), zone) for zone in every)
        self.end = max(datetime.combine(window.last + timedelta(days=1), time(), zone) for zone in every)
        self.later: list[int] = []

    def known(self, seconds: Floats) -> Floats:
        """NaN where it has not happened yet."""
        coming = seconds > self.as_of.timestamp()
        if coming.any():
            self.later.append(round(float(seconds[coming].min()) * 1e6))
        return np.where(coming, np.nan, seconds)

    def known_rows(self, columns: list[Any], at: int) -> list[Any]:
        """The rows whose instant in column `at` has come."""
        kept = np.flatnonzero(~np.isnan(self.known(columns[at])))
        return [
            [values[row] for row in kept] if isinstance(values, list) else np.asarray(values)[kept]
            for values in columns
        ]

    def days(self, seconds: Floats, service: Ints) -> Ints:
        """Day numbers of instants, each in the zone of its service's team."""
        days = np.zeros(len(seconds), dtype=np.int64)
        at = np.round(seconds * 1e6).astype(np.int64)
        for zone in set(self.zones.values()):
            here = np.isin(service, [pk for pk, one in self.zones.items() if one == zone])
            days[here] = local_days(at[here], zone)
        return days

    def deployments(self) -> DeploymentColumns:
        back = Coalesce("rolled_back_by__deployment__finished_at", "rolled_back_by__deployment__started_at")
        rows = (
            Deployment.objects.filter(service__in=self.services)
            .annotate(finish=Coalesce("finished_at", "started_at"))
            .filter(finish__gte=self.start)
            .order_by("finish", "external_id", "pk")
            .values_list(*_DEPLOYMENT, _Seconds("finish"), _Seconds(back))
        )
        found = self.known_rows(_columns(rows, "iiobobbiff"), at=8)
        ids, service, environment, production, status, reached, unplanned, undoes, finished, undone_at = found
        success = np.array([one == "success" for one in status], dtype=np.bool_)
        failure = np.array([one == "failure" for one in status], dtype=np.bool_)
        return DeploymentColumns(
            ids=ids,
            service=service,
            place=_numbers(service.tolist(), environment),
            finished=finished,
            day=self.days(finished, service),
            is_production=production,
            is_over=success | failure,
            success=success,
            reached=success | (failure & reached),
            unplanned=unplanned,
            is_rollback=undoes != NONE,
            undone_at=self.known(undone_at),
        )

    def incidents(self) -> IncidentColumns:
        rows = (
            Incident.objects.filter(service__in=self.services)
            .order_by("started_at", "external_id", "pk")
            .values_list(*_INCIDENT, _Seconds("started_at"), _Seconds("resolved_at"))
        )
        found = self.known_rows(_columns(rows, "iiiiooff"), at=6)
        ids, service, source, hours, deployment, fix, started, resolved = found
        named = _named(self.services, {name for name in (*deployment, *fix) if name}, self.as_of)
        return IncidentColumns(
            ids=ids,
            service=service,
            started=started,
            resolved=self.known(resolved),
            reach=hours * 3600.0,
            deployment=_resolve(deployment, source, service, named),
            fix=_resolve(fix, source, service, named),
        )

    def changes(self) -> ChangeColumns:
        rows = (
            Change.objects.filter(service__in=self.services, deployed_at__gte=self.start, deployed_at__lt=self.end)
            .order_by("deployed_at", "pk")
            .values_list("pk", "service_id", "pull_request_id", *map(_Seconds, _CHANGE_TIMES))
        )
        ids, service, pull, deployed, authored, *stages = self.known_rows(_columns(rows, "iiiffffff"), at=3)
        marks = [self.known(one) for one in stages]
        return ChangeColumns(ids, pull, self.days(deployed, service), authored, deployed, *marks)


_DEPLOYMENT = (
    "pk",
    "service_id",
    "environment",
    "is_production",
    "status",
    "reached",
    "is_unplanned",
    "rollback__undone_id",
)
_INCIDENT = ("pk", "service_id", "source_id", "source__incident_window_hours", "deployment", "fix")
_CHANGE_TIMES = (
    "deployed_at",
    "authored_at",
    "pull_request__first_commit_at",
    "pull_request__opened_at",
    "pull_request__first_review_at",
    "pull_request__merged_at",
)

Named = Mapping[tuple[str, int, str], int]


def _named(services: Sequence[int], names: set[str], as_of: datetime) -> Named:
    """Deployments by their external id: within a source, and, for ids of another tool, within a service."""
    rows = (
        Deployment.objects.filter(service__in=services, external_id__in=sorted(names))
        .annotate(finish=Coalesce("finished_at", "started_at"))
        .filter(finish__lte=as_of)
        .order_by("-pk")
        .values_list("pk", "source_id", "service_id", "external_id")
        if names
        else []
    )
    found: dict[tuple[str, int, str], int] = {}
    for pk, source, service, name in rows:
        found["source", source, name] = pk
        found["service", service, name] = pk
    return found


def _resolve(names: Sequence[str | None], sources: Ints, services: Ints, found: Named) -> Ints:
    ids = [
        found.get(("source", int(source), name or ""), found.get(("service", int(service), name or ""), NONE))
        for name, source, service in zip(names, sources, services, strict=True)
    ]
    return np.array(ids, dtype=np.int64)
