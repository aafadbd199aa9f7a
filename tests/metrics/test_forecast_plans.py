"""Forecasts of features and initiatives: what is left to do, in which order, and when it is done; by hand.

The days are those of tests/metrics/forecast_board.py.
"""

from datetime import date, timedelta

import pytest
from django.core.cache import cache

from metrics import forecasts
from metrics.forecasts import Question
from metrics.models import WorkItem
from portfolio.models import Feature, Initiative, Team
from tests.metrics.cast import team
from tests.metrics.forecast_board import NOON, board, feature, item, open_items, plan, when

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def falcon() -> Team:
    return team("falcon")


# What is left


def test_features_are_done_in_the_order_of_their_rank(falcon: Team) -> None:
    """One a day from Tuesday on: 2 items → Wed 4 June; then 3 more → Mon 9 June."""
    made = board(falcon)
    late = feature(made, "E2", 2, *open_items("E2", 3))
    early = feature(made, "E1", 1, *open_items("E1", 2), due_on=date(2025, 6, 3))
    found = plan()
    assert [one.id for one in found.deliveries] == [f"feature:{early.pk}", f"feature:{late.pk}"]
    assert when(found, f"feature:{early.pk}") == date(2025, 6, 4)
    assert when(found, f"feature:{late.pk}") == date(2025, 6, 9)
    assert [one.chance for one in found.deliveries] == [0.0, None]
    # Two at a time: E1 E2, E1 E2, E2: done with the 3rd and the 5th.
    two = plan(Question(wip_limit=2))
    assert when(two, f"feature:{early.pk}") == date(2025, 6, 5)


def test_only_unfinished_children_are_left_as_of_then(falcon: Team) -> None:
    made = board(falcon)
    children = [
        item("a", parent="E"),
        item("b", "2025-05-02 dev", parent="E"),
        item("c", "2025-05-02 done", parent="E"),
        item("d", "2025-05-02 gone", parent="E"),
        item("e", "2025-06-03 done", parent="E"),  # tomorrow
        item("f", created="2025-06-03", parent="E"),  # made tomorrow
        item("g", parent="other"),
    ]
    one = feature(made, "E", 1, *children)
    assert plan().deliveries[0].items == 3
    WorkItem.objects.filter(key="a").update(deleted_at=NOON)
    assert plan().deliveries[0].items == 2
    later = plan(as_of=NOON + timedelta(days=30)).deliveries[0]
    assert later.items == 2  # b and f
    answer = forecasts.ask_feature(one, Question(), NOON).base
    assert answer.deliveries[0].items == 2


def test_a_feature_whose_items_are_all_done_is_done(falcon: Team) -> None:
    made = board(falcon)
    feature(made, "E", 1, item("a", "2025-05-02 done", parent="E"), item("b", "2025-05-09 done", parent="E"))
    found = plan().deliveries[0]
    assert (found.is_done, found.finished_on, found.items, found.when) == (True, date(2025, 5, 9), 0, {})


def test_what_is_not_broken_down_has_a_guess_or_a_typical_size(falcon: Team) -> None:
    """Falcon's enablers have 1, 2 and 6 items: the median is 2; of all four, 1, 2, 4, 6, it is 2 (nearest rank)."""
    made = board(falcon)
    for rank, (n, kind) in enumerate([(1, "enabler"), (2, "enabler"), (6, "enabler"), (4, "risk")]):
        feature(made, f"E{rank}", rank, *open_items(f"E{rank}", n), value_type=kind)
    fields = {"team": falcon, "rank": 9}
    Feature.objects.create(name="guessed", guessed_items=8, **fields)
    Feature.objects.create(name="enabling", value_type="enabler", **fields)
    Feature.objects.create(name="debt", value_type="debt", **fields)
    Feature.objects.create(name="none", guessed_items=0, **fields)
    found = {one.name: one for one in plan().deliveries}
    assert (found["guessed"].items, found["guessed"].sized_by) == (8, "not broken down: somebody guessed 8 items")
    typical = "not broken down: 2 items, the median of 3 features of type enabler of Falcon"
    assert (found["enabling"].items, found["enabling"].sized_by) == (2, typical)
    assert found["debt"].sized_by == "not broken down: 2 items, the median of 4 features of Falcon"
    assert (found["none"].items, found["none"].is_done) == (0, True)


