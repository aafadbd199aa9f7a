"""Ledgers: what accounting posted, by key; posting a line again changes it, and what was posted can be taken back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from core import audit
from funding.models import LedgerEntry
from portfolio.models import Initiative, ValueStream
from portfolio.rules import WORDS, Person, can

FIELDS = ("posted_on", "amount", "stream_id", "initiative_id", "horizon", "text")


class LedgerLine(NamedTuple):
    """A line of a ledger; a negative amount is a credit. `key` names it for good, over all streams."""

    key: str
    posted_on: date
    amount: Decimal
    stream: ValueStream
    initiative: Initiative | None = None
    horizon: str = ""
    text: str = ""


@dataclass(slots=True)
class Posted:
    """How many lines were new, changed, there already; `undo` takes them back (see `take_back`)."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    undo: dict[str, Any] = field(default_factory=dict)


def post_ledger(*, actor: Person, lines: Sequence[LedgerLine], number: int | None = None) -> Posted:
    """Write the lines of a ledger, all or none: new keys are added, known ones changed where they differ.

    `number` is the import they come with. Refused for a line of a stream whose money the actor may not change, before
    or after. Keys must be different. Raises ValidationError in words.
    """
    if len({line.key for line in lines}) < len(lines):
        raise ValidationError("Two lines have the same key.")
    with transaction.atomic():
        known = _locked(line.key for line in lines)
        _check_rights(actor, {line.stream for line in lines}, {entry.stream for entry in known.values()})
        new = [_entry(line, number) for line in lines if line.key not in known]
        pairs = [(known[line.key], _entry(line, number)) for line in lines if line.key in known]
        changed = [(old, entry) for old, entry in pairs if _values(old) != _values(entry)]
        undo = {"number": number, "created": [one.key for one in new], "changed": [_kept(old) for old, _ in changed]}
        _check(new + [entry for _, entry in changed])
        LedgerEntry.objects.bulk_create(new, batch_size=1000)
        for old, entry in changed:
            _take(old, entry)
        _update([old for old, _ in changed])
        _audit(actor, "posted to the ledger of", new + [old for old, _ in changed])
    return Posted(len(new), len(changed), len(lines) - len(new) - len(changed), undo)


def take_back(*, actor: Person, undo: Mapping[str, Any]) -> None:
    """Take back what `post_ledger` wrote; refused when one of the lines was posted anew since, then nothing is."""
    before = {row["key"]: row for row in undo["changed"]}
    keys = [*undo["created"], *before]
    with transaction.atomic():
        known = _locked(keys)
        _check_rights(actor, {entry.stream for entry in known.values()}, ())
        if later := [key for key in keys if key not in known or known[key].import_number != undo["number"]]:
            more = f" and {len(later) - 1} more" if len(later) > 1 else ""
            raise ValidationError(f"The line {later[0]}{more} was posted anew since: take that import back first.")
        _audit(actor, "took back from the ledger of", list(known.values()))
        LedgerEntry.objects.filter(key__in=undo["created"]).delete()
        for key, row in before.items():
            _take(known[key], LedgerEntry(**row))
        _update([known[key] for key in before])


def _locked(keys: Any) -> dict[str, LedgerEntry]:
    rows = LedgerEntry.objects.select_for_update(of=("self",)).select_related("stream").filter(key__in=list(keys))
    return {entry.key: entry for entry in rows.order_by("pk")}


def _check_rights(actor: Person, *places: Collection[ValueStream]) -> None:
    streams = {stream for some in places for stream in some}
    if actor is not None and not all(can(actor, "manage_money", stream) for stream in streams):
        raise PermissionDenied(WORDS["manage_money"])


def _entry(line: LedgerLine, number: int | None) -> LedgerEntry:
    return LedgerEntry(
        key=line.key,
        posted_on=line.posted_on,
        amount=line.amount,
        stream=line.stream,
        initiative=line.initiative,
        horizon=line.horizon,
        text=line.text,
        import_number=number,
    )


def _check(entries: Sequence[LedgerEntry]) -> None:
    for entry in entries:
        entry.clean_fields(exclude={"stream", "initiative"})


def _values(entry: LedgerEntry) -> tuple[Any, ...]:
    return tuple(getattr(entry, name) for name in FIELDS)


def _kept(entry: LedgerEntry) -> dict[str, Any]:
    """A line as JSON that makes it again."""
    values = {name: getattr(entry, name) for name in ("key", *FIELDS, "import_number")}
    return values | {"posted_on": entry.posted_on.isoformat(), "amount": str(entry.amount)}


def _take(old: LedgerEntry, new: LedgerEntry) -> None:
    for name in (*FIELDS, "import_number"):
        setattr(old, name, getattr(new, name))


def _update(entries: Sequence[LedgerEntry]) -> None:
    names = [name.removesuffix("_id") for name in FIELDS]
    LedgerEntry.objects.bulk_update(entries, [*names, "import_number"], batch_size=1000)


def _audit(actor: Person, verb: str, entries: Sequence[LedgerEntry]) -> None:
    """One entry per stream: how many lines, and what they sum to."""
    by_stream: dict[ValueStream, list[LedgerEntry]] = {}
    for entry in entries:
        by_stream.setdefault(entry.stream, []).append(entry)
    for stream, own in by_stream.items():
        total = sum((Decimal(entry.amount) for entry in own), Decimal(0))
        audit.record(actor=actor, verb=verb, target=stream, data={"lines": len(own), "sum": str(total)})
