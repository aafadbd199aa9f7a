"""The verbs of boards as turns (tests/planning/world.py): each does one thing to what chance gives it."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from core.imports import Row
from core.models import ImportRun
from planning.actions import (
    capacities,
    cards,
    carrying,
    checks,
    dependencies,
    increments,
    iterations,
    lanes,
    objectives,
    people,
    repair,
    risks,
    states,
    trains,
    undoing,
)
from planning.imports import CardImporter
from planning.models import Absence, Event, Increment, Seat
from planning.queries.repair import propose
from planning.queries.rows import beside
from planning.rules import reach
from tests.planning.cast import FIRST
from tests.planning.world import Nothing, Turn

Verb = Callable[[Turn], Any]


def add_card(turn: Turn) -> None:
    key = ["", "", "", "K-0", "K-1"][turn.throw(4)]
    feature = turn.some(turn.world.features) if turn.flag() else None
    rank = turn.some(range(3))
    size = turn.some(range(9))
    where = turn.place()
    cards.add_card(
        actor=turn.actor, increment=turn.board, title="T", key=key, feature=feature, rank=rank, size=size, **where
    )


def move_card(turn: Turn) -> None:
    card = turn.card()
    cards.move_card(card=card, rank=turn.some(range(4)), **turn.place(), **turn.seen(card))


def change_card(turn: Turn) -> None:
    card = turn.card()
    what: list[dict[str, Any]] = [
        {"size": turn.throw(20), "title": f"Title {turn.throw(2)}"},
        {"key": f"K-{turn.throw(2)}"},
        {"kind": turn.of(["feature", "enabler", "milestone"])},
        {"feature": turn.some(turn.world.features)},
        {"done_on": FIRST + timedelta(days=turn.throw(60))},
    ]
    cards.change_card(card=card, **turn.of(what), **turn.seen(card))


def remove_card(turn: Turn) -> None:
    card = turn.card()
    cards.remove_card(card=card, **turn.seen(card))


def restore_card(turn: Turn) -> None:
    card = turn.of(turn.board.cards.exclude(removed_at=None).order_by("pk"))
    cards.restore_card(card=card, **turn.seen(card))


def ask(turn: Turn) -> None:
    provider = turn.card() if turn.flag() else None
    dependencies.request_dependency(
        actor=turn.actor,
        consumer=turn.card(),
        provider=provider,
        provider_lane=None if provider else turn.lane(),
        what="An API" if turn.flag() else "",
        needed_in=turn.some(turn.board.iterations.all()),
        is_agreed=turn.flag(),
    )


def answer(turn: Turn) -> None:
    """Any step of a dependency's life."""
    need = turn.of(turn.board.dependencies.order_by("pk"))
    given: dict[str, Any] = {"dependency": need, **turn.seen(need)}
    step = turn.throw(7)
    if step == 0:
        dependencies.ask_again(**given, needed_in=turn.some(turn.board.iterations.all()), what="A date")
    elif step == 1:
        dependencies.counter_dependency(**given, proposed_in=turn.of(turn.board.iterations.all()))
    elif step == 2:
        dependencies.accept_counter(**given)
    elif step == 3:
        provider = turn.some(turn.board.cards.order_by("pk"))
        title = "" if provider else turn.of(["", "New one"])
        iteration = turn.some(turn.board.iterations.all())
        dependencies.agree_dependency(**given, provider=provider, title=title, iteration=iteration)
    elif step == 4:
        dependencies.decline_dependency(**given, note="No time")
    elif step == 5:
        dependencies.deliver_dependency(**given, on=FIRST + timedelta(days=turn.throw(80)))
    elif step == 6:
        dependencies.undeliver_dependency(**given)
    else:
        dependencies.withdraw_dependency(**given)


def add_objective(turn: Turn) -> None:
    linked = [turn.card(live=False)] if turn.flag() else []
    fields = {"title": "Fast refunds", "is_committed": turn.flag(), "planned_value": turn.some(range(1, 11))}
    objectives.add_objective(
        actor=turn.actor, increment=turn.board, lane=turn.some(turn.board.lanes.all()), cards=linked, **fields
    )


