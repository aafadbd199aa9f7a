"""Key figures for programs: the same verbs; many values at once, all or nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from metrics.models import Kpi, KpiValue
from tests.cast import Cast
from tests.metrics.kpis.test_actions import DAY, figure, record
from tests.portfolio.test_api import Api


@pytest.fixture
def coach(cast: Cast) -> Api:
    return Api(cast.coach)


@pytest.fixture
def claims(cast: Cast) -> Kpi:
    return figure(cast, slug="claims", name="Claims", target=80)


def say(api: Api, *rows: dict[str, Any]) -> tuple[int, Any]:
    return api("post", "ingest/measurements/", {"measurements": list(rows)})


def test_made_changed_ended_and_read_as_of_a_day(coach: Api) -> None:
    status, made = coach("post", "kpis/", {"name": "Claims", "stream": "payments", "unit": "%", "target": 80})
    assert status == 201
    assert isinstance(made, dict)
    assert (made["slug"], made["state"], made["value"]) == ("payments-claims", "empty", None)
    path = "kpis/payments-claims/"
    assert coach("post", f"{path}values/", {"on": "2025-03-03", "value": 40})[0] == 201
    assert coach("post", f"{path}values/", {"on": "2025-03-10", "value": 80})[0] == 201
    found = coach("get", f"{path}?as_of=2025-03-09")[1]
    assert isinstance(found, dict)
    assert (found["value"], found["value_on"], found["state"]) == (40, "2025-03-03", "open")
    found = coach("get", "kpis/")[1]
    assert isinstance(found, dict)
    assert [(row["value"], row["state"]) for row in found["results"]] == [(80, "reached")]
    assert coach("get", f"{path}values/")[1] == [
        {"on": "2025-03-03", "value": 40.0, "note": "", "origin": "api"},
        {"on": "2025-03-10", "value": 80.0, "note": "", "origin": "api"},
    ]
    assert coach("patch", path, {"target": 90, "ended_on": "2025-06-30"})[0] == 200
    assert coach("post", f"{path}values/", {"on": "2025-07-01", "value": 1})[0] == 400
    assert coach("post", f"{path}values/2025-03-10/remove/")[0] == 204
    assert coach("post", f"{path}values/2025-02-31/remove/")[0] == 404
    assert coach("get", f"{path}?as_of=soon")[0] == 400


def test_refused_by_field(coach: Api, claims: Kpi) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    status, said = coach("post", "kpis/claims/values/", {"on": tomorrow.isoformat(), "value": 1})
    assert (status, list(said)) == (400, ["on"])  # type: ignore[call-overload]
    assert coach("post", "kpis/", {"name": "X", "stream": "payments", "measure": "happiness"})[0] == 400
    assert coach("post", "kpis/", {"name": "X", "stream": "payments", "target_on": "2025-12-31"})[0] == 400
    assert coach("post", "kpis/", {"name": "X", "stream": "platform"})[0] == 400


def test_many_at_once_and_the_same_again(coach: Api, claims: Kpi, cast: Cast) -> None:
    figure(cast, slug="other", name="Other")
    rows = [
        {"kpi": "claims", "on": "2025-03-03", "value": 40},
        {"kpi": "claims", "on": "2025-03-04", "value": 41.5, "note": "clearing"},
        {"kpi": "other", "on": "2025-03-03", "value": -3},
    ]
    assert say(coach, *rows) == (200, {"created": 3, "changed": 0, "unchanged": 0})
    assert say(coach, *rows) == (200, {"created": 0, "changed": 0, "unchanged": 3})
    rows[1]["value"] = 42
    assert say(coach, *rows) == (200, {"created": 0, "changed": 1, "unchanged": 2})
    assert list(claims.values.values_list("value", "origin")) == [(40, "api"), (42, "api")]


def test_all_or_nothing_with_problems_by_index(coach: Api, claims: Kpi) -> None:
    good = {"kpi": "claims", "on": "2025-03-03", "value": 40}
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    status, said = say(coach, good, good | {"on": tomorrow}, good | {"kpi": "nothing"}, good | {"value": 41})
    assert status == 400
    assert {index: list(wrong) for index, wrong in said["measurements"].items()} == {
        "1": ["on"],
        "2": ["kpi"],
        "3": ["on"],
    }
    assert said["measurements"]["3"] == {"on": ["Number 0 is of the same figure and day."]}
    status, said = say(coach, good, good | {"on": "2025-02-31"}, good | {"on": "2025-03-05", "value": "many"})
    assert (status, list(said["measurements"])) == (400, ["1", "2"])
    assert say(coach)[0] == 400
    assert coach("post", "ingest/measurements/", [good])[0] == 400
    status, said = say(coach, *[good | {"on": "2025-03-03"}] * 5001)
    assert status == 400
    assert "at most 5,000" in str(said)
    assert not KpiValue.objects.exists()


def test_a_linked_figure_takes_none(coach: Api, cast: Cast) -> None:
    figure(cast, slug="linked", name="Linked", measure="throughput")
    status, said = say(coach, {"kpi": "linked", "on": "2025-03-03", "value": 1})
    assert (status, list(said["measurements"]["0"])) == (400, ["kpi"])


def test_who_may_not(cast: Cast, claims: Kpi) -> None:
    good = {"kpi": "claims", "on": "2025-03-03", "value": 40}
    # Max does not see the figure; for Vera with a role that sees the stream alone it is there, but not hers to feed.
    assert say(Api(cast.member), good)[0] == 400
    cast.viewer.grants.create(role="viewer", stream=cast.payments)
    assert say(Api(cast.viewer), good)[0] == 403
    assert not KpiValue.objects.exists()


def test_as_many_queries_for_one_as_for_three(coach: Api, cast: Cast) -> None:
    counts = []
    coach("get", "kpis/")
    for names in (["One"], ["Two", "Three"]):
        for name in names:
            record(figure(cast, name=name), DAY, 1)
        with CaptureQueriesContext(connection) as seen:
            coach("get", "kpis/")
        counts.append(len(seen))
    assert counts[0] == counts[1]
