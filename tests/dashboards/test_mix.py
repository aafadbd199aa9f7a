"""The Mix page: shares against the stream's policy, load by type, velocity; every sentence by hand."""

import pytest
from django.test import Client

from metrics.load import upsert
from metrics.models import Source, WorkItem
from portfolio.models import Allocation
from tests.dashboards.flow_cast import board as board
from tests.dashboards.flow_cast import reader as reader
from tests.dashboards.flow_cast import show
from tests.metrics.test_flow import history

pytestmark = pytest.mark.django_db
PAGE = "/flow/mix/"
KIND = "What kind of work do we finish?"
CHANGE = "How does the mix of finished work change?"
LOAD = "How much is in progress, and of what kind?"
VELOCITY = "How much do we finish per iteration?"


def _finish(board: Source, kind: str, key: str, day: int) -> None:
    upsert(board, history(key, "2025-03-01", "2025-03-03 dev", f"2025-03-{day:02} 11:00 done"))
    WorkItem.objects.filter(key=key).update(kind=kind)


@pytest.fixture
def mixed(board: Source) -> Source:
    """Of ten finished items five are features, four defects, one debt; defects come in the last two weeks."""
    for n, day in enumerate((4, 5, 11, 12, 13)):
        _finish(board, "feature", f"F{n}", day)
    for n, day in enumerate((18, 19, 25, 26)):
        _finish(board, "defect", f"D{n}", day)
    _finish(board, "debt", "T1", 6)
    return board


def test_without_a_policy_it_says_the_shares_and_how_to_set_one(mixed: Source, reader: Client) -> None:
    page = show(reader, PAGE)
    assert page.heading == "Falcon: 50 % of what is finished is features"
    said = page.widgets[KIND]
    assert said.answer == "Of 10 finished items: 50 % features, 40 % defects, 10 % debt."
    assert said.tag == ""
    assert "Payments has set no allocation policy" in said.html
    assert '<a href="/organisation/streams/payments/">' in said.html


def test_what_is_off_the_policy_is_said(mixed: Source, reader: Client) -> None:
    for kind, share in (("feature", 60), ("defect", 15), ("debt", 25)):
        Allocation.objects.create(stream=mixed.team.stream, value_type=kind, share=share)
    page = show(reader, PAGE)
    # Defects 40 − 15 = 25 points over, debt 25 − 10 = 15 under, features 10 under, which is still within ± 10.
    assert page.widgets[KIND].answer == (
        "Defects took 40 % where the policy says 15 % ± 10; Debt took 10 % where the policy says 25 % ± 10."
    )
    assert page.widgets[KIND].tag == "off policy"
    assert page.heading == f"Falcon: {page.widgets[KIND].answer[:-1]}"


def test_what_is_within_the_policy_is_calm(mixed: Source, reader: Client) -> None:
    for kind, share in (("feature", 55), ("defect", 35), ("debt", 10)):
        Allocation.objects.create(stream=mixed.team.stream, value_type=kind, share=share)
    said = show(reader, PAGE, scope="stream:payments").widgets[KIND]
    assert said.answer == "Every type is within ± 10 percentage points of the policy of Payments."
    assert said.tag == "within policy"


def test_the_portfolio_has_no_policy_of_its_own(mixed: Source, reader: Client) -> None:
    said = show(reader, PAGE, scope="portfolio").widgets[KIND]
    assert "Each value stream has its own allocation policy" in said.html


def test_the_mix_over_time(mixed: Source, reader: Client) -> None:
    said = show(reader, PAGE).widgets[CHANGE]
    # Weeks of 3 and 10 March: five features and the debt; of 17 and 24 March: four defects.
    assert said.answer == "Defects gained most: 0 % in the first half of the weeks, 100 % in the second."
    assert '"y": [2, 3, 0, 0]' in said.html
    assert '"y": [0, 0, 2, 2]' in said.html


def test_the_load_is_told_by_type(mixed: Source, reader: Client) -> None:
    for key, kind in (("P", "feature"), ("Q", "feature"), ("R", "defect")):
        upsert(mixed, history(key, "2025-03-01", "2025-03-28 dev"))
        WorkItem.objects.filter(key=key).update(kind=kind)
    said = show(reader, PAGE).widgets[LOAD]
    assert said.answer == "3 items are in progress: 2 features, 1 defect."


def test_velocity_is_the_median_of_full_iterations(mixed: Source, reader: Client) -> None:
    team = mixed.team
    team.iteration_days, team.iteration_starts_on = 14, "2025-03-03"
    team.save()
    said = show(reader, PAGE).widgets[VELOCITY]
    # 3 to 16 March: six; 17 to 30 March: four. The median by nearest rank is the lower.
    assert said.answer == "4 items an iteration: the median of 2 full iterations."
    assert said.trend == "4 items in the last full iteration; 0 items in the 28 days before."


def test_teams_that_plan_in_different_units_have_no_common_velocity(mixed: Source, reader: Client) -> None:
    from tests.metrics.cast import source, team
    from tests.metrics.test_flow import STATUSES

    other = team("kestrel")
    other.planning_unit = "points"
    other.save()
    upsert(source(other, "kestrel"), [*STATUSES, *history("K", "2025-03-01", "2025-03-03 dev")])
    said = show(reader, PAGE, scope="stream:payments").widgets[VELOCITY]
    assert said.answer == "These teams plan in different units."
    assert said.tag == "n/a"
