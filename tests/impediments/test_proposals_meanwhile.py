"""Proposals that are answered while data are looked at."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from impediments import proposals
from impediments.models import Answer, Proposal
from impediments.proposals import news
from metrics.load import upsert
from metrics.models import Source
from tests.cast import Cast
from tests.impediments.test_triggers import block
from tests.metrics.cast import at, source
from tests.metrics.test_flow import STATUSES, history
from tests.waiting import until

NOW = at("2025-03-31 12:00")
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"


def blocked(cast: Cast) -> Source:
    board = source(cast.falcon, synced_at=at("2025-01-01"))
    with transaction.atomic():
        upsert(board, STATUSES)
        for name in "ABC":
            upsert(board, history(name, "2025-01-01", "2025-01-06 dev"))
            upsert(board, [block(name, name, "2025-03-20", None, "Waiting for procurement")])
    return board


def _propose() -> int:
    try:
        return len(proposals.propose(NOW))
    finally:
        connection.close()


def _waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_what_is_dismissed_meanwhile_does_not_come_back(cast: Cast) -> None:
    blocked(cast)
    (row,) = proposals.propose(NOW)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            proposals.dismiss_proposal(actor=cast.member, proposal=row)
            other = pool.submit(_propose)
            # The job has come as far as the answer that is not given yet.
            until(_waits, what="the job waits for the answer")
        assert other.result() == 0
    assert [one.state for one in Proposal.objects.all()] == [Answer.DISMISSED]


@pytest.mark.django_db
def test_an_answer_is_news(cast: Cast) -> None:
    blocked(cast)
    assert news.look(NOW) == 2
    (row,) = Proposal.objects.all()
    proposals.dismiss_proposal(actor=cast.member, proposal=row)
    assert (news.look(NOW), news.look(NOW)) == (1, 0)
    proposals.restore_proposal(actor=cast.member, proposal=row)
    assert (news.look(NOW), news.look(NOW)) == (1, 0)
