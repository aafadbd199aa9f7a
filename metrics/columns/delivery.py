"""Deployments, incidents and changes of a scope as NumPy columns: one read per table.

Only what had happened by `as_of` is in them: figures are those of a portal that holds only the events up to then.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Case, F, FloatField, Func, Q, When
from django.db.models.expressions import Combinable
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
from metrics.columns.zones import local_day, local_days
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
    zones = {pk: ZoneInfo(name) for pk, name in found}
    services = sorted(zones)
    deployments = _deployments(zones, window, as_of)
    fed = Source.objects.filter(service__in=services)
    return DeliveryColumns(
        day_at=local_day(as_of, scope.zone),
        whole_day=local_day(as_of + timedelta(microseconds=1), scope.zone) - 1,
        has_source=bool(len(deployments.ids)) or fed.exists() or _any_deployment(services),
        deployments=deployments,
        incidents=_incidents(services, as_of),
        changes=_changes(zones, window, as_of),
    )


def _any_deployment(services: Sequence[int]) -> bool:
    return Deployment.objects.filter(service__in=services, is_production=True).exists()


def _span(zones: Mapping[int, ZoneInfo], window: Window) -> tuple[datetime, datetime]:
    """The instants between which the window's days lie, in whichever of the zones."""
    one = timedelta(days=1)
    every = set(zones.values()) or {ZoneInfo("UTC")}
    return (
        min(datetime.combine(window.first, time(), zone) for zone in every),
        max(datetime.combine(window.last + one, time(), zone) for zone in every),
    )


def _columns(rows: Sequence[Sequence[Any]], kinds: str) -> list[Any]:
    """Rows as columns; `kinds` has a letter for each: i int64 (None: NONE), f float64 (None: NaN), b bool, o list."""
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else list(repeat((), len(kinds)))
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


def _days(seconds: Floats, service: Ints, zones: Mapping[int, ZoneInfo]) -> Ints:
    """Day numbers of instants, each in the zone of its service's team."""
    micros = np.round(seconds * 1e6).astype(np.int64)
    days = np.zeros(len(seconds), dtype=np.int64)
    names = {pk: zone.key for pk, zone in zones.items()}
    for zone in set(zones.values()):
        here = np.isin(service, [pk for pk, name in names.items() if name == zone.key])
        days[here] = local_days(micros[here], zone)
    return days


def _numbers(*columns: Sequence[Any]) -> Ints:
    """The same number for the same combination of values, numbered by first appearance."""
    numbers: dict[tuple[Any, ...], int] = {}
    rows = zip(*columns, strict=True)
    return np.array([numbers.setdefault(row, len(numbers)) for row in rows], dtype=np.int64)


def _known(name: str, as_of: datetime) -> Combinable:
    """The seconds of an instant that has come by `as_of`, else null."""
    return Case(When(**{f"{name}__lte": as_of}, then=_Seconds(F(name))), output_field=FloatField())


def _deployments(zones: Mapping[int, ZoneInfo], window: Window, as_of: datetime) -> DeploymentColumns:
    start, _ = _span(zones, window)
    rows = (
        Deployment.objects.filter(service__in=list(zones))
        .annotate(finish=Coalesce("finished_at", "started_at"), undone_at=_undone_at(as_of))
        .filter(finish__gte=start, finish__lte=as_of)
        .order_by("finish", "external_id", "pk")
        .values_list(
            "pk",
            "service_id",
            "environment",
            _Seconds("finish"),
            "is_production",
            "status",
            "reached",
            "is_unplanned",
            "rollback__undone_id",
            "undone_at",
        )
    )
    ids, service, environment, finished, production, status, reached, unplanned, undoes, undone_at = _columns(
        list(rows), "iiofbobbif"
    )
    success = np.array([one == "success" for one in status], dtype=np.bool_)
    failure = np.array([one == "failure" for one in status], dtype=np.bool_)
    return DeploymentColumns(
        ids=ids,
        service=service,
        place=_numbers(service, environment),
        finished=finished,
        day=_days(finished, service, zones),
        is_production=production,
        is_over=success | failure,
        success=success,
        reached=success | (failure & reached),
        unplanned=unplanned,
        is_rollback=undoes != NONE,
        undone_at=undone_at,
    )


def _undone_at(as_of: datetime) -> Combinable:
    """When this was rolled back: the finish of the deployment that did it."""
    by = "rolled_back_by__deployment__"
    finish = Coalesce(f"{by}finished_at", f"{by}started_at")
    unfinished = Q(**{f"{by}finished_at": None, f"{by}started_at__lte": as_of})
    known = Q(**{f"{by}finished_at__lte": as_of}) | unfinished
    return Case(When(known, then=_Seconds(finish)), output_field=FloatField())


def _incidents(services: Sequence[int], as_of: datetime) -> IncidentColumns:
    rows = list(
        Incident.objects.filter(service__in=services, started_at__lte=as_of)
        .order_by("started_at", "pk")
        .values_list(
            "pk",
            "service_id",
            "source_id",
            _Seconds("started_at"),
            _known("resolved_at", as_of),
            "source__incident_window_hours",
            "deployment",
            "fix",
        )
    )
    ids, service, source, started, resolved, hours, deployment, fix = _columns(rows, "iioffioo")
    found = _named(services, {name for name in (*deployment, *fix) if name}, as_of)
    return IncidentColumns(
        ids=ids,
        service=service,
        started=started,
        resolved=resolved,
        reach=hours.astype(np.float64) * 3600,
        deployment=_resolve(deployment, source, service, found),
        fix=_resolve(fix, source, service, found),
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


def _resolve(names: Sequence[str | None], sources: Sequence[int], services: Ints, found: Named) -> Ints:
    ids = [
        found.get(("source", source, name or ""), found.get(("service", int(service), name or ""), NONE))
        for name, source, service in zip(names, sources, services, strict=True)
    ]
    return np.array(ids, dtype=np.int64)


def _changes(zones: Mapping[int, ZoneInfo], window: Window, as_of: datetime) -> ChangeColumns:
    start, end = _span(zones, window)
    rows = (
        Change.objects.filter(service__in=list(zones), deployed_at__gte=start, deployed_at__lt=end)
        .filter(deployed_at__lte=as_of)
        .order_by("deployed_at", "pk")
        .values_list(
            "pk",
            "service_id",
            "pull_request_id",
            _Seconds("authored_at"),
            _Seconds("deployed_at"),
            *(
                _known(f"pull_request__{name}_at", as_of)
                for name in ("first_commit", "opened", "first_review", "merged")
            ),
        )
    )
    ids, service, pull, authored, deployed, *stages = _columns(list(rows), "iiiffffff")
    return ChangeColumns(ids, pull, _days(deployed, service, zones), authored, deployed, *stages)
