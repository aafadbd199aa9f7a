"""Trains and the teams in them: one train at a time, and boards that follow."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from planning.actions.trains import add_team, change_seat, create_train, set_train_teams
from planning.models import Increment, Train
from planning.queries.trains import rows_of
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import Cast, make_team
from tests.planning.cast import Planned, make_planned

pytestmark = pytest.mark.django_db
TODAY = date(2026, 2, 2)


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


def _rows(plan: Planned) -> dict[str, date | None]:
    return dict(plan.increment.lanes.filter(kind="team").values_list("name", "left_on"))


def test_a_team_in_another_train_is_refused_naming_it(cast: Cast, plan: Planned) -> None:
    text = "Falcon is in the train Payments train from 1 Jan 2025 until further notice"
    with pytest.raises(ValidationError, match=text) as raised:
        create_train(actor=cast.pmo, name="North", teams=[cast.falcon])
    assert set(raised.value.message_dict) == {"teams"}
    assert not Train.objects.filter(name="North").exists()
    north = create_train(actor=cast.pmo, name="North", teams=[make_team(cast.payments, "Osprey", cast.calendar)])
    with pytest.raises(ValidationError) as raised:
        add_team(actor=cast.pmo, train=north, team=cast.kite, first=TODAY)
    assert set(raised.value.message_dict) == {"team"}
    # Once it has left, it may come: the day after its last.
    seat = plan.train.seats.get(team=cast.kite)
    change_seat(actor=cast.pmo, seat=seat, first=date(2025, 1, 1), last=date(2026, 2, 1))
    assert add_team(actor=cast.pmo, train=north, team=cast.kite, first=TODAY).last_day is None


def test_who_is_pmo_of_a_value_stream_makes_trains_of_its_teams(cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        create_train(actor=cast.stream_pmo, name="North", teams=[cast.falcon, cast.kite])
    with pytest.raises(PermissionDenied):
        create_train(actor=cast.leader, name="North", teams=[cast.falcon])
    train = create_train(actor=cast.stream_pmo, name="North", teams=[cast.falcon, cast.heron], first=TODAY)
    with pytest.raises(PermissionDenied):
        add_team(actor=cast.stream_pmo, train=train, team=cast.kite, first=TODAY)


def test_a_team_that_leaves_keeps_its_closed_row_and_one_that_comes_gets_one(cast: Cast, plan: Planned) -> None:
    osprey = make_team(cast.platform, "Osprey", cast.calendar)
    card = plan.card("Refund API", plan.kite, 2)
    set_train_teams(actor=cast.pmo, train=plan.train, teams=[cast.falcon, cast.heron, osprey], on=TODAY)
    assert _rows(plan) == {"Falcon": None, "Heron": None, "Kite": TODAY, "Osprey": None}
    card.refresh_from_db()
    assert card.lane == plan.kite
    seats = {seat.team.name: (seat.during.lower, seat.last_day) for seat in plan.train.seats.select_related("team")}
    assert seats["Kite"] == (date(2025, 1, 1), date(2026, 2, 1))
    assert seats["Osprey"] == (TODAY, None)
    plan.increment.refresh_from_db()
    assert replayed(plan.increment) == stored(plan.increment)
    # It comes back: its row is open again.
    change_seat(actor=cast.pmo, seat=plan.train.seats.get(team=cast.kite), first=date(2025, 1, 1), last=None)
    assert _rows(plan)["Kite"] is None


def test_a_team_that_stays_to_the_end_of_the_increment_keeps_its_row_open(cast: Cast, plan: Planned) -> None:
    seat = plan.train.seats.get(team=cast.kite)
    # The IP iteration ends on Friday, 27 March: 5 January and twelve weeks, less three days.
    change_seat(actor=cast.pmo, seat=seat, first=date(2025, 1, 1), last=date(2026, 3, 27))
    assert _rows(plan)["Kite"] is None
    change_seat(actor=cast.pmo, seat=seat, first=date(2025, 1, 1), last=date(2026, 3, 26))
    assert _rows(plan)["Kite"] == date(2026, 3, 27)


def test_a_stale_change_of_teams_is_told(cast: Cast, plan: Planned) -> None:
    set_train_teams(actor=cast.pmo, train=plan.train, teams=[cast.falcon, cast.heron], version=1)
    with pytest.raises(Conflict):
        set_train_teams(actor=cast.administrator, train=plan.train, teams=[cast.falcon], version=1)


@pytest.mark.parametrize(
    ("today", "is_over", "where"),
    # Iteration 1 begins on Monday, 5 January, and ends on the 16th; iteration 2 begins on the 19th; the IP iteration
    # ends on 27 March.
    [
        (date(2026, 1, 4), False, "begins on 5 Jan 2026"),
        (date(2026, 1, 5), False, "Iteration 1 of 6"),
        (date(2026, 1, 17), False, "6 iterations"),
        (date(2026, 3, 27), False, "IP iteration, 6 of 6"),
        (date(2026, 3, 28), True, "6 iterations"),
    ],
)
def test_what_is_committed_is_over_once_its_last_day_has_passed(
    plan: Planned, today: date, is_over: bool, where: str
) -> None:
    Increment.objects.update(state="committed", committed_at="2025-12-20T00:00Z")
    [row] = rows_of(Increment.objects.all(), today)
    assert (row.is_over, row.where) == (is_over, where)
