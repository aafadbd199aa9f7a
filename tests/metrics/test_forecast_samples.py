"""Which finishes the queue of a team is reckoned with: those of its features, where there are enough; by hand.

The days are those of tests/metrics/forecast_board.py.
"""

import json
from collections.abc import Callable
from datetime import date

import pytest
from django.core.cache import cache

from metrics import actions, forecasts
from metrics.forecasts import Question
from portfolio.models import Feature, Team
from tests.metrics.cast import team
from tests.metrics.forecast_board import NOON, ask, board, done_on, feature, item, open_items, plan, when, worked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def falcon() -> Team:
    return team("falcon")


def of_features(n: int) -> Callable[[Team], Feature]:
    """A board with one finish a day, of which n (each on its own day, from the first on) belonged to a feature."""

    def made(owner: Team) -> Feature:
        plain = done_on("plain", worked()[n:])
        its = [item(f"own{at}", f"{day} done", parent="E") for at, day in enumerate(worked()[:n])]
        return feature(board(owner, plain, every=0), "E", 1, *its, *open_items("E", 2))

    return made


def test_a_queue_gets_only_what_was_finished_of_features(falcon: Team) -> None:
    """30 of 60 days had a finish of a feature: a coin a day. 2 items: 50 % on day 3, 85 % on day 6 (57/64), not day 2.

    Day 1 is Tuesday, 3 June: day 3 is the 5th, day 6 the 10th. With all finishes, one a day: day 2, the 4th.
    """
    one = of_features(30)(falcon)
    id = f"feature:{one.pk}"
    for found in (plan(), forecasts.ask_feature(one, Question(), NOON).base, plan(Question(only_features=True))):
        assert (when(found, id, 50), when(found, id, 85)) == (date(2025, 6, 5), date(2025, 6, 10))
        [sample] = found.teams
        assert (sample.only_features, sample.counts) == (True, {0: 30, 1: 30})
        assert (sample.finished, sample.in_features, sample.of_all) == (30, 30, 60)
        assert found.notes == ()
        assert json.loads(found.inputs)["teams"][0]["only_features"] is True
    every = plan(Question(only_features=False))
    assert (when(every, id, 85), every.notes) == (date(2025, 6, 4), ())
    [sample] = every.teams
    assert (sample.only_features, sample.finished, sample.in_features, sample.of_all) == (False, 60, 30, 60)
    # Items are not of features: for them all finishes count, unless the question says otherwise.
    assert ask(Question(items=2)).teams[0].counts == {1: 60}
    assert ask(Question(items=2, only_features=True)).teams[0].counts == {0: 30, 1: 30}


def test_a_share_that_was_said_is_not_taken_twice(falcon: Team) -> None:
    """Half of one a day is a coin a day, as with the features' own finishes: 85 % on the 10th. Both: a quarter."""
    one = of_features(30)(falcon)
    found = plan(Question(share=50))
    assert found.teams[0].only_features is False
    assert when(found, f"feature:{one.pk}") == date(2025, 6, 10)


@pytest.mark.parametrize(("n", "is_enough"), [(4, False), (5, True)])
def test_too_few_finishes_of_features_let_all_count_and_say_so(falcon: Team, n: int, is_enough: bool) -> None:
    of_features(n)(falcon)
    found = plan()
    assert found.teams[0].only_features is is_enough
    note = f"Falcon finished too little of features in the sample ({n} of 60 items), so all its finishes count"
    assert found.notes == (() if is_enough else (note,))
    # Asked for outright, it is no forecast rather than another one.
    asked = plan(Question(only_features=True)).deliveries[0]
    gap = f"too little data: Falcon finished such work on {n} of the 5 days needed in the last 84"
    assert asked.reason == ("" if is_enough else gap)


def test_each_team_is_reckoned_its_own_way(falcon: Team) -> None:
    """Falcon has finishes of features, Heron none: only Heron's are all counted, and only Heron is named."""
    of_features(30)(falcon)
    feature(board(team("heron")), "H", 1, *open_items("H", 2))
    found = plan(scope="stream:payments")
    assert {one.slug: one.only_features for one in found.teams} == {"falcon": True, "heron": False}
    note = "Heron finished too little of features in the sample (0 of 60 items), so all its finishes count"
    assert found.notes == (note,)


def test_what_is_committed_to_says_which_finishes_counted(falcon: Team) -> None:
    one = of_features(30)(falcon)
    made = actions.commit_forecast(actor=None, as_of=NOON, due_on=date(2025, 6, 10), feature=one)
    assert made.chance == pytest.approx(57 / 64)
    assert forecasts.of_stored(made).teams[0].only_features is True
    assert forecasts.is_reproduced(made) is True
    before = made.inputs.replace('"of_all":60,', "").replace('"only_features":true,', "")
    made.inputs = before  # as it was stored before this was kept
    assert (forecasts.of_stored(made).teams[0].of_all, forecasts.is_reproduced(made)) == (30, True)
