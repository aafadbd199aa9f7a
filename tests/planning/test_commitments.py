"""Forecasts kept when a plan is committed to: what was promised, with the people's vote, to be scored later."""

from datetime import UTC, date, datetime

import pytest
from django.core.cache import cache

from metrics.actions.forecasts import decide_outcomes
from metrics.forecasts import of_stored
from metrics.formulas.forecast import train as formula
from metrics.load import upsert
from metrics.models import Forecast, Outcome
from planning.actions.states import commit, step_back
from planning.commitments import kept_for
from planning.models import Ballot, Baseline, Increment, Poll
from tests.cast import Cast
from tests.metrics.forecast_board import NOON, board, feature, item, open_items
from tests.planning.cast import Planned, make_planned

pytestmark = pytest.mark.django_db
FIVE = 638 / 1024


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


def committed(cast: Cast, *fingers: int) -> Planned:
    """Refunds of Falcon (five items, a coin on each of ten days) in Iteration 1; others of which nothing is kept."""
    plan = make_planned(cast)
    made = board(cast.falcon, every=2)
    plan.card("Refunds", plan.falcon, 1, feature=feature(made, "Refunds", 1, *open_items("Refunds", 5)))
    plan.card("No feature", plan.falcon, 1)
    plan.card("Unplanned", plan.falcon, feature=feature(made, "Later", 2, *open_items("Later", 1)))
    if fingers:
        opened = {"increment": plan.increment, "opened_at": NOON}
        poll = Poll.objects.create(**opened, lane=plan.falcon, token="one", closed_at=NOON)
        for device, fist in enumerate(fingers):
            Ballot.objects.create(poll=poll, device=str(device), fingers=fist)
    commit(actor=cast.pmo, increment=Increment.objects.get(pk=plan.increment.pk), at=NOON)
    return plan


def test_what_is_kept(cast: Cast) -> None:
    """Fists of 2, 3 and 5 are 30, 50 and 90 %: 56.7 % on average."""
    plan = committed(cast, 2, 3, 5)
    [row] = kept_for(plan.increment)
    assert (row.subject, row.team, row.items, row.due_on) == ("Refunds", cast.falcon, 5, date(2026, 1, 16))
    assert row.chance == pytest.approx(FIVE, abs=0.02)
    assert row.votes == pytest.approx(0.566667)
    assert (row.engine, row.as_of, row.made_by) == (formula.ENGINE, NOON, cast.pmo)
    [delivery] = of_stored(row).deliveries
    assert (delivery.name, delivery.items, delivery.chance) == ("Refunds", 5, row.chance)
    baseline = Baseline.objects.get()
    assert baseline.chances["forecasts"] == [row.pk]
    assert baseline.chances["cards"][str(plan.increment.cards.get(title="Refunds").pk)] == row.chance


def test_what_came_of_it_is_decided_by_the_items(cast: Cast) -> None:
    plan = committed(cast)
    decide_outcomes(now=datetime(2026, 1, 20, tzinfo=UTC))
    assert [row.outcome for row in kept_for(plan.increment)] == [Outcome.MISSED]
    made = Forecast.objects.get().team
    assert made is not None
    done = [item(f"Refunds-{n}", "2026-01-16 done", parent="Refunds") for n in range(5)]
    upsert(made.sources.get(), [row for rows in done for row in rows])
    decide_outcomes(now=datetime(2026, 1, 20, tzinfo=UTC))
    [row] = kept_for(plan.increment)
    assert (row.outcome, row.finished_on) == (Outcome.KEPT, date(2026, 1, 16))


def test_who_commits_again_promises_anew(cast: Cast) -> None:
    plan = committed(cast)
    Forecast.objects.update(due_on=date(2999, 1, 1))
    increment = Increment.objects.get(pk=plan.increment.pk)
    step_back(actor=cast.pmo, increment=increment, reason="a team was missing")
    commit(actor=cast.pmo, increment=increment, at=NOON)
    assert list(Forecast.objects.order_by("pk").values_list("outcome", flat=True)) == [Outcome.WITHDRAWN, Outcome.OPEN]
    assert len(kept_for(plan.increment)) == 1
