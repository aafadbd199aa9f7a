"""Hope and orphan spend, by hand: money comes from ledgers here."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding.models import LedgerEntry
from okrs.flags import hope, orphan_spend
from portfolio.models import Initiative, Stage, StageEntry, ValueStream
from tests.cast import Cast
from tests.okrs.board import FIRST, SUNDAY, cycle, key_result, moves, say

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)


def initiative(stream: ValueStream, name: str, stage: str = Stage.BACKLOG) -> Initiative:
    made = Initiative.objects.create(slug=name.lower(), name=name, stream=stream, stage=stage)
    StageEntry.objects.create(initiative=made, stage=stage, at=NOON - timedelta(days=20))
    return made


def paid(stream: ValueStream, amount: int, of: Initiative | None = None, on: date = date(2025, 5, 15)) -> None:
    key = f"{stream.slug}-{LedgerEntry.objects.count()}"
    LedgerEntry.objects.create(stream=stream, key=key, posted_on=on, amount=Decimal(amount), initiative=of)


def test_confidence_without_work_is_hope(cast: Cast) -> None:
    row, unsure = key_result(cast.payments), key_result(cast.payments, "Unsure")
    say(row, [10, 20], sure=[5, 7])
    say(unsure, [10, 20], sure=[9, 6])
    assert hope([row, unsure], NOON) == {row.pk: "confidence 7 of 10, but no work is linked to it"}


def test_linked_work_must_be_funded(cast: Cast) -> None:
    row, idea = key_result(cast.payments), initiative(cast.payments, "Idea")
    say(row, [10, 20], sure=[8, 8])
    moves(row, idea, 10)
    assert hope([row], NOON) == {row.pk: "confidence 8 of 10, but none of the work linked to it is funded"}
    # It costs something since the cycle began: funded. Before the cycle does not count.
    paid(cast.payments, 500, idea, FIRST - timedelta(days=1))
    assert row.pk in hope([row], NOON)
    paid(cast.payments, 500, idea, FIRST)
    assert hope([row], NOON) == {}


def test_what_is_implemented_is_funded(cast: Cast) -> None:
    row, work = key_result(cast.payments), initiative(cast.payments, "Work", Stage.IMPLEMENTING)
    say(row, [10, 20], sure=[8, 8])
    moves(row, work.features.create(team=cast.falcon, name="F"), 10)
    assert hope([row], NOON) == {}
    # As of a day on which it was not implemented yet it was hope.
    say(row, [5], last=SUNDAY - timedelta(weeks=4), sure=[8])
    assert row.pk in hope([row], NOON - timedelta(days=25))


def test_what_is_reached_needs_no_work(cast: Cast) -> None:
    row = key_result(cast.payments)
    say(row, [90, 100], sure=[9, 10])
    assert hope([row], NOON) == {}


def test_orphan_spend(cast: Cast) -> None:
    """Of 10,000 in May 6,000 went to what moves a key result, 2,500 to what moves none, 1,500 to no initiative."""
    linked, lost = initiative(cast.payments, "Linked"), initiative(cast.payments, "Lost")
    old = initiative(cast.payments, "Old")
    paid(cast.payments, 6_000, linked)
    paid(cast.payments, 1_500, lost)
    paid(cast.payments, 1_000, old)
    paid(cast.payments, 1_500)
    paid(cast.platform, 4_000)
    moves(key_result(cast.payments), linked.features.create(team=cast.falcon, name="F"), 10)
    # A key result of a quarter that is over does not count for May.
    moves(key_result(cast.payments, of=cycle(date(2025, 1, 1), date(2025, 3, 31))), old, 10)
    found = orphan_spend([cast.payments], date(2025, 5, 1), date(2025, 5, 31), NOON)
    assert (found.amount, found.unassigned, found.total) == (Decimal(2_500), Decimal(1_500), Decimal(10_000))
    assert (found.share, found.unassigned_share) == (0.25, 0.15)
    assert found.rows == ((lost, Decimal(1_500)), (old, Decimal(1_000)))
    # Of both streams the share is of 14,000.
    both = orphan_spend(None, date(2025, 5, 1), date(2025, 5, 31), NOON)
    assert both.share == pytest.approx(2_500 / 14_000)


def test_nothing_spent_has_no_share(cast: Cast) -> None:
    found = orphan_spend([cast.payments], date(2025, 5, 1), date(2025, 5, 31), NOON)
    assert (found.amount, found.share, found.rows) == (Decimal(0), None, ())


def test_as_many_queries_for_one_as_for_three(cast: Cast) -> None:
    counts = []
    rows = []
    for n in range(3):
        row = key_result(cast.payments, f"KR {n}")
        say(row, [1, 2], sure=[8, 8])
        own = initiative(cast.payments, f"I{n}")
        moves(row, own, 1)
        paid(cast.payments, 100, initiative(cast.payments, f"Lost{n}"))
        rows.append(row)
        with CaptureQueriesContext(connection) as queries:
            assert len(hope(rows, NOON)) == n + 1
            assert len(orphan_spend(None, FIRST, SUNDAY, NOON).rows) == n + 1
        counts.append(len(queries))
    assert counts[0] == counts[-1]
