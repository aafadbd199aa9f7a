"""Ways around what somebody may do, and words that would break an address: each was open once."""

import asyncio
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from core import imports, limits, live
from planning import links
from planning.actions import trains
from planning.actions.cards import remove_card
from planning.actions.carrying import carry_over
from planning.actions.dependencies import decline_dependency, deliver_dependency, request_dependency
from planning.actions.increments import RESERVED, create_increment
from planning.actions.links import make_link
from planning.actions.people import fill_seats
from planning.actions.undoing import undo, undo_last
from planning.exports.tables import HEAD, rows
from planning.imports import CardImporter
from planning.models import Agreement, Dependency, Increment, Lane, Seat, Train
from planning.queries.board import board_of
from portfolio.models import Feature, Grant, Role
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned
from vmo import asgi

JSON = "application/json"


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


def test_people_are_filled_into_rows_of_this_board_only(cast: Cast, plan: Planned, client: Client) -> None:
    other = create_increment(actor=None, train=plan.train, name="PI 26.2")
    theirs = Lane.objects.get(increment=other, team=cast.falcon)
    Seat.objects.all().delete()
    with pytest.raises(ValidationError, match="not a team of this board"):
        fill_seats(actor=cast.pmo, increment=plan.increment, lanes=[theirs])
    client.force_login(cast.pmo)
    for said in (str(theirs.pk), str(plan.bank.pk), "x"):
        assert client.post("/planning/pi-26-1/people/", {"lane": said}).status_code == 404
    assert not Seat.objects.exists()
    assert client.post("/planning/pi-26-1/people/", {"lane": plan.falcon.pk}).status_code == 302
    assert Seat.objects.get().lane == plan.falcon


def test_what_a_provider_said_is_taken_back_by_providers(cast: Cast, plan: Planned) -> None:
    """Max plans Falcon, which needs something of Kite; Cora coaches Kite for this test."""
    Grant.objects.create(user=cast.coach, role=Role.COACH, team=cast.kite)
    Grant.objects.filter(user=cast.coach, stream=cast.payments).delete()
    need = request_dependency(
        actor=cast.member, consumer=plan.card("Refunds", plan.falcon, 2), provider_lane=plan.kite, what="Ledger"
    )
    Dependency.objects.filter(pk=need.pk).update(agreement=Agreement.AGREED)
    decline_dependency(actor=cast.coach, dependency=need, note="No room")
    declined = plan.increment.events.latest("number")
    # “Agreed” would stand again: that is for Kite to say.
    with pytest.raises(PermissionDenied):
        undo(actor=cast.member, increment=plan.increment, event=declined)
    back = undo(actor=cast.coach, increment=plan.increment, event=declined)
    assert back is not None
    assert Dependency.objects.get().agreement == Agreement.AGREED
    # Nor the other way round: to take back what was taken back is to decline again.
    with pytest.raises(PermissionDenied):
        undo(actor=cast.member, increment=plan.increment, event=back)
    # What one said oneself is taken back on either side.
    deliver_dependency(actor=cast.member, dependency=need)
    undo_last(actor=cast.member, increment=plan.increment)
    assert Dependency.objects.get().agreement == Agreement.AGREED


def test_features_are_rolled_back_by_who_may_manage_work(cast: Cast, plan: Planned) -> None:
    """Max may plan and import; features of Falcon he may not delete."""
    run = imports.start(
        actor=None,
        kind="plan-cards",
        file=BytesIO(b"key,title,row\nA-1,One,Falcon\n"),
        name="a.csv",
        scope="increment:pi-26-1",
    )
    imports.apply(actor=None, run=run)
    feature = Feature.objects.create(team=cast.falcon, name="Refunds")
    line = plan.increment.events.latest("number").number
    done = {"increment": plan.increment.pk, "line": line, "features": [feature.pk]}
    with pytest.raises(PermissionDenied):
        CardImporter().roll_back(done, cast.member)
    assert plan.increment.cards.get().removed_at is None
    CardImporter().roll_back(done, cast.coach)
    assert not Feature.objects.exists()


