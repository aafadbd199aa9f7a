"""The Forecast page: the two questions in sentences, the queue, what it is made from, what cannot be asked.

The teams are those of forecast_cast.py: Falcon finishes an item each working day, Heron one every other.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from metrics.load import upsert
from portfolio.models import Initiative
from tests.cast import Cast
from tests.dashboards.forecast_cast import AS_OF, board, feature, finished, working_days

Show = Callable[..., str]


@pytest.fixture
def show(cast: Cast, client: Client) -> Show:
    cache.clear()
    client.force_login(cast.pmo)

    def page(status: int = 200, **params: Any) -> str:
        answer = client.get("/flow/forecast/", {"scope": "team:falcon", "as_of": AS_OF, **params})
        assert answer.status_code == status, answer.content.decode()[:2000]
        return words(answer.content.decode())

    return page


def words(html: str) -> str:
    """What the page says, without its figures' data."""
    main = html[html.index("<main") : html.index("</main>")]
    main = re.sub(r'<script.*?</script>|<details class="chart-data">.*?</details>', " ", main, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", main).replace("&nbsp;", " ").replace("\u00a0", " ").replace("&gt;", ">")
    return re.sub(r"\s+", " ", text.replace("&lt;", "<").replace("&#x27;", "'"))


def test_a_team_that_finishes_one_a_day_is_told_to_the_day(cast: Cast, show: Show) -> None:
    board(cast.falcon)
    html = show(items=10, by="2025-06-13")
    # From Tuesday, 3 June, on: 4 working days in that week and 5 in the next are 9 by Friday, 13 June; the tenth is
    # Monday, 16 June.
    assert "Falcon: 10 items by 16 Jun 2025, with a chance of 85 %" in html
    assert "How many items by 13 Jun 2025? 85 % chance of at least 9 items by 13 Jun 2025." in html
    assert "When are 10 items finished? 85 %: 16 Jun 2025; 50 %: 16 Jun 2025. < 5 % chance by 13 Jun 2025." in html
    assert "50 % 9 items 70 % 9 items 85 % 9 items 95 % 9 items" in html


def test_a_coin_a_day_is_told_as_by_hand(cast: Cast, show: Show) -> None:
    board(cast.heron, every=2)
    html = show(scope="team:heron", items=1, by="2025-06-06")
    # One of two days brings an item. The first is there after k days with 1 − ½^k: 50 %, 75 %, 87.5 %, 93.75 %,
    # 96.9 %: Tuesday to Friday, 6 June, and Monday, 9 June.
    assert "50 % 3 Jun 2025 70 % 4 Jun 2025 85 % 5 Jun 2025 95 % 9 Jun 2025" in html
    # Four days to the 6th: P(≥ 1) = 15/16, P(≥ 2) = 11/16, P(≥ 3) = 5/16.
    assert "50 % 2 items 70 % 1 item 85 % 1 item 95 % 0 items" in html
    assert "93 % chance by 6 Jun 2025." in html


def test_other_percentiles_stand_beside_the_usual_ones(cast: Cast, show: Show) -> None:
    board(cast.heron, every=2)
    html = show(scope="team:heron", items=1, by="2025-06-06", p="90")
    # 1 − ½^4 = 93.75 %: the 6th.
    assert "85 % 5 Jun 2025 90 % 6 Jun 2025 95 % 9 Jun 2025" in html


def test_what_it_is_made_from_is_said(cast: Cast, show: Show) -> None:
    board(cast.heron, every=2)
    html = show(scope="team:heron")
    # 60 working days, every other with one item.
    assert "Heron 10 Mar to 1 Jun 2025 60 30 30 30 items 0 of 30 0.5" in html
    assert "Confidence reads “at least”" in html


def test_nothing_said_asks_for_all_that_is_open(cast: Cast, show: Show) -> None:
    made = board(cast.falcon)
    feature(made, "Refunds", 3, 1)
    # The third working day from 3 June on is the 5th; twelve weeks after 2 June is 25 August.
    html = show()
    assert "Falcon: 3 items by 5 Jun 2025" in html
    assert "How many items by 25 Aug 2025?" in html


def test_features_are_finished_in_the_order_of_their_rank(cast: Cast, show: Show) -> None:
    made = board(cast.falcon)
    whole = Initiative.objects.create(slug="pay", name="Pay anywhere", stream=cast.payments)
    feature(made, "Refunds", 3, 1, whole)
    feature(made, "Wallets", 4, 2, whole)
    html = show(by="2025-06-10")
    # One feature at once: Refunds with the 3rd finish, 5 June; Wallets with the 7th, 11 June.
    assert "Refunds Pay anywhere 3 items 5 Jun 2025 5 Jun 2025 5 Jun 2025 10 Jun 2025 > 95 %" in html
    assert "Wallets Pay anywhere 4 items 11 Jun 2025 11 Jun 2025 11 Jun 2025 10 Jun 2025 < 5 %" in html
    assert "1 of 2 features is likelier than not to be late." in html
    # The initiative is finished when its last feature is, and says which that is.
    assert "Pay anywhere Falcon 7 items 11 Jun 2025 11 Jun 2025 11 Jun 2025 10 Jun 2025 < 5 % Wallets (Falcon)" in html


def test_two_features_at_once_take_turns(cast: Cast, show: Show) -> None:
    made = board(cast.falcon)
    feature(made, "Refunds", 3, 1)
    feature(made, "Wallets", 3, 2)
    html = show(wip_limit=2)
    # Finishes go Refunds, Wallets, Refunds, Wallets, Refunds, Wallets: the 5th is 9 June, the 6th 10 June.
    assert "Refunds 3 items 9 Jun 2025" in html
    assert "Wallets 3 items 10 Jun 2025" in html


def test_a_stream_joins_its_teams_and_names_the_weakest(cast: Cast, show: Show) -> None:
    falcon, heron = board(cast.falcon), board(cast.heron, every=2)
    whole = Initiative.objects.create(slug="pay", name="Pay anywhere", stream=cast.payments)
    feature(falcon, "Refunds", 1, 1, whole)
    feature(heron, "Wallets", 1, 1, whole)
    html = show(scope="stream:payments", by="2025-06-06")
    # Falcon is certain on 3 June, so the joint chance is Heron's: 85 % on 5 June, 15/16 by the 6th.
    row = "Pay anywhere Falcon, Heron 2 items 3 Jun 2025 5 Jun 2025 9 Jun 2025 6 Jun 2025 93 % Wallets (Heron)"
    assert row in html


def test_too_little_data_names_what_is_missing_and_what_to_do(cast: Cast, show: Show) -> None:
    board(cast.falcon, every=20)
    html = show()
    # Every 20th of 60 working days: 3 days with a finish.
    assert "Falcon finished work on 3 of the 5 days needed in the last 84" in html
    assert "No forecast yet" in html
    assert "Sample a year" in html
    assert "n/a" not in html
    assert "None" not in html


def test_a_team_without_any_source_gets_an_empty_state(cast: Cast, show: Show) -> None:
    assert "No forecast yet" in show(scope="team:kite")


# Several fields at once: what was typed, and what is said beside it.
BAD = [
    {
        "by": ("2025-06-02", "Choose a day after 2 Jun 2025"),
        "items": ("0", "greater than or equal to 1"),
        "sample_days": ("3", "greater than or equal to 7"),
        "wip_limit": ("0", "greater than or equal to 1"),
        "share": ("101", "less than or equal to 100"),
        "persons": ("1e999", "less than or equal to 100"),
        "drop_items": ("-1", "greater than or equal to 0"),
        "what_if_wip_limit": ("1000", "less than or equal to"),
    },
    {
        "by": ("2099-01-01", "Choose a day within ten years of 2 Jun 2025"),
        "items": ("many", "Enter a whole number"),
        "persons": ("half", "Enter a number"),
        "drop_features": ("999", "is not one of the available choices"),
        "p": ("100", "A percentile is a whole number from 1 to 99"),
    },
    {"by": ("soon", "Enter a valid date"), "items": ("10000000", "less than or equal to")},
]


@pytest.mark.parametrize("typed", BAD)
def test_what_cannot_be_asked_is_said_at_its_field_and_the_rest_stays(
    cast: Cast, show: Show, client: Client, typed: dict[str, tuple[str, str]]
) -> None:
    feature(board(cast.falcon), "Refunds", 3, 1)
    params = {name: text for name, (text, _) in typed.items()}
    answer = client.get("/flow/forecast/", {"scope": "team:falcon", "as_of": AS_OF, **params})
    raw = answer.content.decode()
    assert answer.status_code == 400
    for name, (text, message) in typed.items():
        assert message in words(raw), name
        assert name in {"drop_features", "p"} or f'value="{text}"' in raw, "what was typed is kept"
    assert "85 % chance of at least" in words(raw), "the rest of the page is there"


def test_the_queries_do_not_grow_with_the_features(cast: Cast, show: Show) -> None:
    made = board(cast.falcon)
    whole = Initiative.objects.create(slug="pay", name="Pay anywhere", stream=cast.payments)
    feature(made, "Refunds", 3, 1, whole)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            show()
        return len(caught)

    show()
    few = queries()
    for n in range(2, 6):
        feature(made, f"Feature {n}", 2, n, whole)
    cache.clear()
    show()
    assert queries() == few


def test_a_figure_of_each_answer_has_its_data_as_a_table(cast: Cast, show: Show, client: Client) -> None:
    feature(board(cast.heron, every=2), "Wallets", 3, 1)
    show(scope="team:heron")
    raw = client.get("/flow/forecast/", {"scope": "team:heron", "as_of": AS_OF}).content.decode()
    # By count, by date, the fan and the lanes.
    assert raw.count("<figure") == raw.count("Data as a table") == 4
    assert "style=" not in raw


def test_the_share_of_finishes_that_were_of_features_is_said_and_the_other_way_is_a_link(
    cast: Cast, show: Show, client: Client
) -> None:
    made = board(cast.falcon, every=2)
    upsert(made, finished("own-", working_days(3), parent="Refunds"))
    feature(made, "Refunds", 1, 1)
    # 60 working days: 30 plain finishes and 20 of Refunds' own, of 50 (40 %). One of three days brings one of its own:
    # its item is there after k days with 1 − (2/3)^k: 33, 56, 70, 80, 87 …: 50 % on Wednesday, 4 June, 85 % on Monday.
    html = show(by="2025-06-13")
    said = "20 of 50 finished items in the sample (40 %) belonged to features"
    way = "the dates of features and initiatives are reckoned with these alone, as if it stayed so."
    assert f"{said}: {way} Reckon with all finishes" in html
    assert "Refunds 1 item 4 Jun 2025 9 Jun 2025" in html
    assert "Items are reckoned with all finishes." in html
    assert "50 items 20 of 50 0.83" in html
    raw = client.get("/flow/forecast/", {"scope": "team:falcon", "as_of": AS_OF, "items": "3"}).content.decode()
    assert re.search(r'href="\?[^"]*items=3&amp;only_features=false"', raw), "kept in the address, with the rest of it"
    # With all of them each 6 days in a row hold 5 finishes (3 plain, 2 own), on 4 of the days: 85 % after 2 days.
    other = show(by="2025-06-13", only_features="false")
    assert f"{said}, but the dates take all finishes to go to them. If it stays as it was, they are later" in other
    assert "Refunds 1 item 3 Jun 2025 4 Jun 2025" in other
    only = show(by="2025-06-13", only_features="true")
    assert "Items are reckoned with the finishes that belonged to features alone." in only
    assert "20 items only these 0.33" in only
    assert "reckoned with 40 % of all finishes, as asked" in show(share="40")
    assert "Select a valid choice" in show(status=400, only_features="maybe")


def test_too_few_finishes_of_features_are_said_beside_the_dates(cast: Cast, show: Show) -> None:
    feature(board(cast.falcon), "Refunds", 3, 1)
    html = show()
    belonged = "0 of 60 finished items in the sample (0 %) belonged to features"
    assert f"{belonged}: too little to reckon with. So all finishes count, and the dates are the earliest." in html
    assert "Falcon finished too little of features in the sample (0 of 60 items), so all its finishes count." in html


def test_a_date_far_away_is_said_to_be_a_direction(cast: Cast, show: Show) -> None:
    board(cast.falcon)
    far = "Some of these dates are more than 8 weeks away."
    # 8 weeks from 2 June is 28 July; one a day, so 40 items are there on 28 July, 41 on the 29th.
    assert far not in show(items=40, by="2025-07-28")
    assert far in show(items=41, by="2025-07-28")
    assert far in show(items=40, by="2025-07-29")
