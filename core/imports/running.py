"""The way of a file: read and checked (a dry run), then imported as a whole or not at all, perhaps rolled back."""

from collections.abc import Sequence
from typing import BinaryIO

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from core import audit
from core.audit import Actor
from core.imports.protocol import Importer, Problem, Refused, Row, find, repeated
from core.imports.tables import read
from core.models import ImportRun, ImportState

# More problems than anybody reads are counted only.
MOST_PROBLEMS = 1000


def runs_for(actor: Actor, kind: str, scope: str = "") -> "QuerySet[ImportRun]":
    """The runs of a kind and scope that `actor` sees, newest first; what was read and its undo are not loaded."""
    runs = ImportRun.objects.filter(kind=kind, scope=scope).select_related("made_by").defer("rows", "undo")
    if find(kind).shares_runs(actor, scope):
        return runs
    return runs.filter(made_by_id=actor.pk) if isinstance(actor, AbstractBaseUser) else runs.none()


def run_for(actor: Actor, kind: str, run_id: int) -> ImportRun:
    """The run, if `actor` may import there and sees it; raises Http404 or PermissionDenied."""
    run = ImportRun.objects.filter(kind=kind, pk=run_id).only("scope").first()
    if run is None:
        raise Http404
    find(kind).allow(actor, run.scope)
    seen = runs_for(actor, kind, run.scope).filter(pk=run_id).first()
    if seen is None:
        raise Http404
    return seen


def rows_of(run: ImportRun) -> list[Row]:
    return [Row(line, cells) for line, cells in run.rows]


def _note(run: ImportRun, problems: Sequence[Problem]) -> None:
    ordered = sorted(problems, key=lambda one: one.line)
    run.problems = [one._asdict() for one in ordered[:MOST_PROBLEMS]]
    if len(ordered) > MOST_PROBLEMS:
        rest = f"and {len(ordered) - MOST_PROBLEMS:,} more problems below this line"
        run.problems.append(Problem(ordered[MOST_PROBLEMS].line, "", rest)._asdict())


def start(*, actor: Actor, kind: str, file: BinaryIO, name: str = "", scope: str = "") -> ImportRun:
    """Read and check a file: nothing is written but the run, with counts and problems by line.

    Raises ValidationError (at "file") when the file cannot be used at all.
    """
    importer = find(kind)
    importer.allow(actor, scope)
    table = read(file, importer.columns_for(actor, scope), importer.most_rows)
    problems = table.problems + repeated(table.rows, importer.key)
    run = ImportRun(kind=kind, scope=scope, name=name[:200] or f"{kind}.csv")
    run.made_by_id = actor.pk if isinstance(actor, AbstractBaseUser) else None
    run.rows = [[row.line, dict(row.cells)] for row in table.rows]
    _check(importer, run, table.rows, actor, problems)
    run.undo = {"ignored": table.ignored[:50]}
    run.save()
    return run


def _check(importer: Importer, run: ImportRun, rows: Sequence[Row], actor: Actor, problems: list[Problem]) -> None:
    wrong = {problem.line for problem in problems}
    checked = importer.check([row for row in rows if row.line not in wrong], actor, run.scope)
    run.created, run.changed, run.unchanged = checked.created, checked.changed, checked.unchanged
    _note(run, problems + checked.problems)


def apply(*, actor: Actor, run: ImportRun) -> ImportRun:
    """Import a checked file, all of it or nothing; raises ValidationError in words when it cannot be.

    What became wrong since the dry run is kept with the run, by line.
    """
    importer = find(run.kind)
    importer.allow(actor, run.scope)
    try:
        with transaction.atomic():
            held = ImportRun.objects.select_for_update().get(pk=run.pk)
            _refuse_apply(held)
            ignored = held.undo.get("ignored", [])
            held.undo = importer.apply(rows_of(held), actor, held) | {"ignored": ignored}
            held.state, held.applied_at = ImportState.APPLIED, timezone.now()
            held.save()
            counts = {"created": held.created, "changed": held.changed, "unchanged": held.unchanged}
            audit.record(actor=actor, verb=f"imported {importer.kind} from", target=held, data=counts)
    except Refused as error:
        _note(run, error.problems)
        ImportRun.objects.filter(pk=run.pk, state=ImportState.CHECKED).update(problems=run.problems)
        raise
    return held


def _refuse_apply(run: ImportRun) -> None:
    if run.state == ImportState.APPLIED:
        raise ValidationError("This file was imported already.")
    if run.state == ImportState.ROLLED_BACK:
        raise ValidationError("This import was rolled back: upload the file again.")
    if run.problems:
        raise ValidationError("Nothing can be imported from this file until its problems are mended.")


def roll_back(*, actor: Actor, run: ImportRun) -> ImportRun:
    """Take an import back, all of it or nothing; raises ValidationError in words when rows were changed since."""
    importer = find(run.kind)
    importer.allow(actor, run.scope)
    with transaction.atomic():
        held = ImportRun.objects.select_for_update().get(pk=run.pk)
        if held.state != ImportState.APPLIED:
            raise ValidationError("There is nothing to roll back: this file is not imported.")
        importer.roll_back(held.undo, actor)
        held.state, held.rolled_back_at = ImportState.ROLLED_BACK, timezone.now()
        held.save(update_fields=["state", "rolled_back_at"])
        audit.record(actor=actor, verb=f"rolled back the import of {importer.kind} from", target=held)
    return held
