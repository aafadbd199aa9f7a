"""The importer of ledgers (core/imports): CSV or XLSX with posted on, amount, stream, initiative, horizon and key."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from core.audit import Actor
from core.imports import Checked, Column, Importer, Problem, Refused, Row
from core.imports import cells as read
from core.models import ImportRun
from funding.actions import LedgerLine, post_ledger, take_back
from funding.actions.ledgers import FIELDS
from funding.models import LedgerEntry
from portfolio.models import Horizon, Initiative, ValueStream
from portfolio.queries import streams_for
from portfolio.rules import WORDS, can, can_somewhere

COLUMNS = (
    Column("posted_on", "posted on", True, "The day of posting, as 2026-03-31; not later than today."),
    Column("amount", "amount", True, "At most two decimals; a credit is negative."),
    Column("stream", "stream", True, "The value stream whose money it is, by its short name or its name."),
    Column("initiative", "initiative", False, "What it was for, by its short name or its name; empty: no initiative."),
    Column("horizon", "horizon", False, "h0, h1, h2 or h3; empty: that of the initiative."),
    Column("key", "key", True, "Names the line for good: a line with a known key changes that line."),
    Column("text", "text", False, "What it is, for people."),
    Column("currency", "currency", False, "May be there; every line must be in the currency of the portal."),
)


class LedgerImporter(Importer):
    """Scope "stream:SLUG" takes lines of that stream only, and needs no stream column; empty: of several streams."""

    kind = "ledger"
    title = "Import a ledger"
    noun = "line"
    columns = COLUMNS
    key = ("key",)
    help = (
        "What accounting posted. Where a value stream has lines in a month, they replace the cost of its teams in that "
        "month."
    )
    nav = "portfolio"
    tab = "funding"

    def allow(self, actor: Actor, scope: str) -> None:
        """Lines are imported by those who manage the money of a stream."""
        if not scope:
            if actor is not None and not can_somewhere(actor, "manage_money"):
                raise PermissionDenied(WORDS["manage_money"])
            return
        stream = _stream(actor, scope)
        if actor is not None and not can(actor, "manage_money", stream):
            raise PermissionDenied(WORDS["manage_money"])

    def shares_runs(self, actor: Actor, scope: str) -> bool:
        """Runs hold amounts: those of others are open to who manages the money of the place."""
        return actor is None or can(actor, "manage_money", _stream(actor, scope) if scope else None)

    def address(self, scope: str) -> str:
        """The ledger's page."""
        return reverse("ledger") + (f"?scope={scope}" if scope else "")

    def columns_for(self, actor: Actor, scope: str) -> Sequence[Column]:
        """A file of one stream need not name it."""
        return [column._replace(is_required=column.is_required and not scope) if column.name == "stream" else column
                for column in self.columns]  # fmt: skip

    def check(self, rows: Sequence[Row], actor: Actor, scope: str) -> Checked:
        """Read every cell; compare with the lines that are there. Writes nothing: a few queries."""
        lines, problems = read_lines(rows, actor, scope)
        known = LedgerEntry.objects.in_bulk([line.key for line in lines.values()], field_name="key")
        foreign = {entry.stream_id for entry in known.values()} - _manageable(actor)
        found = Checked(problems=problems)
        for number, line in lines.items():
            entry = known.get(line.key)
            if entry is not None and entry.stream_id in foreign:
                found.problems.append(Problem(number, "key", "This key is a line of a value stream not open to you."))
            elif entry is None:
                found.created += 1
            elif _differs(entry, line):
                found.changed += 1
            else:
                found.unchanged += 1
        return found

    def apply(self, rows: Sequence[Row], actor: Actor, run: ImportRun) -> dict[str, Any]:
        """Post the lines, read anew: what has become wrong since the dry run is refused by line."""
        lines, problems = read_lines(rows, actor, run.scope)
        if problems:
            raise Refused(problems)
        posted = post_ledger(actor=actor, lines=list(lines.values()), number=run.pk)
        run.created, run.changed, run.unchanged = posted.created, posted.changed, posted.unchanged
        return posted.undo

    def roll_back(self, undo: Mapping[str, Any], actor: Actor) -> None:
        """New lines go, changed ones are as they were."""
        take_back(actor=actor, undo=undo)


