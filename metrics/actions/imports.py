"""Values of key figures from a file: a line per figure and day."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.audit import Actor
from core.imports import Checked, Column, Importer, Problem, Refused, Row, cells
from core.models import ImportRun
from metrics import kpis
from metrics.actions.kpis import Entry, problem_with, record_values, remove_value
from metrics.models import Kpi, KpiOrigin, KpiValue
from portfolio.rules import WORDS, can_somewhere

# How many problems of a roll-back are named.
NAMED = 3


class KpiValues(Importer):
    """Importing a day again corrects it; the same file twice changes nothing."""

    kind = "kpi-values"
    title = "Import values of key figures"
    noun = "value"
    nav, tab = "portfolio", "kpis"
    key = ("kpi", "on")
    help = "A line is what a figure was on a day. A day that has a value is corrected."
    columns = (
        Column("kpi", "Key figure", True, "its short name, as its page says it"),
        Column("on", "Day", True, "such as 2026-03-31, up to today"),
        Column("value", "Value", True, "in the figure’s unit"),
        Column("note", "Note", False, "why it moved, in a line"),
    )

    def allow(self, actor: Actor, scope: str) -> None:
        owns = isinstance(actor, User) and Kpi.objects.filter(owner=actor).exists()
        if actor is not None and not (owns or can_somewhere(actor, "manage_kpis")):
            raise PermissionDenied(WORDS["manage_kpis"])

    def address(self, scope: str) -> str:
        return reverse("kpis")

    def check(self, rows: Sequence[Row], actor: Actor, scope: str) -> Checked:
        entries, problems = _entries(rows, actor)
        before = _before(entries)
        said = [(before.get((one.kpi.pk, one.on)), (one.value, one.note)) for one in entries]
        return Checked(
            created=sum(was is None for was, _ in said),
            changed=sum(was is not None and was[:2] != now for was, now in said),
            unchanged=sum(was is not None and was[:2] == now for was, now in said),
            problems=problems,
        )

    def apply(self, rows: Sequence[Row], actor: Actor, run: ImportRun) -> dict[str, Any]:
        entries, problems = _entries(rows, actor)
        if problems:
            raise Refused(problems)
        before = _before(entries)
        counts = record_values(actor=actor, entries=entries, origin=KpiOrigin.FILE)
        run.created, run.changed, run.unchanged = counts
        # By figure and day: what the file said, and what stood there before.
        return {"values": [[*_key(one), [one.value, one.note], before.get((one.kpi.pk, one.on))] for one in entries]}

    def roll_back(self, undo: Mapping[str, Any], actor: Actor) -> None:
        """Refused when one of its values was corrected since."""
        figures = {kpi.pk: kpi for kpi in Kpi.objects.filter(pk__in={row[0] for row in undo["values"]})}
        rows = [(figures[pk], date.fromisoformat(on), now, was) for pk, on, now, was in undo["values"] if pk in figures]
        there = _before([Entry(kpi, on, *now) for kpi, on, now, _ in rows])
        moved = [(kpi, on) for kpi, on, now, _ in rows if list(there.get((kpi.pk, on), ())[:2]) != now]
        if moved:
            named = ", ".join(f"{kpi} on {on:%-d %b %Y}" for kpi, on in moved[:NAMED])
            raise ValidationError(f"Changed since: {named}{' and more' if len(moved) > NAMED else ''}.")
        for kpi, on, _, was in rows:
            if was is None:
                remove_value(actor=actor, kpi=kpi, on=on)
        for origin in KpiOrigin.values:
            back = [Entry(kpi, on, was[0], was[1]) for kpi, on, _, was in rows if was and was[2] == origin]
            record_values(actor=actor, entries=back, origin=origin)


def _key(entry: Entry) -> tuple[int, str]:
    return entry.kpi.pk, entry.on.isoformat()


def _before(entries: Sequence[Entry]) -> dict[tuple[int, date], tuple[float, str, str]]:
    """What stands for these figures and days: value, note, origin."""
    rows = KpiValue.objects.filter(kpi__in={one.kpi.pk for one in entries}, on__in={one.on for one in entries})
    return {
        (row[0], row[1]): (row[2], row[3], row[4]) for row in rows.values_list("kpi", "on", "value", "note", "origin")
    }


def _entries(rows: Sequence[Row], actor: Actor) -> tuple[list[Entry], list[Problem]]:
    """The entries that lines say, and what is wrong with the other lines."""
    seen = {kpi.slug: kpi for kpi in kpis.kpis_for(actor if isinstance(actor, User) else None)}
    entries, problems, today = list[Entry](), list[Problem](), timezone.localdate()
    for row in rows:
        kpi = seen.get(row.cells.get("kpi", ""))
        entry, wrong = _entry(row, kpi)
        if kpi and entry and actor is not None and not kpis.may_record(actor, kpi):
            wrong = {"kpi": WORDS["manage_kpis"]}
        wrong = wrong or (problem_with(entry, today) if entry else {})
        problems += [Problem(row.line, name, text) for name, text in wrong.items()]
        if entry and not wrong:
            entries.append(entry)
    return entries, problems


def _entry(row: Row, kpi: Kpi | None) -> tuple[Entry | None, dict[str, str]]:
    wrong: dict[str, str] = {}
    if kpi is None:
        wrong["kpi"] = f"There is no key figure “{row.cells.get('kpi', '')[:80]}”: give its short name."
    found: dict[str, Any] = {}
    for name, read in (("on", cells.day), ("value", cells.number)):
        try:
            found[name] = read(row.cells.get(name, ""))
        except ValueError as error:
            wrong[name] = str(error)
    if kpi is None or wrong:
        return None, wrong
    return Entry(kpi, found["on"], float(found["value"]), row.cells.get("note", "")), {}
