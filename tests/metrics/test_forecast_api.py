"""The API of forecasts: the same answers as the pages, in JSON; bad questions in words."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from core.models import AuditEntry
from metrics import forecasts
from metrics.models import Forecast, Outcome
from portfolio.models import Feature, Initiative
from portfolio.queries import find_scope
from tests.cast import Cast
from tests.metrics.forecast_board import NOON, board, done_on, feature, open_items

pytestmark = pytest.mark.django_db

AS_OF = "as_of=2025-06-02T12:00:00Z"


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def leader(cast: Cast) -> Client:
    board(cast.falcon)
    client = Client()
    client.force_login(cast.leader)
    return client


def get(client: Client, address: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == status, answer.content[:300]
    return answer.json()


def test_the_api_says_what_the_engine_says(leader: Client) -> None:
    found = get(leader, f"forecast/?scope=team:falcon&{AS_OF}&items=3&by=2025-06-03&p=50,85")["base"]
    question = forecasts.Question(items=3, by=date(2025, 6, 3), ranks=(50, 85))
    answer = forecasts.ask_items(find_scope("team:falcon", None), question, NOON).base
    [delivery] = found["deliveries"]
    assert delivery["when"] == {"50": "2025-06-05", "85": "2025-06-05"}
    assert (delivery["chance"], delivery["shown"]) == (0.0, "< 5 %")
    assert found["how_many"]["at_least"] == {"50": 1, "85": 1}
    assert found["teams"][0]["counts"] == {"1": 60}
    assert delivery["curve"] == [{"at": at.isoformat(), "chance": chance} for at, chance in answer.deliveries[0].curve]
    assert found["engine"] == answer.engine


def test_what_if_stands_beside_it(leader: Client) -> None:
    found = get(leader, f"forecast/?scope=team:falcon&{AS_OF}&items=6&throughput=200&drop_items=2")
    assert found["base"]["deliveries"][0]["when"]["50"] == "2025-06-10"
    assert found["variant"]["deliveries"][0]["when"]["50"] == "2025-06-04"
    assert get(leader, f"forecast/?scope=team:falcon&{AS_OF}&items=6")["variant"] is None


def test_plans_features_and_initiatives(leader: Client, cast: Cast) -> None:
    made = board(cast.heron)
    one = Initiative.objects.create(slug="refunds", name="Refunds", stream=cast.payments)
    part = feature(made, "E", 1, *open_items("E", 2), initiative=one)
    plan = get(leader, f"forecast/?scope=stream:payments&of=plan&{AS_OF}")["base"]
    assert [row["id"] for row in plan["deliveries"]] == [f"feature:{part.pk}", f"initiative:{one.pk}"]
    for address in (f"feature={part.pk}", "initiative=refunds"):
        found = get(leader, f"forecast/?{address}&{AS_OF}")["base"]["deliveries"][0]
        assert found["when"]["85"] == "2025-06-04"
        assert found["burn_up"]["total"] == 2
    dropped = get(leader, f"forecast/?scope=team:heron&of=plan&drop_features={part.pk}&{AS_OF}")["variant"]
    assert dropped["deliveries"][0]["reason"] == "left out in this variant"


def test_teams_that_one_may_not_see_are_not_in_it(leader: Client, cast: Cast) -> None:
    """Max sees Falcon. The date of Refunds depends on Heron too: it is told, Heron's finishes and features are not."""
    one = Initiative.objects.create(slug="refunds", name="Refunds", stream=cast.payments)
    feature(board(cast.heron, every=2), "H", 1, *open_items("H", 1), initiative=one)
    own = Feature.objects.create(team=cast.falcon, name="F", rank=1, initiative=one, guessed_items=1)
    member = Client()
    member.force_login(cast.member)
    found = get(member, f"forecast/?initiative=refunds&{AS_OF}")["base"]
    assert [row["id"] for row in found["deliveries"]] == [f"initiative:{one.pk}", f"feature:{own.pk}"]
    assert [team["slug"] for team in found["teams"]] == ["falcon"]
    assert found["deliveries"][0]["when"]["85"] == "2025-06-05"
    assert len(get(leader, f"forecast/?initiative=refunds&{AS_OF}")["base"]["teams"]) == 2


