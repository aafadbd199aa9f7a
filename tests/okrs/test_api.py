"""Objectives for programs: the same rules as on pages, figures as of a day, 409 for stale writers."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from okrs.models import Cycle, KeyResult, Objective
from portfolio.models import Initiative
from tests.cast import Cast
from tests.okrs.cast import Goals, check_in, key_result, make_goals

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def goals(cast: Cast) -> Goals:
    made = make_goals(cast)
    Cycle.objects.filter(pk=made.cycle.pk).update(slug="2025-q4", starts_on="2025-10-01", ends_on="2025-12-31")
    check_in(made.more, date(2025, 11, 12), 40, 8)  # 0.5, weight 1
    check_in(made.less, date(2025, 11, 12), 9.5, 4)  # 0.25, weight 3
    return made


@pytest.fixture
def as_coach(cast: Cast) -> APIClient:
    return _as(cast.coach)


def _as(person: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def test_where_an_objective_stands(as_coach: APIClient, goals: Goals) -> None:
    found = as_coach.get(f"{API}/objectives/{goals.team.pk}/?as_of=2025-11-15").json()
    # (0.5 + 3 × 0.25) ÷ 4 = 0.3125; 46 of 92 days are over.
    assert found["score"] == pytest.approx(0.3125)
    assert found["pace"] == pytest.approx(-0.1875)
    assert (found["computed_grade"], found["confidence"], found["level"], found["team"]) == ("red", 4, "team", "falcon")
    assert [one["standing"]["progress"] for one in found["key_results"]] == [pytest.approx(0.5), pytest.approx(0.25)]
    before = as_coach.get(f"{API}/objectives/{goals.team.pk}/?as_of=2025-11-11").json()
    assert (before["score"], before["pending"]) == (0, 2)
    assert as_coach.get(f"{API}/objectives/?as_of=2999-01-01").status_code == 400


def test_the_list_takes_the_same_queries_for_more(as_coach: APIClient, cast: Cast, goals: Goals) -> None:
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as seen:
            found = as_coach.get(f"{API}/objectives/?cycle=2025-q4").json()
        counts.append(len(seen))
        other = Objective.objects.create(cycle=goals.cycle, level="team", team=cast.heron, name=f"New {number}")
        check_in(key_result(other, "K", 0, 1), date(2025, 11, 1), 1)
    assert len(found["results"]) == 4
    assert counts[0] == counts[1]


def test_an_objective_with_key_results_in_one_go(as_coach: APIClient, goals: Goals) -> None:
    sent = {"cycle": "2025-q4", "team": "falcon", "name": "New"}
    sent["key_results"] = [{"name": "A", "kind": "milestone"}, {"name": "B", "baseline": 1, "target": 5}]  # type: ignore[assignment]
    answer = as_coach.post(f"{API}/objectives/", sent, format="json")
    assert answer.status_code == 201, answer.content
    assert [one["name"] for one in answer.json()["key_results"]] == ["A", "B"]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (
            [{"name": "A", "kind": "milestone"}, {"name": "B", "baseline": 5, "target": 5}],
            [{}, {"target": ["The target is the baseline: there would be nothing to reach."]}],
        ),
        (
            [{"name": "A", "kind": "milestone", "weight": 0}],
            [{"weight": ["The weights sum to 0: give at least one key result a weight."]}],
        ),
    ],
)
def test_what_is_refused_names_the_key_result(as_coach: APIClient, goals: Goals, rows: Any, wanted: Any) -> None:
    before = Objective.objects.count()
    sent = {"cycle": "2025-q4", "team": "falcon", "name": "New", "key_results": rows}
    answer = as_coach.post(f"{API}/objectives/", sent, format="json")
    assert (answer.status_code, answer.json()) == (400, {"key_results": wanted})
    assert Objective.objects.count() == before


def test_bad_key_results_are_said_by_field(as_coach: APIClient, goals: Goals) -> None:
    for sent, field in (
        ({"baseline": 5, "target": 5}, "target"),
        ({"kind": "band", "band_low": 5, "band_high": 4}, "band_high"),
        ({"kind": "metric", "baseline": 1, "target": 4}, "kpi"),
        ({"baseline": 1, "target": 4, "every_days": 0}, "every_days"),
        ({"baseline": 1, "target": 4, "weight": -1}, "weight"),
    ):
        answer = as_coach.post(f"{API}/key-results/", {"objective": goals.team.pk, "name": "X", **sent}, format="json")
        assert (answer.status_code, list(answer.json())) == (400, [field])
    for pk in (goals.more.pk, goals.less.pk):
        answer = as_coach.patch(f"{API}/key-results/{pk}/", {"weight": 0}, format="json")
    assert answer.json() == {"weight": ["The weights sum to 0: give at least one key result a weight."]}


def test_a_stale_writer_gets_409_with_what_is_there_now(as_coach: APIClient, cast: Cast, goals: Goals) -> None:
    url = f"{API}/objectives/{goals.team.pk}/"
    assert _as(cast.pmo).patch(url, {"name": "In a day", "version": 1}, format="json").json()["version"] == 2
    answer = as_coach.patch(url, {"name": "In an hour", "version": 1}, format="json")
    assert answer.status_code == 409
    told = answer.json()
    assert (told["who"], told["version"], told["current"]["name"]) == ("Pia Ito", 2, "In a day")
    assert as_coach.patch(url, {"name": "In an hour", "version": 2}, format="json").json()["name"] == "In an hour"
    url = f"{API}/key-results/{goals.more.pk}/"
    assert as_coach.patch(url, {"target": 70, "version": 1}, format="json").status_code == 200
    answer = as_coach.patch(url, {"target": 80, "version": 1}, format="json")
    assert (answer.status_code, answer.json()["current"]["target"]) == (409, 70)


def test_circles_are_refused(as_coach: APIClient, cast: Cast, goals: Goals) -> None:
    other = Objective.objects.create(cycle=goals.cycle, level="team", team=cast.heron, name="Other")
    made = as_coach.post(f"{API}/supports/", {"objective": goals.team.pk, "above": other.pk}, format="json")
    assert made.status_code == 201
    answer = as_coach.post(f"{API}/supports/", {"objective": other.pk, "key_result": goals.more.pk}, format="json")
    assert answer.status_code == 400
    assert "that would be a circle" in answer.json()["key_result"][0]
    assert as_coach.delete(f"{API}/supports/{made.json()['id']}/").status_code == 204


def test_work_with_its_lift(as_coach: APIClient, cast: Cast, goals: Goals) -> None:
    Initiative.objects.create(slug="pay", name="Pay", stream=cast.payments)
    sent = {"key_result": goals.less.pk, "initiative": "pay", "lift": -2.5}
    made = as_coach.post(f"{API}/contributions/", sent, format="json").json()
    assert (made["initiative"], made["lift"]) == ("pay", -2.5)
    url = f"{API}/contributions/{made['id']}/"
    assert as_coach.patch(url, {"lift": -3}, format="json").json()["lift"] == -3
    assert "moves nothing" in as_coach.patch(url, {"lift": 0}, format="json").json()["lift"][0]
    assert "already" in as_coach.post(f"{API}/contributions/", sent, format="json").json()["work"][0]
    assert as_coach.delete(url).status_code == 204


def test_votes_stay_hidden_until_revealed(as_coach: APIClient, cast: Cast, goals: Goals) -> None:
    member = _as(cast.member)
    poll = as_coach.post(f"{API}/polls/", {"objective": goals.team.pk}, format="json").json()
    url = f"{API}/polls/{poll['id']}/"
    as_coach.post(f"{url}vote/", {"confidence": 3}, format="json")
    hidden = member.post(f"{url}vote/", {"confidence": 8}, format="json").json()
    assert (hidden["given"], hidden["mine"], hidden["votes"], hidden["mean"]) == (2, 8, None, None)
    assert member.post(f"{url}vote/", {"confidence": 11}, format="json").status_code == 400
    shown = as_coach.post(f"{url}reveal/").json()
    assert (shown["votes"], shown["mean"]) == ({"3": 1, "8": 1}, 5.5)
    assert member.post(f"{url}vote/", {"confidence": 1}, format="json").status_code == 400


def test_closing_and_carrying_over(as_coach: APIClient, cast: Cast, goals: Goals) -> None:
    url = f"{API}/objectives/{goals.team.pk}/"
    assert "grade" in as_coach.post(f"{url}close/", {"grade": 2}, format="json").json()
    closed = as_coach.post(f"{url}close/", {"grade": 0.5, "lessons": "Ask the bank."}, format="json").json()
    assert (closed["closed_score"], closed["lessons"]) == (pytest.approx(0.3125), "Ask the bank.")
    assert as_coach.patch(url, {"name": "X"}, format="json").status_code == 400
    Cycle.objects.create(slug="next", name="Next", starts_on="2026-01-01", ends_on="2026-03-31")
    carried = as_coach.post(f"{url}carry/", {"cycle": "next"}, format="json").json()
    assert (carried["carried_from"], [one["baseline"] for one in carried["key_results"]]) == (goals.team.pk, [40, 9.5])
    assert "already" in as_coach.post(f"{url}carry/", {"cycle": "next"}, format="json").json()["cycle"][0]
    assert as_coach.post(f"{url}reopen/").json()["closed_at"] is None


def test_deleting_and_bringing_back(as_coach: APIClient, goals: Goals) -> None:
    removed = as_coach.delete(f"{API}/key-results/{goals.more.pk}/").json()
    assert not KeyResult.objects.filter(pk=goals.more.pk).exists()
    assert as_coach.post(f"{API}/objectives/restore/", removed, format="json").status_code == 200
    assert KeyResult.objects.filter(pk=goals.more.pk).exists()
    removed = as_coach.delete(f"{API}/objectives/{goals.team.pk}/").json()
    assert as_coach.post(f"{API}/objectives/restore/", removed, format="json").json()["id"] == goals.team.pk


def test_cycles(as_coach: APIClient, cast: Cast, goals: Goals) -> None:
    sent = {"name": "Q1 2026", "starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    assert as_coach.post(f"{API}/cycles/", sent, format="json").status_code == 403
    pmo = _as(cast.pmo)
    assert pmo.post(f"{API}/cycles/", sent | {"ends_on": "2025-12-31"}, format="json").json() == {
        "ends_on": ["The last day is not after the first."]
    }
    assert pmo.post(f"{API}/cycles/", sent, format="json").json()["slug"] == "q1-2026"
    assert pmo.patch(f"{API}/cycles/q1-2026/", {"name": "First quarter"}, format="json").status_code == 200
    assert "3 objectives of it are open" in pmo.post(f"{API}/cycles/2025-q4/close/").json()[0]
    assert pmo.post(f"{API}/cycles/q1-2026/close/").json()["closed_at"]


def test_strangers_find_nothing(cast: Cast, goals: Goals) -> None:
    outsider = _as(cast.outsider)
    assert outsider.get(f"{API}/objectives/").json()["results"] == []
    assert outsider.get(f"{API}/key-results/{goals.more.pk}/").status_code == 404
    answer = _as(cast.coach).post(f"{API}/key-results/", {"objective": 10**12, "name": "X"}, format="json")
    assert "does not exist" in str(answer.json())
