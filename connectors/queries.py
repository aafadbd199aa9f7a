"""What the pages of sources show. A page costs the same number of queries for one source and for many."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connectors.models import Rejection, SyncRun
from connectors.registry import CONNECTORS
from core.models import JobState
from metrics import quality
from metrics.columns import micros
from metrics.models import Source, Status, WorkItem
from metrics.rules import Freshness, freshness
from metrics.templatetags.measures import lasting
from portfolio.models import Team
from portfolio.rules import can

Viewer = User | AnonymousUser
OPEN = (JobState.QUEUED, JobState.RUNNING)


def sources(user: Viewer) -> QuerySet[Source]:
    """The sources of the teams that `user` may see."""
    visible = Source.objects.filter(team__in=Team.objects.for_user(user).order_by())
    return visible.select_related("team__stream", "service")


def source(user: Viewer, slug: str) -> Source | None:
    return sources(user).filter(slug=slug).first()


def _count(model: Any, **conditions: Any) -> Coalesce:
    rows = model.objects.filter(source=OuterRef("pk"), **conditions).order_by().values("source")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


@dataclass(frozen=True, slots=True)
class Line:
    """A source in the list."""

    source: Source
    label: str
    freshness: Freshness
    run: SyncRun | None
    items: int
    unmapped: int


def lines(user: Viewer) -> list[Line]:
    """All sources `user` may see, with their latest run."""
    latest = SyncRun.objects.filter(source=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    found = list(
        sources(user).annotate(
            latest_run=Subquery(latest),
            item_count=_count(WorkItem, deleted_at=None),
            unmapped_count=_count(Status, state=None),
        )
    )
    runs = SyncRun.objects.in_bulk([row.latest_run for row in found if row.latest_run])
    now = timezone.now()
    return [
        Line(
            row, tool_label(row.tool), freshness(row, now), runs.get(row.latest_run), row.item_count, row.unmapped_count
        )
        for row in found
    ]


@dataclass(frozen=True, slots=True)
class Tool:
    """A connector as pages name it."""

    tool: str
    label: str
    summary: str


def tools() -> list[Tool]:
    """The tools that can be connected; the demo's own is not offered."""
    return [Tool(c.tool, c.label, c.summary) for c in CONNECTORS.values() if c.tool != "demo"]


def tool(name: str) -> Tool:
    connector = CONNECTORS[name]
    return Tool(connector.tool, connector.label, connector.summary)


def tool_label(tool: str) -> str:
    return CONNECTORS[tool].label if tool in CONNECTORS else tool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `share` 0…1 or None when the tool does not say how much there is; `left` in words."""

    run: SyncRun
    share: float | None
    rate: float
    left: str
    is_over: bool
    took: str


def progress(run: SyncRun) -> Progress:
    """Counts, rate (records a second) and time left of a run."""
    end = run.finished_at or timezone.now()
    elapsed = max(0.001, (end - run.started_at).total_seconds()) if run.started_at else 0.0
    share = min(1.0, run.done / run.total) if run.total else None
    left = ""
    if share and 0.01 < share < 1 and not run.is_over:
        left = lasting(elapsed * (1 - share) / share)
    seconds = run_seconds(run)
    took = lasting(seconds) if seconds is not None else ""
    return Progress(run, share, run.read / elapsed if elapsed else 0.0, left, run.is_over, took)


def run_seconds(run: SyncRun) -> float | None:
    return (run.finished_at - run.started_at).total_seconds() if run.started_at and run.finished_at else None


def statuses(source: Source) -> list[Status]:
    """The workflow's statuses in order, each with how many items are in it now (`items`)."""
    return list(Status.objects.filter(source=source).annotate(items=_held(source)))


def _held(source: Source) -> Coalesce:
    rows = WorkItem.objects.filter(source=source, status=OuterRef("pk"), deleted_at=None).order_by().values("status")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