def test_too_little_data_is_said_and_is_no_error(leader: Client) -> None:
    found = get(leader, f"forecast/?scope=team:heron&items=3&{AS_OF}")["base"]
    assert found["reason"] == "too little data: Heron finished work on 0 of the 5 days needed in the last 84"
    assert (found["deliveries"], found["how_many"]) == ([], None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("items=0", "items"),
        ("items=-1", "items"),
        ("items=many", "items"),
        ("items=99999999999999999999", "items"),
        ("by=2025-06-02", "by"),
        ("by=2100-01-01", "by"),
        ("by=soon", "by"),
        ("p=0", "p"),
        ("p=100", "p"),
        ("share=101", "share"),
        ("sample_days=1", "sample_days"),
        ("wip_limit=0", "wip_limit"),
        ("throughput=-5", "throughput"),
        ("people=1000000", "people"),
        ("what_if_wip_limit=0", "what_if_wip_limit"),
        ("drop_features=x", "drop_features"),
        ("of=all", "of"),
        ("scope=nowhere", "scope"),
        ("feature=x", "feature"),
    ],
)
def test_bad_questions_are_told_by_parameter(leader: Client, query: str, field: str) -> None:
    scope = "" if "scope" in query else "scope=team:falcon&"
    assert list(get(leader, f"forecast/?{scope}{AS_OF}&{query}", 400)) == [field]


def test_odd_times_and_places(leader: Client, cast: Cast) -> None:
    found = get(leader, "forecast/?scope=team:falcon&items=3&as_of=1970-01-01")["base"]
    assert found["reason"].startswith("too little data: Falcon")
    assert list(get(leader, "forecast/?scope=team:falcon&as_of=2099-12-31", 400)) == ["as_of"]
    get(leader, "forecast/?feature=99999999", 404)
    get(leader, "forecast/?initiative=nothing", 404)
    get(leader, "calibration/?stream=nothing", 404)
    get(leader, "forecasts/?outcome=perhaps", 400)


def commit(client: Client, **data: Any) -> Any:
    return client.post("/api/v1/forecasts/", data, content_type="application/json")


def test_commit_withdraw_and_reopen(leader: Client, cast: Cast) -> None:
    """One item on every working day of the last 14 weeks, so three are certain in two weeks."""
    today = timezone.now().date()
    board(cast.heron, done_on("x", [str(today - timedelta(days=ahead)) for ahead in range(1, 99)]), every=0)
    due = today + timedelta(days=14)
    answer = commit(leader, team="heron", items=3, due_on=due.isoformat(), votes=[3, 4])
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["subject"], made["votes"], made["outcome"], made["is_reproduced"]) == ("3 items", 0.6, "open", True)
    assert made["chance"] == 1
    assert json.loads(made["inputs"])["targets"][0]["id"] == "items"
    assert Forecast.objects.get().made_by == cast.leader
    assert [row["id"] for row in get(leader, "forecasts/?outcome=open")["results"]] == [made["id"]]
    assert leader.post(f"/api/v1/forecasts/{made['id']}/withdraw/").json()["outcome"] == Outcome.WITHDRAWN
    assert leader.post(f"/api/v1/forecasts/{made['id']}/reopen/").json()["outcome"] == Outcome.OPEN
    verbs = AuditEntry.objects.filter(target_type="metrics.forecast").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["committed to", "withdrew", "reopened"]


def test_bad_commitments_are_told_by_field(leader: Client, cast: Cast) -> None:
    due = (datetime.now(tz=UTC).date() + timedelta(days=14)).isoformat()
    assert commit(leader, team="falcon", due_on=due).json() == {"items": ["How many items are promised?"]}
    assert list(commit(leader, team="falcon", items=3, due_on="2020-01-01").json()) == ["due_on"]
    assert list(commit(leader, team="falcon", items=3, due_on=due, votes=[9]).json()) == ["votes"]
    assert list(commit(leader, team="nowhere", items=3, due_on=due).json()) == ["team"]
    [text] = commit(leader, team="falcon", items=3, due_on=due).json()
    assert text.startswith("There is no forecast to commit to: too little data: Falcon finished work on")


def test_calibration_in_json(leader: Client, cast: Cast) -> None:
    found = get(leader, "calibration/?stream=payments")
    assert (found["n"], found["brier"], len(found["bins"])) == (0, None, 10)
    assert found["reason"] == "too little data: 0 of 10 forecasts with a known outcome"
