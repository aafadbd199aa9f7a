"""Budgets: set, amended with a reason, never of a past quarter; by page and by API."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import AuditEntry
from funding.actions import set_budget
from funding.models import Amendment
from portfolio.models import ValueStream
from portfolio.quarters import Quarter
from tests.cast import Cast
from tests.funding.cast import Q1, at, budget, line, no_teams
from tests.portfolio.test_api import Api
from tests.portfolio.test_initiatives import undo_of

OVERVIEW = "/portfolio/funding/?quarter=2025-q1&as_of=2025-02-14"
AMOUNTS: dict[str, Any] = {"amount": "500", "seen": "0"}


def next_quarter() -> Quarter:
    return Quarter.of(timezone.localdate()).next


def page() -> str:
    return f"/portfolio/funding/payments/?quarter={next_quarter().slug}"


@pytest.fixture
def pmo(client: Client, cast: Cast) -> Client:
    client.force_login(cast.stream_pmo)
    return client


@pytest.fixture
def spent(cast: Cast) -> Cast:
    """300 of 500 at half of the quarter."""
    no_teams(cast.falcon, cast.heron, cast.kite)
    budget(cast.payments, "500")
    line(cast.payments, "a", date(2025, 2, 3), "300")
    return cast


def amounts(cast: Cast) -> list[Decimal]:
    rows = Amendment.objects.filter(stream=cast.payments, quarter=next_quarter().first)
    return [row.amount for row in rows.order_by("at", "id")]


def test_set_amend_and_undo(pmo: Client, cast: Cast) -> None:
    pmo.post(page(), AMOUNTS)
    assert amounts(cast) == [500]
    latest = Amendment.objects.get()
    done = pmo.post(page(), {"amount": "650", "reason": "A second supplier", "seen": latest.pk}, follow=True)
    assert amounts(cast) == [500, 650]
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert entry.verb == "set the budget of"
    assert entry.data == {"quarter": next_quarter().name, "amount": ["500.00", "650.00"], "reason": "A second supplier"}
    pmo.post(undo_of(done))
    # Nothing is taken out of the history: the undo is an amendment, too.
    assert amounts(cast) == [500, 650, 500]


def test_an_amendment_needs_a_reason(pmo: Client, cast: Cast) -> None:
    pmo.post(page(), AMOUNTS)
    answer = pmo.post(page(), {"amount": "650", "seen": Amendment.objects.get().pk})
    assert "Say why the budget changes" in answer.content.decode()
    # What was typed stays.
    assert 'value="650"' in answer.content.decode()
    assert amounts(cast) == [500]
    with pytest.raises(ValidationError, match="Say why"):
        set_budget(actor=cast.pmo, stream=cast.payments, quarter=next_quarter(), amount=Decimal(1), reason="  ")


def test_a_past_quarter_is_refused(pmo: Client, cast: Cast) -> None:
    answer = pmo.post("/portfolio/funding/payments/?quarter=2025-q1", AMOUNTS)
    assert "Q1 2025 is over" in answer.content.decode()
    assert not Amendment.objects.exists()


def test_the_same_amount_writes_nothing(pmo: Client, cast: Cast) -> None:
    for _ in range(2):
        set_budget(actor=None, stream=cast.payments, quarter=next_quarter(), amount=Decimal(500))
    assert amounts(cast) == [500]


@pytest.mark.parametrize("amount", ["-1", "abc", "", "1.234", "1000000000000000"])
def test_amounts_that_are_none(pmo: Client, cast: Cast, amount: str) -> None:
    answer = pmo.post(page(), {"amount": amount, "seen": "0"})
    assert answer.status_code == 200
    assert "field-error" in answer.content.decode()
    assert amounts(cast) == []


def test_a_negative_budget_is_refused_by_the_verb(cast: Cast) -> None:
    with pytest.raises(ValidationError):
        set_budget(actor=None, stream=cast.payments, quarter=next_quarter(), amount=Decimal(-1))


def test_the_second_of_two_writers_is_told(pmo: Client, cast: Cast) -> None:
    set_budget(actor=cast.leader, stream=cast.payments, quarter=next_quarter(), amount=Decimal(700))
    text = pmo.post(page(), AMOUNTS).content.decode()
    assert "Leo Brandt set it to 700.00" in text
    assert amounts(cast) == [700]
    # The form now knows what is there: one more click writes it.
    latest = Amendment.objects.get().pk
    assert f'value="{latest}"' in text
    pmo.post(page(), {"amount": "500", "reason": "Still less", "seen": latest})
    assert amounts(cast) == [700, 500]


def test_a_stream_that_has_ended(cast: Cast) -> None:
    ValueStream.objects.filter(pk=cast.payments.pk).update(ended_on=date(2025, 1, 31))
    with pytest.raises(ValidationError, match="ended on 31 Jan 2025"):
        set_budget(actor=None, stream=cast.payments, quarter=next_quarter(), amount=Decimal(1))


def test_who_may(cast: Cast) -> None:
    for person in (cast.coach, cast.member, cast.viewer):
        with pytest.raises(PermissionDenied):
            set_budget(actor=person, stream=cast.payments, quarter=next_quarter(), amount=Decimal(1))
    with pytest.raises(PermissionDenied):
        set_budget(actor=cast.stream_pmo, stream=cast.platform, quarter=next_quarter(), amount=Decimal(1))


def test_the_overview_says_the_example(client: Client, spent: Cast) -> None:
    client.force_login(spent.leader)
    text = client.get(OVERVIEW).content.decode()
    assert "Payments is heading for 100\u00a0EUR over its budget of Q1 2025" in text
    assert "60\u00a0% spent" in text
    assert "300\u00a0EUR of 500\u00a0EUR spent, 50\u00a0% of the quarter is over" in text
    assert "(20\u00a0%)" in text


def test_the_stream_says_it_too(pmo: Client, spent: Cast) -> None:
    text = pmo.get("/portfolio/funding/payments/?quarter=2025-q1&as_of=2025-02-14").content.decode()
    assert "60\u00a0% of the budget is spent after 50\u00a0% of the quarter." in text
    assert "On course for 600\u00a0EUR: over by 100\u00a0EUR (20\u00a0%)." in text
    # A page of the past offers no writing.
    assert "Amend the budget" not in text


def test_a_past_quarter_shows_what_was_valid_then(pmo: Client, spent: Cast) -> None:
    budget(spent.payments, "650", "2025-03-01")
    then = pmo.get("/portfolio/funding/payments/?quarter=2025-q1&as_of=2025-02-14").content.decode()
    later = pmo.get("/portfolio/funding/payments/?quarter=2025-q1").content.decode()
    assert "650" not in then
    assert "The quarter is over" in later
    # 300 of 650 in the whole quarter: 350 under, 54 %.
    assert "Payments ended 350\u00a0EUR under its budget" in later


def test_the_csv(client: Client, spent: Cast) -> None:
    client.force_login(spent.leader)
    lines = client.get(f"{OVERVIEW}&format=csv").getvalue().decode().splitlines()
    assert lines[0] == "stream,budget,spent,elapsed,forecast,over,over share,spent is known from,note"
    assert lines[1] == "payments,500.00,300.00,0.5,600.00,100.00,0.2,ledger,"
    # Nobody set what Kite costs: what Platform spent is not known, which is not 0.
    assert lines[2] == "platform,,,0.5,,,,,nobody set what its teams cost"


def test_only_streams_whose_money_one_sees(pmo: Client, spent: Cast) -> None:
    text = pmo.get(OVERVIEW).content.decode()
    assert "Payments" in text
    assert "Platform" not in text
    assert pmo.get(f"{OVERVIEW}&scope=stream:platform").status_code == 404
    assert pmo.get(f"{OVERVIEW}&scope=portfolio").status_code == 404


def test_a_coach_sees_no_money(client: Client, spent: Cast) -> None:
    client.force_login(spent.coach)
    for url in (OVERVIEW, "/portfolio/funding/payments/", "/api/v1/budgets/", "/api/v1/spend/", "/portfolio/ledger/"):
        assert client.get(url).status_code == 403
    text = client.get("/organisation/streams/payments/").content.decode()
    assert "Money in" not in text
    client.force_login(spent.stream_pmo)
    assert "Money in" in client.get("/organisation/streams/payments/").content.decode()


@pytest.mark.parametrize("query", ["quarter=2025-q5", "quarter=last", "as_of=yesterday", "as_of=2999-01-01"])
def test_nonsense_in_the_address(pmo: Client, query: str) -> None:
    assert pmo.get(f"/portfolio/funding/?{query}").status_code == 400
    assert pmo.get(f"/api/v1/budgets/?{query}").status_code == 400


def test_the_same_queries_for_one_stream_and_three(client: Client, spent: Cast) -> None:
    client.force_login(spent.leader)
    client.get(OVERVIEW)
    with CaptureQueriesContext(connection) as one:
        client.get(f"{OVERVIEW}")
    for n in range(3):
        stream = ValueStream.objects.create(slug=f"s{n}", name=f"S{n}")
        budget(stream, "500")
        line(stream, stream.slug, date(2025, 2, 3), "300")
    with CaptureQueriesContext(connection) as several:
        client.get(f"{OVERVIEW}")
    assert len(several) == len(one)


def got(user: object, path: str) -> Any:
    status, answer = Api(user)("get", path)
    assert status == 200
    return answer


class TestApi:
    def test_the_example(self, spent: Cast) -> None:
        [row] = got(spent.leader, "budgets/?quarter=2025-q1&as_of=2025-02-14&scope=stream:payments")["streams"]
        assert row == {
            "stream": "payments", "budget": "500.00", "spent": "300.00", "elapsed": 0.5, "forecast": "600.00",
            "over": "100.00", "over_share": 0.2, "source": "ledger", "reason": "",
        }  # fmt: skip

    def test_before_the_quarter_it_is_null_with_a_reason(self, spent: Cast) -> None:
        [row] = got(spent.leader, "budgets/?quarter=2025-q1&as_of=2024-12-20&scope=stream:payments")["streams"]
        assert (row["forecast"], row["over"], row["reason"]) == (None, None, "the quarter has not begun")

    def test_set_amend_and_conflict(self, cast: Cast) -> None:
        call, given = Api(cast.stream_pmo), {"stream": "payments", "quarter": next_quarter().slug, "amount": "500"}
        status, made = call("post", "budgets/", given)
        assert (status, isinstance(made, dict)) == (201, True)
        seen = {"seen": made["id"]}  # type: ignore[index]
        status, refused = call("post", "budgets/", given | {"amount": "600"})
        assert (status, list(refused)) == (400, ["reason"])  # type: ignore[call-overload]
        assert call("post", "budgets/", given | {"amount": "600", "reason": "More"} | seen)[0] == 201
        status, stale = call("post", "budgets/", given | {"amount": "700", "reason": "x"} | seen)
        assert (status, stale["current"]["amount"]) == (409, "600.00")  # type: ignore[index]
        assert amounts(cast) == [500, 600]
        found = got(cast.stream_pmo, f"budgets/amendments/?quarter={next_quarter().slug}")
        assert [(row["amount"], row["reason"], row["by"]) for row in found] == [
            ("600.00", "More", "Paul Okafor"),
            ("500.00", "First budget of the quarter", "Paul Okafor"),
        ]

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"quarter": "2025-q1"}, "quarter"),
            ({"quarter": "soon"}, "quarter"),
            ({"amount": "-1"}, "amount"),
            ({"amount": "1.234"}, "amount"),
            ({"stream": "platform"}, "stream"),
        ],
    )
    def test_what_is_refused(self, cast: Cast, given: dict[str, str], field: str) -> None:
        usual = {"stream": "payments", "quarter": next_quarter().slug, "amount": "500"}
        status, said = Api(cast.stream_pmo)("post", "budgets/", usual | given)
        assert (status, list(said)) == (400, [field])  # type: ignore[call-overload]
        assert not Amendment.objects.exists()

    def test_spend(self, spent: Cast) -> None:
        answer = got(spent.leader, "spend/?quarter=2025-q1&as_of=2025-02-14")
        assert answer["streams"] == {"payments": "300.0000"}
        assert answer["parts"] == [
            {"month": "2025-02", "stream": "payments", "team": None, "initiative": None, "horizon": "",
             "amount": "300.0000", "source": "ledger"}
        ]  # fmt: skip


def test_set_before_now_by_the_portal_itself(cast: Cast) -> None:
    made = set_budget(actor=None, stream=cast.payments, quarter=Q1, amount=Decimal(5), at=at("2024-12-15"))
    assert (made.at, made.by) == (at("2024-12-15"), None)
