"""The decisions about an initiative and a value stream on their own pages."""

from django.test import Client
from django.urls import reverse

from portfolio import actions
from portfolio.models import Initiative
from tests.cast import Cast


def page(client: Client, person: object, name: str, slug: str) -> str:
    client.force_login(person)  # type: ignore[arg-type]
    return client.get(reverse(name, args=[slug])).content.decode()


def make(cast: Cast) -> Initiative:
    return actions.create_initiative(actor=None, stream=cast.payments, name="Refunds")


def test_an_initiative_shows_what_is_due_and_what_was_decided(client: Client, cast: Cast) -> None:
    refunds = make(cast)
    actions.raise_decision(actor=None, kind="other", question="Which bank first?", initiative=refunds)
    done = actions.raise_decision(actor=None, kind="pivot", question="Go on with it?", initiative=refunds)
    actions.decide(actor=cast.leader, decision=done, choice="persevere", reason="It works.")
    shown = page(client, cast.leader, "initiative", "refunds")
    assert shown.index("Which bank first?") < shown.index("Go on with it?")
    assert "Persevere" in shown
    assert f"?about=initiative:{refunds.pk}" in shown


def test_a_budget_decision_is_shown_to_nobody_who_may_not_see_money(client: Client, cast: Cast) -> None:
    actions.raise_decision(actor=None, kind="budget", question="Add 7,654 or cut?", stream=cast.payments)
    assert "Add 7,654 or cut?" in page(client, cast.leader, "organisation_stream", "payments")
    assert "Add 7,654 or cut?" not in page(client, cast.coach, "organisation_stream", "payments")


def test_without_any_it_says_what_would_be_there(client: Client, cast: Cast) -> None:
    make(cast)
    assert "Nothing was decided about it yet" in page(client, cast.coach, "initiative", "refunds")
