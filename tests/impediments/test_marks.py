"""Marks of tools: a block ends with its mark, and where a team wants it marks log and resolve impediments."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from impediments import marks
from impediments.actions import reopen, unblock_items
from impediments.models import Channel, Impediment
from metrics.load import upsert
from metrics.models import BlockedStay, Source
from metrics.rows import BlockRow, WorkItemRow
from portfolio.models import Team
from tests.cast import Cast
from tests.funding.cast import at as utc
from tests.impediments.clocks_cast import logged
from tests.impediments.work_cast import items, mark, stays

NOW = "2025-05-06 12:00"


def follow(now: str = NOW) -> None:
    """What the job does at an instant."""
    for impediment_id in marks.ended(utc(now)):
        marks.end_ended(impediment_id=impediment_id, now=utc(now))
    for team_id in marks.following(utc(now)):
        marks.log_marks(team_id=team_id, now=utc(now))


def switch_on(cast: Cast, since: str = "2025-05-06 00:00") -> None:
    Channel.objects.create(team=cast.falcon, logs_marks=True, marks_since=utc(since))


def shown() -> list[tuple[str, str, list[str]]]:
    """What is open: its words, category and the keys that it blocks."""
    rows = Impediment.objects.exclude(state="resolved").order_by("pk")
    return [
        (row.what, row.category, sorted(row.blocks.filter(to_at=None).values_list("key", flat=True))) for row in rows
    ]


@pytest.mark.django_db
def test_off_nothing_is_logged_but_it_can_be_offered(cast: Cast) -> None:
    one, other = items(cast.falcon, "A", "B")
    first, second = mark(one, "2025-05-06 08:00", "Waiting for the lawyers"), mark(other, "2025-05-06 07:00")
    follow()
    assert shown() == []
    assert list(marks.unlogged([cast.falcon])) == [second, first]
    assert list(marks.unlogged([cast.kite])) == []


@pytest.mark.django_db
def test_marks_of_the_same_reason_share_an_impediment(cast: Cast) -> None:
    switch_on(cast)
    a, b, c, d, e = items(cast.falcon, "A", "B", "C", "D", "E")
    mark(a, "2025-05-06 08:00", "Waiting for the licence order")
    mark(b, "2025-05-06 09:00", "licence order pending")
    mark(c, "2025-05-06 10:00", "Impediment")
    # Before the switch was set; and over already.
    mark(d, "2025-05-05 23:59", "Test data")
    mark(e, "2025-05-06 08:00", "Test data", "2025-05-06 09:00")
    follow()
    assert shown() == [
        ("C is blocked: C", "other", ["C"]),
        ("Waiting for the licence order", "procurement", ["A", "B"]),
    ]
    one = Impediment.objects.get(category="procurement")
    assert (one.via, one.since_at, one.logged_by) == ("tool", utc("2025-05-06 08:00"), None)
    # Another one joins what is open; twice does no harm.
    mark(e, "2025-05-06 11:00", "Order of the licence")
    follow()
    follow()
    assert shown()[1] == ("Waiting for the licence order", "procurement", ["A", "B", "E"])
    assert Impediment.objects.count() == 2


@pytest.mark.django_db
def test_they_join_what_a_person_logged(cast: Cast) -> None:
    switch_on(cast)
    (a,) = items(cast.falcon, "A")
    logged(cast, "2025-05-06 08:00", what="Licence order")
    mark(a, "2025-05-06 09:00", "Waiting for the licence order")
    follow()
    assert shown() == [("Licence order", "procurement", ["A"])]


@pytest.mark.django_db
def test_a_mark_on_what_is_blocked_already_is_followed_from_then_on(cast: Cast) -> None:
    switch_on(cast)
    (a,) = items(cast.falcon, "A")
    one = logged(cast, "2025-05-06 08:00", what="Licence order", items=[a])
    stay = mark(a, "2025-05-06 09:00", "Waiting for the licence order")
    follow()
    follow()
    said, block = one.blocks.order_by("from_at")
    assert (block.stay, block.from_at, block.to_at) == (stay, stay.from_at, None)
    # Its first block keeps its stay, so that nobody takes that for one that nobody logged.
    assert (said.from_at, said.to_at) == (one.since_at, stay.from_at)
    assert said.stay is not None
    assert (said.stay.source, said.stay.to_at) == (None, stay.from_at)
    # Its own stay ended where the mark's begins: nothing is counted twice.
    assert [row[:2] for row in stays(a)] == [
        (one.since_at, utc("2025-05-06 09:00")),
        (utc("2025-05-06 09:00"), None),
    ]
    BlockedStay.objects.filter(pk=stay.pk).update(to_at=utc("2025-05-06 13:00"))
    follow("2025-05-06 14:00")
    assert one.blocks.get(stay=stay).to_at == utc("2025-05-06 13:00")
    # A person logged it: it stays open.
    assert Impediment.objects.get().is_open


@pytest.mark.django_db
def test_the_last_mark_that_goes_resolves_it(cast: Cast) -> None:
    switch_on(cast)
    a, b = items(cast.falcon, "A", "B")
    first, second = mark(a, "2025-05-06 08:00", "Licence order"), mark(b, "2025-05-06 08:00", "Licence order")
    follow()
    BlockedStay.objects.filter(pk=first.pk).update(to_at=utc("2025-05-06 13:00"))
    follow("2025-05-06 14:00")
    assert shown() == [("Licence order", "procurement", ["B"])]
    BlockedStay.objects.filter(pk=second.pk).update(to_at=utc("2025-05-06 15:00"))
    follow("2025-05-06 16:00")
    one = Impediment.objects.get()
    # When the mark went, not when the job saw it.
    assert (one.state, one.resolved_at) == ("resolved", utc("2025-05-06 15:00"))
    assert one.resolution == "No longer marked as blocked in Falcon board: B."
    assert sorted(one.blocks.values_list("key", "to_at")) == [
        ("A", utc("2025-05-06 13:00")),
        ("B", utc("2025-05-06 15:00")),
    ]
    follow("2025-05-06 17:00")
    assert AuditEntry.objects.filter(verb="resolved").count() == 1


@pytest.mark.django_db
def test_what_a_person_ended_is_not_logged_again(cast: Cast) -> None:
    switch_on(cast)
    (a,) = items(cast.falcon, "A")
    stay = mark(a, "2025-05-06 08:00", "Licence order")
    follow()
    one = Impediment.objects.get()
    unblock_items(actor=cast.member, impediment=one, items=[a], at=utc("2025-05-06 13:00"))
    follow("2025-05-06 14:00")
    assert shown()[0][2] == []
    stay.refresh_from_db()
    assert stay.to_at is None


@pytest.mark.django_db
def test_a_block_ends_with_its_item(cast: Cast) -> None:
    """Finished, or gone from its tool: nothing blocks it any more; what a person logged stays open."""
    a, b = items(cast.falcon, "A", "B")
    one = logged(cast, "2025-05-06 08:00", items=[a, b])
    a.flow.state, a.flow.finished_at = "done", utc("2025-05-06 09:00")
    a.flow.save()
    b.deleted_at = utc("2025-05-06 10:00")
    b.save()
    follow()
    assert sorted(one.blocks.values_list("key", "to_at")) == [
        ("A", utc("2025-05-06 09:00")),
        ("B", utc("2025-05-06 10:00")),
    ]
    one.refresh_from_db()
    assert one.state == "new"
    assert a.blocked_stays.get().to_at == utc("2025-05-06 09:00")


@pytest.mark.django_db(transaction=True)
def test_a_sync_may_delete_the_stay_that_a_block_follows(cast: Cast) -> None:
    """The tool rewrote its history: the sync goes on, the block ends, and one the tool had logged is resolved."""
    switch_on(cast)
    (a,) = items(cast.falcon, "A")
    source = Source.objects.get()
    source.statuses.get_or_create(external_id="active", defaults={"name": "active", "state": "active"})
    row = WorkItemRow(a.external_id, a.key, status="active", created_at=a.created_at)
    stay = BlockRow("s1", a.external_id, utc("2025-05-06 08:00"), None, "Licence order")
    with transaction.atomic():
        upsert(source, [row, stay], whole=[a.external_id])
    follow()
    assert shown()[0][2] == ["A"]
    with transaction.atomic():
        upsert(source, [row], whole=[a.external_id])
    assert not BlockedStay.objects.exists()
    follow("2025-05-06 13:00")
    assert (Impediment.objects.get().state, shown()) == ("resolved", [])
    assert reopen(actor=cast.member, impediment=Impediment.objects.get()).state == "active"


@pytest.mark.django_db
def test_all_flow_is_derived_before_anybody_is_told(cast: Cast) -> None:
    # Who tells holds a lock that others may wait for while they hold what a derivation needs.
    switch_on(cast)
    a, b = items(cast.falcon, "A", "B")
    logged(cast, "2025-05-06 08:00", what="Licence order", items=[a])
    for one in (a, b):
        mark(one, "2025-05-06 09:00", "Waiting for the licence order")
    with CaptureQueriesContext(connection) as ran:
        assert marks.log_marks(team_id=cast.falcon.pk, now=utc(NOW)) == 2
    told = [n for n, one in enumerate(ran) if "pg_advisory_xact_lock" in one["sql"]]
    wrote = [n for n, one in enumerate(ran) if "metrics_" in one["sql"]]
    assert told
    assert min(told) > max(wrote)


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "follows"), [("America/New_York", True), ("UTC", False)])
def test_a_team_ends_by_its_own_day(cast: Cast, zone: str, follows: bool) -> None:
    switch_on(cast)
    mark(items(cast.falcon, "A")[0], "2025-05-06 08:00", "Licence order")
    Team.objects.filter(pk=cast.falcon.pk).update(timezone=zone, ended_on="2025-05-06")
    # 02:00 UTC on the 7th is 22:00 on the 6th in New York.
    assert marks.following(utc("2025-05-07 02:00")) == ([cast.falcon.pk] if follows else [])


def _run(verb: Callable[[], object]) -> object:
    try:
        return verb()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_several_workers_log_a_mark_once(cast: Cast) -> None:
    switch_on(cast)
    a, b = items(cast.falcon, "A", "B")
    stay = mark(a, "2025-05-06 08:00", "Licence order")
    mark(b, "2025-05-06 08:00", "Licence order")

    def log() -> int:
        return marks.log_marks(team_id=cast.falcon.pk, now=utc(NOW))

    with ThreadPoolExecutor(3) as pool:
        assert sorted(map(str, pool.map(_run, [log] * 3))) == ["0", "0", "2"]
    assert Impediment.objects.count() == 1
    BlockedStay.objects.filter(pk=stay.pk).update(to_at=datetime(2025, 5, 6, 13, tzinfo=UTC))
    pk, later = Impediment.objects.get().pk, utc("2025-05-06 14:00")
    with ThreadPoolExecutor(3) as pool:
        ended = pool.map(_run, [lambda: marks.end_ended(impediment_id=pk, now=later)] * 3)
        assert sorted(map(str, ended)) == ["0", "0", "1"]
    assert AuditEntry.objects.filter(verb="unblocked").count() == 1
