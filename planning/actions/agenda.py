"""The agenda of an event: written as a whole, so that two editors never mix theirs; each writing can be taken back."""

import hashlib
from collections.abc import Sequence

import orjson
from django.core.exceptions import ValidationError
from django.db import transaction

from core import audit, live
from core.models import AuditEntry
from planning.agenda import MOST_DAYS, MOST_PARTS, Part, marked, parts_of, unmarked
from planning.links import event_topic
from planning.models import AgendaItem, Increment
from planning.rules import require_manage
from portfolio.actions.writing import Conflict
from portfolio.rules import Person

VERB = "set the agenda"


def seen(increment: Increment) -> str:
    """What the agenda looks like, in a few letters: who writes it says which one they saw."""
    return _mark(parts_of(increment))


def _mark(parts: Sequence[Part]) -> str:
    return hashlib.sha256(orjson.dumps(marked(parts))).hexdigest()[:16]


def set_agenda(
    *, actor: Person, increment: Increment, parts: Sequence[Part], saw: str | None = None
) -> AuditEntry | None:
    """Make these the parts, by day in the order given; what it was stands in the audit entry. None: nothing differs.

    Raises ValidationError for a part that cannot be, Conflict when the agenda is not the one that the writer `saw`.
    """
    require_manage(actor, increment.train)
    with transaction.atomic():
        held = Increment.objects.select_for_update(no_key=True, of=("self",)).get(pk=increment.pk)
        if not held.is_open:
            raise ValidationError(f"{held} is closed: its event is over.")
        if saw is not None and saw != seen(held):
            raise _conflict(held)
        before, ordered = parts_of(held), sorted(parts, key=lambda one: one.day)
        if before == ordered:
            return None
        held.agenda.all().delete()
        AgendaItem.objects.bulk_create(_checked(held, ordered))
        data = {"before": marked(before), "after": marked(ordered)}
        live.publish(event_topic(held), "event", {"part": "agenda"})
        return audit.record(actor=actor, verb=VERB, target=held, data=data)


def _checked(increment: Increment, parts: Sequence[Part]) -> list[AgendaItem]:
    if len(parts) > MOST_PARTS:
        raise ValidationError(f"An agenda has at most {MOST_PARTS} parts.")
    rows = []
    for position, part in enumerate(parts):
        if not 1 <= part.day <= MOST_DAYS:
            raise ValidationError(f"An event has from 1 to {MOST_DAYS} days, not day {part.day}.")
        row = AgendaItem(increment=increment, position=position, **part._asdict())
        row.full_clean(exclude=["increment"])
        rows.append(row)
    return rows


def _conflict(increment: Increment) -> Conflict:
    last = AuditEntry.objects.filter(verb=VERB, target_type="planning.increment", target_id=str(increment.pk)).first()
    return Conflict(increment, last.actor_name, "set the agenda of", last.at) if last else Conflict(increment)


def take_back_agenda(*, actor: Person, increment: Increment, entry: int) -> AuditEntry | None:
    """Make it what it was before the writing of this audit entry.

    Raises ValidationError when it is no such entry, Conflict when somebody wrote the agenda after it.
    """
    of_agenda = AuditEntry.objects.filter(verb=VERB, target_type="planning.increment", target_id=str(increment.pk))
    written = of_agenda.filter(pk=entry).first()
    if written is None:
        raise ValidationError("There is nothing to take back.")
    before, saw = unmarked(written.data["before"]), _mark(unmarked(written.data["after"]))
    return set_agenda(actor=actor, increment=increment, parts=before, saw=saw)
