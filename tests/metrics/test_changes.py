"""Which change came with which deployment, and how long it took: one small history per rule of delivery."""

from datetime import date

import pytest

from metrics.delivery import derive_changes
from metrics.measurement import Window
from metrics.models import Change, Source
from metrics.rows import Row
from portfolio.models import Team
from tests.metrics import cast
from tests.metrics.cast import at
from tests.metrics.delivery_cast import (
    DAY,
    HOUR,
    TRUNK,
    commits,
    deliver,
    deployed,
    measure,
    pull,
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


class TestChanges:
    def test_belong_to_the_first_deployment_whose_range_holds_them(self, repo: Source) -> None:
        deliver(repo, [*commits(TRUNK), run("d1", "c1", "06-01 12:00"), run("d2", "c3", "06-03 12:00")])
        deliver(repo, [run("d3", "c4", "06-04 12:00")])
        assert deployed() == {"c2": "d2", "c3": "d2", "c4": "d3"}

    def test_what_came_before_tracking_is_not_swallowed(self, repo: Source) -> None:
        deliver(repo, [*commits(TRUNK), run("d1", "c5", "06-05 12:00"), run("d2", "c6", "06-06 12:00")])
        assert deployed() == {"c6": "d2"}

    def test_nor_after_going_back_behind_the_first_deployment(self, repo: Source) -> None:
        rows: list[Row] = [
            run("d1", "c3", "06-03 12:00"),
            run("d2", "c1", "06-03 14:00"),
            run("d3", "c4", "06-04 12:00"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert deployed() == {"c4": "d3"}

    def test_failed_deployments_and_other_environments_bring_nothing(self, repo: Source) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-02 12:00", status="failure"),
            run("d3", "c2", "06-02 13:00", environment="staging"),
            run("d4", "c2", "06-02 14:00", status="cancelled"),
            run("d5", "c3", "06-03 12:00"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert deployed() == {"c2": "d5", "c3": "d5"}

    def test_merge_commits_do_not_count_but_the_merged_ones_do(self, repo: Source) -> None:
        history = """
        c1 1 8
        b1 2 8 c1
        b2 3 8 b1
        c2 3 9 c1
        m 4 8 c2,b2
        """
        deliver(repo, [*commits(history), run("d1", "c1", "06-01 12:00"), run("d2", "m", "06-04 12:00")])
        assert deployed() == {"b1": "d2", "b2": "d2", "c2": "d2"}

    def test_a_branch_that_was_deployed_itself_is_not_counted_again_when_merged(self, repo: Source) -> None:
        history = """
        c1 1 8
        hot 2 8 c1
        c2 2 9 c1
        m 3 8 c2,hot
        """
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "hot", "06-02 12:00"),
            run("d3", "m", "06-03 12:00"),
        ]
        deliver(repo, [*commits(history), *rows])
        assert deployed() == {"hot": "d2", "c2": "d3"}

    def test_of_several_environments_the_earliest_deployment_counts(self, repo: Source) -> None:
        rows: list[Row] = [
            run("eu1", "c1", "06-01 12:00", environment="production-eu"),
            run("us1", "c1", "06-01 13:00", environment="production-us"),
            run("us2", "c2", "06-02 12:00", environment="production-us"),
            run("eu2", "c3", "06-03 12:00", environment="production-eu"),
            run("us3", "c3", "06-03 13:00", environment="production-us"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert deployed() == {"c2": "us2", "c3": "eu2"}

    def test_a_new_environment_swallows_nothing(self, repo: Source) -> None:
        rows: list[Row] = [
            run("eu1", "c1", "06-01 12:00", environment="production-eu"),
            run("eu2", "c3", "06-03 12:00", environment="production-eu"),
            run("us1", "c2", "06-04 12:00", environment="production-us"),
            run("us2", "c4", "06-05 12:00", environment="production-us"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert deployed() == {"c2": "eu2", "c3": "eu2", "c4": "us2"}

    def test_services_of_one_repository_are_tracked_apart(self, repo: Source, falcon: Team) -> None:
        service(falcon, "admin")
        rows: list[Row] = [
            run("s1", "c1", "06-01 12:00"),
            run("a1", "c2", "06-02 12:00", service="admin"),
            run("s2", "c3", "06-03 12:00"),
            run("a2", "c3", "06-03 13:00", service="admin"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        found = Change.objects.values_list("service__slug", "commit__external_id", "deployment__external_id")
        assert sorted(found) == [("admin", "c3", "a2"), ("shop", "c2", "s2"), ("shop", "c3", "s2")]

    def test_of_two_sources_of_a_service_a_commit_counts_once(self, repo: Source, falcon: Team) -> None:
        mirror = source(falcon, repo.service, "mirror")  # type: ignore[arg-type]
        deliver(repo, commits(TRUNK))
        deliver(mirror, [*commits(TRUNK), run("d1", "c1", "06-01 12:00"), run("d2", "c2", "06-02 12:00")])
        assert deployed() == {"c2": "d2"}
        assert Change.objects.count() == 1

    def test_deployments_of_unknown_commits_do_not_begin_the_tracking(self, repo: Source) -> None:
        rows: list[Row] = [
            run("d0", "gone", "06-01 11:00"),
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-02 12:00"),
        ]
        deliver(repo, [*commits(TRUNK), *rows])
        assert deployed() == {"c2": "d2"}

    def test_order_of_arrival_and_repetition_change_nothing(self, repo: Source) -> None:
        rows: list[Row] = [*commits(TRUNK), *(run(f"d{n}", f"c{n}", f"06-0{n} 12:00") for n in range(1, 7))]
        for row in reversed(rows):
            deliver(repo, [row])
        first = deployed()
        deliver(repo, rows)
        derive_changes([repo.service_id or 0])
        assert deployed() == first == {f"c{n}": f"d{n}" for n in range(2, 7)}

    def test_deployments_of_the_same_instant_are_told_apart_by_their_ids(self, repo: Source) -> None:
        rows: list[Row] = [
            run("d1", "c1", "06-01 12:00"),
            run("d2", "c2", "06-02 12:00"),
            run("d3", "c3", "06-02 12:00"),
        ]
        for row in reversed(rows):
            deliver(repo, [row, *commits(TRUNK)])
        assert deployed() == {"c2": "d2", "c3": "d3"}


class TestPullRequests:
    def test_a_squashed_one_counts_once_from_its_first_commit(self, repo: Source, falcon: Team) -> None:
        squashed = pull("7", "c2", "squash", ("x1", "x2"), first_commit="05-30 12:00", merged="06-02 08:00")
        deliver(repo, [*commits(TRUNK), squashed, run("d1", "c1", "06-01 12:00"), run("d2", "c2", "06-02 12:00")])
        assert measure("change_lead_time", falcon).value == 3 * DAY
        assert Change.objects.get().pull_request_id is not None

    def test_without_that_date_the_first_known_of_its_commits_counts(self, repo: Source, falcon: Team) -> None:
        branch = commits("x1 1 9 c1\nx2 1 20 x1")
        squashed = pull("7", "c2", "squash", ("x1", "x2"), merged="06-02 08:00")
        deliver(repo, [*commits(TRUNK), *branch, squashed])
        deliver(repo, [run("d1", "c1", "06-01 08:30"), run("d2", "c2", "06-02 12:00")])
        assert measure("change_lead_time", falcon).value == 27 * HOUR  # from the first at 9 to the next day's noon

    def test_rebased_commits_count_each_with_their_own_author_time(self, repo: Source, falcon: Team) -> None:
        rebased = pull("7", "c3", "rebase", ("y1", "y2"), first_commit="06-01 20:00", merged="06-03 09:00")
        deliver(repo, [*commits(TRUNK), rebased, run("d1", "c1", "06-01 12:00"), run("d2", "c4", "06-04 12:00")])
        lead = measure("change_lead_time", falcon)
        assert (lead.n, lead.value) == (3, DAY + 4 * HOUR)  # 52, 28 and 4 hours
        found = Change.objects.exclude(pull_request=None).values_list("commit__external_id", flat=True)
        assert sorted(found) == ["c2", "c3"]

    def test_stages_are_medians_over_pull_requests_and_negative_ones_are_left_out(
        self, repo: Source, falcon: Team
    ) -> None:
        times = {"first_commit": "06-01 10:00", "opened": "06-01 13:00", "merged": "06-02 10:00"}
        one = pull("1", "c2", "squash", ("c2",), **times, first_review="06-01 18:00")
        # opened before its first commit (rewritten later), never reviewed
        late = {"first_commit": "06-03 09:00", "opened": "06-03 07:00", "merged": "06-03 10:00"}
        two = pull("2", "c3", "squash", ("c3",), **late)
        deliver(repo, [*commits(TRUNK), one, two, run("d1", "c1", "06-01 12:00")])
        deliver(repo, [run("d2", "c2", "06-02 12:00"), run("d3", "c4", "06-04 10:00")])
        parts = measure("change_lead_time", falcon).parts
        assert parts == {"coding": 3 * HOUR, "pickup": 5 * HOUR, "review": 16 * HOUR, "deploy": 2 * HOUR}

    def test_a_pull_request_of_many_commits_is_one_in_the_stages(self, repo: Source, falcon: Team) -> None:
        many = pull("1", "c4", "rebase", ("a", "b", "c"), first_commit="06-01 09:00", opened="06-01 10:00",
                    merged="06-04 09:00")  # fmt: skip
        few = pull("2", "c5", "squash", ("e",), first_commit="06-01 09:00", opened="06-01 14:00", merged="06-05 09:00")
        third = pull(
            "3", "c6", "squash", ("f",), first_commit="06-01 09:00", opened="06-01 18:00", merged="06-06 09:00"
        )
        deliver(
            repo, [*commits(TRUNK), many, few, third, run("d1", "c1", "06-01 12:00"), run("d2", "c6", "06-06 12:00")]
        )
        assert measure("change_lead_time", falcon).parts["coding"] == 5 * HOUR  # of 1, 5 and 9


class TestLeadTime:
    def test_is_the_nearest_rank_median_over_the_changes_of_the_window(self, repo: Source, falcon: Team) -> None:
        deliver(repo, [*commits(TRUNK), run("d1", "c1", "06-01 12:00"), run("d2", "c5", "06-05 12:00")])
        deliver(repo, [run("d3", "c6", "07-01 00:00")])
        lead = measure("change_lead_time", falcon)
        assert (lead.value, lead.n, lead.unit) == (28 * HOUR, 4, "seconds")  # of 4, 28, 52 and 76 hours
        assert lead.percentiles == {50: 28 * HOUR, 70: 52 * HOUR, 85: 76 * HOUR, 95: 76 * HOUR}
        points = [(point.at, point.value, point.is_partial) for point in lead.series]
        assert points == [(date(2025, 6, 2), 28 * HOUR, False)]

    def test_days_are_those_of_the_team(self, falcon: Team) -> None:
        kolkata = cast.team("tern", zone="Asia/Kolkata")
        repo = source(kolkata, service(kolkata))
        # half past midnight of 1 July there
        deliver(repo, [*commits(TRUNK), run("d1", "c1", "06-01 12:00"), run("d2", "c2", "06-30 19:00")])
        assert measure("change_lead_time", kolkata).reason == "no change was deployed in this window"
        july = Window(date(2025, 7, 1), date(2025, 7, 31))
        assert measure("change_lead_time", kolkata, july).n == 1
        assert measure("deployment_frequency", kolkata, july).parts["deployments"] == 1

    def test_weeks_that_the_window_or_the_as_of_time_cuts_are_marked(self, repo: Source, falcon: Team) -> None:
        rows = [run(f"d{n}", f"c{n}", f"06-{2 * n:02} 12:00") for n in range(1, 7)]
        deliver(repo, [*commits(TRUNK), *rows])
        window = Window(date(2025, 6, 3), date(2025, 6, 20))
        lead = measure("change_lead_time", falcon, window, at("2025-06-20 12:00"))
        assert [(point.at.day, point.is_partial) for point in lead.series] == [(2, True), (9, False)]
        lead = measure("change_lead_time", falcon, window, at("2025-06-12 12:00"))
        assert [(point.at.day, point.is_partial) for point in lead.series] == [(2, True), (9, True)]
