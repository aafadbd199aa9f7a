"""The costs page, the section of an impediment's page, their CSV, and the facts of decisions."""

import csv
import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from impediments import rollups
from impediments.evidence import facts
from impediments.models import Impediment
from metrics.models import WorkItem
from portfolio.models import Initiative, Team, TeamCost
from tests.cast import PASSWORD, Cast
from tests.funding import cast as work
from tests.impediments.costs_cast import blocks, impediment
from tests.metrics.forecast_board import NOON, board, feature, item

pytestmark = pytest.mark.django_db
PAGE = "/impediments/costs/?scope=stream:payments&from=2025-05-01&to=2025-06-02&as_of=2025-06-02"


@pytest.fixture
def licence(cast: Cast) -> Impediment:
    """Falcon costs 2,400 a day; one of four items was blocked from Wednesday, 28 May 2025 on, and still is on Monday.

    Refunds waits for that item: it lands on Friday, 6 June (four items, one a working day), and is promised for the
    20th; a week costs 10,000.
    """
    cache.clear()
    Team.objects.update(timezone="UTC")
    TeamCost.objects.create(team=cast.falcon, valid_from=date(2025, 1, 1), cost_per_day=2400)
    refunds = Initiative.objects.create(
        slug="refunds", name="Refunds", stream=cast.payments, cost_of_delay=Decimal(10_000)
    )
    items = [item(f"Card-{n}", "2025-05-20 dev", parent="Card") for n in range(4)]
    feature(board(cast.falcon), "Card", 1, *items, initiative=refunds)
    one = impediment(cast.falcon, "Licence for the scanner", "2025-05-28 08:00", promised_on=date(2025, 6, 20))
    blocks(one, WorkItem.objects.get(key="Card-0"), "2025-05-28 08:00")
    rollups.prepare(NOON)
    return one


def page(cast: Cast, person: str, address: str = PAGE) -> str:
    client = Client()
    client.login(username=cast.person(person).email, password=PASSWORD)
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:500]
    body = answer.getvalue() if answer.streaming else answer.content
    return " ".join(body.decode().replace("\xa0", " ").split())


def test_both_costs_stand_side_by_side(cast: Cast, licence: Impediment) -> None:
    text = page(cast, "leader")
    # 28, 29 and 30 May and 2 June: four days of a quarter of the team are one team day: 4 × 2,400 × 1 ÷ 4 = 2,400.
    assert "Payments: blocked work took 1 team day in 33 days, 2,400 EUR" in text
    # From 6 to 20 June two weeks at 10,000.
    assert "Initiatives are delayed by up to 2 weeks, at a cost of 20,000 EUR" in text
    assert "22,400" not in text
    # 14 working days from 3 to 20 June at 600 each.
    ahead = page(cast, "leader", f"{PAGE}&until=2025-06-20")
    assert "14 item-days more (8,400 EUR) until 20 Jun 2025" in ahead
    assert "What would removing the top impediment give back?" in text


def test_money_is_left_out_for_who_may_not_see_it(cast: Cast, licence: Impediment) -> None:
    for address in (PAGE, f"/impediments/{licence.pk}/?as_of=2025-06-02"):
        text = page(cast, "coach", address)
        assert "Licence for the scanner" in text
        assert "EUR" not in text
        for amount in ("2,400", "20,000", "10,000", "8,400"):
            assert amount not in text
    head = page(cast, "coach", f"{PAGE}&format=csv&part=impediment")
    assert "cost" not in head
    assert "item_days" in head
    assert "amount" not in page(cast, "coach", f"{PAGE}&format=csv&part=day")
    assert "team_cost" not in page(cast, "coach", f"/impediments/{licence.pk}/costs.csv")


def test_the_formula_is_written_out_on_the_impediments_page(cast: Cast, licence: Impediment) -> None:
    text = page(cast, "leader", f"/impediments/{licence.pk}/?as_of=2025-06-02")
    assert "It took 4 item-days: 2,400 EUR" in text
    for words in ("4 working days ×", "2,400 EUR a day", "1 blocked", "4 in progress", "2,400.00"):
        assert words in text
    assert "14 ÷ 7 weeks × 10,000 EUR a week = 20,000 EUR" in text
    rows = page(cast, "leader", f"/impediments/{licence.pk}/costs.csv")
    assert "2025-05-28,falcon,2400.00,1.0,4,600.0000" in rows


SUMS = "/impediments/costs/?scope=portfolio&from=2025-01-01&to=2025-02-28&as_of=2025-02-05"


@pytest.fixture
def three(cast: Cast) -> None:
    """Falcon (Payments) costs 2,400 a day with four items in progress, Kite (Platform) 1,000 with two.

    So an item-day is worth 600 and a quarter of a team day, or 500 and half of one. By ends of working days:

    | impediment           | blocks | from Falcon           | from Kite        | January | February  |
    |----------------------|--------|-----------------------|------------------|---------|-----------|
    | Licence, procurement | A      | 29, 30, 31 Jan, 3 Feb |                  | 3 × 600 | 600       |
    | Rights, access       | K      |                       | 31 Jan, 3, 4 Feb | 500     | 2 × 500   |
    | Invoice, procurement | B, L   | 4 Feb                 | 4 Feb            |         | 600 + 500 |
    """
    cache.clear()
    Team.objects.update(timezone="UTC")
    items: dict[str, WorkItem] = {}
    for team, rate, keys in ((cast.falcon, "2400", "ABCD"), (cast.kite, "1000", "KL")):
        work.cost(team, (date(2025, 1, 1), rate))
        items |= {key: work.item(team, key, "2025-01-03 09:00") for key in keys}
        work.derived(team)
    for team, what, category, keys, since, until in (
        (cast.falcon, "Licence", "procurement", "A", "2025-01-29 08:00", "2025-02-04 09:00"),
        (cast.kite, "Rights", "access", "K", "2025-01-31 08:00", "2025-02-05 09:00"),
        (cast.falcon, "Invoice", "procurement", "BL", "2025-02-04 08:00", "2025-02-05 09:00"),
    ):
        one = impediment(team, what, since, until, category=category)
        for key in keys:
            blocks(one, items[key], since, until)
    rollups.prepare(work.at("2025-02-05 12:00"))


