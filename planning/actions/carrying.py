"""What did not land goes on to the next increment: new cards there, which say where they come from."""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from planning.actions.held import hold_increment
from planning.actions.writing import Board, holding, write
from planning.delivered import delivered
from planning.models import Card, CardKind, Increment, Lane
from portfolio.rules import Person


def carry_over(
    *,
    actor: Person,
    increment: Increment,
    into: Increment,
    cards: Collection[int] | None = None,
    version: int | None = None,
    at: datetime | None = None,
) -> list[Card]:
    """Carry what did not land (of it only the ids in `cards`) into another increment of the train; also when closed.

    What was carried into it before, or is there by its key or feature, is left out: doing it twice does nothing. Raises
    Conflict when `increment` is not at `version`.
    """
    with holding(increment, into), write(actor, increment, "carried over", even_closed=True) as board:
        board.require_manage()
        hold_increment(board, version)
        made = carry_on(board, into, at or timezone.now(), cards)
        board.say(f"carried {len(made)} card{'' if len(made) == 1 else 's'} over to {into}")
    return made


def unfinished(increment: Increment, at: datetime) -> list[Card]:
    """What was to be delivered in an iteration, or stands in a row, and was not by `at`. The parking lot stays."""
    rows = increment.cards.filter(removed_at=None, lane__isnull=False).exclude(kind=CardKind.MILESTONE)
    cards = list(rows.select_related("lane__team", "iteration", "feature").order_by("lane__position", "rank", "pk"))
    done = delivered(cards, at)
    return [card for card in cards if card.pk not in done]


def carry_on(board: Board, into: Increment, at: datetime, only: Collection[int] | None = None) -> list[Card]:
    """The same inside the write that closes the increment it comes from."""
    source = board.increment
    if into.train_id != source.train_id or into.pk == source.pk:
        raise ValidationError({"carry_into": "Choose another increment of the same train."})
    cards = [card for card in unfinished(source, at) if only is None or card.pk in only]
    with write(board.actor, into, "carried over") as target:
        made = _copies(target, cards)
        target.say(f"carried {len(made)} card{'' if len(made) == 1 else 's'} over from {source}")
    board.set(source, carried_into=target.increment)
    return made


def _copies(target: Board, cards: Collection[Card]) -> list[Card]:
    there = Card.objects.filter(increment=target.increment, removed_at=None)
    keys = set(there.exclude(key="").values_list("key", flat=True))
    features = set(there.exclude(feature=None).values_list("feature", flat=True))
    origins = set(there.exclude(carried_from=None).values_list("carried_from", flat=True))
    lanes = {lane.team_id: lane for lane in target.increment.lanes.all() if lane.team_id and lane.left_on is None}
    ends = _ends(there.filter(iteration=None).values_list("lane", "rank"))
    made = []
    for card in cards:
        if card.pk in origins or card.key in keys or card.feature_id in features:
            continue
        lane = lanes.get(card.lane.team_id if card.lane and card.lane.team_id else 0)
        place = lane.pk if lane else None
        made.append(target.add(_copy(target, card, lane, ends.get(place, 0))))
        ends[place] = ends.get(place, 0) + 1
    return made


def _copy(target: Board, card: Card, lane: Lane | None, rank: int) -> Card:
    same = ("kind", "key", "title", "description", "url", "value_type", "size", "unit", "feature")
    values = {name: getattr(card, name) for name in same}
    return Card(increment=target.increment, lane=lane, rank=rank, carried_from=card, **values)


def _ends(places: Collection[tuple[int | None, int]]) -> dict[int | None, int]:
    found: dict[int | None, int] = {}
    for lane, rank in places:
        found[lane] = max(found.get(lane, 0), rank + 1)
    return found
