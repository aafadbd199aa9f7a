"""What data propose: once per cause, answered by people, dismissals remembered."""

from datetime import datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from core.models import AuditEntry
from impediments import proposals
from impediments.models import Answer, Block, Impediment, Proposal, State, Trigger, Via
from impediments.proposals import news
from metrics.load import upsert
from metrics.models import BlockedStay, Source, Status, WorkItem
from portfolio.actions import Conflict
from portfolio.models import ValueStream
from tests.cast import Cast
from tests.demo import AS_OF
from tests.impediments.test_triggers import block, finished, waits
from tests.metrics.cast import at, source
from tests.metrics.test_flow import STATUSES, history

NOW = at("2025-03-31 12:00")


@pytest.fixture
def board(cast: Cast) -> Source:
    made = source(cast.falcon, synced_at=at("2025-01-01"))
    upsert(made, STATUSES)
    return made


def blocked(board: Source, *names: str, reason: str = "Waiting for procurement", since: str = "2025-03-20") -> None:
    for name in names:
        upsert(board, history(name, "2025-01-01", "2025-01-06 dev"))
        upsert(board, [block(name, name, since, None, reason)])


def keys(row: Proposal) -> list[str]:
    return sorted(WorkItem.objects.filter(pk__in=row.items).values_list("key", flat=True))


def proposed(when: datetime = NOW) -> list[Proposal]:
    return proposals.propose(when)


@pytest.mark.django_db
class TestProposing:
    def test_it_says_what_it_rests_on_and_is_proposed_once(self, board: Source) -> None:
        blocked(board, "A", "B", "C")
        (row,) = proposed()
        assert (row.trigger, row.cause, row.what) == (
            Trigger.REASON,
            "reason:payments:procurement",
            "Waiting for procurement",
        )
        assert (row.team, row.category, row.since_at) == (board.team, "procurement", at("2025-03-20"))
        assert row.why == (
            "3 items of Payments were blocked for this reason in the last 14 days; all of them still are. "
            "No impediment says so."
        )
        assert [line["key"] for line in row.evidence] == ["A", "B", "C"]
        assert row.evidence[0]["text"] == "blocked since 20 Mar 2025: “Waiting for procurement”"
        assert proposed() == []
        assert AuditEntry.objects.filter(verb="proposed", target_id=row.pk).count() == 1

    def test_one_that_is_open_says_what_is_true_now(self, board: Source) -> None:
        blocked(board, "A", "B", "C")
        (row,) = proposed()
        blocked(board, "D", reason="procurement (late)")
        assert proposed(at("2025-04-01")) == []
        row.refresh_from_db()
        # Its cause stays, though the words are half others.
        assert (keys(row), row.seen_at, row.found_at) == (["A", "B", "C", "D"], at("2025-04-01"), NOW)

    def test_what_holds_no_more_is_taken_back(self, board: Source) -> None:
        blocked(board, "A", "B", "C")
        proposed()
        upsert(board, [block("A", "A", "2025-03-01", "2025-03-02", "Waiting for procurement")])
        assert proposed() == []
        assert not Proposal.objects.exists()

    def test_items_with_an_open_impediment_do_not_count(self, cast: Cast, board: Source) -> None:
        blocked(board, "A", "B", "C")
        from impediments import actions

        one = actions.log_impediment(
            actor=cast.member,
            what="A form",
            category="procurement",
            team=cast.falcon,
            items=[WorkItem.objects.get(key="A")],
            since=at("2025-03-21"),
            at=at("2025-03-30"),
        )
        assert proposed() == []
        # Logged once, its stay says nothing new after it was resolved either.
        actions.resolve(
            actor=cast.member, impediment=one, resolution="Bought", root_cause="process", at=at("2025-03-31")
        )
        assert proposed() == []
        blocked(board, "D")
        assert [keys(row) for row in proposed()] == [["B", "C", "D"]]


