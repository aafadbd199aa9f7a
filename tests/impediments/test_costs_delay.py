"""Delay cost: weeks by which initiatives land later × their cost of delay; dates and amounts by hand.

Falcon finishes an item on every working day and today is Monday, 2 June 2025: three items land on Thursday, 5 June.
"""

from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from impediments.costs import delay, together
from impediments.models import Impediment
from metrics.models import WorkItem
from portfolio.models import Initiative
from tests.cast import Cast
from tests.impediments.costs_cast import blocks, impediment
from tests.metrics.forecast_board import NOON, board, feature, item, open_items

pytestmark = pytest.mark.django_db


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    """Three items are left of it; a week of delay costs 10,000."""
    cache.clear()
    made = Initiative.objects.create(
        slug="refunds", name="Refunds", stream=cast.payments, cost_of_delay=Decimal(10_000)
    )
    done = item("Card-done", "2025-05-20 done", parent="Card")
    feature(board(cast.falcon), "Card", 1, *open_items("Card", 3), done, initiative=made)
    return made


def blocked(cast: Cast, key: str = "Card-0", promised: date | None = None, what: str = "Licence") -> Impediment:
    one = impediment(cast.falcon, what, "2025-05-26 08:00", promised_on=promised)
    blocks(one, WorkItem.objects.get(key=key), "2025-05-26 08:00")
    return one


def resolved(cast: Cast, *days: int) -> None:
    """Impediments of procurement that took so many calendar days, from 1 April on."""
    for n, length in enumerate(days):
        impediment(cast.falcon, f"Old {n}", "2025-04-01 08:00", f"2025-04-{1 + length:02} 15:00")


def test_until_the_promised_date(cast: Cast, refunds: Initiative) -> None:
    one = blocked(cast, promised=date(2025, 6, 19))
    found = delay([one], NOON)[one.pk]
    [slip] = found.parts
    # From 5 to 19 June: 14 days, two weeks at 10,000.
    assert (slip.landing_on, slip.days, slip.items) == (date(2025, 6, 5), 14, ("Card-0",))
    assert (found.weeks, found.amount, found.release_on) == (2, Decimal("20000.00"), date(2025, 6, 19))
    assert found.seen(frozenset([cast.payments.pk])) == found
    hidden = found.seen(frozenset())
    assert (hidden.amount, hidden.weeks, hidden.parts[0].cost_of_delay, hidden.is_hidden) == (None, 2, None, True)


def test_released_before_the_landing_costs_nothing(cast: Cast, refunds: Initiative) -> None:
    one = blocked(cast, promised=date(2025, 6, 5))
    assert delay([one], NOON)[one.pk].amount == 0
    later = blocked(cast, promised=date(2025, 6, 6), what="Access")
    # One day: 10,000 ÷ 7.
    assert delay([later], NOON)[later.pk].amount == Decimal("1428.57")


def test_without_a_promise_the_median_of_the_category(cast: Cast, refunds: Initiative) -> None:
    one = blocked(cast)
    resolved(cast, 20, 4)
    # Two are too few to say.
    found = delay([one], NOON)[one.pk]
    assert (found.amount, found.weeks) == (None, None)
    assert "only 2 of 3 impediments of procurement are resolved" in found.reason
    resolved(cast, 6)
    impediment(cast.falcon, "Other", "2025-04-01 08:00", "2025-04-02 08:00", category="legal")
    # Of 4, 6 and 20 days the median is 6: 8 June, 3 days after the landing: 30,000 ÷ 7.
    found = delay([one], NOON)[one.pk]
    assert (found.release_on, found.amount) == (date(2025, 6, 8), Decimal("4285.71"))
    assert found.why == "6 days, the median of 3 resolved ones of procurement"


def test_a_promise_that_has_passed_says_nothing(cast: Cast, refunds: Initiative) -> None:
    resolved(cast, 4, 6, 20)
    one = blocked(cast, promised=date(2025, 5, 30))
    found = delay([one], NOON)[one.pk]
    assert found.release_on == date(2025, 6, 8)
    assert found.why.startswith("it was promised for 30 May 2025, which has passed")


def test_reopened_periods_add_up(cast: Cast, refunds: Initiative) -> None:
    resolved(cast, 4, 20)
    twice = impediment(cast.falcon, "Twice", "2025-04-01 08:00", "2025-04-03 15:00")
    twice.periods.create(from_at="2025-04-10 08:00Z", to_at="2025-04-17 08:00Z")
    one = blocked(cast)
    # 2 + 7 days: of 4, 9 and 20 the median is 9.
    assert delay([one], NOON)[one.pk].release_on == date(2025, 6, 11)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "it blocks no item"),
        ("Card-done", "its items are finished or gone"),
        ("Loose", "its items belong to no initiative"),
    ],
)
def test_nothing_to_delay(cast: Cast, refunds: Initiative, key: str, reason: str) -> None:
    from metrics.load import upsert

    upsert(WorkItem.objects.get(key="Card-0").source, list(item("Loose")))
    one = impediment(cast.falcon, "Licence", "2025-05-26 08:00", promised_on=date(2025, 6, 19))
    if key:
        blocks(one, WorkItem.objects.get(key=key), "2025-05-26 08:00")
    found = delay([one], NOON)[one.pk]
    assert (found.amount, found.weeks, found.reason) == (None, None, reason)


def test_weeks_are_known_where_money_is_not(cast: Cast, refunds: Initiative) -> None:
    Initiative.objects.update(cost_of_delay=None)
    one = blocked(cast, promised=date(2025, 6, 19))
    found = delay([one], NOON)[one.pk]
    assert (found.weeks, found.amount) == (2, None)
    assert found.reason == "nobody said what a week of delay of Refunds costs"


def test_what_is_resolved_delays_nothing(cast: Cast, refunds: Initiative) -> None:
    one = impediment(cast.falcon, "Licence", "2025-05-26 08:00", "2025-05-30 08:00", promised_on=date(2025, 6, 19))
    blocks(one, WorkItem.objects.get(key="Card-0"), "2025-05-26 08:00", "2025-05-30 08:00")
    assert delay([one], NOON)[one.pk].reason == "it is resolved: nothing waits for it"


def test_an_initiative_that_waits_for_several_lands_once(cast: Cast, refunds: Initiative) -> None:
    one, other = blocked(cast, promised=date(2025, 6, 12)), blocked(cast, "Card-1", date(2025, 6, 19), "Access")
    found = delay([one, other], NOON)
    # Alone a week and two weeks; together it lands on the 19th: two weeks.
    assert [found[pk].amount for pk in (one.pk, other.pk)] == [Decimal("10000.00"), Decimal("20000.00")]
    assert together(found.values()).amount == Decimal("20000.00")
    assert together([found[one.pk]]).amount == Decimal("10000.00")
    assert together([]).reason == "no initiative waits for them"


def test_as_many_queries_for_three_as_for_one(cast: Cast, refunds: Initiative) -> None:
    found = [blocked(cast, f"Card-{n}", date(2025, 6, 19), f"Reason {n}") for n in range(3)]

    def queries(some: list[Impediment]) -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            delay(some, NOON)
        return len(asked)

    assert queries(found[:1]) == queries(found)
