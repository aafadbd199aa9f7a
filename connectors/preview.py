"""What a source would bring, shown before it is connected: the first records, and what the rules make of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from connectors.protocol import Batch, Check, Connector, Rejected
from metrics.rows import (
    DeploymentRow,
    IncidentRow,
    PullRequestRow,
    State,
    StatusRow,
    TransitionRow,
    WorkItemRow,
)

SAMPLE = 20


@dataclass(frozen=True, slots=True)
class StatusPreview:
    """A status the tool has. `state` is what it would count as: given, else the tool's hint; None: active."""

    external_id: str
    name: str
    state: State | None
    is_given: bool
    # Moves into this status among the records seen.
    moves: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The first records of a tool. Lists hold samples; `counts` says how many of each kind were seen."""

    check: Check
    statuses: Sequence[StatusPreview]
    in_progress: Sequence[WorkItemRow]
    items: Sequence[WorkItemRow]
    pull_requests: Sequence[PullRequestRow]
    deployments: Sequence[DeploymentRow]
    # Runs that the rules leave out: another environment, or never reached it.
    not_deployments: Sequence[DeploymentRow]
    incidents: Sequence[IncidentRow]
    rejected: Sequence[Rejected]
    # item, pull_request, commit, deployment, not_deployment, incident, transition, rejected
    counts: Mapping[str, int]
    # Whether everything the tool has was seen.
    is_complete: bool


@dataclass(slots=True)
class _Seen:
    rows: list[Any] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    is_complete: bool = True


def _read(connector: Connector, limit: int) -> _Seen:
    seen = _Seen()
    # A tool that knows a cheaper way to the first records than a first sync offers `sample`.
    sample = getattr(connector, "sample", None)
    batches = sample() if sample else connector.pull(None)
    for batch in batches:
        seen.rows += cast(Batch, batch).rows
        seen.rejected += batch.rejected
        if len(seen.rows) + len(seen.rejected) >= limit:
            seen.is_complete = next(iter(batches), None) is None
            break
    return seen


def _statuses(rows: Sequence[Any], given: Mapping[str, State]) -> list[StatusPreview]:
    moves = Counter(row.to_status for row in rows if isinstance(row, TransitionRow))
    by_id = {row.external_id: row for row in rows if isinstance(row, StatusRow)}
    named = {name.lower(): state for name, state in given.items()}
    order = {name: n for n, name in enumerate(named)}
    found = [
        StatusPreview(
            external_id=row.external_id,
            name=row.name,
            state=named.get(row.name.lower(), row.hint),
            is_given=row.name.lower() in named,
            moves=moves[row.external_id],
        )
        for row in by_id.values()
    ]
    position = {row.external_id: row.position or 0 for row in by_id.values()}
    return sorted(found, key=lambda s: (order.get(s.name.lower(), len(order)), position[s.external_id]))


def _counts(groups: Mapping[str, Sequence[object]], seen: _Seen) -> dict[str, int]:
    kinds = Counter(type(row).__name__.removesuffix("Row").lower() for row in seen.rows)
    counts = {name: len(group) for name, group in groups.items()}
    return counts | {"commit": kinds["commit"], "transition": kinds["transition"], "rejected": len(seen.rejected)}


def of(connector: Connector, limit: int, given: Mapping[str, State]) -> Preview:
    """The first `limit` records (or a batch more), nothing stored. Raises ConnectorError."""
    check = connector.check()
    seen = _read(connector, limit)
    statuses = _statuses(seen.rows, given)
    working = {s.external_id for s in statuses if s.state in {"active", "waiting", None}}
    items = [row for row in seen.rows if isinstance(row, WorkItemRow)]
    runs = [row for row in seen.rows if isinstance(row, DeploymentRow)]
    groups: dict[str, list[Any]] = {
        "item": items,
        "in_progress": [row for row in items if row.status in working],
        "pull_request": [row for row in seen.rows if isinstance(row, PullRequestRow)],
        "deployment": [row for row in runs if row.is_production and row.reached],
        "not_deployment": [row for row in runs if not (row.is_production and row.reached)],
        "incident": [row for row in seen.rows if isinstance(row, IncidentRow)],
    }
    return Preview(
        check=check,
        statuses=statuses,
        in_progress=groups["in_progress"][:SAMPLE],
        items=items[:SAMPLE],
        pull_requests=groups["pull_request"][:SAMPLE],
        deployments=groups["deployment"][:SAMPLE],
        not_deployments=groups["not_deployment"][:SAMPLE],
        incidents=groups["incident"][:SAMPLE],
        rejected=seen.rejected[:SAMPLE],
        counts=_counts(groups, seen),
        is_complete=seen.is_complete,
    )