def queue_of(board: Source, *names: str) -> None:
    """Three items wait since Saturday 8, Wednesday 12 and Wednesday 19 March: 2, 12, 19 and 21 days a week."""
    for name, day in zip(names, ("2025-03-08", "2025-03-12", "2025-03-19"), strict=False):
        waits(board, name, day)


def old_work(board: Source, *begun: str) -> None:
    """Ten items took 1 … 10 days, 85 % of them 9 or less; those given are in progress since a day of March."""
    finished(board, range(1, 11))
    for name, day in (one.split() for one in begun):
        upsert(board, history(name, "2025-01-01", f"2025-03-{day} dev"))


def shown(client: Client, row: Proposal, cast: Cast) -> None:
    """The evidence stands on the page, each item with a link to it that opens."""
    client.force_login(cast.member)
    page = client.get("/impediments/proposals/").content.decode()
    assert row.evidence
    for line in row.evidence:
        assert line["url"] == f"/items/{line['item']}/"
        assert f'<a href="{line["url"]}">{line["key"]}</a>' in page
        assert client.get(line["url"]).status_code == 200
        assert line["text"] in page


@pytest.mark.django_db
class TestAQueue:
    def test_it_is_proposed_with_its_items(self, client: Client, cast: Cast, board: Source) -> None:
        queue_of(board, "A", "B")
        # Two items: 2, 12, 14 and 14 did not grow in the last week.
        assert proposed() == []
        waits(board, "C", "2025-03-19")
        (row,) = proposed()
        status = Status.objects.get(source=board, name="Wait")
        assert (row.trigger, row.cause) == (Trigger.QUEUE, f"queue:{cast.falcon.pk}:{status.pk}")
        assert (row.team, row.stream, row.what) == (cast.falcon, cast.payments, "Work of Falcon waits in “Wait”")
        assert row.why == (
            "The waiting grew three weeks running: 2, 12, 19 and 21 item-days a week from 3 Mar to 30 Mar 2025. "
            "That is 100 % of all waiting of the value stream in these four weeks."
        )
        assert (row.category, row.since_at) == ("other", at("2025-03-03"))
        # A: 2 + 7 + 7 + 7; B: 5 + 7 + 7; C: 5 + 7.
        assert [(line["key"], line["text"]) for line in row.evidence] == [
            (key, f"waited {days} days in “Wait” in these four weeks")
            for key, days in (("A", 23), ("B", 19), ("C", 12))
        ]
        assert proposed() == []
        shown(client, row, cast)

    def test_dismissed_its_items_count_no_more(self, cast: Cast, board: Source) -> None:
        queue_of(board, "A", "B", "C")
        (row,) = proposed()
        proposals.dismiss_proposal(actor=cast.member, proposal=row, reason="A test lab", at=NOW)
        assert proposed() == []
        # With D and E alone the last two weeks would be alike, whatever A to C do.
        queue_of(board, "D", "E")
        assert proposed() == []
        waits(board, "F", "2025-03-19")
        (again,) = proposed()
        # 54 of 108 item-days.
        assert (again.cause, keys(again)) == (row.cause, ["D", "E", "F"])
        assert "That is 50 % of all waiting" in again.why

    def test_accepted_it_blocks_what_waits(self, cast: Cast, board: Source) -> None:
        queue_of(board, "A", "B", "C")
        upsert(board, history("C", "2025-01-01", "2025-01-06 dev", "2025-03-19 09:00 wait", "2025-03-31 09:00 dev"))
        (row,) = proposed()
        made = proposals.accept_proposal(actor=cast.member, proposal=row, category="infrastructure", at=NOW)
        # C is where it waited no more.
        assert sorted(made.blocks.values_list("key", flat=True)) == ["A", "B"]
        assert (made.what, made.team, made.category, made.via) == (row.what, cast.falcon, "infrastructure", Via.DATA)
        assert proposed() == []


