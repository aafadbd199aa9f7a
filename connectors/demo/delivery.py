"""The delivery of a demo team: commits, pull requests, deployments, failures, incidents and their repairs."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from connectors.demo.agenda import Agenda
from connectors.demo.clock import DAY
from connectors.demo.titles import incident_title

WEEK = 5 * DAY


@dataclass(slots=True)
class Commit:
    """`pushed` is when the tool first knew it."""

    sha: str
    authored: int
    committed: int
    pushed: int
    parents: tuple[str, ...]
    pull: str | None = None
    is_bot: bool = False


@dataclass(slots=True)
class Pull:
    """A pull request; its branch left the trunk at `base`."""

    number: int
    title: str
    opened: int
    first_commit: int
    base: str
    written: list[int] = field(default_factory=list)
    commits: tuple[str, ...] = ()
    reviewed: int | None = None
    merged: int | None = None
    merge_sha: str = ""
    is_bot: bool = False


@dataclass(slots=True)
class Deployment:
    number: int
    sha: str
    ref: str
    environment: str
    started: int
    finished: int
    status: Literal["success", "failure"]
    reached: bool = True
    is_unplanned: bool = False

    @property
    def id(self) -> str:
        return f"{self.environment}-{self.number}"


@dataclass(slots=True)
class Incident:
    number: int
    title: str
    started: int
    resolved: int | None = None
    deployment: str | None = None
    fix: str | None = None
    severity: str = "minor"


class Delivery:
    """One team's repository and pipeline."""

    def __init__(self, agenda: Agenda) -> None:
        self.agenda, self.profile, self.random = agenda, agenda.profile, agenda.random
        self.commits: list[Commit] = []
        self.pulls: list[Pull] = []
        self.deployments: list[Deployment] = []
        self.incidents: list[Incident] = []
        self.on_incident: Callable[[int], None] = lambda at: None
        self.on_release: Callable[[int, int], None] = lambda at, since: None
        self.head = ""
        self.live = ""
        self.busy_until = 0

    def open(self) -> None:
        """The first commit, and the pipeline's and the update bot's rhythms."""
        first = self.agenda.clock.opens[0]
        self.head = self.commit(first, first, first, ())
        self.agenda.put_after(first, WEEK, self.cadence)
        self.agenda.put_after(first, 2 * WEEK, self.update_libraries)

    # The repository

    def commit(
        self, authored: int, committed: int, pushed: int, parents: tuple[str, ...], pull: Pull | None = None
    ) -> str:
        text = f"{self.profile.slug}/{len(self.commits)}/{committed}"
        sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        number, is_bot = (str(pull.number), pull.is_bot) if pull else (None, False)
        self.commits.append(Commit(sha, authored, committed, pushed, parents, number, is_bot))
        return sha

    def open_pull(self, at: int, since: int, title: str, is_bot: bool = False) -> Pull:
        """Code written between `since` and now becomes a pull request."""
        count = 1 if is_bot else self.random.choice((1, 1, 2, 2, 3, 4))
        written = sorted(since + int((at - since) * self.random.uniform(0.05, 0.98)) for _ in range(count))
        pull = Pull(len(self.pulls) + 1, title, at, written[0], self.head, written, is_bot=is_bot)
        self.pulls.append(pull)
        if self.profile.merge == "merge":
            tip = self.head
            for when in written:
                tip = self.commit(when, when, at, (tip,), pull)
                pull.commits += (tip,)
        return pull

    def merge(self, at: int, pull: Pull) -> None:
        """The pull request was reviewed and comes to the trunk, by the team's method."""
        if pull.merged is not None:
            return
        pull.merged = at
        waited = max(at - pull.opened, 2)
        if waited > 120:
            pull.reviewed = pull.opened + int(waited * self.random.uniform(0.3, 0.9))
        if self.profile.merge == "rebase":
            for place, when in enumerate(pull.written):
                self.head = self.commit(when, at + place, at, (self.head,), pull)
                pull.commits += (self.head,)
        else:
            parents = (self.head, pull.commits[-1]) if self.profile.merge == "merge" else (self.head,)
            self.head = self.commit(at, at, at, parents, pull)
            pull.commits = pull.commits or (self.head,)
        pull.merge_sha = self.head

    def update_libraries(self, at: int) -> None:
        """A bot proposes updates, and somebody merges them some days later."""
        pull = self.open_pull(at, at - 600, "Update pinned libraries", is_bot=True)
        self.agenda.put_after(at, self.random.uniform(30, 4 * DAY), lambda now: self.merge(now, pull))
        self.agenda.put_after(at, self.random.uniform(1, 3) * WEEK, self.update_libraries)

    def trunk_commit(self, at: int) -> None:
        """A small commit without a pull request."""
        self.head = self.commit(at - 60 * self.random.randrange(2, 50), at, at, (self.head,))

    # The pipeline

    def cadence(self, at: int) -> None:
        """Deploy now if there is something new, and look again after the team's interval."""
        if self.agenda.chance(0.1):
            self.trunk_commit(at)
        if self.head != self.live and at >= self.busy_until:
            self.deploy(at)
        interval = WEEK / self.profile.releases
        if self.profile.releases <= 1:
            self.agenda.put_after(at, interval * self.random.uniform(0.92, 1.08), self.cadence)
        else:
            self.agenda.put_after(at, self.random.expovariate(1 / interval), self.cadence)

    def deploy(self, at: int, unplanned: bool = False, sha: str = "") -> Deployment:
        """Run the pipeline, in every production environment one after the other; returns the first run."""
        sha = sha or self.head
        if self.profile.staging and not unplanned:
            self.record(at - 3600, sha, "staging")
        runs = []
        for place, environment in enumerate(self.profile.environments):
            begin = at + place * 60 * self.random.randrange(40, 100)
            runs.append(self.record(begin, sha, environment, unplanned))
            self.busy_until = runs[-1].finished + 60
        first = runs[0]
        if not unplanned and self.agenda.chance(self.profile.failing):
            self.fail(first, runs[1:])
        else:
            self.agenda.put(first.finished, lambda now: self.arrived(now, first))
        return first

    def record(self, at: int, sha: str, environment: str, unplanned: bool = False) -> Deployment:
        number = len(self.deployments) + 1
        finished = at + 60 * self.random.randrange(4, 26)
        ref = f"v{number}" if self.profile.releases <= 1 else "main"
        run = Deployment(number, sha, ref, environment, at, finished, "success", is_unplanned=unplanned)
        self.deployments.append(run)
        return run

    def fail(self, run: Deployment, later: list[Deployment]) -> None:
        """The run failed: in its tests, or after it had started in production. It is tried again soon."""
        run.status = "failure"
        run.reached = self.agenda.chance(0.6)
        for other in later:
            self.deployments.remove(other)
        repair = run.finished + 60 * self.random.randrange(15, 180)
        hotfix = run.reached and self.agenda.chance(0.5)
        self.agenda.put(repair, lambda now: self.retry(now, hotfix))

    def retry(self, at: int, unplanned: bool) -> None:
        self.trunk_commit(at - 120)
        self.deploy(at, unplanned)

    def arrived(self, at: int, run: Deployment) -> None:
        """A deployment succeeded: items are released; it may turn out to be harmful."""
        before, self.live = self.live, run.sha
        self.on_release(at, run.started)
        if not run.is_unplanned and self.agenda.chance(self.profile.harmful):
            felt = at + int(60 * self.agenda.lognormal(150, 0.9))
            self.agenda.put(felt, lambda now: self.suffer(now, run, before))

    # Failures

    def suffer(self, at: int, run: Deployment, before: str) -> None:
        """Users feel it; the team rolls back, repairs with a hotfix, or it is mended without a deployment."""
        incident = Incident(len(self.incidents) + 1, incident_title(self.random, self.profile.stream), at)
        incident.severity = self.random.choice(("minor", "minor", "major", "critical"))
        incident.deployment = run.id if self.agenda.chance(0.6) else None
        self.incidents.append(incident)
        self.on_incident(at)
        answer = at + int(60 * self.agenda.lognormal(110, 0.9))
        way = self.random.random()
        if way < 0.35 and before and self.live == run.sha:
            self.agenda.put(answer, lambda now: self.roll_back(now, incident, run, before))
        elif way < 0.8:
            self.agenda.put(answer, lambda now: self.hotfix(now, incident))
        else:
            incident.resolved = answer

    def roll_back(self, at: int, incident: Incident, run: Deployment, before: str) -> None:
        """Deploy what was there before, unless something newer is there by now."""
        if self.live != run.sha or at < self.busy_until:
            self.hotfix(at, incident)
            return
        incident.resolved = self.deploy(at, unplanned=True, sha=before).finished + 300

    def hotfix(self, at: int, incident: Incident) -> None:
        at = max(at, self.busy_until)
        self.trunk_commit(at - 300)
        run = self.deploy(at, unplanned=True)
        incident.fix = run.id if self.agenda.chance(0.6) else None
        incident.resolved = run.finished + 600
