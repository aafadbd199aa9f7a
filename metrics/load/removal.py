"""What leaves the facts: history that a tool took back, what it says is gone, items missing in sweeps, whole sources."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import models

from metrics.models import (
    BlockedStay,
    Commit,
    Deployment,
    Incident,
    PullRequest,
    Source,
    Status,
    TeamMove,
    Transition,
    WorkItem,
)
from metrics.rows import BlockRow, Row, TeamMoveRow, TransitionRow

HISTORY: tuple[tuple[type[models.Model], type], ...] = (
    (Transition, TransitionRow),
    (TeamMove, TeamMoveRow),
    (BlockedStay, BlockRow),
)
KINDS: Mapping[str, type[models.Model]] = {
    "commit": Commit,
    "pull_request": PullRequest,
    "deployment": Deployment,
    "incident": Incident,
}
# Children before their parents: statuses and items are protected by what points at them.
IN_ORDER: tuple[type[models.Model], ...] = (
    BlockedStay,
    TeamMove,
    Transition,
    Incident,
    Deployment,
    PullRequest,
    Commit,
    WorkItem,
    Status,
)


def _facts(model: type[models.Model], source: Source) -> "models.QuerySet[models.Model]":
    return model._default_manager.filter(source=source)


def replace_history(source: Source, whole: Collection[str], rows: Iterable[Row]) -> set[int]:
    """Delete the history of the `whole` items (external ids) that is not in `rows`; ids of items that lost some."""
    if not whole:
        return set()
    kept: dict[type, list[str]] = {row_type: [] for _, row_type in HISTORY}
    for row in rows:
        if type(row) in kept:
            kept[type(row)].append(row.external_id)
    touched: set[int] = set()
    for model, row_type in HISTORY:
        stale = _facts(model, source).filter(item__source=source, item__external_id__in=whole)
        stale = stale.exclude(external_id__in=kept[row_type])
        touched.update(stale.values_list("item_id", flat=True))
        stale.delete()
    return touched


def remove(source: Source, gone: Iterable[tuple[str, str]]) -> tuple[int, set[int]]:
    """Delete facts by (kind, external id); how many there were, and the services whose figures change by it."""
    by_kind: dict[str, list[str]] = {}
    for kind, external_id in gone:
        by_kind.setdefault(kind, []).append(external_id)
    count, services = 0, set[int]()
    for kind, ids in by_kind.items():
        facts = _facts(KINDS[kind], source).filter(external_id__in=ids)
        found = facts.count()
        if found:
            count += found
            services |= services_of(source)
            facts.delete()
    return count, services


def services_of(source: Source) -> set[int]:
    """Services that have deployments or incidents of this source, and its own."""
    found = {source.service_id} if source.service_id else set[int]()
    for model in (Deployment, Incident):
        found.update(_facts(model, source).values_list("service_id", flat=True).distinct())
    return found


def forget_rules(source: Source) -> set[int]:
    """Delete what a source's rules had made of its tool's records: deployments and incidents; the services concerned."""
    services = services_of(source)
    for model in (Deployment, Incident):
        _facts(model, source).delete()
    return services


def mark_missing(source: Source, missing: Collection[str], at: datetime) -> set[int]:
    """Items that two listings did not name: deleted when an earlier sweep missed them too, else marked as missing.

    Returns the ids of those that are now deleted.
    """
    alive = WorkItem.objects.filter(source=source, external_id__in=missing, deleted_at=None)
    again = set(alive.exclude(missing_at=None).values_list("pk", flat=True))
    alive.filter(missing_at=None).update(missing_at=at)
    WorkItem.objects.filter(pk__in=again).update(deleted_at=at)
    return again


def mark_found(source: Source, found: Collection[str]) -> set[int]:
    """Items that the tool showed again; the ids of those that counted as deleted."""
    back = WorkItem.objects.filter(source=source, external_id__in=found).exclude(missing_at=None, deleted_at=None)
    returned = set(back.exclude(deleted_at=None).values_list("pk", flat=True))
    back.update(missing_at=None, deleted_at=None)
    return returned


def counts(source: Source) -> dict[str, int]:
    """How many facts of each kind the source has, by the kind's name; kinds without any are left out."""
    found = {model._meta.verbose_name_plural: _facts(model, source).count() for model in IN_ORDER}
    return {str(name): count for name, count in found.items() if count}


def delete_facts(source: Source) -> None:
    """Delete everything pulled from the source, and what is derived from it."""
    for model in IN_ORDER:
        _facts(model, source).delete()
