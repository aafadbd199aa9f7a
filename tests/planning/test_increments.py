"""Making an increment: its iterations, its rows, its checklists; changing it."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from planning.actions.increments import change_increment, create_increment
from planning.actions.iterations import laid_out
from planning.actions.trains import create_train
from planning.models import Increment, LaneKind, Train
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import Cast
from tests.planning.cast import make_planned

FIRST = date(2026, 3, 2)


@pytest.fixture
def train(cast: Cast) -> Train:
    return create_train(actor=cast.pmo, name="North", teams=[cast.kite, cast.heron], first=date(2026, 1, 1))


def test_an_increment_has_iterations_rows_and_checklists(cast: Cast, train: Train) -> None:
    made = create_increment(
        actor=cast.pmo, train=train, name="PI 26.2", iterations=laid_out(FIRST, 14, 2, with_ip=True)
    )
    spans = [(row.name, row.first_on, row.last_on, row.is_ip) for row in made.iterations.all()]
    # Fortnights from Monday 2 March: to the 15th, 16th to 29th, 30 March to 12 April.
    assert spans == [
        ("Iteration 1", date(2026, 3, 2), date(2026, 3, 15), False),
        ("Iteration 2", date(2026, 3, 16), date(2026, 3, 29), False),
        ("IP iteration", date(2026, 3, 30), date(2026, 4, 12), True),
    ]
    # Heron is of Payments, the first value stream; Kite of Platform.
    rows = [(row.name, row.kind) for row in made.lanes.all()]
    assert rows == [("Heron", LaneKind.TEAM), ("Kite", LaneKind.TEAM), ("Milestones", LaneKind.MILESTONES)]
    assert made.checks.filter(list="ready").count() == 10
    assert made.checks.filter(list="final", rule="risks").exists()
    assert replayed(made) == stored(made)


def test_external_rows_come_from_the_increment_before(cast: Cast) -> None:
    plan = make_planned(cast)
    made = create_increment(actor=cast.pmo, train=plan.train, name="PI 26.2", after=plan.increment)
    assert [row.name for row in made.lanes.all()] == ["Falcon", "Heron", "Kite", "Bank", "Milestones"]


@pytest.mark.parametrize("who", ["member", "coach", "leader", "viewer", "outsider", "stream_pmo"])
def test_only_the_pmo_of_all_teams_makes_one(cast: Cast, train: Train, who: str) -> None:
    with pytest.raises(PermissionDenied):
        create_increment(actor=cast.person(who), train=train, name="PI 26.2")


def test_short_names_are_told_apart_and_addresses_of_the_portal_kept(cast: Cast, train: Train) -> None:
    create_increment(actor=cast.pmo, train=train, name="PI 26.2")
    south = create_train(actor=cast.pmo, name="South", teams=[cast.falcon])
    assert create_increment(actor=cast.pmo, train=south, name="PI 26.2").slug == "south-pi-26-2"
    for name in ("Trains", "New"):
        with pytest.raises(ValidationError, match="address of the portal"):
            create_increment(actor=cast.pmo, train=train, name=name)
    with pytest.raises(ValidationError, match="has an increment of that name"):
        create_increment(actor=cast.pmo, train=train, name="PI 26.2")
    assert Increment.objects.count() == 2


def test_a_stale_change_is_told_who_was_first(cast: Cast) -> None:
    plan = make_planned(cast)
    change_increment(actor=cast.pmo, increment=plan.increment, version=1, name="PI One")
    with pytest.raises(Conflict) as raised:
        change_increment(actor=cast.administrator, increment=plan.increment, version=1, vision="Faster refunds")
    assert (raised.value.who, raised.value.verb) == (str(cast.pmo), "renamed PI 26.1 to PI One")
