"""Features of a team: making and changing them, their order, closing; by pages and by the API."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from portfolio import actions
from portfolio.models import Feature, Team
from tests.cast import Cast, make_cast
from tests.portfolio.test_api import Api
from tests.portfolio.test_initiatives import undo_of

TEAM = "/organisation/teams/falcon/"


@pytest.fixture
def coach(client: Client, cast: Cast) -> Client:
    client.force_login(cast.coach)
    return client


def make(team: Team, *names: str) -> list[Feature]:
    return [actions.create_feature(actor=None, team=team, name=name) for name in names]


def order(team: Team) -> list[tuple[int, str]]:
    """Number and name of the open features, in their order."""
    return list(team.features.filter(ended_on=None).order_by("rank").values_list("rank", "name"))


def url(feature: Feature, verb: str = "") -> str:
    return f"{TEAM}features/{feature.pk}/{verb}"


def test_create_puts_it_last(coach: Client, cast: Cast) -> None:
    make(cast.falcon, "A", "B")
    goal = actions.create_initiative(actor=None, stream=cast.payments, name="Goal")
    sent = {"name": "C", "value_type": "risk", "initiative": goal.pk, "guessed_items": 12, "due_on": "2027-01-29"}
    answer = coach.post(f"{TEAM}features/new/", sent)
    made = Feature.objects.get(name="C")
    assert answer.headers["Location"] == url(made)
    assert (made.rank, made.initiative, made.guessed_items, made.due_on) == (3, goal, 12, date(2027, 1, 29))


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"name": "x" * 201}, "name", "at most 200 characters"),
        ({"guessed_items": "0"}, "guessed_items", "A guess is from 1 to 10,000 items"),
        ({"guessed_items": "10001"}, "guessed_items", "A guess is from 1 to 10,000 items"),
        ({"guessed_items": "many"}, "guessed_items", "Enter a whole number."),
        ({"due_on": "2025-01-01", "started_on": "2025-02-01"}, "due_on", "It would be due before it starts."),
        ({"initiative": "99"}, "initiative", "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(coach: Client, sent: dict[str, str], field: str, said: str) -> None:
    typed = {"name": "Typed", "value_type": "debt"} | sent
    seen = coach.post(f"{TEAM}features/new/", typed).content.decode()
    assert f'id="id_{field}_error"' in seen
    assert said in seen
    assert '<option value="debt" selected>' in seen
    assert not Feature.objects.exists()


def test_a_team_has_a_name_once(coach: Client, cast: Cast) -> None:
    make(cast.falcon, "A")
    seen = coach.post(f"{TEAM}features/new/", {"name": "A", "value_type": "risk"}).content.decode()
    assert "already exists" in seen
    assert [feature.team.slug for feature in make(cast.heron, "A")] == ["heron"]


def test_change(coach: Client, cast: Cast) -> None:
    (feature,) = make(cast.falcon, "A")
    coach.post(url(feature), {"name": "Better", "value_type": "feature", "guessed_items": "7"})
    feature.refresh_from_db()
    assert (feature.name, feature.guessed_items) == ("Better", 7)
    assert AuditEntry.objects.first().data == {"name": ["A", "Better"], "guessed_items": [None, 7]}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        ({"by_places": "-1"}, "ACBD"),
        ({"by_places": "1"}, "ABDC"),
        ({"to_place": "1"}, "CABD"),
        ({"to_place": "4"}, "ABDC"),
        ({"to_place": "99"}, "ABDC"),
        ({"by_places": "-99"}, "CABD"),
        ({}, "ABCD"),
    ],
)
def test_rank(coach: Client, cast: Cast, sent: dict[str, str], names: str) -> None:
    """C stands at 3 of A, B, C, D."""
    third = make(cast.falcon, *"ABCD")[2]
    make(cast.heron, "X")
    answer = coach.post(url(third, "move/"), sent)
    assert answer.headers["Location"] == f"{TEAM}#features"
    assert order(cast.falcon) == list(enumerate(names, 1))
    assert order(cast.heron) == [(1, "X")]


def test_ranking_is_said_and_recorded(coach: Client, cast: Cast) -> None:
    last = make(cast.falcon, *"ABC")[2]
    seen = coach.post(url(last, "move/"), {"by_places": "-1"}, follow=True).content.decode()
    assert "C is number 2 of 3." in seen
    entry = AuditEntry.objects.get(verb="ranked")
    assert (entry.target_name, entry.data) == ("C", {"place": [3, 2]})
    coach.post(url(last, "move/"), {"to_place": "2"})
    assert AuditEntry.objects.filter(verb="ranked").count() == 1  # it stood there already


def test_a_script_gets_the_list_and_the_announcement(coach: Client, cast: Cast) -> None:
    first = make(cast.falcon, *"AB")[0]
    answer = coach.post(url(first, "move/"), {"by_places": "1"}, headers={"HX-Request": "true"})
    seen = answer.content.decode()
    assert seen.index(">B</a>") < seen.index(">A</a>")
    assert '<div hx-swap-oob="innerHTML:#features-said">A is number 2 of 2.</div>' in seen
    assert "<html" not in seen
    assert 'id="features-said"' in coach.get(TEAM).content.decode()


@pytest.mark.parametrize("sent", [{"to_place": "0"}, {"by_places": "x"}, {"to_place": "-1"}, {"to_place": "9" * 30}])
def test_a_place_that_is_none_is_refused_in_words(coach: Client, cast: Cast, sent: dict[str, str]) -> None:
    first = make(cast.falcon, *"AB")[0]
    seen = coach.post(url(first, "move/"), sent, follow=True).content.decode()
    assert "Not done." in seen
    assert order(cast.falcon) == [(1, "A"), (2, "B")]


def test_close_moves_the_others_up_and_undo_brings_it_back_to_its_place(coach: Client, cast: Cast) -> None:
    second = make(cast.falcon, *"ABC")[1]
    done = coach.post(url(second, "close/"), {"on": "2030-01-31"}, follow=True)
    assert order(cast.falcon) == [(1, "A"), (2, "C")]
    coach.post(undo_of(done))
    assert order(cast.falcon) == [(1, "A"), (2, "B"), (3, "C")]
    coach.post(url(second, "close/"), {"on": "2030-01-31"})
    coach.post(url(second, "reopen/"))
    assert order(cast.falcon) == [(1, "A"), (2, "C"), (3, "B")]


def test_a_closed_one_is_not_ranked(coach: Client, cast: Cast) -> None:
    first = make(cast.falcon, *"AB")[0]
    actions.close_feature(actor=None, feature=first, on=date(2025, 1, 1))
    with pytest.raises(ValidationError, match="A is closed"):
        actions.move_feature(actor=None, feature=first, to=1)
    assert "A is closed" in coach.post(url(first, "move/"), {"to_place": "1"}, follow=True).content.decode()


def test_a_last_day_before_the_first_is_refused(coach: Client, cast: Cast) -> None:
    feature = actions.create_feature(actor=None, team=cast.falcon, name="A", started_on=date(2025, 6, 1))
    seen = coach.post(url(feature, "close/"), {"on": "2025-05-31"}).content.decode()
    assert "The last day is before the first." in seen
    assert order(cast.falcon) == [(1, "A")]


def test_the_page_of_the_team_lists_them_in_order(coach: Client, cast: Cast) -> None:
    first, second = make(cast.falcon, "Alpha", "Beta")
    actions.move_feature(actor=None, feature=second, to=1)
    actions.change_feature(actor=None, feature=first, due_on=date(2020, 1, 31))
    seen = coach.get(TEAM).content.decode()
    assert seen.index("Beta") < seen.index("Alpha")
    assert seen.count("not broken down") == 2
    assert "overdue" in seen
    actions.close_feature(actor=None, feature=first, on=date(2025, 1, 1))
    assert "Alpha" not in coach.get(TEAM).content.decode()
    assert "Alpha" in coach.get(f"{TEAM}?closed=1").content.decode()


def test_without_features_the_page_teaches_and_a_reader_gets_no_buttons(
    coach: Client, client: Client, cast: Cast
) -> None:
    assert "A feature is a part of an initiative that this team delivers" in coach.get(TEAM).content.decode()
    feature = make(cast.falcon, "A")[0]
    client.force_login(cast.viewer)
    seen = client.get(TEAM).content.decode()
    assert ">A</a>" in seen
    assert "/move/" not in seen
    assert "Close this feature" not in client.get(url(feature)).content.decode()
    with pytest.raises(PermissionDenied):
        actions.move_feature(actor=cast.viewer, feature=feature, to=1)


def test_features_of_others_are_not_found(coach: Client, cast: Cast) -> None:
    (theirs,) = make(cast.kite, "K")
    assert coach.get(f"/organisation/teams/kite/features/{theirs.pk}/").status_code == 404
    assert coach.get(url(theirs)).status_code == 404


def test_as_many_queries_for_one_as_for_three(coach: Client, cast: Cast) -> None:
    make(cast.falcon, "A")

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            coach.get(TEAM)
        return len(found)

    coach.get(TEAM)
    one = queries()
    make(cast.falcon, "B", "C")
    assert queries() == one


def test_the_api_does_the_same(cast: Cast) -> None:
    api = Api(cast.coach)
    ids = [api("post", "features/", {"name": name, "team": "falcon"})[1]["id"] for name in "ABC"]  # type: ignore[index]
    status, ranked = api("post", f"features/{ids[2]}/rank/", {"by": -1})
    assert (status, ranked["rank"]) == (200, 2)  # type: ignore[index]
    assert order(cast.falcon) == [(1, "A"), (2, "C"), (3, "B")]
    assert api("post", f"features/{ids[2]}/rank/", {})[0] == 400
    assert api("post", f"features/{ids[2]}/rank/", {"to": 1, "by": 1})[0] == 400
    assert api("post", f"features/{ids[2]}/rank/", {"to": 0})[0] == 400
    status, said = api("patch", f"features/{ids[0]}/", {"guessed_items": 0})
    assert (status, list(said)) == (400, ["guessed_items"])  # type: ignore[call-overload]
    status, moved = api("patch", f"features/{ids[0]}/", {"team": "heron", "ended_on": "2030-01-01"})
    assert (status, moved["team"], moved["ended_on"]) == (200, "falcon", "2030-01-01")  # type: ignore[index]
    assert order(cast.falcon) == [(1, "C"), (2, "B")]
    assert api("post", "features/", {"name": "K", "team": "kite"})[0] == 400  # not hers to see


@pytest.mark.django_db(transaction=True)
def test_two_who_rank_at_once_leave_an_order_without_gaps() -> None:
    """Each of eight threads moves another feature to the front, adds one or closes one."""
    cast = make_cast()
    features = make(cast.falcon, *"ABCDEF")

    def act(n: int) -> None:
        try:
            if n < 5:
                actions.move_feature(actor=None, feature=features[n], to=1 if n % 2 else 6)
            elif n == 5:
                actions.close_feature(actor=None, feature=features[5], on=date(2030, 1, 1))
            else:
                actions.create_feature(actor=None, team=cast.falcon, name=f"New {n}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(8)))
    found = order(cast.falcon)
    assert [rank for rank, _ in found] == list(range(1, 8))  # six, less one closed, two new
    assert {name for _, name in found} == {*"ABCDE", "New 6", "New 7"}


class TestIterations:
    def test_are_set_on_the_page_of_the_team(self, client: Client, cast: Cast) -> None:
        client.force_login(cast.pmo)
        settings: dict[str, Any] = {
            "name": "Falcon",
            "stream": cast.payments.pk,
            "timezone": "Europe/Berlin",
            "planning_unit": "points",
            "iteration_days": 21,
            "iteration_starts_on": "2025-01-06",
        }
        client.post(TEAM, settings)
        cast.falcon.refresh_from_db()
        found = (cast.falcon.planning_unit, cast.falcon.iteration_days, cast.falcon.iteration_starts_on)
        assert found == ("points", 21, date(2025, 1, 6))
        seen = client.post(TEAM, settings | {"iteration_days": 93}).content.decode()
        assert 'id="id_iteration_days_error"' in seen
        assert "less than or equal to 92" in seen

    def test_by_the_api(self, cast: Cast) -> None:
        api = Api(cast.pmo)
        status, found = api("patch", "teams/falcon/", {"iteration_days": 7, "iteration_starts_on": "2025-01-01"})
        assert (status, found["iteration_days"], found["iteration_starts_on"]) == (200, 7, "2025-01-01")  # type: ignore[index]
        assert api("patch", "teams/falcon/", {"iteration_days": 0})[0] == 400