def test_features_that_ended_say_how_large_features_are(falcon: Team) -> None:
    """Two delivered ones of 5 and 4 items, one just begun with 1: of 1, 4 and 5 the median is 4.

    Before the second of them had any item, on 29 May, it is that of 1 and 5: 1 (nearest rank).
    """
    made = board(falcon)
    ended = {"ended_on": date(2025, 6, 1)}
    feature(made, "E1", 1, *open_items("E1", 5), **ended)
    feature(made, "E2", 2, *(item(f"E2-{n}", created="2025-05-30", parent="E2") for n in range(4)), **ended)
    feature(made, "E3", 3, *open_items("E3", 1))
    new = Feature.objects.create(team=falcon, name="new", rank=4)
    now, before = plan().find(f"feature:{new.pk}"), plan(as_of=NOON - timedelta(days=4)).find(f"feature:{new.pk}")
    assert now is not None
    assert now.items == 4
    assert now.sized_by == "not broken down: 4 items, the median of 3 features of type feature of Falcon"
    assert before is not None
    assert before.items == 1


def test_an_initiative_is_broken_down_for_good(falcon: Team) -> None:
    """All its features have ended: nothing is left of it, and no typical size stands in the queue for it."""
    made = board(falcon)
    refunds = Initiative.objects.create(slug="refunds", name="Refunds", stream=falcon.stream)
    refunds.teams.add(falcon)
    feature(made, "E1", 1, item("a", "2025-05-02 done", parent="E1"), initiative=refunds, ended_on=date(2025, 5, 3))
    last = feature(made, "E2", 2, *open_items("E2", 1))
    found = plan(scope="stream:payments")
    assert [one.id for one in found.deliveries if one.id.startswith("feature")] == [f"feature:{last.pk}"]
    assert found.find(f"initiative:{refunds.pk}:falcon") is None
    whole = found.find(f"initiative:{refunds.pk}")
    assert whole is not None
    assert (whole.reason, whole.when) == ("all its features have ended: close it, or add what is missing", {})


def test_without_any_like_it_the_streams_features_say_the_size_or_nothing_does(falcon: Team) -> None:
    board(falcon)
    Feature.objects.create(team=falcon, name="first", rank=1)
    assert plan().deliveries[0].reason == "too little data: nothing says how many items first will have"
    feature(board(team("heron")), "H", 1, *open_items("H", 5), value_type="risk")
    size = "not broken down: 5 items, the size of the one feature of the value stream"
    assert (plan().deliveries[0].items, plan().deliveries[0].sized_by) == (5, size)


def test_ended_features_and_those_of_ended_initiatives_are_out_of_the_queue(falcon: Team) -> None:
    made = board(falcon)
    stopped = Initiative.objects.create(slug="i", name="I", stream=falcon.stream, ended_on=date(2025, 6, 1))
    feature(made, "E1", 1, *open_items("E1", 9), ended_on=date(2025, 6, 1))
    feature(made, "E2", 2, *open_items("E2", 9), initiative=stopped)
    last = feature(made, "E3", 3, *open_items("E3", 1))
    assert [(one.id, one.when[50]) for one in plan().deliveries] == [(f"feature:{last.pk}", date(2025, 6, 3))]


def test_a_feature_that_starts_later_counts_unless_all_of_it_came_later(falcon: Team) -> None:
    """On 2 May the queue knew neither E1 nor its items (made later); E2, planned for July, waits in it all along."""
    made = board(falcon)
    feature(made, "E1", 1, item("a", created="2025-05-20", parent="E1"), started_on=date(2025, 5, 20))
    feature(made, "E2", 2, started_on=date(2025, 7, 1), guessed_items=4)
    assert [one.name for one in plan().deliveries] == ["E1", "E2"]
    assert [one.name for one in plan(as_of=NOON - timedelta(days=31)).deliveries] == ["E2"]


# Initiatives


@pytest.fixture
def two_teams() -> Initiative:
    """Refunds: 2 items of Falcon (1 a day), 1 item of Heron (0 or 1 a day alike)."""
    falcon_board, heron_board = board(team("falcon")), board(team("heron"), every=2)
    refunds = Initiative.objects.create(slug="refunds", name="Refunds", stream=falcon_board.team.stream)
    feature(falcon_board, "F", 1, *open_items("F", 2), initiative=refunds)
    feature(heron_board, "H", 1, *open_items("H", 1), initiative=refunds)
    return refunds


