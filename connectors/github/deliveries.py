"""Deployments, releases and workflow runs → deployments. All lists come newest first."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol

from connectors.github.api import PER_PAGE, Api
from connectors.github.issues import deployment_id
from connectors.github.payloads import (
    Deployment,
    DeploymentStatus,
    JobList,
    Release,
    Run,
    Tag,
    Workflow,
    WorkflowList,
)
from connectors.github.rules import Rules
from connectors.http import ETags, Response
from connectors.protocol import ConnectorError, Rejected
from metrics.rows import DeploymentRow

Status = Literal["success", "failure", "running", "cancelled"]
# An older one can still change: approvals wait up to 30 days, and runs can be repeated for as long.
CHANGES_FOR = timedelta(days=35)
OVERLAP = timedelta(minutes=5)
CHUNK = 25

ENDED: dict[str, Status] = {"success": "success", "failure": "failure", "error": "failure"}
STARTED = frozenset({"in_progress", "success", "inactive"})
CONCLUSIONS: dict[str, Status] = {
    "success": "success",
    "failure": "failure",
    "timed_out": "failure",
    "startup_failure": "failure",
    "cancelled": "cancelled",
}


class Part(NamedTuple):
    """Some deployments. `seen`: the newest change among them; `next`: where to go on when all of a page is stored."""

    rows: list[DeploymentRow]
    rejected: list[Rejected]
    seen: datetime | None
    next: str | None = None


class Kind(Protocol):
    """One kind of thing that is a deployment."""

    def address(self) -> str:
        """The list of them, newest first; empty: there is none."""

    def read(self, response: Response, after: datetime | None) -> Iterator[Part]:
        """The deployments of a page of the list that changed after `after`."""

    def oldest(self, response: Response) -> datetime | None:
        """When the last one of a page was created."""


def parts(api: Api, kind: Kind, after: datetime | None, address: str, etags: ETags) -> Iterator[Part]:
    """Everything that changed since `after` (None: everything), going on at `address`, if given."""
    start = address or kind.address()
    if not start:
        return
    since = after - OVERLAP if after else None
    for response in api.http.pages(start, etags=None if address else etags):
        if response.not_modified:
            return
        yield from kind.read(response, since)
        yield Part([], [], None, response.next)
        oldest = kind.oldest(response)
        if since and oldest and oldest < since - CHANGES_FOR:
            return


def kind_for(api: Api, rules: Rules) -> Kind | None:
    """What a deployment is by the settings; None: nothing."""
    match rules.deployment_source:
        case "deployments":
            return Deployments(api, rules)
        case "releases":
            return Releases(api, rules)
        case "workflow" if rules.workflow:
            return Runs(api, rules)
    return None


def _created(api: Api, response: Response, shape: Any, key: str = "") -> datetime | None:
    records, _ = api.list(response, shape, "", key)
    return min((record.created_at for record in records), default=None)


def course(statuses: Sequence[DeploymentStatus]) -> tuple[Status, datetime | None, datetime | None, bool]:
    """What a deployment's statuses say: how it stands, when it started and finished, whether it reached the place.

    “inactive” only says that a later one took its place. A failure before anything was in progress reached nothing.
    """
    status: Status = "running"
    started: datetime | None = None
    finished: datetime | None = None
    reached = False
    for step in sorted(statuses, key=lambda step: (step.created_at, step.id)):
        reached |= step.state in STARTED
        if step.state == "in_progress":
            started = started or step.created_at
        if step.state in ENDED:
            status, finished = ENDED[step.state], step.created_at
        elif step.state == "inactive" and finished is None:
            status, finished, reached = "cancelled", step.created_at, started is not None
        elif step.state in {"in_progress", "queued", "pending", "waiting"}:
            status, finished = "running", None
    return status, started, finished, reached


class Deployments:
    """Deployments with their statuses: one more request for each that changed."""

    def __init__(self, api: Api, rules: Rules) -> None:
        self._api, self._rules = api, rules

    def address(self) -> str:
        return self._api.path(f"deployments?per_page={PER_PAGE}")

    def oldest(self, response: Response) -> datetime | None:
        return _created(self._api, response, Deployment)

    def read(self, response: Response, after: datetime | None) -> Iterator[Part]:
        found, rejected = self._api.list(response, Deployment, "deployments")
        yield Part([], rejected, None)
        changed = [one for one in found if (after is None or one.updated_at > after) and not self._is_passing(one)]
        for start in range(0, len(changed), CHUNK):
            chunk = changed[start : start + CHUNK]
            yield self._chunk(chunk)

    def _is_passing(self, one: Deployment) -> bool:
        """Previews of pull requests come and go by the thousand; they are nobody's production."""
        return one.transient_environment and not self._rules.production_environments.matches(one.environment)

    def _chunk(self, chunk: Sequence[Deployment]) -> Part:
        addresses = [self._api.path("deployments", one.id, f"statuses?per_page={PER_PAGE}") for one in chunk]
        kinds = [f"statuses of deployment {one.id}" for one in chunk]
        rows: list[DeploymentRow] = []
        rejected: list[Rejected] = []
        for one, statuses in zip(chunk, self._api.each(addresses, DeploymentStatus, kinds), strict=True):
            rejected += statuses.rejected
            if statuses.found is not None:
                rows.append(self._row(one, statuses.found))
        return Part(rows, rejected, max(one.updated_at for one in chunk))

    def _row(self, one: Deployment, statuses: Sequence[DeploymentStatus]) -> DeploymentRow:
        status, started, finished, reached = course(statuses)
        urls = [step.log_url or step.target_url or "" for step in statuses]
        return DeploymentRow(
            external_id=deployment_id("deployments", one.id),
            sha=one.sha,
            ref=one.ref,
            environment=one.environment,
            is_production=self._rules.production_environments.matches(one.environment),
            status=status,
            started_at=started or one.created_at,
            finished_at=finished,
            reached=reached,
            is_unplanned=self._rules.hotfixes.any_of((one.ref, one.task, one.description)),
            # Whoever reports a status writes its address: only one of the web becomes a link.
            url=next((url for url in urls if url.lower().startswith(("https://", "http://"))), ""),
        )


