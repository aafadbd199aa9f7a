"""Forecasts from the database: what is sampled, what is left to do, and what if; computed by hand.

Today is Monday, 2 June 2025, noon UTC. The 84 days before it are the 12 weeks from 10 March to 1 June: 60 working days.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from metrics import forecasts
from metrics.forecasts import Answer, BadQuestion, Question, WhatIf, shown_chance, shown_day
from metrics.load import upsert
from metrics.measurement import Facets
from metrics.models import EpicLink, Source, WorkItem
from metrics.rows import BlockRow, Row, StatusRow, TransitionRow, WorkItemRow
from portfolio import actions
from portfolio.models import Feature, Holiday, Initiative, Team
from portfolio.queries import find_scope
from tests.metrics.cast import at, source, team

pytestmark = pytest.mark.django_db

NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)
TODAY = date(2025, 6, 2)
FIRST = date(2025, 3, 10)
STATUSES: list[Row] = [
    StatusRow("todo", "To do", "backlog", 0),
    StatusRow("dev", "Doing", "active", 1),
    StatusRow("done", "Done", "done", 2),
    StatusRow("gone", "Dropped", "removed", 3),
]


def worked(every: int = 1) -> list[str]:
    """Every n-th working day of the sample."""
    days = [FIRST + timedelta(days=n) for n in range(84)]
    return [day.isoformat() for day in days if day.isoweekday() < 6][::every]


def item(key: str, *moves: str, created: str = "2025-02-03", **fields: Any) -> Iterator[Row]:
    """An item made in To do, and its moves such as "2025-03-10 done"."""
    yield WorkItemRow(key, key, status=moves[-1].split()[-1] if moves else "todo", created_at=at(created), **fields)
    before = "todo"
    for n, (day, to) in enumerate(move.rsplit(" ", 1) for move in moves):
        yield TransitionRow(f"{key}-{n}", key, at(day) + timedelta(hours=9), before, to)
        before = to


def done_on(prefix: str, days: Iterable[str], **fields: Any) -> list[Row]:
    return [row for n, day in enumerate(days) for row in item(f"{prefix}{n}", f"{day} done", **fields)]


def board(owner: Team, rows: Iterable[Row] = (), every: int = 1) -> Source:
    """A source of the team; one item was finished on every so many of the sample's working days (0: none)."""
    made = source(owner, f"{owner.slug}-board", synced_at=at("2025-01-01"))
    usual = done_on(f"{owner.slug}-", worked(every)) if every else []
    upsert(made, [*STATUSES, *usual, *rows])
    return made


def feature(made: Source, name: str, rank: int, *children: Iterator[Row], **fields: Any) -> Feature:
    found = Feature.objects.create(team=made.team, name=name, rank=rank, **fields)
    EpicLink.objects.create(feature=found, source=made, parent=name)
    upsert(made, [row for child in children for row in child])
    return found


def open_items(name: str, n: int) -> list[Iterator[Row]]:
    return [item(f"{name}-{number}", parent=name) for number in range(n)]


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def falcon() -> Team:
    return team("falcon")


def ask(question: Question = Question(items=3), scope: str = "team:falcon", as_of: datetime = NOON) -> Answer:  # noqa: B008
    return forecasts.ask_items(find_scope(scope, None), question, as_of).base


def counts(**fields: Any) -> dict[int, int]:
    return dict(ask(Question(items=3, **fields)).teams[0].counts)


# The sample


def test_the_sample_is_84_days_up_to_yesterday_on_working_days(falcon: Team) -> None:
    """One a day on 60 working days; what was finished today and on the Friday before the sample is not in it."""
    board(falcon, done_on("x", ["2025-06-02", "2025-03-07"]))
    sample = ask().teams[0]
    assert (sample.first, sample.last, sample.days) == (FIRST, date(2025, 6, 1), 60)
    assert (sample.counts, sample.finished, sample.finishing_days, sample.per_day) == ({1: 60}, 60, 60, 1)
    assert ask().deliveries[0].when == dict.fromkeys((50, 70, 85, 95), date(2025, 6, 5))  # Tue, Wed, Thu


def test_idle_days_are_in_the_sample(falcon: Team) -> None:
    board(falcon, every=10)
    assert counts() == {0: 54, 1: 6}


def test_finishes_on_days_off_count_on_the_next_working_day(falcon: Team) -> None:
    """Sat 8 March → Mon 10 (in); Sun 30 March → Mon 31; holiday Thu 1 May → Fri 2 May; Sat 31 May → today (out).

    10 and 31 March and 2 May have two: 59 working days (1 May is none), 3 of them with 2, 56 with 1.
    """
    Holiday.objects.create(calendar=falcon.calendar, on=date(2025, 5, 1))
    usual = [day for day in worked() if day != "2025-05-01"]
    board(falcon, done_on("x", [*usual, "2025-03-08", "2025-03-30", "2025-05-01", "2025-05-31"]), every=0)
    assert counts() == {1: 56, 2: 3}