def change_objective(turn: Turn) -> None:
    row = turn.of(turn.board.objectives.order_by("pk"))
    given: dict[str, Any] = {"objective": row, **turn.seen(row)}
    step = turn.throw(5)
    if step == 0:
        objectives.change_objective(**given, title=f"Goal {turn.throw(2)}", is_committed=turn.flag())
    elif step == 1:
        objectives.change_objective(**given, cards=[turn.card(live=False) for _ in range(turn.throw(2))])
    elif step == 2:
        objectives.plan_value(**given, value=turn.some(range(1, 12)))
    elif step == 3:
        objectives.give_actual_value(**given, value=turn.some(range(11)))
    elif step == 4:
        objectives.remove_objective(**given)
    else:
        objectives.restore_objective(**given)


ANSWERS: list[dict[str, Any]] = [
    {"roam": ""},
    {"roam": "resolved"},
    {"roam": "accepted"},
    {"roam": "owned", "owner_name": "Pia", "due_on": FIRST},
    {"roam": "mitigated", "plan": "Ask the bank"},
    {"roam": "owned", "owner_name": ""},
]


def add_risk(turn: Turn) -> None:
    card = turn.card() if turn.flag() else None
    lane = turn.some(turn.board.lanes.all())
    risks.add_risk(actor=turn.actor, increment=turn.board, text="Late", lane=lane, card=card, **turn.of(ANSWERS))


def change_risk(turn: Turn) -> None:
    row = turn.of(turn.board.risks.order_by("pk"))
    given: dict[str, Any] = {"risk": row, **turn.seen(row)}
    step = turn.throw(3)
    if step == 0:
        lane, card = turn.some(turn.board.lanes.all()), turn.some(turn.board.cards.all())
        risks.change_risk(**given, text=f"Late {turn.throw(2)}", lane=lane, card=card)
    elif step == 1:
        risks.answer_risk(**given, **turn.of(ANSWERS))
    elif step == 2:
        risks.remove_risk(**given)
    else:
        risks.restore_risk(**given)


def check(turn: Turn) -> None:
    step = turn.throw(2)
    if step == 0:
        kind = turn.of(["ready", "final"])
        checks.add_check(actor=turn.actor, increment=turn.board, kind=kind, text=f"Tea {turn.throw(2)}")
        return
    row = turn.of(turn.board.checks.all())
    if step == 1:
        checks.tick(check=row, done=turn.flag(), **turn.seen(row))
    else:
        checks.remove_check(check=row, **turn.seen(row))


def seat(turn: Turn) -> None:
    step = turn.throw(5)
    if step == 0:
        people.add_seat(actor=turn.actor, lane=turn.lane(), name=f"Ben {turn.throw(3)}", share=10 * turn.throw(11))
        return
    if step == 1:
        people.fill_seats(actor=turn.actor, increment=turn.board, lanes=[turn.lane()] if turn.flag() else None)
        return
    row = turn.of(Seat.objects.filter(lane__increment=turn.board).select_related("lane__increment"))
    if step == 2:
        people.change_seat(seat=row, share=10 * turn.throw(11), name=f"Ben {turn.throw(3)}", **turn.seen(row))
    elif step == 3:
        people.remove_seat(seat=row, **turn.seen(row))
    else:
        first = FIRST + timedelta(days=turn.throw(60))
        people.add_absence(actor=turn.actor, seat=row, first_on=first, last_on=first + timedelta(days=turn.throw(5)))


def absence(turn: Turn) -> None:
    row = turn.of(Absence.objects.filter(seat__lane__increment=turn.board).select_related("seat__lane__increment"))
    people.remove_absence(absence=row, **turn.seen(row.seat))


def capacity(turn: Turn) -> None:
    lane, column = turn.lane(), turn.of(turn.board.iterations.all())
    given: dict[str, Any] = {"actor": turn.actor, "lane": lane, "iteration": column}
    known = lane.capacities.filter(iteration=column).first()
    if known:
        given["version"] = turn.version(known)
    if turn.flag():
        capacities.set_capacity(**given, amount=Decimal(turn.throw(40)), reason="Fair")
    else:
        capacities.clear_capacity(**given)


