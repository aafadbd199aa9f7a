"""What leaves the facts: what a source's old rules had made, items missing in sweeps, whole sources."""

from collections.abc import Collection
from datetime import datetime

from django.db import models
from django.db.models import F, Func

from metrics.load.upsert import services_of as services_of
from metrics.models import (
    BlockedStay,
    Commit,
    Deployment,
    EpicLink,
    Incident,
    ItemFlow,
    ItemLink,
    PullRequest,
    Source,
    Status,
    TeamMove,
    Transition,
    WorkItem,
)

# Children before their parents: statuses and items are protected by what points at them.
IN_ORDER: tuple[type[models.Model], ...] = (
    EpicLink,
    BlockedStay,
    ItemLink,
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


def teams_of(source: Source) -> set[int]:
    """The teams in whose figures the source's items are: those that ever held one, as last derived."""
    held = ItemFlow.objects.filter(item__source=source).annotate(holder=Func(F("teams"), function="unnest"))
    return {source.team_id, *held.values_list("holder", flat=True).distinct()}


def forget_rules(source: Source) -> set[int]:
    """Delete what a source's rules had made of records, deployments and incidents; the services concerned."""
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
    """How many facts of each kind the source has, and links of its epics to features, by the kind's name.

    Kinds without any are left out.
    """
    found = {model._meta.verbose_name_plural: _facts(model, source).count() for model in IN_ORDER}
    return {str(name): count for name, count in found.items() if count}


def delete_facts(source: Source) -> None:
    """Delete everything pulled from the source, and what is derived from it."""
    for model in IN_ORDER:
        _facts(model, source).delete()
