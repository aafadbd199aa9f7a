"""Dependencies: asked for, answered with another iteration, agreed, delivered; from provider to consumer.

Whoever may change the row of the consumer asks, asks again, takes an offer and withdraws; whoever may change the row of
the provider offers, agrees, declines; either says that it was delivered. Who is asked or answered is told.
"""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from planning import notices
from planning.actions.placing import called, put_new
from planning.actions.writing import Board, write
from planning.formulas import cycles
from planning.models import Agreement, Card, Dependency, Increment, Iteration, Lane
from planning.queries.strings import lane_of, provider_of
from portfolio.rules import Person

OPEN = (Agreement.REQUESTED, Agreement.COUNTERED)
LIVE = (*OPEN, Agreement.AGREED)
TEXT, NOTE = 200, 400
# Who speaks.
PROVIDER, CONSUMER, EITHER = "provider", "consumer", "either"


def request_dependency(
    *,
    actor: Person,
    consumer: Card,
    provider_lane: Lane | None = None,
    provider: Card | None = None,
    what: str = "",
    needed_in: Iteration | None = None,
    note: str = "",
    is_agreed: bool = False,
) -> Dependency:
    """Ask a row, or a card of it, for what `consumer` needs; `needed_in` says until when.

    `is_agreed`: both sides said yes already; the writer may change both rows. Two cards of one row are agreed at once.
    Raises ValidationError by field (a circle names its path), PermissionDenied.
    """
    with write(actor, consumer.increment, "asked for") as board:
        needs = _card(board, consumer, "consumer")
        gives = _card(board, provider, "provider") if provider else None
        lane = _row(board, gives.lane if gives else provider_lane)
        board.require(needs.lane_id)
        is_own = needs.lane_id == lane.pk
        if is_agreed and not is_own:
            board.require(lane.pk)
        _check_new(board, needs, lane, gives, what)
        row = Dependency(
            increment=board.increment,
            consumer=needs,
            provider_lane=lane,
            provider=gives,
            what=what.strip()[:TEXT],
            needed_in=_column(board, needed_in, "needed_in"),
            note=note.strip()[:NOTE],
            agreement=Agreement.AGREED if is_agreed or is_own else Agreement.REQUESTED,
            answered_at=timezone.now() if is_agreed or is_own else None,
        )
        row.requested_by_id = actor.pk if actor else None
        board.add(row)
        board.say(f"asked {lane.name} for {thing(row)} for {called(needs)}{_until(row.needed_in)}")
        if row.agreement == Agreement.REQUESTED:
            notices.tell_provider(board, row, "asks you")
    return row


def ask_again(
    *,
    actor: Person,
    dependency: Dependency,
    needed_in: Iteration | None = None,
    what: str | None = None,
    note: str = "",
    version: int | None = None,
) -> Dependency:
    """Ask for another iteration or for something else: it is requested anew, whatever was answered before.

    `what` None leaves it as it is. Of what was delivered nothing is asked.
    """
    with write(actor, dependency.increment, "asked again for") as board:
        row = _held(board, dependency, version, (*LIVE, Agreement.DECLINED), CONSUMER)
        wanted = row.what if what is None else what.strip()[:TEXT]
        if not wanted and row.provider is None:
            raise ValidationError({"what": "Say what is needed."})
        if provider := provider_of(row):
            _check_linked(board, provider, row.consumer, but=row.pk)
        column = _column(board, needed_in, "needed_in")
        _answer(board, row, Agreement.REQUESTED, note, asked=True, needed_in=column, what=wanted)
        board.say(f"asked {lane_of(row).name} again for {thing(row)} for {called(row.consumer)}{_until(row.needed_in)}")
        notices.tell_provider(board, row, "asks you again")
    return row


def counter_dependency(
    *, actor: Person, dependency: Dependency, proposed_in: Iteration, note: str = "", version: int | None = None
) -> Dependency:
    """The provider offers another iteration than the one asked for."""
    with write(actor, dependency.increment, "offered another iteration for") as board:
        row = _held(board, dependency, version, LIVE, PROVIDER)
        offered = _column(board, proposed_in, "proposed_in")
        if offered is None:
            raise ValidationError({"proposed_in": "Choose the iteration that you can offer."})
        if offered.pk == row.needed_in_id:
            raise ValidationError({"proposed_in": f"{offered.name} is what was asked for: agree instead."})
        _answer(board, row, Agreement.COUNTERED, note, proposed_in=offered)
        board.say(f"offered {thing(row)} for {called(row.consumer)} in {offered.name}{_instead(row.needed_in)}")
        notices.tell_consumer(board, row, f"offers it in {offered.name}", note)
    return row


def accept_counter(*, actor: Person, dependency: Dependency, version: int | None = None) -> Dependency:
    """The consumer takes the iteration that was offered: it is agreed."""
    with write(actor, dependency.increment, "accepted the offer of") as board:
        row = _held(board, dependency, version, (Agreement.COUNTERED,), CONSUMER)
        _answer(board, row, Agreement.AGREED, row.note, needed_in=row.proposed_in)
        board.say(f"accepted {thing(row)} of {lane_of(row).name} for {called(row.consumer)}{_until(row.needed_in)}")
        notices.tell_provider(board, row, "accepts your offer", by_mail=False)
    return row


