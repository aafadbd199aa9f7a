"""Reading a search to its end: in batches, in the order of the last update, so that it can stop and go on anywhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from connectors.http import HttpError
from connectors.jira.issues import Reader
from connectors.jira.payload import History, Issue, instant, jql_minute
from connectors.jira.site import Page, Raw, Search, Shifted, Site
from connectors.protocol import Batch, ConnectorError, Gone, Rejected
from metrics.rows import Row

# A new pull goes back that far: Cloud's index lags behind, and JQL knows minutes only.
OVERLAP = timedelta(minutes=15)
# Issues with their changelog, and ids alone; Cloud and Data Center give less when they think it too much.
PAGE_SIZE = {True: 100, False: 50}
IDS_PAGE_SIZE = {True: 5000, False: 1000}
BATCH_ROWS = 400
# Data Center's order may shift between any two pages; that often in a row without a new issue, all is in motion.
ATTEMPTS = 20
RESTLESS = "Jira's list of issues changes faster than it can be read."

Conform = Callable[[Issue, Sequence[History]], list[Row]]


@dataclass
class Pass:
    """One reading of the search `scope` (JQL of the setting `setting`); `mark` is its entry in the cursor."""

    site: Site
    reader: Reader
    mark: str
    phase: str
    scope: str
    setting: str
    conform: Conform
    # Whether rows are work items with all that happened to them.
    is_whole: bool
    done: int = 0
    total: int | None = None
    rows: list[Row] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    # Whole changelogs of the issues of a page that brought only a part of them.
    long: dict[str, list[Any] | HttpError] = field(default_factory=dict)
    # Issues of this pass by the update we read: what overlapping pages give twice is handed over once.
    seen: dict[str, str] = field(default_factory=dict)

    def batches(self, marks: dict[str, Any]) -> Iterator[Batch]:
        """Batches whose cursor is `marks`, which grows with them."""
        since = instant(marks[self.mark]) - OVERLAP if marks.get(self.mark) else None
        if self.site.is_cloud:
            self.total = self.site.count(self._search(since, order=""))
        for raw in self._issues(since):
            self.read(raw)
            if at := updated_at(raw):
                marks[self.mark] = max(at.isoformat(), marks.get(self.mark, ""))
            if len(self.rows) >= BATCH_ROWS:
                yield self.batch(marks)
        if self.rows or self.rejected:
            yield self.batch(marks)

    def newest(self) -> Batch:
        """The issues touched last, one page: for a preview."""
        page: Page = next(self.site.pages(self._search(None, order=" ORDER BY updated DESC")), Page([], None))
        for raw in self._with_histories(page.issues):
            self.read(raw)
        return self.batch({})

    def read(self, raw: Raw) -> None:
        """Add the rows of an issue, or why there are none. One deleted since the search is neither."""
        self.done += 1
        try:
            issue = msgspec.convert(raw, Issue)
            rows = self.conform(issue, self._histories(issue))
        except HttpError as error:
            if error.status != 404:
                raise
            if not self.site.is_cloud:
                self._reject(raw, "The server gave only a part of its history.")
        except (ValueError, KeyError, TypeError) as error:
            self._reject(raw, f"Not as Jira describes its issues: {type(error).__name__}: {error}.")
        else:
            self.rows += rows
            if self.is_whole:
                self.whole.append(issue.id)
                self.gone += self.reader.no_incident(issue)

    def batch(self, marks: Mapping[str, Any]) -> Batch:
        """What was read since the last batch."""
        batch = Batch(
            [*self.reader.statuses.take(), *self.rows],
            dict(marks),
            rejected=self.rejected,
            whole=self.whole,
            gone=self.gone,
            phase=self.phase,
            done=self.done,
            total=None if self.total is None else max(self.total, self.done),
        )
        self.rows, self.rejected, self.whole, self.gone = [], [], [], []
        return batch

    def _issues(self, since: datetime | None) -> Iterator[Raw]:
        """Every issue updated since, the oldest update first; when the order shifted, it is asked for from there on."""
        attempts = 0
        while attempts < ATTEMPTS:
            before = len(self.seen)
            try:
                for raw in self._unseen(since):
                    since = updated_at(raw) or since
                    yield raw
                return
            except Shifted:
                attempts = 0 if len(self.seen) > before else attempts + 1
        raise ConnectorError(RESTLESS)

    def _unseen(self, since: datetime | None) -> Iterator[Raw]:
        for page in self.site.pages(self._search(since)):
            self.total = page.total if self.total is None else self.total
            yield from self._with_histories([raw for raw in page.issues if self._is_new(raw)])

    def _is_new(self, raw: Raw) -> bool:
        issue, update = str(raw.get("id")), str(_fields(raw).get("updated"))
        is_new = self.seen.get(issue) != update
        self.seen[issue] = update
        return is_new

    def _with_histories(self, issues: Sequence[Raw]) -> Sequence[Raw]:
        self.long = self.site.long_histories(issues)
        return issues

    def _histories(self, issue: Issue) -> list[History]:
        """Its whole changelog. Raises HttpError when it could not be had, ValueError when it is none."""
        if issue.id not in self.long:
            return issue.changelog.histories if issue.changelog else []
        found = self.long[issue.id]
        if isinstance(found, HttpError):
            raise found
        return msgspec.convert(found, list[History])

    def _search(self, since: datetime | None, order: str = " ORDER BY updated ASC, key ASC") -> Search:
        minute = f' AND updated >= "{jql_minute(since, self.site.zone)}"' if since else ""
        return Search(
            f"({self.scope}){minute}{order}",
            self.setting,
            fields=self.reader.reading.field_ids,
            changelog=True,
            size=PAGE_SIZE[self.site.is_cloud],
        )

    def _reject(self, raw: Raw, reason: str) -> None:
        place = str(raw.get("key") or raw.get("id") or "An issue")
        self.rejected.append(Rejected(place, reason, msgspec.json.encode(raw)[:300].decode(errors="replace")))


def all_ids(site: Site, scope: str, setting: str) -> Iterator[Sequence[str]]:
    """The ids of all issues of a scope, in parts; some may come twice. Raises ConnectorError."""
    search = Search(f"({scope}) ORDER BY key ASC", setting, size=IDS_PAGE_SIZE[site.is_cloud])
    for _ in range(ATTEMPTS):
        try:
            for page in site.pages(search):
                yield [str(issue["id"]) for issue in page.issues]
            return
        except Shifted:
            continue
    raise ConnectorError(RESTLESS)


def updated_at(raw: Raw) -> datetime | None:
    """When an issue was last updated; None when it does not say it well (its conversion will say so)."""
    try:
        return instant(_fields(raw).get("updated"))
    except ValueError:
        return None


def _fields(raw: Raw) -> Mapping[str, Any]:
    fields = raw.get("fields")
    return fields if isinstance(fields, Mapping) else {}
