"""Closing freezes score and lessons; carrying over keeps the link and starts from the last value."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from okrs import actions, queries
from okrs.models import Cycle, KeyResult
from portfolio.models import Initiative
from tests.cast import Cast
from tests.okrs.cast import Goals, check_in, key_result, make_goals


@pytest.fixture
def goals(cast: Cast) -> Goals:
    """A quarter that is over, so that today is after it."""
    made = make_goals(cast)
    Cycle.objects.filter(pk=made.cycle.pk).update(starts_on=date(2025, 10, 1), ends_on=date(2025, 12, 31))
    made.cycle.refresh_from_db()
    check_in(made.more, date(2025, 12, 20), 50)  # (50 − 20) ÷ 40 = 0.75, weight 1
    check_in(made.less, date(2025, 12, 20), 8)  # 0.5, weight 3
    return make_next(made)


def make_next(made: Goals) -> Goals:
    Cycle.objects.create(slug="next", name="Next", kind="own", starts_on="2026-01-01", ends_on="2026-03-31")
    return made


def following() -> Cycle:
    return Cycle.objects.get(slug="next")


def test_closing_freezes_the_score(cast: Cast, goals: Goals) -> None:
    # (0.75 + 3 × 0.5) ÷ 4 = 2.25 ÷ 4
    closed = actions.close_objective(actor=cast.member, objective=goals.team, grade=0.6, lessons="Start earlier.")
    assert closed.closed_score == pytest.approx(0.5625)
    assert (closed.grade, closed.lessons) == (0.6, "Start earlier.")
    check_in(goals.more, date(2025, 12, 31), 60)
    now = queries.scores([closed], timezone.localdate())[closed.pk]
    assert now.score == pytest.approx(0.5625)
    assert now.is_closed is True
    # As of the days before it was closed, it was open and its check-ins count.
    then = queries.scores([closed], timezone.localdate() - timedelta(days=1))[closed.pk]
    assert then.score == pytest.approx(0.625)  # (1 + 1.5) ÷ 4
    assert then.is_closed is False


def test_what_is_closed_is_not_changed(cast: Cast, goals: Goals) -> None:
    actions.close_objective(actor=cast.member, objective=goals.team)
    with pytest.raises(ValidationError, match="reopen it first"):
        actions.change_objective(actor=cast.member, objective=goals.team, name="X")
    with pytest.raises(ValidationError, match="reopen it first"):
        actions.change_key_result(actor=cast.member, key_result=goals.more, unit="x")
    opened = actions.reopen_objective(actor=cast.member, objective=goals.team)
    assert (opened.closed_at, opened.closed_score) == (None, None)
    assert actions.change_objective(actor=cast.member, objective=opened, name="X").name == "X"


@pytest.mark.parametrize("grade", [-0.1, 1.1, float("nan")])
def test_a_grade_is_from_0_to_1(cast: Cast, goals: Goals, grade: float) -> None:
    with pytest.raises(ValidationError) as error:
        actions.close_objective(actor=cast.member, objective=goals.team, grade=grade)
    assert "grade" in error.value.message_dict


def test_a_cycle_closes_after_its_objectives(cast: Cast, goals: Goals) -> None:
    with pytest.raises(ValidationError, match="3 objectives of it are open"):
        actions.close_cycle(actor=cast.pmo, cycle=goals.cycle)
    for one in (goals.company, goals.stream, goals.team):
        actions.close_objective(actor=cast.pmo, objective=one)
    assert actions.close_cycle(actor=cast.pmo, cycle=goals.cycle).closed_at
    with pytest.raises(ValidationError) as error:
        actions.create_objective(actor=cast.pmo, cycle=goals.cycle, name="Late")
    assert "is closed" in error.value.message_dict["cycle"][0]
    with pytest.raises(ValidationError, match="reopen it first"):
        actions.reopen_objective(actor=cast.pmo, objective=type(goals.team).objects.get(pk=goals.team.pk))


def test_carrying_over_starts_from_the_last_value(cast: Cast, goals: Goals) -> None:
    reached = key_result(goals.team, "Reached", 0, 10)
    check_in(reached, date(2025, 12, 1), 12)
    band = key_result(goals.team, "Band", None, None, kind="band", band_low=1, band_high=2)
    pending = key_result(goals.team, "Pending", 0, 10)
    going = Initiative.objects.create(slug="a", name="Going on", stream=cast.payments)
    over = Initiative.objects.create(slug="b", name="Over", stream=cast.payments, ended_on="2025-12-01")
    for work in (going, over):
        goals.more.contributions.create(initiative=work, lift=5)
    actions.link_support(actor=None, objective=goals.team, above=goals.stream)
    assert actions.offered(goals.team) == {goals.more.pk: 50, goals.less.pk: 8, band.pk: None, pending.pk: 0}
    made = actions.carry_over(actor=cast.coach, objective=goals.team, cycle=following())
    assert (made.carried_from, made.cycle, made.team, made.version) == (goals.team, following(), cast.falcon, 1)
    carried = {one.name: (one.baseline, one.target) for one in made.key_results.all()}
    assert carried == {
        "Refunds by themselves": (50, 60),
        "Days to a refund": (8, 5),
        "Band": (None, None),
        "Pending": (0, 10),
    }
    first = KeyResult.objects.get(carried_from=goals.more)
    assert [work.initiative for work in first.contributions.all()] == [going]
    assert [line.above for line in made.supports.all()] == [goals.stream]


def test_carrying_over_with_baselines_of_ones_own(cast: Cast, goals: Goals) -> None:
    made = actions.carry_over(
        actor=cast.coach, objective=goals.team, cycle=following(), baselines={goals.more.pk: 30.0}
    )
    assert [one.baseline for one in made.key_results.all()] == [30]
    with pytest.raises(ValidationError) as error:
        actions.carry_over(actor=cast.coach, objective=goals.team, cycle=following())
    assert "already" in error.value.message_dict["cycle"][0]
    with pytest.raises(ValidationError) as error:
        actions.carry_over(actor=cast.coach, objective=goals.team, cycle=goals.cycle)
    assert "It is in this cycle" in error.value.message_dict["cycle"][0]


def test_a_carried_key_result_has_a_way_to_go(cast: Cast, goals: Goals) -> None:
    with pytest.raises(ValidationError) as error:
        actions.carry_over(actor=None, objective=goals.team, cycle=following(), baselines={goals.more.pk: 61.0})
    assert "would start at its target" in error.value.message_dict[f"baseline{goals.more.pk}"][0]
    assert not following().objectives.exists()


def test_before_it_was_closed_the_api_knows_nothing_of_it(client: Client, cast: Cast, goals: Goals) -> None:
    actions.close_objective(actor=cast.member, objective=goals.team, grade=0.6, lessons="Start earlier.")
    client.force_login(cast.member)
    names = ("closed_at", "closed_score", "grade", "lessons")
    then = client.get(f"/api/v1/objectives/{goals.team.pk}/?as_of=2025-12-30").json()
    assert [then[name] for name in names] == [None, None, None, ""]
    now = client.get(f"/api/v1/objectives/{goals.team.pk}/").json()
    assert (now["closed_score"], now["grade"], now["lessons"]) == (pytest.approx(0.5625), 0.6, "Start earlier.")
