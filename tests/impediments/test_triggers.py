"""The three triggers, each at its threshold and one below. Values computed by hand."""

from collections.abc import Iterable

import pytest

from impediments.formulas import triggers
from impediments.formulas.triggers import Ageing, Queue, SameReason
from impediments.formulas.words import category_of
from metrics.columns import instant, load
from metrics.load import upsert
from metrics.models import BlockedStay, Source, WorkItem
from metrics.rows import BlockRow, TeamMoveRow
from portfolio.models import Team
from portfolio.queries import find_scope
from tests.metrics.cast import at, source, team
from tests.metrics.test_flow import STATUSES, history
from tests.metrics.test_flow import board as board

pytestmark = pytest.mark.django_db

# A Monday; the last four full weeks are 3 to 30 March 2025.
NOW = "2025-03-31 12:00"


def keys(ids: Iterable[int]) -> list[str]:
    known = dict(WorkItem.objects.values_list("pk", "key"))
    return [known[pk] for pk in ids]


def block(number: str, item: str, low: str, high: str | None, reason: str) -> BlockRow:
    return BlockRow(number, item, at(low), at(high) if high else None, reason)


def reasons(when: str = NOW, logged: Iterable[int] = ()) -> list[SameReason]:
    return triggers.same_reasons(load(find_scope("stream:payments", None), at(when)), list(logged))


def in_dev(board: Source, *names: str) -> None:
    for name in names:
        upsert(board, history(name, "2025-01-01", "2025-01-06 dev"))


class TestSameReason:
    def test_three_items_are_enough_and_two_are_not(self, board: Source) -> None:
        in_dev(board, "A", "B", "C")
        upsert(board, [block("1", "A", "2025-03-20", None, "Waiting for procurement")])
        upsert(board, [block("2", "B", "2025-03-25", None, "procurement!")])
        (two,) = reasons()
        assert (keys(two.items), two.holds) == (["A", "B"], False)
        upsert(board, [block("3", "C", "2025-03-28", "2025-03-29", "Procurement (FORM-17)")])
        (three,) = reasons()
        assert (keys(three.items), three.holds) == (["A", "B", "C"], True)
        # The words that came first in the alphabet of those equally common lead.
        assert three.words == {"procurement"}
        assert three.is_open == (True, True, False)

    def test_an_item_counts_once(self, board: Source) -> None:
        in_dev(board, "A", "B")
        spans = [("1", "A", "2025-03-20", "2025-03-21"), ("2", "A", "2025-03-22", None), ("3", "B", "2025-03-23", None)]
        upsert(board, [block(*span, "Legal review") for span in spans])
        (one,) = reasons()
        assert (keys(one.items), one.holds) == (["A", "B"], False)
        assert [instant(since) for since in one.since] == [at("2025-03-20"), at("2025-03-23")]
        assert one.is_open == (True, True)

    def test_a_stay_that_ended_counts_for_fourteen_days_from_its_begin(self, board: Source) -> None:
        in_dev(board, "A")
        upsert(board, [block("1", "A", "2025-03-10 12:00", "2025-03-11", "Legal review")])
        # 10 March 12:00 and 14 days are 24 March 12:00.
        assert len(reasons("2025-03-24 12:00")) == 1
        assert reasons("2025-03-24 12:01") == []

    def test_an_open_stay_counts_however_old_while_its_item_is_in_progress(self, board: Source) -> None:
        upsert(board, history("A", "2025-01-01", "2025-01-06 dev", "2025-03-25 done"))
        upsert(board, [block("1", "A", "2025-01-10", None, "Legal review")])
        assert [keys(one.items) for one in reasons("2025-03-24")] == [["A"]]
        assert reasons() == []

    def test_other_reasons_no_reason_and_logged_stays_do_not_count(self, board: Source) -> None:
        in_dev(board, "A", "B", "C", "D")
        for number, (name, reason) in enumerate([("A", "Vendor"), ("B", "Legal review"), ("C", ""), ("D", "vendor")]):
            upsert(board, [block(str(number), name, "2025-03-20", None, reason)])
        assert [keys(one.items) for one in reasons()] == [["A", "D"], ["B"]]
        stay = BlockedStay.objects.get(item__key="A").pk
        assert sorted(keys(one.items)[0] for one in reasons(logged=[stay])) == ["B", "D"]

    def test_items_count_for_the_stream_that_holds_them(self, board: Source) -> None:
        team("kite", stream="platform")
        in_dev(board, "A")
        upsert(board, [block("1", "A", "2025-03-20", None, "Vendor")])
        upsert(board, [TeamMoveRow("m", "A", at("2025-03-21"), "falcon", "kite")])
        assert reasons() == []
        assert len(reasons("2025-03-20 12:00")) == 1

    def test_left_out_items_may_take_it_below(self, board: Source) -> None:
        in_dev(board, "A", "B", "C")
        upsert(board, [block(name, name, "2025-03-20", None, "Vendor") for name in "ABC"])
        (one,) = reasons()
        left = one.without({WorkItem.objects.get(key="B").pk})
        assert (one.holds, keys(left.items), left.holds) == (True, ["A", "C"], False)

    def test_words_that_are_half_the_same_are_alike(self) -> None:
        known = {"one": frozenset({"legal", "review"}), "two": frozenset({"vendor"})}
        # 2 of 3 words in common; 1 of 3.
        assert triggers.most_alike(frozenset({"legal", "review", "late"}), known) == "one"
        assert triggers.most_alike(frozenset({"legal", "late"}), known) == ""


