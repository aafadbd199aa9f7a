"""The board: what it shows and to whom, moving by form and by script, and what others are told of it."""

import pytest
from django.test import Client
from django.urls import reverse

from core.models import LiveEvent
from planning.models import Card
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned

SCRIPT = {"X-Requested-With": "board"}


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


def as_(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.person(name))
    return client


def test_the_board_shows_rows_by_stream_columns_and_cards(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refund API", plan.falcon, 2, key="PAY-81", size=8)
    page = as_(cast, "viewer").get(reverse("board", args=["pi-26-1"])).content.decode()
    marks = ['data-group="payments"', 'data-lane-name="Falcon"', 'data-lane-name="Heron"', 'data-group="platform"']
    assert [page.index(mark) for mark in marks] == sorted(page.index(mark) for mark in marks)
    cell = f"{plan.falcon.pk}-{plan.iterations[1].pk}"
    assert f'data-card="{card.pk}" data-version="1" data-rank="0" data-cell="{cell}"' in page
    assert "PAY-81 · 8 points" in page
    assert "1 of 1 cards" in page or "1 card, no conflict" in page


def test_a_drag_is_a_post_that_answers_with_the_way_back(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refund API", plan.falcon, 1, key="PAY-81")
    to = f"{plan.falcon.pk}-{plan.iterations[2].pk}"
    answer = as_(cast, "member").post(
        reverse("plan-card-move", args=[card.pk]), {"cell": to, "rank": "0", "version": "1"}, headers=SCRIPT
    )
    assert answer.status_code == 200
    number = plan.increment.events.latest("number").number
    assert answer.json() == {
        "number": number,
        "card": card.pk,
        "text": "You moved PAY-81 from Falcon, Iteration 1 to Iteration 3.",
        "undo": reverse("plan-undo", args=["pi-26-1", number]),
    }
    told = LiveEvent.objects.latest("pk").data
    [piece] = told["cards"]
    assert (told["number"], piece["id"], piece["cell"], piece["version"]) == (number, card.pk, to, 2)
    assert f'data-card="{card.pk}"' in piece["html"]
    assert as_(cast, "member").post(answer.json()["undo"], headers=SCRIPT).status_code == 200
    card.refresh_from_db()
    assert card.iteration == plan.iterations[0]


def test_a_stale_move_is_told_who_was_faster_and_done_again_with_one_click(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refund API", plan.falcon, 1, key="PAY-81")
    url = reverse("plan-card-move", args=[card.pk])
    as_(cast, "coach").post(url, {"cell": f"{plan.heron.pk}-none", "version": "1"}, headers=SCRIPT)
    mine = {"cell": f"{plan.falcon.pk}-{plan.iterations[2].pk}", "version": "1"}
    answer = as_(cast, "pmo").post(url, mine, headers=SCRIPT)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Cora Lind moved PAY-81 from Falcon, Iteration 1 to Heron, unplanned" in text
    assert "It stands in <strong>Heron, unplanned</strong> now" in text
    assert "Move it to Falcon, Iteration 3 all the same" in text
    assert 'name="version" value="2"' in text
    assert as_(cast, "pmo").post(url, mine | {"version": "2"}, headers=SCRIPT).status_code == 200
    assert Card.objects.get().iteration == plan.iterations[2]
