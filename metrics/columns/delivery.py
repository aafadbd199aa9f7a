"""Deployments, incidents and changes of a scope as NumPy columns: one read per table.

Only what had happened by `as_of` is in them: figures are those of a portal that holds only the events up to then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from itertools import repeat
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Exists, FloatField, Func, OuterRef
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

# Later than any instant that is known.
NEXT_NEVER = np.iinfo(np.int64).max
Columns = TypeVar("Columns", DeploymentColumns, ChangeColumns)


class _Seconds(Func):
    """An instant as seconds since 1970."""

    template = "EXTRACT(EPOCH FROM %(expressions)s)::float8"
    output_field = FloatField()


def load(scope: Scope, window: Window, as_of: datetime) -> DeliveryColumns:
    """The scope's delivery facts for a window (whole days of each team) as at `as_of`."""
    return load_parts([scope], window, as_of)[scope.text]


def load_parts(scopes: Sequence[Scope], window: Window, as_of: datetime) -> dict[str, DeliveryColumns]:
    """The delivery facts of many scopes by their text, in as many queries as of one; each as `load` gives them."""
    teams = {team for scope in scopes for team in scope.teams}
    found = list(Service.objects.filter(team__in=teams).values_list("pk", "team", "team__timezone"))
    reader = _Reader({pk: ZoneInfo(name) for pk, _, name in found}, window, as_of)
    read = reader.deployments(), reader.incidents(), reader.changes()
    fed = _fed(reader.services)
    of_team: dict[int, set[int]] = {}
    for pk, team, _ in found:
        of_team.setdefault(team, set()).add(pk)
    later = min([*reader.later, NEXT_NEVER])
    return {
        scope.text: _part(scope, {pk for team in scope.teams for pk in of_team.get(team, ())}, read, fed, as_of, later)
        for scope in scopes
    }


def _part(
    scope: Scope,
    services: set[int],
    read: "tuple[DeploymentColumns, _Incidents, ChangeColumns]",
    fed: set[int],
    as_of: datetime,
    later: int,
) -> DeliveryColumns:
    """The part of what was read that belongs to the services of a scope."""
    runs, incidents, changes = read
    own = np.array(sorted(services), dtype=np.int64)
    deployments = _rows_of(runs, own)
    return DeliveryColumns(
        day_at=local_day(as_of, scope.zone),
        whole_day=local_day(as_of + timedelta(microseconds=1), scope.zone) - 1,
        has_source=bool(len(deployments.ids)) or bool(services & fed),
        deployments=deployments,
        incidents=incidents.of(own),
        changes=_rows_of(changes, own),
        same_until=min(later, _midnight(as_of, scope.zone)),
    )


def _rows_of(columns: Columns, services: Ints) -> Columns:
    """The rows of some services; columns that cover nothing else are given as they are."""
    of_rows = columns.service
    kept = np.isin(of_rows if of_rows is not None else [], services)
    if kept.all():
        return columns
    chosen = {one.name: getattr(columns, one.name)[kept] for one in fields(columns)}
    return type(columns)(**chosen)


def _midnight(as_of: datetime, zone: ZoneInfo) -> int:
    """The next one, in µs; an hour early, in case clocks change then."""
    day = as_of.astimezone(zone).date() + timedelta(days=1)
    return micros(datetime.combine(day, time(), zone) - timedelta(hours=1))


def _fed(services: Sequence[int]) -> set[int]:
    """Which of the services have a source, or a production deployment that some source delivered."""
    delivered = Deployment.objects.filter(service=OuterRef("pk"), is_production=True)
    has_source = Source.objects.filter(service=OuterRef("pk"))
    found = Service.objects.filter(Exists(delivered) | Exists(has_source), pk__in=services)
    return set(found.values_list("pk", flat=True))


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

    def incidents(self) -> "_Incidents":
        rows = (
            Incident.objects.filter(service__in=self.services)
            .order_by("started_at", "external_id", "pk")
            .values_list(*_INCIDENT, _Seconds("started_at"), _Seconds("resolved_at"))
        )
        found = self.known_rows(_columns(rows, "iiiiooff"), at=6)
        resolved = self.known(found[7])
        names = {name for name in (*found[4], *found[5]) if name}
        return _Incidents([*found[:7], resolved], _named(self.services, names, self.as_of))

    def changes(self) -> ChangeColumns:
        rows = (
            Change.objects.filter(service__in=self.services, deployed_at__gte=self.start, deployed_at__lt=self.end)
            .order_by("deployed_at", "pk")
            .values_list("pk", "service_id", "pull_request_id", *map(_Seconds, _CHANGE_TIMES))
        )
        ids, service, pull, deployed, authored, *stages = self.known_rows(_columns(rows, "iiiffffff"), at=3)
        first_commit, opened, reviewed, merged = (self.known(one) for one in stages)
        day = self.days(deployed, service)
        return ChangeColumns(ids, pull, day, authored, deployed, first_commit, opened, reviewed, merged, service)


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

# Of deployments that incidents name: primary key, source, service, external id.
Named = Sequence[tuple[int, int, int, str]]


def _named(services: Sequence[int], names: set[str], as_of: datetime) -> Named:
    """Deployments by their external id, the newest first."""
    if not names:
        return []
    rows = (
        Deployment.objects.filter(service__in=services, external_id__in=sorted(names))
        .annotate(finish=Coalesce("finished_at", "started_at"))
        .filter(finish__lte=as_of)
        .order_by("-pk")
        .values_list("pk", "source_id", "service_id", "external_id")
    )
    return list(rows)


@dataclass(frozen=True, slots=True)
class _Incidents:
    """Incidents as read (id, service, source, hours, named deployment, named fix, started, resolved), and `named`."""

    columns: list[Any]
    named: Named

    def of(self, services: Ints) -> IncidentColumns:
        """Those of some services. They can name deployments of these services only."""
        kept = np.flatnonzero(np.isin(self.columns[1], services))
        ids, service, source, hours, started, resolved = (self.columns[at][kept] for at in (0, 1, 2, 3, 6, 7))
        names = [[self.columns[at][row] for row in kept.tolist()] for at in (4, 5)]
        known = _by_name(self.named, set(services.tolist()))
        deployment, fix = (_resolve(one, source, service, known) for one in names)
        return IncidentColumns(ids, service, started, resolved, hours * 3600.0, deployment, fix)


def _by_name(named: Named, services: set[int]) -> dict[tuple[str, int, str], int]:
    """Deployments of services by their external id: within a source, and, for ids of another tool, a service."""
    found: dict[tuple[str, int, str], int] = {}
    for pk, source, service, name in named:
        if service in services:
            found["source", source, name] = pk
            found["service", service, name] = pk
    return found


def _resolve(
    names: Sequence[str | None], sources: Ints, services: Ints, found: Mapping[tuple[str, int, str], int]
) -> Ints:
    ids = [
        found.get(("source", int(source), name or ""), found.get(("service", int(service), name or ""), NONE))
        for name, source, service in zip(names, sources, services, strict=True)
    ]
    return np.array(ids, dtype=np.int64)
