"""Capacity cost: what blocked items took from the working days of a team, computed by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from impediments import rollups
from impediments.costs import capacity, explain, project, top
from impediments.models import BlockedDay, Impediment
from metrics.models import Source, WorkItem
from portfolio.models import Team
from tests.cast import Cast
from tests.funding.cast import at, cost, derived, item
from tests.impediments.costs_cast import blocks, impediment

pytestmark = pytest.mark.django_db
# A Tuesday; January 2025 begins on a Wednesday.
NOW = at("2025-01-14 18:00")


@pytest.fixture
def items(cast: Cast) -> dict[str, WorkItem]:
    """Falcon (2,400 a day, UTC) has four items in progress since the 3rd of January."""
    Team.objects.update(timezone="UTC")
    cast.falcon.refresh_from_db()
    cost(cast.falcon, (date(2025, 1, 1), "2400"))
    found = {key: item(cast.falcon, key, "2025-01-03 09:00") for key in "ABCD"}
    derived(cast.falcon)
    return found


def of(one: Impediment, **asked: object) -> tuple[float, Decimal | None]:
    """Item-days and money as of NOW."""
    rollups.prepare(NOW)
    found = capacity([one], as_of=asked.pop("as_of", NOW), **asked)[one.pk]  # type: ignore[arg-type]
    return found.days, found.amount


def test_one_of_four_for_three_days(cast: Cast, items: dict[str, WorkItem]) -> None:
    # The definition's own example. At the ends of the 6th, 7th and 8th, not of the 9th, when it ends: 2,400 × 1 ÷ 4 is
    # 600 a day, three days: 1,800.
    one = impediment(cast.falcon, "Licence", "2025-01-06 08:00", "2025-01-09 10:00")
    blocks(one, items["A"], "2025-01-06 08:00", "2025-01-09 10:00")
    assert of(one) == (3, Decimal("1800.00"))
    assert capacity([one], as_of=NOW)[one.pk].team_days == 0.75


def test_weekends_holidays_and_days_that_have_not_come_cost_nothing(cast: Cast, items: dict[str, WorkItem]) -> None:
    cast.calendar.holidays.create(on=date(2025, 1, 13), name="Holiday")
    one = impediment(cast.falcon, "Licence", "2025-01-10 08:00")
    blocks(one, items["A"], "2025-01-10 08:00")
    # Friday the 10th and Tuesday the 14th: a weekend and a holiday lie between.
    assert of(one) == (2, Decimal("1200.00"))
    # As of Friday's end one day; of a window that begins on Saturday the other.
    assert of(one, as_of=at("2025-01-10 23:59:59.999999"))[1] == 600
    assert of(one, first=date(2025, 1, 11))[1] == 600


def test_an_item_blocked_by_several_is_split_among_them(cast: Cast, items: dict[str, WorkItem]) -> None:
    three = [impediment(cast.falcon, f"Reason {n}", "2025-01-14 08:00") for n in range(3)]
    for one in three:
        blocks(one, items["A"], "2025-01-14 08:00")
    blocks(three[0], items["B"], "2025-01-14 08:00")
    # One day. A: 600 ÷ 3 = 200 each; B: 600 for the first. Together 1,200 = 2,400 × 2 ÷ 4.
    assert [of(one)[1] for one in three] == [Decimal("800.00"), Decimal("200.00"), Decimal("200.00")]
    assert [round(of(one)[0], 6) for one in three] == [1.333333, 0.333333, 0.333333]


def test_what_does_not_divide_still_adds_up(cast: Cast, items: dict[str, WorkItem]) -> None:
    cost(cast.falcon, (date(2025, 1, 1), "1000"))
    three = [impediment(cast.falcon, f"Reason {n}", "2025-01-14 08:00") for n in range(3)]
    for one in three:
        blocks(one, items["A"], "2025-01-14 08:00")
    rollups.prepare(NOW)
    # 1,000 × 1 ÷ 4 = 250, in thirds: 83.3333, 83.3334, 83.3333.
    rows = sorted(row.amount or Decimal(0) for row in BlockedDay.objects.all())
    assert rows == [Decimal("83.3333"), Decimal("83.3333"), Decimal("83.3334")]
    assert sum(rows) == 250


def test_blocked_twice_by_the_same_counts_once(cast: Cast, items: dict[str, WorkItem]) -> None:
    one = impediment(cast.falcon, "Licence", "2025-01-14 08:00")
    blocks(one, items["A"], "2025-01-14 08:00")
    blocks(one, items["A"], "2025-01-13 08:00", "2025-01-20 10:00")
    # The 13th and the 14th.
    assert of(one) == (2, Decimal("1200.00"))


def test_only_what_is_in_progress_counts(cast: Cast, items: dict[str, WorkItem]) -> None:
    done = item(cast.falcon, "E", "2025-01-06 09:00", "2025-01-08 15:00")
    later = item(cast.falcon, "F", "2025-01-09 09:00")
    derived(cast.falcon)
    one = impediment(cast.falcon, "Licence", "2025-01-06 08:00")
    blocks(one, done, "2025-01-06 08:00")
    blocks(one, later, "2025-01-06 08:00", "2025-01-10 12:00")
    # E on the 6th and 7th: 2,400 ÷ 5 each = 960. F from its start on the 9th: that day, 2,400 ÷ 5 = 480.
    assert of(one) == (3, Decimal("1440.00"))


def test_with_nothing_in_progress_it_costs_nothing(cast: Cast) -> None:
    waiting = item(cast.falcon, "A", "2025-01-20 09:00")
    derived(cast.falcon)
    one = impediment(cast.falcon, "Licence", "2025-01-06 08:00")
    blocks(one, waiting, "2025-01-06 08:00")
    assert of(one) == (0, Decimal("0.00"))


def test_each_item_counts_for_the_team_that_holds_it(cast: Cast, items: dict[str, WorkItem]) -> None:
    cost(cast.kite, (date(2025, 1, 1), "1000"))
    other = item(cast.kite, "K", "2025-01-03 09:00")
    derived(cast.kite)
    one = impediment(cast.falcon, "Licence", "2025-01-14 08:00")
    blocks(one, items["A"], "2025-01-14 08:00")
    blocks(one, other, "2025-01-14 08:00")
    # Falcon 600; Kite's only item: the whole 1,000.
    assert of(one) == (2, Decimal("1600.00"))
    assert of(one, teams=[cast.kite.pk]) == (1, Decimal("1000.00"))
    # Who sees the money of Payments alone sees Falcon's part, and that something is hidden.
    seen = capacity([one], as_of=NOW)[one.pk].seen(frozenset([cast.payments.pk]))
    assert (seen.days, seen.amount, seen.is_hidden) == (2, Decimal("600.00"), True)
    nothing = capacity([one], as_of=NOW)[one.pk].seen(frozenset())
    assert (nothing.days, nothing.amount, nothing.is_hidden) == (2, None, True)


def test_days_are_those_of_the_team_that_holds_the_item(cast: Cast, items: dict[str, WorkItem]) -> None:
    Team.objects.filter(pk=cast.falcon.pk).update(timezone="America/New_York")
    derived(cast.falcon)
    one = impediment(cast.falcon, "Licence", "2025-01-08 03:00", "2025-01-09 04:00")
    # 03:00 UTC on the 8th is 22:00 on the 7th in New York; the end is 23:00 on the 8th: at the end of the 7th it
    # blocks, at that of the 8th no more.
    blocks(one, items["A"], "2025-01-08 03:00", "2025-01-09 04:00")
    assert of(one) == (1, Decimal("600.00"))
    assert BlockedDay.objects.get().on == date(2025, 1, 7)


def test_a_team_whose_cost_nobody_said_loses_days_all_the_same(cast: Cast, items: dict[str, WorkItem]) -> None:
    cast.falcon.costs.all().delete()
    Team.objects.filter(pk=cast.falcon.pk).update(cost_per_day=None)
    one = impediment(cast.falcon, "Licence", "2025-01-14 08:00")
    blocks(one, items["A"], "2025-01-14 08:00")
    assert of(one) == (1, None)
    assert capacity([one], as_of=NOW)[one.pk].reason == "nobody said what a day of Falcon costs"


def test_items_of_a_removed_source_count_no_more(cast: Cast, items: dict[str, WorkItem]) -> None:
    one = impediment(cast.falcon, "Licence", "2025-01-13 08:00")
    blocks(one, items["A"], "2025-01-13 08:00")
    assert of(one) == (2, Decimal("1200.00"))
    WorkItem.objects.filter(source__team=cast.falcon).delete()
    Source.objects.filter(team=cast.falcon).delete()
    assert of(one) == (0, Decimal("0.00"))
    assert explain(one, NOW).gone == ["A"]


def rows() -> list[tuple[Any, ...]]:
    """The prepared days: key, day, blocked items, items in progress, money."""
    return list(BlockedDay.objects.order_by("on").values_list("pk", "on__day", "items", "in_progress", "amount"))


def test_a_deleted_item_keeps_the_days_before_and_adds_none_after(cast: Cast, items: dict[str, WorkItem]) -> None:
    one = impediment(cast.falcon, "Licence", "2025-01-08 08:00")
    for key in "AB":
        blocks(one, items[key], "2025-01-08 08:00")
    # Two of four on the 8th and 9th: 2 × 2 × 600 = 2,400, prepared before A is deleted on the 10th at noon.
    rollups.prepare(at("2025-01-09 18:00"))
    before = rows()
    assert [row[1:] for row in before] == [(8, 2, 4, 1200), (9, 2, 4, 1200)]
    WorkItem.objects.filter(key="A").update(deleted_at=at("2025-01-10 12:00"))
    # From the 10th on B alone of three: 2,400 ÷ 3 = 800 on the 10th, 13th and 14th, 2,400 more; 4 + 3 item-days.
    assert of(one) == (7, Decimal("4800.00"))
    assert rows()[:2] == before
    assert [row[1:] for row in rows()[2:]] == [(10, 1, 3, 800), (13, 1, 3, 800), (14, 1, 3, 800)]
    told = explain(one, NOW)
    assert (told.gone, told.deleted) == ([], ["A"])
    # What is ahead is B's.
    assert project([one], date(2025, 1, 15), NOW)[one.pk].amount == 800
    # Found again by its tool, it counts as if it had never been away.
    WorkItem.objects.filter(key="A").update(deleted_at=None)
    assert of(one) == (10, Decimal("6000.00"))


def test_the_last_blocked_item_is_deleted(cast: Cast, items: dict[str, WorkItem]) -> None:
    one = impediment(cast.falcon, "Licence", "2025-01-08 08:00")
    blocks(one, items["A"], "2025-01-08 08:00")
    rollups.prepare(at("2025-01-09 18:00"))
    # 04:30 UTC on the 10th is 23:30 on the 9th in New York: the 9th is the first day that does not count.
    Team.objects.filter(pk=cast.falcon.pk).update(timezone="America/New_York")
    WorkItem.objects.filter(key="A").update(deleted_at=at("2025-01-10 04:30"))
    derived(cast.falcon)
    # The 8th alone, a quarter of 2,400; nothing later, and nothing ahead.
    assert of(one) == (1, Decimal("600.00"))
    assert project([one], date(2025, 1, 20), NOW)[one.pk].amount == 0


def test_it_catches_up_and_writes_nothing_twice(cast: Cast, items: dict[str, WorkItem]) -> None:
    one = impediment(cast.falcon, "Licence", "2025-01-13 08:00")
    held = blocks(one, items["A"], "2025-01-13 08:00")
    assert rollups.prepare(NOW) == 3
    before = sorted(BlockedDay.objects.values_list("pk", flat=True))
    assert rollups.prepare(NOW) == 0
    rollups.prepare(NOW, anew=True)
    assert sorted(BlockedDay.objects.values_list("pk", flat=True)) == before
    # A day later there is a day more; the others are the same rows.
    assert set(rollups.behind(at("2025-01-15 09:00"))) >= {cast.falcon.pk}
    rollups.prepare(at("2025-01-15 09:00"))
    assert [row.on.day for row in BlockedDay.objects.order_by("on")] == [13, 14, 15]
    held.to_at = at("2025-01-14 09:00")
    held.save()
    assert rollups.behind(NOW) == [cast.falcon.pk]
    assert of(one) == (1, Decimal("600.00"))


def test_the_formula_written_out_adds_up(cast: Cast, items: dict[str, WorkItem]) -> None:
    cost(cast.falcon, (date(2025, 1, 1), "2400"), (date(2025, 1, 9), "3000"))
    one = impediment(cast.falcon, "Licence", "2025-01-07 08:00")
    blocks(one, items["A"], "2025-01-07 08:00")
    blocks(one, items["B"], "2025-01-10 08:00")
    rollups.prepare(NOW)
    found = explain(one, NOW)
    told: list[tuple[object, ...]] = [
        (run.first.day, run.last.day, run.days, run.items, run.rate, run.amount) for run in found.runs
    ]
    # 2 × 2,400 × 1 ÷ 4 = 1,200; 1 × 3,000 × 1 ÷ 4 = 750; from the 10th on two items, 3 × 3,000 × 2 ÷ 4 = 4,500.
    assert told == [(7, 8, 2, 1, 2400, 1200), (9, 9, 1, 1, 3000, 750), (10, 14, 3, 2, 3000, 4500)]
    assert found.capacity.amount == Decimal("6450.00")
    hidden = explain(one, NOW, frozenset())
    assert [run.amount for run in hidden.runs] == [None, None, None]
    assert [run.rate for run in hidden.runs] == [None, None, None]


def test_projected_until_a_date(cast: Cast, items: dict[str, WorkItem]) -> None:
    cast.calendar.holidays.create(on=date(2025, 1, 17), name="Holiday")
    one = impediment(cast.falcon, "Licence", "2025-01-13 08:00")
    blocks(one, items["A"], "2025-01-13 08:00")
    over = impediment(cast.falcon, "Access", "2025-01-13 08:00", "2025-01-14 09:00")
    rollups.prepare(NOW)
    # 600 on the last working day × 3 working days from the 15th to the 20th (the 17th is free): 1,800, by then 3,000.
    found = project([one, over], date(2025, 1, 20), NOW)
    assert list(found) == [one.pk]
    told = found[one.pk]
    assert (told.working_days, told.days, told.amount) == (3, 3, Decimal("1800.00"))
    assert (told.days_by_then, told.by_then) == (5, Decimal("3000.00"))
    # What blocks nothing on the last working day takes nothing until then.
    one.blocks.update(to_at=at("2025-01-14 09:00"))
    rollups.prepare(NOW)
    assert project([one], date(2025, 1, 20), NOW)[one.pk].amount == 0


def test_as_many_queries_for_three_as_for_one(cast: Cast, items: dict[str, WorkItem]) -> None:
    found = [impediment(cast.falcon, f"Reason {n}", "2025-01-13 08:00") for n in range(3)]
    for one, key in zip(found, "ABC", strict=True):
        blocks(one, items[key], "2025-01-13 08:00")
    rollups.prepare(NOW)

    def queries(some: list[Impediment]) -> int:
        with CaptureQueriesContext(connection) as asked:
            capacity(some, as_of=NOW)
            project(some, date(2025, 1, 20), NOW)
        return len(asked)

    assert queries(found[:1]) == queries(found)
    lines = top([cast.falcon.pk], NOW)
    assert [(line.impediment.pk, line.items) for line in lines] == [(one.pk, 1) for one in found]