def set_iterations(turn: Turn) -> None:
    """Some of them as they are, others changed, removed, or new."""
    there = list(turn.board.iterations.all())
    spans = [iterations.Span(one.first_on, one.last_on, one.name, one.is_ip, one.pk) for one in there]
    _change_spans(turn, spans)
    iterations.set_iterations(increment=turn.board, iterations=spans, **turn.seen(turn.board))


def _change_spans(turn: Turn, spans: list[iterations.Span]) -> None:
    Span = iterations.Span
    at = turn.throw(len(spans) - 1) if spans else 0
    step = turn.throw(5)
    end = max((one.last_on for one in spans), default=date(2026, 1, 1))
    if step == 0 or not spans:
        new = Span(end + timedelta(days=3), end + timedelta(days=16), is_ip=turn.flag())
        spans[:] = [Span(one.first_on, one.last_on, one.name, False, one.pk) for one in spans] + [new]
        return
    one = spans[at]
    if step == 1:
        del spans[at]
    elif step == 2:
        # Two change places: days of one, name of the other.
        other = spans[turn.throw(len(spans) - 1)]
        spans[spans.index(other)] = Span(one.first_on, one.last_on, other.name, one.is_ip, other.pk)
        spans[at] = Span(other.first_on, other.last_on, one.name, other.is_ip, one.pk)
    elif step == 3:
        spans[at] = Span(one.first_on, one.last_on + timedelta(days=turn.throw(4)), one.name, one.is_ip, one.pk)
    elif step == 4:
        spans[at] = Span(one.first_on + timedelta(days=turn.throw(4)), one.last_on, "Sprint", one.is_ip, one.pk)
    else:
        # Between two others there is room once one is gone.
        spans[at] = Span(one.first_on, one.last_on)


def row(turn: Turn) -> None:
    step = turn.throw(3)
    if step == 0:
        kind = turn.of(["external", "milestones"])
        lanes.add_lane(actor=turn.actor, increment=turn.board, name=f"Bank {turn.throw(2)}", kind=kind)
        return
    lane = turn.lane() if step == 1 else turn.lane(kind__in=["external", "milestones"])
    if step == 2:
        lanes.rename_lane(lane=lane, name=f"Bank {turn.throw(2)}", **turn.seen(lane))
    else:
        lanes.remove_lane(lane=lane, **turn.seen(lane))


def order(turn: Turn) -> None:
    """One row comes first, for everybody."""
    seen = [one.pk for one in beside(turn.board.lanes.select_related("team__stream"))]
    first = turn.of(seen)
    wanted = [first, *(pk for pk in seen if pk != first)]
    lanes.order_lanes(actor=turn.actor, increment=turn.board, order=wanted, seen=seen if turn.flag() else wanted)


def teams(turn: Turn) -> None:
    """Teams come to the train and leave it: rows of all open boards follow."""
    train = turn.world.plan.train
    train.refresh_from_db()
    step = turn.throw(3)
    if step == 0:
        cast = turn.world.cast
        there = [cast.falcon, turn.of([cast.heron, cast.kite, turn.world.newcomer])]
        on = FIRST + timedelta(weeks=turn.throw(14))
        trains.set_train_teams(train=train, teams=there, on=on, **turn.seen(train))
        return
    if step == 1:
        team = turn.of([turn.world.newcomer, turn.world.cast.kite])
        trains.add_team(train=train, team=team, first=FIRST + timedelta(weeks=turn.throw(14)), **turn.seen(train))
        return
    place = turn.of(train.seats.select_related("train", "team"))
    if step == 2:
        last = FIRST + timedelta(days=turn.throw(110)) if turn.flag() else None
        trains.change_seat(seat=place, first=place.during.lower, last=last, **turn.seen(train))
    else:
        trains.remove_seat(seat=place, **turn.seen(train))


def forward(turn: Turn) -> None:
    """The next state, often refused for a risk; seldom closed, for then nothing can be done."""
    after = {"draft": "planning", "planning": "committed", "committed": "closed"}
    to = after.get(turn.board.state)
    if to == "closed" and turn.throw(2):
        raise Nothing
    if to == "closed" and turn.flag():
        values = {row.pk: turn.some(range(12)) for row in turn.board.objectives.filter(removed_at=None)}
        into = turn.some(turn.world.boards)
        states.close(increment=turn.board, carry_into=into, actual_values=values, **turn.seen(turn.board))
        return
    states.change_state(increment=turn.board, to=to or "draft", **turn.seen(turn.board))


