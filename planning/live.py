"""What browsers are told of a board: every line of its log, with the pieces of the page that it changes.

The page puts the pieces in; where it missed a line, or `reload` says that rows or columns changed, it reads the board
again.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.template.loader import get_template
from django.utils import timezone

from core import live
from planning.capacity import loads
from planning.models import Absence, Capacity, Card, Dependency, Event, Increment, Lane, Seat
from planning.queries.faces import Face, cards_of, cell_key, drawn, faces
from planning.queries.late import known_by
from planning.queries.strings import strings_of_cards

# A line that changes more cards than this is not told piece by piece.
MOST_CARDS = 60
# Rows and columns: the page is built anew.
FRAME = {"lane", "iteration"}
# Which other parts of an increment's pages a change of this kind shows in.
PARTS = {
    "dependency": "dependencies",
    "objective": "objectives",
    "risk": "risks",
    "seat": "capacity",
    "absence": "capacity",
    "capacity": "capacity",
    "check": "checks",
    "increment": "increment",
}
Change = Mapping[str, Any]


def topic(increment: Increment) -> str:
    """The live topic of an increment's board."""
    return f"increment:{increment.pk}"


def publish(increment: Increment, event: Event) -> None:
    """Tell who watches; the last thing in a transaction."""
    live.publish(topic(increment), "written", told(increment, event))


def told(increment: Increment, event: Event) -> dict[str, Any]:
    """A line of the log as browsers get it: what it says, and the pieces of the board as they are now.

    `cards` {id, cell, rank, version, html}, `gone` ids of cards off the board, `cells` {id, html} (their loads),
    `strings` (planning.queries.strings.String) and `gone_strings`; `reload`: the pieces are not told, read the board;
    `parts`: what else of the increment's pages it touches.
    """
    kinds = {change["kind"] for change in event.changes}
    changed = _ids(event.changes, "card") | _ends(event.changes)
    reload = bool(kinds & FRAME) or len(changed) > MOST_CARDS or _is_state(event.changes)
    said = {
        "number": event.number,
        "who": event.actor_name,
        "who_id": event.actor_id,
        "verb": event.verb,
        "text": event.text,
        "reload": reload,
        "parts": sorted({PARTS[kind] for kind in kinds if kind in PARTS}),
    }
    return said | (_NOTHING if reload else _pieces(increment, event.changes, changed))


_NOTHING: dict[str, list[Any]] = {"cards": [], "gone": [], "cells": [], "strings": [], "gone_strings": []}


def _is_state(changes: Iterable[Change]) -> bool:
    """Whether the increment came into another state: what may be written changes."""
    return any(change["kind"] == "increment" and "state" in (change["after"] or {}) for change in changes)


def _ids(changes: Iterable[Change], kind: str) -> set[int]:
    return {change["id"] for change in changes if change["kind"] == kind}


def _values(changes: Iterable[Change], kind: str, *names: str) -> set[int]:
    """The ids that columns of a kind held before or after."""
    sides = [change[side] or {} for change in changes if change["kind"] == kind for side in ("before", "after")]
    return {side[name] for side in sides for name in names if side.get(name)}


def _ends(changes: Sequence[Change]) -> set[int]:
    """The cards at the ends of changed dependencies: they say how many they have."""
    rows = Dependency.objects.filter(pk__in=_ids(changes, "dependency")).values_list("provider", "consumer")
    return {pk for ends in rows for pk in ends if pk} | _values(changes, "dependency", "provider_id", "consumer_id")


def _pieces(increment: Increment, changes: Sequence[Change], changed: set[int]) -> dict[str, Any]:
    asked = _ids(changes, "dependency")
    ends = _near(increment, asked, changed)
    # The cards at the other ends too: they say how many problems they have.
    touched = changed.union(*ends.values())
    known = known_by(timezone.localdate())
    every = strings_of_cards(increment, touched, known)
    near = [one for one in every if one.id in ends]
    cards = list(cards_of(increment).filter(pk__in=touched))
    gone = changed - {card.pk for card in cards}
    stand = {card.lane_id for card in cards if card.pk in changed}
    return {
        "cards": _cards(faces(cards, every)),
        "gone": sorted(gone),
        "cells": _cells(increment, changes, stand | _lanes_of(gone), known),
        "strings": [one.as_json() for one in near],
        "gone_strings": sorted((asked | _of_gone(gone)) - {one.id for one in near}),
    }


