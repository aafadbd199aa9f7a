"""The phases of a sync: commits, then issues and pull requests by their last change, then deployments.

The cursor holds the phase and how far it is; each batch carries the cursor that is true once it is stored, so a sync
goes on in the middle of any phase. ETags are put into the cursor only when all that their page led to is stored.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from connectors.github import api as github
from connectors.github import commits, deliveries, issues, pulls
from connectors.github.api import PER_PAGE, Api, Records
from connectors.github.checking import Checking
from connectors.github.payloads import Event, Issue, Label, PullRequest, Repository
from connectors.github.projects import Projects, ProjectUnreadable
from connectors.github.rules import FIELDS, Rules
from connectors.http import HASTY, ETags, Limits, Response
from connectors.protocol import Batch, Check, ConnectorError, Context, Cursor, Field, Gone, Rejected
from metrics.rows import CommitRow, Row, StatusRow, TransitionRow, WorkItemRow

PHASES = ("commits", "items", "deliveries")
LABELS = {"commits": "Commits", "items": "Issues and pull requests", "deliveries": "Deployments"}
# Asked for again in each sync: GitHub's lists are not always up to the second.
OVERLAP = timedelta(minutes=5)
CHUNK = 25
SAMPLE = 30


class GitHubConnector:
    """GitHub, for one repository."""

    tool: ClassVar[str] = "github"
    label: ClassVar[str] = "GitHub"
    summary: ClassVar[str] = (
        "Issues with their status labels, pull requests, commits, deployments, releases or workflow runs."
    )
    fields: ClassVar[tuple[Field, ...]] = FIELDS

    def __init__(self, settings: Mapping[str, str], context: Context, limits: Limits | None = None) -> None:
        self._rules = Rules.of(settings)
        self._context = context
        self._api = Api(github.connect(self._rules, context, limits or Limits()), self._rules.repository)
        self._hasty = Api(github.connect(self._rules, context, HASTY), self._rules.repository)
        self._commits = commits.Commits(self._api)
        self._projects = self._project()
        self._cursor: dict[str, Any] = {}
        self._statuses: dict[str, StatusRow] = {}
        self._told: set[str] = set()

    def check(self) -> Check:
        """Who we are on GitHub, and what of the repository we see."""
        return Checking(self._hasty, self._rules, self._projects).check()

    def pull(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Everything, or what changed since `cursor`."""
        self._cursor = dict(cursor or {})
        is_new = not self._cursor.get("phase")
        phases = PHASES if is_new else PHASES[PHASES.index(self._cursor["phase"]) :]
        steps: Mapping[str, Callable[[bool], Iterator[Batch]]] = {
            "commits": self._pull_commits,
            "items": self._pull_items,
            "deliveries": self._pull_deliveries,
        }
        for phase in phases:
            self._cursor["phase"] = phase
            yield from steps[phase](is_new or phase != phases[0])
        yield self._batch("deliveries", phase="", done=0)

    def sample(self) -> Iterator[Batch]:
        """The latest issues, pull requests and deployments, for the preview."""
        query = f"issues?state=all&sort=updated&direction=desc&per_page={SAMPLE}"
        response = self._api.http.get_json(self._api.path(query))
        yield from self._chunks(response, set(), lambda _: {})
        kind = deliveries.kind_for(self._api, self._rules)
        address = kind.address() if kind else ""
        if kind and address:
            page = self._api.http.get_json(address.replace(f"per_page={PER_PAGE}", f"per_page={SAMPLE}"))
            for part in kind.read(page, None):
                yield self._batch("deliveries", part.rows, part.rejected)

    def sweep(self) -> Iterator[Sequence[str]] | None:
        """The ids of all issues there are; None when issues are no work items."""
        return self._all_issues() if self._rules.work_items else None

    def _all_issues(self) -> Iterator[Sequence[str]]:
        query: dict[str, str | int] = {"state": "all", "sort": "created", "direction": "asc", "per_page": PER_PAGE}
        for response in self._api.http.pages(self._api.path("issues"), query):
            found, _ = self._api.list(response, Issue, "issues")
            yield [str(issue.id) for issue in found if issue.pull_request is None]

    # -- commits -----------------------------------------------------------------------------------------------------

    def _pull_commits(self, is_start: bool) -> Iterator[Batch]:
        """Every branch, from where it was to where it is."""
        repository = self._api.http.get(self._api.root, Repository)
        default = self._commits.head(repository.default_branch)
        heads = {repository.default_branch: default} if default else {}
        if self._rules.branches.parts:
            heads |= {b.name: b.commit.sha for b in self._commits.branches() if self._rules.branches.matches(b.name)}
        for branch, head in heads.items():
            yield from self._pull_branch(branch, head, default)

    def _pull_branch(self, branch: str, head: str, default: str) -> Iterator[Batch]:
        known: dict[str, str] = self._cursor.get("heads", {})
        if known.get(branch) == head:
            return
        listing = self._cursor.get("listing") or {}
        if listing.get("branch") != branch:
            listing = {}
        base = known.get(branch) or (default if head != default else "")
        parts = self._commits.between(base, head) if base and not listing else None
        if parts is None:
            head = listing.get("head", head)
            parts = self._listed(branch, head, listing.get("next", ""))
        for part in parts:
            yield self._batch("commits", part.rows, part.rejected)
        self._cursor.pop("listing", None)
        yield self._batch("commits", heads={**known, branch: head})

    def _listed(self, branch: str, head: str, address: str) -> Iterator[commits.Part]:
        """The history of `head`; the cursor learns where to go on."""
        for part in self._commits.history(head, address):
            self._cursor["listing"] = {"branch": branch, "head": head, "next": part.next}
            yield part

    # -- issues and pull requests ------------------------------------------------------------------------------------

    def _pull_items(self, is_start: bool) -> Iterator[Batch]:
        """By last change, oldest first. Each page is asked for by the time the one before ended at: page numbers shift
        when something changes in between, and what slipped to an earlier page would be missed."""
        since = _time(self._cursor.get("since"))
        if is_start:
            self._cursor |= {"done": 0, "total": None if since else self._newest_number()}
            since = since - OVERLAP if since else None
        etags = ETags(self._cursor.get("etags"))
        seen: set[tuple[int, datetime]] = set()
        response = self._changed_since(since, etags if is_start else None)
        while not response.not_modified:
            yield from self._chunks(response, seen, self._reached)
            newest = _time(self._cursor.get("since"))
            if not response.next:
                break
            if newest and (since is None or newest > since):
                since = newest
                response = self._changed_since(since, None)
            else:
                response = self._api.http.get_json(response.next)
        yield self._batch("items", etags=etags.as_dict())

    def _changed_since(self, since: datetime | None, etags: ETags | None) -> Response:
        query: dict[str, str | int] = {"state": "all", "sort": "updated", "direction": "asc", "per_page": PER_PAGE}
        if since:
            query["since"] = f"{since:%Y-%m-%dT%H:%M:%SZ}"
        response = self._api.http.get_json(self._api.path("issues"), query, etags=etags)
        if etags and response.next:
            # What changes next comes at the end, behind this page: its ETag says nothing about that.
            etags.put(response.url, "")
        return response

    def _reached(self, chunk: Sequence[Issue]) -> dict[str, Any]:
        """The cursor once a chunk is stored."""
        done = self._cursor.get("done", 0) + len(chunk)
        newest = max(issue.updated_at for issue in chunk)
        since = _time(self._cursor.get("since"))
        return {"since": max(newest, since or newest).isoformat(), "done": done}

    def _newest_number(self) -> int | None:
        """How many issues and pull requests there have been, for the progress bar."""
        query = "issues?state=all&sort=created&direction=desc&per_page=1"
        found, _ = self._api.list(self._api.http.get_json(self._api.path(query)), Issue, "issues")
        return found[0].number if found else None

    def _chunks(
        self,
        response: Response,
        seen: set[tuple[int, datetime]],
        reached: Callable[[Sequence[Issue]], dict[str, Any]],
    ) -> Iterator[Batch]:
        """The issues and pull requests of a page that were not `seen`, with their timelines, some at a time."""
        found, rejected = self._api.list(response, Issue, "issues")
        fresh = [issue for issue in found if (issue.id, issue.updated_at) not in seen]
        seen |= {(issue.id, issue.updated_at) for issue in found}
        if rejected:
            yield self._batch("items", rejected=rejected)
        for start in range(0, len(fresh), CHUNK):
            chunk = fresh[start : start + CHUNK]
            timelines = list(self._api.timelines(issue.number for issue in chunk))
            yield self._items(chunk, timelines, reached(chunk))

    def _items(self, chunk: Sequence[Issue], timelines: Sequence[Records[Event]], changes: dict[str, Any]) -> Batch:
        self._tell_statuses()
        boards = self._boards(chunk)
        gone: list[Gone] = []
        rows, rejected = self._links(chunk, timelines)
        for issue, timeline in zip(chunk, timelines, strict=True):
            rejected += timeline.rejected
            if timeline.found is None:
                continue
            if issue.pull_request is not None:
                rows += self._pull_request(issue, timeline)
                continue
            board = boards.get(issue.node_id, []) if boards is not None else None
            made = issues.rows(issue, timeline.found, self._rules, board)
            rows += made.rows
            gone += made.gone
            self._meet(issues.statuses_of(issue, timeline.found, self._rules, board))
        rows = [*self._untold(rows), *_once(rows)]
        whole = [row.external_id for row in rows if isinstance(row, WorkItemRow)]
        return self._batch("items", rows, rejected, whole, gone, **changes)

    def _links(self, chunk: Sequence[Issue], timelines: Sequence[Records[Event]]) -> tuple[list[Row], list[Rejected]]:
        """What issues wait for; asked for those only that do, or once did."""
        rows: list[Row] = []
        rejected: list[Rejected] = []
        if not self._rules.work_items:
            return rows, rejected
        told = zip(chunk, timelines, strict=True)
        waiting = [one for one, timeline in told if one.pull_request is None and _may_wait(one, timeline)]
        answers = self._api.blockers(issue.number for issue in waiting)
        for issue, answer in zip(waiting, answers, strict=True):
            rows += issues.links(issue, answer.found or (), self._rules)
            rejected += answer.rejected
        return rows, rejected

    def _pull_request(self, issue: Issue, timeline: Records[Event]) -> list[Row]:
        events = timeline.found or []
        sha = pulls.merge_sha(events) or self._merge_sha(issue)
        return pulls.rows(issue, events, sha, self._commits.find)

    def _merge_sha(self, issue: Issue) -> str:
        """Asked for when the timeline of a merged pull request does not name it."""
        if issue.pull_request is None or issue.pull_request.merged_at is None:
            return ""
        found = self._api.maybe(self._api.path("pulls", issue.number), PullRequest)
        return (found.merge_commit_sha or "") if found else ""

    def _project(self) -> Projects | None:
        if self._rules.project is None:
            return None
        http = github.connect(self._rules, self._context, Limits(), self._rules.graphql)
        return Projects(http, self._rules.graphql, self._rules.repository, self._rules.project)

    def _boards(self, chunk: Sequence[Issue]) -> dict[str, list[issues.BoardMove]] | None:
        """The moves of issues on the project's board; None when labels count (check() has said why)."""
        if self._projects is None or not self._rules.work_items:
            return None
        return self._projects.moves([issue.node_id for issue in chunk if issue.pull_request is None])

    # -- statuses ----------------------------------------------------------------------------------------------------

    def _tell_statuses(self) -> None:
        """Learn the workflow's statuses, once in a sync: those of the board, or the labels the repository has."""
        if self._statuses or not self._rules.work_items:
            return
        self._statuses = {row.external_id: row for row in issues.FIXED_STATUSES}
        columns = self._columns()
        self._meet(self._label_rows() if columns is None else columns)

    def _columns(self) -> list[StatusRow] | None:
        if self._projects is None:
            return None
        try:
            columns = self._projects.columns()
        except ProjectUnreadable as error:
            if self._cursor.get("board"):
                # Going on by labels would mix two histories.
                raise ConnectorError(error.message, permanent=True, field="token") from None
            self._projects = None
            return None
        self._cursor["board"] = True
        return [issues.board_row(name, place) for place, name in enumerate(columns, 1)]

    def _label_rows(self) -> list[StatusRow]:
        names = {label.name for label in self._api.all(self._api.path("labels"), Label, "labels")}
        placed = [(self._rules.status_labels.place(name), name) for name in names]
        ours = sorted((place, name.lower(), name) for place, name in placed if place is not None)
        return [issues.label_row(name, place) for place, (_, _, name) in enumerate(ours, 1)]

    def _meet(self, rows: Sequence[StatusRow]) -> None:
        for row in rows:
            self._statuses.setdefault(row.external_id, row)

    def _untold(self, rows: Sequence[Row]) -> list[StatusRow]:
        """Statuses to hand over before `rows`: those of the workflow, and what the rows name besides."""
        named: set[str | None] = {row.status for row in rows if isinstance(row, WorkItemRow)}
        for row in rows:
            if isinstance(row, TransitionRow):
                named |= {row.from_status, row.to_status}
        known = [row for row in self._statuses.values() if row.position is not None or row.external_id in named]
        untold = [row for row in known if row.external_id not in self._told]
        self._told |= {row.external_id for row in untold}
        return untold

    # -- deployments -------------------------------------------------------------------------------------------------

    def _pull_deliveries(self, is_start: bool) -> Iterator[Batch]:
        """What is a deployment by the settings, newest first."""
        kind = deliveries.kind_for(self._api, self._rules)
        if kind is None:
            return
        state = {} if is_start else dict(self._cursor.get("reading") or {})
        after = _time(self._cursor.get("deployed"))
        newest = _time(state.get("newest")) or after
        etags = ETags(self._cursor.get("etags"))
        for part in deliveries.parts(self._api, kind, after, state.get("next", ""), etags):
            newest = max(filter(None, (newest, part.seen)), default=None)
            if part.next is not None:
                state = {"next": part.next, "newest": newest.isoformat() if newest else None}
            yield self._batch("deliveries", part.rows, part.rejected, reading=state)
        deployed = newest.isoformat() if newest else None
        yield self._batch("deliveries", deployed=deployed, reading=None, etags=etags.as_dict())

    def _batch(
        self,
        label: str,
        rows: Sequence[Row] = (),
        rejected: Sequence[Rejected] = (),
        whole: Sequence[str] = (),
        gone: Sequence[Gone] = (),
        **changes: Any,
    ) -> Batch:
        """A batch with the cursor that holds once it is stored."""
        self._cursor |= changes
        is_items = label == "items"
        return Batch(
            rows=rows,
            cursor=dict(self._cursor),
            rejected=rejected,
            whole=whole,
            gone=gone,
            phase=LABELS[label],
            done=self._cursor.get("done", 0) if is_items else 0,
            total=self._cursor.get("total") if is_items else None,
        )


def _may_wait(issue: Issue, timeline: Records[Event]) -> bool:
    return timeline.found is not None and issues.may_wait(issue, timeline.found)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _once(rows: Sequence[Row]) -> list[Row]:
    """Each commit once: of two pull requests that hold it, the one that was merged, else the later, tells."""
    found: dict[tuple[type, str], Row] = {}
    for row in rows:
        key = (type(row), row.external_id)
        if isinstance(row, CommitRow) and row.pull_request is None and key in found:
            continue
        found[key] = row
    return list(found.values())
