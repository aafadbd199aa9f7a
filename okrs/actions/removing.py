"""Deleting objectives and key results, and bringing them back as they were: check-ins, links, votes and all."""

import json
from collections.abc import Iterable
from typing import Any, cast

from django.apps import apps
from django.core import serializers
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, models, router, transaction
from django.db.models.deletion import Collector, ProtectedError
from django.utils import timezone

from accounts.models import User
from core import audit
from okrs.actions.holding import hold, hold_of, tell
from okrs.actions.links import leads_to, one_at_a_time
from okrs.models import KeyResult, Objective, Removed, Support
from okrs.rules import may_change, require_change, require_change_key_result
from portfolio.rules import WORDS, Person


def _collected(thing: models.Model) -> tuple[list[models.Model], list[list[Any]]]:
    """Every row that goes with `thing`, and the columns of others that deleting it empties."""
    collector = Collector(using=router.db_for_write(type(thing)), origin=thing)
    try:
        collector.collect([thing])
    except ProtectedError as error:
        raise ValidationError(f"{thing} is needed elsewhere: {next(iter(error.protected_objects))}.") from error
    rows = [row for own in collector.data.values() for row in own]
    for quick in collector.fast_deletes:
        rows += list(quick)
    links: list[list[Any]] = []
    for (field, _), groups in collector.field_updates.items():
        # Django's types say rows; these are groups of rows: lists and querysets.
        for row in (one for group in cast("list[Iterable[models.Model]]", groups) for one in group):
            links.append([row._meta.label, row.pk, field.name, getattr(row, field.attname)])
    return rows, links


def _remove(actor: Person, thing: Objective | KeyResult) -> Removed:
    rows, links = _collected(thing)
    kept = Removed.objects.create(
        what=thing._meta.label_lower,
        target_id=thing.pk,
        name=str(thing)[:200],
        rows=[one for row in rows for one in _plain(row)],
        links=links,
        by=actor if isinstance(actor, User) else None,
        at=timezone.now(),
    )
    audit.record(actor=actor, verb="deleted", target=thing, data={"with": len(rows) - 1})
    thing.delete()
    return kept


def _plain(row: models.Model) -> list[dict[str, Any]]:
    return list(json.loads(serializers.serialize("json", [row])))


def delete_objective(*, actor: Person, objective: Objective) -> Removed:
    """Delete an open objective with its key results, check-ins and links; restore_removed brings all of it back."""
    require_change(actor, objective)
    with transaction.atomic():
        row = hold(objective)
        tell(row, "deleted")
        return _remove(actor, row)


def delete_key_result(*, actor: Person, key_result: KeyResult) -> Removed:
    """Delete a key result with its check-ins and links; restore_removed brings all of it back."""
    require_change_key_result(actor, key_result)
    with transaction.atomic():
        row = hold_of(key_result)
        tell(row.objective, "changed")
        return _remove(actor, row)


def _objective_of(removed: Removed) -> Objective:
    """The objective that was deleted, or whose key result was: as it would be, for the rules."""
    label = Objective._meta.label_lower
    found = next((row for row in removed.rows if removed.what == label and row["model"] == label), None)
    if found is not None:
        (back,) = serializers.deserialize("python", [found])
        return cast(Objective, back.object)
    pk = next(row["fields"]["objective"] for row in removed.rows if row["pk"] == removed.target_id)
    there = Objective.objects.filter(pk=pk).first()
    if there is None:
        raise ValidationError("Its objective was deleted, too: bring that back first.")
    return there


def restore_removed(*, actor: Person, removed: Removed) -> Objective:
    """Bring back what was deleted, with everything that went with it. Twice does no harm. Its objective is returned."""
    objective = _objective_of(removed)
    if actor is not None and not may_change(actor, objective):
        raise PermissionDenied(WORDS["manage_objectives"])
    with transaction.atomic():
        row = Removed.objects.select_for_update().get(pk=removed.pk)
        if row.restored_at is None:
            one_at_a_time()
            _put_back(row)
            _refuse_circles(row)
            row.restored_at = timezone.now()
            row.save(update_fields=["restored_at"])
            thing = apps.get_model(row.what)._base_manager.get(pk=row.target_id)
            audit.record(actor=actor, verb="brought back", target=thing)
    return Objective.objects.get(pk=objective.pk)


def _refuse_circles(row: Removed) -> None:
    """Lines that were drawn meanwhile may close a circle with those that came back."""
    ids = [one["pk"] for one in row.rows if one["model"] == Support._meta.label_lower]
    for line in Support.objects.filter(pk__in=ids).select_related("objective", "above", "key_result__objective"):
        goal = line.above or line.key_result.objective  # type: ignore[union-attr]
        if leads_to(goal, line.objective):
            raise ValidationError(f"“{goal}” supports “{line.objective}” by now: that would be a circle.")


def _put_back(row: Removed) -> None:
    try:
        with transaction.atomic():
            for back in serializers.deserialize("python", row.rows):
                back.save(force_insert=True)
            # Foreign keys are checked at the commit otherwise, where nobody could say so in words.
            connection.check_constraints()
    except IntegrityError as error:
        raise ValidationError("What it belonged to is gone, or stands in its place: it cannot come back.") from error
    for label, pk, column, value in row.links:
        apps.get_model(label)._base_manager.filter(pk=pk, **{column: None}).update(**{column: value})
