"""The organisation's API: the same verbs as the pages."""

import pytest
from django.test import Client

from accounts.actions import create_token
from core.models import AuditEntry
from portfolio.models import Team
from tests.cast import Cast


class Api:
    """A client with a token."""

    def __init__(self, user: object) -> None:
        key = create_token(user=user, name="test")[1]  # type: ignore[arg-type]
        self.client = Client(headers={"authorization": f"Token {key}"})

    def __call__(self, method: str, path: str, data: object = None) -> tuple[int, object]:
        answer = getattr(self.client, method)(f"/api/v1/{path}", data, content_type="application/json")
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def pmo(cast: Cast) -> Api:
    return Api(cast.pmo)


def test_a_team_is_made_changed_and_ended(pmo: Api, cast: Cast) -> None:
    AuditEntry.objects.all().delete()
    status, made = pmo("post", "teams/", {"name": "Ibis", "stream": "payments", "timezone": "Europe/Oslo"})
    assert status == 201
    assert isinstance(made, dict)
    assert (made["slug"], made["stream"], made["cost_per_day"]) == ("ibis", "payments", None)
    status, changed = pmo("patch", "teams/ibis/", {"cost_per_day": "1200.00", "slug": "other"})
    assert status == 200
    assert isinstance(changed, dict)
    assert (changed["cost_per_day"], changed["slug"]) == ("1200.00", "ibis")
    assert pmo("patch", "teams/ibis/", {"ended_on": "2030-01-31"})[0] == 200
    assert str(Team.objects.get(slug="ibis").ended_on) == "2030-01-31"
    assert pmo("patch", "teams/ibis/", {"ended_on": None})[0] == 200
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["reopened", "ended", "changed", "created"]


def test_what_is_refused_is_said_by_field(pmo: Api) -> None:
    assert pmo("post", "teams/", {"name": "Falcon", "stream": "payments"})[0] == 400
    status, said = pmo("post", "teams/", {"name": "Owl", "stream": "payments", "timezone": "Mars/Olympus"})
    assert status == 400
    assert isinstance(said, dict)
    assert list(said) == ["timezone"]


def test_a_stream_with_running_teams_does_not_end(pmo: Api) -> None:
    status, said = pmo("patch", "streams/platform/", {"description": "half", "ended_on": "2030-01-01"})
    assert (status, said) == (400, {"on": ["1 team goes on after that day: end or move them first."]})
    # All or nothing: the description was not changed either.
    found = pmo("get", "streams/platform/")[1]
    assert isinstance(found, dict)
    assert found["description"] == ""


def test_memberships_speak_of_first_and_last_days(pmo: Api, cast: Cast) -> None:
    data = {"team": "falcon", "user": cast.viewer.pk, "first": "2025-01-01", "last": "2025-01-31", "share": 50}
    status, made = pmo("post", "memberships/", data)
    assert status == 201
    assert isinstance(made, dict)
    assert (made["first"], made["last"], made["user_name"]) == ("2025-01-01", "2025-01-31", "Vera Sand")
    status, changed = pmo("patch", f"memberships/{made['id']}/", {"share": 60})
    assert isinstance(changed, dict)
    assert (changed["last"], changed["share"]) == ("2025-01-31", 60)
    assert pmo("post", "memberships/", data)[0] == 400
    assert pmo("delete", f"memberships/{made['id']}/")[0] == 204


def test_holidays_are_added(pmo: Api, cast: Cast) -> None:
    days = [{"on": "2026-12-25", "name": "Christmas"}]
    status, found = pmo("patch", f"calendars/{cast.calendar.pk}/", {"holidays": days})
    assert status == 200
    assert isinstance(found, dict)
    assert found["holidays"] == days


def test_streams_of_others_cannot_be_named(cast: Cast) -> None:
    status, said = Api(cast.stream_pmo)("post", "teams/", {"name": "Spy", "stream": "platform"})
    assert (status, said) == (400, {"stream": ["Object with slug=platform does not exist."]})


def test_people_and_roles(cast: Cast) -> None:
    api = Api(cast.administrator)
    status, made = api("post", "people/", {"name": "Nora", "email": "nora@example.org"})
    assert status == 201
    assert isinstance(made, dict)
    assert api("post", "grants/", {"user": made["id"], "role": "leader"})[0] == 201
    assert api("post", "grants/", {"user": made["id"], "role": "leader"})[0] == 400
    assert api("patch", f"people/{made['id']}/", {"is_active": False})[0] == 200
    status, said = api("patch", f"people/{cast.administrator.pk}/", {"is_active": False})
    assert status == 400
    assert "last administrator" in str(said)


def test_the_schema_describes_itself_without_complaints(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    api = Api(cast.viewer)
    text = api.client.get("/api/v1/schema/").content.decode()
    assert "/api/v1/teams/{slug}/" in text
    assert capsys.readouterr().err == ""
