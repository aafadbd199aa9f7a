"""The Ageing page: ages, pace and chances; every sentence by hand."""

from datetime import date

import pytest
from django.test import Client

from dashboards.queries.ageing import chance_text
from metrics.formulas import ageing
from metrics.load import upsert
from metrics.models import Expectation, Source
from tests.dashboards.flow_cast import board as board
from tests.dashboards.flow_cast import cells, show
from tests.dashboards.flow_cast import reader as reader
from tests.metrics.test_flow import history

pytestmark = pytest.mark.django_db
PAGE = "/flow/ageing/"
OLD = "How old is the work in progress?"
LATE = "Which items are about to be late?"
TOTAL = "How much age has the work in progress gathered?"


@pytest.fixture
def aged(board: Source) -> Source:
    """Cycle times of 1 to 10 days in Dev; at the end of 30 March items of 4, 8 and 12 days."""
    for n in range(1, 11):
        upsert(board, history(f"A{n}", "2025-03-03", "2025-03-03 10:00 dev", f"2025-03-{n + 2:02} 11:00 done"))
    for key, day in (("P", 27), ("Q", 23), ("R", 19)):
        upsert(board, history(key, "2025-03-03", f"2025-03-{day} 10:00 dev"))
    return board


def test_it_says_how_old_and_how_far_behind_the_pace(aged: Source, reader: Client) -> None:
    page = show(reader, PAGE)
    # The 85th percentile is 9: only the 12 days are more; the 95th, 10, is what the band of Dev ends at.
    said = "1 of 3 items in progress is older than 85 % of finished items were (9 days); the oldest is 12 days old."
    assert page.widgets[OLD].answer == f"{said} 1 is older than 95 % were that left the same state."
    assert page.heading == f"Falcon: {said[:-1]}"
    # 4 + 8 + 12 = 24 days, 8 each.
    assert page.widgets[TOTAL].answer == "Together, the items in progress are 24 days old: 8 days an item on average."


def test_chances_are_said_by_item(aged: Source, reader: Client) -> None:
    Expectation.objects.create(team=aged.team, percent=85, days=8, valid_from=date(2025, 1, 1))
    said = show(reader, PAGE).widgets[LATE]
    # R is past 8 days. Q is 8 days old: three took as long (8, 9, 10), fewer than five. P is 4 days old: seven took as
    # long (4 to 10), of which five no longer than 8: 71 %.
    assert cells(said.html) == [
        ["R", "Dev", "12 days", "85 % in 8 days", "missed"],
        ["Q", "Dev", "8 days", "85 % in 8 days", "unknown: too little data"],
        ["P", "Dev", "4 days", "85 % in 8 days", "71 %"],
    ]
    assert said.answer == (
        "1 of 3 items in progress has missed what is expected, and 0 more have less than an even chance. "
        "Of 1 nothing can be said: too few finished items ever were as old."
    )
    assert said.tag == "late"


def test_without_an_expectation_nothing_is_late(aged: Source, reader: Client) -> None:
    said = show(reader, PAGE).widgets[LATE]
    assert said.answer == "Nothing is expected yet: without a service level expectation no item can be late."
    assert said.tag == ""
    assert [row[:3] for row in cells(said.html)] == [
        ["R", "Dev", "12 days"],
        ["Q", "Dev", "8 days"],
        ["P", "Dev", "4 days"],
    ]


def test_an_item_of_the_table_leads_to_its_page(aged: Source, reader: Client) -> None:
    item = aged.items.get(key="R")
    assert f'<a href="/items/{item.pk}/?scope=team:falcon' in show(reader, PAGE).widgets[LATE].html


def test_nothing_in_progress(board: Source, reader: Client) -> None:
    page = show(reader, PAGE)
    assert page.heading == "Falcon: nothing is in progress"
    assert page.widgets[OLD].answer == page.widgets[LATE].answer == "Nothing is in progress."


@pytest.mark.parametrize(
    ("why", "chance", "said"),
    [
        (ageing.KNOWN, 1.0, "> 95 %"),
        (ageing.KNOWN, 0.951, "> 95 %"),
        (ageing.KNOWN, 0.95, "95 %"),
        (ageing.KNOWN, 0.12, "12 %"),
        (ageing.KNOWN, 0.05, "5 %"),
        (ageing.KNOWN, 0.0, "< 5 %"),
        (ageing.MISSED, 0.0, "missed"),
        (ageing.TOO_FEW, float("nan"), "unknown: too little data"),
    ],
)
def test_chances_are_capped_as_forecasts_are(why: int, chance: float, said: str) -> None:
    assert chance_text(why, chance)[0].replace("\u00a0", " ") == said
