"""What browsers are told of a board: every line of its log, with the pieces of the page that it changes.

The page puts the pieces in; where it missed a line, or `reload` says that rows or columns changed, it reads the board
again.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.template.loader import get_template

from core import live
from planning.models import Card, Event, Increment, Iteration, Lane

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
    from planning.models import Dependency

    rows = Dependency.objects.filter(pk__in=_ids(changes, "dependency")).values_list("provider", "consumer")
    return {pk for ends in rows for pk in ends if pk} | _values(changes, "dependency", "provider_id", "consumer_id")


def _pieces(increment: Increment, changes: Sequence[Change], changed: set[int]) -> dict[str, Any]:
    from planning.queries.faces import cards_of as on_board
    from planning.queries.faces import drawn, faces
    from planning.queries.strings import strings, strings_of_cards

    cards = list(on_board(increment).filter(pk__in=changed))
    near = strings_of_cards(increment, sorted(changed))
    shown = faces(cards, near)
    html = drawn(shown)
    asked = _ids(changes, "dependency")
    known = {one.id: one for one in near} | {one.id: one for one in strings(increment, sorted(asked)) if asked}
    there = {card.pk for card in cards}
    return {
        "cards": [
            {"id": f.card.pk, "cell": f.cell, "rank": f.card.rank, "version": f.card.version, "html": html[f.card.pk]}
            for f in shown
        ],
        "gone": sorted(changed - there),
        "cells": _cells(increment, changes, cards),
        "strings": [one.as_json() for one in known.values()],
        "gone_strings": sorted((asked | _of_gone(changed - there)) - known.keys()),
    }


def _of_gone(gone: set[int]) -> set[int]:
    """The dependencies of cards that are off the board: strings of consumers go with them."""
    from planning.models import Dependency

    return set(Dependency.objects.filter(consumer__in=gone).values_list("pk", flat=True)) if gone else set()


def _cells(increment: Increment, changes: Sequence[Change], cards: Sequence[Card]) -> list[dict[str, str]]:
    """The loads that may have changed: of the cells that cards left and came to, and of rows whose people changed."""
    lanes = {card.lane_id for card in cards} | _values(changes, "card", "lane_id") | _lanes_of_people(changes)
    # Only what is counted changes a load; a card's title does not.
    if not _counts(changes):
        return []
    rows = list(Lane.objects.filter(pk__in=lanes - {None}, increment=increment).select_related("team__calendar"))
    return load_pieces(increment, rows)


def _counts(changes: Iterable[Change]) -> bool:
    counted = {"lane_id", "iteration_id", "size", "unit", "kind", "removed_at", "feature_id"}
    return any(
        change["kind"] in {"seat", "absence", "capacity"}
        or (change["kind"] == "card" and (change["before"] is None or counted & (change["after"] or {}).keys()))
        for change in changes
    )


def _lanes_of_people(changes: Sequence[Change]) -> set[int]:
    from planning.models import Seat

    seats = _ids(changes, "seat") | _values(changes, "absence", "seat_id") | _seats_of_absences(changes)
    known = set(Seat.objects.filter(pk__in=seats).values_list("lane", flat=True)) if seats else set()
    given = _ids(changes, "capacity")
    return known | _values(changes, "seat", "lane_id") | _values(changes, "capacity", "lane_id") | _given(given)


def _given(ids: set[int]) -> set[int]:
    from planning.models import Capacity

    return set(Capacity.objects.filter(pk__in=ids).values_list("lane", flat=True)) if ids else set()


def _seats_of_absences(changes: Sequence[Change]) -> set[int]:
    from planning.models import Absence

    ids = _ids(changes, "absence")
    return set(Absence.objects.filter(pk__in=ids).values_list("seat", flat=True)) if ids else set()


def load_pieces(increment: Increment, rows: Sequence[Lane]) -> list[dict[str, str]]:
    """The load of every cell of some rows as pieces of the page; rows with their team and its calendar."""
    from planning.capacity import loads
    from planning.queries.faces import cell_key

    columns: list[Iteration] = list(increment.iterations.all())
    template = get_template("planning/load.html")
    weights = loads(increment, rows, columns) if rows else {}
    return [
        {"id": cell_key(lane, column), "html": template.render({"load": load})}
        for (lane, column), load in weights.items()
    ]
