"""One number, everywhere: the overview, the page of the subject, its CSV and the API agree on money, key results and
decisions, for the portfolio and for a value stream, on a past day and now.

The past day is 15 November 2026: 46 of the quarter's 92 days are over.
"""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from funding.models import Amendment, LedgerEntry
from portfolio.models import Decision, Team
from tests.cast import Cast
from tests.okrs.cast import HALF, Goals, check_in, key_result, make_goals

AT = datetime.combine(HALF, datetime.max.time(), tzinfo=UTC)
PAST = HALF.isoformat()
SCOPES = {"": {}, "payments": {"scope": "stream:payments"}}
CENT = Decimal("0.01")


@pytest.fixture
def leader(client: Client, cast: Cast) -> Client:
    """Two streams with budgets and ledgers, key results of three levels, decisions of two streams and of later."""
    Team.objects.update(cost_per_day=None)
    for stream, budget, spent in ((cast.payments, 500_000, 300_000), (cast.platform, 400_000, 100_000)):
        made = {"stream": stream, "quarter": "2026-10-01", "reason": "Set"}
        Amendment.objects.create(amount=budget, at=AT - timedelta(days=60), **made)
        Amendment.objects.create(amount=budget * 2, at=AT + timedelta(days=1), **made)
        LedgerEntry.objects.create(stream=stream, key=stream.slug, posted_on="2026-10-20", amount=spent)
        LedgerEntry.objects.create(stream=stream, key=f"{stream.slug} later", posted_on="2026-11-17", amount=spent)
    decide(cast)
    believe(make_goals(cast))
    client.force_login(cast.leader)
    return client


def decide(cast: Cast) -> None:
    early, late = AT - timedelta(days=3), AT + timedelta(days=3)
    rows: list[dict[str, Any]] = [
        {"question": "Add to it?", "stream": cast.payments, "raised_at": early},
        {"question": "Go on?", "stream": cast.platform, "raised_at": early},
        {"question": "Everything?", "raised_at": early},
        {"question": "Later?", "stream": cast.payments, "raised_at": late},
        {"question": "Then?", "stream": cast.payments, "raised_at": early, "state": "decided", "decided_at": late},
    ]
    for row in rows:
        Decision.objects.create(kind="other", cost_kind="delay", cost_per_week=100, **row)


def believe(goals: Goals) -> None:
    """Of Falcon (Payments): 0.75, which is 25 points ahead, and 0; of the company one never checked in."""
    check_in(goals.more, HALF - timedelta(days=1), 50, 8)  # (50 − 20) ÷ 40 = 0.75
    check_in(goals.less, HALF - timedelta(days=12), 11, 3)  # due 10 November, grace to the 13th: outdated
    check_in(goals.less, HALF + timedelta(days=2), 5, 9)
    key_result(goals.company, "Customers", 0, 10)


def rows_of(client: Client, address: str, **query: str) -> list[dict[str, str]]:
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def said(client: Client, address: str, **query: str) -> Any:
    answer = client.get(f"/api/v1/{address}/", query)
    assert answer.status_code == 200, answer.content
    found = answer.json()
    return found["results"] if isinstance(found, dict) and "results" in found else found


def number(text: str) -> Decimal | None:
    return None if text in {"", "n/a"} else Decimal(text).quantize(CENT)