def step_back(turn: Turn) -> None:
    states.step_back(increment=turn.board, reason=turn.of(["", "It was too early"]), **turn.seen(turn.board))


def change_increment(turn: Turn) -> None:
    fields: dict[str, Any] = turn.of([{"vision": "Fast"}, {"wip_limit": 2}, {"name": f"PI {turn.throw(2)}"}])
    increments.change_increment(increment=turn.board, **fields, **turn.seen(turn.board))


def carry_over(turn: Turn) -> None:
    into = Increment.objects.get(pk=turn.of(turn.world.boards).pk)
    only = [turn.card().pk] if turn.flag() else None
    carrying.carry_over(increment=turn.board, into=into, cards=only, **turn.seen(turn.board))


def import_file(turn: Turn) -> None:
    """Applied, or only checked: that writes nothing."""
    rows = [_line(turn, number) for number in range(2, 3 + turn.throw(2))]
    importer, scope = CardImporter(), f"increment:{turn.board.slug}"
    importer.allow(turn.actor, scope)
    if turn.throw(3) == 3:
        turn.is_idle = True
        importer.check(rows, turn.actor, scope)
        return
    run = ImportRun(kind=importer.kind, scope=scope, made_at=timezone.now())
    turn.world.imports.append(importer.apply(rows, turn.actor, run))


def _line(turn: Turn, number: int) -> Row:
    lane = turn.some(turn.board.lanes.all())
    column = turn.some(turn.board.iterations.all()) if lane else None
    cells = {
        "key": f"K-{turn.throw(3)}",
        "title": turn.of(["", "From a file", "From a file", "From another file"]),
        "row": lane.name if lane else turn.of(["", "parking lot"]),
        "iteration": column.name if column else turn.of(["", "unplanned"]),
        "size": turn.of(["", "", "3", "5", "8", "many"]),
        "feature": turn.of(["", "", "", "Refunds"]),
    }
    return Row(number, cells)


def roll_back(turn: Turn) -> None:
    CardImporter().roll_back(turn.of(turn.world.imports), turn.actor)


def repair_by_hand(turn: Turn) -> None:
    moved = [turn.card() for _ in range(1 + turn.throw(2))]
    columns = [turn.of(turn.board.iterations.all()) for _ in moved]
    moves = [repair.Move(card.pk, column.pk, turn.version(card)) for card, column in zip(moved, columns, strict=True)]
    repair.apply_moves(actor=turn.actor, increment=turn.board, moves=moves)


def repair_as_proposed(turn: Turn) -> None:
    found = propose(turn.board, reach(turn.actor, turn.board))
    moves = [repair.Move(one.card.pk, one.target.pk, one.card.version) for one in found.moves]
    repair.apply_moves(actor=turn.actor, increment=turn.board, moves=moves)


def lines_of(board: Increment) -> "QuerySet[Event]":
    """All but the first, which made it all."""
    return board.events.filter(number__gt=1).order_by("-number")


def undo(turn: Turn) -> None:
    """Any line; "all the same" when the writer has seen what came since."""
    line = turn.of(lines_of(turn.board))
    undoing.undo(actor=turn.actor, increment=turn.board, event=line, seen=turn.some([turn.board.number]))


def undo_own(turn: Turn) -> None:
    if not isinstance(turn.actor, User):
        raise Nothing
    undoing.undo_last(actor=turn.actor, increment=turn.board)


CARDS: list[Verb] = [add_card, move_card, change_card, remove_card, restore_card]
NEEDS: list[Verb] = [ask, answer]
PROMISES: list[Verb] = [add_objective, change_objective, add_risk, change_risk, check]
PEOPLE: list[Verb] = [seat, absence, capacity]
FRAME: list[Verb] = [set_iterations, row, order, teams]
LIFE: list[Verb] = [forward, step_back, change_increment, carry_over]
FILES: list[Verb] = [import_file, roll_back, repair_by_hand, repair_as_proposed]
BACK: list[Verb] = [undo, undo_own]
ALL = [CARDS, NEEDS, PROMISES, PEOPLE, FRAME, LIFE, FILES, BACK]
