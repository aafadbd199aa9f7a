"""The audit trail's page."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from core.models import AuditEntry
from portfolio import actions
from tests.cast import Cast


@pytest.fixture
def pmo(client: Client, cast: Cast) -> Client:
    client.force_login(cast.pmo)
    actions.change_team(actor=cast.pmo, team=cast.falcon, name="Eagle")
    actions.create_stream(actor=cast.administrator, name="Lending")
    AuditEntry.objects.filter(verb="created").update(at=datetime(2025, 3, 1, 12, tzinfo=UTC))
    return client


def rows(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/organisation/audit/?{query}").context["page"]
    return [entry.target_name for entry in page]


def test_filters(pmo: Client) -> None:
    assert rows(pmo) == ["Lending", "Eagle"]
    assert rows(pmo, "who=pia") == ["Eagle"]
    assert rows(pmo, "q=lend") == ["Lending"]
    assert rows(pmo, "q=changed") == ["Eagle"]
    assert rows(pmo, "first=2025-03-01&last=2025-03-01") == ["Lending"]
    assert rows(pmo, "last=2025-02-28") == []
    assert rows(pmo, "first=2025-03-02&last=2025-03-31") == []


def test_it_says_what_was_before(pmo: Client) -> None:
    assert "Falcon → Eagle" in pmo.get("/organisation/audit/").content.decode()


def test_a_date_that_is_none_is_said_at_its_field(pmo: Client) -> None:
    seen = pmo.get("/organisation/audit/?first=soon")
    assert seen.status_code == 200
    assert 'id="id_first_error"' in seen.content.decode()


def test_the_last_day_of_all_has_no_next(pmo: Client) -> None:
    assert rows(pmo, "first=0001-01-01&last=9999-12-31") == ["Lending", "Eagle"]
