"""One number, everywhere: page, explanation, CSV, API and `manage.py report` agree, for every registered measure."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from metrics.forms import Asked
from metrics.lists import explanation, figure_rows
from metrics.measurement import Window
from metrics.models import ItemKind
from metrics.queries import measure, measure_many
from metrics.registry import METRICS
from metrics.templatetags.measures import value_text
from portfolio.queries import find_scope
from tests.demo import AS_OF, UNTIL

FIRST = UNTIL.replace(month=4, day=1)
SCOPES = ["team:heron", "stream:onboarding", "portfolio"]
PARAMS = {"from": FIRST.isoformat(), "to": UNTIL.isoformat(), "as_of": AS_OF.isoformat()}


@pytest.fixture
def leader(demo: None) -> Client:
    client = Client()
    client.force_login(User.objects.get(email="leader@demo.example"))
    return client


def said_by_api(client: Client, key: str, scope: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/metrics/{key}/", {"scope": scope, **PARAMS})
    assert answer.status_code == 200, answer.content
    return dict(answer.json()["metrics"][key])


def said_by_report(scope: str) -> dict[str, Any]:
    out = io.StringIO()
    options = {"scope": scope, "first": PARAMS["from"], "last": PARAMS["to"], "as_of": PARAMS["as_of"]}
    call_command("report", **options, json=True, stdout=out)
    return dict(json.loads(out.getvalue())["metrics"])


def said_by_csv(client: Client, key: str, scope: str) -> list[list[str]]:
    answer = client.get(f"/figures/{key}/", {"scope": scope, **PARAMS})
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))[1:]  # type: ignore[attr-defined]


def flattened(figure: dict[str, Any]) -> Iterator[tuple[str, str, str, Any, str]]:
    """The API's figure as lines (what, at, name, value, partial) of the CSV."""
    yield "value", "", figure.get("reason", ""), figure["value"], ""
    for p, value in figure.get("percentiles", {}).items():
        yield "percentile", "", p, value, ""
    for name, value in figure.get("parts", {}).items():
        yield "part", "", name, value, ""
    for point in figure["series"]:
        partial = "partial" if point.get("partial") else ""
        if "value" in point:
            yield "series", point["at"], "", point["value"], partial
        for name, value in point.get("parts", {}).items():
            yield "series", point["at"], name, value, partial


@pytest.mark.parametrize("scope", SCOPES)
def test_api_report_and_csv_say_the_same(leader: Client, scope: str) -> None:
    report = said_by_report(scope)
    assert set(report) == set(METRICS)
    for key in METRICS:
        figure = said_by_api(leader, key, scope)
        assert figure == report[key], key
        lines = [(*line[:4], line[5]) for line in said_by_csv(leader, key, scope)]
        assert lines == [
            (what, at, name, "" if value is None else str(value), partial)
            for what, at, name, value, partial in flattened(figure)
        ], key
        if key == "cycle_time":  # 1 April 2025 is a Tuesday
            assert "partial" in {partial for *_, partial in lines}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("key", METRICS)
def test_the_rows_behind_a_figure_recompute_it_exactly(leader: Client, key: str, scope: str) -> None:
    user = User.objects.get(email="leader@demo.example")
    asked = Asked(find_scope(scope, user), Window(FIRST, UNTIL), AS_OF)
    answer = explanation(METRICS[key], asked, AS_OF, "all")
    figure = said_by_api(leader, key, scope)
    assert answer.recomputed == answer.measurement.value == figure["value"]
    assert answer.agrees
    assert answer.total == answer.included + answer.excluded == sum(count for _, count in answer.by_rule)
    lines = answer.lines(0, 40)
    assert all(line.rule for line in lines)
    assert all((line.value is None) == (not line.included) for line in lines)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("key", METRICS)
def test_the_explaining_page_shows_the_figure_and_that_it_agrees(leader: Client, key: str, scope: str) -> None:
    html = leader.get(f"/explain/{key}/", {"scope": scope, **PARAMS}).content.decode()
    figure = said_by_api(leader, key, scope)
    assert f"{METRICS[key].label}: {value_text(figure['value'], figure['unit'])}" in html
    assert "alone give" in html or figure["value"] is None


@pytest.mark.parametrize("scope", SCOPES)
def test_a_figure_is_the_same_from_the_cache_and_computed_anew(leader: Client, scope: str) -> None:
    found = find_scope(scope, User.objects.get(email="leader@demo.example"))
    window = Window(FIRST, UNTIL)
    for key, kept in measure_many(METRICS, found, window, AS_OF).items():
        assert figure_rows(kept) == figure_rows(measure(key, found, window, AS_OF)), key


def chart_values(html: str) -> list[dict[str, Any]]:
    parts = html.split('type="application/json">')[1:]
    return [json.loads(part.split("</script>")[0]) for part in parts]


def drawn(leader: Client, page: str, scope: str) -> dict[str, list[dict[str, Any]]]:
    """Every trace of a page's figures, by its name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for spec in chart_values(leader.get(page, {"scope": scope, **PARAMS}).content.decode()):
        for trace in spec["data"]:
            found.setdefault(trace["name"], []).append(trace)
    return found


def test_what_the_flow_pages_draw_is_what_the_api_says(leader: Client) -> None:
    scope = "team:heron"
    traces, ageing = drawn(leader, "/flow/", scope), drawn(leader, "/flow/ageing/", scope)
    said = {key: said_by_api(leader, key, scope) for key in METRICS}
    kinds = dict(ItemKind.choices)
    by_kind = [traces[name][0]["y"] for name in kinds.values() if name in traces]
    assert [sum(day) for day in zip(*by_kind, strict=True)] == [point["value"] for point in said["wip"]["series"]]
    assert ageing["Total age"][0]["y"] == [point["value"] for point in said["total_work_item_age"]["series"]]
    assert {len(trace["y"]) for trace in traces["Items"]} == {said["cycle_time"]["n"], said["work_item_age"]["n"]}
    assert sum(traces["Finished a week"][0]["y"]) == said["throughput"]["value"]
    assert sum(traces["Arrivals"][0]["y"]) == said["arrivals"]["value"]
    assert sum(traces["Departures"][0]["y"]) == said["departures"]["value"]
    for name, value in said["cfd"]["parts"].items():
        series = [point["parts"][name] for point in said["cfd"]["series"]]
        assert series in [trace["y"] for trace in traces[name]]
        assert series[-1] == value


def test_what_the_delivery_page_draws_is_what_the_api_says(leader: Client) -> None:
    html = leader.get("/delivery/", {"scope": "portfolio", **PARAMS}).content.decode()
    traces = {trace["name"]: trace for spec in chart_values(html) for trace in spec["data"]}
    said = {key: said_by_api(leader, key, "portfolio") for key in METRICS}
    assert sum(traces["Deployments"]["y"]) == said["deployment_frequency"]["parts"]["deployments"]
    shown = value_text(said["change_fail_rate"]["value"], "ratio")
    assert f"{shown}: {said['change_fail_rate']['parts']['failed']} of" in html
