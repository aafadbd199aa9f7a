"""What the open plans look like from afar: on the leader's page, on the pages of the nouns, in the palette."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.search import find
from planning.actions.cards import move_card, remove_card
from planning.actions.writing import write
from planning.evidence import facts
from planning.models import Baseline, Card, CardChance, Event, Increment, Reckoning
from planning.outlook import of_teams, outlooks
from planning.queries.past import NOT_KEPT, outlooks_then, planned_then
from planning.replay import stored
from portfolio.models import Feature, Initiative
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned


@pytest.fixture
def plan(cast: Cast) -> Planned:
    """Committed to with four cards; then one was moved. Heron provides after Falcon needs; one card is unlikely."""
    made = make_planned(cast)
    goal = Initiative.objects.create(slug="refunds", name="Refunds", stream=cast.payments)
    feature = Feature.objects.create(team=cast.falcon, name="Refund API", initiative=goal)
    refund = made.card("Refund API", made.falcon, 1, key="PAY-81", feature=feature)
    split = made.card("Ledger split", made.heron, 2, key="PAY-70")
    made.card("Receipts", made.falcon, 2)
    made.card("Alerts", made.kite, 1)
    made.card("Idea", made.falcon)
    made.need(split, refund)
    Baseline.objects.create(increment=made.increment, number=1, at=timezone.now(), event=1, plan=stored(made.increment))
    move_card(actor=None, card=split, lane=made.heron, iteration=made.iterations[2])
    CardChance.objects.create(card=refund, chance=0.3)
    Reckoning.objects.create(increment=made.increment, number=1, expected_value=12.4, committed_value=20)
    return made


def test_conflicts_stability_and_value(cast: Cast, plan: Planned) -> None:
    (one,) = outlooks(cast.pmo)
    assert [str(row.consumer) for row in one.conflicts] == ["Refund API"]
    assert [card.title for card in one.unlikely] == ["Refund API"]
    # Four stood in an iteration, three of them still stand there.
    assert one.stability == 0.75
    assert (one.expected, one.committed) == (12.4, 20)
    late, unlikely, n = of_teams([one])[cast.falcon.pk]
    assert (len(late), len(unlikely), n) == (1, 1, 2)
    assert outlooks(cast.outsider) == []
    assert outlooks(cast.pmo, [cast.falcon.pk]) != []


def test_as_many_questions_for_three_plans_as_for_one(cast: Cast, plan: Planned) -> None:
    # What the reader may see is asked once.
    outlooks(cast.pmo)
    with CaptureQueriesContext(connection) as one:
        outlooks(cast.pmo)
    for n in (2, 3):
        other = Increment.objects.create(train=plan.train, slug=f"pi-26-{n}", name=f"PI 26.{n}", seed=n)
        Increment.objects.filter(pk=other.pk).update(state="planning")
    with CaptureQueriesContext(connection) as three:
        assert len(outlooks(cast.pmo)) == 3
    assert len(three) == len(one)


def test_the_leaders_page_says_it(client: Client, cast: Cast, plan: Planned) -> None:
    client.force_login(cast.pmo)
    page = client.get("/").content.decode()
    assert "Will the plans come true?" in page
    assert "12 of 20 business value is expected of PI 26.1 of Payments train; 1 dependency is provided" in page
    assert "75 %" in page
    before = timezone.localdate() - timedelta(days=2)
    assert "Will the plans come true?" not in client.get(f"/?as_of={before}").content.decode()


def test_the_pages_of_the_nouns_say_where_it_is_planned(client: Client, cast: Cast, plan: Planned) -> None:
    client.force_login(cast.member)
    feature = Feature.objects.get(name="Refund API")
    page = client.get(f"/organisation/teams/falcon/features/{feature.pk}/").content.decode()
    assert "When is it planned?" in page
    assert "until 16 Jan 2026" in page  # Iteration 1: Monday 5 January and a fortnight, to the Friday.
    assert "30 %" in page
    assert "What does Falcon plan?" in client.get("/organisation/teams/falcon/").content.decode()
    client.force_login(cast.pmo)
    assert "Will its plans come true?" in client.get("/organisation/streams/payments/").content.decode()
    assert "When are its features planned?" in client.get("/portfolio/initiatives/refunds/").content.decode()


def test_the_palette_finds_boards_and_cards(cast: Cast, plan: Planned) -> None:
    assert [hit.label for hit in find("pay-70", cast.pmo)] == ["PAY-70 Ledger split"]
    assert "Board of PI 26.1" in [hit.label for hit in find("payments train", cast.pmo)]
    assert find("pay-70", cast.outsider) == []


def test_decisions_rest_on_it(cast: Cast, plan: Planned) -> None:
    found = facts(Initiative.objects.get(slug="refunds"), timezone.now())
    assert [(fact.key, fact.text) for fact in found] == [
        ("planned_features", "1 of 1 in an iteration"),
        ("planned_chance", "30 %"),
    ]
    assert facts(Initiative.objects.get(slug="refunds"), timezone.now() - timedelta(days=9)) == []


def ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def old(plan: Planned) -> Planned:
    """The same plan, made ten days ago and committed to eight days ago; Ledger split was moved five days ago, and
    today Receipts was taken off and the conflict was solved."""
    Increment.objects.update(made_at=ago(10))
    Event.objects.update(at=ago(10))
    Event.objects.filter(number=Event.objects.latest("number").number).update(at=ago(5))
    Baseline.objects.update(at=ago(8))
    remove_card(actor=None, card=Card.objects.get(title="Receipts"))
    move_card(actor=None, card=Card.objects.get(title="Refund API"), lane=plan.falcon, iteration=plan.iterations[4])
    return plan


def test_a_past_day_is_as_the_log_tells(cast: Cast, old: Planned) -> None:
    """Of four committed cards none was moved a week ago, one four days ago; today two were and one is gone."""
    (week,), (later,), (now,) = outlooks_then(cast.pmo, ago(7)), outlooks_then(cast.pmo, ago(4)), outlooks(cast.pmo)
    assert [one.stability for one in (week, later, now)] == [1.0, 0.75, 0.25]
    assert [len(one.conflicts) for one in (week, later, now)] == [1, 1, 0]
    assert [card.title for card in week.cards] == ["Refund API", "Alerts", "Ledger split", "Receipts", "Idea"]
    assert [(one.expected, one.reason) for one in (week,)] == [(None, NOT_KEPT)]
    assert week.unlikely == []
    assert (outlooks_then(cast.pmo, ago(11)), outlooks_then(cast.outsider, ago(7))) == ([], [])
    feature = Feature.objects.get()
    places = [planned_then(cast.pmo, [feature.pk], at)[0].iteration for at in (ago(7), timezone.now())]
    assert [str(place) for place in places] == ["Iteration 1", "Iteration 5"]
    assert [fact.text for fact in facts(Initiative.objects.get(), ago(7))] == [
        "1 of 1 in an iteration",
        "not kept for past days",
    ]


def test_older_logs_do_not_number_their_iterations(cast: Cast, old: Planned) -> None:
    line = Event.objects.get(number=1)
    for change in line.changes:
        if change["kind"] == "iteration":
            del change["after"]["number"]
    line.save()
    assert [len(one.conflicts) for one in outlooks_then(cast.pmo, ago(7))] == [1]


def test_this_instant_by_the_log_is_what_the_rows_say(cast: Cast, old: Planned) -> None:
    (told,), (stands,) = outlooks_then(cast.pmo, timezone.now()), outlooks(cast.pmo)
    assert told.moves == stands.moves
    assert {(c.pk, c.title, c.lane, c.iteration, c.size, c.rank) for c in told.cards} == {
        (c.pk, c.title, c.lane, c.iteration, c.size, c.rank) for c in stands.cards
    }
    assert of_teams([told])[cast.heron.pk] == of_teams([stands])[cast.heron.pk]


def test_pages_of_a_past_day_say_what_is_not_kept(client: Client, cast: Cast, old: Planned) -> None:
    client.force_login(cast.pmo)
    day = {"as_of": ago(7).date().isoformat()}
    page = client.get("/", day).content.decode()
    assert "What was expected then is not kept; 1 dependency is provided after it is needed." in page
    assert "100 %" in page
    team = client.get("/organisation/teams/heron/", day).content.decode()
    assert "until 30 Jan 2026" in team  # Iteration 2, where it stood then.
    assert "As it was planned then; chances are not kept for past days." in team
    assert "Chance to land" not in team
    for address in ("/organisation/streams/payments/", "/portfolio/initiatives/refunds/"):
        assert NOT_KEPT in client.get(address, day).content.decode()


def test_as_many_questions_for_three_past_plans_as_for_one(cast: Cast, old: Planned) -> None:
    outlooks_then(cast.pmo, ago(4))
    with CaptureQueriesContext(connection) as one:
        outlooks_then(cast.pmo, ago(4))
    for n in (2, 3):
        other = Increment.objects.create(
            train=old.train, slug=f"pi-26-{n}", name=f"PI 26.{n}", seed=n, state="planning"
        )
        with write(None, other, "made") as board:
            board.born(other)
            board.say(f"made {other}")
    Increment.objects.update(made_at=ago(10))
    Event.objects.filter(verb="made").update(at=ago(10))
    with CaptureQueriesContext(connection) as three:
        assert len(outlooks_then(cast.pmo, ago(4))) == 3
    assert len(three) == len(one)
