"""The demo organisation's plans: over, under way and on the table, as their logs tell them."""

import pytest

from planning import outlook
from planning.models import Agreement, Card, Event, Increment, Objective, Risk, Train
from planning.queries import retrospective
from planning.replay import replayed, stored
from tests.demo import AS_OF, UNTIL
from vmo import demo as organisation
from vmo.demo import people, planning

pytestmark = pytest.mark.usefixtures("demo")


@pytest.fixture(autouse=True)
def loaded(demo: None) -> None:
    planning.load(today=UNTIL, now=AS_OF, people=people.known())


def plan(slug: str, state: str) -> Increment:
    return Increment.objects.get(train__slug=slug, state=state)


def test_three_plans_whose_logs_tell_them() -> None:
    """Falcon, Heron and Kite are of the money train, Egret of the other."""
    assert sorted(Increment.objects.values_list("train__slug", "state")) == [
        ("customer-train", "committed"),
        ("money-train", "closed"),
        ("money-train", "planning"),
    ]
    for one in Increment.objects.all():
        assert replayed(one) == stored(one)
        times = list(Event.objects.filter(increment=one).order_by("number").values_list("at", flat=True))
        assert times == sorted(times)
        assert times[-1].date() <= UNTIL


def test_what_is_over_was_committed_to_and_what_is_planned_has_problems() -> None:
    over, table = plan("money-train", "closed"), plan("money-train", "planning")
    assert over.baselines.count() == 1
    assert over.carried_into == table
    assert Objective.objects.filter(increment=over).exclude(actual_value=None).exists()
    assert over.dependencies.filter(agreement=Agreement.DELIVERED).exists()
    assert table.dependencies.filter(agreement=Agreement.REQUESTED).exists()
    assert Risk.objects.filter(increment=table, roam="").exists()
    assert Card.objects.filter(increment=table).exclude(carried_from=None).exists()
    assert Card.objects.filter(increment=table).exclude(feature=None).exists()
    # There is something to look back at: what landed and what did not, and deliveries of Kite that came late.
    found = retrospective.page(over, over.baselines.get(), AS_OF)
    assert 0 < found.landed < found.due
    assert "Kite" in {one.provider for one in found.late}
    assert found.calibration.n


def test_loading_again_adds_nothing_and_emptying_takes_all() -> None:
    before = Card.objects.count()
    planning.load(today=UNTIL, now=AS_OF, people=people.known())
    assert Card.objects.count() == before
    assert outlook.OPEN
    organisation.empty()
    assert not Train.objects.exists()
