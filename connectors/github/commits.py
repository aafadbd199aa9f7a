"""Commits of branches. The first reading lists the history of a fixed commit, so that its pages never shift; later
ones ask what the branch holds now and did not hold then. A list by date would miss old commits that came in late."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from connectors.github.api import GONE, PER_PAGE, Api
from connectors.github.payloads import Branch, Commit, Ref
from connectors.http import HttpError, Response
from connectors.protocol import Rejected
from metrics.rows import CommitRow

# An empty repository answers 409; a commit that was thrown away 404 or 422.
MISSING = GONE | {409, 422}


class Part(NamedTuple):
    """Commits, and the address to go on at; empty: that was all of this branch."""

    rows: list[CommitRow]
    rejected: list[Rejected]
    next: str


def row(commit: Commit) -> CommitRow | None:
    author, committer = commit.commit.author, commit.commit.committer or commit.commit.author
    if author is None or author.date is None or committer is None:
        return None
    is_bot = author.is_bot or bool(commit.author and commit.author.is_bot)
    parents = tuple(parent.sha for parent in commit.parents)
    return CommitRow(commit.sha, author.date, committer.date or author.date, parents, is_bot=is_bot)


class Commits:
    """Reads commits, and remembers those it has read for finding out how pull requests came in."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, CommitRow] = {}

    def head(self, branch: str) -> str:
        """The commit a branch is at; empty: there is no such branch, or nothing in it."""
        ref = self._api.maybe(self._api.path("git/ref/heads", quote(branch)), Ref, MISSING)
        return ref.object.sha if ref else ""

    def branches(self) -> list[Branch]:
        return list(self._api.all(self._api.path("branches"), Branch, "branches"))

    def find(self, sha: str) -> CommitRow | None:
        """One commit; asked for when it was not read in this sync."""
        if sha not in self._known:
            found = self._api.maybe(self._api.path("commits", sha), Commit, MISSING)
            commit = row(found) if found else None
            if commit is None:
                return None
            self._known[sha] = commit
        return self._known[sha]

    def history(self, head: str, address: str = "") -> Iterator[Part]:
        """Everything up to `head`, newest first; `address` goes on where an earlier reading ended."""
        address = address or self._api.path(f"commits?sha={head}&per_page={PER_PAGE}")
        for response in self._api.http.pages(address):
            yield self._part(response, "")

    def between(self, base: str, head: str) -> Iterator[Part] | None:
        """What `head` has and `base` has not, oldest first; None: they cannot be compared (base is gone)."""
        pages = self._api.http.pages(self._api.path(f"compare/{base}...{head}?per_page={PER_PAGE}"))
        try:
            first = next(pages)
        except HttpError as error:
            if error.status in MISSING:
                return None
            raise
        return self._compared(first, pages)

    def _compared(self, first: Response, rest: Iterator[Response]) -> Iterator[Part]:
        yield self._part(first, "commits")
        for response in rest:
            yield self._part(response, "commits")

    def _part(self, response: Response, key: str) -> Part:
        found, rejected = self._api.list(response, Commit, "commits", key)
        rows: list[CommitRow] = []
        for commit in found:
            made = row(commit)
            if made is None:
                rejected.append(Rejected(f"commit {commit.sha}", "It has no author or no time."))
            else:
                rows.append(made)
        self._known.update((made.external_id, made) for made in rows)
        return Part(rows, rejected, response.next)
