"""Which change came to production with which deployment, and which deployment rolled back which: derived tables.

The rule: a change belongs to the first successful production deployment whose range of commits,
from the previous successful deployment of the same service and environment (exclusive) to its own commit (inclusive),
holds it. Here each commit is marked by the first deployment, in order of finish, that reaches it. That is the same, by
induction: what is not marked before the n-th deployment is reached by none of the earlier ones, so not by the previous
one, so it is in the n-th range; and what is marked was in an earlier range or is reached by the first one. The first
known deployment has no range: what it reaches came before tracking and never becomes a change, also not when a later
deployment of an older commit would make a range that holds it again. Marking is linear, ranges are not.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from metrics.formulas.graph import first_reaching, generations, is_ancestor
from metrics.load.merge import copy_in
from metrics.models import Change, Commit, Deployment, PullRequest, Rollback, Source
from portfolio.models import Service

CHANGE_COLUMNS = (
    "deployment_id",
    "commit_id",
    "pull_request_id",
    "service_id",
    "authored_at",
    "deployed_at",
    "is_bot",
)


class Made(NamedTuple):
    """A commit as stored."""

    id: int
    source: int
    sha: str
    authored_at: datetime
    parents: list[str]
    pull_request: str | None
    is_bot: bool


class Pull(NamedTuple):
    """A merged pull request as stored."""

    id: int
    source: int
    external_id: str
    first_commit_at: datetime | None
    merge_sha: str
    merge_method: str
    commits: list[str]
    is_bot: bool


class Run(NamedTuple):
    """A deployment that reached production; they are ordered by finish, those of one instant by their ids."""

    id: int
    service: int
    source: int
    environment: str
    sha: str
    is_success: bool
    finished_at: datetime


class Derived(NamedTuple):
    """A row of Change."""

    deployment: int
    commit: int
    pull_request: int | None
    service: int
    authored_at: datetime
    deployed_at: datetime
    is_bot: bool


def derive_changes(service_ids: Iterable[int]) -> int:
    """Derive Change and Rollback of these services anew from commits, pull requests and deployments.

    Returns how many changes there are. One transaction; two at the same time for one service wait for each other.
    """
    with transaction.atomic():
        locked = Service.objects.select_for_update(no_key=True).filter(pk__in=list(service_ids)).order_by("pk")
        services = [service.pk for service in locked]
        if not services:
            return 0
        changes, rollbacks = _derive(services)
        Change.objects.filter(service__in=services).delete()
        Rollback.objects.filter(deployment__service__in=services).delete()
        with connection.cursor() as cursor:
            copy_in(cursor, "metrics_change", CHANGE_COLUMNS, changes)
            copy_in(cursor, "metrics_rollback", ["deployment_id", "undone_id"], rollbacks)
    return len(changes)


def _derive(services: Sequence[int]) -> tuple[list[Derived], list[tuple[int, int]]]:
    runs = _runs(services)
    feeding = _feeding(services, runs)
    every = {source for sources in feeding.values() for source in sources}
    commits, pulls = _commits(every), _pulls(every)
    changes: list[Derived] = []
    rollbacks: list[tuple[int, int]] = []
    for service in services:
        sources = sorted(feeding[service])
        history = History(
            [commit for source in sources for commit in commits[source]],
            [pull for source in sources for pull in pulls[source]],
        )
        own = [run for run in runs if run.service == service]
        changes += history.changes(own)
        rollbacks += history.rollbacks(own)
    return changes, rollbacks


def _runs(services: Sequence[int]) -> list[Run]:
    rows = (
        Deployment.objects.filter(service__in=services, is_production=True)
        .filter(Q(status="success") | Q(status="failure", reached=True))
        .annotate(finish=Coalesce("finished_at", "started_at"))
        .exclude(finish=None)
        .order_by("finish", "external_id", "pk")
        .values_list("pk", "service_id", "source_id", "environment", "sha", "status", "finish")
    )
    return [
        Run(pk, service, source, env, sha, state == "success", at) for pk, service, source, env, sha, state, at in rows
    ]


def _feeding(services: Sequence[int], runs: Iterable[Run]) -> dict[int, set[int]]:
    """The sources of each service: those made for it, and those that deploy it."""
    feeding: dict[int, set[int]] = {service: set() for service in services}
    for source, service in Source.objects.filter(service__in=services).values_list("pk", "service_id"):
        feeding[service or 0].add(source)
    for run in runs:
        feeding[run.service].add(run.source)
    return feeding


def _commits(sources: Collection[int]) -> Mapping[int, list[Made]]:
    fields = ("pk", "source_id", "external_id", "authored_at", "parents", "pull_request", "is_bot")
    rows = Commit.objects.filter(source__in=sources).order_by("pk").values_list(*fields)
    found: dict[int, list[Made]] = defaultdict(list)
    for row in rows.iterator(chunk_size=5000):
        found[row[1]].append(Made(*row))
    return found


def _pulls(sources: Collection[int]) -> Mapping[int, list[Pull]]:
    fields = ("pk", "source_id", "external_id", "first_commit_at", "merge_sha", "merge_method", "commits", "is_bot")
    rows = PullRequest.objects.filter(source__in=sources).exclude(merged_at=None).order_by("merged_at", "pk")
    found: dict[int, list[Pull]] = defaultdict(list)
    for row in rows.values_list(*fields).iterator(chunk_size=5000):
        found[row[1]].append(Pull(*row))
    return found


class History:
    """The commits and pull requests of a service. A commit that several sources hold is one commit."""

    def __init__(self, commits: Iterable[Made], pulls: Sequence[Pull]) -> None:
        once: dict[str, Made] = {}
        for commit in commits:
            held = once.get(commit.sha)
            if held is None or (held.pull_request is None and commit.pull_request is not None):
                once[commit.sha] = commit
        self.commits = list(once.values())
        self.place = {commit.sha: n for n, commit in enumerate(self.commits)}
        self.parents = [[self.place[sha] for sha in commit.parents if sha in self.place] for commit in self.commits]
        self.pulls = self._pulls_by_commit(pulls)
        self.squashed = {pull.merge_sha: pull for pull in reversed(pulls) if pull.merge_method == "squash"}

    def _pulls_by_commit(self, pulls: Iterable[Pull]) -> dict[str, Pull]:
        """The pull request each commit came with: as the tool says, else the earliest merged one that holds it."""
        by_id: dict[tuple[int, str], Pull] = {}
        found: dict[str, Pull] = {}
        for pull in pulls:
            by_id[pull.source, pull.external_id] = pull
            for sha in self._brought(pull):
                found.setdefault(sha, pull)
        for commit in self.commits:
            named = by_id.get((commit.source, commit.pull_request)) if commit.pull_request else None
            if named is not None:
                found[commit.sha] = named
        return found

    def _brought(self, pull: Pull) -> Iterable[str]:
        """Its commits as they are on the trunk: rebased ones have new hashes and end at the merge commit."""
        if pull.merge_method == "rebase":
            place = self.place.get(pull.merge_sha)
            for _ in pull.commits:
                if place is None:
                    break
                yield self.commits[place].sha
                place = next(iter(self.parents[place]), None)
        elif pull.merge_method == "squash":
            yield pull.merge_sha
        else:
            yield from pull.commits

    def authored_at(self, commit: Made) -> datetime:
        """A squashed commit was authored when its pull request's first commit was."""
        pull = self.squashed.get(commit.sha)
        if pull is None:
            return commit.authored_at
        if pull.first_commit_at is not None:
            return pull.first_commit_at
        known = [self.commits[self.place[sha]].authored_at for sha in pull.commits if sha in self.place]
        return min([commit.authored_at, *known])

    def changes(self, runs: Sequence[Run]) -> list[Derived]:
        """The changes that `runs` (of one service, in order of finish) brought to production, each once."""
        earliest: dict[int, int] = {}
        before: set[int] = set()
        known = [run for run in runs if run.is_success and run.sha in self.place]
        for environment in sorted({run.environment for run in known}):
            own = [place for place, run in enumerate(known) if run.environment == environment]
            for commit, n in enumerate(first_reaching(self.parents, [self.place[known[place].sha] for place in own])):
                if n == own[0] == 0:
                    before.add(commit)
                elif n > 0:
                    earliest[commit] = min(own[n], earliest.get(commit, own[n]))
        counting = (commit for commit in sorted(earliest) if self._counts(commit, before))
        return [self._change(commit, known[earliest[commit]]) for commit in counting]

    def _counts(self, commit: int, before: set[int]) -> bool:
        return commit not in before and len(self.commits[commit].parents) <= 1

    def _change(self, place: int, run: Run) -> Derived:
        commit = self.commits[place]
        pull = self.pulls.get(commit.sha)
        is_bot = commit.is_bot or (pull is not None and pull.is_bot)
        pull_id = pull.id if pull else None
        return Derived(run.id, commit.id, pull_id, run.service, self.authored_at(commit), run.finished_at, is_bot)

    def rollbacks(self, runs: Sequence[Run]) -> list[tuple[int, int]]:
        """(the deployment of an ancestor, the one immediately before it in its environment) of `runs`."""
        generation = generations(self.parents)
        latest: dict[str, Run] = {}
        found = []
        for run in runs:
            before = latest.get(run.environment)
            if run.is_success and before and self._goes_back(run.sha, before.sha, generation):
                found.append((run.id, before.id))
            latest[run.environment] = run
        return found

    def _goes_back(self, sha: str, before: str, generation: Sequence[int]) -> bool:
        older, newer = self.place.get(sha), self.place.get(before)
        if older is None or newer is None or generation[older] >= generation[newer]:
            return False
        return is_ancestor(self.parents, generation, older, newer)
