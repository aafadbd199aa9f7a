"""The Calibration page: whether forecasts came true as often as they said, in words and numbers told by hand."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from dashboards.queries.forecast_calibration import brier_means, verdict
from metrics.models import Forecast, Outcome
from tests.cast import Cast
from tests.dashboards.forecast_cast import NOON
from tests.dashboards.test_forecast import words
from tests.metrics.forecast_cast import items as inputs_of

Show = Callable[..., str]


@pytest.fixture
def show(cast: Cast, client: Client) -> Show:
    client.force_login(cast.pmo)

    def page(scope: str = "stream:payments") -> str:
        answer = client.get("/flow/calibration/", {"scope": scope})
        assert answer.status_code == 200
        return words(answer.content.decode())

    return page


def decided(cast: Cast, chance: float, kept: int, missed: int, votes: float | None = None, **fields: object) -> None:
    """So many forecasts of Falcon that said `chance`, of which so many were kept and missed."""
    about = {"team": cast.falcon, "subject": "5 items", "items": 5, "due_on": date(2025, 6, 9), "engine": "exact-1"}
    about |= {"as_of": NOON, "inputs": inputs_of(5, {1: 5}), "result": "{}", "chance": chance, "votes": votes}
    outcomes = [Outcome.KEPT] * kept + [Outcome.MISSED] * missed
    Forecast.objects.bulk_create(Forecast(**about | fields, outcome=outcome) for outcome in outcomes)


def test_it_says_in_words_what_came_true(cast: Cast, show: Show) -> None:
    decided(cast, 0.84, kept=19, missed=5)
    decided(cast, 0.3, kept=1, missed=3)
    text = show()
    # 24 × 0.84 + 4 × 0.3 = 20.16 + 1.2 = 21.4.
    assert "Payments: 20 of 28 forecasts came true; by what they said, 21 should have" in text
    assert "Of 24 forecasts that said 80 to 90 %, 19 came true." in text
    assert "Of 4 forecasts that said 30 to 40 %, 1 came true." in text
    # Mean of (0.84 − 1)² × 19, 0.84² × 5, (0.3 − 1)² × 1 and 0.3² × 3: (0.4864 + 3.528 + 0.49 + 0.27) ÷ 28 = 0.171.
    assert "0.17 Brier score" in text
    # 1 − 0.1705 ÷ 0.25 is 32 %.
    assert "better by 32 %" in text
    # 19 of 24 is 79 %.
    assert "80 to 90 % 24 84 % 19 (79 %) within chance" in text


def test_votes_are_scored_beside_the_forecasts_on_the_same_commitments(cast: Cast, show: Show) -> None:
    decided(cast, 0.9, kept=10, missed=0, votes=0.5)
    decided(cast, 0.1, kept=0, missed=5)
    text = show()
    # Votes: (0.5 − 1)² = 0.25 each; forecasts on those ten: (0.9 − 1)² = 0.01.
    assert "On 10 commitments with a vote: votes 0.25, forecasts 0.01; the forecasts came closer." in text


def test_what_is_not_decided_is_listed_and_not_scored(cast: Cast, show: Show) -> None:
    decided(cast, 0.84, kept=10, missed=0)
    decided(cast, 0.1, kept=1, missed=0)
    Forecast.objects.filter(chance=0.1).update(outcome=Outcome.WITHDRAWN)
    text = show()
    assert "Payments: 10 of 10 forecasts came true" in text
    assert "Withdrawn" in text


def test_nothing_to_learn_from_teaches_what_would_be_here(cast: Cast, show: Show) -> None:
    text = show()
    assert "Payments: no commitment has been scored yet" in text
    assert "Make a forecast and commit to it" in text
    assert "None" not in text


def test_a_few_say_how_many_are_missing_for_a_score(cast: Cast, show: Show) -> None:
    decided(cast, 0.84, kept=2, missed=1)
    text = show()
    assert "3 of 10 forecasts with a known outcome" in text
    assert "n/a" in text
    assert "Of 3 forecasts that said 80 to 90 %, 2 came true." in text


def test_another_stream_has_its_own(cast: Cast, show: Show) -> None:
    decided(cast, 0.84, kept=10, missed=0)
    assert "Platform: no commitment has been scored yet" in show("stream:platform")
    assert "Portfolio: 10 of 10" in show("portfolio")


def test_a_team_is_not_graded(cast: Cast, show: Show, client: Client) -> None:
    decided(cast, 0.84, kept=10, missed=0)
    assert "Payments: 10 of 10" in show("team:falcon")
    # Who sees the team only is told whose page this is, and nothing of the stream.
    client.force_login(cast.viewer)
    text = words(client.get("/flow/calibration/", {"scope": "team:falcon"}).content.decode())
    assert "calibration is of value streams" in text
    assert "10 of 10" not in text


@pytest.mark.parametrize(
    ("stated", "kept", "n", "said"),
    [
        # Standard error √(0.8 × 0.2 ÷ 25) = 0.08: twice that is 0.16.
        (0.8, 0.66, 25, "within chance"),
        (0.8, 0.62, 25, "too sure"),
        (0.8, 0.97, 25, "too careful"),
        (0.9, 0.0, 1, "within chance"),
        (None, None, 0, ""),
    ],
)
def test_a_verdict_needs_more_than_chance(stated: float | None, kept: float | None, n: int, said: str) -> None:
    assert verdict(stated, kept, n) == said


def test_a_score_worse_than_no_idea_is_said() -> None:
    assert brier_means(0.3).endswith("these forecasts were no better than that.")


def test_what_was_committed_to_afterwards_is_listed_as_not_scored(cast: Cast, show: Show) -> None:
    # Their day was 9 June 2025; they are made now.
    decided(cast, 0.84, kept=1, missed=0, made_by=cast.pmo)
    text = show()
    assert "Payments: no commitment has been scored yet" in text
    assert "5 items Falcon 9 Jun 2025 84 % Kept, not scored" in text
