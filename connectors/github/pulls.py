"""A pull request and its timeline → the pull request, its commits, and how it came into its branch. No requests."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from connectors.github.payloads import Event, Issue
from metrics.rows import CommitRow, PullRequestRow, Row

Method = Literal["", "merge", "squash", "rebase"]
# Finds a commit of the target branch; None: GitHub has it no more.
Lookup = Callable[[str], CommitRow | None]


class Landing(NamedTuple):
    """How a pull request came in: by which method, and as which commits of the target branch (the last one last)."""

    method: Method
    commits: tuple[CommitRow, ...]


def commits(events: Iterable[Event]) -> list[CommitRow]:
    """The commits of the pull request's own branch, oldest first."""
    found = (_commit(event) for event in events if event.event == "committed")
    return [commit for commit in found if commit is not None]


def _commit(event: Event) -> CommitRow | None:
    author, committer = event.author, event.committer or event.author
    if not event.sha or author is None or author.date is None or committer is None:
        return None
    parents = tuple(parent.sha for parent in event.parents)
    return CommitRow(event.sha, author.date, committer.date or author.date, parents, is_bot=author.is_bot)


def _answers(event: Event) -> Iterator[tuple[str, bool, datetime | None]]:
    """Who reviewed or commented in an event: login, whether a bot, when."""
    if event.event in {"reviewed", "commented"} and event.state != "pending":
        user = event.user or event.actor
        if user:
            yield user.login, user.is_bot, event.submitted_at or event.created_at
    elif event.event in {"line-commented", "commit-commented"}:
        for comment in event.comments:
            if comment.user:
                yield comment.user.login, comment.user.is_bot, comment.created_at


def first_review(issue: Issue, events: Iterable[Event], until: datetime | None) -> datetime | None:
    """The first review or comment by a person who is not the author; what comes after the merge is no review."""
    author = issue.user.login if issue.user else ""
    times = (
        at
        for event in events
        for login, is_bot, at in _answers(event)
        if at is not None and login != author and not is_bot and (until is None or at <= until)
    )
    return min(times, default=None)


def merge_sha(events: Iterable[Event]) -> str:
    """The commit that brought it in, as the timeline names it; empty: it does not."""
    return next((event.commit_id for event in events if event.event == "merged" and event.commit_id), "")


def landing(sha: str, own: Sequence[CommitRow], lookup: Lookup) -> Landing:
    """How `own` commits came in as `sha`.

    A merge commit has two parents. Rebasing copies each commit and keeps its author's time; squashing makes one new
    commit with a time of its own.
    """
    last = lookup(sha) if sha else None
    if last is None:
        return Landing("", ())
    if len(last.parents) > 1:
        return Landing("merge", (last,))
    copied = [commit for commit in own if len(commit.parents) < 2]
    chain = _chain(last, copied, lookup)
    return Landing("rebase", chain) if chain else Landing("squash", (last,))


def _chain(last: CommitRow, copied: Sequence[CommitRow], lookup: Lookup) -> tuple[CommitRow, ...]:
    """The commits of the target branch that are copies of `copied`, oldest first; none: they are no copies."""
    chain: list[CommitRow] = []
    commit: CommitRow | None = last
    for original in reversed(copied):
        if commit is None or commit.authored_at != original.authored_at:
            return ()
        chain.append(commit)
        commit = lookup(commit.parents[0]) if commit.parents and len(chain) < len(copied) else None
    return tuple(reversed(chain))


def rows(issue: Issue, events: Sequence[Event], sha: str, lookup: Lookup) -> list[Row]:
    """The pull request and its commits; those of a merged one say that they came with it."""
    merged_at = issue.pull_request.merged_at if issue.pull_request else None
    own = commits(events)
    landed = landing(sha, own, lookup) if merged_at else Landing("", ())
    name = str(issue.id)
    pull = PullRequestRow(
        external_id=name,
        number=str(issue.number),
        title=issue.title,
        url=issue.html_url,
        opened_at=issue.created_at,
        first_commit_at=min((commit.authored_at for commit in own if len(commit.parents) < 2), default=None),
        first_review_at=first_review(issue, events, merged_at),
        merged_at=merged_at,
        closed_at=issue.closed_at,
        merge_sha=sha if merged_at else "",
        merge_method=landed.method,
        commits=tuple(commit.external_id for commit in _brought(own, landed)),
        is_bot=bool(issue.user and issue.user.is_bot),
    )
    linked = {commit.external_id: commit for commit in (*own, *landed.commits)}
    came_with = name if merged_at else None
    return [pull, *(commit._replace(pull_request=came_with) for commit in linked.values())]


def _brought(own: Sequence[CommitRow], landed: Landing) -> Iterable[CommitRow]:
    """What the pull request's branch brought. Rebasing leaves merges out, so that there is one copy of each."""
    return (commit for commit in own if landed.method != "rebase" or len(commit.parents) < 2)
