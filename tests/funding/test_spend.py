"""Spend and budgets as at a day: ledgers instead of teams, by the month; the same queries for one stream and many."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from funding import rollups
from funding.queries import budgets, money, parts, spend_by_initiative, spend_by_stream
from portfolio.models import Team, ValueStream
from tests.cast import Cast
from tests.funding.cast import HALF, Q1, at, budget, cost, feature_of, initiative, line, no_teams

FIRST, LAST = Q1.first, Q1.last


@pytest.fixture
def falcon_only(cast: Cast) -> Cast:
    """Falcon costs 100 a working day of 2025; the others nothing anybody knows of."""
    no_teams(cast.heron, cast.kite)
    Team.objects.update(started_on=date(2025, 1, 1))
    cost(cast.falcon, (date(2025, 1, 1), "100"))
    rollups.prepare(at("2025-04-01"))
    return cast


def test_a_ledger_replaces_its_month_only(falcon_only: Cast) -> None:
    # Working days: January 23 (1st to 31st without a calendar's holidays), February 20, March 21.
    stream = falcon_only.payments
    whole = spend_by_stream(FIRST, LAST, at("2025-04-01"))
    assert whole == {stream.pk: 6400}
    line(stream, "feb", date(2025, 2, 28), "1000")
    line(stream, "credit", date(2025, 2, 10), "-50.50")
    # 23 · 100 + 949.50 + 21 · 100.
    assert spend_by_stream(FIRST, LAST, at("2025-04-01")) == {stream.pk: Decimal("5349.50")}


def test_a_line_counts_from_its_day_on(falcon_only: Cast) -> None:
    stream = falcon_only.payments
    line(stream, "feb", date(2025, 2, 28), "1000")
    # On the 14th nobody had posted it: the teams' 10 days of February count still.
    assert spend_by_stream(FIRST, LAST, HALF) == {stream.pk: 2300 + 1000}
    assert spend_by_stream(FIRST, LAST, at("2025-02-28")) == {stream.pk: 2300 + 1000}
    # From the 28th on it replaces them: the same by chance of the amounts, but by other parts.
    assert {part.is_ledger for part in parts(FIRST, LAST, HALF)} == {False}
    assert {part.is_ledger for part in parts(FIRST, LAST, at("2025-02-28"))} == {False, True}


def test_another_streams_ledger_replaces_nothing(falcon_only: Cast) -> None:
    line(falcon_only.platform, "x", date(2025, 2, 3), "70")
    found = spend_by_stream(FIRST, LAST, HALF)
    # 23 + 10 days.
    assert found == {falcon_only.payments.pk: 3300, falcon_only.platform.pk: 70}


def test_horizons_of_lines_and_of_initiatives(falcon_only: Cast) -> None:
    one = initiative(falcon_only.payments, "Refunds", horizon="h2")
    line(falcon_only.payments, "a", date(2025, 1, 7), "10", initiative=one)
    line(falcon_only.payments, "b", date(2025, 1, 7), "20", initiative=one, horizon="h3")
    line(falcon_only.payments, "c", date(2025, 1, 7), "40")
    found = {part.horizon: part.amount for part in parts(FIRST, date(2025, 1, 31), HALF)}
    assert found == {"h2": 10, "h3": 20, "": 40}


def test_by_initiative_it_sums_to_the_stream(falcon_only: Cast) -> None:
    one = initiative(falcon_only.payments, "Refunds")
    feature_of(one, falcon_only.falcon, "E-1")
    line(falcon_only.payments, "a", date(2025, 1, 7), "10.25", initiative=one)
    line(falcon_only.payments, "c", date(2025, 1, 7), "40")
    found = spend_by_initiative(FIRST, LAST, HALF)
    pk = falcon_only.payments.pk
    # January by the ledger; February's ten days are of no initiative.
    assert found == {(pk, one.pk): Decimal("10.25"), (pk, None): 1040}
    assert sum(found.values()) == spend_by_stream(FIRST, LAST, HALF)[pk]
    assert spend_by_initiative(FIRST, LAST, HALF, initiatives=[one.pk]) == {(pk, one.pk): Decimal("10.25")}


def test_the_example_of_the_definitions(cast: Cast) -> None:
    no_teams(cast.falcon, cast.heron, cast.kite)
    budget(cast.payments, "500")
    line(cast.payments, "a", date(2025, 2, 3), "300")
    [found] = money([cast.payments], Q1, HALF)
    # 45 of 90 days: a half.
    assert (float(found.elapsed), found.spent, found.budget) == (0.5, Decimal(300), Decimal(500))
    assert (found.forecast, found.over, found.over_share, found.spent_share) == (Decimal(600), Decimal(100), 0.2, 0.6)
    assert (found.source, found.left) == ("ledger", Decimal(0))


def test_a_budget_is_that_of_its_day(cast: Cast) -> None:
    budget(cast.payments, "500", "2024-12-15")
    budget(cast.payments, "650", "2025-02-20")
    assert budgets([cast.payments], Q1, at("2024-12-14")) == {}
    assert budgets([cast.payments], Q1, HALF) == {cast.payments.pk: 500}
    assert budgets([cast.payments], Q1, at("2026-01-01")) == {cast.payments.pk: 650}


def test_the_same_queries_for_one_stream_and_many(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as one:
        money([cast.payments], Q1, HALF)
    many = [cast.payments, cast.platform]
    many += [ValueStream.objects.create(slug=f"s{n}", name=f"S{n}") for n in range(5)]
    for stream in many:
        budget(stream, "500")
        line(stream, stream.slug, date(2025, 2, 3), "300")
    with CaptureQueriesContext(connection) as several:
        found = money(many, Q1, HALF)
    assert len(several) == len(one) == 3
    assert [row.stream for row in found] == many


def test_what_is_not_prepared_yet_is_not_zero(cast: Cast) -> None:
    budget(cast.payments, "500")
    [found] = money([cast.payments], Q1, HALF)
    assert (found.forecast, found.over, found.spent_share) == (None, None, None)
    assert (found.is_unprepared, found.reason) == (True, "the costs of its teams are being prepared")
    rollups.prepare(at("2025-04-01"))
    [found] = money([cast.payments], Q1, HALF)
    # Two teams at 2,400 on 23 + 10 working days, and twice that when the quarter ends.
    assert (found.is_unprepared, found.spent, found.forecast) == (False, Decimal(158_400), Decimal(316_800))


def test_what_nobody_priced_is_not_zero(cast: Cast, client: Client) -> None:
    # A budget, teams for which nobody set a cost, no ledger: nothing is spent, forecast or left that anybody knows of.
    no_teams(cast.falcon, cast.heron)
    budget(cast.payments, "500")
    [found] = money([cast.payments], Q1, HALF)
    assert (found.known_spent, found.forecast, found.over, found.left) == (None, None, None, None)
    assert found.reason == "nobody set what its teams cost"
    client.force_login(cast.leader)
    asked = "quarter=2025-q1&as_of=2025-02-14"
    said = client.get(f"/api/v1/budgets/?scope=stream:payments&{asked}").json()["streams"][0]
    assert (said["budget"], said["spent"], said["forecast"]) == ("500.00", None, None)
    assert "What Payments spent is not known" in client.get(f"/portfolio/funding/payments/?{asked}").content.decode()
    lines = client.get(f"/portfolio/funding/?{asked}&format=csv").getvalue().decode().splitlines()
    assert lines[1].split(",")[:5] == ["payments", "500.00", "", "0.5", ""]
    home = client.get("/?scope=stream:payments&as_of=2025-02-14").content.decode()
    assert "What was spent is not known: nobody set what its teams cost." in home
    # A line of a ledger is known: 100 ÷ ½ = 200.
    line(cast.payments, "a", date(2025, 2, 3), "100")
    [found] = money([cast.payments], Q1, HALF)
    assert (found.known_spent, found.forecast, found.over) == (Decimal(100), Decimal(200), Decimal(-300))


def test_what_it_went_to_tells_none_from_what_one_may_not_see(cast: Cast, client: Client) -> None:
    # 75 of 100 on an initiative of Platform, which the PMO of Payments does not see, and 25 on none.
    hidden = initiative(cast.platform, "Hidden")
    line(cast.payments, "a", date(2025, 2, 3), "75", initiative=hidden)
    line(cast.payments, "b", date(2025, 2, 3), "25")
    client.force_login(cast.stream_pmo)
    page = client.get("/portfolio/funding/payments/?quarter=2025-q1&as_of=2025-02-14").content.decode()
    assert "25\u00a0% went to no initiative." in page
    assert "Hidden" not in page
    lines = client.get("/portfolio/funding/payments/?quarter=2025-q1&as_of=2025-02-14&format=csv").getvalue().decode()
    assert "75.00" in lines
    assert "hidden" not in lines
    none = client.get("/portfolio/funding/payments/?quarter=2024-q4").content.decode()
    assert "went to" not in none
