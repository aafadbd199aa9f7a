"""Cards from files: a dry run by the very verb of the import, all or nothing, taken back as one line of the log."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models.deletion import ProtectedError
from django.http import Http404
from django.urls import reverse

from accounts.models import User
from core.audit import Actor
from core.imports import Checked, Importer, Problem, Refused, Row, trial
from core.models import ImportRun
from planning.actions.importing import Imported, import_cards
from planning.actions.undoing import undo as undo_line
from planning.actions.writing import write
from planning.imports.reading import COLUMNS, Reader, Wanted
from planning.models import Card, Event, Increment
from planning.rules import PARTICIPANTS, reach
from portfolio.actions.writing import Conflict, delete
from portfolio.models import Feature
from portfolio.rules import Person, require

SCOPE = "increment:"


class CardImporter(Importer):
    """Scope: `increment:<slug>`. A card is found by its key; importing a file twice changes nothing."""

    kind = "plan-cards"
    title = "Import features into a plan"
    noun = "card"
    columns = COLUMNS
    key = ("key",)
    # Each is written by the verb, one after the other, while the board waits.
    most_rows = 1000
    nav = "planning"
    help = (
        "A card is found by its key: importing a file twice changes nothing, and an empty cell leaves what is there. "
        "The board’s own CSV can be changed and imported again. Nothing is written back to tools."
    )

    def allow(self, actor: Actor, scope: str) -> None:
        increment = _increment(actor, scope)
        if not reach(actor, increment).takes_part:
            raise PermissionDenied(PARTICIPANTS)

    def address(self, scope: str) -> str:
        return reverse("board", args=[scope.removeprefix(SCOPE)])

    def shares_runs(self, actor: Actor, scope: str) -> bool:
        """Whoever plans with the train sees what stands on its board anyway."""
        return True

    def check(self, rows: Sequence[Row], actor: Actor, scope: str) -> Checked:
        wanted, problems = _wanted(rows, _increment(actor, scope))
        try:
            done = trial(lambda: _import(actor, scope, wanted)) if wanted else Imported()
        except Refused as error:
            return Checked(problems=problems + error.problems)
        except ValidationError as error:
            return Checked(problems=[*problems, Problem(wanted[0].line, "", " ".join(error.messages))])
        return Checked(done.created, done.changed, done.unchanged, problems)

    def apply(self, rows: Sequence[Row], actor: Actor, run: ImportRun) -> dict[str, Any]:
        increment = _increment(actor, run.scope)
        wanted, problems = _wanted(rows, increment)
        if problems:
            raise Refused(problems)
        done = import_cards(actor=actor, increment=increment, wanted=wanted, since=run.made_at)
        run.created, run.changed, run.unchanged = done.created, done.changed, done.unchanged
        features = [feature.pk for feature in done.features]
        return {"increment": increment.pk, "line": done.event.number if done.event else None, "features": features}

    def roll_back(self, undo: Mapping[str, Any], actor: Actor) -> None:
        """Refused when one of its cards was written since."""
        if undo["line"] is None:
            return
        for feature in Feature.objects.filter(pk__in=undo["features"]).select_related("team"):
            require(actor, "manage_work", feature.team)
        event = Event.objects.select_related("increment").get(increment=undo["increment"], number=undo["line"])
        try:
            undo_line(actor=actor, increment=event.increment, event=event)
        except Conflict as conflict:
            who = conflict.who or "The portal"
            raise ValidationError(f"Changed since: {who} {conflict.verb}.") from conflict
        if undo["features"]:
            _remove_features(actor, event.increment, undo["features"])


def _increment(actor: Actor, scope: str) -> Increment:
    """The increment of a scope; Http404 where `actor` sees none."""
    slug = scope.removeprefix(SCOPE)
    seen = Increment.objects.all() if actor is None else Increment.objects.for_user(cast(User, actor))
    found = seen.select_related("train").filter(slug=slug).first() if slug != scope else None
    if found is None:
        raise Http404("There is no such increment.")
    return found


def _wanted(rows: Sequence[Row], increment: Increment) -> tuple[list[Wanted], list[Problem]]:
    """What the rows ask for, and what is wrong with the others."""
    reader = Reader(rows, increment)
    read = [reader.read(row) for row in rows]
    problems = [problem for _, wrong in read for problem in wrong]
    return [wanted for wanted, wrong in read if not wrong], problems


def _import(actor: Actor, scope: str, wanted: Sequence[Wanted]) -> Imported:
    return import_cards(actor=actor, increment=_increment(actor, scope), wanted=wanted)


def _remove_features(actor: Person, increment: Increment, ids: Sequence[int]) -> None:
    """Take away the features that the import made; what was built upon since keeps them, and all stays."""
    with write(actor, increment, "undid") as board:
        board.say("took back features that an import had made")
        for card in Card.objects.filter(increment=increment, feature__in=ids).exclude(removed_at=None):
            board.set(card, feature=None)
    for feature in Feature.objects.filter(pk__in=ids):
        try:
            delete(actor, "deleted", feature, {"reason": "An import was rolled back."})
        except ProtectedError as error:
            raise ValidationError(f"The feature “{feature}” is in use since: nothing can be taken back.") from error
