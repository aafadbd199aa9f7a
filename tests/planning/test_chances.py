"""Chances of a plan from the facts of its teams: by hand; kept, told, and brought up to date by a worker."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from core.models import LiveEvent
from metrics.forecasts.landing import known
from metrics.formulas.forecast import train as formula
from metrics.load import upsert
from metrics.models import EpicLink, Source
from planning import chances
from planning.actions.writing import write
from planning.models import CardChance, Dependency, Increment, Objective, ObjectiveChance, Reckoning
from planning.tasks import reckon_behind
from portfolio.models import Feature
from tests.cast import Cast
from tests.conftest import Worker
from tests.connectors.cast import csv_source, sync_now, write_changes
from tests.metrics.forecast_board import NOON, board, feature, item, open_items
from tests.planning.cast import Planned, make_planned
from tests.waiting import until

pytestmark = pytest.mark.django_db
# Iteration 1 has ten working days, with a coin on each: at least four items in 848 of 1024 cases,
# at least five in 638, at least six in 386.
FOUR, FIVE, SIX = 848 / 1024, 638 / 1024, 386 / 1024


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


def refunds(cast: Cast, items: int = 5) -> Feature:
    """A feature of Falcon, which finishes an item on every second working day."""
    return feature(board(cast.falcon, every=2), "Refunds", 1, *open_items("Refunds", items))


def about(chance: float) -> object:
    return pytest.approx(chance, abs=0.02)


def kept(plan: Planned) -> dict[str, tuple[float | None, str]]:
    chances.settle(Increment.objects.get(pk=plan.increment.pk), NOON)
    rows = CardChance.objects.filter(card__increment=plan.increment).select_related("card")
    return {row.card.title: (row.chance, row.reason or row.note) for row in rows}


def test_what_is_left_of_a_feature_by_the_end_of_its_iteration(cast: Cast, plan: Planned) -> None:
    plan.card("Refunds", plan.falcon, 1, feature=refunds(cast))
    assert kept(plan) == {"Refunds": (about(FIVE), "")}


def test_a_card_waits_in_its_team_and_for_others(cast: Cast, plan: Planned) -> None:
    """Heron finishes an item a day for certain; its card needs Falcon's."""
    made = board(cast.heron)
    mail = feature(made, "Mail", 1, *open_items("Mail", 10))
    first = plan.card("Refunds", plan.falcon, 1, feature=refunds(cast))
    second = plan.card("Mail", plan.heron, 1, feature=mail)
    third = plan.card("Letters", plan.heron, 1, feature=feature(made, "Letters", 2, *open_items("Letters", 1)))
    plan.need(first, second)
    found = kept(plan)
    assert (found["Mail"][0], found["Letters"][0]) == (about(FIVE), 0.0)
    # Worked first, it is done for certain, and the other one a day late.
    with write(cast.pmo, plan.increment, "moved") as held:
        held.set(held.hold(third), rank=0)
        held.set(held.hold(second), rank=1)
    assert (kept(plan)["Letters"][0], kept(plan)["Mail"][0]) == (1.0, 0.0)


def test_as_many_features_at_a_time_as_the_increment_says(cast: Cast, plan: Planned) -> None:
    """Four items and two. One at a time: done with the fourth and sixth finish; two at a time: a, b, a, b, a, a."""
    made = board(cast.falcon, every=2)
    for name, items in [("Cards", 4), ("Mail", 2)]:
        work = feature(made, name, items, *open_items(name, items))
        plan.card(name, plan.falcon, 1, feature=work)
    found = kept(plan)
    assert (found["Cards"][0], found["Mail"][0]) == (about(FOUR), about(SIX))
    Increment.objects.update(wip_limit=2)
    found = kept(plan)
    assert (found["Cards"][0], found["Mail"][0]) == (about(SIX), about(FOUR))


def test_no_feature_is_worked_on_in_the_ip_iteration(cast: Cast, plan: Planned) -> None:
    """Five items by the end of iteration 1, or of an IP iteration after it: ten days with a coin on each either way."""
    plan.increment.iterations.filter(number=2).update(is_ip=True)
    plan.card("Refunds", plan.falcon, 2, feature=refunds(cast))
    assert kept(plan) == {"Refunds": (about(FIVE), "no features are worked on in Iteration 2")}


def test_what_is_no_feature_is_as_large_as_its_teams_features(cast: Cast, plan: Planned) -> None:
    refunds(cast, items=6)
    plan.card("Talks with the bank", plan.falcon, 1)
    note = "not broken down: 6 items, the size of the one feature of type feature of Falcon"
    assert kept(plan) == {"Talks with the bank": (about(SIX), note)}


