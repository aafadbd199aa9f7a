"""Many people write to boards at the same time, moves or anything: nothing is lost, nothing is doubled, the log has no
gap."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from random import Random
from threading import Event

import pytest
from django.db import connection, transaction

from core.models import LiveEvent
from planning.actions.cards import move_card
from planning.actions.increments import change_increment
from planning.actions.trains import hold_train
from planning.actions.writing import write
from planning.chances import reckon
from planning.live import topic
from planning.models import Card
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import make_cast
from tests.planning.cast import make_planned
from tests.planning.sound import check_board, check_rows, numbers
from tests.planning.verbs import ALL
from tests.planning.world import REFUSALS, Nothing, Turn, World, make_world

PEOPLE, MOVES = 20, 3
WRITERS, TURNS = 8, 12


@pytest.mark.django_db(transaction=True)
def test_twenty_people_at_once_lose_nothing() -> None:
    cast = make_cast()
    plan = make_planned(cast)
    cards = [plan.card(f"Card {number}", plan.falcon, 1) for number in range(PEOPLE // 2)]
    lanes = [plan.falcon, plan.heron, plan.kite]

    def work(number: int) -> int:
        """Two people hold each card: each reads it, then moves it to the front of another cell; how often they were
        told that somebody was faster."""
        stale = 0
        try:
            for step in range(MOVES):
                card = Card.objects.select_related("increment").get(pk=cards[number // 2].pk)
                lane, column = lanes[(number + step) % 3], plan.iterations[(number + step) % 5]
                try:
                    move_card(actor=cast.pmo, card=card, lane=lane, iteration=column, rank=0, version=card.version)
                except Conflict:
                    stale += 1
        finally:
            connection.close()
        return stale

    before = plan.increment.events.count()
    with ThreadPoolExecutor(PEOPLE) as pool:
        stale = sum(pool.map(work, range(PEOPLE)))
    lines = list(plan.increment.events.order_by("number"))
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    # Each move is a line, or its writer was told; one to where the card stands already is neither.
    assert 0 < len(lines) - before <= PEOPLE * MOVES - stale
    assert replayed(plan.increment) == stored(plan.increment)
    cells: dict[tuple[int | None, int | None], list[int]] = {}
    for card in Card.objects.order_by("rank"):
        cells.setdefault((card.lane_id, card.iteration_id), []).append(card.rank)
    assert sum(map(len, cells.values())) == len(cards)
    assert all(ranks == list(range(len(ranks))) for ranks in cells.values()), cells
    told = [row.data["number"] for row in LiveEvent.objects.filter(topic=topic(plan.increment)).order_by("pk")]
    written = [number for number in told if number > before]
    assert all(later == earlier + 1 for earlier, later in pairwise(written))
    assert len(written) == len(lines) - before


def work_on(world: World) -> str:
    """Two updates of one increment's row in one write: the database checks what it points at when that ends."""
    try:
        return change_increment(actor=None, increment=world.plan.increment, vision="Refunds in a day").vision
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_many_verbs_at_once_leave_boards_sound() -> None:
    """Eight writers do whatever chance gives them, each on what they read just before: to two boards of one train, and
    to both at once (teams that come and go, what is carried over)."""
    world = make_world(make_cast())
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        # Who changes the teams of a train goes on to hold its boards: nobody who holds a board may wait for them.
        hold_train(world.plan.train)
        assert pool.submit(work_on, world).result(timeout=60)

    def work(number: int) -> Counter[str]:
        dice, found = Random(number), Counter[str]()
        try:
            for _ in range(TURNS):
                verb = dice.choice(dice.choice(ALL))
                try:
                    verb(Turn(world, lambda most: dice.randint(0, most)))
                    found["done"] += 1
                except (*REFUSALS, Nothing):
                    found["refused"] += 1
        finally:
            connection.close()
        return found

    before = sum(numbers(world.boards))
    with ThreadPoolExecutor(WRITERS) as pool:
        found = sum(pool.map(work, range(WRITERS)), Counter[str]())
    assert found.total() == WRITERS * TURNS
    assert sum(numbers(world.boards)) > before + WRITERS
    for board in world.boards:
        board.refresh_from_db()
        check_board(board)
        check_rows(board)


@pytest.mark.django_db(transaction=True)
def test_chances_are_reckoned_while_somebody_holds_the_board() -> None:
    plan = make_planned(make_cast())
    plan.card("Refunds", plan.falcon, 1)
    held, over = Event(), Event()

    def hold() -> None:
        try:
            with write(None, plan.increment, "held"):
                held.set()
                over.wait(60)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(hold)
        assert held.wait(60)
        try:
            # Not skipped as if another worker was at it, and not waited for: the one who holds it goes on afterwards.
            assert reckon(plan.increment.pk)
        finally:
            over.set()
        writer.result()