@pytest.mark.parametrize(
    ("part", "rows"),
    [
        # Impediments, item-days, team days, money. Procurement: 4 × 600 + 600 + 500; access: 3 × 500.
        ("category", [["Procurement", 2, 6, 1.75, 3500], ["Access or security", 1, 3, 1.5, 1500]]),
        # Platform: 3 × 500 + 500; Payments: 4 × 600 + 600.
        ("place", [["Platform", 2, 4, 2, 2000], ["Payments", 2, 5, 1.25, 3000]]),
        # January: 3 × 600 + 500; February: 600 + 2 × 500 + 600 + 500. How many are open is not told of months.
        ("month", [["Jan 2025", 4, 1.25, 2300], ["Feb 2025", 5, 2, 2700]]),
    ],
)
def test_sums_by_category_value_stream_and_month(cast: Cast, three: None, part: str, rows: list[list[object]]) -> None:
    client = Client()
    client.force_login(cast.leader)
    head, *lines = csv.reader(client.get(f"{SUMS}&format=csv&part={part}").getvalue().decode().splitlines())
    wide = head.index("capacity_cost") + 1
    assert [[line[0], *map(float, line[1:wide])] for line in lines] == rows
    # All ways of adding up come to the same: 5,000, and 9 item-days, 3.25 team days.
    sums = [
        sum(float(line[head.index(name)]) for line in lines) for name in ("capacity_cost", "item_days", "team_days")
    ]
    assert sums == [5000, 9, 3.25]
    text = page(cast, "leader", SUMS)
    # The page says the same: in the row of each name the cell of its cost.
    text = page(cast, "leader", SUMS)
    assert "blocked work took 3.2 team days in 59 days, 5,000 EUR" in text
    for name, *_, amount in rows:
        row = rf'{name}(</a>)?</th>((?!</tr>).)*data-label="Capacity cost">\s*{amount:,}\s*</td>'
        assert re.search(row, text), name


@pytest.mark.parametrize("part", ["category", "place", "month", "impediment", "day"])
def test_each_table_is_there_as_csv(cast: Cast, licence: Impediment, part: str) -> None:
    text = page(cast, "leader", f"{PAGE}&format=csv&part={part}")
    first = {"category": "Procurement", "place": "Falcon", "month": "May 2025"}.get(part, "Licence for the scanner")
    assert first in text


def test_what_cannot_be_asked_says_so(cast: Cast, licence: Impediment) -> None:
    client = Client()
    client.force_login(cast.leader)
    for until, words in (("2025-06-02", "is not one of the 730 days after"), ("soon", "is not a date")):
        answer = client.get(f"{PAGE}&until={until}")
        assert answer.status_code == 400
        assert words in answer.content.decode()


def test_as_of_a_day_before_only_what_had_happened(cast: Cast, licence: Impediment) -> None:
    text = page(cast, "leader", PAGE.replace("as_of=2025-06-02", "as_of=2025-05-29"))
    # 28 and 29 May.
    assert "blocked work took 0.50 team days in 33 days, 1,200 EUR" in text
    assert "nothing was in the way" in page(cast, "leader", PAGE.replace("as_of=2025-06-02", "as_of=2025-05-27"))


def test_as_many_queries_for_three_as_for_one(cast: Cast, licence: Impediment) -> None:
    client = Client()
    client.force_login(cast.leader)

    def queries() -> int:
        cache.clear()
        client.get(PAGE)
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            client.get(PAGE)
        return len(asked)

    one = queries()
    for n in (1, 2):
        more = impediment(cast.falcon, f"Reason {n}", "2025-05-28 08:00", promised_on=date(2025, 6, 20))
        blocks(more, WorkItem.objects.get(key=f"Card-{n}"), "2025-05-28 08:00")
    rollups.prepare(NOON)
    assert queries() == one


def test_decisions_freeze_what_impediments_take_and_delay(cast: Cast, licence: Impediment) -> None:
    of_stream = {fact.key: (fact.value, fact.is_money) for fact in facts(cast.payments, NOON)}
    assert of_stream == {
        "impediments": (1, False),
        "blocked_days": (1.0, False),
        "blocked_cost": (2400.0, True),
        "slip": (2.0, False),
        "delay_cost": (20_000.0, True),
    }
    refunds = Initiative.objects.get()
    assert {fact.key: fact.value for fact in facts(refunds, NOON)} == {
        "impediments": 1, "slip": 2.0, "delay_cost": 20_000.0,
    }  # fmt: skip
    assert facts(cast.platform, NOON) == []
