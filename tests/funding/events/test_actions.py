"""Participatory budgeting: equal shares, pledges within the share and the cost, items funded only in full."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.models import LiveEvent
from funding import actions
from funding.formulas.events import outcome, share_of
from funding.models import Event, EventItem, Pledge, Seat
from funding.queries import events as queries
from portfolio.models import Initiative
from tests.cast import Cast, make_cast


def initiative(cast: Cast, slug: str, cost: int | None = None) -> Initiative:
    amount = None if cost is None else Decimal(cost)
    return Initiative.objects.create(slug=slug, name=slug.capitalize(), stream=cast.payments, estimated_cost=amount)


def prepared(cast: Cast, budget: int = 900) -> Event:
    """Refunds costs 500, wallet 600; Max, Cora and Otto sit at North, Vera and Paul at South."""
    event = actions.create_event(actor=cast.leader, name="Spring", budget=Decimal(budget))
    for slug, cost in (("refunds", 500), ("wallet", 600)):
        actions.set_item(actor=cast.pmo, event=event, initiative=initiative(cast, slug, cost))
    north, south = [cast.member, cast.coach, cast.outsider], [cast.viewer, cast.stream_pmo]
    actions.set_group(actor=cast.pmo, event=event, name="North", people=north)
    actions.set_group(actor=cast.pmo, event=event, name="South", people=south)
    return event


def opened(cast: Cast, budget: int = 900) -> Event:
    return actions.open_event(actor=cast.leader, event=prepared(cast, budget))


def item(event: Event, slug: str) -> EventItem:
    return event.items.select_related("initiative").get(initiative__slug=slug)


def put(person: User, event: Event, slug: str, amount: object) -> None:
    actions.pledge(actor=person, item=item(event, slug), amount=Decimal(str(amount)))


def refused(person: User, event: Event, slug: str, amount: object) -> str:
    with pytest.raises(ValidationError) as error:
        put(person, event, slug, amount)
    assert list(error.value.message_dict) == ["amount"]
    return str(error.value.message_dict["amount"][0]).replace("\u00a0", " ")


def test_shares_are_equal_and_never_more_than_the_budget() -> None:
    assert share_of(Decimal(900), 3) == 300
    # 100 ÷ 3 = 33.333…: 33.33 each, a cent is nobody's.
    assert share_of(Decimal(100), 3) == Decimal("33.33")
    assert share_of(Decimal(100), 0) == 0


def test_what_is_funded_in_full_and_what_is_left() -> None:
    costs = {1: Decimal(500), 2: Decimal(600), 3: Decimal(50)}
    found = outcome(Decimal(900), costs, {1: Decimal(500), 2: Decimal(350)})
    # 500 spent, 350 in vain on what costs 600: 900 − 500 = 400 fund nothing.
    assert found == (frozenset({1}), Decimal(500), Decimal(350), Decimal(400))


def test_pledges_up_to_ones_share(cast: Cast) -> None:
    event = opened(cast)
    # 900 ÷ 3 = 300 for each at North, 900 ÷ 2 = 450 at South.
    put(cast.member, event, "refunds", 200)
    assert refused(cast.member, event, "wallet", 100.01) == "You have 100 EUR left of your 300 EUR for this."
    put(cast.member, event, "wallet", 100)
    assert refused(cast.viewer, event, "refunds", 450.01) == "You have 450 EUR left of your 450 EUR for this."
    put(cast.viewer, event, "refunds", 450)


def test_pledges_up_to_what_the_item_needs_in_ones_group(cast: Cast) -> None:
    event = opened(cast)
    put(cast.member, event, "refunds", 300)
    # 500 − 300 = 200 are missing at North; South has not put anything there.
    assert refused(cast.coach, event, "refunds", 200.01) == "Refunds needs only 200 EUR more."
    put(cast.coach, event, "refunds", 200)
    assert refused(cast.outsider, event, "refunds", 0.01) == "Refunds needs only 0 EUR more."
    put(cast.viewer, event, "refunds", 450)


def test_a_pledge_takes_the_place_of_the_one_before(cast: Cast) -> None:
    event = opened(cast)
    put(cast.member, event, "refunds", 300)
    put(cast.member, event, "refunds", 100)
    put(cast.member, event, "wallet", 200)
    assert sorted(Pledge.objects.values_list("amount", flat=True)) == [100, 200]
    put(cast.member, event, "refunds", 0)
    assert list(Pledge.objects.values_list("amount", flat=True)) == [200]
    assert LiveEvent.objects.filter(topic=f"budgeting:{event.pk}", kind="pledged").count() == 4


@pytest.mark.parametrize("amount", [-1, "0.001"])
def test_amounts_that_cannot_be(cast: Cast, amount: object) -> None:
    refused(cast.member, opened(cast), "refunds", amount)


def test_who_has_no_seat_does_not_pledge(cast: Cast) -> None:
    event = opened(cast)
    with pytest.raises(PermissionDenied):
        put(cast.leader, event, "refunds", 1)
    assert not Pledge.objects.exists()


def test_only_while_it_is_open(cast: Cast) -> None:
    event = prepared(cast)
    assert refused(cast.member, event, "refunds", 1) == "The event is not open yet."
    actions.open_event(actor=cast.leader, event=event)
    put(cast.member, event, "refunds", 1)
    actions.close_event(actor=cast.leader, event=event)
    assert refused(cast.member, event, "refunds", 2) == "The event is closed."
    assert Pledge.objects.get().amount == 1


def test_groups_side_by_side(cast: Cast) -> None:
    """North funds refunds (300 + 200) and puts 300 + 100 of 600 on wallet; South funds wallet (450 + 150)."""
    event = opened(cast)
    put(cast.member, event, "refunds", 300)
    put(cast.coach, event, "refunds", 200)
    put(cast.coach, event, "wallet", 100)
    put(cast.outsider, event, "wallet", 300)
    put(cast.viewer, event, "wallet", 450)
    put(cast.stream_pmo, event, "wallet", 150)
    found = queries.board(event)
    north, south = found.groups
    assert (north.people, north.share, north.outcome.spent, north.outcome.partial, north.outcome.left) == (
        3, Decimal(300), Decimal(500), Decimal(400), Decimal(400),
    )  # fmt: skip
    assert (south.people, south.share) == (2, Decimal(450))
    assert (south.outcome.spent, south.outcome.left) == (Decimal(600), Decimal(300))
    assert {line.item.initiative.slug: [one.is_funded for one in line.amounts] for line in found.lines} == {
        "refunds": [True, False],
        "wallet": [False, True],
    }
    assert found.finding == "No items funded by every group, 2 by some"
    put(cast.stream_pmo, event, "refunds", 300)
    seat = queries.seat_of(event, cast.stream_pmo)
    assert seat is not None
    assert (seat.share, seat.left) == (Decimal(450), Decimal(0))
    assert [(one.item.initiative.slug, one.group, one.mine, one.missing) for one in seat.items] == [
        ("refunds", Decimal(300), Decimal(300), Decimal(200)),
        ("wallet", Decimal(600), Decimal(150), Decimal(0)),
    ]


def test_as_many_queries_for_a_small_board_as_for_a_large_one(cast: Cast) -> None:
    small = opened(cast)
    with CaptureQueriesContext(connection) as one:
        queries.board(small)
    large = actions.create_event(actor=None, name="Large", budget=Decimal(900))
    for number, person in enumerate((cast.member, cast.coach, cast.viewer, cast.leader)):
        actions.set_item(actor=None, event=large, initiative=initiative(cast, f"i{number}", 100))
        actions.set_group(actor=None, event=large, name=f"Group {number}", people=[person])
    actions.open_event(actor=None, event=large)
    put(cast.member, large, "i0", 100)
    with CaptureQueriesContext(connection) as more:
        queries.board(large)
    assert len(one) == len(more)


class TestPreparation:
    def test_costs_are_above_0(self, cast: Cast) -> None:
        event = actions.create_event(actor=cast.leader, name="Spring", budget=Decimal(900))
        for cost in (Decimal(0), Decimal(-1)):
            with pytest.raises(ValidationError) as error:
                actions.set_item(actor=cast.leader, event=event, initiative=initiative(cast, f"x{cost}"), cost=cost)
            assert list(error.value.message_dict) == ["cost"]
        with pytest.raises(ValidationError, match="has no estimated cost"):
            actions.set_item(actor=cast.leader, event=event, initiative=initiative(cast, "unknown"))
        with pytest.raises(ValidationError):
            actions.create_event(actor=cast.leader, name="Nothing", budget=Decimal(0))

    def test_one_seat_per_person(self, cast: Cast) -> None:
        event = prepared(cast)
        with pytest.raises(ValidationError, match="Max Weber is in North already"):
            actions.set_group(actor=cast.leader, event=event, name="South", people=[cast.viewer, cast.member])
        actions.set_group(actor=cast.leader, event=event, name="South", people=[cast.viewer, cast.leader])
        assert set(Seat.objects.filter(group__name="South").values_list("user", flat=True)) == {
            cast.viewer.pk,
            cast.leader.pk,
        }

    def test_it_opens_with_items_and_people_only(self, cast: Cast) -> None:
        event = actions.create_event(actor=cast.leader, name="Spring", budget=Decimal(900))
        with pytest.raises(ValidationError, match="nothing to fund yet"):
            actions.open_event(actor=cast.leader, event=event)
        actions.set_item(actor=cast.leader, event=event, initiative=initiative(cast, "refunds", 500))
        with pytest.raises(ValidationError, match="Nobody takes part yet"):
            actions.open_event(actor=cast.leader, event=event)

    def test_what_was_prepared_stays_once_it_is_open(self, cast: Cast) -> None:
        event = opened(cast)
        new = initiative(cast, "late", 5)
        tries: list[tuple[Any, dict[str, Any]]] = [
            (actions.change_event, {"event": event, "budget": Decimal(1)}),
            (actions.set_item, {"event": event, "initiative": new}),
            (actions.remove_item, {"item": item(event, "refunds")}),
            (actions.set_group, {"event": event, "name": "East", "people": [cast.leader]}),
            (actions.remove_group, {"group": event.groups.first()}),
            (actions.open_event, {"event": event}),
        ]
        for verb, fields in tries:
            with pytest.raises(ValidationError, match="The event is open"):
                verb(actor=cast.leader, **fields)

    @pytest.mark.parametrize("person", ["coach", "member", "stream_pmo", "outsider"])
    def test_who_may_not_prepare(self, cast: Cast, person: str) -> None:
        event, actor = prepared(cast), cast.person(person)
        for verb in (actions.open_event, actions.close_event):
            with pytest.raises(PermissionDenied):
                verb(actor=actor, event=event)
        with pytest.raises(PermissionDenied):
            actions.create_event(actor=actor, name="Mine", budget=Decimal(1))


@pytest.mark.django_db(transaction=True)
def test_two_pledge_at_once() -> None:
    """300 each on what misses 500, by three people at the same time: 300 + 200 fit, and never more than the cost."""
    cast = make_cast()
    event = opened(cast)
    target = item(event, "refunds")

    def one(person: User) -> str:
        try:
            actions.pledge(actor=person, item=target, amount=Decimal(300))
            return "pledged"
        except ValidationError:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(one, [cast.member, cast.coach, cast.outsider]))
    # The first fits; then 200 are missing and 300 are too much for both others.
    assert sorted(found) == ["pledged", "refused", "refused"]
    assert list(Pledge.objects.values_list("amount", flat=True)) == [300]


@pytest.mark.django_db(transaction=True)
def test_one_person_in_two_browsers_at_once() -> None:
    """A share of 300 put on two items at once, 200 each: one of them is refused."""
    cast = make_cast()
    event = opened(cast)

    def one(slug: str) -> str:
        try:
            put(cast.member, event, slug, 200)
            return "pledged"
        except ValidationError:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(one, ["refunds", "wallet"]))
    assert sorted(found) == ["pledged", "refused"]