def test_days_before_the_first_event_are_unknown_and_not_idle(falcon: Team) -> None:
    """The first item was made on Friday, 2 May: 1 + 4 × 5 working days from there; finished on 5 … 9 May."""
    rows = done_on("x", [f"2025-05-0{day}" for day in range(5, 10)], created="2025-05-02")
    board(falcon, rows, every=0)
    sample = ask().teams[0]
    assert (sample.first, sample.days, dict(sample.counts)) == (date(2025, 5, 2), 21, {0: 16, 1: 5})


def test_the_length_of_the_sample_can_be_set(falcon: Team) -> None:
    board(falcon)
    assert counts(sample_days=14) == {1: 10}


def test_the_days_are_those_of_the_teams_zone() -> None:
    """At noon UTC it is midnight of 3 June in Auckland: yesterday is Monday, and its finish counts."""
    board(team("kiwi", zone="Pacific/Auckland"), done_on("x", ["2025-06-01"]))
    sample = ask(scope="team:kiwi").teams[0]
    assert sample.last == date(2025, 6, 2)
    assert ask(scope="team:kiwi").today == date(2025, 6, 3)


def test_too_little_data_names_the_team_and_what_is_missing(falcon: Team) -> None:
    board(falcon, every=20)
    found = ask()
    assert found.reason == "too little data: Falcon finished work on 3 of the 5 days needed in the last 84"
    assert (found.deliveries, found.how_many) == ((), None)


def test_a_team_without_items_or_at_its_end_has_no_forecast(falcon: Team) -> None:
    assert ask().reason == "too little data: Falcon finished work on 0 of the 5 days needed in the last 84"
    board(falcon)
    Team.objects.update(ended_on=date(2025, 6, 1))
    assert ask().reason == "Falcon ended on 1 Jun 2025"
    Team.objects.update(ended_on=date(2025, 6, 2))
    assert ask().reason == ""


def test_what_was_reopened_or_finished_later_is_no_finish(falcon: Team) -> None:
    rows = [*item("x", "2025-03-11 done", "2025-06-02 dev"), *item("y", "2025-03-11 done", "2025-07-01 dev")]
    board(falcon, rows)
    assert counts() == {1: 59, 2: 1}  # y was reopened after today, x before


def test_facets_choose_whose_finishes_are_sampled(falcon: Team) -> None:
    board(falcon, done_on("bug", worked(6), tool_type="Bug", labels=("ledger",)))
    assert counts(facets=Facets(kinds=("defect",))) == {0: 50, 1: 10}
    assert counts(facets=Facets(labels=("ledger",))) == {0: 50, 1: 10}
    assert counts() == {1: 50, 2: 10}
    found = ask(Question(items=3, facets=Facets(kinds=("debt",))))
    assert found.reason == "too little data: Falcon finished such work on 0 of the 5 days needed in the last 84"


def test_items_of_features_can_be_all_that_is_sampled(falcon: Team) -> None:
    made = board(falcon)
    feature(made, "E1", 1, *[item(f"c{n}", f"{day} done", parent="E1") for n, day in enumerate(worked(10))])
    found = ask().teams[0]
    assert (found.finished, found.in_features) == (66, 6)
    assert counts(only_features=True) == {0: 54, 1: 6}


def test_a_share_of_the_finishes_goes_to_the_work_asked_about(falcon: Team) -> None:
    """1 a day × 50 % = 0 or 1 alike: 3 items are done on day 3 in 1/8, 4: 5/16, 5: 1/2 of futures."""
    board(falcon)
    found = ask(Question(items=3, share=50, by=date(2025, 6, 9)))
    assert found.deliveries[0].when[50] == date(2025, 6, 9)
    assert found.deliveries[0].chance == 0.5
    assert found.teams[0].factor == 0.5


def test_the_items_open_now_are_what_is_asked_about_when_nothing_is_said(falcon: Team) -> None:
    rows = [*item("a"), *item("b", "2025-05-01 dev"), *item("c", "2025-05-01 gone"), *item("d", created="2025-06-03")]
    board(falcon, rows)
    found = ask(Question())
    assert found.deliveries[0].items == 2
    assert found.how_many is not None
    assert found.how_many.by == date(2025, 8, 25)
    assert forecasts.default_items(find_scope("team:falcon", None), NOON, Question()) == 2


