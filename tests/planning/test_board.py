"""The board: what it shows and to whom, moving by form and by script, and what others are told of it."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import LiveEvent
from planning.models import Card
from planning.queries.board import board_of
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
    marks = ['data-group="payments"', 'data-name="Falcon"', 'data-name="Heron"', 'data-group="platform"']
    assert [page.index(mark) for mark in marks] == sorted(page.index(mark) for mark in marks)
    cell = f"{plan.falcon.pk}-{plan.iterations[1].pk}"
    [drawn] = re.findall(rf'<article[^>]*data-card="{card.pk}"[^>]*>', page)
    assert {'data-version="1"', 'data-rank="0"', f'data-in="{cell}"', 'data-key="PAY-81"'} <= set(drawn.split())
    assert "1 card, no conflict" in page


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


def test_a_place_that_is_gone_is_told_at_the_field_and_nothing_is_written(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refund API", plan.falcon, 1, key="PAY-81")
    url, lines = reverse("plan-card-move", args=[card.pk]), plan.increment.events.count()
    for cell in (f"{plan.falcon.pk}-999999", "999999-none", "nonsense", f"{plan.falcon.pk}-"):
        answer = as_(cast, "pmo").post(url, {"cell": cell, "rank": "0", "version": "1"}, headers=SCRIPT)
        assert answer.status_code == 400
        assert "This place is not on the board any more: choose another one." in answer.content.decode()
    assert plan.increment.events.count() == lines
    there = {"cell": f"{plan.falcon.pk}-{plan.iterations[0].pk}", "version": "1"}
    assert as_(cast, "pmo").post(url, there, headers=SCRIPT).json()["text"] == "Nothing changed."


def test_without_script_a_move_is_a_page_a_message_and_an_undo(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refund API", plan.falcon, 1, key="PAY-81")
    client = as_(cast, "member")
    page = client.get(reverse("plan-card-move", args=[card.pk])).content.decode()
    # Max plans with Falcon: his row, those of nobody's team and the parking lot are offered; Heron's is not.
    assert "Falcon, Iteration 3" in page
    assert "Bank, unplanned" in page
    assert "Parking lot" in page
    assert "Heron, Iteration 1" not in page
    answer = client.post(reverse("plan-card-move", args=[card.pk]), {"cell": "parking", "version": "1"}, follow=True)
    text = answer.content.decode()
    assert "You moved PAY-81 from Falcon, Iteration 1 to the parking lot." in text
    assert reverse("plan-undo", args=["pi-26-1", plan.increment.events.latest("number").number]) in text


def test_what_was_typed_stays_when_somebody_was_faster(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refund API", plan.falcon, 1, key="PAY-81")
    url = reverse("plan-card-edit", args=[card.pk])
    said = {"kind": "feature", "unit": "points", "value_type": "feature", "size": "5", "version": "1"}
    assert as_(cast, "coach").post(url, said | {"title": "Refunds"}, headers=SCRIPT).status_code == 200
    answer = as_(cast, "pmo").post(url, said | {"title": "Refunds at once", "size": "-3"}, headers=SCRIPT)
    assert answer.status_code == 400
    answer = as_(cast, "pmo").post(url, said | {"title": "Refunds at once"}, headers=SCRIPT)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Cora Lind changed" in text
    assert 'value="Refunds at once"' in text
    assert 'name="version" value="2"' in text
    assert Card.objects.get().title == "Refunds"


def test_a_browser_that_slept_gets_the_lines_that_it_missed(cast: Cast, plan: Planned) -> None:
    before = plan.increment.events.latest("number").number
    first = plan.card("Refund API", plan.falcon, 1, size=8)
    plan.need(plan.card("Ledger split", plan.heron, 2), first)
    told = as_(cast, "viewer").get(reverse("plan-events", args=["pi-26-1"]), {"after": before}).json()
    assert [one["number"] for one in told["events"]] == [before + 1, before + 2, before + 3]
    last = told["events"][-1]
    # Both ends say how many dependencies they have; the string is a conflict: provided in 2, needed in 1.
    assert len(last["cards"]) == 2
    assert [one["schedule"] for one in last["strings"]] == ["conflict"]
    assert last["reload"] is False
    assert last["parts"] == ["dependencies"]


def test_as_many_queries_for_many_cards_as_for_one(cast: Cast, plan: Planned) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            as_(cast, "pmo").get(reverse("board", args=["pi-26-1"]))
        return len(queries)

    cards = [plan.card("one", plan.falcon, 1, size=3)]
    plan.need(plan.card("two", plan.heron, 1), cards[0])
    asked()  # What the first page of a process reads once.
    few = asked()
    for number in range(4):
        cards.append(plan.card(f"more {number}", plan.kite, 2, size=3))
        plan.need(cards[-1], cards[0])
    assert asked() == few


def test_the_reader_s_own_order_density_and_folded_rows_stay(cast: Cast, plan: Planned) -> None:
    client = as_(cast, "viewer")
    order = f"{plan.kite.pk},{plan.falcon.pk},999999"
    said = {"lanes": order, "folded": f"{plan.heron.pk}", "density": "dense"}
    assert client.post(reverse("plan-view", args=["pi-26-1"]), said, headers=SCRIPT).status_code == 204
    assert client.post(reverse("plan-view", args=["pi-26-1"]), {"lanes": "x"}, headers=SCRIPT).status_code == 400
    shown = board_of(plan.increment, cast.viewer)
    assert [row.lane.name for row in shown.rows] == ["Kite", "Falcon", "Heron", "Bank", "Milestones"]
    assert [row.lane.name for row in shown.rows if row.is_folded] == ["Heron"]
    assert shown.view.density == "dense"
    assert not board_of(plan.increment, cast.pmo).view.lanes


def test_rows_and_the_log_are_reached_by_links(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refund API", plan.falcon, 1)
    new, bank = reverse("plan-row-new", args=["pi-26-1"]), reverse("plan-row", args=[plan.bank.pk])
    past = reverse("plan-feed", args=["pi-26-1"])
    for page in (reverse("board", args=["pi-26-1"]), reverse("increment", args=["pi-26-1"])):
        seen = {name: as_(cast, name).get(page).content.decode() for name in ("member", "viewer")}
        # Who takes part adds and changes rows; who reads is not offered it. Rows of teams come with the train.
        assert [link in seen["member"] for link in (new, bank)] == [True, True]
        assert [link in seen["viewer"] for link in (new, bank)] == [False, False]
        assert reverse("plan-row", args=[plan.falcon.pk]) not in seen["member"]
    assert past in as_(cast, "viewer").get(reverse("board", args=["pi-26-1"])).content.decode()
    for headers in ({}, SCRIPT):
        panel = as_(cast, "viewer").get(reverse("plan-card", args=[card.pk]), headers=headers).content.decode()
        assert f"{past}?card={card.pk}" in panel
