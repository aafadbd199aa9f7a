"""How every verb on the nouns writes: one transaction, one audit entry, values checked by the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.text import slugify

from core import audit
from core.models import AuditEntry
from portfolio.rules import Person

M = TypeVar("M", bound=models.Model)
# Never in the audit trail.
PRIVATE = {"password"}
# Filled in by the verb: nobody means the portal itself.
SIGNATURE = {"made_by", "asked_by", "opened_by", "by"}


@dataclass(eq=False)
class Conflict(Exception):
    """Somebody else changed the thing since the writer saw it: `current` is the row as it is now.

    `who` ("" is the portal itself) did `verb` at `at`; `data` is what the audit trail says of it.
    """

    current: models.Model
    who: str = ""
    verb: str = "changed"
    at: datetime | None = None
    data: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.who or 'The portal'} {self.verb} {self.current} since you looked."


def check_version(row: models.Model, version: int | None) -> None:
    """Raise Conflict when `row`, locked and as it is now, is not what the writer saw; None: they did not say."""
    if version is None or row.version == version:  # type: ignore[attr-defined]
        return
    of_row = AuditEntry.objects.filter(target_type=row._meta.label_lower, target_id=str(row.pk))
    last = of_row.first()
    raise Conflict(row, last.actor_name, last.verb, last.at, last.data) if last else Conflict(row)


def plain(value: object) -> object:
    """A value as the audit trail keeps it: JSON, readable."""
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, DateRange):
        return [plain(value.lower), plain(value.upper)]
    return str(value) if isinstance(value, Decimal) else value


def create(actor: Person, verb: str, thing: M, also: Mapping[str, Any] | None = None) -> M:
    """Save `thing`; `also` is what the entry says beside its columns."""
    with transaction.atomic():
        # Constraints are the database's to check: Django would ask it once for each of them (see `save`).
        thing.full_clean(exclude=SIGNATURE, validate_constraints=False)
        save(thing)
        values = {f.name: plain(getattr(thing, f.name)) for f in thing._meta.concrete_fields if not f.primary_key}
        data = {name: value for name, value in values.items() if value not in (None, "") and name not in PRIVATE}
        audit.record(actor=actor, verb=verb, target=thing, data=data | dict(also or {}))
    return thing


def lock(thing: M, version: int | None = None, *, no_key: bool = False) -> M:
    """The row as it is now, locked until the transaction ends. Raises Conflict when it is not at `version`.

    `no_key`: rows that point at it can be written meanwhile. It has to be said where such rows are then waited for.
    """
    row = type(thing)._base_manager.select_for_update(of=("self",), no_key=no_key).get(pk=thing.pk)
    check_version(row, version)
    return row


def change(
    actor: Person,
    verb: str,
    thing: M,
    fields: Mapping[str, Any],
    also: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> M:
    """Set `fields` on the row as it is now, under a lock; nothing is written when nothing differs.

    `also`: changes that the caller writes beside its columns, [before, after] by name, for the entry. A row that has a
    `version` gets the next one; the one that the writer saw, where given, must be the present (else Conflict).
    """
    with transaction.atomic():
        row = lock(thing, version)
        changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
        data = {name: [plain(getattr(row, name)), plain(value)] for name, value in changed.items()}
        if (changed or also) and "version" not in changed and isinstance(getattr(row, "version", None), int):
            changed["version"] = row.version + 1  # type: ignore[attr-defined]
        for name, value in changed.items():
            setattr(row, name, value)
        if changed:
            row.full_clean(exclude=SIGNATURE, validate_constraints=False)
            save(row, list(changed))
        if changed or also:
            audit.record(actor=actor, verb=verb, target=row, data=data | dict(also or {}))
    return row


def save(thing: models.Model, names: list[str] | None = None) -> None:
    """Save a row (only these columns). A constraint that it breaks, or that somebody else's row makes it break, is told
    in words, as the form would."""
    try:
        with transaction.atomic():
            thing.save(update_fields=names)
    except IntegrityError:
        thing.full_clean(exclude=SIGNATURE)
        raise


def delete(actor: Person, verb: str, thing: models.Model, data: Mapping[str, Any]) -> None:
    with transaction.atomic():
        audit.record(actor=actor, verb=verb, target=thing, data=data)
        thing.delete()


def short_name(name: str, slug: str, length: int) -> str:
    """The short name: as given, or made from the name. Addresses like …/teams/new/ are the portal's own."""
    slug = slug or slugify(name)[:length].strip("-")
    if slug == "new":
        raise ValidationError({"slug": "“new” is an address of the portal: choose another short name."})
    return slug


def check_days(started_on: date | None, due_on: date | None) -> None:
    if started_on and due_on and due_on < started_on:
        raise ValidationError({"due_on": "It would be due before it starts."})
