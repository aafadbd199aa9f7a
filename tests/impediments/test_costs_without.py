"""What removing impediments gives back: forecasts as if chosen blocked stays had not been; factors by hand.

The sample is of the 84 days from 10 March to 1 June 2025, on whose 60 working days Falcon finished an item each. One
item was in progress all the time; it was blocked for 21 days twice, a quarter of the time each.
"""

from fractions import Fraction

import pytest
from django.core.cache import cache

from impediments.costs import gives_back, top
from impediments.models import Block
from metrics.forecasts import Question, WhatIf, ask_items
from metrics.models import WorkItem
from portfolio.models import Team
from portfolio.queries import find_scope
from tests.cast import Cast
from tests.impediments.costs_cast import blocks, impediment
from tests.metrics.forecast_board import NOON, board, item

pytestmark = pytest.mark.django_db


@pytest.fixture
def stays(cast: Cast) -> list[Block]:
    cache.clear()
    Team.objects.update(timezone="UTC")
    board(cast.falcon, item("Long", "2025-02-10 dev"))
    long = WorkItem.objects.get(key="Long")
    first = impediment(cast.falcon, "Licence", "2025-03-10")
    second = impediment(cast.falcon, "Access", "2025-03-31", "2025-04-21")
    return [
        blocks(first, long, "2025-03-10", "2025-03-31"),
        blocks(second, long, "2025-03-31", "2025-04-21"),
    ]


def factor(*left_out: Block, unblock: bool = False) -> float:
    chosen = tuple(block.stay_id or 0 for block in left_out)
    question = Question(items=30, what_if=WhatIf(unblock=unblock, unblock_stays=chosen))
    outlook = ask_items(find_scope("team:falcon", None), question, NOON)
    assert outlook.variant is not None
    return outlook.variant.teams[0].factor


def test_only_the_chosen_stays_are_left_out(cast: Cast, stays: list[Block]) -> None:
    # Half of the time was blocked. Without one a quarter is: (1 - 1/4) ÷ (1 - 1/2) = 3/2. Without both: 1 ÷ 1/2 = 2, as
    # if nothing had been.
    assert factor(stays[0]) == factor(stays[1]) == float(Fraction(3, 2))
    assert factor(*stays) == factor(unblock=True) == 2


def test_what_another_blocks_too_stays_blocked(cast: Cast, stays: list[Block]) -> None:
    again = impediment(cast.falcon, "Contract", "2025-03-10", "2025-03-31")
    same = blocks(again, WorkItem.objects.get(key="Long"), "2025-03-10", "2025-03-31")
    assert factor(stays[0]) == 1
    assert factor(stays[0], same) == float(Fraction(3, 2))


def test_how_many_and_when_with_and_without(cast: Cast, stays: list[Block]) -> None:
    scope = find_scope("team:falcon", None)
    lines = top([cast.falcon.pk], NOON)
    assert [line.impediment.what for line in lines] == ["Licence"]
    found = gives_back(scope, lines, NOON)
    # One item a day is certain: 60 in the 60 working days to 25 August. At one and a half times the pace each day
    # brings one or two with the same chance: half of futures have at least 60 × 3/2 = 90.
    many = {rank: (now, then) for rank, now, then in found.many}
    assert many[50] == (60, 90)
    assert all(now == 60 < then < 90 for rank, (now, then) in many.items() if rank > 50)
    assert (found.items, found.stays, found.reason) == (1, 1, "")


def test_nothing_blocked_changes_nothing(cast: Cast) -> None:
    impediment(cast.falcon, "Licence", "2025-03-10")
    found = gives_back(find_scope("team:falcon", None), top([cast.falcon.pk], NOON), NOON)
    assert found.reason == "they block no item, so no forecast changes without them"
