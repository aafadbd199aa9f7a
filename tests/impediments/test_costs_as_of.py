"""Costs as at an instant: which days are over by then, what was known then, and how fresh the data are. By hand."""

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from impediments import rollups
from impediments.models import BlockedMark
from metrics.models import Source, WorkItem
from portfolio.models import Team
from tests.cast import Cast
from tests.funding.cast import at, cost, derived, item
from tests.impediments.costs_cast import blocks, impediment

pytestmark = pytest.mark.django_db
# A Tuesday.
NOW = at("2025-01-14 18:00")


@pytest.fixture
def items(cast: Cast) -> dict[str, WorkItem]:
    """Falcon (2,400 a day, UTC) has four items in progress since the 3rd of January."""
    Team.objects.update(timezone="UTC")
    cast.falcon.refresh_from_db()
    cost(cast.falcon, (date(2025, 1, 1), "2400"))
    found = {key: item(cast.falcon, key, "2025-01-03 09:00") for key in "ABCD"}
    derived(cast.falcon)
    return found


class TestFreshness:
    def test_today_is_missing_by_the_day_of_each_team(self, cast: Cast) -> None:
        Team.objects.filter(pk=cast.kite.pk).update(timezone="Pacific/Auckland")
        Team.objects.filter(pk=cast.falcon.pk).update(timezone="UTC")
        # The first day that is missing is the 15th. At 18:00 UTC of the 14th it has begun in Auckland (13 hours ahead).
        for team in (cast.kite, cast.falcon):
            BlockedMark.objects.update_or_create(
                team=team, defaults={"done_until": date(2025, 1, 15), "made_at": NOW, "stamp": ""}
            )
        assert [rollups.freshness([team.pk], NOW).late for team in (cast.falcon, cast.kite)] == [0, 1]
        assert rollups.freshness([cast.falcon.pk], at("2025-01-15 00:00")).late == 1

    def test_both_pages_say_how_old_the_data_are(self, cast: Cast, client: Client, items: dict[str, WorkItem]) -> None:
        one = impediment(cast.falcon, "Licence", "2025-01-06 08:00")
        blocks(one, items["A"], "2025-01-06 08:00")
        rollups.prepare(timezone.now())
        Source.objects.update(synced_at=at("2025-01-14 12:00"), schedule_minutes=15, state="active")
        client.force_login(cast.leader)
        for address in ("/impediments/costs/", f"/impediments/{one.pk}/"):
            assert "stale: synced" in client.get(address).content.decode(), address
