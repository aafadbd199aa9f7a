"""Cycles: the periods objectives are set for."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from okrs.models import Cycle, CycleKind
from portfolio.actions.writing import change, create, short_name
from portfolio.quarters import Quarter
from portfolio.rules import Person, require

# Longer ones are strategies, not cycles.
MOST_DAYS = 3 * 366


def _check_days(starts_on: date, ends_on: date) -> None:
    if ends_on <= starts_on:
        raise ValidationError({"ends_on": "The last day is not after the first."})
    if (ends_on - starts_on).days >= MOST_DAYS:
        raise ValidationError({"ends_on": "A cycle is at most three years long."})


def _check_kind(kind: str, starts_on: date, ends_on: date) -> None:
    """A quarter or year is a calendar one; anything else has its own dates."""
    quarter = Quarter.of(starts_on)
    if kind == CycleKind.QUARTER and (starts_on, ends_on) != (quarter.first, quarter.last):
        whole = f"{quarter.first:%-d %b} to {quarter.last:%-d %b %Y}"
        raise ValidationError({"starts_on": f"{quarter.name} is {whole}: choose own dates for another period."})
    if kind == CycleKind.YEAR and (starts_on, ends_on) != (date(starts_on.year, 1, 1), date(starts_on.year, 12, 31)):
        raise ValidationError({"starts_on": "A year is 1 Jan to 31 Dec: choose own dates for another period."})


def create_cycle(
    *, actor: Person, name: str, starts_on: date, ends_on: date, kind: str = CycleKind.QUARTER, slug: str = ""
) -> Cycle:
    """A period for objectives; both days belong to it. Made for the whole portal."""
    require(actor, "manage_objectives")
    _check_days(starts_on, ends_on)
    _check_kind(kind, starts_on, ends_on)
    short = short_name(name, slug, 60)
    if not short:
        raise ValidationError({"slug": "Give a short name: none can be made of this name."})
    return create(actor, "created", Cycle(name=name, slug=short, kind=kind, starts_on=starts_on, ends_on=ends_on))


def change_cycle(
    *, actor: Person, cycle: Cycle, name: str, starts_on: date, ends_on: date, kind: str | None = None
) -> Cycle:
    """Change its name and days; the pace of its objectives is reckoned with the new ones."""
    require(actor, "manage_objectives")
    _check_days(starts_on, ends_on)
    kind = kind or cycle.kind
    _check_kind(kind, starts_on, ends_on)
    if cycle.closed_at:
        raise ValidationError(f"{cycle} is closed: reopen it first.")
    fields = {"name": name, "starts_on": starts_on, "ends_on": ends_on, "kind": kind}
    return change(actor, "changed", cycle, fields)


def close_cycle(*, actor: Person, cycle: Cycle) -> Cycle:
    """Close a cycle whose objectives are closed; nothing can be added to it or checked in then."""
    require(actor, "manage_objectives")
    with transaction.atomic():
        row = Cycle.objects.select_for_update().get(pk=cycle.pk)
        left = row.objectives.filter(closed_at=None).count()
        if left:
            goals = "1 objective of it is" if left == 1 else f"{left} objectives of it are"
            raise ValidationError(f"{goals} open: close them first.")
        return row if row.closed_at else change(actor, "closed", row, {"closed_at": timezone.now()})


def reopen_cycle(*, actor: Person, cycle: Cycle) -> Cycle:
    """Its objectives stay closed until they are reopened."""
    require(actor, "manage_objectives")
    return change(actor, "reopened", cycle, {"closed_at": None})
