"""A GitHub that remembers: lists with paging, ETags, `since`, rate limits, and things that disappear.

It answers as an enterprise server does (under /api/v3), because the connector derives that address from any host.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from tests.connectors.github import payloads as gh
from tests.connectors.github.payloads import Json
from tests.connectors.server import Reply, Request, Server

TOKEN = "ghp_of_the_tests"
PREFIX = "/api/v3"


class FakeGitHub:
    """State in plain attributes, for tests to change between syncs. `with FakeGitHub() as github:`."""

    def __init__(self) -> None:
        self.repository = gh.repository()
        self.issues: list[Json] = []
        self.timelines: dict[int, list[Json]] = {}
        # Issue → what it is blocked by; None: a server that does not know of such links.
        self.blockers: dict[int, list[Json]] | None = {}
        self.labels: list[str] = []
        # Newest first, as a walk of the history gives them.
        self.commits: list[Json] = []
        # Branch → name of its newest commit.
        self.branches: dict[str, str] = {}
        self.deployments: list[Json] = []
        self.statuses: dict[int, list[Json]] = {}
        self.releases: list[Json] = []
        self.tags: list[Json] = []
        self.workflows: list[Json] = []
        self.runs: list[Json] = []
        self.jobs: dict[int, list[Json]] = {}
        self.environments: list[str] = ["production", "staging"]
        # GraphQL: node id → (event id, at, status), the board's columns, and whether the token may see them.
        self.board: dict[str, list[tuple[str, str, str]]] = {}
        self.columns: list[str] = []
        self.may_read_project = True
        self.board_page = 100
        # Answers that come before the real ones; None: the real one.
        self.troubles: list[Reply | None] = []
        # Called with each question before it is answered; may block.
        self.before: Callable[[Request], None] = lambda _: None
        # The largest page it gives, whatever is asked for.
        self.largest_page = 100
        self.server = Server(self.answer)

    def __enter__(self) -> "FakeGitHub":
        self.server.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.server.__exit__(*error)

    @property
    def url(self) -> str:
        return self.server.url

    def asked(self, pattern: str) -> list[Request]:
        """Requests whose path below the repository matches."""
        below = [(self._below_root(request.path), request) for request in self.server.requests]
        return [request for path, request in below if path is not None and re.fullmatch(pattern, path)]

    def delete(self, number: int) -> None:
        """An issue is deleted, or transferred away."""
        self.issues = [issue for issue in self.issues if issue["number"] != number]
        self.timelines.pop(number, None)

    def answer(self, request: Request) -> Reply:
        self.before(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply({"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}, 401)
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is not None:
            return trouble
        if request.path == "/api/graphql":
            return self._graphql(request)
        if request.path == f"{PREFIX}/user":
            return Reply(gh.user("vmo-reader"))
        below = self._below_root(request.path)
        return not_found() if below is None else self._below(below, request)

    def _below_root(self, path: str) -> str | None:
        """GitHub's own links name a repository by its number."""
        found = re.fullmatch(f"{PREFIX}/(?:repos/{gh.REPOSITORY}|repositories/{self.repository['id']})(?:/(.*))?", path)
        return (found[1] or "") if found else None

    def _below(self, path: str, request: Request) -> Reply:
        for pattern, handler in self._routes():
            found = re.fullmatch(pattern, path)
            if found:
                return self._tagged(request, handler(request, *found.groups()))
        return not_found()

    def _routes(self) -> list[tuple[str, Callable[..., Reply]]]:
        return [
            ("", lambda _: Reply(self.repository)),
            ("issues", self._issues),
            (r"issues/(\d+)/timeline", lambda r, n: self._page_of(r, self.timelines.get(int(n)))),
            (r"issues/(\d+)/dependencies/blocked_by", lambda r, n: self._page_of(r, self._blocked_by(int(n)))),
            ("labels", lambda r: self._page(r, [gh.label(name) for name in self.labels])),
            ("commits", self._history),
            (r"commits/(\w+)", self._commit),
            (r"compare/(\w+)\.\.\.(\w+)", self._compare),
            ("git/ref/heads/(.+)", self._ref),
            ("branches", lambda r: self._page(r, self._branches())),
            (r"pulls/(\d+)", self._pull),
            ("deployments", lambda r: self._page(r, newest_first(self.deployments))),
            (r"deployments/(\d+)/statuses", lambda r, n: self._page(r, self.statuses.get(int(n), [])[::-1])),
            ("releases", lambda r: self._page(r, newest_first(self.releases))),
            ("tags", lambda r: self._page(r, self.tags)),
            ("environments", lambda r: self._page(r, [gh.environment(n) for n in self.environments], "environments")),
            ("actions/workflows", lambda r: self._page(r, self.workflows, "workflows")),
            (r"actions/workflows/(\d+)/runs", lambda r, _: self._page(r, newest_first(self.runs), "workflow_runs")),
            (r"actions/runs/(\d+)/jobs", lambda r, n: self._page(r, self.jobs.get(int(n), []), "jobs")),
        ]

    def _tagged(self, request: Request, reply: Reply) -> Reply:
        """ETags, and 304 for who has it already."""
        if reply.status != 200:
            return reply
        etag = 'W/"' + hashlib.sha256(json.dumps(reply.body).encode()).hexdigest() + '"'
        headers = {**reply.headers, "ETag": etag, "X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999"}
        if request.headers.get("if-none-match") == etag:
            return Reply(None, 304, headers)
        return Reply(reply.body, 200, headers)

    def _page_of(self, request: Request, records: list[Json] | None) -> Reply:
        return not_found() if records is None else self._page(request, records)

    def _page(self, request: Request, records: list[Json], key: str = "") -> Reply:
        size = min(int(request.query.get("per_page", "30")), self.largest_page)
        number = int(request.query.get("page", "1"))
        part = records[(number - 1) * size : number * size]
        headers = {}
        if number * size < len(records):
            query = "&".join(f"{name}={value}" for name, value in {**request.query, "page": number + 1}.items())
            path = request.path.replace(f"repos/{gh.REPOSITORY}", f"repositories/{self.repository['id']}")
            last = f'<{self.url}{path}?page={-(-len(records) // size)}>; rel="last"'
            headers["Link"] = f'<{self.url}{path}?{query}>; rel="next", {last}'
        body: Any = {"total_count": len(records), key: part} if key else part
        return Reply(body, 200, headers)

    def _issues(self, request: Request) -> Reply:
        order = "updated_at" if request.query.get("sort") == "updated" else "number"
        found = sorted(self.issues, key=lambda issue: (issue[order], issue["number"]))
        if request.query.get("direction", "desc") == "desc":
            found.reverse()
        since = request.query.get("since", "")
        return self._page(request, [issue for issue in found if issue["updated_at"] >= since])

    def _blocked_by(self, number: int) -> list[Json] | None:
        return None if self.blockers is None else self.blockers.get(number, [])

    def _ancestors(self, head: str) -> set[str]:
        by_sha = {commit["sha"]: commit for commit in self.commits}
        found: set[str] = set()
        left = [head]
        while left:
            name = left.pop()
            if name in by_sha and name not in found:
                found.add(name)
                left += [parent["sha"] for parent in by_sha[name]["parents"]]
        return found

    def _history(self, request: Request) -> Reply:
        reachable = self._ancestors(request.query["sha"])
        return self._page(request, [commit for commit in self.commits if commit["sha"] in reachable])

    def _commit(self, _: Request, name: str) -> Reply:
        found = next((commit for commit in self.commits if commit["sha"] == name), None)
        message = f"No commit found for SHA: {name}"
        return Reply({**found, "files": []}) if found else Reply({"message": message}, 422)

    def _compare(self, request: Request, base: str, head: str) -> Reply:
        known = {commit["sha"] for commit in self.commits}
        if base not in known or head not in known:
            return not_found()
        new = self._ancestors(head) - self._ancestors(base)
        page = self._page(request, [commit for commit in self.commits[::-1] if commit["sha"] in new])
        body = {"status": "ahead", "ahead_by": len(new), "behind_by": 0, "total_commits": len(new), "files": []}
        return Reply({**body, "commits": page.body}, 200, page.headers)

    def _ref(self, _: Request, branch: str) -> Reply:
        if branch not in self.branches:
            return not_found()
        target = {"type": "commit", "sha": gh.sha(self.branches[branch]), "url": gh.ROOT}
        return Reply({"ref": f"refs/heads/{branch}", "node_id": "REF_1", "url": gh.ROOT, "object": target})

    def _branches(self) -> list[Json]:
        found = self.branches.items()
        return [{"name": n, "commit": {"sha": gh.sha(c), "url": gh.ROOT}, "protected": False} for n, c in found]

    def _pull(self, _: Request, number: str) -> Reply:
        found = next((issue for issue in self.issues if issue["number"] == int(number)), None)
        merge = found and found.get("merge_commit_sha")
        return Reply({"number": int(number), "merge_commit_sha": merge}) if found else not_found()

    def _graphql(self, request: Request) -> Reply:
        if not self.may_read_project:
            message = "Your token has not been granted the required scopes to execute this query."
            return Reply({"data": None, "errors": [{"type": "INSUFFICIENT_SCOPES", "message": message}]})
        variables = request.json()["variables"]
        if "number" in variables:
            options = [{"name": name} for name in self.columns]
            project = {"title": "Plan", "field": {"options": options}} if variables["number"] == 4 else None
            return Reply({"data": {"repository": {"owner": {"projectV2": project}}}})
        nodes = [self._node(name, variables["after"]) for name in variables["ids"]]
        message = "Could not resolve to a node with the global id"
        missing = [
            {"type": "NOT_FOUND", "path": ["nodes", n], "message": message} for n, x in enumerate(nodes) if not x
        ]
        return Reply({"data": {"nodes": nodes}, **({"errors": missing} if missing else {})})

    def _node(self, name: str, after: str | None) -> Json | None:
        if name not in self.board:
            return None
        start = int(after or 0)
        end = start + self.board_page
        changes = [
            {"id": number, "createdAt": at, "status": status, "project": {"number": 4}}
            for number, at, status in self.board[name][start:end]
        ]
        more = end < len(self.board[name])
        return {
            "id": name,
            "timelineItems": {"pageInfo": {"hasNextPage": more, "endCursor": str(end)}, "nodes": changes},
        }


def newest_first(records: list[Json]) -> list[Json]:
    return sorted(records, key=lambda record: (record["created_at"], record["id"]), reverse=True)


def not_found() -> Reply:
    return Reply({"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}, 404)
