"""Value streams: the list, making, changing, ending and letting go on."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from portfolio.models import Team, ValueStream
from tests.cast import Cast, make_team


@pytest.fixture
def pmo(client: Client, cast: Cast) -> Client:
    client.force_login(cast.pmo)
    return client


def page(client: Client, url: str = "/organisation/") -> str:
    return client.get(url).content.decode()


def test_everybody_sees_their_part(client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)
    assert all(name in page(client) for name in ("Payments", "Platform", "Falcon", "Heron", "Kite"))
    client.force_login(cast.coach)
    seen = page(client)
    assert "Falcon" in seen
    assert "Heron" in seen
    assert "Platform" not in seen
    assert "Kite" not in seen
    client.force_login(cast.viewer)
    assert "Falcon" in page(client)
    assert "Heron" not in page(client)
    client.force_login(cast.outsider)
    assert "Nothing is open to you yet" in page(client)


def queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as asked:
        page(client)
    return len(asked)


def test_the_list_asks_as_often_for_three_teams_as_for_many(pmo: Client, cast: Cast) -> None:
    page(pmo)
    few = queries(pmo)
    for number in range(5):
        stream = ValueStream.objects.create(slug=f"s{number}", name=f"Stream {number}")
        make_team(stream, f"Team{number}", cast.calendar)
    assert queries(pmo) == few


def test_create(pmo: Client) -> None:
    answer = pmo.post("/organisation/streams/new/", {"name": "Cards & Wallets", "position": 3})
    assert answer.headers["Location"] == "/organisation/streams/cards-wallets/"
    stream = ValueStream.objects.get(slug="cards-wallets")
    assert stream.name == "Cards & Wallets"
    entry = AuditEntry.objects.get(verb="created")
    assert (entry.actor_name, entry.target_name) == ("Pia Ito", "Cards & Wallets")


def test_what_was_typed_stays_after_an_error(pmo: Client) -> None:
    seen = pmo.post(
        "/organisation/streams/new/", {"name": "Payments", "description": "twice", "position": 1}
    ).content.decode()
    assert "already exists" in seen
    assert ">\ntwice</textarea>" in seen
    assert ValueStream.objects.count() == 2


def test_a_short_name_of_the_portals_own_is_refused(pmo: Client) -> None:
    seen = pmo.post("/organisation/streams/new/", {"name": "New", "position": 1}).content.decode()
    assert "choose another short name" in seen


def test_change_is_audited_with_before_and_after(pmo: Client, cast: Cast) -> None:
    pmo.post("/organisation/streams/payments/", {"name": "Payments", "description": "money", "position": 9})
    cast.payments.refresh_from_db()
    assert cast.payments.position == 9
    assert AuditEntry.objects.get(verb="changed").data == {"description": ["", "money"], "position": [1, 9]}


def test_nothing_changed_nothing_written(pmo: Client, cast: Cast) -> None:
    pmo.post("/organisation/streams/payments/", {"name": "Payments", "position": 1})
    assert not AuditEntry.objects.exists()


def test_ending_waits_for_its_teams_and_can_be_undone(pmo: Client, cast: Cast) -> None:
    url = "/organisation/streams/platform/"
    refused = pmo.post(f"{url}end/", {"on": "2026-06-30"}).content.decode()
    assert "1 team goes on after that day" in refused
    Team.objects.filter(pk=cast.kite.pk).update(ended_on="2026-06-30")
    done = pmo.post(f"{url}end/", {"on": "2026-06-30"}, follow=True).content.decode()
    assert f'action="{url}reopen/"' in done
    assert "Platform" not in page(pmo)
    assert "Platform" in page(pmo, "/organisation/?ended=1")
    pmo.post(f"{url}reopen/")
    cast.platform.refresh_from_db()
    assert cast.platform.ended_on is None
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["reopened", "ended"]


def test_it_cannot_end_before_it_started(pmo: Client, cast: Cast) -> None:
    ValueStream.objects.filter(pk=cast.platform.pk).update(started_on="2026-01-01")
    Team.objects.filter(pk=cast.kite.pk).update(ended_on="2025-01-01")
    seen = pmo.post("/organisation/streams/platform/end/", {"on": "2025-06-30"}).content.decode()
    assert "The last day is before the first." in seen