def test_a_team_that_left_comes_back_by_who_manages_it(cast: Cast, plan: Planned) -> None:
    """Paul is PMO of Payments; Kite of Platform left, so that all teams of the train are his."""
    seat = plan.train.seats.get(team=cast.kite)
    gone = timezone.localdate() - timedelta(days=30)
    trains.change_seat(actor=cast.pmo, seat=seat, first=seat.during.lower, last=gone)
    for act in (
        lambda: trains.change_seat(actor=cast.stream_pmo, seat=seat, first=seat.during.lower, last=None),
        lambda: trains.change_seat(actor=cast.stream_pmo, seat=seat, first=date(2024, 1, 1), last=gone),
        lambda: trains.remove_seat(actor=cast.stream_pmo, seat=seat),
    ):
        with pytest.raises(PermissionDenied):
            act()
    trains.change_seat(actor=cast.stream_pmo, seat=seat, first=seat.during.lower, last=gone - timedelta(days=1))
    trains.change_seat(actor=cast.pmo, seat=seat, first=seat.during.lower, last=None)


def test_features_of_teams_that_one_does_not_see_are_not_named_in_files(cast: Cast, plan: Planned) -> None:
    plan.card("Ours", plan.falcon, 1, feature=Feature.objects.create(team=cast.falcon, name="Refunds"))
    plan.card("Theirs", plan.kite, 1, feature=Feature.objects.create(team=cast.kite, name="Secret ledger"))
    place = HEAD.index("feature")
    seen = {
        name: [row[place] for row in rows(board_of(plan.increment, user), user)]
        for name, user in (("viewer", cast.viewer), ("pmo", cast.pmo))
    }
    assert seen == {"viewer": ["Refunds", ""], "pmo": ["Refunds", "Secret ledger"]}


def test_no_card_comes_back_into_the_row_of_a_team_that_left(cast: Cast, plan: Planned) -> None:
    card = plan.card("Refunds", plan.falcon, 1)
    remove_card(actor=cast.pmo, card=card)
    Lane.objects.filter(pk=plan.falcon.pk).update(left_on=date(2026, 2, 1))
    with pytest.raises(ValidationError, match="nothing can come into its row"):
        undo_last(actor=cast.pmo, increment=plan.increment)


def test_who_left_a_train_keeps_what_was_planned_together(cast: Cast, plan: Planned, client: Client) -> None:
    """Falcon left; the increment after that is none of its business, and the old one still is."""
    today = timezone.localdate()
    seat = plan.train.seats.filter(team=cast.falcon)
    own = Increment.objects.for_user(cast.member)
    assert list(Train.objects.for_user(cast.member)) == [plan.train]
    seat.update(during=DateRange(date(2025, 1, 1), today))
    later = create_increment(actor=None, train=plan.train, name="PI 26.2")
    assert not Train.objects.for_user(cast.member).exists()
    assert list(own) == [plan.increment]
    client.force_login(cast.member)
    assert client.get("/planning/pi-26-1/board/").status_code == 200
    assert client.get(f"/planning/{later.slug}/board/").status_code == 404
    assert live.may_listen(cast.member, f"increment:{plan.increment.pk}")
    assert not live.may_listen(cast.member, f"increment:{later.pk}")
    # One that is still to come sees what it will be part of.
    seat.update(during=DateRange(today + timedelta(days=9), None))
    assert list(Train.objects.for_user(cast.member)) == [plan.train]
    assert set(own.all()) == {plan.increment, later}
    with CaptureQueriesContext(connection) as asked:
        list(Increment.objects.for_user(cast.viewer))
    assert len(asked) == 2, "roles, then increments"


@pytest.mark.parametrize("body", ["5", "null", "true", "[]", '"x"'])
def test_a_body_that_is_no_object_is_refused(cast: Cast, plan: Planned, client: Client, body: str) -> None:
    goal = plan.increment.objectives.create(title="Fast refunds", lane=plan.falcon)
    card = plan.card("Refunds", plan.falcon, 1)
    client.force_login(cast.pmo)
    for address in (
        f"plan-objectives/{goal.pk}",
        f"plan-cards/{card.pk}",
        "increments/pi-26-1",
        "trains/payments-train",
    ):
        assert client.patch(f"/api/v1/{address}/", body, JSON).status_code == 400, address
    for address in ("plan-dependencies", "increments/pi-26-1/repair", "increments/pi-26-1/state"):
        assert client.post(f"/api/v1/{address}/", body, JSON).status_code == 400, address


