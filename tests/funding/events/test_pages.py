"""Participatory budgeting on its pages, and for programs."""

from decimal import Decimal

import pytest
from django.test import Client

from funding import actions
from funding.models import Event, Pledge
from tests.cast import Cast
from tests.funding.events.test_actions import initiative, item, opened, prepared, put
from tests.portfolio.test_api import Api
from tests.portfolio.test_initiatives import undo_of

URL = "/portfolio/budgeting/"


@pytest.fixture
def leader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.leader)
    return client


def test_prepared_and_opened(leader: Client, cast: Cast) -> None:
    refunds = initiative(cast, "refunds", 500)
    answer = leader.post(URL, {"name": "Spring", "budget": "900"})
    event = Event.objects.get()
    assert answer.headers["Location"] == f"{URL}{event.pk}/"
    early = leader.post(f"{URL}{event.pk}/open/", follow=True).content.decode()
    assert "There is nothing to fund yet" in early
    added = leader.post(f"{URL}{event.pk}/items/", {"initiative": refunds.pk, "cost": ""}, follow=True)
    assert event.items.get().cost == 500
    leader.post(undo_of(added))
    assert not event.items.exists()
    leader.post(f"{URL}{event.pk}/items/", {"initiative": refunds.pk, "cost": "450"})
    leader.post(f"{URL}{event.pk}/groups/", {"name": "North", "people": [cast.member.pk, cast.coach.pk]})
    seen = leader.get(f"{URL}{event.pk}/").content.decode()
    # 900 for two people.
    assert '<td class="n" data-label="Share of each">450</td>' in seen
    leader.post(f"{URL}{event.pk}/open/")
    event.refresh_from_db()
    assert event.opened_at is not None


def test_what_is_wrong_is_said(leader: Client, cast: Cast) -> None:
    assert "greater than or equal to 0.01" in leader.post(URL, {"name": "X", "budget": "0"}).content.decode()
    event = prepared(cast)
    unknown = initiative(cast, "unknown")
    seen = leader.post(f"{URL}{event.pk}/items/", {"initiative": unknown.pk, "cost": ""}).content.decode()
    assert "Unknown has no estimated cost" in seen
    seen = leader.post(f"{URL}{event.pk}/items/", {"initiative": unknown.pk, "cost": "0"}).content.decode()
    assert "greater than or equal to 0.01" in seen
    seen = leader.post(f"{URL}{event.pk}/groups/", {"name": "East"}).content.decode()
    assert "This field is required." in seen


def test_somebody_with_a_seat_pledges(client: Client, cast: Cast) -> None:
    event = prepared(cast)
    client.force_login(cast.member)
    assert client.get(f"{URL}{event.pk}/").status_code == 404
    actions.open_event(actor=cast.leader, event=event)
    address = f"{URL}{event.pk}/items/{item(event, 'refunds').pk}/pledge/"
    done = client.post(address, {"amount": "200"}, follow=True).content.decode()
    assert "Your pledge for Refunds is 200\u00a0EUR." in done
    assert "100\u00a0EUR of your 300\u00a0EUR are left" in done
    assert "Groups side by side" not in done
    refused = client.post(address, {"amount": "300.01"}).content.decode()
    assert "You have 300\u00a0EUR left of your 300\u00a0EUR for this." in refused
    assert 'value="300.01"' in refused
    assert Pledge.objects.get().amount == 200


def test_the_numbers_alone_for_the_live_page(client: Client, cast: Cast) -> None:
    event = opened(cast)
    client.force_login(cast.member)
    put(cast.coach, event, "refunds", 300)
    seen = client.get(f"{URL}{event.pk}/?part=live&was=open").content.decode()
    assert "300\u00a0EUR of 500\u00a0EUR, 200\u00a0EUR missing" in seen
    assert "<form" not in seen
    actions.close_event(actor=cast.leader, event=event)
    assert client.get(f"{URL}{event.pk}/?part=live&was=open").headers["HX-Refresh"] == "true"


def test_closed_for_good_groups_are_compared_by_everybody(leader: Client, cast: Cast) -> None:
    event = opened(cast)
    put(cast.member, event, "refunds", 300)
    put(cast.coach, event, "refunds", 200)
    put(cast.viewer, event, "wallet", 100)
    leader.post(f"{URL}{event.pk}/close/")
    leader.force_login(cast.outsider)
    seen = leader.get(f"{URL}{event.pk}/").content.decode()
    assert "No items funded by every group, 1 by some" in seen
    # North spends 500 of 900; South has 100 on what it does not fund.
    assert "Left of 900" in seen
    assert '<td class="n">400</td>' in seen
    assert "100 of it pledged in vain" in seen
    assert '<form method="post" action="/portfolio/budgeting' not in seen


def test_strangers_find_nothing(client: Client, cast: Cast) -> None:
    event = opened(cast)
    actions.close_event(actor=cast.leader, event=event)
    cast.outsider.grants.create(role="viewer", stream=cast.payments)
    event.seats.filter(user=cast.outsider).delete()
    client.force_login(cast.outsider)
    assert client.get(f"{URL}{event.pk}/").status_code == 404
    assert "Spring" not in client.get(URL).content.decode()


def test_the_api_does_the_same(cast: Cast) -> None:
    api, refunds = Api(cast.leader), initiative(cast, "refunds", 500)
    status, made = api("post", "budgeting-events/", {"name": "Spring", "budget": "900"})
    assert isinstance(made, dict)
    path = f"budgeting-events/{made['id']}/"
    assert api("post", f"{path}items/", {"initiative": refunds.slug})[0] == 200
    assert api("post", f"{path}items/", {"initiative": refunds.slug, "cost": "0"})[0] == 400
    people = [cast.member.pk, cast.coach.pk, cast.viewer.pk]
    assert api("post", f"{path}groups/", {"name": "North", "people": people})[0] == 200
    assert api("post", f"{path}groups/", {"name": "South", "people": [cast.member.pk]})[0] == 400
    assert api("post", f"{path}open/")[0] == 200
    assert api("post", f"{path}items/", {"initiative": refunds.slug, "cost": "5"})[0] == 400
    mine, number = Api(cast.member), Event.objects.get().items.get().pk
    status, said = mine("post", f"{path}pledge/", {"item": number, "amount": "300.01"})
    assert (status, list(said)) == (400, ["amount"])  # type: ignore[call-overload]
    status, seen = mine("post", f"{path}pledge/", {"item": number, "amount": "300"})
    assert isinstance(seen, dict)
    assert "groups" not in seen
    assert (seen["seat"]["share"], seen["seat"]["left"]) == ("300.00", "0.00")
    assert seen["seat"]["items"][0] == {"item": number, "group": "300.00", "mine": "300.00", "missing": "200.00"}
    assert Api(cast.coach)("post", f"{path}pledge/", {"item": number, "amount": "200"})[0] == 200
    assert Api(cast.outsider)("get", path)[0] == 404
    status, closed = api("post", f"{path}close/")
    assert isinstance(closed, dict)
    group = closed["groups"][0]
    assert group["funded"] == ["refunds"]
    assert (Decimal(group["spent"]), Decimal(group["left"])) == (Decimal(500), Decimal(400))
    assert mine("post", f"{path}pledge/", {"item": number, "amount": "0"})[0] == 400
