"""The widgets of the overview in figures worked out by hand: money, objectives, decisions, changes; who sees what."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from accounts.models import User
from dashboards.queries.home import ask_of, page, part
from funding.models import Amendment, LedgerEntry
from metrics import forms
from portfolio.models import Decision, Initiative, StageEntry
from portfolio.overview import Ask, Spark, Tile
from tests.cast import Cast
from tests.okrs.cast import HALF, Goals, check_in, make_goals

# The end of 15 November 2026: 46 of 92 days of the quarter are over, a half.
AT = datetime.combine(HALF, datetime.max.time(), tzinfo=UTC)
AS_OF = {"as_of": HALF.isoformat()}


@pytest.fixture
def money(cast: Cast) -> Cast:
    """Payments: budget 500, 300 spent by a ledger in October; Platform: budget 400, 100 spent."""
    for stream, budget, spent in ((cast.payments, 500, 300), (cast.platform, 400, 100)):
        Amendment.objects.create(
            stream=stream,
            quarter="2026-10-01",
            amount=budget * 1000,
            at=AT - timedelta(days=60),
            reason="Set",
        )
        LedgerEntry.objects.create(stream=stream, key=stream.slug, posted_on="2026-10-20", amount=spent * 1000)
        LedgerEntry.objects.create(stream=stream, key=f"{stream.slug} 2", posted_on="2026-11-02", amount=0)
    return cast


@pytest.fixture
def goals(cast: Cast) -> Goals:
    return make_goals(cast)


def ask(user: User, **said: str) -> Ask:
    query = QueryDict(mutable=True)
    query.update(AS_OF | said)
    now = AT + timedelta(days=9)
    return ask_of(forms.ask(query, user, now), user, now)


def widget(key: str, user: User, **said: str) -> Tile:
    found = part(key, ask(user, **said))
    assert found is not None
    return found


def test_money_is_the_straight_line_of_the_definitions(money: Cast) -> None:
    tile = widget("money", money.leader)
    names = [row[0].text for row in tile.rows]
    # Payments: 300 spent at half of the quarter: forecast 600, over by 100 of 500 (20 %). Platform: forecast 200.
    assert names == ["Payments", "Platform"]
    assert [cell.plain for cell in tile.rows[0]][1:6] == [
        Decimal(500_000),
        Decimal(300_000),
        0.6,
        Decimal(600_000),
        Decimal(100_000),
    ]
    assert [cell.text for cell in tile.rows[0]][1:6] == ["500", "300", "", "600", "+100"]
    assert tile.rows[1][5].text == "−200"
    assert tile.heat["Money"]["stream:payments"].text == "20\u00a0% over"
    assert tile.heat["Money"]["stream:payments"].tone == "bad"
    # 400 of 900 spent.
    assert tile.answer.startswith("44\u00a0% spent at 50\u00a0% of Q4 2026; Payments heads for 100,000")
    assert tile.finding == "Payments heads over its budget by 20\u00a0%"


def test_a_budget_of_later_is_not_in_the_past(money: Cast) -> None:
    Amendment.objects.create(
        stream=money.payments, quarter="2026-10-01", amount=900_000, at=AT + timedelta(days=1), reason="More"
    )
    assert widget("money", money.leader).rows[0][1].value == Decimal(500_000)


def test_who_may_not_see_money_sees_none_of_it(money: Cast, client: Client) -> None:
    Decision.objects.create(
        kind="other", question="Go on?", stream=money.payments, raised_at=AT, cost_kind="delay", cost_per_week=18_765
    )
    for user, sees in ((money.leader, True), (money.coach, False)):
        client.force_login(user)
        scope = "stream:payments"
        html = client.get("/", AS_OF | {"scope": scope}).content.decode()
        assert ("Does money become value?" in html) is sees
        assert ("18,765" in html) is sees
        assert client.get("/overview/money/", AS_OF | {"scope": scope}).status_code == (200 if sees else 404)
        assert client.get("/overview/money.csv", AS_OF | {"scope": scope}).status_code == (200 if sees else 404)
        csv = client.get("/overview/changes.csv", AS_OF | {"scope": scope}).getvalue().decode()
        assert "500,000" not in csv
        decisions = client.get("/overview/decisions.csv", AS_OF | {"scope": scope}).getvalue().decode()
        assert ("18765" in decisions) is sees


def test_value_is_what_the_key_results_moved_in_the_quarter(money: Cast, goals: Goals) -> None:
    # Weight 1: 20 → 40 of 20…60 is 0.5. Weight 3: 11 → 8 of 11…5 is 0.5. 1 × 0.5 + 3 × 0.5 = 2.
    check_in(goals.more, HALF, 40)
    check_in(goals.less, HALF, 8)
    row = widget("money", money.leader).rows[0]
    assert row[6].value == pytest.approx(2.0)
    # No key result was running the quarter before.
    assert row[6].text == "+2.00"


def test_objectives_say_who_needs_a_word(cast: Cast, goals: Goals) -> None:
    # On pace at half of the time: 40 of 20…60 is 0.5. Little confidence: needs a word. The other: never checked in.
    check_in(goals.more, HALF - timedelta(days=20), 22, 7)
    check_in(goals.more, HALF - timedelta(days=1), 40, 3)
    tile = widget("objectives", cast.leader)
    assert tile.answer == "1 of 2 key results is on pace; one needs a word."
    first = tile.rows[0]
    assert first[0].text == "Refunds by themselves"
    assert (first[1].text, first[1].tone, first[1].note) == ("3 of 10", "bad", "fell by 4")
    assert tile.trend == "Confidence fell by 4.0 of 10 in two weeks."
    assert tile.finding == "one key result needs a word"
    # Falcon is a team of Payments: both say so.
    assert {place: cell.text for place, cell in tile.heat["Objectives"].items()} == {
        "team:falcon": "1 of 2",
        "stream:payments": "1 of 2",
    }


def test_an_outdated_check_in_needs_a_word_whatever_its_last_colour(cast: Cast, goals: Goals) -> None:
    # Due after 7 days, outdated 3 days later: 11 days ago is outdated with full confidence.
    check_in(goals.more, HALF - timedelta(days=11), 60, 10)
    check_in(goals.less, HALF - timedelta(days=11), 8, 10)
    tile = widget("objectives", cast.leader)
    # The first has reached its target: nothing more to say about it.
    assert tile.answer == "2 of 2 key results are on pace; one needs a word."
    assert tile.tag == "2 outdated"


def test_decisions_are_those_that_were_open_then(cast: Cast) -> None:
    def decision(question: str, **also: object) -> Decision:
        fields = {"kind": "other", "stream": cast.payments, "raised_at": AT - timedelta(days=9), **also}
        return Decision.objects.create(question=question, **fields)

    decision("Late", due_on=HALF - timedelta(days=2), owner=cast.leader)
    decision("Decided since", state="decided", decided_at=AT + timedelta(days=1), choice="yes")
    decision("Decided before", state="decided", decided_at=AT - timedelta(days=1), choice="yes")
    decision("Raised since", raised_at=AT + timedelta(hours=1))
    decision("Elsewhere", stream=cast.platform)
    tile = widget("decisions", cast.leader, scope="stream:payments")
    assert [row[0].text for row in tile.rows] == ["Late", "Decided since"]
    assert tile.rows[0][2].text == "9 d"
    assert tile.rows[0][2].note == "late since 13 Nov"
    assert tile.answer == "Two wait, the longest for 9 days; the day of one is over."
    assert tile.heat["Decisions"]["stream:payments"].text == "2 due, 1 late"
    whole = widget("decisions", cast.leader)
    assert len(whole.rows) == 3


def test_where_to_look_first_weighs_what_the_widgets_say(money: Cast, goals: Goals) -> None:
    check_in(goals.more, HALF, 40, 1)
    tile = widget("first", money.leader)
    assert [head.label for head in tile.head] == ["Stream", "Decisions", "Objectives", "Money", "Flow"]
    # Payments: money red (3), objectives red (3: one of two needs a word); Platform: nothing.
    assert [row[0].text for row in tile.rows] == ["Payments", "Platform"]
    assert tile.answer == "At Payments: objectives and money."
    assert [cell.text for cell in tile.rows[1][1:]] == ["calm", "", "calm", "n/a"]


def test_the_heading_joins_what_the_widgets_find(money: Cast, goals: Goals) -> None:
    Decision.objects.create(kind="other", question="Go on?", stream=money.payments, raised_at=AT)
    check_in(goals.more, HALF, 40, 1)
    found = page(ask(money.leader))
    assert found.finding == (
        "One decision is due, Payments heads over its budget by 20\u00a0%, and one key result needs a word"
    )
    sizes = [tile.size for tile in found.tiles]
    assert sizes == ["w8", "w4", "w8", "w4", "w12", "w12", "w8", "w4"], "every line of the page is full"


def test_changes_are_those_since_the_last_visit(cast: Cast, client: Client) -> None:
    client.force_login(cast.leader)
    assert "in the seven days before" in client.get("/").content.decode(), "the first visit"
    User.objects.filter(pk=cast.leader.pk).update(overview_read_at=timezone.now() - timedelta(days=30))
    initiative = Initiative.objects.create(slug="one", name="One", stream=cast.payments)
    moved_at = timezone.now() - timedelta(days=20)
    StageEntry.objects.create(initiative=initiative, stage="analysing", at=moved_at)
    StageEntry.objects.create(initiative=initiative, stage="funnel", at=moved_at - timedelta(days=20))
    for _ in range(2):
        # Looking again keeps them: it is the same visit.
        html = client.get("/").content.decode()
        assert "1 change since" in html
        assert "One went to analysing" in html
        assert "One went to funnel" not in html
    cast.leader.refresh_from_db()
    assert cast.leader.overview_read_at is not None
    assert timezone.now() - cast.leader.overview_read_at < timedelta(minutes=5)


def test_the_past_is_no_visit(cast: Cast, client: Client) -> None:
    client.force_login(cast.leader)
    assert "What changed in the week before?" in client.get("/", AS_OF | {"as_of": "2025-11-15"}).content.decode()
    cast.leader.refresh_from_db()
    assert cast.leader.overview_read_at is None


def test_a_spark_lies_within_its_box() -> None:
    # 0 is the least, 10 the most: heights 20 (bottom) and 2 (top) of 22; the middle at 11. Limits likewise.
    spark = Spark([0.0, 10.0, 5.0], "", low=0.0, high=10.0)
    assert spark.points == "0.0,20.0 42.0,2.0 84.0,11.0"
    assert spark.limits == [20.0, 2.0]
    assert Spark([3.0, 3.0], "").points == "0.0,11.0 84.0,11.0"