@pytest.mark.parametrize("day", ["9999-12-31", "2201-01-01", "1989-12-31"])
def test_a_wrong_year_is_said_at_the_field(cast: Cast, plan: Planned, client: Client, day: str) -> None:
    client.force_login(cast.pmo)
    new = "/planning/trains/payments-train/increments/new/"
    answer = client.post(new, {"name": "PI 26.2", "first_on": day, "days": 14, "count": 5})
    assert answer.status_code in (200, 400)
    assert answer.context["form"].errors == {"first_on": ["Is the year right? Give a day from 1990 to 2200."]}
    given = {"train": "payments-train", "name": "PI 26.2", "iterations": [{"first_on": day, "last_on": day}]}
    answer = client.post("/api/v1/increments/", given, JSON)
    assert (answer.status_code, list(answer.json())) == (400, ["iterations"])
    assert not Increment.objects.filter(name="PI 26.2").exists()


def test_nul_finds_nothing(cast: Cast, plan: Planned, client: Client) -> None:
    client.force_login(cast.pmo)
    for address in ("increments/%00", "trains/%00", "increments/pi%0026-1/state", "increments/%FF"):
        assert client.get(f"/api/v1/{address}/").status_code in (404, 405), address
    body = "increment=%00&title=One"
    answer = client.post("/api/v1/plan-cards/", body, "application/x-www-form-urlencoded")
    assert (answer.status_code, list(answer.json())) == (400, ["increment"])


def test_two_increments_are_held_in_one_order(cast: Cast, plan: Planned) -> None:
    """Carrying back and forth at once would wait for each other for ever."""
    first = create_increment(actor=None, train=plan.train, name="PI 26.0")
    for source, into in ((plan.increment, first), (first, plan.increment)):
        with CaptureQueriesContext(connection) as asked:
            carry_over(actor=cast.pmo, increment=source, into=into)
        locks = [one["sql"] for one in asked if "FOR NO KEY UPDATE" in one["sql"]]
        assert "ORDER BY 1 ASC" in locks[0]
        assert f"({source.pk}, {into.pk})" in locks[0] or f"({into.pk}, {source.pk})" in locks[0]


def test_no_increment_is_called_as_the_portals_addresses_are(plan: Planned) -> None:
    def patterns(resolver: URLResolver, before: str = "") -> list[str]:
        found = []
        for one in resolver.url_patterns:
            text = before + str(one.pattern)
            found += [text] if isinstance(one, URLPattern) else patterns(one, text)
        return found

    words = {
        text.removeprefix("planning/").split("/")[0]
        for text in patterns(get_resolver())
        if text.startswith("planning/")
    }
    own = {word for word in words if word and not word.startswith("<")}
    assert own >= {"inbox", "trains", "cards", "rows"}
    assert own <= RESERVED
    with pytest.raises(ValidationError, match="is an address of the portal"):
        create_increment(actor=None, train=plan.train, name="Rows")


def test_right_and_wrong_keys_are_counted(
    cast: Cast, plan: Planned, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = timezone.now() + timedelta(days=1)
    wall = make_link(actor=cast.pmo, increment=plan.increment, name="Hall", expires_at=until)
    key = f"wall:{links.wall_secret(wall)}"
    topic = f"increment:{plan.increment.pk}"
    monkeypatch.setattr(limits, "ASKED", 2)
    monkeypatch.setattr(limits, "GUESSES", 2)
    asked = [client.get("/live/poll/key/", {"key": key, "topic": [topic, topic]}) for _ in range(3)]
    assert [answer.status_code for answer in asked] == [200, 200, 429]
    # Twice the same topic is one.
    assert asked[0].json()["after"].count("-") == 0
    many = {"topic": [f"increment:{number}" for number in range(21)]}
    assert client.get("/live/poll/key/", {"key": key, **many}).status_code == 404
    client.force_login(cast.pmo)
    assert client.get("/live/poll/", many).status_code == 404
    assert client.get("/live/poll/", {"topic": [topic] * 30}).status_code == 200

    async def listener() -> asgi.Listener:
        query = f"topic={topic}&key=wall:guessed".encode()
        return asgi.Listener({"query_string": query, "headers": [], "client": ("192.0.2.7", 4711)})

    guesses = [asyncio.run(listener()) for _ in range(3)]
    assert [(one.allowed(), one.is_guessing) for one in guesses] == [(False, False), (False, False), (False, True)]
