"""How much a forecast may cost: told before it is made, and refused in words."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.core.cache import cache
from django.test import Client

from metrics.forecasts.bounds import TOO_MUCH, bounded
from metrics.forecasts.questions import BadQuestion, Question
from metrics.formulas.forecast.cost import MOST, cost
from metrics.formulas.forecast.engine import answer
from metrics.formulas.forecast.shapes import Inputs, Line, Part, Target
from tests.cast import Cast
from tests.metrics.forecast_board import board, done_on, worked
from tests.metrics.forecast_cast import TODAY, crew, inputs, items

USUAL = {0: 30, 1: 20, 2: 8, 3: 2}
# From 100 to 295 finishes a day, each number once.
BUSY = dict.fromkeys(range(100, 296), 1)


def until(by: date, counts: dict[int, int]) -> Inputs:
    return inputs([crew(counts)], [], [], counting=(0,), by=by)


def days(n: int) -> date:
    return TODAY + timedelta(days=n)


def test_what_people_ask_is_far_below_the_limit() -> None:
    ordinary = [
        items(100, USUAL),
        items(1000, USUAL),
        items(5000, BUSY),
        until(days(84), USUAL),
        until(days(84), BUSY),
        until(days(3652), USUAL),
    ]
    for given in ordinary:
        assert cost(given) < MOST
        assert bounded(given, Question()) is given


def test_ten_years_of_a_busy_team_are_refused_at_the_day() -> None:
    with pytest.raises(BadQuestion) as refused:
        bounded(until(days(3652), BUSY), Question(by=days(3652)))
    assert list(refused.value.problems) == ["by"]
    assert "choose an earlier day" in str(refused.value)


def test_too_many_items_are_refused_at_their_number() -> None:
    with pytest.raises(BadQuestion) as refused:
        bounded(items(100_000, {0: 20, **dict.fromkeys(range(1, 41), 1)}), Question(items=100_000))
    assert refused.value.problems == {"items": f"These are {TOO_MUCH}: ask for fewer."}


def test_what_nobody_asked_for_by_number_is_answered_with_the_reason() -> None:
    crews = [crew(BUSY, slug=f"t{n}") for n in range(40)]
    lines = [Line((n,), (Part("a", 100_000),)) for n in range(40)]
    target = Target("initiative:1", "Everything", tuple((n, 0) for n in range(40)), detail=True)
    given = bounded(inputs(crews, lines, [target]), Question())
    assert given.reason == TOO_MUCH
    assert answer(given)["targets"] == [{"id": "initiative:1", "items": 0, "reason": TOO_MUCH}]


def test_the_date_is_told_where_only_the_figures_are_too_much() -> None:
    crews = [crew(USUAL, slug=f"t{n}") for n in range(3)]
    lines = [Line((n,), (Part("a", 1000),)) for n in range(3)]
    target = Target("initiative:1", "Everything", tuple((n, 0) for n in range(3)), detail=True)
    given = bounded(inputs(crews, lines, [target]), Question())
    assert given.notes == ("the figure of each day would take too long",)
    [found] = answer(given)["targets"]
    assert found["when"]["85"]
    assert "fan" not in found


def test_a_team_that_hardly_finishes_anything_costs_no_more_than_the_horizon() -> None:
    nearly_nothing = inputs(
        [crew({0: 55, 1: 5}, factor=Fraction(1, 10_000))],
        [Line((0,), (Part("items", 100_000),))],
        [Target("items", "items", ((0, 0),))],
    )
    assert cost(nearly_nothing) < MOST


@pytest.mark.django_db
def test_page_and_api_say_it_at_the_field(cast: Cast) -> None:
    """From 100 to 159 items on each of the 60 sampled days."""
    cache.clear()
    rows = [row for n, day in enumerate(worked()) for row in done_on(f"x{n}-", [day] * (100 + n))]
    board(cast.falcon, rows, every=0)
    client = Client()
    client.force_login(cast.leader)
    asked = "scope=team:falcon&as_of=2025-06-02T12:00:00Z&by=2035-05-30"
    told = client.get(f"/api/v1/forecast/?{asked}")
    assert (told.status_code, list(told.json())) == (400, ["by"])
    page = client.get(f"/flow/forecast/?{asked}&items=10")
    assert page.status_code == 400
    assert "is too far ahead for so many finishes a day" in page.content.decode()
    # The rest of the page is there, for the day that is asked when none is said.
    assert "How many items by 25 Aug 2025?" in page.content.decode()