def test_teams_of_a_stream_add_up_and_those_without_data_are_named() -> None:
    """Falcon 1 a day, Heron 1 every other day in the sample (0 or 1 alike), Ibis nothing."""
    board(team("falcon"))
    board(team("heron"), every=2)
    team("ibis")
    found = ask(Question(items=3, by=date(2025, 6, 4)), "stream:payments")
    assert found.notes == ("left out: too little data: Ibis finished work on 0 of the 5 days needed in the last 84",)
    assert found.deliveries[0].teams == ("falcon", "heron")
    assert found.deliveries[0].chance == 0.75  # two days: 2, 3 or 4 in 1/4, 1/2, 1/4
    assert found.how_many is not None
    assert found.how_many.at_least == {50: 3, 70: 3, 85: 2, 95: 2}


# What is left


def when(answer: Answer, id: str, rank: int = 85) -> date | None:
    found = answer.find(id)
    assert found is not None
    return found.when[rank]


def plan(question: Question = Question(), scope: str = "team:falcon", as_of: datetime = NOON) -> Answer:  # noqa: B008
    return forecasts.ask_plan(find_scope(scope, None), question, as_of).base


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


def test_without_any_like_it_the_streams_features_say_the_size_or_nothing_does(falcon: Team) -> None:
    board(falcon)
    Feature.objects.create(team=falcon, name="first", rank=1)
    assert plan().deliveries[0].reason == "too little data: nothing says how many items first will have"
    feature(board(team("heron")), "H", 1, *open_items("H", 5), value_type="risk")
    size = "not broken down: 5 items, the median of 1 features of the value stream"
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
        == "not broken down: 2 items, the median of 1 initiatives of type feature of Falcon"
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


# What if


def vary(what_if: WhatIf, **fields: Any) -> Answer:
    outlook = forecasts.ask_items(find_scope("team:falcon", None), Question(items=6, what_if=what_if, **fields), NOON)
    assert outlook.variant is not None
    assert outlook.base == ask(Question(items=6, **fields))
    return outlook.variant


def member(falcon: Team, name: str, share: int) -> None:
    user = User.objects.create_user(f"{name}@example.org", "x", name=name)
    actions.add_member(actor=None, team=falcon, user=user, first=date(2025, 1, 1), share=share)


def test_what_if_somebody_joins_or_leaves(falcon: Team) -> None:
    """100 + 60 % work there: half a person more makes 1 a day to 210/160; all gone: nobody would be left."""
    board(falcon)
    member(falcon, "ann", 100)
    member(falcon, "bob", 60)
    assert vary(WhatIf(people=50)).teams[0].factor == 210 / 160
    assert vary(WhatIf(people=-160)).reason == "nobody would be left in Falcon"
    assert vary(WhatIf(people=50, team="heron")).teams[0].factor == 1
    faster = vary(WhatIf(throughput=200))
    assert faster.deliveries[0].when[95] == date(2025, 6, 5)  # two a day: Tue, Wed, Thu


def test_what_if_nobody_is_recorded(falcon: Team) -> None:
    board(falcon)
    found = vary(WhatIf(people=100))
    assert found.notes == ("Falcon has no members recorded, so it stays as it is",)
    assert found.teams[0].factor == 1


def test_what_if_less_is_done(falcon: Team) -> None:
    board(falcon)
    assert vary(WhatIf(drop_items=4)).deliveries[0].when[85] == date(2025, 6, 4)
    assert vary(WhatIf(drop_items=9)).deliveries[0].is_done


def test_what_if_nothing_had_been_blocked(falcon: Team) -> None:
    """In progress for 8 days, blocked for 2 of them (two blocks that overlap): 25 %, so 1 ÷ 0.75 = 4/3 as fast."""
    rows = [
        *item("x", "2025-05-01 dev", "2025-05-09 done"),
        BlockRow("b1", "x", at("2025-05-02"), at("2025-05-03 12:00"), "waiting"),
        BlockRow("b2", "x", at("2025-05-03"), at("2025-05-04"), "access"),
        BlockRow("b3", "x", at("2025-05-20"), at("2025-05-21"), "after it was done"),
    ]
    board(falcon, rows)
    found = vary(WhatIf(unblock=True))
    assert found.teams[0].factor == float(Fraction(4, 3))
    assert found.notes == ("Falcon: 25 % of the time of its items in progress was blocked",)


def test_what_if_a_feature_is_left_out_or_more_are_done_at_a_time(falcon: Team) -> None:
    made = board(falcon)
    first = feature(made, "E1", 1, *open_items("E1", 3))
    second = feature(made, "E2", 2, *open_items("E2", 1))
    question = Question(what_if=WhatIf(drop_features=(first.pk,)))
    outlook = forecasts.ask_plan(find_scope("team:falcon", None), question, NOON)
    assert outlook.variant is not None
    assert outlook.variant.find(f"feature:{first.pk}").reason == "left out in this variant"  # type: ignore[union-attr]
    assert when(outlook.base, f"feature:{second.pk}") == date(2025, 6, 6)
    assert when(outlook.variant, f"feature:{second.pk}") == date(2025, 6, 3)
    wider = forecasts.ask_feature(second, Question(what_if=WhatIf(wip_limit=2)), NOON).variant
    assert wider is not None
    assert wider.deliveries[0].when[85] == date(2025, 6, 4)


