"""A chance explained: the card by itself, what stands before it, whom it waits for; the same figure as on the board."""

import pytest
from django.core.cache import cache
from django.test import Client

from metrics.formulas.forecast.shown import shown_chance
from planning import chances
from planning.models import CardChance, Increment
from planning.queries.chances import explain
from tests.cast import Cast
from tests.metrics.forecast_board import NOON, board, feature, open_items
from tests.planning.cast import Planned, make_planned

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


def reckoned(cast: Cast) -> Planned:
    """Falcon (a coin a day) works on Cards (2 items), then on Refunds (3), which waits for the Bank."""
    plan = make_planned(cast)
    made = board(cast.falcon, every=2)
    plan.card("Cards", plan.falcon, 1, feature=feature(made, "Cards", 1, *open_items("Cards", 2)))
    refunds = plan.card("Refunds", plan.falcon, 1, feature=feature(made, "Refunds", 2, *open_items("Refunds", 3)))
    plan.need(plan.card("Certificate", plan.bank, 1), refunds)
    chances.settle(Increment.objects.get(pk=plan.increment.pk), NOON)
    return plan


def test_what_it_rests_on(cast: Cast) -> None:
    plan = reckoned(cast)
    card = plan.increment.cards.get(title="Refunds")
    shown = explain(card)
    assert shown is not None
    # Five items of ten days: 638 of 1024.
    assert (shown.chance, shown.alone) == (shown_chance(CardChance.objects.get(card=card).chance), shown.chance)
    assert shown.found.chance == pytest.approx(638 / 1024, abs=0.02)
    assert [(place.name, place.items, place.finish) for place in shown.queue] == [("Cards", 2, 2), ("Refunds", 3, 5)]
    assert (shown.days, shown.finished, shown.sampled) == (10, 30, 60)
    [waits] = shown.waits
    assert (waits.name, waits.row, waits.chance, waits.note) == (
        "Certificate",
        "Bank",
        "> 95 %",
        "taken to be in time: no history",
    )


def test_the_page(client: Client, cast: Cast) -> None:
    plan = reckoned(cast)
    client.force_login(cast.viewer)
    for card in plan.increment.cards.all():
        assert client.get(f"/planning/cards/{card.pk}/chance/").status_code == 200
    later = plan.card("Later", plan.falcon)
    text = client.get(f"/planning/cards/{later.pk}/chance/").text
    assert "The chance of Later is not reckoned yet" in text
    data = client.get("/api/v1/increments/pi-26-1/chances/").json()
    assert data["is_behind"]
    assert [one["reason"] for one in data["cards"]] == ["", "", "Bank is outside the train"]
