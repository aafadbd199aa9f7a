"""The three signs of pivot-or-persevere and the facts of a decision, by hand; together through the page and the API."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client

from funding.models import LedgerEntry
from metrics.evidence import landing_signs
from okrs.evidence import confidence_signs, facts, value_signs, worst_quarter
from portfolio import evidence, proposals
from portfolio.models import Decision, Initiative, Stage
from tests.cast import Cast
from tests.metrics.forecast_board import NOON, board, feature, item, open_items
from tests.okrs.board import SUNDAY, key_result, moves, say
from tests.portfolio.test_api import Api

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


def initiative(cast: Cast, name: str = "Refunds", **fields: object) -> Initiative:
    return Initiative.objects.create(
        slug=name.lower(), name=name, stream=cast.payments, stage=Stage.IMPLEMENTING, **fields
    )


@pytest.mark.parametrize(
    ("levels", "holds"),
    [
        ([8, 7, 5, 4], True),
        ([3, 8, 7, 5, 4], True),
        ([8, 7, 7, 4], False),
        ([8, 7, 5, 6], False),
        ([9, 8, 7, 5, 5], False),
        ([8, 7, 5], None),
    ],
)
def test_confidence_falls_three_times_in_a_row(cast: Cast, levels: list[int], holds: bool | None) -> None:
    one, row = initiative(cast), key_result(cast.payments, "Speed")
    moves(row, one, 1)
    say(row, [0] * len(levels), sure=levels)
    sign = confidence_signs([one.pk], NOON)[one.pk]
    assert sign.holds is holds
    if holds:
        assert sign.text == "confidence in “Speed” fell three times in a row (8, 7, 5, 4)"
        assert sign.fingerprint == f"{row.pk}:{SUNDAY}"
        # A week earlier it had fallen twice only, or was too young to tell.
        assert not confidence_signs([one.pk], NOON - timedelta(weeks=1))[one.pk].holds


def test_confidence_of_no_key_result_cannot_be_told(cast: Cast) -> None:
    one = initiative(cast)
    assert confidence_signs([one.pk], NOON)[one.pk].holds is None


@pytest.mark.parametrize(("items", "holds"), [(3, True), (2, False)])
def test_the_next_milestone_hardly_lands(cast: Cast, items: int, holds: bool) -> None:
    """A coin a day, due on Thursday: three items of three days 1/8, two of three 1/2."""
    one = initiative(cast, due_on=date(2025, 12, 31))
    made = board(cast.falcon, every=2)
    feature(made, "Card", 1, *open_items("Card", items), initiative=one, due_on=date(2025, 6, 5))
    sign = landing_signs([one.pk], NOON)[one.pk]
    assert sign.holds is holds
    assert sign.text == f"“Card”, due on 5 Jun 2025, lands with {'12 %' if holds else '50 %'}"


def test_a_milestone_that_was_missed_holds_and_one_that_landed_does_not(cast: Cast) -> None:
    one, made = initiative(cast, due_on=date(2025, 5, 28)), board(cast.falcon)
    part = feature(made, "Card", 1, *open_items("Card", 1), initiative=one)
    assert landing_signs([one.pk], NOON)[one.pk].text == "“Refunds”, due on 28 May 2025, is not finished"
    part.delete()
    feature(made, "Mail", 1, item("Mail-1", "2025-05-20 done", parent="Mail"), initiative=one)
    cache.clear()
    assert landing_signs([one.pk], NOON)[one.pk].holds is False
    other = initiative(cast, "Undated")
    assert landing_signs([other.pk], NOON)[other.pk].holds is None


def test_the_worst_quarter() -> None:
    # Spend per value: 100, 50, 200, 400: the worst of four is one.
    four = {1: (100.0, 1.0), 2: (100.0, 2.0), 3: (200.0, 1.0), 4: (400.0, 1.0)}
    assert worst_quarter(four) == frozenset({4})
    assert worst_quarter(dict(list(four.items())[:3])) is None
    # Without value it is worse than any ratio, with more spend the worse; of seven one, of eight two.
    assert worst_quarter(four | {5: (1.0, 0.0), 6: (2.0, -1.0), 7: (1.0, 1.0)}) == frozenset({6})
    assert worst_quarter(four | {5: (1.0, 0.0), 6: (2.0, -1.0), 7: (1.0, 1.0), 8: (1.0, 1.0)}) == frozenset({5, 6})
    # What is level with the last of them is in it too.
    assert worst_quarter(dict.fromkeys(range(4), (100.0, 1.0))) == frozenset({0, 1, 2, 3})


def spread(cast: Cast, count: int = 4) -> list[Initiative]:
    """Initiatives that each moved a key result of their own by 10 %, for 1,000, 2,000, 3,000 …"""
    made = []
    for n in range(count):
        one, row = initiative(cast, f"I{n}"), key_result(cast.payments, f"KR {n}")
        moves(row, one, 5)
        say(row, [0, 5, 10])
        LedgerEntry.objects.create(
            stream=cast.payments,
            key=str(n),
            posted_on=date(2025, 5, 15),
            amount=Decimal(1000 * (n + 1)),
            initiative=one,
        )
        made.append(one)
    return made


def test_spend_per_delivered_value(cast: Cast) -> None:
    made = spread(cast)
    signs = value_signs([one.pk for one in made], NOON)
    assert [signs[one.pk].holds for one in made] == [False, False, False, True]
    assert all(sign.is_money for sign in signs.values())
    lonely = initiative(cast, "Lonely")
    assert value_signs([lonely.pk], NOON)[lonely.pk].holds is None


def test_three_of_a_stream_are_too_few(cast: Cast) -> None:
    made = spread(cast, 3)
    sign = value_signs([made[0].pk], NOON)[made[0].pk]
    assert sign.holds is None
    assert "3 initiatives with spend and key results, too few" in sign.text


def test_facts_of_an_initiative(cast: Cast) -> None:
    one, row = initiative(cast), key_result(cast.payments, "Speed", unit="%")
    moves(row, one, 1)
    say(row, [0, 10, 20, 30, 40, 50, 60], sure=[8, 8, 8, 8, 8, 7, 6])
    [fact] = facts(one, NOON)
    assert (fact.label, fact.value) == ("Key result: Speed", 60)
    assert fact.text == "60\xa0% (60 %), confidence 6 of 10, chance > 95 %"


def test_by_rule_through_the_page_and_the_api(client: Client, cast: Cast) -> None:
    """Confidence fell and the milestone lands with 12 %: two of three. The week's waiting: 9,000 of four weeks ÷ 4."""
    one, row = initiative(cast, due_on=date(2025, 6, 5)), key_result(cast.payments, "Speed")
    feature(board(cast.falcon, every=2), "Card", 1, *open_items("Card", 3), initiative=one)
    moves(row, one, 1)
    say(row, [0, 0, 0, 0], sure=[8, 7, 5, 4])
    LedgerEntry.objects.create(
        stream=cast.payments, key="1", posted_on=date(2025, 5, 15), amount=Decimal(9_000), initiative=one
    )
    # A line of before the four weeks (6 May to 2 June) does not count.
    LedgerEntry.objects.create(
        stream=cast.payments, key="2", posted_on=date(2025, 5, 5), amount=Decimal(50_000), initiative=one
    )
    [made] = [found for found in proposals.propose(NOON) if found.kind == "pivot"]
    assert made.why == (
        "Confidence in “Speed” fell three times in a row (8, 7, 5, 4); “Refunds”, due on 5 Jun 2025, lands with 12 %."
    )
    client.force_login(cast.leader)
    page = client.get("/portfolio/decisions/").content.decode()
    assert "fell three times in a row (8, 7, 5, 4)" in page
    assert "2,250\xa0EUR" in page
    assert "capacity cost" in page
    status, told = Api(cast.leader)("get", f"decisions/{made.pk}/")
    assert status == 200
    assert isinstance(told, dict)
    assert (told["cost_kind"], told["cost_per_week"]) == ("capacity", "2250.00")
    client.force_login(cast.coach)
    assert "2,250" not in client.get("/portfolio/decisions/").content.decode()
    assert Decision.objects.filter(kind="pivot").count() == 1


def test_every_app_says_its_signs() -> None:
    assert set(evidence._signs) == {"confidence", "landing", "value"}