def agree_dependency(
    *,
    actor: Person,
    dependency: Dependency,
    provider: Card | None = None,
    title: str = "",
    iteration: Iteration | None = None,
    note: str = "",
    version: int | None = None,
) -> Dependency:
    """The provider says yes, and with which card: one of its row, or a new one (`title`) in `iteration`.

    What is agreed already and has no card gets one. A card that is named already needs not be named again.
    """
    with write(actor, dependency.increment, "agreed to") as board:
        row = _held(board, dependency, version, LIVE, PROVIDER)
        lane = lane_of(row)
        card = _answering(board, row, lane, provider, title, iteration)
        if row.agreement == Agreement.AGREED and card.pk == row.provider_id:
            raise ValidationError("It is agreed already.")
        _check_linked(board, card, row.consumer, but=row.pk)
        _answer(board, row, Agreement.AGREED, note or row.note, provider=card, provider_lane=lane)
        board.say(f"agreed to provide {called(card)} for {called(row.consumer)}{_where(card)}")
        notices.tell_consumer(board, row, "agreed", note, by_mail=False)
    return row


def decline_dependency(*, actor: Person, dependency: Dependency, note: str, version: int | None = None) -> Dependency:
    """The provider says no, and why; it stays in the list until it is asked again or withdrawn."""
    with write(actor, dependency.increment, "declined") as board:
        row = _held(board, dependency, version, LIVE, PROVIDER)
        if not note.strip():
            raise ValidationError({"note": "Say why: who asked has to plan without it."})
        _answer(board, row, Agreement.DECLINED, note)
        board.say(f"declined {thing(row)} for {called(row.consumer)}: {row.note}")
        notices.tell_consumer(board, row, "declined", note)
    return row


def deliver_dependency(
    *, actor: Person, dependency: Dependency, on: date | None = None, version: int | None = None
) -> Dependency:
    """It was delivered `on` that day (None: today). Either side may say so."""
    with write(actor, dependency.increment, "delivered") as board:
        row = _held(board, dependency, version, LIVE, EITHER)
        today = timezone.localdate()
        if on and on > today:
            raise ValidationError({"on": "That day is still to come."})
        _answer(board, row, Agreement.DELIVERED, row.note, delivered_on=on or today)
        board.say(f"delivered {thing(row)} of {lane_of(row).name} for {called(row.consumer)}")
        notices.tell_consumer(board, row, "delivered", by_mail=False)
    return row


def undeliver_dependency(*, actor: Person, dependency: Dependency, version: int | None = None) -> Dependency:
    """It was not delivered after all: it is agreed again."""
    with write(actor, dependency.increment, "took back the delivery of") as board:
        row = _held(board, dependency, version, (Agreement.DELIVERED,), EITHER)
        _answer(board, row, Agreement.AGREED, row.note)
        board.say(f"took back that {thing(row)} of {lane_of(row).name} was delivered for {called(row.consumer)}")
    return row


def withdraw_dependency(*, actor: Person, dependency: Dependency, version: int | None = None) -> Dependency:
    """It is not needed any more: off the board; undo brings it back. The provider's card stays."""
    with write(actor, dependency.increment, "withdrew") as board:
        row = _held(board, dependency, version, tuple(Agreement), CONSUMER)
        board.set(row, removed_at=timezone.now())
        board.say(f"withdrew what {called(row.consumer)} needs of {lane_of(row).name}: {thing(row)}")
        notices.tell_provider(board, row, "does not need it any more", by_mail=False)
    return row


def check_no_circle(increment: Increment) -> None:
    """Raise ValidationError, naming the path, when cards wait for each other: for verbs that bring back many things."""
    edges = list(_edges(increment))
    if way := cycles.circle(edges):
        raise ValidationError(f"Cards would wait for each other in a circle: {_named(way)}.")


def thing(row: Dependency) -> str:
    """What is needed, as sentences name it."""
    provider = provider_of(row)
    return f"“{row.what}”" if row.what else called(provider) if provider else "something"


def _until(iteration: Iteration | None) -> str:
    return f", in {iteration.name}" if iteration else ""


def _instead(iteration: Iteration | None) -> str:
    return f" instead of {iteration.name}" if iteration else ""


def _where(card: Card) -> str:
    return f", in {card.iteration.name}" if card.iteration else ", unplanned"


def _held(
    board: Board, dependency: Dependency, version: int | None, states: tuple[Agreement, ...], side: str
) -> Dependency:
    """The row as it is now, for who may speak for `side`.

    Raises PermissionDenied, and ValidationError when it was withdrawn or is in none of `states`.
    """
    row = board.hold(dependency, version)
    _require(board, row, side)
    if row.removed_at is not None or row.consumer.removed_at is not None:
        raise ValidationError("It is not on the board any more.")
    if row.agreement not in states:
        raise ValidationError(f"It is “{row.get_agreement_display().lower()}” now: look at it again.")
    return row


