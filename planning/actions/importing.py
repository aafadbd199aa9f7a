"""Cards from a file: all rows in one line of the log, so that one undo takes them back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError

from core.imports import Problem, Refused
from metrics.actions.epics import make_features
from planning.actions.placing import cell_of, column_there, put, put_new, row_there
from planning.actions.writing import Board, write
from planning.imports.reading import Wanted
from planning.models import Card, Event, Increment
from portfolio.models import Feature
from portfolio.rules import Person


@dataclass(slots=True)
class Imported:
    """What came of it: counts of rows, the line of the log (None: nothing was written), features that were made."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    event: Event | None = None
    features: list[Feature] = field(default_factory=list)


def import_cards(
    *, actor: Person, increment: Increment, wanted: Sequence[Wanted], since: datetime | None = None
) -> Imported:
    """Write all rows, or none of them: raises Refused with what is wrong, line by line.

    `since`: what the actor saw is of then; a row whose card was written by somebody since is refused.
    """
    done, problems = Imported(), list[Problem]()
    with write(actor, increment, "imported") as board:
        written = _written(increment, since)
        for one in wanted:
            try:
                _check_since(one, written)
                _one(board, one, done)
            except (ValidationError, PermissionDenied) as error:
                problems += _problems(one.line, error)
        if problems:
            raise Refused(problems)
        board.say(f"imported {_counted(done)}")
    done.event = board.event
    return done


def _written(increment: Increment, since: datetime | None) -> dict[int, Event]:
    """The last line about each card since then."""
    lines = increment.events.filter(at__gt=since).order_by("number") if since else Event.objects.none()
    return {
        change["id"]: line
        for line in lines
        for change in line.changes
        # A new place among neighbours alone makes nothing stale.
        if change["kind"] == "card" and set(change["after"] or ()) != {"rank"}
    }


def _check_since(one: Wanted, written: dict[int, Event]) -> None:
    if one.card is not None and (line := written.get(one.card.pk)):
        who = line.actor_name or "The portal"
        raise ValidationError(f"{who} {line.text}, since this file was checked: check it again.")


def _one(board: Board, one: Wanted, done: Imported) -> None:
    """Write a row."""
    if one.is_nothing:
        done.unchanged += 1
    elif one.card is None:
        _add(board, one, done)
        done.created += 1
    else:
        _change(board, one, one.card, done)
        done.changed += 1


def _add(board: Board, one: Wanted, done: Imported) -> None:
    lane, column = one.place or (None, None)
    row, there = row_there(board, lane), column_there(board, column)
    board.require(row.pk if row else None)
    fields = dict(one.fields)
    if row and row.team:
        fields.setdefault("unit", row.team.planning_unit)
    card = Card(increment=board.increment, lane=row, iteration=there, **fields)
    if one.source:
        card.feature = _feature(board, one, card, done)
    _check_feature(card)
    put_new(board, card)


def _change(board: Board, one: Wanted, seen: Card, done: Imported) -> None:
    card = board.hold(seen)
    board.require(card.lane_id)
    fields = dict(one.fields)
    lane, column = one.place or (card.lane, card.iteration)
    moves = one.place is not None
    if moves:
        stays = lane is not None and lane.pk == card.lane_id
        lane, column = row_there(board, lane, stays=stays), column_there(board, column)
        board.require(lane.pk if lane else None)
    if one.source and card.feature_id is None:
        fields["feature"] = _feature(board, one, Card(lane=lane, title=fields.get("title", card.title)), done)
    if "feature" in fields:
        _check_feature(Card(pk=card.pk, increment=board.increment, feature=fields["feature"]))
    if moves and cell_of(card) != (lane.pk if lane else None, column.pk if column else None):
        put(board, card, lane, column, **fields)
    else:
        board.set(card, **fields)


def _feature(board: Board, one: Wanted, card: Card, done: Imported) -> Feature:
    """A feature of the row's team for the items in the source whose parent is the key."""
    if one.source is None or card.lane is None or card.lane.team is None:
        raise ValidationError({"source": "Only a card in a team’s row comes from a source."})
    epics = [(one.source, one.key, card.title)]
    made = make_features(actor=board.actor, team=card.lane.team, epics=epics)
    done.features += made
    return made[0]


def _check_feature(card: Card) -> None:
    """Raise ValidationError when another card stands for the feature."""
    if card.feature is None:
        return
    others = Card.objects.filter(increment=card.increment_id, feature=card.feature, removed_at=None)
    if other := others.exclude(pk=card.pk).first():
        raise ValidationError({"feature": f"“{other.title}” stands for this feature on the board."})


_PLACES = {"cell": "row", "__all__": ""}


def _problems(line: int, error: ValidationError | PermissionDenied) -> list[Problem]:
    """What a verb refused, at the column that it is about."""
    if isinstance(error, PermissionDenied):
        return [Problem(line, "row", str(error))]
    if not hasattr(error, "error_dict"):
        return [Problem(line, "", " ".join(error.messages))]
    return [
        Problem(line, _PLACES.get(name, name), text) for name, texts in error.message_dict.items() for text in texts
    ]


def _counted(done: Imported) -> str:
    """For instance "12 cards, 3 of them changed"."""
    total = done.created + done.changed
    word = "1 card" if total == 1 else f"{total} cards"
    return f"{word} from a file ({done.created} new, {done.changed} changed)"
