"""What if: base and variant side by side, the difference in words, all of it in the address."""

import re

import pytest
from django.core.cache import cache
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from dashboards.queries.forecast_what_if import earlier_or_later, more_or_less
from portfolio.models import Membership
from tests.cast import Cast
from tests.dashboards.forecast_cast import AS_OF, TODAY, board, feature
from tests.dashboards.test_forecast import Show, show, words  # noqa: F401 (fixture)


def test_a_person_more_brings_dates_forward_in_proportion(cast: Cast, show: Show) -> None:  # noqa: F811
    board(cast.falcon)
    # Max is Falcon's one person, full time: with one more, two items a day instead of one.
    html = show(items=10, by="2025-06-13", persons="1")
    assert "Imagined: 1 person more in Falcon: 200 % of today’s throughput." in html
    # 10 items at two a day: 5 working days, Monday the 9th instead of the 16th.
    assert "10 items finished, 85 % 16 Jun 2025 9 Jun 2025 7 days earlier" in html
    # 9 working days to the 13th: 18 items instead of 9.
    assert "At least so many items by 13 Jun 2025, 85 % 9 items 18 items 9 more" in html


def test_half_a_person_fewer_of_two(cast: Cast, show: Show) -> None:  # noqa: F811
    board(cast.falcon)
    second = DateRange(TODAY.replace(year=2024), None)
    Membership.objects.create(team=cast.falcon, user=cast.coach, during=second)
    html = show(items=9, by="2025-06-13", persons="-0.5")
    # 1.5 of 2 people: three quarters.
    assert "Imagined: 0.5 person fewer in Falcon: 75 % of today’s throughput." in html
    assert "later" in html


def test_items_dropped_are_not_waited_for(cast: Cast, show: Show) -> None:  # noqa: F811
    board(cast.falcon)
    html = show(items=10, by="2025-06-13", drop_items="2")
    # The eighth working day is Thursday, 12 June.
    assert "10 items (then 8) finished, 85 % 16 Jun 2025 12 Jun 2025 4 days earlier" in html
    assert "Imagined: 2 items dropped." in html


def test_a_dropped_feature_lets_those_behind_it_move_up(cast: Cast, show: Show) -> None:  # noqa: F811
    made = board(cast.falcon)
    first, second = feature(made, "Refunds", 3, 1), feature(made, "Wallets", 4, 2)
    html = show(drop_features=str(first.pk))
    assert f"{first.name} finished, 85 % 5 Jun 2025 not done dropped" in html
    # Its four items are the first four finishes: 6 June instead of 11 June.
    assert f"{second.name} finished, 85 % 11 Jun 2025 6 Jun 2025 5 days earlier" in html


def test_another_limit_of_features_at_once(cast: Cast, show: Show) -> None:  # noqa: F811
    made = board(cast.falcon)
    feature(made, "Refunds", 3, 1)
    feature(made, "Wallets", 3, 2)
    html = show(what_if_wip_limit="2")
    assert "Imagined: 2 features at once instead of 1." in html
    # In turns: Refunds has the 1st, 3rd and 5th finish.
    assert "Refunds finished, 85 % 5 Jun 2025 9 Jun 2025 4 days later" in html
    assert "Wallets finished, 85 % 10 Jun 2025 10 Jun 2025 the same day" in html


def test_the_way_back_keeps_the_question(cast: Cast, client: Client) -> None:
    cache.clear()
    board(cast.falcon)
    client.force_login(cast.pmo)
    query = {"scope": "team:falcon", "as_of": AS_OF, "items": "10", "drop_items": "2", "unblock": "on"}
    raw = client.get("/flow/forecast/", query).content.decode()
    back = re.search(r'href="(\?[^"]*)#what-if">Back to base', raw)
    assert back is not None
    assert "items=10" in back[1].split("&amp;")
    assert "drop_items" not in back[1]
    assert "unblock" not in back[1]
    base = words(client.get("/flow/forecast/" + back[1].replace("&amp;", "&")).content.decode())
    assert "Imagined" not in base


@pytest.mark.parametrize(
    ("now", "then", "said"),
    [
        (12, 3, "9 days earlier"),
        (12, 13, "1 day later"),
        (12, 12, "the same day"),
        (None, 12, "comes within reach"),
        (12, None, "no longer within reach"),
        (None, None, "the same"),
    ],
)
def test_a_difference_of_days_in_words(now: int | None, then: int | None, said: str) -> None:
    days = [None if day is None else TODAY.replace(day=day) for day in (now, then)]
    assert earlier_or_later(*days) == said


def test_a_difference_of_counts_in_words() -> None:
    assert [more_or_less(n) for n in (3, -2, 0)] == ["3 more", "2 fewer", "the same"]
