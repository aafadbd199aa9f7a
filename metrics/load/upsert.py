"""upsert(source, rows): rows of any kinds, in any order and batching, into facts. Loading again changes nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from metrics import states
from metrics.load import checks, merge
from metrics.load.checks import Reject
from metrics.load.names import Names, Unknown
from metrics.load.statuses import load_statuses
from metrics.models import Deployment, Incident, Source
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

R = TypeVar("R", bound=Row)
Values = Sequence[Any]

EVENT_TABLES = (merge.TRANSITIONS, merge.TEAM_MOVES, merge.BLOCKS, merge.LINKS)
TABLES_BY_KIND: Mapping[str, merge.Table] = {
    "commit": merge.COMMITS,
    "pull_request": merge.PULL_REQUESTS,
    "deployment": merge.DEPLOYMENTS,
    "incident": merge.INCIDENTS,
}


@dataclass(slots=True)
class LoadResult:
    """What a load did: read = written + unchanged + rejected. `items` and `services` are ids of what changed.

    `remapped`: a status' state changed, so that every item of the source must be derived again.
    """

    read: int = 0
    written: int = 0
    rejected: list[Reject] = field(default_factory=list)
    items: set[int] = field(default_factory=set)
    services: set[int] = field(default_factory=set)
    remapped: bool = False

    @property
    def unchanged(self) -> int:
        return self.read - self.written - len(self.rejected)

    def add(self, other: "LoadResult") -> None:
        """Count another batch in."""
        self.read += other.read
        self.written += other.written
        self.rejected += other.rejected
        self.items |= other.items
        self.services |= other.services
        self.remapped |= other.remapped


def latest(rows: Iterable[R]) -> list[R]:
    """One row per external id: of items the newest by `updated_at`, else the last one given."""
    chosen: dict[str, R] = {}
    for row in rows:
        held = chosen.get(row.external_id)
        if held is None or not _is_older(row, held):
            chosen[row.external_id] = row
    return list(chosen.values())


def _is_older(row: Row, held: Row) -> bool:
    if not isinstance(row, WorkItemRow) or not isinstance(held, WorkItemRow):
        return False
    return row.updated_at is not None and held.updated_at is not None and row.updated_at < held.updated_at


class _Load:
    """One load: the rows by type, and the result as it grows."""

    def __init__(self, source: Source, rows: Iterable[Row]) -> None:
        self.source = source
        self.result = LoadResult()
        self.groups: dict[type, list[Any]] = defaultdict(list)
        for row in rows:
            self.result.read += 1
            self.groups[type(row)].append(row)
        self.names = Names(source)

    def usable(self, kind: type[R]) -> list[R]:
        rows: list[R] = self.groups[kind]
        good, bad = checks.split(rows)
        self.result.rejected += bad
        return latest(good)

    def merge(self, table: merge.Table, rows: Sequence[R], values: Callable[[R], Values]) -> merge.Merged:
        """Merge `rows`; one that names something unknown is rejected."""
        stored: list[Values] = []
        for row in rows:
            try:
                stored.append(values(row))
            except Unknown as unknown:
                self.result.rejected.append(checks.reject(row, str(unknown)))
        merged = merge.merge(table, self.source.pk, stored)
        self.result.written += merged.written
        return merged

    def items(self, rows: Sequence[WorkItemRow]) -> None:
        mapping = self.source.type_mapping

        def values(row: WorkItemRow) -> Values:
            kind = states.kind_of(row.tool_type, mapping)
            status = self.names.status(row.status)
            team = self.names.team(row.team)
            about = (row.external_id, row.key or row.external_id, row.title, row.url, row.tool_type, kind)
            rest = (row.points, row.labels, row.parent, row.class_of_service)
            return (*about, status, team, row.created_at, row.updated_at, *rest)

        self.result.items |= self.merge(merge.ITEMS, rows, values).touched

    def transitions(self, rows: Sequence[TransitionRow]) -> None:
        def values(row: TransitionRow) -> Values:
            item = self.names.item(row.item)
            return (row.external_id, item, row.at, self.names.status(row.from_status), self.names.status(row.to_status))

        self.result.items |= self.merge(merge.TRANSITIONS, rows, values).touched

    def team_moves(self, rows: Sequence[TeamMoveRow]) -> None:
        def values(row: TeamMoveRow) -> Values:
            item = self.names.item(row.item)
            return (row.external_id, item, row.at, self.names.team(row.from_team), self.names.team(row.to_team))

        self.result.items |= self.merge(merge.TEAM_MOVES, rows, values).touched

    def blocks(self, rows: Sequence[BlockRow]) -> None:
        def values(row: BlockRow) -> Values:
            return (row.external_id, self.names.item(row.item), row.from_at, row.to_at, row.reason)

        self.result.items |= self.merge(merge.BLOCKS, rows, values).touched

    def links(self, rows: Sequence[LinkRow]) -> None:
        def values(row: LinkRow) -> Values:
            return (row.external_id, self.names.item(row.item), row.needs)

        self.result.items |= self.merge(merge.LINKS, rows, values).touched

    def changes(self, commits: Sequence[CommitRow], pulls: Sequence[PullRequestRow]) -> None:
        before = self.result.written
        self.merge(merge.COMMITS, commits, tuple)
        self.merge(merge.PULL_REQUESTS, pulls, tuple)
        if self.result.written > before:
            self.result.services |= services_of(self.source)

    def deployments(self, rows: Sequence[DeploymentRow]) -> None:
        def values(row: DeploymentRow) -> Values:
            return (row.external_id, self.names.service(row.service), *row[1:11])

        self.result.services |= self.merge(merge.DEPLOYMENTS, rows, values).touched

    def incidents(self, rows: Sequence[IncidentRow]) -> None:
        def values(row: IncidentRow) -> Values:
            return (row.external_id, self.names.service(row.service), *row[1:8])

        self.result.services |= self.merge(merge.INCIDENTS, rows, values).touched

    def prune(self, items: Sequence[WorkItemRow], whole: Sequence[str], events: Sequence[Sequence[Row]]) -> None:
        """Delete stored events of the items in `whole` that were not delivered, unless the delivery was an old one."""
        stale = self.names.older_than_stored(items)
        ids = [pk for name in whole if name not in stale and (pk := self.names.known_item(name)) is not None]
        for table, rows in zip(EVENT_TABLES, events, strict=True):
            gone = merge.prune(table, self.source.pk, ids, [row.external_id for row in rows])
            self.result.items |= gone


def services_of(source: Source) -> set[int]:
    """The services that a source's commits may reach: its own, and those of its deployments and incidents."""
    found = set(Deployment.objects.filter(source=source).values_list("service", flat=True).distinct())
    found |= set(Incident.objects.filter(source=source).values_list("service", flat=True).distinct())
    return found | ({source.service_id} if source.service_id else set())