def _stream(actor: Actor, scope: str) -> ValueStream:
    kind, _, slug = scope.partition(":")
    stream = streams_for(actor).filter(slug=slug).first() if kind == "stream" and "\0" not in slug else None  # type: ignore[arg-type]
    if stream is None:
        raise Http404
    return stream


def _manageable(actor: Actor) -> set[int]:
    """The streams whose money `actor` may change."""
    return {one.pk for one in ValueStream.objects.all() if actor is None or can(actor, "manage_money", one)}


class _Places:
    """What cells may name, by short name and by name (case apart): read once per file."""

    def __init__(self, actor: Actor, scope: str) -> None:
        mine = _manageable(actor)
        streams = [one for one in ValueStream.objects.all() if one.pk in mine]
        self.only = _stream(actor, scope) if scope else None
        self.streams = _by_name(streams)
        seen = Initiative.objects.all() if actor is None else Initiative.objects.for_user(actor)  # type: ignore[arg-type]
        self.initiatives = _by_name(seen.select_related("stream").order_by("-ended_on", "pk"))

    def stream(self, text: str) -> ValueStream:
        if not text and self.only:
            return self.only
        found: ValueStream | None = self.streams.get(text.casefold())
        if found is None:
            raise ValueError(f"There is no value stream “{text[:60]}” whose money you may change.")
        if self.only and found.pk != self.only.pk:
            raise ValueError(f"This import is of {self.only}: lines of other value streams do not belong to it.")
        return found

    def initiative(self, text: str) -> Initiative | None:
        if not text:
            return None
        found: Initiative | None = self.initiatives.get(text.casefold())
        if found is None:
            raise ValueError(f"There is no initiative “{text[:60]}”.")
        return found


def _by_name(things: Any) -> dict[str, Any]:
    rows = list(things)
    return {one.name.casefold(): one for one in rows} | {one.slug.casefold(): one for one in rows}


def _posted_on(text: str) -> date:
    day = read.day(text)
    if day > timezone.localdate():
        raise ValueError(f"{day} has not come yet: a ledger holds what was posted.")
    if day.year < 1970:
        raise ValueError(f"The year {day.year} is before 1970.")
    return day


def _amount(text: str) -> Decimal:
    """An amount; one mark with three digits behind it could be thousands or decimals, a thousandfold apart."""
    if re.fullmatch(r"[-+]?\d{1,3}[.,]\d{3}", text):
        plain = text.replace(",", ".")
        raise ValueError(f"“{text}” can be read in two ways: write {plain.replace('.', '')}, or {plain[:-1]}.")
    return read.amount(text)


def _currency(text: str) -> str:
    if text and text.upper() != settings.CURRENCY:
        raise ValueError(f"“{text[:20]}” is not the currency of this portal: amounts are in {settings.CURRENCY}.")
    return text


def _short(most: int) -> Any:
    def check(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"It is longer than {most} characters.")
        return text

    return check


def read_lines(rows: Sequence[Row], actor: Actor, scope: str) -> tuple[dict[int, LedgerLine], list[Problem]]:
    """The lines by their number in the file, and what is wrong with the others."""
    places = _Places(actor, scope)
    readers: dict[str, Any] = {
        "posted_on": _posted_on,
        "amount": _amount,
        "stream": places.stream,
        "initiative": places.initiative,
        "horizon": lambda text: read.choice(text, list(Horizon.choices)) if text else "",
        "key": _short(200),
        "text": _short(300),
        "currency": _currency,
    }
    lines: dict[int, LedgerLine] = {}
    problems: list[Problem] = []
    for row in rows:
        values: dict[str, Any] = {}
        wrong = len(problems)
        for name, reader in readers.items():
            try:
                values[name] = reader(row.cells.get(name, ""))
            except ValueError as error:
                problems.append(Problem(row.line, name, str(error)))
        if len(problems) == wrong:
            values.pop("currency")
            lines[row.line] = LedgerLine(**values)
    return lines, problems


def _differs(entry: LedgerEntry, line: LedgerLine) -> bool:
    return any(getattr(entry, name) != _value(line, name) for name in FIELDS)


def _value(line: LedgerLine, name: str) -> Any:
    """Of a line what the column of the same name holds."""
    if name.endswith("_id"):
        thing = getattr(line, name.removesuffix("_id"))
        return thing.pk if thing else None
    return getattr(line, name)