@pytest.mark.django_db
class TestOldWork:
    def test_it_is_proposed_with_its_items(self, client: Client, cast: Cast, board: Source) -> None:
        # On 31 March B is 11 days old, A 10, C 9: two of three are older than 9 days.
        old_work(board, "A 22", "B 21", "C 23")
        (row,) = proposed()
        assert (row.trigger, row.cause) == (Trigger.AGEING, f"ageing:{cast.falcon.pk}")
        assert (row.team, row.what) == (cast.falcon, "Work in progress of Falcon is older than usual")
        assert row.why == (
            "2 of 3 items in progress (67 %) are older than 9 days: of the 10 items finished in the last 90 days, "
            "85 % took no longer than that."
        )
        # B was 10 days old on the 30th, the first day above 9.
        assert (row.category, row.since_at) == ("other", at("2025-03-30"))
        assert [(line["key"], line["text"]) for line in row.evidence] == [
            ("B", "in progress for 11 days"),
            ("A", "in progress for 10 days"),
        ]
        shown(client, row, cast)

    def test_dismissed_its_items_count_no_more(self, cast: Cast, board: Source) -> None:
        old_work(board, "A 22", "B 21", "C 23")
        (row,) = proposed()
        proposals.dismiss_proposal(actor=cast.member, proposal=row, at=NOW)
        assert proposed() == []
        # D is 12 days old: one of five is 20 %, one of four more than that.
        old_work(board, "D 20", "E 30")
        assert proposed() == []
        upsert(board, history("E", "2025-01-01", "2025-03-30 dev", "2025-03-31 09:00 todo"))
        assert [(one.cause, keys(one)) for one in proposed()] == [(row.cause, ["D"])]

    def test_accepted_it_blocks_the_old_ones(self, cast: Cast, board: Source) -> None:
        old_work(board, "A 22", "B 21", "C 23")
        (row,) = proposed()
        made = proposals.accept_proposal(actor=cast.member, proposal=row, at=NOW)
        assert (made.what, made.team, made.category, made.via) == (row.what, cast.falcon, "other", Via.DATA)
        assert sorted(made.blocks.values_list("key", flat=True)) == ["A", "B"]
        assert proposed() == []
        row.refresh_from_db()
        assert (row.state, row.impediment) == (Answer.ACCEPTED, made)


