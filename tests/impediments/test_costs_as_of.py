"""Costs as at an instant: which days are over by then, what was known then, and how fresh the data are. By hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from impediments import costs, evidence, queries, rollups
from impediments.costs.delay import Delay, Slip
from impediments.models import BlockedMark, Impediment
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


def lines(client: Client, address: str) -> list[str]:
    """The rows of a CSV, without its head."""
    response = client.get(address)
    return b"".join(response.streaming_content).decode().splitlines()[1:]  # type: ignore[attr-defined]


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


class TestPastDays:
    def test_the_day_that_goes_on_counts_only_now(self, cast: Cast, items: dict[str, WorkItem]) -> None:
        # Blocked since Monday the 13th, 600 a day, prepared on Tuesday at 18:00.
        one = impediment(cast.falcon, "Licence", "2025-01-13 08:00")
        blocks(one, items["A"], "2025-01-13 08:00")
        rollups.prepare(NOW)
        days = {NOW: 2, at("2025-01-14 09:00"): 1, at("2025-01-13 23:59:59.999999"): 1, at("2025-01-13 23:59"): 0}
        for when, n in days.items():
            assert costs.capacity([one], as_of=when)[one.pk].amount == 600 * n, when
            assert len(costs.day_rows(one, when)) == n, when
            assert costs.by_month([one], date(2025, 1, 1), date(2025, 1, 31), as_of=when).get(
                date(2025, 1, 1), costs.Capacity()
            ).days == n  # fmt: skip
        # On Tuesday morning Monday was the last day: 600 for Tuesday and Wednesday each, 1,800 by then.
        ahead = costs.project([one], date(2025, 1, 15), at("2025-01-14 09:00"))[one.pk]
        assert (ahead.amount, ahead.by_then) == (Decimal(1200), Decimal(1800))

    def test_the_file_ends_by_the_clocks_of_the_teams(
        self, cast: Cast, client: Client, items: dict[str, WorkItem]
    ) -> None:
        Team.objects.filter(pk=cast.falcon.pk).update(timezone="America/New_York")
        one = impediment(cast.falcon, "Licence", "2025-01-10 12:00")
        blocks(one, items["A"], "2025-01-10 12:00")
        rollups.prepare(NOW)
        client.force_login(cast.leader)
        # The 13th ends six hours later in New York than where the portfolio's page is read; at its own it is over.
        for scope, days in {"portfolio": ["2025-01-10"], "team:falcon": ["2025-01-10", "2025-01-13"]}.items():
            asked = f"scope={scope}&from=2025-01-01&to=2025-01-13&as_of=2025-01-13"
            rows = lines(client, f"/impediments/costs/?{asked}&format=csv&part=day")
            assert [line.split(",")[0] for line in rows] == days, scope


class TestWhatWasOpen:
    def test_what_was_logged_later_was_not_open(self, cast: Cast, client: Client, items: dict[str, WorkItem]) -> None:
        one = impediment(cast.falcon, "Licence", "2025-01-06 08:00")
        blocks(one, items["A"], "2025-01-06 08:00")
        Impediment.objects.update(logged_at=at("2025-01-10 09:00"))
        rollups.prepare(NOW)
        client.force_login(cast.leader)
        for when, n in {"2025-01-09": 0, "2025-01-10": 1}.items():
            assert costs.open_at(Impediment.objects.all(), at(f"{when} 23:00")).count() == n
            rows = lines(client, f"/impediments/costs/?from=2025-01-01&to={when}&as_of={when}&format=csv")
            assert len(rows) == n
            facts = evidence.facts(cast.falcon.stream, at(f"{when} 23:59:59.999999"))
            assert [fact.key for fact in facts] == (["impediments", "blocked_days", "blocked_cost"] if n else [])

    def test_a_duplicate_was_none_before_it_was_merged_either(self, cast: Cast) -> None:
        one, other = (impediment(cast.falcon, what, "2025-01-06 08:00") for what in ("Licence", "The licence"))
        other.periods.update(to_at=at("2025-01-10 08:00"))
        Impediment.objects.filter(pk=other.pk).update(
            merged_into=one,
            state="resolved",
            resolved_at=at("2025-01-10 08:00"),
            resolution="Same",
            root_cause="process",
        )
        then = at("2025-01-08 12:00")
        assert list(costs.open_at(Impediment.objects.all(), then)) == [one]
        assert list(queries.seen(cast.leader, then)) == [one]
        assert queries.seen(cast.leader, NOW).get(pk=other.pk).is_open_then is False  # type: ignore[attr-defined]
        assert [fact.value for fact in evidence.facts(cast.falcon.stream, then)] == [1]


def test_no_slip_is_more_than_an_unknown_one() -> None:
    none = Slip(1, "a", "A", 1, "s", ("K",), None, None, Decimal(10), None, "no landing date")
    zero = replace(none, days=0, amount=Decimal("0.00"), reason="")
    for order in ([none, zero], [zero, none]):
        assert costs.together(Delay(parts=(slip,)) for slip in order).weeks == 0


def test_evidence_says_what_its_money_lacks(cast: Cast, items: dict[str, WorkItem]) -> None:
    # Falcon 600 on the 14th; nobody said what Kite costs.
    Team.objects.filter(pk=cast.kite.pk).update(stream=cast.falcon.stream, cost_per_day=None)
    other = item(cast.kite, "K", "2025-01-03 09:00")
    derived(cast.kite)
    one = impediment(cast.falcon, "Licence", "2025-01-14 08:00")
    for blocked in (items["A"], other):
        blocks(one, blocked, "2025-01-14 08:00")
    rollups.prepare(NOW)
    told = {fact.key: fact for fact in evidence.facts(cast.falcon.stream, NOW)}["blocked_cost"]
    assert (told.value, told.text.partition(" in part: ")[2]) == (600, "nobody said what a day of Kite costs")
