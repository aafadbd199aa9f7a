"""Verbs on key figures and their values; whoever brings values (a person, a file, a program) uses the same ones.

Each checks the actor, is one transaction and leaves one audit entry (of many values: one per figure); `actor` None is
the portal itself. Invalid values raise ValidationError by field. A day has one value: entering it again corrects it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from core import audit
from metrics.kpis import may_record, unit_of
from metrics.models import Kpi, KpiOrigin, KpiValue
from metrics.queries import takes_ranks
from metrics.registry import METRICS
from portfolio.actions import writing
from portfolio.models import ValueStream
from portfolio.rules import WORDS, Person, require

FIRST_DAY = date(1970, 1, 1)
# Larger numbers are typing slips; a spreadsheet keeps 15 digits.
LARGEST = 1e15
# What says which measure a figure is.
LINK = ("measure", "percentile", "window_days", "team")
FIELDS = {
    *("name", "description", "unit", "better", "target", "target_on", "owner", "initiative", "position"),
    *LINK,
}


def _free_slug(stream: ValueStream, name: str) -> str:
    """A short name made of the stream's and the figure's, that no figure has."""
    stem = writing.short_name(f"{stream.slug} {name}", "", 74) or "figure"
    taken = set(Kpi.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)


def _check_number(name: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and abs(value) <= LARGEST):
        raise ValidationError({name: "Give a number of at most 15 digits."})


def _checked(kpi: Kpi) -> None:
    """Raise ValidationError by field for a figure that makes no sense; sets the unit of a linked measure."""
    problems: dict[str, str] = {}
    if kpi.initiative and kpi.initiative.stream_id != kpi.stream_id:
        problems["initiative"] = f"{kpi.initiative} is of another value stream."
    if kpi.team and kpi.team.stream_id != kpi.stream_id:
        problems["team"] = f"{kpi.team} is of another value stream."
    if kpi.target_on and kpi.target is None:
        problems["target"] = "Say what it should be by that day."
    if kpi.measure and kpi.measure not in METRICS:
        problems["measure"] = f"There is no measure “{kpi.measure}”. There are: {', '.join(METRICS)}."
    elif kpi.measure and kpi.percentile and not takes_ranks(METRICS[kpi.measure]):
        problems["percentile"] = f"{METRICS[kpi.measure].label} has no percentiles: leave it empty."
    if problems:
        raise ValidationError(problems)
    _check_number("target", kpi.target)


def _with_unit(fields: dict[str, Any]) -> dict[str, Any]:
    """A linked measure brings its own unit."""
    metric = METRICS.get(fields.get("measure") or "")
    return fields | {"unit": unit_of(metric)[0]} if metric else fields


def _wake(kpi: Kpi) -> None:
    """Have the past of a linked figure written by a worker, after the commit."""
    from metrics.tasks import write_kpi

    if kpi.measure:
        transaction.on_commit(lambda: write_kpi.delay(kpi.pk), robust=True)


def create_kpi(*, actor: Person, stream: ValueStream, name: str, slug: str = "", **fields: Any) -> Kpi:
    """`fields`: description, unit, better, target, target_on, owner, team, initiative (a leading measure of it),
    measure with percentile and window_days (the portal writes its values), position.
    """
    require(actor, "manage_kpis", stream)
    _refuse_others(fields)
    slug = writing.short_name(name, slug, 80) if slug else _free_slug(stream, name if slugify(name) else "figure")
    kpi = Kpi(stream=stream, name=name.strip(), slug=slug, **_with_unit(fields))
    _checked(kpi)
    with transaction.atomic():
        made = writing.create(actor, "created", kpi)
        _wake(made)
    return made


def change_kpi(*, actor: Person, kpi: Kpi, **fields: Any) -> Kpi:
    """`fields` as of create_kpi. Linked to another measure, the values that the portal wrote before are gone."""
    require(actor, "manage_kpis", kpi.stream)
    _refuse_others(fields)
    fields = _with_unit(fields)
    values = {field.attname: getattr(kpi, field.attname) for field in kpi._meta.concrete_fields}
    _checked(Kpi(**(values | fields)))
    with transaction.atomic():
        changed = writing.change(actor, "changed", kpi, fields)
        if any(getattr(changed, name) != getattr(kpi, name) for name in LINK):
            changed.values.filter(origin=KpiOrigin.MEASURE).delete()
            _wake(changed)
    return changed


def end_kpi(*, actor: Person, kpi: Kpi, on: date) -> Kpi:
    """`on` is its last day; it keeps its history and leaves the lists."""
    require(actor, "manage_kpis", kpi.stream)
    if KpiValue.objects.filter(kpi=kpi, on__gt=on).exists():
        raise ValidationError({"on": "It has values after that day."})
    return writing.change(actor, "ended", kpi, {"ended_on": on})


def reopen_kpi(*, actor: Person, kpi: Kpi) -> Kpi:
    require(actor, "manage_kpis", kpi.stream)
    return writing.change(actor, "reopened", kpi, {"ended_on": None})


def _refuse_others(fields: Mapping[str, Any]) -> None:
    if others := fields.keys() - FIELDS:
        raise TypeError(f"not a field of a key figure: {sorted(others)}")


class Entry(NamedTuple):
    """What a figure was on a day, as somebody brings it."""

    kpi: Kpi
    on: date
    value: float
    note: str = ""


def problem_with(entry: Entry, today: date) -> dict[str, str]:
    """What is wrong with an entry, in words by field; nothing when it can be recorded."""
    kpi, problems = entry.kpi, dict[str, str]()
    if not (math.isfinite(entry.value) and abs(entry.value) <= LARGEST):
        problems["value"] = "Give a number of at most 15 digits."
    if entry.on > today:
        problems["on"] = f"{entry.on:%-d %b %Y} is still to come: a value is of a day up to today."
    elif entry.on < FIRST_DAY:
        problems["on"] = "Days begin in 1970."
    elif kpi.ended_on and entry.on > kpi.ended_on:
        problems["on"] = f"{kpi} ended on {kpi.ended_on:%-d %b %Y}."
    if len(entry.note) > 300:
        problems["note"] = "A note has at most 300 letters."
    if kpi.measure:
        problems["kpi"] = f"The portal measures {kpi} itself, every day; nobody enters its values."
    return problems


def record_value(
    *, actor: Person, kpi: Kpi, on: date, value: float, origin: str = KpiOrigin.HAND, note: str = ""
) -> KpiValue:
    """The figure was `value` on the day `on`, in the figure's unit. A day that has a value is corrected."""
    record_values(actor=actor, entries=[Entry(kpi, on, value, note)], origin=origin)
    return KpiValue.objects.get(kpi=kpi, on=on)


