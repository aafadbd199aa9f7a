"""Histories of deployments for the tests of delivery, written as text and loaded as rows."""

from datetime import UTC, date, datetime
from typing import Literal

from metrics import load
from metrics.columns import delivery as columns
from metrics.delivery import derive_changes
from metrics.formulas.dora import DELIVERY
from metrics.measurement import Measurement, Window
from metrics.models import Change, Source
from metrics.rows import CommitRow, DeploymentRow, IncidentRow, PullRequestRow, Row
from portfolio.models import Service, Team
from portfolio.queries import Scope
from tests.metrics import cast
from tests.metrics.cast import at

JUNE = Window(date(2025, 6, 1), date(2025, 6, 30))
Method = Literal["", "merge", "squash", "rebase"]
LATER = datetime(2025, 8, 1, tzinfo=UTC)

# a trunk of six commits, one a day at 8
TRUNK = """
c1 1 8
c2 2 8 c1
c3 3 8 c2
c4 4 8 c3
c5 5 8 c4
c6 6 8 c5
"""

HOUR, DAY = 3600, 86400


def service(owner: Team, slug: str = "shop") -> Service:
    return Service.objects.create(slug=slug, name=slug.title(), team=owner)


def source(owner: Team, of: Service, slug: str = "repo", **fields: object) -> Source:
    return cast.source(owner, slug, service=of, **fields)


def commits(text: str) -> list[Row]:
    """A line per commit: `sha day hour parent,parent`; a day is one of June 2025, authored and committed then."""
    rows: list[Row] = []
    for line in text.strip().splitlines():
        sha, day, hour, *parents = line.split()
        when = at(f"2025-06-{int(day):02} {int(hour):02}:00")
        rows.append(CommitRow(sha, when, when, tuple(parents[0].split(",")) if parents else ()))
    return rows


def run(name: str, sha: str, finished: str, environment: str = "production", **fields: object) -> DeploymentRow:
    """A deployment that finished at `06-03 10:00` of 2025."""
    when = at(f"2025-{finished}")
    values: dict[str, object] = {"is_production": environment.startswith("production"), "status": "success", **fields}
    return DeploymentRow(name, sha, sha, environment, started_at=when, finished_at=when, **values)  # type: ignore[arg-type]


def incident(name: str, started: str, resolved: str = "", **fields: object) -> IncidentRow:
    end = at(f"2025-{resolved}") if resolved else None
    return IncidentRow(name, name, "", at(f"2025-{started}"), end, **fields)  # type: ignore[arg-type]


def pull(number: str, merge_sha: str, method: Method, commits: tuple[str, ...], **times: str) -> PullRequestRow:
    """A pull request; `times` are first_commit, opened, first_review, merged, as `06-03 10:00`."""
    known = {f"{name}_at": at(f"2025-{text}") for name, text in times.items()}
    names = ("opened_at", "first_commit_at", "first_review_at", "merged_at")
    values = {name: known.get(name) for name in names}
    return PullRequestRow(
        number,
        number,
        "",
        "",
        closed_at=None,
        merge_sha=merge_sha,
        merge_method=method,
        commits=commits,
        **values,  # type: ignore[arg-type]
    )


def deliver(into: Source, rows: list[Row]) -> None:
    """Load and derive, as a sync does."""
    result = load.upsert(into, rows)
    assert not result.rejected
    derive_changes(result.services)


def measure(key: str, owner: Team, window: Window = JUNE, as_of: datetime = LATER) -> Measurement:
    scope = Scope("team", owner.slug, owner.name, owner.zone, (owner.pk,))
    found: Measurement = DELIVERY[key].formula(columns.load(scope, window, as_of), window, as_of.date())
    return found


def deployed() -> dict[str, str]:
    """Commit → the deployment it came with."""
    return dict(Change.objects.values_list("commit__external_id", "deployment__external_id"))
