"""What holds of every board, whatever was done to it; and what a browser has that only listened."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from django.template.loader import get_template

from core.models import LiveEvent
from planning.actions.rows import keep_rows
from planning.actions.writing import write
from planning.capacity import loads
from planning.live import topic
from planning.models import Agreement, Card, Increment, Iteration
from planning.queries.faces import cards_of, cell_key, drawn, faces
from planning.queries.strings import strings
from planning.replay import State, replayed, stored


def check_board(increment: Increment) -> None:
    """The log is the board; no card is lost, doubled or without a place; nothing waits for itself."""
    # What is only checked when a transaction ends is checked now.
    connection.check_constraints()
    state = stored(increment)
    assert replayed(increment) == state
    check_log(increment, state)
    check_baselines(increment)
    check_places(increment)
    check_columns(increment)
    assert not left_in_circles(increment)


def check_log(increment: Increment, state: State) -> None:
    lines = list(increment.events.order_by("number"))
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert Increment.objects.get(pk=increment.pk).number == len(lines)
    made = {change["id"] for line in lines for change in line.changes if _is_new_card(change)}
    assert {int(pk) for pk in state.get("card", {})} == made


def check_baselines(increment: Increment) -> None:
    """What was committed to is what the log says of then, for ever."""
    for one in increment.baselines.all():
        assert one.plan == replayed(increment, until=one.event)


def _is_new_card(change: dict[str, Any]) -> bool:
    return change["kind"] == "card" and change["before"] is None


def check_places(increment: Increment) -> None:
    """Every card on the board stands once, and ranks go from 0 without gaps; nothing was carried here twice."""
    on_board = list(Card.objects.filter(increment=increment, removed_at=None).select_related("lane", "iteration"))
    cells: dict[Any, list[int]] = {}
    for card in on_board:
        cells.setdefault((card.lane_id, card.iteration_id), []).append(card.rank)
        assert card.lane is None or card.lane.increment_id == increment.pk
        assert card.iteration is None or card.iteration.increment_id == increment.pk
    assert all(sorted(ranks) == list(range(len(ranks))) for ranks in cells.values()), cells
    once: list[Any] = [("from", card.carried_from_id) for card in on_board if card.carried_from_id]
    once += [("key", card.key) for card in on_board if card.key]
    assert all(count == 1 for count in Counter(once).values()), once


def check_columns(increment: Increment) -> None:
    """Iterations follow each other, numbered from 1; only the last is innovation and planning."""
    columns = list(Iteration.objects.filter(increment=increment).order_by("first_on"))
    assert [one.number for one in columns] == list(range(1, len(columns) + 1))
    assert all(one.last_on < other.first_on for one, other in pairwise(columns))
    assert not any(one.is_ip for one in columns[:-1])


def check_rows(increment: Increment) -> None:
    """The rows of an open board are those of its train's teams: to follow them once more changes nothing."""
    if not increment.is_open:
        return
    with transaction.atomic():
        with write(None, increment, "followed") as board:
            said = keep_rows(board)
        transaction.set_rollback(True)
    assert board.event is None, (said, board.event.changes)


def left_in_circles(increment: Increment) -> list[tuple[int, int]]:
    """What is left of the dependencies between cards on the board when who waits for nobody goes, again and again."""
    rows = increment.dependencies.filter(removed_at=None, consumer__removed_at=None, provider__removed_at=None)
    edges = list(rows.exclude(provider=None).exclude(agreement=Agreement.DECLINED).values_list("provider", "consumer"))
    while True:
        waiting = {consumer for _, consumer in edges}
        left = [edge for edge in edges if edge[0] in waiting]
        if len(left) == len(edges):
            return left
        edges = left


def without_removed(state: State) -> State:
    """What is on the board, without what was taken off it, and without rows of kinds that are empty."""
    rows = {
        kind: {pk: row for pk, row in found.items() if row.get("removed_at") is None} for kind, found in state.items()
    }
    return {kind: found for kind, found in rows.items() if found}


class Listener:
    """A board that was read once, and then told piece by piece."""

    def __init__(self, increment: Increment) -> None:
        self.increment = increment
        self.heard = self._newest()
        self.pieces = read_pieces(increment)

    def listen(self) -> bool:
        """Hear what is new; whether pieces were told."""
        news = LiveEvent.objects.filter(topic=topic(self.increment), pk__gt=self.heard).order_by("pk")
        told = [row.data for row in news if row.kind == "written"]
        self.heard = self._newest()
        if any(data["reload"] for data in told):
            self.pieces = read_pieces(self.increment)
            return False
        for data in told:
            self.apply(data)
        return bool(told)

    def apply(self, data: dict[str, Any]) -> None:
        cards, gone = self.pieces["cards"], data["gone"]
        for pk in gone:
            cards.pop(pk, None)
        cards.update(_by_id(data["cards"]))
        self.pieces["loads"].update({one["id"]: one["html"] for one in data["cells"]})
        known = self.pieces["strings"]
        known.update(_by_id(data["strings"]))
        for pk in data["gone_strings"]:
            known.pop(pk, None)

    def _newest(self) -> int:
        last = LiveEvent.objects.filter(topic=topic(self.increment)).order_by("-pk").first()
        return last.pk if last else 0


# How likely a pair of teams is late rests on all boards: told when a board is read.
HISTORY = {"badge", "badge_title", "has_history"}


def _by_id(ones: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {one["id"]: {name: value for name, value in one.items() if name not in HISTORY} for one in ones}


def read_pieces(increment: Increment) -> dict[str, dict[Any, Any]]:
    """The board as a page that is loaded now has it, in the words of live events."""
    every = strings(increment)
    ones = faces(list(cards_of(increment)), every)
    html = drawn(ones)
    rows = list(increment.lanes.select_related("team__calendar"))
    template = get_template("planning/load.html")
    return {
        "cards": {
            one.card.pk: {
                "id": one.card.pk,
                "cell": one.cell,
                "rank": one.card.rank,
                "version": one.card.version,
                "html": html[one.card.pk],
            }
            for one in ones
        },
        "strings": _by_id([one.as_json() for one in every]),
        "loads": {
            cell_key(lane, column): template.render({"load": load})
            for (lane, column), load in loads(increment, rows).items()
        },
    }


def numbers(boards: Sequence[Increment]) -> list[int]:
    """How many lines each board has."""
    found = dict(Increment.objects.filter(pk__in=[one.pk for one in boards]).values_list("pk", "number"))
    return [found[one.pk] for one in boards]
