"""The settings of a GitHub connection, understood: its fields, and what matches which rule."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from connectors.protocol import ConnectorError, Field
from metrics.rows import State

CLOUD = "https://api.github.com"

FIELDS = (
    Field("url", "Address", "url", default=CLOUD, help="Leave as it is for github.com; else the address of yours."),
    Field("repository", "Repository", required=True, help="As owner/name. One repository per source."),
    Field("token", "Token", "secret", help="Read access is enough; without one only public repositories, slowly."),
    Field("work_items", "Issues are work items", "bool", default="1", help="Off when the work is planned elsewhere."),
    Field(
        "status_labels",
        "Status labels",
        "pattern",
        default="status: *, status:*, status/*",
        help="Labels that say where an issue stands, in the order of the work. Comma between patterns, * for any text.",
    ),
    Field("project", "Project number", "number", help="Take the status from this project's board, not from labels."),
    Field("blocked_labels", "Blocked labels", "pattern", default="blocked*", help="While one is on, it is blocked."),
    Field(
        "type_labels",
        "Type labels",
        "pattern",
        default="type: *, type:*, type/*, kind/*, bug, enhancement, feature",
        help="Labels that say what kind of work it is, for issues without an issue type.",
    ),
    Field("incident_labels", "Incident labels", "pattern", default="incident", help="Issues with one are incidents."),
    Field(
        "deployment_source",
        "A deployment is",
        "choice",
        default="deployments",
        choices=(
            ("deployments", "a deployment on GitHub"),
            ("releases", "a published release"),
            ("workflow", "a run of a workflow"),
            ("none", "not recorded here"),
        ),
    ),
    Field(
        "production_environments",
        "Production environments",
        "pattern",
        default="production, prod",
        help="For deployments. Empty: none is production.",
    ),
    Field("release_tags", "Release tags", "pattern", default="v*", help="For releases: tags that went to production."),
    Field("workflow", "Workflow", help="For workflow runs: its name or file, such as deploy.yml."),
    Field("workflow_branches", "Workflow branches", "pattern", default="main, master", help="Runs on these count."),
    Field(
        "workflow_job",
        "Deploying job",
        help="The job that deploys: a run that failed before it started did not reach production.",
    ),
    Field(
        "hotfixes",
        "Hotfixes",
        "pattern",
        default="hotfix*, rollback*, revert*",
        help="Deployments whose branch, tag, task or title matches are unplanned.",
    ),
    Field("branches", "Further branches", "pattern", help="Release branches, say. The default branch is always read."),
    Field("ca_file", "Certificate authority", "path", help="A file, when your company signs its own certificates."),
)

# What a label or board column of such a name most likely is, until a person says; any other is left open.
HINTS: Mapping[str, State] = {
    **dict.fromkeys(("backlog", "todo", "to do", "triage", "new", "icebox", "no status"), "backlog"),
    **dict.fromkeys(("in progress", "doing", "in development"), "active"),
    **dict.fromkeys(("blocked", "waiting", "on hold", "paused"), "waiting"),
    **dict.fromkeys(("done", "closed", "released", "shipped"), "done"),
}


@dataclass(frozen=True, slots=True)
class Patterns:
    """Comma-separated patterns with *; upper and lower case are the same. None matches nothing."""

    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Patterns":
        return cls(tuple(part.strip().lower() for part in text.split(",") if part.strip()))

    def matches(self, text: str) -> bool:
        return self.place(text) is not None

    def place(self, text: str) -> int | None:
        """Which pattern matches first, from 0."""
        return next((n for n, part in enumerate(self.parts) if fnmatchcase(text.lower(), part)), None)

    def any_of(self, texts: Iterable[str | None]) -> bool:
        return any(self.matches(text) for text in texts if text)


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of one connection."""

    api: str
    graphql: str
    repository: str
    token: str
    work_items: bool
    status_labels: Patterns
    project: int | None
    blocked_labels: Patterns
    type_labels: Patterns
    incident_labels: Patterns
    deployment_source: str
    production_environments: Patterns
    release_tags: Patterns
    workflow: str
    workflow_branches: Patterns
    workflow_job: str
    hotfixes: Patterns
    branches: Patterns
    ca_file: str

    @property
    def short_name(self) -> str:
        return self.repository.split("/")[1]

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "Rules":
        """Raises ConnectorError on a setting that cannot be used, naming it."""
        values = {field.name: settings.get(field.name, field.default).strip() for field in FIELDS}
        patterns = {field.name: Patterns.of(values[field.name]) for field in FIELDS if field.kind == "pattern"}
        api, graphql = addresses(values["url"] or CLOUD)
        return cls(
            api=api,
            graphql=graphql,
            repository=_repository(values["repository"]),
            token=values["token"],
            work_items=values["work_items"].lower() in {"1", "true", "yes", "on"},
            project=_project(values["project"]),
            deployment_source=values["deployment_source"],
            workflow=values["workflow"],
            workflow_job=values["workflow_job"],
            ca_file=values["ca_file"],
            **patterns,
        )


def addresses(url: str) -> tuple[str, str]:
    """The REST and GraphQL addresses for what a person typed: github.com, a *.ghe.com tenant, or an own server."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    host = parts.netloc
    if host in {"github.com", "www.github.com", "api.github.com"}:
        return CLOUD, f"{CLOUD}/graphql"
    if host.endswith(".ghe.com"):
        tenant = f"https://{host}" if host.startswith("api.") else f"https://api.{host}"
        return tenant, f"{tenant}/graphql"
    own = f"{parts.scheme}://{host}" + parts.path.split("/api/")[0].rstrip("/")
    return f"{own}/api/v3", f"{own}/api/graphql"


def _repository(text: str) -> str:
    """owner/name, also out of a pasted address."""
    found = re.fullmatch(r"(?:https?://[^/]+/|git@[^:]+:)?([\w.-]+/[\w.-]+?)(?:\.git)?/?", text)
    if not found:
        raise ConnectorError("Give the repository as owner/name.", permanent=True, field="repository")
    return found[1]


def _project(text: str) -> int | None:
    if text and not text.isdigit():
        message = "Give the project's number: the last part of its address."
        raise ConnectorError(message, permanent=True, field="project")
    return int(text) if text else None


def hint(name: str) -> State | None:
    """What a status of this name most likely is; its prefix (“status: ”) does not count."""
    return HINTS.get(last_part(name).lower())


def last_part(name: str) -> str:
    """“status: in progress” → “in progress”."""
    return re.split(r"[:/]", name)[-1].strip() or name.strip()
