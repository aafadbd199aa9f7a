"""Frequency, failures, recovery and rework by hand: one small history per rule of delivery."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from metrics.delivery import derive_changes
from metrics.formulas.dora import DELIVERY, NO_DEPLOYMENT, NO_SOURCE
from metrics.measurement import recomputed
from metrics.models import Deployment, Rollback, Source
from metrics.rows import Row
from portfolio.models import Team
from tests.metrics import cast
from tests.metrics.cast import at
from tests.metrics.delivery_cast import (
    DAY,
    HOUR,
    JUNE,
    TRUNK,
    commits,
    deliver,
    deployed,
    incident,
    measure,
    run,
    service,
    source,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def falcon() -> Team:
    return cast.team("falcon")


@pytest.fixture
def repo(falcon: Team) -> Source:
    return source(falcon, service(falcon))


def undone() -> dict[str, str]:
    return dict(Rollback.objects.values_list("deployment__external_id", "undone__external_id"))


class TestFrequency:
    def test_counts_successes_per_day_and_week_and_days_with_one(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c1", "06-01 14:00"),
            run("d3", "c1", "06-30 23:59"),
            run("d4", "c1", "06-05 12:00", status="failure"),
            run("d5", "c1", "06-06 12:00", environment="staging"),
            run("d6", "c1", "07-01 00:00"),
            run("d7", "c1", "05-31 23:59"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        found = measure("deployment_frequency", falcon)
        assert found.value == 3 / 30
        assert found.parts == {"deployments": 3, "per_day": 0.1, "per_week": 0.7, "share_of_days": 2 / 30}
        assert [(point.at.day, point.value) for point in found.series if point.value] == [(1, 2), (30, 1)]
        assert len(found.series) == 30

    def test_of_a_synced_source_none_is_zero(self, repo: Source, falcon: Team) -> None:
        found = measure("deployment_frequency", falcon)
        assert (found.value, found.n, found.reason) == (0, 0, "")

    def test_days_after_the_as_of_time_are_not_days_without_one(self, repo: Source, falcon: Team) -> None:
        deliver(repo, [*commits(TRUNK), run("d1", "c1", "06-01 12:00"), run("d2", "c2", "06-20 12:00")])
        found = measure("deployment_frequency", falcon, JUNE, at("2025-06-10 12:00"))
        assert (found.value, len(found.series)) == (0.1, 10)


class TestFailures:
    def rate(self, owner: Team) -> tuple[object, dict[str, object]]:
        found = measure("change_fail_rate", owner)
        return found.value, dict(found.parts)

    def test_own_run_failed_after_it_had_started_there(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-02 12:00", status="failure"),
            run("d3", "c2", "06-02 13:00", status="failure", reached=False),
            run("d4", "c2", "06-02 14:00", status="running"),
            run("d5", "c2", "06-02 15:00"),
            run("d6", "c3", "06-03 12:00", environment="staging", status="failure"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        value, parts = self.rate(falcon)
        assert value == 1 / 3
        assert parts == {"deployments": 3, "failed": 1, "run_failed": 1, "rolled_back": 0, "incident": 0}

    def test_rolled_back_is_the_one_immediately_before(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-02 12:00"),
            run("d3", "c3", "06-03 12:00"),
            run("back", "c1", "06-03 14:00"),
            run("again", "c1", "06-03 15:00"),  # the same commit once more rolls nothing back
            run("d4", "c4", "06-04 12:00"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert undone() == {"back": "d3"}
        assert self.rate(falcon)[0] == 1 / 6
        assert measure("deployment_rework_rate", falcon).value == 1 / 6
        assert deployed() == {"c2": "d2", "c3": "d3", "c4": "d4"}

    def test_another_branch_or_environment_rolls_nothing_back(self, repo: Source) -> None:
        history = TRUNK + "side 2 9 c1"
        rows: list[Row] = [
            run("eu1", "c2", "06-02 12:00", environment="production-eu"),
            run("us1", "c1", "06-02 13:00", environment="production-us"),
            run("eu2", "side", "06-02 14:00", environment="production-eu"),
            run("us2", "c1", "06-02 15:00", environment="production-us"),
        ]
        deliver(repo, [*commits(history), *rows])
        assert undone() == {}

    def test_a_failed_attempt_to_go_back_is_no_roll_back(self, repo: Source) -> None:
        rows = [run("d1", "c2", "06-02 12:00"), run("d2", "c1", "06-02 13:00", status="failure")]
        deliver(repo, [*commits(TRUNK), *rows])
        assert undone() == {}

    def test_incidents_count_once_whatever_their_number(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-02 12:00"),
            incident("i1", "06-01 13:00", "06-01 15:00"),
            incident("i2", "06-01 14:00", "06-01 16:00"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert self.rate(falcon) == (
            0.5,
            {"deployments": 2, "failed": 1, "run_failed": 0, "rolled_back": 0, "incident": 1},
        )

    def test_an_incident_belongs_to_the_named_deployment_first(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-02 12:00"),
            incident("i1", "06-02 13:00", "06-02 15:00", deployment="d1"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        recovery = measure("failed_deployment_recovery_time", falcon)
        assert recovery.value == 27 * HOUR  # from the first of June, noon

    def test_also_when_that_one_is_outside_the_window(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "05-31 12:00"),
            run("d2", "c2", "06-02 12:00"),
            incident("i1", "06-02 13:00", deployment="d1"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert self.rate(falcon)[0] == 0

    def test_else_to_the_latest_of_its_service_within_the_window_of_hours(self, falcon: Team) -> None:
        repo = source(falcon, service(falcon), incident_window_hours=24)
        service(falcon, "admin")
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-03 12:00"),
            run("staged", "c2", "06-04 11:00", environment="staging"),
            run("other", "c2", "06-04 11:30", service="admin"),
            run("broken", "c2", "06-04 11:40", status="failure", reached=False),
            incident("at the edge", "06-04 12:00"),
            incident("too late", "06-02 12:01"),
            incident("before all", "05-20 12:00"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        found = measure("change_fail_rate", falcon)
        assert found.evidence is not None
        failed = found.evidence.ids[found.evidence.included & (found.evidence.values == 1)]
        assert [Deployment.objects.get(pk=pk).external_id for pk in failed] == ["d2"]

    def test_never_above_one_hundred_per_cent(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c2", "06-02 12:00", status="failure"),
            run("d2", "c1", "06-02 13:00"),
            incident("i1", "06-02 12:30", deployment="d1"),
            incident("i2", "06-02 13:30", deployment="d2"),
            incident("i3", "06-02 13:40", deployment="d2"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert self.rate(falcon)[0] == 1


class TestRecovery:
    def test_is_from_the_finish_to_the_last_incidents_end(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            incident("i1", "06-01 13:00", "06-01 20:00"),
            incident("i2", "06-01 14:00", "06-01 15:00"),
            run("d2", "c2", "06-02 12:00"),  # comes later, and is not what counts
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert measure("failed_deployment_recovery_time", falcon).value == 8 * HOUR

    def test_without_an_incident_to_the_next_success_of_the_same_place(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00", status="failure", environment="production-eu"),
            run("d2", "c1", "06-01 13:00", environment="production-us"),
            run("d3", "c1", "06-01 14:00", status="failure", environment="production-eu"),
            run("d4", "c1", "06-01 17:00", environment="production-eu"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        found = measure("failed_deployment_recovery_time", falcon)
        assert (found.value, found.n, found.percentiles[95]) == (3 * HOUR, 2, 5 * HOUR)

    def test_the_roll_back_ends_it(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-02 12:00"),
            run("d3", "c1", "06-02 12:30"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert measure("failed_deployment_recovery_time", falcon).value == HOUR / 2

    def test_what_is_open_is_not_in_the_median(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            incident("i1", "06-01 13:00", "06-01 14:00"),
            incident("i2", "06-01 13:00"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        found = measure("failed_deployment_recovery_time", falcon)
        assert (found.value, found.reason) == (None, "no failed deployment of this window is resolved yet")


class TestRework:
    def test_by_rule_by_going_back_and_by_being_named_as_a_fix(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c3", "06-03 12:00"),
            run("back", "c2", "06-03 13:00"),
            run("fix", "c4", "06-04 12:00"),
            run("hotfix", "c5", "06-05 12:00", is_unplanned=True),
            run("broken", "c6", "06-06 12:00", is_unplanned=True, status="failure", reached=False),
            incident("i1", "05-01 13:00", fix="fix"),
            incident("i2", "05-01 13:00", fix="fix"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        found = measure("deployment_rework_rate", falcon)
        assert (found.value, found.parts) == (3 / 5, {"deployments": 5, "rework": 3})


class TestAsOf:
    @pytest.fixture
    def history(self, repo: Source) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-02 12:00"),
            run("back", "c1", "06-03 12:00"),
            run("d3", "c3", "06-04 12:00"),
            incident("i1", "06-04 13:00", "06-05 13:00"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])

    @pytest.mark.parametrize(
        ("when", "rate", "recovery"),
        [
            ("06-02 13:00", 0, None),
            ("06-03 12:00", 1 / 3, DAY),
            ("06-04 12:30", 1 / 4, DAY),
            ("06-04 13:00", 2 / 4, DAY),
            ("06-05 13:00", 2 / 4, DAY),
        ],
    )
    @pytest.mark.usefixtures("history")
    def test_failures_are_known_when_they_happened(
        self, falcon: Team, when: str, rate: float, recovery: float | None
    ) -> None:
        as_of = at(f"2025-{when}")
        assert measure("change_fail_rate", falcon, JUNE, as_of).value == rate
        assert measure("failed_deployment_recovery_time", falcon, JUNE, as_of).value == recovery

    @pytest.mark.usefixtures("history")
    def test_a_resolution_counts_from_its_instant_on(self, falcon: Team) -> None:
        key = "failed_deployment_recovery_time"
        before, after = at("2025-06-05 12:59"), at("2025-06-05 13:00")
        assert measure(key, falcon, JUNE, before).n == 1
        assert measure(key, falcon, JUNE, after).percentiles[95] == 25 * HOUR

    @pytest.mark.usefixtures("history")
    def test_every_figure_is_that_of_a_portal_with_only_the_events_until_then(self, falcon: Team) -> None:
        """The same rows, of which those after the instant never came, in another team."""
        kite = cast.team("kite")
        later = source(kite, service(kite, "other"), "later")
        as_of = at("2025-06-04 13:30")
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-02 12:00"),
            run("back", "c1", "06-03 12:00"),
            run("d3", "c3", "06-04 12:00"),
            incident("i1", "06-04 13:00"),
        ]
        deliver(later, [*commits("\n".join(TRUNK.splitlines()[:4])), *rows])
        for key in DELIVERY:
            one, other = measure(key, falcon, JUNE, as_of), measure(key, kite, JUNE, as_of)
            assert (one.value, one.n, one.parts, one.series) == (other.value, other.n, other.parts, other.series)


class TestNothingToMeasure:
    def test_is_said_in_words(self, repo: Source, falcon: Team) -> None:
        kite = cast.team("kite")
        for key, metric in DELIVERY.items():
            nothing = measure(key, kite)
            assert (nothing.value, nothing.reason, nothing.unit) == (None, NO_SOURCE, metric.unit)
        assert measure("change_fail_rate", falcon).reason == NO_DEPLOYMENT
        assert measure("deployment_rework_rate", falcon).reason == NO_DEPLOYMENT
        assert measure("failed_deployment_recovery_time", falcon).reason == NO_DEPLOYMENT
        deliver(repo, [*commits(TRUNK), run("d1", "c1", "06-01 12:00")])
        assert measure("failed_deployment_recovery_time", falcon).reason == "no deployment of this window failed"
        assert measure("change_fail_rate", falcon).value == 0

    def test_a_window_that_has_not_begun(self, repo: Source, falcon: Team) -> None:
        found = measure("deployment_frequency", falcon, JUNE, at("2025-05-31 12:00"))
        assert (found.value, found.reason) == (None, "the window begins after the as-of time")


class TestEvidence:
    def test_recomputes_each_figure_and_names_each_rule(self, repo: Source, falcon: Team) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c3", "06-02 12:00", status="failure"),
            run("d3", "c3", "06-02 18:00", is_unplanned=True),
            run("d4", "c6", "06-07 12:00"),
            run("s", "c6", "06-07 12:00", environment="staging"),
            run("x", "c6", "06-07 13:00", status="failure", reached=False),
            run("r", "c6", "06-07 14:00", status="running"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        for key, metric in DELIVERY.items():
            found = measure(key, falcon)
            assert found.evidence is not None
            assert recomputed(metric, found.evidence) == found.value
            assert ((found.evidence.rule == 0) == found.evidence.included).all()
        assert found.evidence is not None
        why = {found.evidence.rules[rule] for rule in found.evidence.rule}
        assert why == {
            "deployment that reached production",
            "not in production",
            "did not reach production",
            "not finished",
        }


def queries_of(owner: Team) -> int:
    with CaptureQueriesContext(connection) as queries:
        measure("change_fail_rate", owner)
        derive_changes(owner.services.values_list("pk", flat=True))
    return len(queries)


def test_each_table_is_read_once_however_many_services(repo: Source, falcon: Team) -> None:
    history: list[Row] = [*commits(TRUNK), run("d1", "c1", "06-01 12:00"), run("d2", "c2", "06-02 12:00")]
    deliver(repo, history)
    with_one = queries_of(falcon)
    for slug in ("admin", "billing"):
        deliver(source(falcon, service(falcon, slug), slug), history)
    assert queries_of(falcon) == with_one