@pytest.mark.parametrize("stream", list(SCOPES))
@pytest.mark.parametrize("as_of", [{"as_of": PAST}, {}])
def test_money(leader: Client, stream: str, as_of: dict[str, str]) -> None:
    query = SCOPES[stream] | as_of
    api = {row["stream"]: row for row in said(leader, "budgets", **query)["streams"]}
    page = {row["stream"]: row for row in rows_of(leader, "/portfolio/funding/", format="csv", **query)}
    home = {row["Value stream"].lower(): row for row in rows_of(leader, "/overview/money.csv", **query)}
    assert set(api) == set(page) == set(home) == ({stream} if stream else {"payments", "platform"})
    for slug, row in api.items():
        for name, shown in (("budget", "Budget"), ("spent", "Spent"), ("forecast", "Forecast"), ("over", "At its end")):
            amount = None if row[name] is None else Decimal(row[name])
            assert amount == number(page[slug][name]) == number(home[slug][shown]), (slug, name)
    if as_of:
        # 300 of 500 at half of the quarter: 600, over by 100.
        known = [Decimal(api["payments"][name]) for name in ("budget", "spent", "forecast", "over")]
        assert known == [500_000, 300_000, 600_000, 100_000]
        seen = leader.get("/portfolio/funding/payments/", {"as_of": PAST}).content.decode().replace("\xa0", " ")
        assert "Payments is heading for 100,000 EUR over its budget" in seen


@pytest.mark.parametrize(("stream", "counts"), [("", (3, 1, 1)), ("payments", (2, 1, 1))])
def test_key_results(leader: Client, stream: str, counts: tuple[int, int, int]) -> None:
    total, on_pace, outdated = counts
    objectives = said(leader, "objectives", as_of=PAST, cycle="2026-q4")
    wanted = [one for one in objectives if not stream or one["stream"] == stream or one["team"] == "falcon"]
    lines = [line["standing"] | line for one in wanted for line in one["key_results"]]
    assert len(lines) == total
    assert sum(line["pace"] >= 0 for line in lines) == on_pace
    assert [line["state"] for line in lines].count("outdated") == outdated
    alone = {row["id"]: row["standing"] for row in said(leader, "key-results", as_of=PAST)}
    assert all(alone[line["id"]] == line["standing"] for line in lines)
    home = leader.get("/", SCOPES[stream] | {"as_of": PAST}).content.decode()
    assert f"{on_pace} of {total} key results" in home
    shown = {row["Key result"]: row["Confidence"] for row in rows_of(
        leader, "/overview/objectives.csv", as_of=PAST, **SCOPES[stream]
    )}  # fmt: skip
    assert shown == {line["name"]: str(line["confidence"] or "") for line in lines}


def test_the_score_of_an_objective(leader: Client, cast: Cast) -> None:
    [one] = [row for row in said(leader, "objectives", as_of=PAST) if row["team"] == "falcon"]
    # (1 × 0.75 + 3 × 0) ÷ 4 = 0.19; half of the quarter is over: 31 points behind.
    assert (one["score"], one["pace"]) == (pytest.approx(0.1875), pytest.approx(-0.3125))
    for address in (f"/objectives/{one['id']}/", "/objectives/"):
        seen = leader.get(address, {"as_of": PAST, "cycle": "2026-q4"}).content.decode()
        assert "0.19" in seen, address
    # What was reached two days later counts from then on: (0.75 + 3) ÷ 4.
    [later] = [row for row in said(leader, "objectives", as_of="2026-11-17") if row["team"] == "falcon"]
    assert later["score"] == pytest.approx(0.9375)


@pytest.mark.parametrize(
    ("stream", "due"), [("", {"Add to it?", "Go on?", "Everything?", "Then?"}), ("payments", {"Add to it?", "Then?"})]
)
def test_decisions_that_were_due(leader: Client, stream: str, due: set[str]) -> None:
    api = said(leader, "decisions", state="open", as_of=PAST, **({"stream": stream} if stream else {}))
    assert {row["question"] for row in api} == due
    home = rows_of(leader, "/overview/decisions.csv", as_of=PAST, **SCOPES[stream])
    costs = {row["question"]: Decimal(row["cost_per_week"]) for row in api}
    [column] = [name for name in home[0] if name.startswith("A week")]
    assert {row["Decide"]: Decimal(row[column]) for row in home} == costs
    seen = leader.get("/portfolio/decisions/", SCOPES[stream] | {"as_of": PAST}).content.decode()
    assert all(question in seen for question in due)
    assert "Later?" not in seen
