"""Prepared costs: what a day costs, over what it is split, and that they catch up with what changes."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from funding import rollups
from funding.models import CostMark, DayCost
from funding.queries import spend_by_initiative, spend_by_stream
from metrics.models import EpicLink
from portfolio.models import Initiative, Team
from tests.cast import Cast
from tests.demo import AS_OF
from tests.funding.cast import at, cost, derived, feature_of, initiative, item

NOW = at("2025-01-14 18:00")


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    """Falcon works from 6 to 14 January 2025, at 1,000 a day and from the 8th on at 2,000; the 9th is a holiday."""
    Team.objects.exclude(pk=cast.falcon.pk).update(cost_per_day=None)
    Team.objects.filter(pk=cast.falcon.pk).update(started_on=date(2025, 1, 6), ended_on=date(2025, 1, 14))
    cast.falcon.refresh_from_db()
    cost(cast.falcon, (date(2025, 1, 1), "1000"), (date(2025, 1, 8), "2000"))
    cast.calendar.holidays.create(on=date(2025, 1, 9), name="Holiday")
    made = initiative(cast.payments, "Refunds")
    feature_of(made, cast.falcon, "E-1")
    return made


def work(cast: Cast) -> None:
    """A and B are of Refunds, C of nothing. A is in progress from the 6th to the 8th, B and C from the 7th on."""
    item(cast.falcon, "A", "2025-01-06 10:00", "2025-01-08 12:00", parent="E-1")
    item(cast.falcon, "B", "2025-01-07 09:00", parent="E-1")
    item(cast.falcon, "C", "2025-01-07 15:00")
    derived(cast.falcon)


def rows() -> dict[tuple[int, int | None], Decimal]:
    """By day of January and initiative."""
    return {(row.on.day, row.initiative_id): row.amount for row in DayCost.objects.all()}


def test_days_and_their_split(cast: Cast, refunds: Initiative) -> None:
    work(cast)
    assert rollups.prepare(NOW) == 3
    # 6th: A. 7th: A, B, C: two thirds of 1,000 for Refunds. 8th on: B and C (A is done): halves of 2,000. 9th free,
    # 11th and 12th are a weekend; the 14th is the last day.
    one = refunds.pk
    halves = {(day, of): Decimal(1000) for day in (8, 10, 13, 14) for of in (one, None)}
    thirds = {(7, one): Decimal("666.6666"), (7, None): Decimal("333.3334")}
    assert rows() == {(6, one): Decimal(1000), **thirds, **halves}


def test_without_items_the_day_belongs_to_nothing(cast: Cast, refunds: Initiative) -> None:
    rollups.prepare(NOW)
    # 2 days at 1,000 and 4 at 2,000.
    assert DayCost.objects.filter(initiative=None).aggregate(sum=Sum("amount"))["sum"] == 10_000
    assert not DayCost.objects.exclude(initiative=None).exists()


def test_a_team_without_a_cost_has_no_rows(cast: Cast, refunds: Initiative) -> None:
    rollups.prepare(NOW)
    assert set(DayCost.objects.values_list("team__slug", flat=True)) == {"falcon"}


def test_preparing_again_changes_nothing(cast: Cast, refunds: Initiative) -> None:
    work(cast)
    rollups.prepare(NOW)
    before = sorted(DayCost.objects.values_list("pk", "amount"))
    assert rollups.prepare(NOW) == 0
    assert rollups.prepare(NOW, anew=True) == 3
    # The very same rows: nothing that is true is written again.
    assert sorted(DayCost.objects.values_list("pk", "amount")) == before


def _rate(cast: Cast) -> None:
    cost(cast.falcon, (date(2025, 1, 1), "1000"))


def _holiday(cast: Cast) -> None:
    cast.calendar.holidays.all().delete()


def _link(cast: Cast) -> None:
    EpicLink.objects.all().delete()


def _sync(cast: Cast) -> None:
    item(cast.falcon, "D", "2025-01-10 09:00")
    derived(cast.falcon)


@pytest.mark.parametrize(
    ("change", "total"),
    [
        # 6 days at 1,000.
        (_rate, 6000),
        # The 9th too, at 2,000.
        (_holiday, 12_000),
        (_link, 10_000),
        (_sync, 10_000),
    ],
)
def test_it_catches_up_with_what_changed(cast: Cast, refunds: Initiative, change: object, total: int) -> None:
    work(cast)
    rollups.prepare(NOW)
    before = rows()
    change(cast)  # type: ignore[operator]
    assert cast.falcon.pk in rollups.behind(NOW)
    rollups.prepare(NOW)
    assert rows() != before
    assert sum(rows().values()) == total
    assert rollups.behind(NOW) == []


def test_a_new_day_is_added(cast: Cast, refunds: Initiative) -> None:
    Team.objects.filter(pk=cast.falcon.pk).update(ended_on=None)
    rollups.prepare(NOW)
    assert (15, None) not in rows()
    rollups.prepare(at("2025-01-15 00:30"))
    assert rows()[15, None] == 2000


def test_a_killed_run_is_taken_up_again(cast: Cast, refunds: Initiative) -> None:
    """A batch is one transaction: one that did not end left nothing, and is behind still."""
    work(cast)
    rollups.prepare(NOW, [cast.falcon.pk])
    DayCost.objects.all().delete()
    CostMark.objects.all().delete()
    assert set(rollups.behind(NOW)) == {cast.falcon.pk, cast.heron.pk, cast.kite.pk}
    rollups.prepare(NOW)
    assert sum(rows().values()) == 10_000


def test_a_team_without_a_first_day_counts_from_the_quarter_of_its_first_item(cast: Cast, refunds: Initiative) -> None:
    Team.objects.filter(pk=cast.falcon.pk).update(started_on=None)
    work(cast)
    rollups.prepare(NOW)
    # Its items are of January: from 1 January, a Wednesday.
    assert DayCost.objects.order_by("on").values_list("on", flat=True)[0] == date(2025, 1, 1)


def test_freshness_is_said(cast: Cast, refunds: Initiative) -> None:
    found = rollups.freshness([cast.payments.pk], date(2025, 1, 14))
    assert (found.made_at, found.missing, found.is_stale) == (None, 2, True)
    rollups.prepare(NOW)
    found = rollups.freshness([cast.payments.pk], date(2025, 1, 14))
    assert (found.made_at, found.is_stale) == (NOW, False)
    assert rollups.freshness([cast.payments.pk], date(2025, 1, 15)).is_stale


def test_the_same_queries_for_one_team_and_three(cast: Cast) -> None:
    rollups.prepare(NOW)
    with CaptureQueriesContext(
        connection,
    ) as one:
        rollups.prepare(NOW, [cast.falcon.pk], anew=True)
    with CaptureQueriesContext(connection) as three:
        rollups.prepare(NOW, anew=True)
    assert len(three) == len(one)


@pytest.mark.usefixtures("demo")
def test_nothing_is_lost_in_the_demo() -> None:
    """Of each team and day the shares sum to 1; by initiative the spend sums to that by stream."""
    Team.objects.filter(cost_per_day=None).update(cost_per_day=1234)
    initiative_of_all()
    rollups.prepare(AS_OF)
    days = DayCost.objects.values("team", "on").annotate(share=Sum("share"), amount=Sum("amount"))
    assert len(days) > 300
    costs = dict(Team.objects.values_list("pk", "cost_per_day"))
    assert all(abs(day["share"] - 1) < 1e-9 for day in days)
    assert all(day["amount"] == costs[day["team"]] for day in days)
    first, last = date(2025, 1, 1), timezone.localdate(AS_OF)
    by_initiative: dict[int, Decimal] = {}
    for (stream, _), amount in spend_by_initiative(first, last, AS_OF).items():
        by_initiative[stream] = by_initiative.get(stream, Decimal(0)) + amount
    assert by_initiative == spend_by_stream(first, last, AS_OF)
    assert DayCost.objects.exclude(initiative=None).exists()


def initiative_of_all() -> None:
    """Every parent of Falcon's items belongs to one initiative."""
    falcon = Team.objects.get(slug="falcon")
    made = initiative(falcon.stream, "All of it")
    feature = made.features.create(team=falcon, name="All of it", rank=99)
    held = falcon.items.exclude(parent="").order_by().values_list("source", "parent").distinct()
    for source, parent in held:
        EpicLink.objects.get_or_create(source_id=source, parent=parent, defaults={"feature": feature})
