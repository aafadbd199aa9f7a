"""Pull requests, as far as commit messages tell of them: GitHub, GitLab, Bitbucket and Azure, merged and squashed."""

import heapq
import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from connectors.git.mirror import Commit

GITHUB_MERGE = re.compile(r"\AMerge pull request #(\d+) from \S+")
GITLAB = re.compile(r"^See merge request \S*!(\d+)\s*$", re.MULTILINE)
BITBUCKET = re.compile(r"\AMerged in .* \(pull request #(\d+)\)")
AZURE = re.compile(r"\AMerged PR (\d+): (.*)")
SQUASH = re.compile(r" \(#(\d+)\)\s*\Z")


class Mention(NamedTuple):
    """A pull request that a commit's message names."""

    number: str
    title: str
    method: Literal["merge", "squash"]


def mention(commit: Commit) -> Mention | None:
    """The pull request that `commit` merged, or is the squash of."""
    subject, _, body = commit.message.strip().partition("\n")
    body = body.strip()
    first_of_body = body.partition("\n")[0].strip()
    if len(commit.parents) > 1:
        found = GITHUB_MERGE.match(subject) or GITLAB.search(body) or BITBUCKET.match(subject) or AZURE.match(subject)
        if found is None:
            return None
        title = AZURE.sub(r"\2", subject) if AZURE.match(subject) else first_of_body
        return Mention(found[1], title if not GITLAB.match(title) else subject, "merge")
    found = SQUASH.search(subject) or GITLAB.search(body) or AZURE.match(subject)
    if found is None:
        return None
    title = AZURE.sub(r"\2", subject) if AZURE.match(subject) else SQUASH.sub("", subject)
    return Mention(found[1], title, "squash")


class Graph:
    """Commits by number: each has a higher number than its parents."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        numbers = {commit.sha: n for n, commit in enumerate(commits)}
        self.shas = [commit.sha for commit in commits]
        self.parents = [tuple(numbers[p] for p in commit.parents if p in numbers) for commit in commits]
        self.numbers: Mapping[str, int] = numbers

    def between(self, base: int, tip: int) -> list[int]:
        """Commits reachable from `tip` and not from `base` (git's base..tip), oldest first.

        Walks both sides downwards by number, and stops when nothing on the way is `tip`'s alone.
        """
        marks = {tip: 1}
        marks[base] = marks.get(base, 0) | 2
        queue = [-n for n in marks]
        heapq.heapify(queue)
        alone = sum(mark == 1 for mark in marks.values())
        found = []
        while queue and alone:
            number = -heapq.heappop(queue)
            mark = marks.pop(number)
            if mark == 1:
                alone -= 1
                found.append(number)
            for parent in self.parents[number]:
                known = marks.get(parent)
                if known is None:
                    heapq.heappush(queue, -parent)
                alone += (known or 0) | mark == 1
                alone -= known == 1
                marks[parent] = (known or 0) | mark
        return found[::-1]


def claims(commits: Sequence[Commit]) -> dict[str, tuple[Commit, Mention, tuple[str, ...]]]:
    """Pull requests by number: the commit that brought each in, and the hashes of its own commits.

    A number that is named twice (a squash that was reverted and brought in again) belongs to the first.
    """
    graph: Graph | None = None
    found: dict[str, tuple[Commit, Mention, tuple[str, ...]]] = {}
    for commit in commits:
        named = mention(commit)
        if named is None or named.number in found:
            continue
        own: tuple[str, ...] = (commit.sha,)
        if named.method == "merge":
            graph = graph or Graph(commits)
            base, *tips = graph.parents[graph.numbers[commit.sha]] or (None,)
            own = tuple(graph.shas[n] for tip in tips if base is not None for n in graph.between(base, tip))
        found[named.number] = (commit, named, own)
    return found
