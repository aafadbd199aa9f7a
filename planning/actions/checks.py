"""The lines of a checklist: ticked by people, added, taken away."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from planning.actions.writing import write
from planning.checklists import STANDARD
from planning.models import Check, CheckList, Increment
from portfolio.rules import Person


def tick(*, actor: Person, check: Check, done: bool, version: int | None = None) -> Check:
    """Say of a line that it is done, or not. Refused for lines that the portal ticks by itself."""
    with write(actor, check.increment, "ticked") as board:
        board.require_manage()
        row = board.hold(check, version)
        if row.rule:
            raise ValidationError("The portal ticks this line by itself when it holds.")
        if done != (row.done_at is not None):
            by = actor if isinstance(actor, User) and done else None
            board.set(row, done_at=timezone.now() if done else None, done_by=by)
        board.say(f"{'ticked' if done else 'unticked'} “{row.text}”")
    return row


def add_check(*, actor: Person, increment: Increment, kind: str, text: str) -> Check:
    """A line at the end of a list (CheckList), for people to tick."""
    with write(actor, increment, "added") as board:
        board.require_manage()
        if kind not in CheckList.values:
            raise ValidationError({"list": "Choose one of the two lists."})
        if not text.strip():
            raise ValidationError({"text": "Say what is to be checked."})
        there = board.increment.checks.filter(list=kind)
        if there.filter(text=text.strip()).exists():
            raise ValidationError({"text": "The list has this line."})
        row = Check(increment=board.increment, list=kind, text=text.strip(), position=there.count())
        board.add(row)
        board.say(f"added “{row.text}” to the checklist {row.get_list_display().lower()}")
    return row


def add_ready_made(*, actor: Person, increment: Increment, kind: str) -> list[Check]:
    """The lines of the ready-made list that the increment does not have yet, after its own."""
    with write(actor, increment, "added") as board:
        board.require_manage()
        there = set(board.increment.checks.filter(list=kind).values_list("text", flat=True))
        wanted = [(text, rule) for key, text, rule in STANDARD if key == kind and text not in there]
        made = [
            board.add(Check(increment=board.increment, list=kind, position=place, text=text, rule=rule))
            for place, (text, rule) in enumerate(wanted, len(there))
        ]
        board.say(f"took the ready-made checklist ({len(made)} lines)")
    return made


def remove_check(*, actor: Person, check: Check, version: int | None = None) -> None:
    """Take a line away; an undo brings it back."""
    with write(actor, check.increment, "removed") as board:
        board.require_manage()
        row = board.hold(check, version)
        board.say(f"took “{row.text}” off the checklist {row.get_list_display().lower()}")
        board.remove(row)