def queue(when: str = NOW, name: str = "Wait") -> Queue | None:
    found = triggers.queues(load(find_scope("stream:payments", None), at(when)))
    falcon = Team.objects.get(slug="falcon").pk
    return next((one for one in found if (one.team, one.name) == (falcon, name)), None)


def waits(board: Source, name: str, day: str, until: str = "") -> None:
    ends = [f"{until} 09:00 dev"] if until else []
    upsert(board, history(name, "2025-01-01", "2025-01-06 dev", f"{day} 09:00 wait", *ends))


class TestQueue:
    def test_it_must_grow_three_weeks_running(self, board: Source) -> None:
        waits(board, "A", "2025-03-08")
        waits(board, "B", "2025-03-12")
        waits(board, "C", "2025-03-19")
        found = queue()
        assert found is not None
        # A from Saturday 8 March: 2, 7, 7, 7; B from Wednesday 12: 0, 5, 7, 7; C from Wednesday 19: 0, 0, 5, 7.
        assert found.weeks == (2, 12, 19, 21)
        assert (found.total, found.share, found.holds) == (54, 1, True)
        assert keys(found.items) == ["A", "B", "C"]
        # Without C the last two weeks are alike: 14 and 14.
        left = found.without({WorkItem.objects.get(key="C").pk})
        assert (left.weeks, left.holds) == ((2, 12, 14, 14), False)

    @pytest.mark.parametrize(("others", "holds"), [(2, True), (3, False)])
    def test_it_holds_more_than_thirty_per_cent_of_the_waiting_of_the_stream(
        self, board: Source, others: int, holds: bool
    ) -> None:
        heron = team("heron")
        upsert(other := source(heron, "heron-board"), STATUSES)
        waits(board, "A", "2025-03-27")
        waits(board, "B", "2025-03-13", "2025-03-14")
        waits(board, "C", "2025-03-18", "2025-03-20")
        found = queue()
        assert found is not None
        # A: 27 to 30 March, 4; B: the 13th, 1; C: the 18th and 19th, 2. The first week is 0: 0, 1, 2, 4.
        assert found.weeks == (0, 1, 2, 4)
        assert found.holds
        # Heron's items wait 8 days each, from 3 to 10 March: 7 of 7 + 16 = 23 (30.4 %), or of 7 + 24 = 31 (22.6 %).
        for number in range(others):
            waits(other, f"H{number}", "2025-03-03", "2025-03-11")
        found = queue()
        assert found is not None
        assert (found.total, found.holds) == (7 + 8 * others, holds)

    def test_exactly_thirty_per_cent_is_not_enough(self, board: Source) -> None:
        waits(board, "A", "2025-03-28")
        waits(board, "B", "2025-03-18", "2025-03-20")
        waits(board, "C", "2025-03-13", "2025-03-14")
        # 28 to 30 March: 3; 18 and 19: 2; the 13th: 1. Together 6 of 20, the other 14 are of blocked work in Dev.
        upsert(board, history("D", "2025-01-01", "2025-01-06 dev"))
        upsert(board, [block("1", "D", "2025-03-03", "2025-03-17", "Vendor")])
        found = queue()
        assert found is not None
        assert (found.weeks, found.total, found.holds) == ((0, 1, 2, 3), 20, False)
        upsert(board, [block("1", "D", "2025-03-03", "2025-03-16", "Vendor")])
        found = queue()
        # 6 of 19.
        assert found is not None
        assert (found.total, found.holds) == (19, True)

    def test_blocked_work_waits_where_it_stands(self, board: Source) -> None:
        in_dev(board, "A")
        upsert(board, [block("1", "A", "2025-03-09 20:00", None, "Vendor"), block("2", "A", "2025-03-09", None, "Too")])
        found = queue(name="Dev")
        assert found is not None
        # From the end of Sunday, 9 March on; blocked twice, it waits once.
        assert (found.weeks, found.holds) == ((1, 7, 7, 7), False)

    def test_weeks_are_full_ones(self, board: Source) -> None:
        waits(board, "A", "2025-03-08")
        # On Sunday the week is not over: the four weeks are 24 February to 23 March.
        found = queue("2025-03-30 12:00")
        assert found is not None
        assert found.weeks == (0, 2, 7, 7)


