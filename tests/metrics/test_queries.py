"""What is asked of figures: the same number from everywhere, quickly again, and never an old one."""

import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db.models import F

from metrics import actions, queries
from metrics.load import upsert
from metrics.measurement import Window
from metrics.models import Deployment, ItemFlow, ItemKind, Source, Status, WorkItem
from metrics.registry import FLOW, METRICS, recomputed
from metrics.states import KIND_NAMES
from portfolio.models import Service
from portfolio.queries import find_scope
from tests.metrics.cast import at, source, team
from tests.metrics.test_flow import MARCH, STATUSES, history

pytestmark = pytest.mark.django_db

KEYS = [
    *("cycle_time", "lead_time", "throughput", "arrivals", "departures", "net_flow", "wip", "work_item_age"),
    *("total_work_item_age", "time_in_state", "flow_efficiency", "cfd", "constraint", "flow_distribution"),
    *("flow_load", "blocked_time", "velocity", "expectation_met"),
    *("deployment_frequency", "change_lead_time", "change_fail_rate", "failed_deployment_recovery_time"),
    "deployment_rework_rate",
]
NOON = datetime(2025, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def board() -> Source:
    cache.clear()
    made = source(team("falcon"), synced_at=at("2025-01-01"))
    upsert(made, STATUSES)
    upsert(made, history("A", "2025-03-01", "2025-03-03 dev", "2025-03-06 done", tool_type="Bug"))
    upsert(made, history("B", "2025-03-02", "2025-03-10 dev"))
    return made


def many(*keys: str, as_of: datetime = NOON, window: Window = MARCH) -> dict[str, Any]:
    found = queries.measure_many(keys or FLOW, find_scope("team:falcon", None), window, as_of)
    return {key: figure.value for key, figure in found.items()}


def run(name: str, **options: Any) -> str:
    out = StringIO()
    call_command(name, stdout=out, **options)
    return out.getvalue()


def test_the_report_has_every_measure_in_the_agreed_shape(board: Source) -> None:
    report = json.loads(run("report", scope="team:falcon", first="2025-03-01", last="2025-03-31", json=True))
    assert set(report) == {"scope", "from", "to", "as_of", "metrics"}
    assert (report["scope"], report["from"], report["to"]) == ("team:falcon", "2025-03-01", "2025-03-31")
    assert list(report["metrics"]) == KEYS == list(METRICS)
    cycle = report["metrics"]["cycle_time"]
    assert (cycle["value"], cycle["unit"], cycle["n"]) == (4, "days", 1)
    assert cycle["percentiles"] == {"50": 4, "70": 4, "85": 4, "95": 4}
    assert cycle["series"] == [{"at": "2025-03-03", "value": 4, "parts": {"p50": 4, "p70": 4, "p85": 4, "p95": 4}}]
    assert report["metrics"]["throughput"]["series"][5] == {"at": "2025-03-06", "value": 1}
    assert report["metrics"]["cfd"]["series"][2] == {"at": "2025-03-03", "parts": {"To do": 1, "Dev": 1, "Done": 0}}
    assert report["metrics"]["change_fail_rate"]["value"] is None
    assert report["metrics"]["change_fail_rate"]["reason"]


def test_a_report_as_of_a_day_knows_what_happened_by_its_end(board: Source) -> None:
    text = run("report", scope="portfolio", first="2025-03-01", last="2025-03-31", as_of="2025-03-05", json=True)
    report = json.loads(text)
    assert report["as_of"] == "2025-03-05T23:59:59.999999+00:00"
    assert report["metrics"]["wip"]["value"] == 1
    assert report["metrics"]["throughput"]["value"] == 0
    assert len(report["metrics"]["wip"]["series"]) == 5


def test_the_report_as_a_table_says_units_and_reasons(board: Source) -> None:
    text = run("report", scope="team:falcon", first="2025-03-01", last="2025-03-31")
    assert "Cycle time" in text
    assert "4 days (50 % in 4, 70 % in 4" in text
    assert "n/a (" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scope": "team:nobody"}, "There is no scope “team:nobody”"),
        ({"scope": "team"}, "There is no scope"),
        ({"scope": "portfolio", "first": "2025-02-30"}, "is not a date"),
        ({"scope": "portfolio", "first": "2025-03-02", "last": "2025-03-01"}, "is after"),
        ({"scope": "portfolio", "as_of": "soon"}, "neither a date"),
        ({"scope": "portfolio", "first": "1969-12-31"}, "1970"),
    ],
)
def test_a_wrong_report_is_refused_in_words(options: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("report", **options)


def test_windows_at_the_ends_of_time_are_answered(board: Source) -> None:
    text = run("report", scope="portfolio", first="1970-01-01", last="2099-12-31", as_of="2025-03-20", json=True)
    assert json.loads(text)["metrics"]["throughput"]["value"] == 1


def test_items_are_listed_with_what_is_derived(board: Source) -> None:
    lines = json.loads(run("items", scope="team:falcon", json=True))
    assert [line["key"] for line in lines] == ["A", "B"]
    first, second = lines
    assert (first["type"], first["tool_type"], first["state"]) == ("defect", "Bug", "done")
    assert (first["cycle_time"], first["lead_time"], first["cycle_seconds"]) == (4, 6, 3 * 86400)
    assert (second["finished"], second["cycle_time"], second["lead_time"]) == (None, None, None)
    early = json.loads(run("items", scope="team:falcon", as_of="2025-03-04", json=True))
    assert [(line["key"], line["state"], line["age"]) for line in early] == [("A", "active", 2), ("B", "backlog", None)]
    assert "cycle_time" in run("items", scope="team:falcon")


def test_a_finished_item_is_listed_with_the_team_that_finished_it(board: Source) -> None:
    from metrics.rows import TeamMoveRow

    team("kestrel")
    upsert(board, [TeamMoveRow("m", "A", at("2025-03-08"), "falcon", "kestrel")])
    assert [line["key"] for line in json.loads(run("items", scope="team:falcon", json=True))] == ["A", "B"]
    assert json.loads(run("items", scope="team:kestrel", json=True)) == []


@pytest.mark.parametrize("key", list(FLOW))
def test_evidence_recomputes_the_figure(board: Source, key: str) -> None:
    found = queries.measure(key, find_scope("portfolio", None), MARCH, NOON)
    assert found.evidence is not None
    assert recomputed(FLOW[key], found.evidence) == found.value
    assert many(key)[key] == found.value or key == "cfd"


def test_asking_again_reads_no_facts(board: Source, django_assert_num_queries: Any) -> None:
    many()
    # The scope, and what all figures depend on.
    with django_assert_num_queries(2):
        many()
    with django_assert_num_queries(2):
        many(as_of=NOON + timedelta(hours=3))


def test_a_kept_figure_is_not_used_once_anything_is_different(board: Source) -> None:
    assert many("wip", "work_item_age") == {"wip": 1, "work_item_age": 11}
    assert many("wip", "work_item_age", as_of=NOON + timedelta(days=1))["work_item_age"] == 12
    assert many("wip", as_of=NOON - timedelta(days=12))["wip"] == 0
    upsert(board, history("C", "2025-03-02", "2025-03-20 18:00 dev"))
    Source.objects.update(data_version=F("data_version") + 1)
    assert many("wip")["wip"] == 1
    # A move later that day was known already when the figure was kept.
    assert many("wip", as_of=NOON + timedelta(hours=7))["wip"] == 2
    assert many("wip", as_of=NOON + timedelta(hours=5))["wip"] == 1
    Status.objects.filter(external_id="dev").update(state="backlog")
    Source.objects.update(data_version=F("data_version") + 1)
    assert many("wip")["wip"] == 0


def test_a_service_that_moves_to_another_team_takes_its_deployments_along(board: Source) -> None:
    heron = team("heron")
    service = Service.objects.create(slug="ledger", name="Ledger", team=board.team)
    Deployment.objects.create(
        source=board, external_id="1", service=service, sha="a" * 40, environment="production", is_production=True,
        status="success", started_at=at("2025-03-04"), finished_at=at("2025-03-04"),
    )  # fmt: skip
    Source.objects.update(data_version=F("data_version") + 1)
    assert many("deployment_frequency")["deployment_frequency"] == pytest.approx(1 / 20)
    Service.objects.update(team=heron)
    assert many("deployment_frequency")["deployment_frequency"] is None


def test_many_figures_cost_as_many_questions_as_one(board: Source) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        many("wip")
    cache.clear()
    for number in range(50):
        upsert(board, history(f"N{number}", "2025-03-02", "2025-03-10 dev"))
    with CaptureQueriesContext(connection) as all_of_them:
        many()
    assert len(all_of_them) == len(one)


def test_an_unknown_measure_is_refused_in_words() -> None:
    with pytest.raises(queries.UnknownMetric, match="There is no measure “speed”"):
        queries.find_metric("speed")


def test_every_measure_says_what_it_is() -> None:
    for key, metric in METRICS.items():
        assert metric.key == key
        assert metric.question.endswith("?")
        assert len(metric.definition) > 40, key
    assert list(KIND_NAMES) == ItemKind.values


def test_refresh_derives_where_items_are(board: Source) -> None:
    assert actions.refresh(board) == 2
    rows = {flow.item.key: flow for flow in ItemFlow.objects.select_related("item", "status", "team")}
    first, second = rows["A"], rows["B"]
    assert (first.state, first.cycle_days, first.lead_days) == ("done", 4, 6)
    assert (first.started_at, first.finished_at) == (at("2025-03-03"), at("2025-03-06"))
    assert (first.active_seconds, first.waiting_seconds) == (3 * 86400, 0)
    assert (second.state, second.started_at, second.finished_at) == ("active", at("2025-03-10"), None)
    assert second.status is not None
    assert (second.status.name, second.team.slug, second.cycle_days) == ("Dev", "falcon", None)


def test_refresh_of_touched_items_leaves_the_others(board: Source) -> None:
    actions.refresh(board)
    result = upsert(board, history("B", "2025-03-02", "2025-03-10 dev", "2025-03-11 wait"))
    assert actions.refresh(board, result.items) == 1
    assert dict(ItemFlow.objects.values_list("item__key", "state")) == {"A": "done", "B": "waiting"}
    WorkItem.objects.filter(key="A").update(deleted_at=at("2025-04-01"))
    actions.refresh(board)
    assert list(ItemFlow.objects.values_list("item__key", flat=True)) == ["B"]


def test_refresh_of_everything_applies_the_mapping_of_types(board: Source) -> None:
    board.type_mapping = {"bug": "risk"}
    actions.refresh(board)
    assert dict(WorkItem.objects.values_list("key", "kind")) == {"A": "risk", "B": "other"}


def test_a_window_of_one_day(board: Source) -> None:
    assert many("throughput", window=Window(date(2025, 3, 6), date(2025, 3, 6)))["throughput"] == 1
