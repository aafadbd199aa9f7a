"""The status of a project's board, over GraphQL: REST tells that a status changed, but not to what."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from connectors.github.issues import BoardMove
from connectors.http import Http
from connectors.protocol import ConnectorError

_EVENTS = """
timelineItems(first: 100, after: $after, itemTypes: [PROJECT_V2_ITEM_STATUS_CHANGED_EVENT]) {
  pageInfo { hasNextPage endCursor }
  nodes { ... on ProjectV2ItemStatusChangedEvent { id createdAt status project { number } } }
}
"""
CHANGES = "query($ids: [ID!]!, $after: String) { nodes(ids: $ids) { ... on Issue { id " + _EVENTS + " } } }"
COLUMNS = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    owner {
      ... on Organization { projectV2(number: $number) { ...columns } }
      ... on User { projectV2(number: $number) { ...columns } }
    }
  }
}
fragment columns on ProjectV2 {
  title
  field(name: "Status") { ... on ProjectV2SingleSelectField { options { name } } }
}
"""
# What GitHub calls the refusal of a token, as against a failure of its own.
REFUSALS = frozenset({"INSUFFICIENT_SCOPES", "FORBIDDEN", "NOT_FOUND"})


class ProjectUnreadable(ConnectorError):
    """The token may not read the project: the sync can go on with labels."""


class _Error(Struct):
    message: str = ""
    type: str = ""
    path: list[str | int] = []

    @property
    def is_one_gone(self) -> bool:
        """One of several issues asked for was deleted a moment ago; the others are answered."""
        return self.type == "NOT_FOUND" and self.path[:1] == ["nodes"]


class _Answer(Struct):
    data: dict[str, Any] | None = None
    errors: list[_Error] = []


class _Project(Struct):
    number: int


class _Change(Struct, rename="camel"):
    id: str = ""
    created_at: datetime | None = None
    status: str | None = None
    project: _Project | None = None


class _PageInfo(Struct, rename="camel"):
    has_next_page: bool = False
    end_cursor: str | None = None


class _Changes(Struct, rename="camel"):
    nodes: list[_Change | None] = []
    page_info: _PageInfo = field(default_factory=_PageInfo)


class _Node(Struct, rename="camel"):
    id: str = ""
    timeline_items: _Changes = field(default_factory=_Changes)


class _Nodes(Struct):
    nodes: list[_Node | None] = []


class Projects:
    """One project of the owner of a repository, by its number."""

    def __init__(self, http: Http, address: str, repository: str, number: int) -> None:
        self._http, self._address, self._number = http, address, number
        self._owner, self._name = repository.split("/")

    def columns(self) -> list[str]:
        """The names of the board's columns, in its order. Raises ProjectUnreadable."""
        variables = {"owner": self._owner, "name": self._name, "number": self._number}
        data = self._ask(COLUMNS, variables)
        project = _dig(data, "repository", "owner", "projectV2")
        if project is None:
            raise ProjectUnreadable(self._unreadable("there is none of this number, or the token may not see it"))
        options = _dig(project, "field", "options") or []
        return [str(option["name"]) for option in options if isinstance(option, dict) and "name" in option]

    def moves(self, node_ids: Sequence[str]) -> dict[str, list[BoardMove]]:
        """Every change of status of these issues, by node id. Raises ProjectUnreadable."""
        found: dict[str, list[BoardMove]] = {node_id: [] for node_id in node_ids}
        left: list[tuple[list[str], str | None]] = [(list(node_ids), None)] if node_ids else []
        while left:
            ids, after = left.pop()
            for node in self._nodes(ids, after):
                found.setdefault(node.id, []).extend(self._moves(node))
                page = node.timeline_items.page_info
                if page.has_next_page and page.end_cursor:
                    left.append(([node.id], page.end_cursor))
        return found

    def _nodes(self, ids: Sequence[str], after: str | None) -> Iterator[_Node]:
        data = self._ask(CHANGES, {"ids": ids, "after": after})
        try:
            nodes = msgspec.convert(data, _Nodes).nodes
        except msgspec.ValidationError as error:
            raise ConnectorError(f"GitHub answered something else than expected: {error}.") from None
        return (node for node in nodes if node is not None)

    def _moves(self, node: _Node) -> Iterator[BoardMove]:
        for change in node.timeline_items.nodes:
            ours = change and change.project and change.project.number == self._number
            if change and ours and change.created_at:
                yield BoardMove(change.id, change.created_at, change.status or "")

    def _ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data of an answer. GraphQL's errors come with status 200, beside what could be read."""
        body = {"query": query, "variables": dict(variables)}
        answer = self._http.post_json(self._address, body).decode(_Answer)
        errors = [error for error in answer.errors if not error.is_one_gone]
        refusal = next((error for error in errors if error.type in REFUSALS), None)
        if refusal:
            raise ProjectUnreadable(self._unreadable(self._http.redact(refusal.message)))
        if answer.data is None or errors:
            said = self._http.redact(errors[0].message[:300]) if errors else "no data"
            raise ConnectorError(f"GitHub could not answer about project {self._number}: {said}")
        return answer.data

    def _unreadable(self, why: str) -> str:
        return f"Project {self._number} cannot be read ({why}); the token needs “read:project”."


def _dig(data: Any, *names: str) -> Any:
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data
