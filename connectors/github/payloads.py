"""What GitHub answers, as far as we read it (docs.github.com, REST API 2022-11-28). Unknown fields are ignored."""

from datetime import datetime

from msgspec import Struct


class User(Struct):
    """A person or a bot; deleted accounts come as null."""

    login: str = ""
    type: str = ""

    @property
    def is_bot(self) -> bool:
        return self.type == "Bot" or self.login.endswith("[bot]")


class Label(Struct):
    name: str = ""


class IssueType(Struct):
    name: str = ""


class PullLink(Struct):
    """What the list of issues says about one that is a pull request."""

    merged_at: datetime | None = None


class Dependencies(Struct):
    """How many issues one waits for, finished or not."""

    total_blocked_by: int = 0


class Issue(Struct):
    """An entry of the list of issues: an issue or (with `pull_request`) a pull request."""

    id: int
    number: int
    state: str
    created_at: datetime
    updated_at: datetime
    node_id: str = ""
    title: str = ""
    html_url: str = ""
    state_reason: str | None = None
    closed_at: datetime | None = None
    user: User | None = None
    labels: list[Label | str] = []
    type: IssueType | None = None
    body: str | None = None
    parent_issue_url: str | None = None
    repository_url: str = ""
    # Not every list of issues has it.
    issue_dependencies_summary: Dependencies | None = None
    pull_request: PullLink | None = None

    @property
    def label_names(self) -> tuple[str, ...]:
        return tuple(label if isinstance(label, str) else label.name for label in self.labels)


class PullRequest(Struct):
    merge_commit_sha: str | None = None


class Signature(Struct):
    """Who and when, in a commit."""

    name: str | None = None
    email: str | None = None
    date: datetime | None = None

    @property
    def is_bot(self) -> bool:
        return (self.name or "").endswith("[bot]") or "[bot]@" in (self.email or "")


class Parent(Struct):
    sha: str


class Comment(Struct):
    user: User | None = None
    created_at: datetime | None = None


class Event(Struct):
    """An entry of a timeline; which fields are filled depends on `event`."""

    event: str = ""
    id: int | str | None = None
    created_at: datetime | None = None
    submitted_at: datetime | None = None
    actor: User | None = None
    user: User | None = None
    label: Label | None = None
    state: str | None = None
    state_reason: str | None = None
    commit_id: str | None = None
    sha: str = ""
    author: Signature | None = None
    committer: Signature | None = None
    parents: list[Parent] = []
    comments: list[Comment] = []


class GitCommit(Struct):
    author: Signature | None = None
    committer: Signature | None = None


class Commit(Struct):
    """An entry of the list of commits. `author` is the account, `commit.author` the name in the commit."""

    sha: str
    commit: GitCommit
    author: User | None = None
    parents: list[Parent] = []


class Comparison(Struct):
    commits: list[Commit] = []


class RefObject(Struct):
    sha: str


class Ref(Struct):
    object: RefObject


class Branch(Struct):
    name: str
    commit: RefObject


class Tag(Struct):
    name: str
    commit: RefObject


class Repository(Struct):
    full_name: str
    default_branch: str = "main"
    has_issues: bool = True
    private: bool = False
    html_url: str = ""


class Deployment(Struct):
    id: int
    sha: str
    environment: str
    created_at: datetime
    updated_at: datetime
    ref: str = ""
    task: str = ""
    description: str | None = None
    transient_environment: bool = False


class DeploymentStatus(Struct):
    state: str
    created_at: datetime
    id: int = 0
    target_url: str | None = None
    log_url: str | None = None


class Release(Struct):
    id: int
    tag_name: str
    created_at: datetime
    name: str | None = None
    html_url: str = ""
    draft: bool = False
    prerelease: bool = False
    published_at: datetime | None = None


class Workflow(Struct):
    id: int
    name: str = ""
    path: str = ""


class WorkflowList(Struct):
    workflows: list[Workflow] = []


class Run(Struct):
    id: int
    head_sha: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    head_branch: str | None = None
    status: str | None = None
    conclusion: str | None = None
    run_started_at: datetime | None = None
    display_title: str | None = None
    html_url: str = ""


class Job(Struct):
    name: str = ""
    conclusion: str | None = None
    started_at: datetime | None = None


class JobList(Struct):
    jobs: list[Job] = []


class Environment(Struct):
    name: str


class EnvironmentList(Struct):
    environments: list[Environment] = []