class Releases:
    """Published releases: the tag's commit, deployed when it was published."""

    def __init__(self, api: Api, rules: Rules) -> None:
        self._api, self._rules = api, rules
        self._tags: dict[str, str] = {}

    def address(self) -> str:
        return self._api.path(f"releases?per_page={PER_PAGE}")

    def oldest(self, response: Response) -> datetime | None:
        return _created(self._api, response, Release)

    def read(self, response: Response, after: datetime | None) -> Iterator[Part]:
        found, rejected = self._api.list(response, Release, "releases")
        rows: list[DeploymentRow] = []
        published = [one for one in found if not one.draft and one.published_at is not None]
        fresh = [one for one in published if after is None or (one.published_at or one.created_at) > after]
        for one in fresh:
            sha = self._sha(one.tag_name)
            if sha:
                rows.append(self._row(one, sha))
            else:
                rejected.append(Rejected(f"release {one.tag_name}", "Its tag is not there any more."))
        yield Part(rows, rejected, max((one.published_at or one.created_at for one in fresh), default=None))

    def _sha(self, tag: str) -> str:
        """The commit of a tag: a release names only the branch that it may have come from."""
        if tag not in self._tags:
            tags = self._api.all(self._api.path("tags"), Tag, "tags")
            self._tags = {known.name: known.commit.sha for known in tags}
            self._tags.setdefault(tag, "")
        return self._tags[tag]

    def _row(self, one: Release, sha: str) -> DeploymentRow:
        return DeploymentRow(
            external_id=deployment_id("releases", one.tag_name),
            sha=sha,
            ref=one.tag_name,
            environment="prerelease" if one.prerelease else "release",
            is_production=not one.prerelease and self._rules.release_tags.matches(one.tag_name),
            status="success",
            started_at=None,
            finished_at=one.published_at,
            is_unplanned=self._rules.hotfixes.any_of((one.tag_name, one.name)),
            url=one.html_url,
        )


class Runs:
    """Runs of one workflow. Runs that were skipped are none."""

    def __init__(self, api: Api, rules: Rules) -> None:
        self._api, self._rules = api, rules

    def workflow(self) -> Workflow:
        """The workflow of the settings, by its file or name. Raises ConnectorError."""
        wanted = self._rules.workflow.lower()
        known = self._known()
        for one in known:
            if wanted in {one.name.lower(), one.path.lower(), one.path.rpartition("/")[2].lower(), str(one.id)}:
                return one
        names = ", ".join(f"“{one.name}”" for one in known) or "none"
        message = f"The repository has no workflow “{self._rules.workflow}”; it has: {names}."
        raise ConnectorError(message, permanent=True, field="workflow")

    def _known(self) -> list[Workflow]:
        pages = self._api.http.pages(self._api.path("actions/workflows"), {"per_page": PER_PAGE})
        return [one for response in pages for one in response.decode(WorkflowList).workflows]

    def address(self) -> str:
        return self._api.path("actions/workflows", self.workflow().id, f"runs?per_page={PER_PAGE}")

    def oldest(self, response: Response) -> datetime | None:
        return _created(self._api, response, Run, "workflow_runs")

    def read(self, response: Response, after: datetime | None) -> Iterator[Part]:
        found, rejected = self._api.list(response, Run, "workflow runs", "workflow_runs")
        fresh = [one for one in found if after is None or one.updated_at > after]
        made = [self._row(one) for one in fresh if one.conclusion is None or one.conclusion in CONCLUSIONS]
        yield Part(made, rejected, max((one.updated_at for one in fresh), default=None))

    def _row(self, one: Run) -> DeploymentRow:
        status: Status = CONCLUSIONS[one.conclusion] if one.conclusion else "running"
        branch = one.head_branch or ""
        return DeploymentRow(
            external_id=deployment_id("workflow", one.id),
            sha=one.head_sha,
            ref=branch,
            environment=one.name or self._rules.workflow,
            is_production=self._rules.workflow_branches.matches(branch),
            status=status,
            started_at=one.run_started_at or one.created_at,
            finished_at=one.updated_at if one.conclusion else None,
            reached=self._reached(one, status),
            is_unplanned=self._rules.hotfixes.any_of((branch, one.display_title)),
            url=one.html_url,
        )

    def _reached(self, one: Run, status: Status) -> bool:
        """Whether the run started to deploy; without a job named in the settings, every failed run counts."""
        if status in {"success", "running"} or one.conclusion == "startup_failure":
            return status != "failure"
        if not self._rules.workflow_job:
            return status == "failure"
        jobs = self._api.maybe(self._api.path("actions/runs", one.id, f"jobs?per_page={PER_PAGE}"), JobList)
        wanted = self._rules.workflow_job.lower()
        ours = [job for job in (jobs.jobs if jobs else []) if job.name.lower() == wanted]
        return any(job.started_at is not None and job.conclusion != "skipped" for job in ours)
