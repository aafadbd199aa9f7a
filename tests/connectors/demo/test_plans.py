"""Epics of the simulated teams, and what the demo organisation means to do with them."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command

from connectors.demo import actions
from connectors.demo.epics import LASTS, epic, epics
from connectors.demo.plans import ALLOCATIONS, EXPECTED, INITIATIVES, features
from connectors.demo.world import BY_SLUG, PROFILES
from core.models import AuditEntry
from metrics.epics import sizes
from metrics.models import BlockedStay, EpicLink, Expectation, WorkItem
from metrics.rows import BlockRow, WorkItemRow
from portfolio.models import Allocation, Feature, Initiative, Team, ValueStream
from tests.connectors.demo.test_connector import NOW, START, connector, stored
from tests.demo import AS_OF, TEAMS, UNTIL
from vmo.demo.story import BETS


def items(profile: str = "falcon", now: datetime = NOW) -> list[WorkItemRow]:
    return [row for row in stored(connector(profile, now).pull(None)).values() if isinstance(row, WorkItemRow)]


def test_items_belong_to_the_three_epics_that_are_fed_when_they_are_created() -> None:
    known = {one.key: one for one in epics(BY_SLUG["falcon"], START, NOW.date())}
    rows = items()
    for row in rows:
        if row.parent:
            assert row.created_at is not None
            # Days begin in the team's zone, an hour or two before they do in UTC.
            day = (row.created_at + timedelta(hours=2)).date()
            assert known[row.parent].starts <= day < known[row.parent].ends + timedelta(days=1)
    assert 0.5 < sum(bool(row.parent) for row in rows) / len(rows) < 0.7
    assert not [row for row in rows if row.parent and row.class_of_service == "Expedite"]


def test_an_item_keeps_its_epic_whenever_it_is_told() -> None:
    earlier = {row.key: row.parent for row in items(now=NOW - timedelta(days=50))}
    assert {row.key: row.parent for row in items() if row.key in earlier} == earlier


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.slug)
def test_epics_of_a_team_have_names_of_their_own(profile: object) -> None:
    """More than five years of them."""
    known = epics(profile, START, START + timedelta(days=2000))  # type: ignore[arg-type]
    assert len({one.name for one in known}) == len(known) > 90


def test_an_epic_begins_every_three_weeks_and_takes_items_for_nine() -> None:
    """The third begins with the history: 21 days later the fourth."""
    third, fourth = (epic(BY_SLUG["kite"], number, START) for number in (3, 4))
    assert (third.key, third.starts, third.ends) == ("KIT-E3", START, date(2024, 3, 4))
    assert fourth.starts == date(2024, 1, 22)
    assert timedelta(weeks=9) == LASTS


def test_the_same_reason_is_put_in_several_words() -> None:
    now = datetime(2025, 6, 29, tzinfo=UTC)
    rows = [row for row in stored(connector("egret", now).pull(None)).values() if isinstance(row, BlockRow)]
    words = Counter(row.reason for row in rows)
    assert words["Waiting for procurement"] > 30
    assert len({word for word in words if "nvironment" in word}) > 1
    assert not [word for word in words if "{" in word]


def test_plans_fit_the_organisation() -> None:
    assert set(ALLOCATIONS) == {profile.stream for profile in PROFILES}
    assert all(sum(shares.values()) == 100 for shares in ALLOCATIONS.values())
    assert set(EXPECTED) == {profile.slug for profile in PROFILES}
    for stream in ALLOCATIONS:
        own = [plan for plan in INITIATIVES if plan.stream == stream]
        assert 2 <= len(own) <= 4
        assert all(BY_SLUG[team].stream == stream for plan in own for team in plan.teams)
    assert any(plan.teams for plan in INITIATIVES)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.slug)
@pytest.mark.parametrize("months", [1, 6, 18, 40])
def test_every_team_has_a_few_features_some_of_them_ideas(profile: object, months: int) -> None:
    plans = list(features(profile, START, START + timedelta(days=30 * months)))  # type: ignore[arg-type]
    still_open = [plan for plan in plans if plan.closed is None]
    assert 3 <= len(still_open) <= 7
    assert any(plan.epic is None for plan in still_open)
    assert any(plan.guess for plan in still_open)
    assert len(plans) - len(still_open) <= 5
    assert len({plan.name for plan in plans}) == len(plans)


class TestLoaded:
    @pytest.mark.usefixtures("demo")
    def test_refined_features_are_partly_finished(self) -> None:
        for team in Team.objects.filter(slug__in=TEAMS):
            own = team.features.filter(ended_on=None)
            assert [one.rank for one in own] == list(range(1, len(own) + 1))
            found = sizes([one.pk for one in own], AS_OF)
            assert any(0 < size.open < size.items for size in found.values())
            assert any(size.items == 0 for size in found.values())

    @pytest.mark.usefixtures("demo")
    def test_closed_features_are_all_but_finished(self) -> None:
        closed = Feature.objects.exclude(ended_on=None)
        found = sizes(closed.values_list("pk", flat=True), AS_OF)
        total, still_open = sum(size.items for size in found.values()), sum(size.open for size in found.values())
        assert total > 100
        assert still_open < total / 20

    @pytest.mark.usefixtures("demo")
    def test_one_epic_of_each_team_waits_to_become_a_feature(self) -> None:
        for slug in TEAMS:
            linked = set(EpicLink.objects.filter(feature__team__slug=slug).values_list("parent", flat=True))
            newest = epics(BY_SLUG[slug], date(2024, 12, 30), UNTIL)[-1]
            assert newest.key not in linked
            assert WorkItem.objects.filter(parent=newest.key).exists()

    @pytest.mark.usefixtures("demo")
    def test_policies_expectations_and_reasons_are_there(self) -> None:
        streams = ValueStream.objects.filter(teams__slug__in=TEAMS).distinct()
        assert all(sum(stream.allocations.values_list("share", flat=True)) == 100 for stream in streams)
        assert Expectation.objects.filter(team__slug="kite").count() == 2
        assert Expectation.objects.filter(kind="defect").exists()
        assert BlockedStay.objects.values("reason").distinct().count() > 10

    @pytest.mark.usefixtures("demo")
    def test_expectations_are_near_what_teams_do_but_for_heron(self) -> None:
        """Share of the items finished since within the days of the expectation: 85 % is meant."""
        for slug in TEAMS:
            expected = Expectation.objects.filter(team__slug=slug, kind="").order_by("valid_from").first()
            assert expected is not None
            days = list(
                WorkItem.objects.filter(flow__team__slug=slug, flow__finished_at__isnull=False).values_list(
                    "flow__cycle_days", flat=True
                )
            )
            kept = sum(one is not None and one <= expected.days for one in days) / len(days)
            assert (kept < 0.6) if slug == "heron" else (0.75 < kept < 0.97), (slug, kept)


@pytest.mark.django_db
def test_again_adds_nothing_and_reset_clears_the_work() -> None:
    call_command("demo")
    counts = (Initiative.objects.count(), Allocation.objects.count(), AuditEntry.objects.count())
    assert counts[0] == len({one.name for one in (*INITIATIVES, *BETS)})
    call_command("demo")
    assert (Initiative.objects.count(), Allocation.objects.count(), AuditEntry.objects.count()) == counts
    old = set(Feature.objects.values_list("pk", flat=True))
    call_command("demo", "--reset")
    assert not old & set(Feature.objects.values_list("pk", flat=True))
    assert Initiative.objects.count() == counts[0]


@pytest.mark.django_db
def test_what_people_planned_themselves_is_left_alone() -> None:
    actions.load(today=UNTIL, first=date(2024, 12, 30), until=UNTIL, profiles=[BY_SLUG["kite"]])
    Feature.objects.exclude(rank=1, ended_on=None).delete()
    Initiative.objects.filter(features=None).delete()
    count = Initiative.objects.count()
    actions.load(today=UNTIL, first=date(2024, 12, 30), until=UNTIL, profiles=[BY_SLUG["kite"]])
    assert Feature.objects.count() == 1
    assert Initiative.objects.count() == count
