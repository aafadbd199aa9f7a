"""What happened on a board: its log, narrowed, with what the reader may take back; and the cards that are off it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from planning.actions.placing import place_words
from planning.models import Card, Event, Increment
from planning.replay import KINDS, values_of
from planning.rules import Reach


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines: by whom (`who`: a person, "me" or "portal"), of what kind, about which card, with which words."""

    who: str = ""
    kind: str = ""
    card: int | None = None
    words: str = ""

    @property
    def is_narrowed(self) -> bool:
        return self != Asked()


@dataclass(frozen=True, slots=True)
class Line:
    """A line with whether the reader may take it back."""

    event: Event
    may_undo: bool


def lines_of(increment: Increment, asked: Asked, user: User) -> QuerySet[Event]:
    """The lines asked for, newest first."""
    rows = increment.events.select_related("actor", "undone_by").order_by("-number")
    if asked.who:
        rows = rows.filter(_by(asked.who, user))
    if asked.kind in KINDS:
        rows = rows.filter(changes__contains=[{"kind": asked.kind}])
    if asked.card is not None:
        rows = rows.filter(changes__contains=[{"kind": "card", "id": asked.card}])
    return rows.filter(text__icontains=asked.words) if asked.words else rows


def _by(who: str, user: User) -> Q:
    if who == "portal":
        return Q(actor=None, actor_name="")
    pk = user.pk if who == "me" else int(who) if who.isdecimal() and len(who) < 19 else 0
    return Q(actor=pk)


@dataclass(frozen=True, slots=True)
class TakenOff:
    """A card that is off the board: where it stood, the line that took it off, whether the reader may bring it back."""

    card: Card
    stood: str
    event: Event | None
    may_restore: bool


def off_the_board(increment: Increment) -> QuerySet[Card]:
    """The cards that were taken off, newest first."""
    rows = increment.cards.exclude(removed_at=None).select_related("lane", "iteration")
    return rows.order_by("-removed_at", "pk")


def taken_off(cards: Sequence[Card], mine: Reach, increment: Increment) -> list[TakenOff]:
    """Who took them off, by which line."""
    by_card = _taking(increment, cards)
    return [
        TakenOff(
            card,
            place_words(card.lane, card.iteration),
            by_card.get(card.pk),
            increment.is_open and mine.takes_part and mine.may(card.lane_id),
        )
        for card in cards
    ]


def _taking(increment: Increment, cards: Sequence[Card]) -> dict[int, Event]:
    """By card the last line that set the `removed_at` which it has."""
    when = {card.pk: values_of(card)["removed_at"] for card in cards}
    wanted = Q(pk__in=[])
    for pk, at in when.items():
        wanted |= Q(changes__contains=[{"kind": "card", "id": pk, "after": {"removed_at": at}}])
    return {
        change["id"]: event
        for event in increment.events.filter(wanted).order_by("number")
        for change in event.changes
        if change["kind"] == "card" and change["id"] in when and (change["after"] or {}).get("removed_at")
    }


def writers(increment: Increment) -> list[tuple[str, str]]:
    """Who wrote on the board, by name: the key of `Asked.who` and the name."""
    rows = increment.events.exclude(actor=None).order_by("actor__name").values_list("actor", "actor__name").distinct()
    return [(str(pk), name) for pk, name in rows]


def with_undo(events: Sequence[Event], mine: Reach, increment: Increment) -> list[Line]:
    """Whether each line can be offered to be taken back: not yet done, of an open board, and all of its rows the
    reader's. The verb looks again."""
    ids = {change["id"] for event in events for change in event.changes if change["kind"] == "card"}
    now = dict(Card.objects.filter(pk__in=ids).values_list("pk", "lane"))
    is_open = increment.is_open and mine.takes_part
    return [Line(event, is_open and event.undone_by_id is None and _may(event, now, mine)) for event in events]


def _may(event: Event, now: Mapping[int, int | None], mine: Reach) -> bool:
    kinds = {change["kind"] for change in event.changes}
    if "increment" in kinds:
        return False
    return mine.manages or (kinds == {"card"} and all(mine.may(lane) for lane in _lanes(event, now)))


def _lanes(event: Event, now: Mapping[int, int | None]) -> Iterable[int | None]:
    for change in event.changes:
        yield now.get(change["id"])
        yield from (side["lane_id"] for side in (change["before"], change["after"]) if side and "lane_id" in side)
