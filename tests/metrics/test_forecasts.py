"""Forecasts from the database: what they are drawn from, what if, bad questions; computed by hand.

The days are those of tests/metrics/forecast_board.py.
"""

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
from metrics.models import WorkItem
from metrics.rows import BlockRow
from portfolio import actions
from portfolio.models import Holiday, Initiative, Team
from portfolio.queries import find_scope
from tests.metrics.cast import at, team
from tests.metrics.forecast_board import FIRST, NOON, ask, board, done_on, feature, item, open_items, plan, when, worked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def falcon() -> Team:
    return team("falcon")


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


def test_tomorrow_is_over_for_nobody_but_brings_nothing_where_it_is_today(falcon: Team) -> None:
    """At noon UTC it is 3 June in Kiritimati, by 14 hours: a forecast is of days to come, so by the 3rd there is none.

    With Falcon (today is the 2nd) beside it, one item a day: by the 3rd at least 1, and 1 item is there on the 3rd.
    """
    atoll = team("atoll", stream="islands", zone="Pacific/Kiritimati")
    board(atoll)
    question = Question(items=1, by=date(2025, 6, 3))
    found = ask(question, scope="stream:islands")
    assert found.how_many is not None
    assert (found.how_many.at_least, found.how_many.fan.days) == (
        dict.fromkeys((50, 70, 85, 95), 0),
        [date(2025, 6, 3)],
    )
    assert (found.deliveries[0].chance, found.deliveries[0].when[95]) == (0.0, date(2025, 6, 4))
    board(falcon)
    both = ask(question, scope="portfolio")
    assert both.how_many is not None
    assert (both.how_many.at_least[95], both.deliveries[0].chance) == (1, 1.0)


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
