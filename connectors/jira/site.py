"""A Jira site: who we are there, its two dialects (Cloud, Data Center), and how to page without missing an issue.

Cloud pages by tokens that hold the place in the order, so issues updated meanwhile only move to the end. Data Center
pages by number: an issue that leaves its place moves all behind it up by one, and the next page would miss one. So
each page begins with the last issue of the one before; if it does not, `Shifted` says so and the caller asks anew.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from connectors.http import Credentials, Http, HttpError, Limits, Response
from connectors.jira.payload import Field
from connectors.jira.settings import Options
from connectors.jira.statuses import IssueType, Status
from connectors.protocol import ConnectorError, Context

# The enhanced search of Cloud gives at most 40 entries of a changelog, and no word when there are more.
EMBEDDED_HISTORIES = 40
FIRST_PAGE = "startAt=0&maxResults=100"
HINTS = {
    401: "Cloud wants an e-mail and an API token; Data Center a personal access token, or user and password.",
    403: "After several wrong log-ins Jira asks for a CAPTCHA: log in once in a browser.",
}


Params = dict[str, str | int]
Raw = dict[str, Any]


class Shifted(Exception):
    """The order changed between two pages; what was read so far is right, what follows must be asked for anew."""


class ServerInfo(msgspec.Struct, frozen=True, rename="camel"):
    deployment_type: str = ""
    server_time_zone: Any = None


class Account(msgspec.Struct, frozen=True, rename="camel"):
    """Who we are. Cloud knows an account id, Data Center a user's key."""

    account_id: str = ""
    key: str = ""
    name: str = ""
    display_name: str = ""
    time_zone: str | None = None

    @property
    def identity(self) -> str:
        return f"{self.display_name or self.name} ({self.account_id or self.key or self.name})"


class Page(NamedTuple):
    """Issues as Jira sent them, and how many there are in all (Data Center only)."""

    issues: list[Raw]
    total: int | None


class Search(NamedTuple):
    """What to ask for: `setting` is where the JQL comes from, `fields` are ids; `size` is at most so many a page."""

    jql: str
    setting: str
    fields: Sequence[str] = ("id",)
    changelog: bool = False
    size: int = 50