def upsert(source: Source, rows: Iterable[Row], whole: Sequence[str] = ()) -> LoadResult:
    """Merge `rows` into the facts of `source`, in the caller's transaction.

    The result does not depend on the order, the repetition or the batching of the rows, as long as an item comes no
    later than its events. A row that cannot be used is rejected with its reason and stops no other. `whole`: external
    ids of items whose whole history is in `rows`; events of them that are stored but not in it are deleted.
    """
    # Serialises loads of one source, and loads with a person's mapping of its statuses.
    Source.objects.select_for_update().get(pk=source.pk)
    load = _Load(source, rows)
    items, moves = load.usable(WorkItemRow), load.usable(TransitionRow)
    loaded = load_statuses(source, load.usable(StatusRow), named_statuses(items, moves))
    load.result.written += loaded.written
    load.result.remapped = loaded.remapped
    load.names.statuses = loaded.ids
    load.items(items)
    team_moves, blocks, links = load.usable(TeamMoveRow), load.usable(BlockRow), load.usable(LinkRow)
    load.names.find_items({row.item for group in (moves, team_moves, blocks, links) for row in group} | set(whole))
    load.transitions(moves)
    load.team_moves(team_moves)
    load.blocks(blocks)
    load.links(links)
    if whole:
        load.prune(items, whole, (moves, team_moves, blocks, links))
    load.deployments(load.usable(DeploymentRow))
    load.incidents(load.usable(IncidentRow))
    load.changes(load.usable(CommitRow), load.usable(PullRequestRow))
    return load.result


def named_statuses(items: Iterable[WorkItemRow], moves: Iterable[TransitionRow]) -> list[str]:
    """External ids of the statuses that items and moves name, sorted."""
    names = {row.status for row in items}
    for move in moves:
        names.add(move.to_status)
        names.add(move.from_status or "")
    return sorted(names - {""})


def forget(source: Source, gone: Iterable[tuple[str, str]]) -> LoadResult:
    """Delete facts that the tool says it has no more: (kind, external id), kinds as in TABLES_BY_KIND."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    result = LoadResult()
    for kind, external_id in gone:
        by_kind[kind].append(external_id)
        result.read += 1
    reachable = services_of(source)
    for kind, external_ids in by_kind.items():
        removed = merge.remove(TABLES_BY_KIND[kind], source.pk, external_ids)
        result.written += removed.written
        result.services |= reachable if removed.written else set()
    return result