def test_a_feature_without_an_item_left_in_it_is_not_done(cast: Cast, plan: Planned) -> None:
    """Its only item was removed: it is as large as Falcon's other feature."""
    made = refunds(cast, items=6).epics.get().source
    empty = feature(made, "Empty", 2, item("Empty-1", "2025-05-05 gone", parent="Empty"))
    plan.card("Empty", plan.falcon, 1, feature=empty)
    assert kept(plan)["Empty"] == (
        about(SIX),
        "not broken down: 6 items, the size of the one feature of type feature of Falcon",
    )


def test_a_milestone_in_the_row_of_a_team_takes_no_work(cast: Cast, plan: Planned) -> None:
    """As large as a feature it would take the five finishes that Refunds needs."""
    plan.card("Fair", plan.falcon, 1, kind="milestone")
    plan.card("Refunds", plan.falcon, 1, feature=refunds(cast))
    assert kept(plan)["Refunds"] == (about(FIVE), "")


def test_late_risk_goes_by_the_row_where_the_provider_stands(cast: Cast, plan: Planned) -> None:
    """Heron was asked, the bank has the card. It was due with iteration 1 and has not come: (1 + 1) ÷ (1 + 2)."""
    consumer = plan.card("Refunds", plan.falcon, 1)
    made = plan.need(plan.card("Certificate", plan.bank, 1), consumer)
    Dependency.objects.filter(pk=made.pk).update(provider_lane=plan.heron)
    Increment.objects.update(state="committed", committed_at="2025-12-20T00:00Z")
    [need] = chances.read(plan.increment, datetime(2026, 2, 2, 12, tzinfo=UTC)).train.needs
    assert need.row == "Bank"
    assert need.risk == pytest.approx(2 / 3)


def test_what_cannot_be_told_says_why(cast: Cast, plan: Planned) -> None:
    first = plan.card("Refunds", plan.falcon, 1, feature=refunds(cast))
    plan.card("Later", plan.falcon)
    plan.card("Parked")
    slow = plan.card("Ledger", plan.kite, 1)
    plan.need(slow, first)
    found = kept(plan)
    assert found["Later"] == found["Parked"] == (None, "it stands in no iteration")
    reason = "too little data: Kite finished work on 0 of the 5 days needed in the last 84"
    assert found["Ledger"] == (None, reason)
    assert found["Refunds"] == (None, f"waits for Ledger of Kite: {reason}")


def test_somebody_outside_is_taken_to_be_in_time(cast: Cast, plan: Planned) -> None:
    first = plan.card("Refunds", plan.falcon, 1, feature=refunds(cast))
    plan.need(plan.card("Certificate", plan.bank, 1), first)
    assert kept(plan)["Refunds"] == (about(FIVE), "Bank is taken to deliver in time: no history")


def test_expected_value(cast: Cast, plan: Planned) -> None:
    """8 × 0.62; an objective without cards has no chance and is said, an uncommitted one is in no sum."""
    first = plan.card("Refunds", plan.falcon, 1, feature=refunds(cast))
    with write(None, plan.increment, "added") as held:
        for title, value, committed in [("Refund", 8, True), ("Trust", 5, True), ("Speed", 9, False)]:
            goal = Objective(increment=held.increment, lane=plan.falcon, title=title, planned_value=value)
            goal.is_committed = committed
            held.add(goal)
            if title == "Refund":
                goal.cards.add(first)
    kept(plan)
    row = Reckoning.objects.get()
    assert row.expected_value == pytest.approx(8 * FIVE, abs=0.16)
    assert row.committed_value == 8
    assert row.reason == "left out: 1 committed objective of planned value 5 without a chance"
    assert ObjectiveChance.objects.get(objective__title="Trust").reason == "no card is linked to it"
    assert chances.value_of(row)["text"] == "Expected value 5 of 8 committed"


def test_what_was_kept_makes_the_same_again(cast: Cast, plan: Planned) -> None:
    plan.card("Refunds", plan.falcon, 1, feature=refunds(cast))
    kept(plan)
    row = Reckoning.objects.get()
    [found] = formula.answer(formula.load(row.inputs)).cards
    assert (row.engine, found.chance) == (formula.ENGINE, CardChance.objects.get().chance)


def test_as_many_queries_for_one_card_as_for_three(cast: Cast, plan: Planned) -> None:
    first = plan.card("Refunds", plan.falcon, 1, feature=refunds(cast))

    def queries() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as caught:
            chances.read(plan.increment, NOON)
        return len(caught)

    before = queries()
    for n in range(2):
        other = plan.card(f"Card {n}", plan.heron, 2, feature=Feature.objects.create(team=cast.heron, name=f"F{n}"))
        plan.need(first, other)
    assert queries() == before


