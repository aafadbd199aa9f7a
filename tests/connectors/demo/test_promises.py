"""What demo teams committed to: made once, from what was known then, and decided by what came."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.demo import promises
from metrics import forecasts
from metrics.measurement import Window
from metrics.models import Forecast, Outcome
from metrics.queries import measure
from portfolio.models import Team
from portfolio.queries import team_scope
from tests.demo import TEAMS, UNTIL

NOW = datetime(2025, 6, 29, 23, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("demo")


def test_commitments_are_made_once_and_decided() -> None:
    assert promises.is_read()
    made = promises.make(today=UNTIL, now=NOW)
    assert made >= 2 * len(TEAMS)
    assert promises.make(today=UNTIL, now=NOW) == 0
    assert Forecast.objects.filter(due_on__lt=UNTIL, outcome=Outcome.OPEN).count() == 0
    assert forecasts.calibration(None).n == made


def test_an_outcome_is_what_the_team_finished_in_that_time() -> None:
    promises.make(today=UNTIL, now=NOW)
    falcon = team_scope(Team.objects.get(slug="falcon"))
    for forecast in Forecast.objects.filter(team__slug="falcon"):
        # The day of the commitment is over when it is made.
        after = Window(forecast.as_of.date() + timedelta(days=1), forecast.due_on)
        finished = measure("throughput", falcon, after, NOW).value or 0
        assert (finished >= forecast.items) == (forecast.outcome == Outcome.KEPT)
