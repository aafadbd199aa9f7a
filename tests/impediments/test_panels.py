"""What impediments add to the pages of teams, value streams, initiatives and features."""

import pytest
from django.test import Client
from django.utils import timezone

from impediments.actions import resolve, set_level
from impediments.models import Impediment
from impediments.views.panels import marks_of
from portfolio.models import Feature
from tests.cast import Cast
from tests.funding.cast import board, feature_of, initiative, item
from tests.impediments.clocks_cast import logged

pytestmark = pytest.mark.django_db


@pytest.fixture
def blocked(cast: Cast) -> Impediment:
    """Of two items of an initiative's feature, one impediment blocks both and another one of them."""
    from metrics.actions import refresh

    feature_of(initiative(cast.payments, "Refunds"), cast.falcon, "FAL-100")
    made = [item(cast.falcon, key, "2025-05-02 08:00", parent="FAL-100") for key in ("FAL-1", "FAL-2")]
    refresh(board(cast.falcon))
    one = logged(cast, "2025-05-06 13:00", items=made)
    logged(cast, "2025-05-06 13:00", what="Low disk", items=made[:1])
    return set_level(actor=None, impediment=one, level=2, reason="Late")


def test_marks_count_items_once_and_say_the_highest_level(cast: Cast, blocked: Impediment) -> None:
    feature = Feature.objects.get()
    marks = marks_of("feature", [feature.pk], cast.pmo, timezone.now())
    assert [(mark.text, mark.tone) for mark in marks[feature.pk]] == [("2 blocked items, level 2", "warn")]
    assert marks_of("initiative", [feature.initiative_id or 0], cast.outsider, timezone.now()) == {}
    assert marks_of("initiative", [], cast.pmo, timezone.now()) == {}
    # Before it was logged nothing was blocked.
    assert marks_of("feature", [feature.pk], cast.pmo, blocked.logged_at.replace(year=2024)) == {}


def test_pages_of_places_and_work_show_them(cast: Cast, client: Client, blocked: Impediment) -> None:
    client.force_login(cast.pmo)
    for address in (
        "/organisation/teams/falcon/",
        "/organisation/streams/payments/",
        "/portfolio/initiatives/refunds/",
    ):
        html = client.get(address).content.decode()
        assert "2 impediments stand in the way" in html
        assert f'href="/impediments/{blocked.pk}/"' in html
    assert "2 blocked items, level 2" in client.get("/portfolio/").content.decode()
    for one in Impediment.objects.all():
        resolve(actor=None, impediment=one, resolution="So", root_cause="policy")
    assert "Nothing stands in the way" in client.get("/organisation/teams/falcon/").content.decode()
    assert "stand in the way" not in client.get("/portfolio/initiatives/refunds/").content.decode()
