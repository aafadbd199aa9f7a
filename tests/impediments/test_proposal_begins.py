"""Since when the items of an accepted proposal count as blocked: each since its own begin. Computed by hand."""

import pytest

from impediments import proposals
from impediments.models import Block, Proposal, Trigger
from metrics.load import upsert
from metrics.models import BlockedStay, Source
from tests.cast import Cast
from tests.impediments.test_triggers import block, finished, waits
from tests.metrics.cast import at, source
from tests.metrics.test_flow import STATUSES, history

pytestmark = pytest.mark.django_db
# A Monday; the last four full weeks are 3 to 30 March 2025.
NOW = at("2025-03-31 12:00")


@pytest.fixture
def board(cast: Cast) -> Source:
    cast.falcon.timezone = "UTC"
    cast.falcon.save()
    made = source(cast.falcon, synced_at=at("2025-01-01"))
    upsert(made, STATUSES)
    return made


def proposal(trigger: Trigger) -> Proposal:
    proposals.propose(NOW)
    return Proposal.objects.get(trigger=trigger)


def begins() -> dict[str, str]:
    return {row.key: f"{row.from_at:%d %H:%M}" for row in Block.objects.order_by("key")}


def waiting(board: Source) -> None:
    # Weeks of 2, 12, 19 and 21 days (test_triggers.py).
    for name, day in {"A": "2025-03-08", "B": "2025-03-12", "C": "2025-03-19"}.items():
        waits(board, name, day)


class TestQueue:
    def test_each_item_since_it_entered_the_queue(self, cast: Cast, board: Source) -> None:
        waiting(board)
        row = proposal(Trigger.QUEUE)
        assert row.since_at == at("2025-03-03")
        made = proposals.accept_proposal(actor=cast.member, proposal=row, at=NOW)
        assert made.since_at == at("2025-03-03")
        assert begins() == {"A": "08 09:00", "B": "12 09:00", "C": "19 09:00"}
        # The facts that flow is derived from say the same.
        assert sorted(f"{stay.from_at:%d %H:%M}" for stay in BlockedStay.objects.all()) == sorted(begins().values())

    def test_not_before_the_day_that_was_said(self, cast: Cast, board: Source) -> None:
        waiting(board)
        row = proposal(Trigger.QUEUE)
        proposals.accept_proposal(actor=cast.member, proposal=row, at=NOW, since=at("2025-03-10"))
        assert begins() == {"A": "10 00:00", "B": "12 09:00", "C": "19 09:00"}

    def test_what_a_tool_marked_before_is_blocked_by_it_since_it_entered(self, cast: Cast, board: Source) -> None:
        waiting(board)
        upsert(board, [block("1", "C", "2025-03-17", None, "Vendor")])
        row = proposal(Trigger.QUEUE)
        proposals.accept_proposal(actor=cast.member, proposal=row, at=NOW)
        assert begins()["C"] == "19 09:00"

    def test_one_that_grows_only_without_left_out_items_is_none(self, cast: Cast, board: Source) -> None:
        # 10, 8, 9, 12: it did not grow. Without D (7, 3, 0, 0) it would have: 3, 5, 9, 12.
        waits(board, "D", "2025-03-03", "2025-03-13")
        spans = {
            "E": ("2025-03-07", "2025-03-13"),  # 3, 3
            "F": ("2025-03-15", "2025-03-22"),  # 0, 2, 5
            "G": ("2025-03-20", "2025-03-28"),  # 0, 0, 4, 4
            "H": ("2025-03-24", "2025-03-31"),  # 0, 0, 0, 7
            "I": ("2025-03-30", "2025-03-31"),  # 0, 0, 0, 1
        }
        for name, (low, high) in spans.items():
            waits(board, name, low, high)
        assert [row.trigger for row in proposals.propose(NOW)] == []
        from impediments.formulas import triggers
        from metrics.columns import load
        from metrics.models import WorkItem
        from portfolio.queries import find_scope

        (found,) = triggers.queues(load(find_scope("stream:payments", None), NOW))
        left = found.without([WorkItem.objects.get(key="D").pk])
        assert (found.weeks, left.weeks) == ((10, 8, 9, 12), (3, 5, 9, 12))
        one = WorkItem.objects.get(key="D")
        Proposal.objects.create(
            trigger=Trigger.QUEUE, stream=cast.falcon.stream, team=cast.falcon, items=[one.pk], state="dismissed",
            cause=f"queue:{cast.falcon.pk}:{found.status}", answered_at=NOW, since_at=NOW, found_at=NOW, seen_at=NOW,
        )  # fmt: skip
        assert proposals.propose(NOW) == []


def test_old_items_since_each_passed_the_limit(cast: Cast, board: Source) -> None:
    # The 85th of 1 … 10 is 9 days. On 31 March A (since 11 March) is 21 days old, B (since the 20th) 12: A became 10
    # days old on 20 March, B on 29 March.
    finished(board, range(1, 11))
    upsert(board, history("A", "2025-01-01", "2025-03-11 dev"))
    upsert(board, history("B", "2025-01-01", "2025-03-20 dev"))
    row = proposal(Trigger.AGEING)
    proposals.accept_proposal(actor=cast.member, proposal=row, at=NOW)
    assert begins() == {"A": "20 00:00", "B": "29 00:00"}


def test_marked_items_since_each_was_marked(cast: Cast, board: Source) -> None:
    for name, day in {"A": "2025-03-20", "B": "2025-03-25", "C": "2025-03-28"}.items():
        upsert(board, history(name, "2025-01-01", "2025-01-06 dev"))
        upsert(board, [block(name, name, day, None, "Vendor")])
    row = proposal(Trigger.REASON)
    proposals.accept_proposal(actor=cast.member, proposal=row, at=NOW)
    assert begins() == {"A": "20 00:00", "B": "25 00:00", "C": "28 00:00"}
