"""The page of chances, the line on an objective's page, and the API: the same numbers, told by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from funding.models import LedgerEntry
from okrs.models import KeyResult
from portfolio.models import Initiative
from portfolio.quarters import Quarter
from tests.cast import Cast
from tests.okrs.board import cycle, key_result, moves, say
from tests.portfolio.test_api import Api

pytestmark = pytest.mark.django_db
URL = "/objectives/chances/"


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def leader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.leader)
    return client


def sunday() -> date:
    """The last Sunday: weeks before it are whole."""
    today = timezone.localdate()
    return today - timedelta(days=today.isoweekday() % 7)


def steady(cast: Cast, name: str, target: float = 100) -> KeyResult:
    """Ten a week to 60 last Sunday, in a cycle that ends four weeks after it: 100 for certain."""
    at = cycle(sunday() - timedelta(days=70), sunday() + timedelta(days=28))
    row = key_result(cast.payments, name, of=at, target=target)
    say(row, [20, 30, 40, 50, 60], last=sunday(), sure=[8, 8, 8, 8, 8])
    return row


def test_the_page_and_the_api_say_the_same(leader: Client, cast: Cast) -> None:
    sure, late = steady(cast, "Sure"), steady(cast, "Late", target=101)
    page = leader.get(URL)
    assert page.context["finding"] == "1 of 2 key results likely to land, 1 not"
    assert [(row.key_result, row.chance.shown) for row in page.context["rows"]] == [(late, "< 5 %"), (sure, "> 95 %")]
    text = page.content.decode()
    assert "100 to 100" in text
    assert "confidence 8 of 10, but no work is linked to it" in text
    status, told = Api(cast.leader)("get", f"key-results/{late.pk}/chance/")
    assert status == 200
    assert isinstance(told, dict)
    assert (told["chance"], told["shown"], told["confidence"]) == (0.0, "< 5 %", 8)
    assert (told["low"], told["high"], told["expected"]) == (100.0, 100.0, 100.0)
    assert told["changes"] == [10.0] * 4
    own = leader.get(f"/objectives/{late.objective_id}/").content.decode()
    assert "Lands with" in own
    assert "4 weekly changes, 10 on average" in own
    assert "confidence far above it" in own


def test_as_of_a_day_before_there_was_enough(leader: Client, cast: Cast) -> None:
    row = steady(cast, "Sure")
    day = sunday() - timedelta(days=7)
    page = leader.get(f"{URL}?as_of={day}").content.decode()
    assert "too little data: 3 weekly changes of the 4 needed" in page
    told = Api(cast.leader)("get", f"key-results/{row.pk}/chance/?as_of={day}")[1]
    assert isinstance(told, dict)
    assert (told["chance"], told["shown"]) == (None, "n/a")


def test_work_that_the_reader_may_not_see_is_not_named(client: Client, cast: Cast) -> None:
    """Falcon's viewer sees a company's key result, but not the initiative of Platform that moves it."""
    at = cycle(sunday() - timedelta(days=70), sunday() + timedelta(days=28))
    company = at.objectives.create(level="company", name="Grow")
    row = company.key_results.create(name="Speed", baseline=0, target=100)
    say(row, [20, 30, 40, 50, 60], last=sunday())
    secret = Initiative.objects.create(slug="secret", name="Secret plan", stream=cast.platform)
    moves(row, secret, 5)
    client.force_login(cast.viewer)
    page = client.get(URL).content.decode()
    assert "Speed" in page
    assert "Secret plan" not in page
    assert "1 that you may not see" in page
    told = Api(cast.viewer)("get", f"key-results/{row.pk}/chance/")[1]
    assert "Secret plan" not in str(told)
    assert "Secret plan" in str(Api(cast.leader)("get", f"key-results/{row.pk}/chance/")[1])


def test_money_without_a_key_result(leader: Client, cast: Cast) -> None:
    """3,000 of 4,000 this quarter: 75 %."""
    lost = Initiative.objects.create(slug="lost", name="Lost", stream=cast.payments)
    linked = Initiative.objects.create(slug="linked", name="Linked", stream=cast.payments)
    moves(steady(cast, "Sure"), linked, 1)
    first = Quarter.of(timezone.localdate()).first
    for n, (one, amount) in enumerate(((lost, 3_000), (linked, 1_000))):
        LedgerEntry.objects.create(
            stream=cast.payments, key=str(n), posted_on=first, amount=Decimal(amount), initiative=one
        )
    page = leader.get(URL).content.decode()
    assert "3,000\xa0EUR of 4,000\xa0EUR" in page
    assert "75\xa0%" in page
    told = Api(cast.leader)("get", "orphan-spend/?stream=payments")[1]
    assert isinstance(told, dict)
    assert (told["orphan_spend"], told["total"], told["orphan_share"]) == ("3000.00", "4000.00", 0.75)
    assert told["initiatives"] == [{"initiative": "lost", "spend": "3000.00"}]
    leader.force_login(cast.coach)
    assert "3,000" not in leader.get(URL).content.decode()
    assert Api(cast.coach)("get", "orphan-spend/?stream=payments")[0] == 404


def test_nothing_runs(leader: Client) -> None:
    page = leader.get(URL).content.decode()
    assert "No key result runs on this day" in page


def test_as_many_queries_for_one_as_for_three(leader: Client, cast: Cast) -> None:
    counts = []
    for n in range(3):
        moves(steady(cast, f"KR {n}"), Initiative.objects.create(slug=f"i{n}", name=f"I{n}", stream=cast.payments), 1)
        leader.get(URL)
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            assert len(leader.get(URL).context["rows"]) == n + 1
        counts.append(len(queries))
    assert counts[0] == counts[-1]
