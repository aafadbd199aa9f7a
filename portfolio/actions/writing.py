"""How every verb on the nouns writes: one transaction, one audit entry, values checked by the model."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.text import slugify

from core import audit
from portfolio.rules import Person

M = TypeVar("M", bound=models.Model)
# Never in the audit trail.
PRIVATE = {"password"}
# Filled in by the verb: nobody means the portal itself.
SIGNATURE = {"made_by"}


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
        thing.full_clean(exclude=SIGNATURE)
        save(thing)
        values = {f.name: plain(getattr(thing, f.name)) for f in thing._meta.concrete_fields if not f.primary_key}
        data = {name: value for name, value in values.items() if value not in (None, "") and name not in PRIVATE}
        audit.record(actor=actor, verb=verb, target=thing, data=data | dict(also or {}))
    return thing


def change(actor: Person, verb: str, thing: M, fields: Mapping[str, Any], also: Mapping[str, Any] | None = None) -> M:
    """Set `fields` on the row as it is now, under a lock; nothing is written when nothing differs.

    `also`: changes that the caller writes beside its columns, [before, after] by name, for the entry.
    """
    with transaction.atomic():
        row = type(thing)._base_manager.select_for_update(of=("self",)).get(pk=thing.pk)
        changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
        data = {name: [plain(getattr(row, name)), plain(value)] for name, value in changed.items()}
        for name, value in changed.items():
            setattr(row, name, value)
        if changed:
            row.full_clean(exclude=SIGNATURE)
            save(row, list(changed))
        if changed or also:
            audit.record(actor=actor, verb=verb, target=row, data=data | dict(also or {}))
    return row


def save(thing: models.Model, names: list[str] | None = None) -> None:
    """Save a checked row (only these columns). What somebody else wrote since the check is told as the check does."""
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
