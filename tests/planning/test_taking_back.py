"""Taking back where something else was built upon: what would break the board is refused in words, what hangs on a row
goes with it, line by line in the log."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from planning.actions.cards import remove_card, restore_card
from planning.actions.carrying import carry_over
from planning.actions.dependencies import request_dependency
from planning.actions.increments import create_increment
from planning.actions.iterations import Span, laid_out, set_iterations
from planning.actions.people import add_absence, add_seat
from planning.actions.states import change_state
from planning.actions.trains import change_seat
from planning.actions.undoing import undo
from planning.live import told
from planning.models import Absence, Event, Increment, Lane, Seat
from planning.replay import replayed, stored
from tests.cast import Cast
from tests.planning.cast import FIRST, Planned, make_planned
from tests.planning.sound import check_board

pytestmark = pytest.mark.django_db


def last(increment: Increment) -> Event:
    line = increment.events.order_by("-number").first()
    assert line is not None
    return line


def spans(plan: Planned) -> list[Span]:
    rows = plan.increment.iterations.all()
    return [Span(row.first_on, row.last_on, row.name, row.is_ip, row.pk) for row in rows]


def test_a_card_does_not_come_back_into_a_circle(cast: Cast) -> None:
    """B needs A, C needs B; B is off the board while A comes to need C."""
    plan = make_planned(cast)
    a, b, c = (plan.card(name, lane, 1) for name, lane in zip("ABC", (plan.falcon, plan.heron, plan.kite), strict=True))
    plan.need(a, b)
    plan.need(b, c)
    gone = remove_card(actor=cast.pmo, card=b)
    request_dependency(actor=cast.pmo, consumer=a, provider=c)
    with pytest.raises(ValidationError, match="in a circle: “A” → “B” → “C” → “A”"):
        restore_card(actor=cast.pmo, card=gone)
    assert stored(plan.increment)["card"][str(b.pk)]["removed_at"] is not None


def test_what_was_carried_over_again_does_not_come_back_beside_it(cast: Cast) -> None:
    plan = make_planned(cast)
    plan.card("Refund API", plan.falcon, 1)
    spans = laid_out(FIRST + timedelta(weeks=12), 14, 2)
    after = create_increment(actor=cast.pmo, train=plan.train, name="PI 26.2", iterations=spans)
    (copy,) = carry_over(actor=cast.pmo, increment=plan.increment, into=after)
    remove_card(actor=cast.pmo, card=copy)
    line = last(after)
    (again,) = carry_over(actor=cast.pmo, increment=plan.increment, into=after)
    with pytest.raises(ValidationError, match="“Refund API” was carried over once more meanwhile"):
        restore_card(actor=cast.pmo, card=copy)
    with pytest.raises(ValidationError, match="“Refund API” was carried over once more meanwhile"):
        undo(actor=cast.pmo, increment=after, event=line)
    assert list(after.cards.filter(removed_at=None)) == [again]


def test_absences_go_with_their_person_and_come_back(cast: Cast) -> None:
    plan = make_planned(cast)
    seat = add_seat(actor=cast.pmo, lane=plan.falcon, name="Ben Roth")
    line = last(plan.increment)
    away = add_absence(actor=cast.pmo, seat=seat, first_on=FIRST)
    before = stored(plan.increment)
    taken = undo(actor=cast.pmo, increment=plan.increment, event=line)
    assert not Absence.objects.exists()
    assert not Seat.objects.filter(name="Ben Roth").exists()
    assert replayed(plan.increment) == stored(plan.increment)
    assert taken is not None
    undo(actor=cast.pmo, increment=plan.increment, event=taken)
    assert stored(plan.increment) == before == replayed(plan.increment)
    assert Absence.objects.get().pk == away.pk


def test_rows_of_teams_follow_the_train_only(cast: Cast) -> None:
    """Kite leaves on 2 February: nobody brings its row back by undo."""
    plan = make_planned(cast)
    place = plan.train.seats.get(team=cast.kite)
    change_seat(actor=cast.pmo, seat=place, first=place.during.lower, last=date(2026, 2, 1))
    with pytest.raises(ValidationError, match="Rows of teams follow the train"):
        undo(actor=cast.pmo, increment=plan.increment, event=last(plan.increment))
    assert Lane.objects.get(pk=plan.kite.pk).left_on == date(2026, 2, 2)


def test_a_reopened_board_follows_its_train(cast: Cast) -> None:
    """Kite leaves while the increment is closed."""
    plan = make_planned(cast)
    for to in ("committed", "closed"):
        change_state(actor=cast.pmo, increment=plan.increment, to=to)
    place = plan.train.seats.get(team=cast.kite)
    change_seat(actor=cast.pmo, seat=place, first=place.during.lower, last=date(2026, 2, 1))
    assert Lane.objects.get(pk=plan.kite.pk).left_on is None
    change_state(actor=cast.pmo, increment=plan.increment, to="committed", reason="One value was wrong")
    assert Lane.objects.get(pk=plan.kite.pk).left_on == date(2026, 2, 2)
    assert "One value was wrong; closed the row of Kite" in last(plan.increment).text


def test_iterations_that_would_share_days_do_not_come_back(cast: Cast) -> None:
    """Iteration 2 was made a week shorter, then iteration 1 a week longer."""
    plan = make_planned(cast)
    week = timedelta(weeks=1)
    now = spans(plan)
    now[1] = Span(now[1].first_on + week, now[1].last_on, now[1].name, pk=now[1].pk)
    set_iterations(actor=cast.pmo, increment=plan.increment, iterations=now)
    shorter = last(plan.increment)
    now[0] = Span(now[0].first_on, now[0].last_on + week, now[0].name, pk=now[0].pk)
    set_iterations(actor=cast.pmo, increment=plan.increment, iterations=now)
    with pytest.raises(ValidationError, match="before Iteration 1 ends"):
        undo(actor=cast.pmo, increment=plan.increment, event=shorter)
    check_board(plan.increment)


def test_iterations_are_numbered_anew(cast: Cast) -> None:
    """Iterations 7 and 8 were added, one after the other; 7 is taken back: 8 is the seventh. Who saw the increment
    before is told."""
    plan = make_planned(cast)
    now = spans(plan)
    now[5] = Span(now[5].first_on, now[5].last_on, "Iteration 6", pk=now[5].pk)
    set_iterations(actor=cast.pmo, increment=plan.increment, iterations=now)
    end = now[5].last_on
    seven = Span(end + timedelta(days=3), end + timedelta(days=14), "Iteration 7")
    set_iterations(actor=cast.pmo, increment=plan.increment, iterations=[*now, seven])
    line = last(plan.increment)
    eight = Span(end + timedelta(days=17), end + timedelta(days=28), "Iteration 8")
    set_iterations(actor=cast.pmo, increment=plan.increment, iterations=[*spans(plan), eight])
    plan.increment.refresh_from_db()
    seen = plan.increment.version
    undo(actor=cast.pmo, increment=plan.increment, event=line)
    assert list(plan.increment.iterations.values_list("number", "name"))[5:] == [(6, "Iteration 6"), (7, "Iteration 8")]
    plan.increment.refresh_from_db()
    assert plan.increment.version > seen
    check_board(plan.increment)


def test_who_listens_hears_that_a_row_carries_less(cast: Cast) -> None:
    """A card of 8 is taken off the board, or its making is taken back: the load of its cell is told anew."""
    plan = make_planned(cast)
    card = plan.card("Refund API", plan.falcon, 1, size=8, unit="items")
    remove_card(actor=cast.pmo, card=card)
    said = told(plan.increment, last(plan.increment))
    cells = {one["id"]: one["html"] for one in said["cells"]}
    assert "0 items" in cells[f"{plan.falcon.pk}-{plan.iterations[0].pk}"]


def test_who_listens_hears_that_a_provider_gives_to_one_less(cast: Cast) -> None:
    """Its consumer is taken off the board: the card that provides is told anew, without the string."""
    plan = make_planned(cast)
    gives, needs = plan.card("Ledger split", plan.heron, 1), plan.card("Refund API", plan.falcon, 2)
    need = plan.need(gives, needs)
    remove_card(actor=cast.pmo, card=needs)
    said = told(plan.increment, last(plan.increment))
    assert said["gone_strings"] == [need.pk]
    (face,) = [one["html"] for one in said["cards"] if one["id"] == gives.pk]
    assert "Refund API" not in face