def test_a_joint_date_is_from_the_product_of_chances(two_teams: Initiative) -> None:
    """Falcon is done on Wed 4 June for certain. Heron by Tue 1/2, Wed 3/4, Thu 7/8, Fri 15/16, Mon 31/32."""
    found = forecasts.ask_initiative(two_teams, Question(by=date(2025, 6, 3)), NOON).base
    whole, *parts = found.deliveries
    assert whole.when == {50: date(2025, 6, 4), 70: date(2025, 6, 4), 85: date(2025, 6, 5), 95: date(2025, 6, 9)}
    assert (whole.items, whole.chance, len(parts), whole.teams) == (3, 0.0, 2, ("falcon", "heron"))
    assert whole.curve[2].chance == 7 / 8
    assert [part.id for part in parts] == list(whole.parts)
    assert when(plan(scope="team:heron"), f"initiative:{two_teams.pk}") == date(2025, 6, 5)


@pytest.mark.parametrize("scope", ["team:falcon", "stream:payments", "stream:platform", "portfolio"])
def test_a_team_of_another_stream_does_its_own_work_first(falcon: Team, scope: str) -> None:
    """Kite does one a day: 5 of its own until Mon 9 June, then the one of Refunds on Tue 10 June, whoever asks."""
    falcon_board, kite_board = board(falcon), board(team("kite", stream="platform"))
    refunds = Initiative.objects.create(slug="refunds", name="Refunds", stream=falcon.stream)
    feature(falcon_board, "F", 1, *open_items("F", 2), initiative=refunds)
    feature(kite_board, "Own", 1, *open_items("Own", 5))
    feature(kite_board, "K", 2, *open_items("K", 1), initiative=refunds)
    id, due = f"initiative:{refunds.pk}", date(2025, 6, 10)
    assert when(forecasts.ask_initiative(refunds, Question(), NOON).base, id) == due
    assert when(plan(scope=scope), id) == due


def test_an_initiative_without_features_has_the_typical_size_and_waits_behind_the_features(
    two_teams: Initiative,
) -> None:
    """Falcon's share of Refunds has 2 items: the new one counts 2, behind F: the fourth finish, Fri 6 June."""
    new = Initiative.objects.create(slug="new", name="New", stream=two_teams.stream)
    assert plan(scope="stream:payments").find(f"initiative:{new.pk}").reason == (  # type: ignore[union-attr]
        "no feature and no team: nothing says who would do it"
    )
    new.teams.add(Team.objects.get(slug="falcon"))
    found = forecasts.ask_initiative(new, Question(), NOON).base
    assert found.deliveries[0].items == 2
    assert found.deliveries[0].when[95] == date(2025, 6, 6)
    assert found.deliveries[0].sized_by == "not broken down: its size is a guess"
    assert found.deliveries[1].id == f"initiative:{new.pk}:falcon"
    assert (
        found.deliveries[1].sized_by
        == "not broken down: 2 items, the size of the one initiative of type feature of Falcon"
    )
    burn_up = found.deliveries[0].burn_up
    assert burn_up is not None
    assert (burn_up.days, burn_up.guessed, burn_up.total) == ([], 2, 2)


def test_a_team_without_data_leaves_the_initiative_without_a_date(two_teams: Initiative) -> None:
    ibis = team("ibis")
    Feature.objects.create(team=ibis, name="I", rank=1, initiative=two_teams, guessed_items=1)
    found = forecasts.ask_initiative(two_teams, Question(), NOON).base.deliveries[0]
    assert found.reason == "too little data: Ibis finished work on 0 of the 5 days needed in the last 84"
    assert (found.when, found.curve) == ({}, ())


def test_the_burn_up_shows_what_was_done_and_the_fan_goes_on_from_there(falcon: Team) -> None:
    """a, b made on 28 May, b finished on 30 May, c made, d removed on 31 May: scope 2 2 2 3 3 3, done 0 0 1 1 1 1."""
    made = board(falcon)
    rows = [
        item("a", created="2025-05-28", parent="E"),
        item("b", "2025-05-30 done", created="2025-05-28", parent="E"),
        item("c", created="2025-05-31", parent="E"),
        item("d", "2025-05-31 gone", created="2025-05-31", parent="E"),
    ]
    one = feature(made, "E", 1, *rows)
    burn_up = forecasts.ask_feature(one, Question(), NOON).base.deliveries[0].burn_up
    assert burn_up is not None
    assert burn_up.days[0] == date(2025, 5, 28)
    assert (burn_up.scope, burn_up.done) == ((2, 2, 2, 3, 3, 3), (0, 0, 1, 1, 1, 1))
    assert burn_up.fan is not None
    assert burn_up.fan.days[0] == date(2025, 6, 3)
    assert burn_up.fan.at_least[85] == [2, 3]
    assert burn_up.total == 3
