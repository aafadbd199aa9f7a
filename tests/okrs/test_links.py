"""What supports what, without circles whoever draws at the same time; and which work moves what."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from okrs import actions
from okrs.models import Objective, Support
from portfolio.models import Initiative
from tests.cast import Cast, make_cast
from tests.okrs.cast import Goals, key_result, make_goals


@pytest.fixture
def goals(cast: Cast) -> Goals:
    return make_goals(cast)


def refused(field: str, said: str, **line: object) -> None:
    with pytest.raises(ValidationError) as error:
        actions.link_support(actor=None, **line)  # type: ignore[arg-type]
    assert said in error.value.message_dict[field][0]


def test_up_the_levels(goals: Goals) -> None:
    up = key_result(goals.company, "Customers", 0, 10)
    actions.link_support(actor=None, objective=goals.team, above=goals.stream)
    actions.link_support(actor=None, objective=goals.stream, key_result=up)
    # Drawing a line again changes nothing.
    actions.link_support(actor=None, objective=goals.team, above=goals.stream)
    assert Support.objects.count() == 2


def test_not_down_the_levels_nor_to_oneself(goals: Goals) -> None:
    refused("above", "is below this objective", objective=goals.stream, above=goals.team)
    refused("above", "does not support itself", objective=goals.team, above=goals.team)
    refused("key_result", "does not support itself", objective=goals.team, key_result=goals.more)
    refused("above", "Choose an objective or a key result", objective=goals.team)


def test_no_circles_by_objectives_or_key_results(cast: Cast, goals: Goals) -> None:
    two, three = (
        Objective.objects.create(cycle=goals.cycle, level="team", team=cast.falcon, name=name)
        for name in ("Two", "Three")
    )
    actions.link_support(actor=None, objective=goals.team, above=two)
    actions.link_support(actor=None, objective=two, key_result=key_result(three, "K", 0, 1))
    refused("above", "that would be a circle", objective=three, above=goals.team)
    refused("key_result", "that would be a circle", objective=three, key_result=goals.more)
    assert Support.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_at_once_close_no_circle() -> None:
    """One would draw A → B, the other B → A: whoever comes second is refused."""
    cast = make_cast()
    goals = make_goals(cast)
    other = Objective.objects.create(cycle=goals.cycle, level="team", team=cast.heron, name="Other")
    start, outcomes = threading.Barrier(2), []

    def draw(objective: Objective, above: Objective) -> None:
        try:
            start.wait(20)
            actions.link_support(actor=None, objective=objective, above=above)
            outcomes.append("drawn")
        except ValidationError:
            outcomes.append("refused")
        finally:
            connections.close_all()

    pairs = [(goals.team, other), (other, goals.team)]
    threads = [threading.Thread(target=draw, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["drawn", "refused"]
    assert Support.objects.count() == 1


def test_work_moves_a_key_result_once(cast: Cast, goals: Goals) -> None:
    work = Initiative.objects.create(slug="pay", name="Pay", stream=cast.payments)
    made = actions.link_contribution(actor=cast.member, key_result=goals.less, initiative=work, lift=-2.5)
    assert made.lift == -2.5
    for fields, field in (
        ({"initiative": work, "lift": 1}, "work"),
        ({"lift": 1}, "work"),
        ({"initiative": work, "lift": 0}, "lift"),
        ({"initiative": work, "lift": float("inf")}, "lift"),
    ):
        with pytest.raises(ValidationError) as error:
            actions.link_contribution(actor=None, key_result=goals.less, **fields)
        assert field in error.value.message_dict
    assert actions.change_contribution(actor=cast.member, contribution=made, lift=-3).lift == -3
    actions.unlink_contribution(actor=cast.member, contribution=made)
    assert not goals.less.contributions.exists()


def test_what_comes_back_closes_no_circle(cast: Cast, goals: Goals) -> None:
    """One supports Two and is deleted; then Two supports Three, and Three supported One: One cannot come back so."""
    one, two, three = (
        Objective.objects.create(cycle=goals.cycle, level="team", team=cast.falcon, name=name)
        for name in ("One", "Two", "Three")
    )
    actions.link_support(actor=None, objective=one, above=two)
    actions.link_support(actor=None, objective=three, above=one)
    removed = actions.delete_objective(actor=None, objective=one)
    line = actions.link_support(actor=None, objective=two, above=three)
    with pytest.raises(ValidationError, match="that would be a circle"):
        actions.restore_removed(actor=None, removed=removed)
    assert not Objective.objects.filter(name="One").exists()
    actions.unlink_support(actor=None, support=line)
    assert actions.restore_removed(actor=None, removed=removed).name == "One"
