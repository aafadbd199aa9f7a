"""A resolved impediment becomes an improvement action and a decision: that is when people know what to change."""

from typing import Any

import pytest
from django.test import Client

from impediments.actions import log_impediment, resolve
from impediments.models import Impediment
from tests.cast import Cast

pytestmark = pytest.mark.django_db
RESOLVED = ("resolved", "Lent by Kite", "process")


@pytest.fixture
def over(cast: Cast, client: Client) -> Impediment:
    """Of Falcon, resolved; Leo reads."""
    client.force_login(cast.leader)
    one = log_impediment(
        actor=None, what="No licence", category="procurement", team=cast.falcon, asked="Buy ten licences"
    )
    return resolve(actor=None, impediment=one, resolution="Lent by Kite", root_cause="process")


def as_resolved(one: Impediment) -> Impediment:
    """It stays what it was."""
    now = Impediment.objects.get()
    assert (now.state, now.resolution, now.root_cause, now.version) == (*RESOLVED, one.version)
    return now


def test_the_page_offers_both_with_forms_that_are_filled_in(cast: Cast, client: Client, over: Impediment) -> None:
    page = client.get(f"/impediments/{over.pk}/").text
    for step, known in (
        ("improve", "So that “No licence” does not come back. Why it could happen: process or approval takes long."),
        ("decide", "Buy ten licences"),
    ):
        assert f'href="/impediments/{over.pk}/{step}/"' in page
        assert known in client.get(f"/impediments/{over.pk}/{step}/").text


def test_by_the_page(cast: Cast, client: Client, over: Impediment) -> None:
    sent: dict[str, Any] = {"name": "Order a quarter ahead", "place": f"team:{cast.falcon.pk}"}
    page = client.post(f"/impediments/{over.pk}/improve/", sent, follow=True).text
    assert "The improvement is agreed." in page
    asked = {"question": "Ten licences now?", "kind": "other", "about": f"stream:{cast.payments.pk}"}
    page = client.post(f"/impediments/{over.pk}/decide/", asked, follow=True).text
    assert "The decision was raised; its evidence is kept." in page
    now = as_resolved(over)
    action, decision = now.actions.get(), now.decisions.get()
    assert (action.name, action.team, decision.stream) == ("Order a quarter ahead", cast.falcon, cast.payments)
    for address in (f"/improvement/{action.pk}/", f"/decisions/{decision.pk}/"):
        assert address in page
    # And back: where the action came from.
    assert f'href="/impediments/{over.pk}/"' in client.get(f"/improvement/{action.pk}/").text


def test_by_the_api(cast: Cast, client: Client, over: Impediment) -> None:
    api = f"/api/v1/impediments/{over.pk}"
    action = client.post(f"{api}/improve/", {"name": "Order a quarter ahead"}, "application/json")
    assert (action.status_code, action.json()["team"]) == (201, "falcon")
    decision = client.post(f"{api}/decide/", {"kind": "other", "question": "Ten now?"}, "application/json")
    assert (decision.status_code, decision.json()["stream"]) == (201, "payments")
    now = as_resolved(over)
    assert [now.actions.get().pk, now.decisions.get().pk] == [action.json()["id"], decision.json()["id"]]
