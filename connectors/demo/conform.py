"""From the simulation's things to the portal's rows: each as the tool would have shown it at an instant."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.demo.delivery import Commit, Deployment, Incident, Pull
from connectors.demo.epics import parent
from connectors.demo.simulation import SimulatedTeam
from connectors.demo.work import Item
from connectors.demo.world import PROFILES, WAITS, Profile, worded
from metrics.rows import (
    BlockRow,
    CommitRow,
    DeploymentRow,
    IncidentRow,
    LinkRow,
    PullRequestRow,
    Row,
    StatusRow,
    TeamMoveRow,
    TransitionRow,
    WorkItemRow,
)

# Of the items that a team would make by its throughput, so many are there for certain.
CERTAIN = 0.8


class Record(NamedTuple):
    """A thing of the tool with its rows; `at` is its latest change."""

    at: int
    kind: str
    number: int
    rows: tuple[Row, ...]


def instant(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def known(at: int | None, now: int) -> datetime | None:
    """The instant, if it has come by `now`."""
    return None if at is None or at > now else instant(at)


def latest(now: int, *ats: int | None) -> int:
    return max(at for at in ats if at is not None and at <= now)


def statuses(profile: Profile) -> list[StatusRow]:
    return [StatusRow(stage.id, stage.name, stage.state, place) for place, stage in enumerate(profile.workflow)]


def records(team: SimulatedTeam, now: int) -> Iterator[Record]:
    """Everything that had come into being by `now`, in no order."""
    delivery, profile = team.delivery, team.profile
    yield from (item_record(item, team, now) for item in team.work.items if item.created <= now)
    yield from (commit_record(commit, place) for place, commit in enumerate(delivery.commits) if commit.pushed <= now)
    yield from (pull_record(pull, profile, now) for pull in delivery.pulls if pull.opened <= now)
    yield from (deployment_record(run, now) for run in delivery.deployments if run.started <= now)
    yield from (incident_record(incident, profile, now) for incident in delivery.incidents if incident.started <= now)


def item_record(item: Item, team: SimulatedTeam, now: int) -> Record:
    profile = team.profile
    key = f"{profile.key}-{item.number}"
    steps = [step for step in item.steps if step[0] <= now]
    blocks = [block for block in item.blocks if block[0] <= now]
    moves = [move for move in item.moves if move[0] <= now]
    ends = [block[1] for block in blocks]
    changed = latest(now, item.created, *(s[0] for s in steps), *(b[0] for b in blocks), *ends, *(m[0] for m in moves))
    row = WorkItemRow(
        external_id=key,
        key=key,
        title=item.title,
        tool_type=item.tool_type,
        status=profile.workflow[steps[-1][2] if steps else 0].id,
        created_at=instant(item.created),
        updated_at=instant(changed),
        team=moves[-1][2] if moves else None,
        points=float(item.points) if profile.points else None,
        labels=("incident",) if item.expedite else (),
        parent=_parent(item, team),
        class_of_service="Expedite" if item.expedite else "Standard",
    )
    return Record(
        changed,
        "item",
        item.number,
        (
            row,
            *_transitions(key, steps, profile),
            *_moves(key, moves),
            *_blocks(key, blocks, now),
            *_links(key, blocks, team),
        ),
    )


def _parent(item: Item, team: SimulatedTeam) -> str:
    """What overtakes everything belongs to no epic."""
    if item.expedite:
        return ""
    created = instant(item.created).astimezone(ZoneInfo(team.profile.zone)).date()
    return parent(team.profile, team.seed, team.start, item.number, item.tool_type, created)


def _transitions(key: str, steps: list[tuple[int, int, int]], profile: Profile) -> Iterator[TransitionRow]:
    flow = profile.workflow
    for place, (at, before, after) in enumerate(steps):
        yield TransitionRow(f"{key}/{place}", key, instant(at), flow[before].id, flow[after].id)


def _moves(key: str, moves: list[tuple[int, str, str]]) -> Iterator[TeamMoveRow]:
    for place, (at, _, after) in enumerate(moves):
        yield TeamMoveRow(f"{key}/team/{place}", key, instant(at), None, after)


def _blocks(key: str, blocks: list[tuple[int, int, str]], now: int) -> Iterator[BlockRow]:
    for place, (at, until, reason) in enumerate(blocks):
        yield BlockRow(f"{key}/block/{place}", key, instant(at), known(until, now), worded(reason, at))


def _links(key: str, blocks: list[tuple[int, int, str]], team: SimulatedTeam) -> Iterator[LinkRow]:
    """What an item waits for while it waits for another team."""
    for place, (at, _, reason) in enumerate(blocks):
        if reason == WAITS:
            yield LinkRow(f"{key}/link/{place}", key, _needed(team, at))


def _needed(team: SimulatedTeam, at: int) -> str:
    """An item that another team made not long before: of the platform two times of three, as it goes."""
    # A team that seldom releases makes less than it could.
    others = [one for one in PROFILES if one.slug != team.profile.slug and one.releases >= 1]
    platform = [one for one in others if one.stream == "platform"]
    chosen = others if at % 3 == 0 else platform
    profile = chosen[at // 60 % len(chosen)]
    begin = datetime.combine(team.start, time(), ZoneInfo(team.profile.zone))
    weeks = (instant(at) - begin) / timedelta(weeks=1)
    return f"{profile.key}-{max(1, int(profile.throughput * weeks * CERTAIN))}"


def commit_record(commit: Commit, place: int) -> Record:
    row = CommitRow(
        commit.sha, instant(commit.authored), instant(commit.committed), commit.parents, commit.pull, commit.is_bot
    )
    return Record(commit.pushed, "commit", place, (row,))


def pull_record(pull: Pull, profile: Profile, now: int) -> Record:
    merged = known(pull.merged, now)
    row = PullRequestRow(
        external_id=str(pull.number),
        number=str(pull.number),
        title=pull.title,
        url="",
        opened_at=instant(pull.opened),
        first_commit_at=instant(pull.first_commit),
        first_review_at=known(pull.reviewed, now),
        merged_at=merged,
        closed_at=merged,
        merge_sha=pull.merge_sha if merged else "",
        merge_method=profile.merge if merged else "",
        commits=pull.commits if merged or profile.merge == "merge" else (),
        is_bot=pull.is_bot,
    )
    return Record(latest(now, pull.opened, pull.reviewed, pull.merged), "pull", pull.number, (row,))


def deployment_record(run: Deployment, now: int) -> Record:
    finished = known(run.finished, now)
    row = DeploymentRow(
        external_id=run.id,
        sha=run.sha,
        ref=run.ref,
        environment=run.environment,
        is_production=run.environment != "staging",
        status=run.status if finished else "running",
        started_at=instant(run.started),
        finished_at=finished,
        reached=run.reached or not finished,
        is_unplanned=run.is_unplanned,
    )
    return Record(latest(now, run.started, run.finished), "run", run.number, (row,))


def incident_record(incident: Incident, profile: Profile, now: int) -> Record:
    resolved = known(incident.resolved, now)
    row = IncidentRow(
        external_id=f"{profile.key}-INC-{incident.number}",
        title=incident.title,
        url="",
        started_at=instant(incident.started),
        resolved_at=resolved,
        deployment=incident.deployment,
        fix=incident.fix if resolved else None,
        severity=incident.severity,
    )
    return Record(latest(now, incident.started, incident.resolved), "incident", incident.number, (row,))