@pytest.mark.django_db
class TestAnswers:
    def test_a_dismissal_is_remembered_for_its_items(self, cast: Cast, board: Source) -> None:
        blocked(board, "A", "B", "C")
        (row,) = proposed()
        done = proposals.dismiss_proposal(actor=cast.member, proposal=row, reason="Usual", at=NOW)
        assert (done.state, done.answer_reason, done.answered_by) == (Answer.DISMISSED, "Usual", cast.member)
        assert proposed() == []
        blocked(board, "D", "E", reason="Waits for procurement")
        assert proposed() == []
        blocked(board, "F")
        assert [(row.cause, keys(row)) for row in proposed()] == [("reason:payments:procurement", ["D", "E", "F"])]

    def test_a_dismissal_is_taken_back(self, cast: Cast, board: Source) -> None:
        blocked(board, "A", "B", "C")
        (row,) = proposed()
        proposals.dismiss_proposal(actor=cast.member, proposal=row)
        assert proposals.restore_proposal(actor=cast.member, proposal=row).state == Answer.OPEN
        assert proposed() == []
        with pytest.raises(ValidationError, match="not dismissed"):
            proposals.restore_proposal(actor=cast.member, proposal=row)

    def test_it_is_not_taken_back_while_its_cause_is_open_again(self, cast: Cast, board: Source) -> None:
        blocked(board, "A", "B", "C")
        (row,) = proposed()
        proposals.dismiss_proposal(actor=cast.member, proposal=row)
        blocked(board, "D", "E", "F")
        assert len(proposed()) == 1
        with pytest.raises(ValidationError, match="proposed anew"):
            proposals.restore_proposal(actor=cast.member, proposal=row)

    def test_it_becomes_an_impediment_that_blocks_its_items(self, cast: Cast, board: Source) -> None:
        blocked(board, "A", "B", "C")
        (row,) = proposed()
        made = proposals.accept_proposal(actor=cast.member, proposal=row, at=NOW)
        assert (made.what, made.team, made.via, made.since_at) == (row.what, cast.falcon, Via.DATA, at("2025-03-20"))
        assert sorted(made.blocks.values_list("key", flat=True)) == ["A", "B", "C"]
        # The stays of the tool are followed, none was made.
        assert BlockedStay.objects.count() == 3
        row.refresh_from_db()
        assert (row.state, row.impediment, row.answered_by) == (Answer.ACCEPTED, made, cast.member)
        assert proposed() == []

    def test_while_its_impediment_is_open_nothing_is_proposed_for_the_cause(self, cast: Cast, board: Source) -> None:
        blocked(board, "A", "B", "C")
        (row,) = proposed()
        made = proposals.accept_proposal(actor=cast.member, proposal=row, at=NOW)
        blocked(board, "D", "E", "F")
        assert proposed() == []
        Impediment.objects.filter(pk=made.pk).update(
            state=State.RESOLVED, resolved_at=NOW, resolution="Bought", root_cause="process"
        )
        Block.objects.update(to_at=NOW)
        assert [keys(row) for row in proposed()] == [["D", "E", "F"]]

    def test_two_answers_are_one_too_many(self, cast: Cast, board: Source) -> None:
        blocked(board, "A", "B", "C")
        (row,) = proposed()
        proposals.dismiss_proposal(actor=cast.member, proposal=row)
        with pytest.raises(Conflict) as raised:
            proposals.accept_proposal(actor=cast.leader, proposal=row)
        assert (raised.value.who, raised.value.verb) == ("Max Weber", "dismissed")
        assert not Impediment.objects.exists()

    def test_who_may_not_log_may_not_answer(self, cast: Cast, board: Source) -> None:
        blocked(board, "A", "B", "C")
        (row,) = proposed()
        for verb in (proposals.accept_proposal, proposals.dismiss_proposal, proposals.restore_proposal):
            with pytest.raises(PermissionDenied):
                verb(actor=cast.viewer, proposal=row)


@pytest.mark.django_db
def test_streams_are_looked_at_when_there_is_news(cast: Cast, board: Source) -> None:
    blocked(board, "A", "B", "C")
    assert news.look(NOW) == 2
    assert news.look(NOW) == 0
    # A sync brought something to Payments.
    Source.objects.filter(pk=board.pk).update(data_version=board.data_version + 1000)
    assert news.look(NOW) == 1
    (row,) = Proposal.objects.all()
    proposals.accept_proposal(actor=cast.member, proposal=row, at=NOW)
    assert news.look(NOW) == 1
    # Another day.
    assert news.look(at("2025-04-01 12:00")) == 2


@pytest.mark.usefixtures("demo")
def test_the_queue_of_procurement_is_found_without_help() -> None:
    found = [row for row in proposals.propose(AS_OF) if "procurement" in row.cause]
    assert [(row.trigger, row.stream.slug, row.team and row.team.slug) for row in found] == [
        (Trigger.REASON, "onboarding", "egret")
    ]
    assert len(found[0].items) >= 3
    assert found[0].category == "procurement"
    # By hand: the items of Egret with an open stay, or one begun within 14 days.
    stays = BlockedStay.objects.filter(reason="Waiting for procurement", from_at__lte=AS_OF)
    wanted = {
        stay.item_id
        for stay in stays.select_related("item__flow")
        if ((stay.to_at is None or stay.to_at > AS_OF) and stay.item.flow.state in {"active", "waiting"})
        or (AS_OF - stay.from_at).total_seconds() <= 14 * 86400
    }
    assert set(found[0].items) == wanted
    assert ValueStream.objects.get(slug="onboarding").impediment_proposals.count() >= 1
