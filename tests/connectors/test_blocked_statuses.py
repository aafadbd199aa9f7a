"""A status of the workflow can mean "blocked": its stays become blocked time, and follow history and mapping."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from connectors import actions, sync
from connectors.models import SyncRun
from metrics.models import BlockedStay, ItemFlow, Source
from tests.cast import make_cast
from tests.connectors.cast import csv_source, sync_now, team, write_changes

pytestmark = pytest.mark.django_db

# Doing on day 1, on hold from day 2 to day 5 (by way of "Waiting for parts" on day 4), done on day 6.
MOVES = [
    ("A-1", "2025-01-01T09:00Z", "Open", "Doing", "2025-01-01"),
    ("A-1", "2025-01-02T09:00Z", "Doing", "On hold", "2025-01-01"),
    ("A-1", "2025-01-04T09:00Z", "On hold", "Waiting for parts", "2025-01-01"),
    ("A-1", "2025-01-05T09:00Z", "Waiting for parts", "Doing", "2025-01-01"),
    ("A-1", "2025-01-06T09:00Z", "Doing", "Done", "2025-01-01"),
    ("A-2", "2025-01-03T09:00Z", "Open", "On hold", "2025-01-02"),
]


def day(number: int) -> datetime:
    return datetime(2025, 1, number, 9, tzinfo=UTC)


def stays() -> list[tuple[str, datetime, datetime | None, str]]:
    rows = BlockedStay.objects.order_by("item__key", "from_at")
    return list(rows.values_list("item__key", "from_at", "to_at", "reason"))


def said(source: Source, *names: str) -> None:
    chosen = list(source.statuses.filter(name__in=names).values_list("pk", flat=True))
    actions.mark_blocked(actor=None, source=source, statuses=chosen)
    sync.derive_all(source.pk)


def test_time_in_the_chosen_statuses_is_blocked(tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", MOVES), team())
    sync_now(source)
    assert stays() == []
    said(source, "On hold")
    assert stays() == [("A-1", day(2), day(4), "On hold"), ("A-2", day(3), None, "On hold")]
    # One after the other without a break is one time, called by the first.
    said(source, "On hold", "Waiting for parts")
    assert stays() == [("A-1", day(2), day(5), "On hold"), ("A-2", day(3), None, "On hold")]
    said(source)
    assert stays() == []


def test_blocked_time_counts_as_waiting(tmp_path: Path) -> None:
    source = csv_source(write_changes(tmp_path / "a.csv", MOVES[:5]), team())
    sync_now(source)
    before = ItemFlow.objects.get()
    said(source, "On hold", "Waiting for parts")
    after = ItemFlow.objects.get()
    # Five days from start to finish, of which three were blocked.
    assert before.active_seconds + before.waiting_seconds == 5 * 86400
    assert (after.active_seconds, after.waiting_seconds) == (2 * 86400, 3 * 86400)


def test_a_sync_goes_on_with_the_same_stays(tmp_path: Path) -> None:
    path = write_changes(tmp_path / "a.csv", MOVES)
    source = csv_source(path, team())
    sync_now(source)
    said(source, "On hold")
    known = dict(BlockedStay.objects.values_list("item__key", "pk"))
    write_changes(path, [*MOVES, ("A-2", "2025-01-07T09:00Z", "On hold", "Doing", "2025-01-02")])
    sync_now(source)
    assert stays()[1] == ("A-2", day(3), day(7), "On hold")
    assert dict(BlockedStay.objects.values_list("item__key", "pk")) == known
    assert not SyncRun.objects.exclude(state="succeeded").exists()


def test_the_mapping_page_says_which_statuses_block(tmp_path: Path, client: Client) -> None:
    cast = make_cast()
    source = csv_source(write_changes(tmp_path / "a.csv", MOVES), cast.falcon)
    sync_now(source)
    client.force_login(cast.pmo)
    address = f"/sources/{source.slug}/mapping/"
    hold = source.statuses.get(name="On hold")
    assert client.post(address, {"do": "blocked", "blocked": ["999999"]}).status_code == 200
    assert not source.statuses.filter(is_blocked=True).exists()
    assert client.post(address, {"do": "blocked", "blocked": [hold.pk]}).status_code == 302
    assert list(source.statuses.filter(is_blocked=True)) == [hold]
    assert f'value="{hold.pk}" id="id_blocked' in client.get(address).content.decode()
    client.force_login(cast.member)
    assert client.post(address, {"do": "blocked"}).status_code == 403
    assert source.statuses.filter(is_blocked=True).exists()
