"""The order of rows for everybody, and the list of cards that were taken off the board."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from planning.actions.cards import move_card, remove_card, restore_card
from planning.actions.lanes import add_lane, order_lanes
from planning.actions.looking import look_at
from planning.actions.undoing import undo
from planning.models import Lane
from planning.queries.board import board_of
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned

ORDER = reverse("plan-rows-order", args=["pi-26-1"])
OFF = reverse("plan-taken-off", args=["pi-26-1"])


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


def as_(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.person(name))
    return client


def names(plan: Planned, cast: Cast, who: str = "viewer") -> list[str]:
    """The rows as somebody sees them on the board."""
    return [row.lane.name for row in board_of(plan.increment, cast.person(who)).rows]


def ids(*lanes: Lane) -> list[int]:
    return [lane.pk for lane in lanes]


def every(plan: Planned) -> list[Lane]:
    return [plan.falcon, plan.heron, plan.kite, plan.bank, plan.milestones]


def test_rows_stand_in_one_order_for_everybody_but_who_has_their_own(cast: Cast, plan: Planned) -> None:
    look_at(actor=cast.person("coach"), increment=plan.increment, lanes=ids(plan.bank, plan.kite))
    order = ids(plan.milestones, plan.kite, plan.heron, plan.bank, plan.falcon)
    order_lanes(actor=cast.person("pmo"), increment=plan.increment, order=order, seen=ids(*every(plan)))
    # Heron and Falcon are of one value stream.
    assert names(plan, cast) == ["Milestones", "Kite", "Heron", "Falcon", "Bank"]
    assert names(plan, cast, "coach") == ["Bank", "Kite", "Milestones", "Heron", "Falcon"]
    plan.increment.refresh_from_db()
    line = plan.increment.events.latest("number")
    assert str(line) == "Pia Ito ordered the rows: Milestones, Kite, Heron, Falcon, Bank"
    assert replayed(plan.increment) == stored(plan.increment)
    undo(actor=cast.person("pmo"), increment=plan.increment, event=line)
    assert names(plan, cast) == ["Falcon", "Heron", "Kite", "Bank", "Milestones"]


def test_an_order_of_rows_that_are_others_by_now_is_refused(cast: Cast, plan: Planned) -> None:
    seen = ids(*every(plan))
    add_lane(actor=cast.person("coach"), increment=plan.increment, name="Scheme")
    number = plan.increment.events.count()
    with pytest.raises(Conflict) as told:
        order_lanes(actor=cast.person("pmo"), increment=plan.increment, order=seen[::-1], seen=seen)
    assert (told.value.who, told.value.verb) == ("Cora Lind", "added the row Scheme")
    now = [*seen, Lane.objects.get(name="Scheme").pk]
    # "Scheme" stands with the other row of nobody's team.
    now = [*now[:4], now[5], now[4]]
    for wrong in (now[:-1], [*now, now[0]], [*now[:-1], 0]):
        with pytest.raises(ValidationError):
            order_lanes(actor=cast.person("pmo"), increment=plan.increment, order=wrong, seen=now)
    with pytest.raises(PermissionDenied):
        order_lanes(actor=cast.person("coach"), increment=plan.increment, order=now, seen=now)
    assert plan.increment.events.count() == number


def test_a_row_that_is_given_a_place_stands_there(cast: Cast, plan: Planned) -> None:
    pmo, rows = as_(cast, "pmo"), every(plan)
    page = pmo.get(ORDER).content.decode()
    assert "5 rows, in the order in which everybody sees them" in page
    assert "an order of your own" not in page
    said = {"seen": ",".join(map(str, ids(*rows)))} | {f"place-{row.pk}": n for n, row in enumerate(rows, start=1)}
    # The last one first, and the first one to the place of the fourth.
    down = said | {f"place-{plan.milestones.pk}": 1}
    assert pmo.post(ORDER, down).status_code == 302
    assert names(plan, cast) == ["Milestones", "Falcon", "Heron", "Kite", "Bank"]
    stale = pmo.post(ORDER, said)
    assert stale.status_code == 409
    assert "Pia Ito ordered the rows: Milestones, Falcon" in stale.content.decode()
    rows = [plan.milestones, *rows[:4]]
    said = {"seen": ",".join(map(str, ids(*rows)))} | {f"place-{row.pk}": n for n, row in enumerate(rows, start=1)}
    assert pmo.post(ORDER, said | {f"place-{plan.milestones.pk}": 4}).status_code == 302
    assert names(plan, cast) == ["Falcon", "Heron", "Kite", "Milestones", "Bank"]
    assert pmo.post(ORDER, said | {f"place-{plan.bank.pk}": "first"}).status_code == 400
    # A row that came meanwhile is nowhere among the places that were sent.
    add_lane(actor=cast.person("coach"), increment=plan.increment, name="Scheme")
    assert pmo.post(ORDER, said).status_code == 409
    assert as_(cast, "coach").post(ORDER, said).status_code == 403


def test_ones_own_order_is_offered_and_forgotten(cast: Cast, plan: Planned) -> None:
    look_at(actor=cast.person("pmo"), increment=plan.increment, lanes=ids(plan.kite))
    pmo = as_(cast, "pmo")
    assert "an order of your own: Kite, Falcon, Heron, Bank, Milestones" in pmo.get(ORDER).content.decode()
    own = pmo.get(ORDER, {"own": "1"}).content.decode()
    assert f'name="place-{plan.kite.pk}" value="1"' in own
    assert pmo.post(reverse("plan-view", args=["pi-26-1"]), {"lanes": "", "next": ORDER}).headers["Location"] == ORDER
    assert "an order of your own" not in pmo.get(ORDER).content.decode()
    viewer = as_(cast, "viewer").get(ORDER).content.decode()
    assert "Milestones" in viewer
    assert "Save the order" not in viewer


def test_what_was_taken_off_is_listed_with_who_and_the_way_back(cast: Cast, plan: Planned) -> None:
    first = plan.card("Refund API", plan.falcon, 2, key="PAY-81")
    second, third = plan.card("Fees", plan.kite, 1), plan.card("Limits", plan.falcon, 1)
    coach = cast.person("coach")
    remove_card(actor=coach, card=first)
    # Taken off twice: the second time counts.
    restore_card(actor=coach, card=first)
    remove_card(actor=cast.person("member"), card=first)
    line = plan.increment.events.get(text="added Fees")
    undo(actor=cast.person("pmo"), increment=plan.increment, event=line)
    move_card(actor=coach, card=third, lane=plan.heron)
    page = as_(cast, "member").get(OFF).content.decode()
    assert "2 cards were taken off the board" in page
    assert "Limits" not in page
    newest, older = page.split("<tbody>")[1].split("</tr>")[:2]
    assert "Pia Ito took back: the portal added Fees" in newest
    # A row of another team: not theirs to bring back.
    assert "Bring it back" not in newest
    assert [word in older for word in ("PAY-81", "Falcon, Iteration 2", "Max Weber")] == [True, True, True]
    assert f'action="{reverse("plan-card-restore", args=[first.pk])}"' in older
    first.refresh_from_db()
    back = {"version": first.version, "next": OFF}
    answer = as_(cast, "member").post(reverse("plan-card-restore", args=[first.pk]), back)
    assert answer.headers["Location"] == OFF
    first.refresh_from_db()
    assert (first.removed_at, first.lane, first.iteration) == (None, plan.falcon, plan.iterations[1])
    assert second.title in as_(cast, "viewer").get(OFF).content.decode()


def test_the_list_takes_as_many_queries_for_three_as_for_one(cast: Cast, plan: Planned) -> None:
    client, pmo = as_(cast, "pmo"), cast.person("pmo")
    client.get(OFF)
    counts = []
    for titles in (["A"], ["B", "C"]):
        for title in titles:
            remove_card(actor=pmo, card=plan.card(title, plan.falcon, 1))
        with CaptureQueriesContext(
            connection,
        ) as told:
            client.get(OFF)
        counts.append(len(told))
    assert counts[0] == counts[1]