def _near(increment: Increment, asked: set[int], changed: set[int]) -> dict[int, set[int]]:
    """The cards at the ends of the dependencies that were written, or begin or end at changed cards; also where the
    consumer was taken off the board: the provider gives to one less."""
    where = Q(pk__in=asked) | Q(provider__in=changed) | Q(consumer__in=changed)
    there = Dependency.objects.filter(increment=increment, removed_at=None)
    rows = there.filter(where).values_list("pk", "provider", "consumer")
    return {pk: {card for card in ends if card} for pk, *ends in rows}


def _cards(ones: Sequence[Face]) -> list[dict[str, Any]]:
    html = drawn(ones)
    return [
        {
            "id": one.card.pk,
            "cell": one.cell,
            "rank": one.card.rank,
            "version": one.card.version,
            "html": html[one.card.pk],
        }
        for one in ones
    ]


def _of_gone(gone: set[int]) -> set[int]:
    """The dependencies of cards that are off the board: strings of consumers go with them."""
    return set(Dependency.objects.filter(consumer__in=gone).values_list("pk", flat=True)) if gone else set()


def _lanes_of(gone: set[int]) -> set[int | None]:
    """The rows in which cards stood that are off the board: they carry less."""
    return set(Card.objects.filter(pk__in=gone).values_list("lane", flat=True)) if gone else set()


def _cells(increment: Increment, changes: Sequence[Change], stand: set[int | None], known: str) -> list[dict[str, str]]:
    """The loads that may have changed: of the rows that cards stand in, left and came to, and whose people changed."""
    lanes = stand | _values(changes, "card", "lane_id") | _lanes_of_people(changes)
    # Only what is counted changes a load; a card's title does not.
    if not _counts(changes):
        return []
    rows = Lane.objects.filter(pk__in=[pk for pk in lanes if pk], increment=increment)
    return load_pieces(increment, list(rows), known)


def _counts(changes: Iterable[Change]) -> bool:
    counted = {"lane_id", "iteration_id", "size", "unit", "kind", "removed_at", "feature_id"}
    return any(
        change["kind"] in {"seat", "absence", "capacity"}
        or (change["kind"] == "card" and (change["before"] is None or counted & (change["after"] or {}).keys()))
        for change in changes
    )


def _lanes_of_people(changes: Sequence[Change]) -> set[int]:
    seats = _ids(changes, "seat") | _values(changes, "absence", "seat_id") | _seats_of_absences(changes)
    known = set(Seat.objects.filter(pk__in=seats).values_list("lane", flat=True)) if seats else set()
    given = _ids(changes, "capacity")
    return known | _values(changes, "seat", "lane_id") | _values(changes, "capacity", "lane_id") | _given(given)


def _given(ids: set[int]) -> set[int]:
    return set(Capacity.objects.filter(pk__in=ids).values_list("lane", flat=True)) if ids else set()


def _seats_of_absences(changes: Sequence[Change]) -> set[int]:
    ids = _ids(changes, "absence")
    return set(Absence.objects.filter(pk__in=ids).values_list("seat", flat=True)) if ids else set()


def load_pieces(increment: Increment, rows: Sequence[Lane], known: str = "") -> list[dict[str, str]]:
    """The load of every cell of some rows as pieces of the page."""
    columns = list(increment.iterations.all())
    template = get_template("planning/load.html")
    weights = loads(increment, rows, columns, known=known) if rows else {}
    return [
        {"id": cell_key(lane, column), "html": template.render({"load": load})}
        for (lane, column), load in weights.items()
    ]
