"""How every verb of planning writes: one at a time per increment, as lines of its log.

    with write(actor, increment, "moved") as board:
        card = board.hold(card, version)          # Conflict, with who did what, when it is not what the writer saw
        board.require(card.lane_id)               # PermissionDenied
        board.set(card, lane=lane, iteration=None)
        board.say("moved PAY-92 to Falcon, unplanned")

The block holds the increment's row, so that writes to one board never interleave and its log has no gaps. When it ends,
what changed is one line of the log (changes that can be replayed and taken back), one audit entry and one live event.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import ProtectedError

from core import audit
from planning import live, tasks
from planning.models import Event, Increment, Objective
from planning.replay import NAMES, values_of
from planning.rules import Reach, reach, require_lane, require_manage
from portfolio.actions.writing import Conflict, save
from portfolio.rules import Person

M = TypeVar("M", bound=models.Model)
# Filled in by the verbs; nobody means the portal itself.
SIGNATURES = {"requested_by", "done_by", "by", "opened_by"}
# What capacities rest on, of what a log knows.
GROUND = {"increment", "iteration", "lane", "seat", "absence", "capacity"}


class Board:
    """The increment as held by one writer: `increment` is its row as it is now."""

    def __init__(self, actor: Person, increment: Increment, verb: str) -> None:
        self.actor, self.increment, self.verb = actor, increment, verb
        self.text = ""
        self.undoes: Event | None = None
        # The line of the log, once the block has ended; None: nothing was changed.
        self.event: Event | None = None
        self._changes: dict[tuple[str, int], dict[str, Any]] = {}
        self._reach: Reach | None = None

    @property
    def reach(self) -> Reach:
        """What the writer may change."""
        self._reach = self._reach or reach(self.actor, self.increment)
        return self._reach

    def require(self, lane_id: int | None) -> None:
        """Raise PermissionDenied unless the writer may change this row; None is the parking lot."""
        require_lane(self.reach, lane_id)

    def require_manage(self) -> None:
        """Raise PermissionDenied unless the writer may change the train."""
        require_manage(self.actor, self.increment.train)

    def say(self, text: str) -> None:
        """What happened, as a sentence without the person; the last one said counts."""
        self.text = text

    def hold(self, row: M, version: int | None = None) -> M:
        """The row as it is now. Raises Conflict when it is not at `version`, ValidationError when it is not there."""
        found = type(row)._base_manager.filter(pk=row.pk).first()
        if found is None:
            raise ValidationError(f"“{row}” is not there any more.")
        if version is not None and found.version != version:  # type: ignore[attr-defined]
            raise conflict(self.increment, found)
        return found

    def add(self, row: M) -> M:
        """Save a new row."""
        row.full_clean(exclude=SIGNATURES, validate_constraints=False)
        save(row)
        self._changes[_key(row)] = {"before": None, "after": values_of(row)}
        return row

    def set(self, row: M, *, quietly: bool = False, **fields: Any) -> M:
        """Set columns of a row that is held; nothing happens when nothing differs.

        `quietly`: without a new version (the rank of a card's neighbours: nobody's writing is stale by that).
        `cards` of an objective may be among the fields.
        """
        before = values_of(row)
        cards = fields.pop("cards", None)
        for name, value in fields.items():
            setattr(row, name, value)
        # What was not set was valid before.
        rest = {field.name for field in row._meta.fields} - fields.keys()
        row.full_clean(exclude=SIGNATURES | rest, validate_constraints=False)
        if isinstance(row, Objective) and cards is not None:
            row.cards.set(cards)
        after = values_of(row)
        if before == after:
            return row
        if not quietly and hasattr(row, "version"):
            row.version += 1
        save(row)
        self._note(row, before, after)
        return row

    def born(self, row: models.Model) -> None:
        """A row was made before the block began (an increment, which is what is held)."""
        self._changes[_key(row)] = {"before": None, "after": values_of(row)}

    def remove(self, row: models.Model) -> None:
        """Delete a row for good, and with it what hangs on it, each in the log; cards, and what hangs on them, are
        taken off the board by `removed_at` instead."""
        for one in _hanging(row):
            self.remove(one)
        key, before = _key(row), values_of(row)
        try:
            row.delete()
        except ProtectedError:
            raise ValidationError(f"“{row}” is in use: move what stands in it first.") from None
        known = self._changes.pop(key, None)
        if known is None or known["before"] is not None:
            self._changes[key] = {"before": known["before"] if known else before, "after": None}

    def note(self, row: models.Model, before: Mapping[str, Any]) -> None:
        """A row was changed by other means since `before` (planning.replay.values_of)."""
        self._note(row, before, values_of(row))

    def _note(self, row: models.Model, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        known = self._changes.setdefault(_key(row), {"before": {}, "after": {}})
        for name, value in after.items():
            if before.get(name) == value:
                continue
            if known["before"] is not None:
                known["before"].setdefault(name, before.get(name))
            known["after"][name] = value

    @property
    def changes(self) -> list[dict[str, Any]]:
        """What was written, as the log has it."""
        return [
            {"kind": kind, "id": pk, **change}
            for (kind, pk), change in self._changes.items()
            if change["before"] != change["after"]
        ]

    def finish(self) -> Event | None:
        """Write the line of the log, the audit entry and the live event; None when nothing was changed."""
        changes = self.changes
        if not changes:
            return None
        row = self.increment
        row.number += 1
        if any(change["kind"] in GROUND for change in changes):
            row.frame_number = row.number
        row.save(update_fields=["number", "frame_number"])
        entry = audit.record(actor=self.actor, verb=self.verb, target=row, data={"line": row.number, "text": self.text})
        event = Event.objects.create(
            increment=row,
            number=row.number,
            actor_id=entry.actor_id,
            actor_name=entry.actor_name,
            verb=self.verb,
            text=self.text[:400] or self.verb,
            changes=changes,
        )
        if self.undoes is not None:
            self.undoes.undone_by = event
            self.undoes.save(update_fields=["undone_by"])
        live.publish(row, event)
        tasks.wake(row.pk)
        return event


def _key(row: models.Model) -> tuple[str, int]:
    return NAMES[type(row)], row.pk


def _hanging(row: models.Model) -> list[models.Model]:
    """What the database would delete with a row, of the kinds that the log knows."""
    links = [one for one in row._meta.related_objects if one.on_delete is models.CASCADE]
    known = [one for one in links if one.related_model in NAMES]
    return [there for one in known for there in one.related_model._base_manager.filter(**{one.field.name: row})]


@contextmanager
def write(actor: Person, increment: Increment, verb: str, *, even_closed: bool = False) -> Iterator[Board]:
    """Hold the increment for one write. Raises ValidationError when it is closed, unless `even_closed`."""
    with transaction.atomic():
        row = (
            Increment.objects.select_for_update(of=("self",), no_key=True).select_related("train").get(pk=increment.pk)
        )
        if not row.is_open and not even_closed:
            raise ValidationError(f"{row} is closed: reopen it to change its plan.")
        board = Board(actor, row, verb)
        yield board
        board.event = board.finish()


@contextmanager
def holding(*increments: Increment) -> Iterator[None]:
    """Hold more than one increment, always in the same order: two who write to both never wait for each other."""
    with transaction.atomic():
        rows = Increment.objects.filter(pk__in=[one.pk for one in increments]).order_by("pk")
        list(rows.select_for_update(of=("self",), no_key=True).values_list("pk"))
        yield


def conflict(increment: Increment, row: models.Model) -> Conflict:
    """What somebody else did to a row since the writer saw it."""
    kind, pk = _key(row)
    last = (
        Event.objects.filter(increment=increment, changes__contains=[{"kind": kind, "id": pk}])
        .order_by("-number")
        .first()
    )
    return Conflict(row, last.actor_name, last.text, last.at, {"line": last.number}) if last else Conflict(row)
