"""People of a team and their absences: written by who plans with the team, taken over from memberships, pasted."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from planning.actions.people import add_absence, add_absences, add_seat, change_seat, fill_seats, remove_seat
from planning.actions.undoing import undo_last
from planning.models import Absence, Seat
from planning.replay import replayed, stored
from portfolio.models import Membership
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned

FIRST, LAST = date(2026, 1, 7), date(2026, 1, 9)


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


@pytest.fixture
def page(client: Client, cast: Cast) -> Client:
    """The browser of a member of Falcon."""
    client.force_login(cast.member)
    return client


def test_members_are_taken_over_once_with_their_shares(plan: Planned, cast: Cast) -> None:
    Membership.objects.create(
        team=cast.falcon, user=cast.coach, share=20, during=DateRange(date(2026, 3, 1), date(2026, 4, 1))
    )
    Membership.objects.create(team=cast.heron, user=cast.viewer, during=DateRange(date(2025, 1, 1), date(2026, 1, 5)))
    assert fill_seats(actor=None, increment=plan.increment) == 2
    assert fill_seats(actor=None, increment=plan.increment) == 0
    rows = Seat.objects.values_list("lane__name", "name", "share", "makes_capacity")
    # The coach does not make capacity; Vera left Heron on the day the increment begins.
    assert list(rows) == [("Falcon", "Cora Lind", 20, False), ("Falcon", "Max Weber", 100, True)]


def test_whoever_leaves_the_list_comes_back_with_their_absences(plan: Planned, cast: Cast) -> None:
    seat = add_seat(actor=cast.member, lane=plan.falcon, name="Ben  Roth", share=80)
    add_absence(actor=cast.member, seat=seat, first_on=FIRST, last_on=LAST)
    remove_seat(actor=cast.member, seat=seat, version=1)
    assert not Seat.objects.exists()
    assert not Absence.objects.exists()
    undo_last(actor=cast.member, increment=plan.increment)
    assert Absence.objects.get().seat.name == "Ben Roth"
    assert replayed(plan.increment) == stored(plan.increment)


def test_only_who_plans_with_the_team(plan: Planned, cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        add_seat(actor=cast.member, lane=plan.heron, name="Ben Roth")
    with pytest.raises(ValidationError, match="Only rows of teams"):
        add_seat(actor=cast.member, lane=plan.bank, name="Ben Roth")


def test_many_absences_are_one_line_of_the_log(plan: Planned, cast: Cast) -> None:
    seat = add_seat(actor=None, lane=plan.falcon, name="Ben Roth")
    add_absence(actor=None, seat=seat, first_on=FIRST, last_on=LAST)
    plan.increment.refresh_from_db()
    rows = [(seat, FIRST, LAST), (seat, date(2026, 2, 2), date(2026, 2, 3)), (seat, date(2026, 3, 2), date(2026, 3, 2))]
    assert add_absences(actor=cast.member, increment=plan.increment, rows=rows) == 2
    assert plan.increment.events.filter(number__gt=plan.increment.number).count() == 1
    with pytest.raises(ValidationError, match="is the year right"):
        add_absence(actor=None, seat=seat, first_on=FIRST, last_on=date(2027, 1, 9))


def test_a_paste_is_looked_at_before_it_is_written(plan: Planned, page: Client) -> None:
    for lane in (plan.falcon, plan.heron):
        Seat.objects.create(lane=lane, name="Ben Roth")
    address = f"/planning/{plan.increment.slug}/absences/"
    wrong = page.post(address, {"text": "Name; From; To\nBen Roth; 2026-01-07\nNina; 7.1.2026\nBen Roth; 3/4/2026"})
    assert wrong.status_code == 200
    said = wrong.content.decode()
    # Heron's Ben Roth is not Max's to change: there is one Ben Roth for him. The heading is no line.
    assert "2 of 3 lines cannot be read" in said
    assert "“Nina” is in no list" in said
    assert "“3/4/2026” is no day" in said
    right = {"text": "Falcon\tBen Roth\t7.1.2026\t2026-01-09\nben roth, 2026-02-02"}
    assert "2 new absences in 2 lines; nothing was written yet" in page.post(address, right).content.decode()
    assert not Absence.objects.exists()
    assert page.post(address, right | {"apply": "1"}).status_code == 302
    days = Absence.objects.values_list("seat__lane__name", "first_on", "last_on")
    assert list(days) == [("Falcon", FIRST, LAST), ("Falcon", date(2026, 2, 2), date(2026, 2, 2))]


def test_a_stale_change_says_who_was_faster_and_can_be_done_again(plan: Planned, page: Client, cast: Cast) -> None:
    seat = add_seat(actor=cast.pmo, lane=plan.falcon, name="Ben Roth")
    address, form = f"/planning/people/{seat.pk}/", {"name": "Ben Roth", "share": "60", "makes_capacity": "on"}
    assert page.post(address, form | {"version": "1"}).status_code == 302
    again = page.post(address, form | {"share": "40", "version": "1"})
    assert again.status_code == 409
    said = again.content.decode()
    assert "Max Weber changed Ben Roth of Falcon: 60 %" in said
    assert 'value="40"' in said
    assert 'name="version" value="2"' in said
    assert Seat.objects.get().share == 60


def test_a_name_that_is_there_and_a_wrong_share_are_told_at_the_field(plan: Planned, page: Client) -> None:
    Seat.objects.create(lane=plan.falcon, name="Ben Roth")
    address = f"/planning/lanes/{plan.falcon.pk}/people/new/"
    for name, share, text in (
        ("Ben Roth", "100", "This person is in the list."),
        ("Nora", "0", "greater than or equal"),
    ):
        answer = page.post(address, {"name": name, "share": share})
        assert answer.status_code == 400
        assert text in answer.content.decode()
        assert f'value="{name}"' in answer.content.decode()
    assert Seat.objects.count() == 1


def test_an_absence_of_somebody_who_was_changed_meanwhile_stays(plan: Planned, cast: Cast, page: Client) -> None:
    seat = add_seat(actor=cast.member, lane=plan.falcon, name="Ben Roth")
    away = add_absence(actor=cast.member, seat=seat, first_on=FIRST, last_on=LAST)
    change_seat(actor=cast.coach, seat=seat, version=1, share=50)
    address = f"/planning/absences/{away.pk}/remove/"
    told = page.post(address, {"version": 1}, follow=True).content.decode()
    assert "Cora Lind changed" in told
    assert Absence.objects.exists()
    page.post(address, {"version": 2})
    assert not Absence.objects.exists()