class Site:
    """An open connection. `zone` is the one that JQL is read in; None when nobody says which."""

    def __init__(self, options: Options, context: Context, limits: Limits) -> None:
        """Finds out what the server is and who we are. Raises ConnectorError."""
        self._options, self._context, self._limits = options, context, limits
        info = self._server_info()
        self.is_cloud = _is_cloud(options, info)
        self._http = self._open(_credentials(options, self.is_cloud))
        self._api = "rest/api/3" if self.is_cloud else "rest/api/2"
        self.account = self._account()
        self.zone = _zone((self.account.time_zone if self.account else None) or info.server_time_zone)

    @property
    def identity(self) -> str:
        return self.account.identity if self.account else "anonymous"

    def fields(self) -> list[Field]:
        return self._http.get(f"{self._api}/field", list[Field])

    def statuses(self) -> list[Status]:
        return self._http.get(f"{self._api}/status", list[Status])

    def workflow(self, project: str) -> list[Status]:
        """A project's statuses in the order of its workflow. Raises ConnectorError when we may not see the project."""
        try:
            types = self._http.get(f"{self._api}/project/{quote(project, safe='')}/statuses", list[IssueType])
        except HttpError as error:
            if error.status != 404:
                raise
            message = f"Jira knows no project “{project}”, or {self.identity} may not see it."
            raise ConnectorError(message, permanent=True, field="project") from None
        return [status for kind in types for status in kind.statuses]

    def count(self, search: Search) -> int | None:
        """How many issues there are: exactly on Data Center, about on Cloud; None when Cloud does not say."""
        if not self.is_cloud:
            params: Params = {"jql": search.jql, "fields": "id", "maxResults": 0}
            return int(self._ask(params, search.setting).get("total", 0))
        try:
            answer = self._http.post_json(f"{self._api}/search/approximate-count", {"jql": search.jql})
            return int(answer.data["count"])
        except (HttpError, KeyError, TypeError, ValueError):
            return None

    def pages(self, search: Search) -> Iterator[Page]:
        """The issues in order, no issue twice. Raises Shifted (see above) and ConnectorError."""
        params: Params = {
            "jql": search.jql,
            "fields": ",".join(search.fields),
            "maxResults": search.size,
            **({"expand": "changelog"} if search.changelog else {}),
        }
        reading = self._by_token if self.is_cloud else self._by_number
        return reading(params, search.setting)

    def long_histories(self, issues: Sequence[Raw]) -> dict[str, list[Any] | HttpError]:
        """The whole changelogs of those of `issues` (of a search) that are or may be cut off there, by issue id.

        Entries are as Jira sent them: a bad one is its issue's affair.
        """
        cut = [str(issue.get("id")) for issue in issues if self._is_cut(issue.get("changelog"))]
        addresses = [f"{self._api}/issue/{quote(issue_id, safe='')}/changelog?{FIRST_PAGE}" for issue_id in cut]
        return {
            issue_id: answer if isinstance(answer, HttpError) else self._whole_changelog(issue_id, answer)
            for issue_id, answer in zip(cut, self._http.each(addresses), strict=True)
        }

    def _is_cut(self, changelog: object) -> bool:
        if not isinstance(changelog, dict):
            return True
        histories, total = changelog.get("histories") or [], changelog.get("total") or 0
        return total > len(histories) or (self.is_cloud and len(histories) >= EMBEDDED_HISTORIES)

    def _whole_changelog(self, issue_id: str, first: Response) -> list[Any]:
        page = first.decode(ChangelogPage)
        found = list(page.values)
        while not page.is_complete(len(found)):
            params = {"startAt": len(found), "maxResults": 100}
            page = self._http.get(f"{self._api}/issue/{quote(issue_id, safe='')}/changelog", ChangelogPage, params)
            found += page.values
        return found

    def _by_token(self, params: Params, setting: str) -> Iterator[Page]:
        seen = set()
        while True:
            data = self._ask(params, setting)
            yield Page(data.get("issues") or [], None)
            token = data.get("nextPageToken")
            if not token or data.get("isLast"):
                return
            if token in seen:
                raise ConnectorError("Jira sends us in circles: its next page is one we have read.")
            seen.add(token)
            params = {**params, "nextPageToken": token}

    def _by_number(self, params: Params, setting: str) -> Iterator[Page]:
        start, last = 0, ""
        while True:
            data = self._ask({**params, "startAt": start}, setting)
            issues = data.get("issues") or []
            if last and (not issues or issues[0].get("id") != last):
                raise Shifted
            yield Page(issues[1:] if last else issues, int(data.get("total", 0)))
            end = start + len(issues)
            if not issues or end >= int(data.get("total", 0)):
                return
            # A server that gives one issue at a time leaves no room for the overlap.
            start, last = (end - 1, issues[-1].get("id", "")) if len(issues) > 1 else (end, "")

    def _ask(self, params: Params, setting: str) -> dict[str, Any]:
        """One page of a search. A refused search is the fault of the setting, and said there."""
        address = f"{self._api}/search/jql" if self.is_cloud else f"{self._api}/search"
        try:
            data = self._http.get_json(address, params).data
        except HttpError as error:
            if error.status != 400:
                raise
            raise ConnectorError(error.message, permanent=True, field=setting) from None
        if not isinstance(data, dict):
            raise ConnectorError("Jira answered a search with something else than issues.")
        return data

    def _server_info(self) -> ServerInfo:
        """What the server tells everybody; nothing when it tells nobody."""
        try:
            return self._open(Credentials()).get("rest/api/2/serverInfo", ServerInfo)
        except HttpError as error:
            if error.status not in {401, 403} and self._options.deployment == "auto":
                raise
            return ServerInfo()

    def _account(self) -> Account | None:
        """Who we are. A site that does not know our token may still answer searches, as for a stranger: ask first."""
        if not (self._options.token or self._options.password):
            return None
        return self._http.get(f"{self._api}/myself", Account)

    def _open(self, credentials: Credentials) -> Http:
        return Http(
            self._options.url,
            context=self._context,
            credentials=credentials,
            source="Jira",
            hints=HINTS,
            ca_file=self._options.ca_file,
            limits=self._limits,
        )


class ChangelogPage(msgspec.Struct, frozen=True, rename="camel"):
    values: list[Any] = []
    total: int = 0
    is_last: bool | None = None

    def is_complete(self, found: int) -> bool:
        """Whether nothing comes after this page, the `found` entries up to it counted."""
        return not self.values or bool(self.is_last) or (self.is_last is None and found >= self.total)


def _is_cloud(options: Options, info: ServerInfo) -> bool:
    if options.deployment != "auto":
        return options.deployment == "cloud"
    if info.deployment_type:
        return info.deployment_type == "Cloud"
    host = urlsplit(options.url).hostname or ""
    return host == "api.atlassian.com" or host.endswith((".atlassian.net", ".jira.com"))


def _credentials(options: Options, is_cloud: bool) -> Credentials:
    if options.password and not options.token:
        return Credentials.basic(_needed_user(options), options.password, field="password")
    if options.token and is_cloud:
        return Credentials.basic(_needed_user(options), options.token)
    return Credentials.bearer(options.token)


def _needed_user(options: Options) -> str:
    if options.user:
        return options.user
    message = "Enter the account's e-mail (Cloud) or user name (Data Center) beside the token or password."
    raise ConnectorError(message, permanent=True, field="user")


def _zone(name: object) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ValueError, OSError):
        return None
