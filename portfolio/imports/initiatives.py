"""Initiatives from files: the rows are written by the verbs that pages and API use, so the same rules hold."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, router, transaction
from django.db.models.deletion import Collector, ProtectedError
from django.http import Http404
from django.urls import reverse

from core.audit import Actor
from core.imports import Checked, Column, Importer, Problem, Refused, Row, trial
from core.models import ImportRun
from portfolio import actions
from portfolio.actions.writing import delete, plain
from portfolio.imports.columns import COLUMNS, MONEY
from portfolio.imports.reading import MOVES, Reader, Wanted
from portfolio.models import Initiative, Stage, StageEntry, Team
from portfolio.rules import WORDS, Person, can, can_somewhere, require

BACK = "An import was rolled back."
# What goes with an initiative that is taken away, because the import made it.
OWN: set[type[models.Model]] = {Initiative, StageEntry, Initiative.teams.through}


class InitiativeImporter(Importer):
    kind = "initiatives"
    title = "Import initiatives"
    noun = "initiative"
    columns = COLUMNS
    key = ("key",)
    # Each is written by the verbs, one after the other: about a minute for so many.
    most_rows = 2000
    nav = "portfolio"
    tab = "portfolio-list"
    help = "An initiative is found by its key: importing a file twice changes nothing. An empty cell empties the field."

    def allow(self, actor: Actor, scope: str) -> None:
        if scope:
            raise Http404
        if actor is not None and not can_somewhere(actor, "manage_work"):
            raise PermissionDenied(WORDS["manage_work"])

    def address(self, scope: str) -> str:
        return reverse("portfolio-list")

    def columns_for(self, actor: Actor, scope: str) -> Sequence[Column]:
        sees = actor is None or can_somewhere(actor, "see_money")
        return [column for column in COLUMNS if sees or column.name not in MONEY]

    def shares_runs(self, actor: Actor, scope: str) -> bool:
        return actor is None or (can(actor, "manage_portfolio") and can(actor, "see_money"))

    def check(self, rows: Sequence[Row], actor: Actor, scope: str) -> Checked:
        wanted, problems = _read(rows, actor)
        checked = trial(lambda: _write_all(wanted, actor)[0])
        checked.problems = problems + checked.problems
        return checked

    def apply(self, rows: Sequence[Row], actor: Actor, run: ImportRun) -> dict[str, Any]:
        wanted, problems = _read(rows, actor)
        checked, undo = (Checked(), {}) if problems else _write_all(wanted, actor)
        if problems := problems + checked.problems:
            raise Refused(problems)
        run.created, run.changed, run.unchanged = checked.created, checked.changed, checked.unchanged
        return undo

    def roll_back(self, undo: Mapping[str, Any], actor: Actor) -> None:
        ids = [one["id"] for one in (*undo["created"], *undo["changed"])]
        rows = Initiative.objects.select_for_update(of=("self",)).select_related("stream").in_bulk(ids)
        _refuse_changed(undo, rows)
        # The last to be written is the first to be taken back.
        for one in reversed(undo["changed"]):
            _give_back(rows[one["id"]], one, actor)
        for one in reversed(undo["created"]):
            _take_away(rows[one["id"]], actor)


def _read(rows: Sequence[Row], actor: Person) -> tuple[list[Wanted], list[Problem]]:
    """What the rows without problems ask for, and the problems of the others."""
    reader = Reader(rows, actor)
    read = [reader.read(row) for row in rows]
    return [wanted for wanted, wrong in read if not wrong], [one for _, wrong in read for one in wrong]


def _write_all(wanted: Sequence[Wanted], actor: Person) -> tuple[Checked, dict[str, Any]]:
    """Do what every row asks for, as far as the verbs let; what to write down for taking it back."""
    checked, undo = Checked(), defaultdict[str, list[dict[str, Any]]](list)
    undo["created"], undo["changed"] = [], []
    for one in wanted:
        if one.is_nothing:
            checked.unchanged += 1
            continue
        told = _told(one.line, lambda one=one: _write(one, actor, undo))  # type: ignore[misc]
        checked.problems += told
        if not told and one.initiative:
            checked.changed += 1
        elif not told:
            checked.created += 1
    return checked, dict(undo)


def _told(line: int, write: Callable[[], None]) -> list[Problem]:
    """The problems of a row that the verbs refuse; nothing of it is written then."""
    try:
        with transaction.atomic():
            write()
    except PermissionDenied as error:
        return [Problem(line, "", str(error))]
    except actions.Conflict as error:
        return [Problem(line, "", str(error))]
    except ValidationError as error:
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        columns = {"slug": "key", "on": "ended_on", "__all__": ""}
        return [Problem(line, columns.get(name, name), text) for name, texts in by_field.items() for text in texts]
    return []


def _write(wanted: Wanted, actor: Person, undo: dict[str, list[dict[str, Any]]]) -> None:
    if wanted.initiative is None:
        made = actions.create_initiative(
            actor=actor, slug=wanted.key, override=wanted.override, **wanted.fields, **wanted.move
        )
        undo["created"].append({"id": made.pk, "version": made.version})
        return
    row = wanted.initiative
    before = _before(row, wanted)
    verbs: list[tuple[Callable[..., Initiative], dict[str, Any]]] = [(actions.change_initiative, wanted.fields)]
    # What leaves a stage leaves its rules before it is changed, what comes into one comes as it will be.
    verbs.insert(0 if row.stage == Stage.IMPLEMENTING else 1, (actions.move_initiative, wanted.move))
    for verb, fields in verbs:
        if fields:
            row = verb(actor=actor, initiative=row, version=row.version, override=wanted.override, **fields)
    undo["changed"].append({"id": row.pk, "version": row.version, **before})


def _before(row: Initiative, wanted: Wanted) -> dict[str, Any]:
    """What the import is about to change, as it is."""
    fields = {name: _kept(row, name) for name in wanted.fields}
    return {"fields": fields, "move": {name: plain(getattr(row, name)) for name in MOVES} if wanted.move else {}}


def _kept(row: Initiative, name: str) -> object:
    if name == "teams":
        return [team.pk for team in row.teams.all()]
    return plain(getattr(row, Initiative._meta.get_field(name).attname))  # type: ignore[union-attr]


def _refuse_changed(undo: Mapping[str, Any], rows: Mapping[int, Initiative]) -> None:
    """Raise ValidationError, in words, when something was written since the import."""
    expected = {one["id"]: one["version"] for one in (*undo["created"], *undo["changed"])}
    if gone := [pk for pk in expected if pk not in rows]:
        raise ValidationError(f"{len(gone)} of its initiatives are not there any more.")
    changed = [row.name for pk, row in rows.items() if row.version != expected[pk]]
    if changed:
        raise ValidationError(f"Somebody changed {_listed(changed)} since the import.")
    used = [rows[one["id"]].name for one in undo["created"] if _is_used(rows[one["id"]])]
    if used:
        raise ValidationError(f"There is work, money or a decision of {_listed(used)} by now: close such ones instead.")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _is_used(initiative: Initiative) -> bool:
    """Whether anything but its own rows hangs on an initiative, in whatever app."""
    collector = Collector(using=router.db_for_write(Initiative), origin=initiative)
    try:
        collector.collect([initiative])
    except ProtectedError:
        return True
    found = {model for model, things in collector.data.items() if things}
    found |= {things.model for things in collector.fast_deletes if things.exists()}
    emptied = any(things for updates in collector.field_updates.values() for things in updates)
    return bool(found - OWN) or emptied


def _give_back(row: Initiative, one: Mapping[str, Any], actor: Person) -> None:
    fields = {name: _restored(name, value) for name, value in one["fields"].items()}
    if one["move"]:
        move = one["move"]
        on = Initiative._meta.get_field("ended_on").to_python(move["ended_on"])
        row = actions.move_initiative(
            actor=actor, initiative=row, stage=move["stage"], verdict=move["verdict"], on=on, override=BACK
        )
    if fields:
        actions.change_initiative(actor=actor, initiative=row, override=BACK, **fields)


def _restored(name: str, value: Any) -> Any:
    if name == "teams":
        return list(Team.objects.filter(pk__in=value))
    column = Initiative._meta.get_field(name)
    if isinstance(column, models.ForeignKey):
        return column.related_model._default_manager.filter(pk=value).first()
    return column.to_python(value)  # type: ignore[union-attr]


def _take_away(row: Initiative, actor: Person) -> None:
    require(actor, "manage_work", row.stream)
    delete(actor, "rolled back the import of", row, {"key": row.slug})
    actions.tell_board()
