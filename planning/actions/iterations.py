"""The iterations of an increment: laid out in a row, changed, removed under their cards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from planning.actions.held import hold_increment, renew
from planning.actions.rows import keep_rows, short_day
from planning.actions.writing import Board, write
from planning.models import Card, Increment, Iteration
from portfolio.rules import Person

MOST = 20
MOST_DAYS = 92
# Days outside of this are a wrong year; between them a lay-out of all iterations stays within what a date can be.
EARLIEST, LATEST = date(1990, 1, 1), date(2200, 12, 31)


@dataclass(frozen=True, slots=True)
class Span:
    """An iteration as it is wanted, both days included. `pk` of one that there is; no name: it is counted."""

    first_on: date
    last_on: date
    name: str = ""
    is_ip: bool = False
    pk: int | None = None


def check_year(day: date) -> None:
    """Raise ValidationError for a day whose year must be wrong."""
    if not EARLIEST <= day <= LATEST:
        raise ValidationError(f"Is the year right? Give a day from {EARLIEST.year} to {LATEST.year}.")


def laid_out(first_on: date, days: int, count: int, *, with_ip: bool = False) -> list[Span]:
    """`count` iterations of `days` calendar days each without a gap, then, if wanted, an IP iteration as long."""
    starts = [first_on + timedelta(days=days * number) for number in range(count + int(with_ip))]
    return [
        Span(start, start + timedelta(days=days - 1), is_ip=with_ip and number == count)
        for number, start in enumerate(starts)
    ]


def checked(spans: Sequence[Span]) -> list[Span]:
    """In the order of their days, each with a name. Raises ValidationError, naming each that cannot be."""
    found = [
        Span(one.first_on, one.last_on, one.name.strip() or _counted(number, one), one.is_ip, one.pk)
        for number, one in enumerate(sorted(spans, key=lambda one: one.first_on), 1)
    ]
    wrong = [text for number, one in enumerate(found) if (text := _wrong(found, number, one))]
    if len(found) > MOST:
        wrong.append(f"An increment has at most {MOST} iterations.")
    if wrong:
        raise ValidationError({"iterations": wrong})
    return found


def _counted(number: int, one: Span) -> str:
    return "IP iteration" if one.is_ip else f"Iteration {number}"


def _wrong(spans: Sequence[Span], number: int, one: Span) -> str:
    if one.first_on < EARLIEST or one.last_on > LATEST:
        return f"{one.name}: is the year right? Give days from {EARLIEST.year} to {LATEST.year}."
    if one.last_on < one.first_on:
        return f"{one.name}: the last day is before the first."
    if (one.last_on - one.first_on).days >= MOST_DAYS:
        return f"{one.name} is longer than {MOST_DAYS} days."
    if one.is_ip and number < len(spans) - 1:
        return f"{one.name}: only the last iteration can be innovation and planning."
    if number and one.first_on <= spans[number - 1].last_on:
        before = spans[number - 1]
        return (
            f"{one.name} begins on {short_day(one.first_on)}, before {before.name} ends ({short_day(before.last_on)})."
        )
    if one.name in {other.name for other in spans[:number]}:
        return f"Two iterations are called {one.name}."
    return ""


def place_iterations(board: Board, spans: Sequence[Span]) -> list[Iteration]:
    """New iterations, numbered from 1; `spans` as `checked` gives them."""
    return [
        board.add(
            Iteration(
                increment=board.increment,
                number=number,
                name=one.name,
                first_on=one.first_on,
                last_on=one.last_on,
                is_ip=one.is_ip,
            )
        )
        for number, one in enumerate(spans, 1)
    ]


def set_iterations(
    *, actor: Person, increment: Increment, iterations: Sequence[Span], version: int | None = None
) -> list[Iteration]:
    """The increment has just these iterations. Cards of those that are not named any more become unplanned.

    Raises Conflict when its iterations or state were changed since the writer saw the increment at `version`.
    """
    spans = checked(iterations)
    with write(actor, increment, "changed the iterations") as board:
        board.require_manage()
        there = {row.pk: row for row in hold_increment(board, version).iterations.all()}
        kept = {one.pk for one in spans if one.pk}
        if unknown := kept - set(there):
            raise ValidationError({"iterations": f"{len(unknown)} of these iterations are not there any more."})
        said = [_drop(board, row) for pk, row in there.items() if pk not in kept]
        for number, one in enumerate(spans, 1):
            said.append(_put(board, there.get(one.pk or 0), number, one))
        said += keep_rows(board)
        board.say("; ".join(text for text in said if text))
        if board.changes:
            renew(board)
    return list(increment.iterations.all())


def keep_iterations(board: Board) -> None:
    """When lines were taken back: in the order of their days, numbered anew. Raises ValidationError where they cannot
    follow each other as they are now."""
    rows = list(board.increment.iterations.order_by("first_on", "pk"))
    checked([Span(row.first_on, row.last_on, row.name, row.is_ip, row.pk) for row in rows])
    for number, row in enumerate(rows, 1):
        board.set(row, number=number)
    renew(board)


def _put(board: Board, row: Iteration | None, number: int, one: Span) -> str:
    values: dict[str, Any] = {
        "number": number,
        "name": one.name,
        "first_on": one.first_on,
        "last_on": one.last_on,
        "is_ip": one.is_ip,
    }
    days = f"{short_day(one.first_on)} to {short_day(one.last_on)}"
    if row is None:
        board.add(Iteration(increment=board.increment, **values))
        return f"added {one.name} ({days})"
    before, name = row.days, row.name
    board.set(row, **values)
    renamed = f"renamed {name} to {one.name}" if name != one.name else ""
    return f"set {one.name} to {days}" if before != row.days else renamed


def _drop(board: Board, row: Iteration) -> str:
    """Take an iteration away: what stood in it is unplanned, at the end of its rows; capacities by hand go with it."""
    cards = list(row.cards.filter(removed_at=None).order_by("lane", "rank", "pk"))
    ends = _ends(board.increment)
    for card in cards:
        rank = ends.get(card.lane_id or 0, 0)
        ends[card.lane_id or 0] = rank + 1
        board.set(card, iteration=None, rank=rank)
    for gone in row.cards.exclude(removed_at=None):
        board.set(gone, quietly=True, iteration=None)
    asked = board.increment.dependencies.filter(Q(needed_in=row) | Q(proposed_in=row))
    for need in asked:
        board.set(
            need,
            needed_in_id=None if need.needed_in_id == row.pk else need.needed_in_id,
            proposed_in_id=None if need.proposed_in_id == row.pk else need.proposed_in_id,
        )
    for amount in row.capacities.all():
        board.remove(amount)
    board.remove(row)
    return f"removed {row.name}" + _unplanned(len(cards))


def _unplanned(count: int) -> str:
    return f" ({count} card{'s' if count > 1 else ''} unplanned by that)" if count else ""


def _ends(increment: Increment) -> dict[int, int]:
    """By row, the rank after its last unplanned card."""
    found: dict[int, int] = {}
    for lane, rank in Card.objects.filter(increment=increment, iteration=None, removed_at=None).values_list(
        "lane", "rank"
    ):
        found[lane or 0] = max(found.get(lane or 0, 0), rank + 1)
    return found
