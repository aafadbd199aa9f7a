"""A Jira that remembers: Cloud or Data Center by their documented answers, with invented issues.

It is as awkward as the real ones. Cloud: pages by token, 40 changelog entries in a search, newest first, and a total
that counts those only. Data Center: pages by number, so what leaves its place moves the rest up. Both read JQL dates in
the account's zone, and answer a search with a wrong token as they would a stranger's.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.connectors.server import Reply, Request

EMAIL, TOKEN, PASSWORD = "portal@example.com", "t0ken-value", "pass-word"
NEW, ACTIVE, DONE = "new", "indeterminate", "done"
CLOUD_HISTORIES = 40
EPIC, POINTS, ESTIMATE, FLAG, SQUAD, SERVICE, BEGAN = (f"customfield_100{n}" for n in (14, 16, 17, 21, 30, 31, 32))

FIELDS = [
    {"id": "summary", "key": "summary", "name": "Summary", "custom": False},
    {"id": "status", "key": "status", "name": "Status", "custom": False},
    {"id": "priority", "key": "priority", "name": "Priority", "custom": False},
    {"id": "project", "key": "project", "name": "Project", "custom": False},
    {"id": EPIC, "key": EPIC, "name": "Epic Link", "custom": True},
    {"id": POINTS, "key": POINTS, "name": "Story Points", "custom": True},
    {"id": ESTIMATE, "key": ESTIMATE, "name": "Story point estimate", "custom": True},
    {"id": FLAG, "key": FLAG, "name": "Flagged", "custom": True},
    {"id": SQUAD, "key": SQUAD, "name": "Squad", "custom": True},
    {"id": SERVICE, "key": SERVICE, "name": "Affected service", "custom": True},
    {"id": BEGAN, "key": BEGAN, "name": "Began at", "custom": True},
]

# A condition of the JQL that the tests use.
CONDITION = r'(\w+) (in|=|>=) (\("[^)]*"\)|"[^"]*"|\w+)'


def change(field_id: str, name: str, old: tuple[str | None, str | None], new: tuple[str | None, str | None]) -> Any:
    """One item of a changelog entry; sides are (id, text)."""
    kind = "custom" if field_id.startswith("customfield_") else "jira"
    sides = {"from": old[0], "fromString": old[1], "to": new[0], "toString": new[1]}
    return {"field": name, "fieldtype": kind, "fieldId": field_id, **sides}


@dataclass
class FakeIssue:
    id: str
    key: str
    created: datetime
    updated: datetime
    fields: dict[str, Any]
    histories: list[dict[str, Any]] = field(default_factory=list)


class FakeJira:
    """Its state is changed by the tests; `answer` goes into a Server."""

    def __init__(self, *, cloud: bool, zone: str = "UTC", page_limit: int = 1000) -> None:
        self.cloud, self.zone, self.page_limit = cloud, ZoneInfo(zone), page_limit
        self.statuses: dict[str, tuple[str, str]] = {
            "10000": ("To Do", NEW),
            "3": ("In Progress", ACTIVE),
            "10100": ("In Review", ACTIVE),
            "10001": ("Done", DONE),
        }
        self.projects: dict[str, tuple[str, list[str]]] = {"PAY": ("10", ["10000", "3", "10100", "10001"])}
        self.issues: dict[str, FakeIssue] = {}
        self.now = datetime(2024, 1, 8, 9, 0, tzinfo=UTC)
        self.searches: list[dict[str, str]] = []
        # Called before each search is answered, with how many there were before it.
        self.before_search: Callable[[int], None] = lambda n: None
        # Answers that come before all others, for any address but /serverInfo.
        self.replies: list[Reply] = []
        # Projects that the account may not see.
        self.hidden: set[str] = set()
        # Issues that searches still list although they are deleted; and those with a part of their changelog only.
        self.gone: set[str] = set()
        self.cut: set[str] = set()
        self.public = True
        # Old Data Centers name changed fields, but give no ids of fields.
        self.field_ids = True
        self._next = 100

    # --- what people do there

    def pass_time(self, minutes: float = 10) -> datetime:
        self.now += timedelta(minutes=minutes)
        return self.now

    def create(
        self,
        summary: str = "A thing",
        project: str = "PAY",
        status: str = "10000",
        fields: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> FakeIssue:
        self._next += 1
        number = 1 + sum(1 for issue in self.issues.values() if issue.key.startswith(f"{project}-"))
        given = {
            "summary": summary,
            "issuetype": {"id": "1", "name": "Story", "subtask": False},
            "labels": [],
            "priority": {"id": "3", "name": "Medium"},
            "resolutiondate": None,
            **named,
            **(fields or {}),
        }
        issue = FakeIssue(str(self._next), f"{project}-{number}", self.now, self.now, given)
        self._set_status(issue, status)
        issue.fields["project"] = {"id": self.projects[project][0], "key": project, "name": f"Project {project}"}
        self.issues[issue.id] = issue
        return issue

    def change(self, issue: FakeIssue, *items: Any, at: datetime | None = None) -> str:
        """Write a changelog entry; returns its id."""
        self._next += 1
        issue.histories.append({"id": str(self._next), "created": at or self.now, "items": list(items)})
        issue.updated = max(issue.updated, at or self.now)
        return str(self._next)

    def move(self, issue: FakeIssue, *statuses: str) -> str:
        """One entry that takes the issue through `statuses`, several items if there are several."""
        items = []
        for status in statuses:
            old = issue.fields["status"]["id"]
            names = (self.statuses.get(old, (old,))[0], self.statuses.get(status, (status,))[0])
            items.append(change("status", "status", (old, names[0]), (status, names[1])))
            self._set_status(issue, status)
        return self.change(issue, *items)

    def flag(self, issue: FakeIssue, on: bool) -> str:
        sides: list[tuple[str | None, str | None]] = [("", ""), ("[10019]", "Impediment")]
        issue.fields[FLAG] = [{"id": "10019", "value": "Impediment"}] if on else None
        return self.change(issue, change(FLAG, "Flagged", *(sides if on else reversed(sides))))

    def chat(self, issue: FakeIssue, times: int) -> None:
        """Edits that mean nothing to us."""
        for n in range(times):
            self.change(issue, change("summary", "summary", (None, f"draft {n}"), (None, f"draft {n + 1}")))

    def _set_status(self, issue: FakeIssue, status: str) -> None:
        issue.fields["status"] = {"id": status, "name": self.statuses.get(status, (status,))[0]}

    # --- what the server answers

    def answer(self, request: Request) -> Reply:
        version = "3" if self.cloud else "2"
        if request.path == "/rest/api/2/serverInfo":
            return Reply({"deploymentType": "Cloud" if self.cloud else "Server", "version": "9.12.0"})
        if self.replies:
            return self.replies.pop(0)
        prefix, _, path = request.path.partition(f"/rest/api/{version}/")
        if prefix or not path:
            return Reply({"errorMessages": ["No such resource"]}, 404)
        known = self._knows(request.headers.get("authorization", ""))
        return self._route(path, request, known)

    def _knows(self, authorization: str) -> bool:
        kind, _, value = authorization.partition(" ")
        if kind == "Bearer":
            return not self.cloud and value == TOKEN
        try:
            said = base64.b64decode(value).decode()
        except ValueError:
            return False
        return said == (f"{EMAIL}:{TOKEN}" if self.cloud else f"portal:{PASSWORD}")

    def _route(self, path: str, request: Request, known: bool) -> Reply:
        if path == "myself":
            return self._myself() if known else Reply({"errorMessages": ["Client must be authenticated"]}, 401)
        if path == "field":
            return Reply(FIELDS)
        if path == "status":
            return Reply([self._status(status) for status in self.statuses])
        if found := re.fullmatch(r"project/(\w+)/statuses", path):
            return self._workflow(found[1], known)
        if self.cloud and (found := re.fullmatch(r"issue/(\d+)/changelog", path)):
            return self._changelog(self.issues.get(found[1]), request.query)
        if self.cloud and path == "search/approximate-count":
            return self._count(request.json()["jql"], known)
        if path == ("search/jql" if self.cloud else "search"):
            return self._search(request.query, known)
        return Reply({"errorMessages": ["No such resource"]}, 404)

    def _myself(self) -> Reply:
        about = {"displayName": "VMO portal", "timeZone": self.zone.key}
        return Reply(about | ({"accountId": "5b10ac"} if self.cloud else {"key": "JIRAUSER7", "name": "portal"}))

    def _status(self, status: str) -> dict[str, Any]:
        name, category = self.statuses[status]
        return {"id": status, "name": name, "statusCategory": {"id": 2, "key": category, "name": category}}

    def _workflow(self, project: str, known: bool) -> Reply:
        if project not in self.projects or project in self.hidden or not (known or self.public):
            return Reply({"errorMessages": [f"No project could be found with key '{project}'."]}, 404)
        statuses = [self._status(status) for status in self.projects[project][1]]
        return Reply([{"id": "1", "name": "Story", "statuses": statuses}])

    def _count(self, jql: str, known: bool) -> Reply:
        try:
            return Reply({"count": len(self._found(jql, known))})
        except ValueError as error:
            return Reply({"errorMessages": [str(error)], "errors": {}}, 400)

    def _search(self, query: dict[str, str], known: bool) -> Reply:
        self.before_search(len(self.searches))
        self.searches.append(query)
        try:
            found = self._found(query["jql"], known)
        except ValueError as error:
            return Reply({"errorMessages": [str(error)], "errors": {}}, 400)
        size = min(int(query.get("maxResults", "50")), self.page_limit)
        return self._token_page(found, query, size) if self.cloud else self._numbered_page(found, query, size)

    def _token_page(self, found: list[FakeIssue], query: dict[str, str], size: int) -> Reply:
        """The token holds the sort values of the page's last issue, as Cloud's does."""
        after = json.loads(base64.b64decode(query["nextPageToken"])) if "nextPageToken" in query else None
        rest = [issue for issue in found if after is None or self._sort_key(issue, query["jql"]) > after]
        body: dict[str, Any] = {"issues": [self._issue(issue, query) for issue in rest[:size]]}
        if len(rest) > size:
            token = json.dumps(self._sort_key(rest[size - 1], query["jql"])).encode()
            body |= {"nextPageToken": base64.b64encode(token).decode(), "isLast": False}
        else:
            body["isLast"] = True
        return Reply(body)

    def _numbered_page(self, found: list[FakeIssue], query: dict[str, str], size: int) -> Reply:
        start = int(query.get("startAt", "0"))
        issues = [self._issue(issue, query) for issue in found[start : start + size]]
        return Reply({"startAt": start, "maxResults": size, "total": len(found), "issues": issues})

    def _found(self, jql: str, known: bool) -> list[FakeIssue]:
        """Issues of a query in its order; of JQL as much as the tests use. Raises ValueError as Jira complains."""
        where, _, order = jql.partition(" ORDER BY ")
        issues = [i for i in self.issues.values() if (known or self.public) and self._project(i) not in self.hidden]
        for name, operator, value in re.findall(CONDITION, where):
            matches = self._condition(name, operator, value)
            issues = [issue for issue in issues if matches(issue)]
        if left := re.sub(rf"{CONDITION}|\bAND\b|[()\s]", "", where):
            raise ValueError(f"Error in the JQL Query: “{left}” is not understood.")
        backwards = order.startswith("updated DESC")
        return sorted(issues, key=lambda issue: self._sort_key(issue, jql), reverse=backwards)

    def _condition(self, name: str, operator: str, value: str) -> Callable[[FakeIssue], bool]:
        plain = value.strip('"')
        if name == "updated" and operator == ">=":
            # Of the hour that comes twice, the later one.
            since = datetime.strptime(plain, "%Y-%m-%d %H:%M").replace(tzinfo=self.zone, fold=1)
            return lambda issue: issue.updated >= since
        if name == "project":
            keys = re.findall(r"\w+", value)
            if unknown := [key for key in keys if key not in self.projects or key in self.hidden]:
                raise ValueError(f"The value '{unknown[0]}' does not exist for the field 'project'.")
            return lambda issue: self._project(issue) in keys
        if name == "labels":
            return lambda issue: plain in issue.fields["labels"]
        raise ValueError(f"Field '{name}' does not exist or you do not have permission to view it.")

    @staticmethod
    def _project(issue: FakeIssue) -> str:
        return issue.key.rpartition("-")[0]

    @staticmethod
    def _sort_key(issue: FakeIssue, jql: str) -> list[Any]:
        project, _, number = issue.key.rpartition("-")
        return [*([issue.updated.isoformat()] if "ORDER BY updated" in jql else []), project, int(number)]

    def _issue(self, issue: FakeIssue, query: dict[str, str]) -> dict[str, Any]:
        times = {"created": self._time(issue.created), "updated": self._time(issue.updated)}
        wanted = set(query.get("fields", "").split(","))
        fields = {name: value for name, value in {**issue.fields, **times}.items() if name in wanted}
        body: dict[str, Any] = {"id": issue.id, "key": issue.key, "self": f"https://jira.example.com/{issue.id}"}
        if fields:
            body["fields"] = fields
        if query.get("expand") == "changelog":
            entries = [self._entry(entry) for entry in issue.histories]
            if self.cloud:
                entries = entries[::-1][:CLOUD_HISTORIES]
            page = {"startAt": 0, "maxResults": len(entries), "total": len(entries)}
            entries = entries[1:] if issue.id in self.cut else entries
            body["changelog"] = page | {"histories": entries}
        return body

    def _changelog(self, issue: FakeIssue | None, query: dict[str, str]) -> Reply:
        if issue is None or issue.id in self.gone:
            return Reply({"errorMessages": ["Issue does not exist or you do not have permission to see it."]}, 404)
        start, size = int(query["startAt"]), min(100, int(query["maxResults"]))
        entries = [self._entry(entry) for entry in issue.histories[start : start + size]]
        end, total = start + size, len(issue.histories)
        page = {"startAt": start, "maxResults": size, "total": total, "isLast": end >= total}
        return Reply(page | {"values": entries})

    def _entry(self, entry: dict[str, Any]) -> dict[str, Any]:
        items: Iterable[dict[str, Any]] = entry["items"]
        if not self.field_ids:
            items = [{name: value for name, value in item.items() if name != "fieldId"} for item in items]
        author = {"displayName": "Somebody", "active": True}
        return {"id": entry["id"], "author": author, "created": self._time(entry["created"]), "items": list(items)}

    def _time(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03}{local:%z}"