def tool_types(source: Source) -> list[Mapping[str, Any]]:
    """The tool's item types with how many items have each and what kind they count as."""
    rows = source.items.filter(deleted_at=None).values("tool_type", "kind").annotate(n=Count("pk"))
    return [row for row in rows.order_by("-n", "tool_type") if row["tool_type"]]


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in the table of a source's page."""

    run: SyncRun
    duration: str
    by: str


def run_line(run: SyncRun) -> RunLine:
    seconds = run_seconds(run)
    by = str(run.requested_by) if run.requested_by else "schedule"
    return RunLine(run, lasting(seconds) if seconds is not None else "", by)


FACTS = ("items", "pull_requests", "commits", "deployments", "incidents")


def facts(source: Source) -> list[tuple[str, int]]:
    """How many facts of each kind a source has brought; kinds it has none of are left out."""
    counted = [(name.replace("_", " "), getattr(source, name).count()) for name in FACTS]
    return [(name, count) for name, count in counted if count]


def shown_settings(source: Source) -> list[tuple[str, str]]:
    """Label and value of the settings that may be shown; of secrets only that they are set."""
    if source.tool not in CONNECTORS:
        return []
    lines = []
    for field in CONNECTORS[source.tool].fields:
        if field.kind == "secret":
            lines.append((field.label, "kept secret"))
        elif value := source.settings.get(field.name, ""):
            lines.append((field.label, dict(field.choices).get(value, "yes" if field.kind == "bool" else value)))
    return lines


def _rejected(stored: quality.Stored) -> quality.Found:
    """The newest rejection of each record, of the runs since everything was last read. `a` is the run."""
    if not stored.source.runs.exists():
        raise quality.NotChecked("no sync has run yet")
    rows = Rejection.objects.filter(source=stored.source).order_by("place", "-pk").distinct("place")
    listed = list(rows.values_list("pk", "run__created_at", "run"))
    columns = [np.array([row[n] for row in listed], dtype=np.int64) for n in (0, 2)]
    return quality.found(columns[0], np.array([micros(row[1]) for row in listed], dtype=np.int64), columns[1])


def _called_rejections(part: quality.Found) -> list[tuple[str, str, str, str]]:
    known = Rejection.objects.select_related("source").in_bulk(part.ids.tolist())
    rows = [known.get(pk) for pk in part.ids.tolist()]
    return [
        (row.place, row.reason, reverse("source-run", args=[row.source.slug, row.run_id]), "") if row else ("gone",) * 4
        for row in rows
    ]


# What only the runs of syncs know.
REJECTED = quality.Check(
    "rejected",
    "Records that could not be used",
    ("record", "records"),
    "Syncs rejected these records of the tool and stored everything else; a run keeps the first thousand.",
    "Mend what the reason names in the tool or the file, or change the settings; the next full sync tries again.",
    _rejected,
    lambda names, run, _: f"rejected by run {run}",
    place="runs",
    action="Read everything again",
    changes_figures=True,
    of_items=False,
    call=_called_rejections,
)


def inspected(source: Source) -> quality.Report:
    """The data quality of a source as it is stored now."""
    return quality.inspect(source, timezone.now(), [REJECTED])


def remedy_url(source: Source, check: quality.Check, user: Viewer) -> str:
    """Where the reader can act on what a check found, or nothing: in the tool, or somebody else can."""
    if not can(user, "manage_sources", source.team):
        return ""
    places = {
        "mapping": ("source-mapping", source.slug),
        "settings": ("source-settings", source.slug),
        "runs": ("source", source.slug),
        "calendar": ("calendar", source.team.calendar_id),
        "team": ("organisation_team", source.team.slug),
    }
    name, argument = places.get(check.place, ("", ""))
    return reverse(name, args=[argument]) if name else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding's line on the page: what the check says, and where to act."""

    result: quality.Result
    url: str


def shown_findings(report: quality.Report, user: Viewer) -> list[Shown]:
    return [Shown(result, remedy_url(report.source, result.check, user)) for result in report.findings]