def _require(board: Board, row: Dependency, side: str) -> None:
    gives, needs = lane_of(row).pk, row.consumer.lane_id
    if side == EITHER and board.reach.may(gives):
        return
    board.require(gives if side == PROVIDER else needs)


def _answer(
    board: Board,
    row: Dependency,
    agreement: Agreement,
    note: str,
    *,
    asked: bool = False,
    proposed_in: Iteration | None = None,
    delivered_on: date | None = None,
    **fields: Any,
) -> None:
    """Write what somebody said; an offer and a day of delivery stand only with what they belong to."""
    board.set(
        row,
        agreement=agreement,
        note=note.strip()[:NOTE],
        answered_at=None if asked else timezone.now(),
        proposed_in=proposed_in,
        delivered_on=delivered_on,
        **fields,
    )


def _card(board: Board, card: Card, name: str) -> Card:
    """The card as it is now. Raises ValidationError at the field `name` when it is not on this board."""
    found = Card.objects.select_related("lane", "iteration").filter(pk=card.pk, increment=board.increment).first()
    if found is None or found.removed_at is not None:
        raise ValidationError({name: f"“{card.title}” is not on this board."})
    return found


def _row(board: Board, lane: Lane | None) -> Lane:
    """The row that is asked. Raises ValidationError when there is none, or its team left."""
    found = Lane.objects.filter(pk=lane.pk, increment=board.increment).first() if lane else None
    if found is None:
        raise ValidationError({"provider": "Choose who provides it: a row, or a card that stands in one."})
    if found.left_on:
        raise ValidationError({"provider": f"{found.name} left the train: nothing can be asked of it."})
    return found


def _column(board: Board, iteration: Iteration | None, name: str) -> Iteration | None:
    if iteration is not None and iteration.increment_id != board.increment.pk:
        raise ValidationError({name: "Choose an iteration of this increment."})
    return Iteration.objects.filter(pk=iteration.pk).first() if iteration else None


def _check_new(board: Board, needs: Card, lane: Lane, gives: Card | None, what: str) -> None:
    if gives is not None:
        _check_linked(board, gives, needs)
    elif needs.lane_id == lane.pk:
        raise ValidationError({"provider": f"{lane.name} needs to ask nobody: link two of its cards instead."})
    elif not what.strip():
        raise ValidationError({"what": "Say what is needed."})


def _check_linked(board: Board, gives: Card, needs: Card, but: int | None = None) -> None:
    """Raise ValidationError when the two are linked already, are one, or would wait for each other."""
    if gives.pk == needs.pk:
        raise ValidationError({"provider": "A card cannot wait for itself."})
    standing = Dependency.objects.filter(provider=gives, consumer=needs, removed_at=None).exclude(pk=but or 0)
    if there := standing.first():
        state = there.get_agreement_display().lower()
        raise ValidationError({"provider": f"{called(needs)} needs {called(gives)} already ({state})."})
    if way := cycles.path(_edges(board.increment, but), needs.pk, gives.pk):
        raise ValidationError({"provider": f"They would wait for each other in a circle: {_named([*way, needs.pk])}."})


def _edges(increment: Increment, but: int | None = None) -> list[tuple[int, int]]:
    """(provider, consumer) of all that stands between two cards of the board; what was declined binds nobody."""
    rows = Dependency.objects.filter(
        increment=increment, removed_at=None, consumer__removed_at=None, provider__removed_at=None
    ).exclude(provider=None)
    return list(rows.exclude(agreement=Agreement.DECLINED).exclude(pk=but or 0).values_list("provider", "consumer"))


def _named(way: list[int]) -> str:
    cards = Card.objects.in_bulk(set(way))
    return " → ".join(called(cards[pk]) for pk in way)


def _answering(
    board: Board, row: Dependency, lane: Lane, provider: Card | None, title: str, iteration: Iteration | None
) -> Card:
    """The card that will provide it: the one named, the one known, or a new one at the end of its cell."""
    if provider is not None:
        card = _card(board, provider, "provider")
        if card.lane_id != lane.pk:
            raise ValidationError({"provider": f"Choose a card in the row of {lane.name}."})
        return card
    if title.strip():
        return _made(board, lane, title, _column(board, iteration, "iteration"))
    known = provider_of(row)
    if known is None:
        raise ValidationError({"provider": "Choose the card that provides it, or name a new one."})
    return known


def _made(board: Board, lane: Lane, title: str, iteration: Iteration | None) -> Card:
    if lane.left_on:
        raise ValidationError({"title": f"{lane.name} left the train: nothing can come into its row."})
    unit = {"unit": lane.team.planning_unit} if lane.team else {}
    card = Card(increment=board.increment, lane=lane, iteration=iteration, title=title.strip(), **unit)
    return put_new(board, card)