# Bad questions, edges, cost


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("items", {"items": 0}),
        ("items", {"items": -3}),
        ("items", {"items": 1_000_000}),
        ("by", {"by": date(2025, 6, 2)}),
        ("by", {"by": date(2100, 1, 1)}),
        ("ranks", {"ranks": (0,)}),
        ("ranks", {"ranks": (50, 100)}),
        ("ranks", {"ranks": ()}),
        ("share", {"share": 0}),
        ("wip_limit", {"wip_limit": 0}),
        ("sample_days", {"sample_days": 0}),
        ("throughput", {"what_if": WhatIf(throughput=0)}),
        ("drop_items", {"what_if": WhatIf(drop_items=-1)}),
        ("what_if_wip_limit", {"what_if": WhatIf(wip_limit=0)}),
    ],
)
def test_bad_questions_are_refused_in_words(falcon: Team, field: str, given: dict[str, Any]) -> None:
    with pytest.raises(BadQuestion) as refusal:
        ask(Question(**{"items": 3, **given}))
    assert list(refusal.value.problems) == [field]
    assert refusal.value.problems[field].endswith(".")


def test_the_last_year_there_is_and_the_first_do_no_harm(falcon: Team) -> None:
    board(falcon)
    assert ask(as_of=datetime(2099, 12, 31, tzinfo=UTC)).reason.startswith("too little data: Falcon")
    assert ask(as_of=datetime(1970, 1, 1, tzinfo=UTC)).reason.startswith("too little data: Falcon")
    assert ask(scope="portfolio").reason == ""


def test_a_forecast_then_is_that_of_a_database_that_knows_nothing_later(falcon: Team) -> None:
    made = board(falcon)
    feature(made, "E", 1, *open_items("E", 3), item("x", "2025-04-01 done", parent="E"))
    then = datetime(2025, 5, 5, 12, tzinfo=UTC)
    before = [ask(as_of=then).result, plan(as_of=then).result]
    WorkItem.objects.filter(transitions__at__gt=then).delete()
    upsert(made, [row for n, day in enumerate(worked()) if day > "2025-05-05" for row in item(f"falcon-{n}")])
    cache.clear()
    assert [ask(as_of=then).result, plan(as_of=then).result] == before


def test_an_idle_week_more_makes_no_date_earlier(falcon: Team) -> None:
    """The same finishes, seen a week later with nothing done since: the sample moves, and the days count from then."""
    board(falcon, every=3)
    now, later = ask(Question(items=9)), ask(Question(items=9, sample_days=91), as_of=NOON + timedelta(days=7))
    assert later.teams[0].days == 65
    for rank, day in now.deliveries[0].when.items():
        assert (later.deliveries[0].when[rank] or date.max) >= (day or date.max)


def test_the_same_number_of_queries_for_one_feature_and_three() -> None:
    def queries() -> int:
        cache.clear()
        with CaptureQueriesContext(
            connection,
        ) as found:
            plan(scope="portfolio")
        return len(found)

    made = board(team("falcon"))
    one = Initiative.objects.create(slug="i", name="I", stream=made.team.stream)
    feature(made, "E0", 0, *open_items("E0", 2), initiative=one)
    first = queries()
    for name in ("heron", "ibis"):
        other = board(team(name))
        Holiday.objects.create(calendar=other.team.calendar, on=date(2026, 1, len(name)))
        feature(other, f"{name}-E", 1, *open_items(f"{name}-E", 2), initiative=one)
        Initiative.objects.create(slug=name, name=name, stream=other.team.stream).teams.add(other.team)
    assert queries() == first


def test_chances_and_days_are_shown_alike_everywhere() -> None:
    shown = {0.0: "< 5 %", 0.0499: "< 5 %", 0.05: "5 %", 0.846: "84 %", 0.29: "29 %", 0.95: "95 %", 0.9501: "> 95 %"}
    assert {chance: shown_chance(chance) for chance in shown} == shown
    assert shown_chance(1.0) == "> 95 %"
    assert shown_chance(None) == "n/a"
    assert shown_day(date(2026, 12, 4), date(2036, 1, 1)) == "4 Dec 2026"
    assert shown_day(None, date(2036, 11, 20)) == "beyond 20 Nov 2036"