# The worker


def behind(day: int) -> list[tuple[int, bool]]:
    """As of a day of June 2025: which increments, and whether it is their plan that changed."""
    moved = set(chances.moved())
    return [(plan.pk, plan in moved) for plan in chances.behind(date(2025, 6, day), known())]


def test_behind_are_those_with_another_plan_or_another_day(cast: Cast, plan: Planned) -> None:
    pk = plan.increment.pk
    assert behind(2) == [(pk, True)]
    kept(plan)
    assert (behind(2), behind(3)) == ([], [(pk, False)])
    plan.card("Refunds", plan.falcon, 1)
    assert behind(2) == [(pk, True)]


def test_behind_are_those_of_which_more_is_known_now(cast: Cast, plan: Planned) -> None:
    """An item is taken out of Refunds: what was reckoned rests on five."""
    plan.card("Refunds", plan.falcon, 1, feature=refunds(cast))
    assert kept(plan)["Refunds"] == (about(FIVE), "")
    source = Source.objects.get(team=cast.falcon)
    upsert(source, item("Refunds-4", "2025-06-02 gone", parent="Refunds"))
    Source.objects.filter(pk=source.pk).update(data_version=F("data_version") + 1)
    assert behind(2) == [(plan.increment.pk, False)]
    assert kept(plan)["Refunds"] == (about(FOUR), "")
    assert behind(2) == []


def test_who_watches_is_told_what_changed_and_nothing_twice(cast: Cast, plan: Planned) -> None:
    one = plan.card("Refunds", plan.falcon, 1, done_on=date(2026, 1, 9))
    assert chances.reckon(plan.increment.pk)
    [event] = LiveEvent.objects.filter(kind="chances")
    shown = {"text": "> 95 %", "tone": "high", "title": ""}
    number = Increment.objects.get(pk=plan.increment.pk).number
    assert (event.data["number"], event.data["cards"]) == (number, {str(one.pk): shown})
    assert not chances.reckon(plan.increment.pk)
    with write(None, plan.increment, "changed") as held:
        held.set(held.hold(one), title="Refund")
    assert chances.reckon(plan.increment.pk)
    assert LiveEvent.objects.filter(kind="chances").count() == 1


def is_fresh(plan: Planned) -> bool:
    number = Increment.objects.values_list("number", flat=True).get(pk=plan.increment.pk)
    return Reckoning.objects.filter(increment=plan.increment, number=number).exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_follows_the_plan(worker: Worker, cast: Cast) -> None:
    plan = make_planned(cast)
    plan.card("Refunds", plan.falcon, 1, done_on=date(2026, 1, 9))
    until(lambda: is_fresh(plan), what="chances of the plan")
    assert CardChance.objects.get().chance == 1.0


@pytest.mark.django_db(transaction=True)
def test_a_sync_that_brings_news_has_chances_redone(tmp_path: Path, worker: Worker, cast: Cast) -> None:
    """Nobody touches the plan, no clock runs: the sync alone says that the card's only item is done."""
    plan, columns = make_planned(cast), ("key", "at", "from", "to", "parent")
    begun = ("A-1", "2025-05-05T09:00Z", "Open", "Doing", "Refunds")
    path = write_changes(tmp_path / "a.csv", [begun], columns)
    source = csv_source(path, cast.falcon)
    sync_now(source)
    work = Feature.objects.create(team=cast.falcon, name="Refunds")
    EpicLink.objects.create(feature=work, source=source, parent="Refunds")
    plan.card("Refunds", plan.falcon, 1, feature=work)
    until(lambda: is_fresh(plan), what="chances of the plan")
    assert CardChance.objects.get().chance is None
    write_changes(path, [begun, ("A-1", "2025-05-06T09:00Z", "Doing", "Done", "Refunds")], columns)
    sync_now(source)
    until(lambda: CardChance.objects.get().chance == 1.0, what="chances by what is known now")


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_nothing_half_done_and_another_goes_on(
    spawn_worker: Callable[[], Worker], cast: Cast
) -> None:
    plan = make_planned(cast)
    first = spawn_worker()
    for n in range(4):
        plan.card(f"Card {n}", plan.falcon, 1, done_on=date(2026, 1, 9))
    first.kill()
    plan.card("Last", plan.falcon, 1, done_on=date(2026, 1, 9))
    assert not is_fresh(plan)
    spawn_worker()

    def look() -> bool:
        # As beat does, every few seconds.
        reckon_behind()
        return is_fresh(plan)

    until(look, seconds=60, every=0.5, what="chances by the second worker")
    assert list(CardChance.objects.values_list("chance", flat=True)) == [1.0] * 5
