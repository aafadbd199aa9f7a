"""The demo organisation in the portal: loaded by verbs and syncs, telling the stories it is made for."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from connectors.demo import actions
from connectors.demo.people import LOGINS, PASSWORD
from connectors.demo.world import BY_SLUG, PROCUREMENT, PROFILES
from connectors.models import SyncRun
from core.models import AuditEntry
from metrics import queries
from metrics.measurement import Measurement, Window
from metrics.models import BlockedStay, Change, Deployment, Incident, Source, WorkItem
from portfolio.models import Grant, Holiday, Membership, Service, Team, ValueStream
from portfolio.queries import team_scope
from tests.conftest import Worker
from tests.connectors.cast import sync_now, team
from tests.demo import AS_OF, FIRST, TEAMS, UNTIL
from tests.waiting import until

ALL = Window(FIRST, UNTIL)


def measure(key: str, slug: str, window: Window = ALL) -> Measurement:
    return queries.measure(key, team_scope(Team.objects.get(slug=slug)), window, AS_OF)


class TestStories:
    @pytest.mark.usefixtures("demo")
    def test_everything_arrived_and_a_second_sync_writes_nothing(self) -> None:
        for source in Source.objects.all():
            first = SyncRun.objects.get(source=source)
            assert (first.state, first.rejected) == ("succeeded", 0)
            again = sync_now(source, full=True)
            assert (again.read, again.written) == (first.read, 0)

    @pytest.mark.usefixtures("demo")
    def test_heron_waits_for_its_tester(self) -> None:
        parts = measure("time_in_state", "heron").parts
        waiting = {"Ready for test", "Ready to release"}
        assert parts["Ready for test"] > 2 * sum(parts.get(name, 0) for name in waiting - {"Ready for test"})
        assert parts["Ready for test"] > 0.5 * sum(span for name, span in parts.items() if name != "Backlog")
        heron, falcon = measure("flow_efficiency", "heron").value, measure("flow_efficiency", "falcon").value
        assert heron is not None
        assert falcon is not None
        assert heron < falcon / 2

    @pytest.mark.usefixtures("demo")
    def test_procurement_is_a_slow_queue_of_onboarding(self) -> None:
        stays = BlockedStay.objects.filter(reason=PROCUREMENT).select_related("item__source__team")
        ended = sorted(stay.to_at - stay.from_at for stay in stays if stay.to_at)
        assert {stay.item.source.team.slug for stay in stays} == {"egret"}
        assert len(ended) > 20
        assert ended[len(ended) // 2] > timedelta(days=12)

    @pytest.mark.usefixtures("demo")
    def test_deployments_differ_and_some_fail(self) -> None:
        weekly = {slug: measure("deployment_frequency", slug).parts["per_week"] for slug in TEAMS}
        assert weekly["kite"] > 4 > 2 > weekly["heron"] > 0.7
        failing = {slug: measure("change_fail_rate", slug) for slug in TEAMS}
        assert all(found.value and 0 < found.value < 0.35 for found in failing.values())
        lead = {slug: measure("change_lead_time", slug) for slug in TEAMS}
        assert all(set(found.parts) == {"coding", "pickup", "review", "deploy"} for found in lead.values())
        recovery = measure("failed_deployment_recovery_time", "kite").value
        assert recovery is not None
        assert recovery < 86400
        assert all(measure("deployment_rework_rate", slug).n for slug in TEAMS)

    @pytest.mark.usefixtures("demo")
    def test_no_work_on_holidays(self) -> None:
        series = {point.at: point.value for point in measure("throughput", "falcon").series}
        assert [series[day] for day in (date(2025, 4, 18), date(2025, 4, 21), date(2025, 5, 1))] == [0, 0, 0]
        assert sum(value or 0 for value in series.values()) > 250

    @pytest.mark.usefixtures("demo")
    def test_there_is_something_of_everything(self) -> None:
        assert WorkItem.objects.exclude(class_of_service="Standard").exists()
        assert set(WorkItem.objects.values_list("kind", flat=True)) == {
            "feature", "enabler", "defect", "debt", "risk", "other"
        }  # fmt: skip
        assert WorkItem.objects.exclude(team=None).filter(source__team__slug="falcon", team__slug="heron").exists()
        assert Deployment.objects.filter(is_production=False).exists()
        assert Incident.objects.filter(fix__isnull=False).exists()
        assert Change.objects.filter(is_bot=True).exists()


@pytest.mark.django_db
class TestCommand:
    def test_makes_the_organisation_and_queues_the_syncs(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("demo")
        assert (ValueStream.objects.count(), Team.objects.count(), Service.objects.count()) == (4, 12, 12)
        assert SyncRun.objects.filter(state="queued").count() == len(PROFILES)
        assert Holiday.objects.count() > 30
        assert all(one.cost_per_day for one in Team.objects.all())
        assert Membership.objects.filter(team__slug="falcon").count() == 4
        assert set(Grant.objects.values_list("role", flat=True)) == {login.role for login in LOGINS}
        assert AuditEntry.objects.filter(verb="created", target_type="portfolio.team").count() == 12
        assert PASSWORD in capsys.readouterr().out

    def test_again_adds_nothing_and_people_can_log_in(self, client: Client) -> None:
        call_command("demo")
        count = AuditEntry.objects.count()
        call_command("demo")
        assert AuditEntry.objects.count() == count
        assert SyncRun.objects.count() == len(PROFILES)
        for login in LOGINS:
            assert client.login(username=login.email, password=PASSWORD)
        admin = User.objects.get(email="admin@demo.example")
        assert admin.is_staff
        assert not admin.is_superuser

    def test_with_if_empty_it_leaves_an_organisation_alone(self) -> None:
        team()
        call_command("demo", "--if-empty")
        assert Team.objects.count() == 1
        assert not Source.objects.exists()

    def test_reset_starts_again(self) -> None:
        call_command("demo")
        old = set(Source.objects.values_list("pk", flat=True))
        call_command("demo", "--reset")
        assert not old & set(Source.objects.values_list("pk", flat=True))
        assert Team.objects.count() == 12

    def test_reset_refuses_to_delete_other_sources(self) -> None:
        settings = {"url": "/srv/none.git"}
        Source.objects.create(name="Ledger", slug="ledger", tool="git", team=team(), settings=settings)
        person = User.objects.create_user("ada@real.example", "a-long-password", name="Ada Real")
        with pytest.raises(CommandError, match="Ledger"):
            call_command("demo", "--reset")
        assert Source.objects.get().name == "Ledger"
        call_command("demo", "--reset", "--force")
        assert not Source.objects.filter(name="Ledger").exists()
        assert User.objects.filter(pk=person.pk).exists()


def test_the_history_comes_through_the_worker(worker: Worker) -> None:
    day = date(2025, 3, 31)
    actions.load(today=day, first=date(2025, 1, 6), until=day, profiles=[BY_SLUG["swift"]])
    (run,) = actions.request_syncs()
    until(lambda: SyncRun.objects.get(pk=run.pk).is_over, 120, what="the end of the sync")
    done = SyncRun.objects.get(pk=run.pk)
    assert (done.state, done.rejected) == ("succeeded", 0)
    assert WorkItem.objects.count() > 200
    assert Change.objects.count() > 100
    assert actions.request_syncs() == []


def test_the_first_day_is_a_monday_18_months_before() -> None:
    assert actions.first_day(date(2026, 11, 22)) == date(2025, 5, 19)
    assert actions.first_day(date(2025, 8, 31)) == date(2024, 2, 26)
