"""Teams: making, changing, ending; their members and services; who sees money."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from core.models import AuditEntry
from portfolio import actions
from portfolio.models import Membership, Service, Team
from tests.cast import Cast

URL = "/organisation/teams/falcon/"
SETTINGS = {
    "name": "Falcon",
    "timezone": "Europe/Berlin",
    "cost_per_day": "2600.50",
    "planning_unit": "points",
    "iteration_days": 14,
    "iteration_starts_on": "2024-01-01",
    "started_on": "2024-01-01",
}


@pytest.fixture
def pmo(client: Client, cast: Cast) -> Client:
    client.force_login(cast.pmo)
    return client


def test_create(pmo: Client, cast: Cast) -> None:
    answer = pmo.post("/organisation/teams/new/", SETTINGS | {"name": "Ibis", "stream": cast.payments.pk})
    assert answer.headers["Location"] == "/organisation/teams/ibis/"
    team = Team.objects.get(slug="ibis")
    assert (team.timezone, team.cost_per_day) == ("Europe/Berlin", Decimal("2600.50"))
    assert team.calendar.name == "Monday to Friday"


def test_change(pmo: Client, cast: Cast) -> None:
    fields = SETTINGS | {"stream": cast.payments.pk, "calendar": cast.calendar.pk}
    assert pmo.post(URL, fields).headers["Location"] == URL
    cast.falcon.refresh_from_db()
    assert cast.falcon.planning_unit == "points"
    assert AuditEntry.objects.get().data["cost_per_day"] == ["2400.00", "2600.50"]


def test_a_stream_pmo_moves_teams_only_where_they_may(client: Client, cast: Cast) -> None:
    client.force_login(cast.stream_pmo)
    fields = SETTINGS | {"stream": cast.platform.pk, "calendar": cast.calendar.pk}
    assert "Select a valid choice" in client.post(URL, fields).content.decode()
    with pytest.raises(PermissionDenied):
        actions.change_team(actor=cast.stream_pmo, team=cast.falcon, stream=cast.platform)
    cast.falcon.refresh_from_db()
    assert cast.falcon.stream == cast.payments


@pytest.mark.parametrize(
    ("person", "sees"), [("viewer", False), ("coach", False), ("member", False), ("leader", True), ("pmo", True)]
)
def test_money_is_for_leaders_and_the_pmo(client: Client, cast: Cast, person: str, sees: bool) -> None:
    client.force_login(cast.person(person))
    seen = client.get(URL).content.decode()
    assert ("2400" in seen or "2,400" in seen) == sees
    assert ("cost_per_day" in client.get("/api/v1/teams/falcon/").json()) == sees


def test_ending_can_be_undone(pmo: Client, cast: Cast) -> None:
    done = pmo.post(f"{URL}end/", {"on": "2026-06-30"}, follow=True).content.decode()
    assert f'action="{URL}reopen/"' in done
    assert Team.objects.get(slug="falcon").ended_on == date(2026, 6, 30)
    pmo.post(f"{URL}reopen/")
    assert Team.objects.get(slug="falcon").ended_on is None


def test_a_member_is_added_changed_removed_and_brought_back(pmo: Client, cast: Cast) -> None:
    pmo.post(f"{URL}members/", {"user": cast.viewer.pk, "first": "2025-01-01", "last": "2025-06-30", "share": 50})
    membership = Membership.objects.get(user=cast.viewer)
    # The range is half-open: the last day is in the team.
    assert (membership.during.lower, membership.during.upper) == (date(2025, 1, 1), date(2025, 7, 1))
    assert membership.last_day == date(2025, 6, 30)
    pmo.post(f"{URL}members/{membership.pk}/", {"first": "2025-01-01", "last": "", "share": 80})
    membership.refresh_from_db()
    assert (membership.during.upper, membership.share) == (None, 80)
    done = pmo.post(f"{URL}members/{membership.pk}/remove/", follow=True)
    assert not Membership.objects.filter(user=cast.viewer).exists()
    undo = done.context["messages"]._loaded_data[-1].extra_tags
    pmo.post(undo)
    again = Membership.objects.get(user=cast.viewer)
    assert (again.during.lower, again.during.upper, again.share) == (date(2025, 1, 1), None, 80)


def test_nobody_is_in_a_team_twice_at_a_time(pmo: Client, cast: Cast) -> None:
    fields = {"user": cast.member.pk, "first": "2025-01-01", "share": 50}
    seen = pmo.post(f"{URL}members/", fields).content.decode()
    assert "This person is in the team at that time already." in seen
    assert 'value="2025-01-01"' in seen


def test_the_last_day_is_not_before_the_first(pmo: Client, cast: Cast) -> None:
    fields = {"user": cast.viewer.pk, "first": "2025-02-01", "last": "2025-01-01", "share": 50}
    seen = pmo.post(f"{URL}members/", fields).content.decode()
    assert 'id="member-last_error"' in seen


def test_services(pmo: Client, cast: Cast) -> None:
    pmo.post(f"{URL}services/", {"name": "Refund API"})
    service = Service.objects.get(slug="refund-api")
    pmo.post(f"{URL}services/{service.pk}/", {"name": "Refunds"})
    service.refresh_from_db()
    assert (service.slug, service.name) == ("refund-api", "Refunds")
    assert "already exists" in pmo.post(f"{URL}services/", {"name": "x", "slug": "ledger"}).content.decode()


def test_someone_elses_service_is_not_found_here(pmo: Client, cast: Cast) -> None:
    assert pmo.get(f"/organisation/teams/kite/services/{cast.ledger.pk}/").status_code == 404


def test_the_command_line_may_do_everything(cast: Cast) -> None:
    stream = actions.create_stream(actor=None, name="Lending")
    team = actions.create_team(actor=None, stream=stream, name="Owl", slug="owl", timezone="Europe/Paris")
    assert team.zone.key == "Europe/Paris"
    assert AuditEntry.objects.filter(actor=None, actor_name="").count() == 2


def test_the_last_day_of_all_is_no_last_day(pmo: Client, cast: Cast) -> None:
    data = {"user": cast.viewer.pk, "first": "2025-01-01", "last": "9999-12-31", "share": 50}
    seen = pmo.post("/organisation/teams/falcon/members/", data)
    assert "This day has no day after it" in seen.content.decode()
    assert not cast.falcon.memberships.filter(user=cast.viewer).exists()


def test_no_stream_has_a_nul(pmo: Client) -> None:
    assert pmo.get("/organisation/teams/new/?stream=%00").status_code == 200
