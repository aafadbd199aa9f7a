"""What connectors hand over: one NamedTuple per kind of fact. Imports nothing of ours.

All datetimes are aware. `external_id` is the tool's own lasting id of the thing, unique per source and kind; it is
what makes loading idempotent. A field that the tool does not know is None (or empty), never invented.
"""

from datetime import datetime
from typing import Literal, NamedTuple

State = Literal["backlog", "active", "waiting", "done", "removed"]
STATES: tuple[State, ...] = ("backlog", "active", "waiting", "done", "removed")


class StatusRow(NamedTuple):
    """A status of the tool's workflow. `hint` is the tool's own category, used until a person maps the status."""

    external_id: str
    name: str
    hint: State | None = None
    position: int | None = None


class WorkItemRow(NamedTuple):
    """A work item as the tool shows it now.

    `status` is the external id of its current status. `created_at` None: unknown, then the first event counts.
    `updated_at` decides between two deliveries: an older one never overwrites a newer one.
    `team` is a team's slug when the tool says whose item it is now; None: the source's team.
    """

    external_id: str
    key: str
    title: str = ""
    url: str = ""
    tool_type: str = ""
    status: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    team: str | None = None
    points: float | None = None
    labels: tuple[str, ...] = ()
    parent: str = ""
    class_of_service: str = ""


class TransitionRow(NamedTuple):
    """A move of an item between statuses. `from_status` None: the first record of an item whose past is unknown."""

    external_id: str
    item: str
    at: datetime
    from_status: str | None
    to_status: str


class TeamMoveRow(NamedTuple):
    """A move of an item between teams (slugs); None: the source's team."""

    external_id: str
    item: str
    at: datetime
    from_team: str | None
    to_team: str | None


class BlockRow(NamedTuple):
    """A time in which the tool said that an item was blocked. `to_at` None: still is."""

    external_id: str
    item: str
    from_at: datetime
    to_at: datetime | None
    reason: str = ""


class LinkRow(NamedTuple):
    """The tool says that an item waits for another: `needs` is that one's key, of this source or of another."""

    external_id: str
    item: str
    needs: str


class CommitRow(NamedTuple):
    """A commit. `external_id` is its full hash; `pull_request` the external id of the pull request it came with."""

    external_id: str
    authored_at: datetime
    committed_at: datetime
    parents: tuple[str, ...]
    pull_request: str | None = None
    is_bot: bool = False


class PullRequestRow(NamedTuple):
    """A pull (merge) request. `merge_sha` is the commit on the target branch that brought it in.

    `merge_method` says what that commit is: a merge commit, one squashed commit, or the last of rebased ones.
    `first_review_at` is the first review or comment by somebody else than the author (and no bot).
    """

    external_id: str
    number: str
    title: str
    url: str
    opened_at: datetime | None
    first_commit_at: datetime | None
    first_review_at: datetime | None
    merged_at: datetime | None
    closed_at: datetime | None
    merge_sha: str = ""
    merge_method: Literal["", "merge", "squash", "rebase"] = ""
    commits: tuple[str, ...] = ()
    is_bot: bool = False


class DeploymentRow(NamedTuple):
    """A run that brought a commit to an environment.

    `is_production` is the connection's rule, applied. `reached` says that the run started there: a deployment that
    failed before (in its tests, say) did not reach the environment and is no deployment. `is_unplanned`: the
    connection's rule for hotfix or rollback matched. `service` None: the source's service.
    """

    external_id: str
    sha: str
    ref: str
    environment: str
    is_production: bool
    status: Literal["success", "failure", "running", "cancelled"]
    started_at: datetime | None
    finished_at: datetime | None
    reached: bool = True
    is_unplanned: bool = False
    url: str = ""
    service: str | None = None


class IncidentRow(NamedTuple):
    """A failure that users felt. `deployment` and `fix` are external ids of deployments, when the tool knows them."""

    external_id: str
    title: str
    url: str
    started_at: datetime
    resolved_at: datetime | None
    deployment: str | None = None
    fix: str | None = None
    severity: str = ""
    service: str | None = None


Row = (
    StatusRow
    | WorkItemRow
    | TransitionRow
    | TeamMoveRow
    | BlockRow
    | LinkRow
    | CommitRow
    | PullRequestRow
    | DeploymentRow
    | IncidentRow
)