def old(when: str = NOW) -> Ageing | None:
    falcon = Team.objects.get(slug="falcon")
    return triggers.ageing(load(find_scope("stream:payments", None), at(when)), falcon.pk)


def finished(board: Source, days: Iterable[int]) -> None:
    """Items that finished on 20 March after so many days."""
    for number, day in enumerate(days):
        upsert(board, history(f"F{number}", "2025-01-01", f"2025-03-{21 - day:02} dev", "2025-03-20 done"))


class TestAgeing:
    def test_more_than_a_fifth_of_the_work_is_older_than_the_85th_percentile(self, board: Source) -> None:
        # The 85th of 1 … 10 is 9.
        finished(board, range(1, 11))
        # On 31 March: since 22 March 10 days, since 23 March 9 days.
        upsert(board, history("A", "2025-01-01", "2025-03-22 dev"))
        for name in "BCDE":
            upsert(board, history(name, "2025-01-01", "2025-03-23 dev"))
        found = old()
        assert found is not None
        # 1 of 5 is 20 %: not more than a fifth.
        assert (found.limit, found.finished, found.wip, found.share, found.holds) == (9, 10, 5, 0.2, False)
        upsert(board, history("E", "2025-01-01", "2025-03-23 dev", "2025-03-24 todo"))
        found = old()
        assert found is not None
        # 1 of 4.
        assert (keys(found.items), found.ages, found.wip, found.holds) == (["A"], (10,), 4, True)
        assert not found.without(found.items).holds

    def test_fewer_than_five_finished_items_say_nothing(self, board: Source) -> None:
        upsert(board, history("A", "2025-01-01", "2025-01-06 dev"))
        finished(board, [1, 1, 1, 1])
        assert old() is None
        finished(board, [1, 1, 1, 1, 1])
        found = old()
        assert found is not None
        assert (found.limit, found.holds) == (1, True)

    def test_items_that_finished_more_than_ninety_days_ago_do_not_count(self, board: Source) -> None:
        upsert(board, history("A", "2025-01-01", "2025-01-06 dev"))
        finished(board, [1, 1, 1, 1, 1])
        # 20 March is the first of 90 days that end on 17 June.
        assert old("2025-06-17 12:00") is not None
        assert old("2025-06-18 12:00") is None

    def test_a_team_that_never_held_an_item_says_nothing(self, board: Source) -> None:
        kite = team("kite")
        in_dev(board, "A")
        assert triggers.ageing(load(find_scope("stream:payments", None), at(NOW)), kite.pk) is None


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("Waiting for procurement", "procurement"),
        ("Waits for legal review #3", "legal"),
        ("Access rights are missing", "access"),
        ("Test environment is down", "infrastructure"),
        ("Waiting for another team", "team"),
        ("Hm", "other"),
    ],
)
def test_a_category_is_guessed_by_words(reason: str, category: str) -> None:
    assert category_of(reason) == category