class Counts(NamedTuple):
    """What came of entries: days that are new, corrected, and the same as before."""

    created: int
    changed: int
    unchanged: int


def record_values(*, actor: Person, entries: Sequence[Entry], origin: str) -> Counts:
    """Record many values, all or none; an audit entry per figure. No two of the same figure and day."""
    _check_entries(actor, entries)
    with transaction.atomic():
        before = _lock(entries)
        fresh = [one for one in entries if (one.kpi.pk, one.on) not in before]
        # The same value with the same note again changes nothing, not even who brought it.
        moved = [one for one in entries if before.get((one.kpi.pk, one.on), one[2:]) != (one.value, one.note)]
        _save(actor, [*fresh, *moved], origin)
        _record(actor, [*fresh, *moved], before)
    return Counts(len(fresh), len(moved), len(entries) - len(fresh) - len(moved))


def _check_entries(actor: Person, entries: Sequence[Entry]) -> None:
    today = timezone.localdate()
    for entry in entries:
        if actor is not None and not may_record(actor, entry.kpi):
            raise PermissionDenied(WORDS["manage_kpis"])
        if problems := problem_with(entry, today):
            raise ValidationError({"on" if name == "kpi" else name: text for name, text in problems.items()})


_Key = tuple[int, date]


def _lock(entries: Iterable[Entry]) -> dict[_Key, tuple[float, str]]:
    """The values that are there, by figure and day; until the transaction ends nobody else writes these figures'."""
    ids = {entry.kpi.pk for entry in entries}
    list(Kpi.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    rows = KpiValue.objects.filter(kpi__in=ids, on__in={entry.on for entry in entries})
    return {(pk, on): (value, note) for pk, on, value, note in rows.values_list("kpi", "on", "value", "note")}


def _save(actor: Person, entries: Sequence[Entry], origin: str) -> None:
    by, at = actor.pk if actor is not None and actor.is_authenticated else None, timezone.now()
    rows = [KpiValue(kpi=e.kpi, on=e.on, value=e.value, note=e.note, origin=origin, by_id=by, at=at) for e in entries]
    updated = ["value", "note", "origin", "by", "at"]
    KpiValue.objects.bulk_create(rows, update_conflicts=True, unique_fields=["kpi", "on"], update_fields=updated)


def _record(actor: Person, entries: Sequence[Entry], before: Mapping[_Key, tuple[float, str]]) -> None:
    """An audit entry per figure: the days with what was there and what is, of many only how many and from when."""
    by_kpi: dict[Kpi, list[Entry]] = {}
    for entry in entries:
        by_kpi.setdefault(entry.kpi, []).append(entry)
    for kpi, own in by_kpi.items():
        days = {one.on.isoformat(): [before.get((kpi.pk, one.on), (None,))[0], one.value] for one in own}
        data: dict[str, Any] = days if len(days) <= 20 else {"values": len(days), "from": min(days), "to": max(days)}
        audit.record(actor=actor, verb="recorded", target=kpi, data=data)


def remove_value(*, actor: Person, kpi: Kpi, on: date) -> KpiValue | None:
    """Take back what was recorded for a day; returns what stood there, for the undo, None when there was nothing."""
    if actor is not None and not may_record(actor, kpi):
        raise PermissionDenied(WORDS["manage_kpis"])
    if kpi.measure:
        raise ValidationError({"on": f"The portal measures {kpi} itself: its values are not taken away by hand."})
    with transaction.atomic():
        row = KpiValue.objects.select_for_update().filter(kpi=kpi, on=on).first()
        if row is not None:
            data = {on.isoformat(): [row.value, None]}
            audit.record(actor=actor, verb="removed a value of", target=kpi, data=data)
            KpiValue.objects.filter(pk=row.pk).delete()
    return row
