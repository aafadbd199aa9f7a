"""Ledgers: imported from files with a dry run, by key, taken back; posted by API; refused by line."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core import imports
from core.models import AuditEntry, ImportRun
from funding.actions import LedgerLine, post_ledger
from funding.models import LedgerEntry
from portfolio.models import ValueStream
from tests.cast import Cast
from tests.funding.cast import initiative, line
from tests.portfolio.test_api import Api

HEAD = "posted on,amount,stream,initiative,horizon,key,text"


def check(actor: User | None, *lines: str, scope: str = "", head: str = HEAD) -> ImportRun:
    file = io.BytesIO("\n".join([head, *lines]).encode())
    return imports.start(actor=actor, kind="ledger", file=file, name="ledger.csv", scope=scope)


def problems(run: ImportRun) -> list[tuple[int, str]]:
    return [(one["line"], one["column"]) for one in run.problems]


def entries() -> list[tuple[str, Decimal, str]]:
    rows = LedgerEntry.objects.order_by("key")
    return [(row.key, row.amount, row.stream.slug) for row in rows]


def test_a_file_is_checked_imported_and_taken_back(cast: Cast) -> None:
    initiative(cast.payments, "Refunds")
    line(cast.payments, "b", date(2025, 1, 7), "20", text="Old")
    line(cast.payments, "c", date(2025, 1, 8), "30")
    run = check(
        cast.pmo,
        "2025-01-06,10.50,payments,Refunds,h2,a,Licences",
        "7.1.2025,25,Payments,,,b,New",
        "2025-01-08,30.00,payments,,,c,",
    )
    # The dry run writes nothing.
    assert (run.created, run.changed, run.unchanged, run.problems) == (1, 1, 1, [])
    assert len(entries()) == 2
    run = imports.apply(actor=cast.pmo, run=run)
    assert (run.created, run.changed, run.unchanged) == (1, 1, 1)
    assert entries() == [("a", Decimal("10.50"), "payments"), ("b", 25, "payments"), ("c", 30, "payments")]
    made = LedgerEntry.objects.get(key="a")
    assert made.initiative is not None
    assert (made.posted_on, made.initiative.slug, made.horizon, made.text) == (
        date(2025, 1, 6),
        "refunds",
        "h2",
        "Licences",
    )
    entry = AuditEntry.objects.get(verb="posted to the ledger of")
    assert entry.data == {"lines": 2, "sum": "35.50"}
    imports.roll_back(actor=cast.pmo, run=run)
    assert entries() == [("b", Decimal(20), "payments"), ("c", Decimal(30), "payments")]
    assert LedgerEntry.objects.get(key="b").text == "Old"


def test_the_same_file_again_changes_nothing(cast: Cast) -> None:
    rows = ("2025-01-06,10.50,payments,,,a,Licences", "2025-01-07,-4,platform,,,b,Credit")
    imports.apply(actor=cast.pmo, run=check(cast.pmo, *rows))
    run = check(cast.pmo, *rows)
    assert (run.created, run.changed, run.unchanged) == (0, 0, 2)


def test_what_was_posted_anew_is_not_taken_back(cast: Cast) -> None:
    first = imports.apply(actor=cast.pmo, run=check(cast.pmo, "2025-01-06,10,payments,,,a,"))
    imports.apply(actor=cast.pmo, run=check(cast.pmo, "2025-01-06,11,payments,,,a,"))
    with pytest.raises(ValidationError, match="posted anew since"):
        imports.roll_back(actor=cast.pmo, run=first)
    assert entries() == [("a", Decimal(11), "payments")]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2025-13-01,10,payments,,,a,", "posted_on"),
        ("3/4/2025,10,payments,,,a,", "posted_on"),
        ("2999-01-01,10,payments,,,a,", "posted_on"),
        ("2025-01-06,ten,payments,,,a,", "amount"),
        ("2025-01-06,10.123,payments,,,a,", "amount"),
        ("2025-01-06,10 USD,payments,,,a,", "amount"),
        ("2025-01-06,10,lending,,,a,", "stream"),
        ("2025-01-06,10,payments,Nothing,,a,", "initiative"),
        ("2025-01-06,10,payments,,h9,a,", "horizon"),
        ("2025-01-06,10,payments,,,,", "key"),
        (f"2025-01-06,10,payments,,,{'x' * 201},", "key"),
    ],
)
def test_what_is_refused_by_line(cast: Cast, row: str, column: str) -> None:
    run = check(cast.pmo, "2025-01-06,10,payments,,,good,", row)
    assert problems(run) == [(3, column)]
    # All or nothing: the good line is not imported either.
    with pytest.raises(ValidationError):
        imports.apply(actor=cast.pmo, run=run)
    assert entries() == []


def test_two_lines_with_the_same_key(cast: Cast) -> None:
    run = check(cast.pmo, "2025-01-06,10,payments,,,a,", "2025-01-07,20,payments,,,A,")
    assert problems(run) == [(3, "key")]


def test_another_currency_is_refused(cast: Cast) -> None:
    head = f"{HEAD},currency"
    run = check(cast.pmo, "2025-01-06,10,payments,,,a,,EUR", "2025-01-06,10,payments,,,b,,USD", head=head)
    assert problems(run) == [(3, "currency")]
    assert "amounts are in EUR" in run.problems[0]["message"]


def test_a_million_rows_are_refused(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="20,000"):
        check(cast.pmo, *(f"2025-01-06,10,payments,,,k{n}," for n in range(20_001)))
    assert not ImportRun.objects.exists()


def test_lines_of_streams_that_are_not_ones_own(cast: Cast) -> None:
    run = check(cast.stream_pmo, "2025-01-06,10,platform,,,a,")
    assert problems(run) == [(2, "stream")]
    # A known key of another stream is no way in either.
    line(cast.platform, "b", date(2025, 1, 6), "5")
    assert problems(check(cast.stream_pmo, "2025-01-06,10,payments,,,b,")) == [(2, "key")]
    theirs = LedgerLine("b", date(2025, 1, 6), Decimal(1), cast.payments)
    with pytest.raises(PermissionDenied):
        post_ledger(actor=cast.stream_pmo, lines=[theirs])


def test_a_file_of_one_stream_need_not_name_it(cast: Cast) -> None:
    run = check(cast.stream_pmo, "2025-01-06,10,a", scope="stream:payments", head="posted on,amount,key")
    imports.apply(actor=cast.stream_pmo, run=run)
    assert entries() == [("a", Decimal(10), "payments")]
    assert problems(check(cast.pmo, "2025-01-06,10,platform,,,b,", scope="stream:payments")) == [(2, "stream")]


def test_who_may_import(cast: Cast) -> None:
    for person in (cast.coach, cast.member, cast.viewer):
        with pytest.raises(PermissionDenied):
            check(person, "2025-01-06,10,payments,,,a,")
    with pytest.raises(Http404):
        check(cast.stream_pmo, "2025-01-06,10,platform,,,a,", scope="stream:platform")


def test_the_pages_lead_from_the_ledger_to_the_lines(client: Client, cast: Cast) -> None:
    client.force_login(cast.stream_pmo)
    empty = client.get("/portfolio/ledger/?quarter=2025-q1").content.decode()
    assert "No ledger lines in Q1 2025" in empty
    assert "/imports/ledger/" in empty
    file = io.BytesIO(f"{HEAD}\n2025-01-06,1234.50,payments,,h2,a,=1+1\n".encode())
    file.name = "ledger.csv"
    sent = client.post("/imports/ledger/", {"file": file})
    assert sent.status_code == 302
    client.post(f"{sent.headers['Location']}apply/")
    text = client.get("/portfolio/ledger/?quarter=2025-q1").content.decode()
    assert "1 ledger line, 1,234\u00a0EUR, in Q1 2025" in text
    assert "1,234.50" in text
    csv = client.get("/portfolio/ledger/?quarter=2025-q1&format=csv").getvalue().decode()
    # A cell that a spreadsheet would run is text.
    assert csv.splitlines()[1] == "2025-01-06,1234.50,payments,,h2,a,'=1+1"
    # What was exported is imported as it was.
    run = imports.start(actor=cast.stream_pmo, kind="ledger", file=io.BytesIO(csv.encode()))
    assert (run.unchanged, run.problems) == (1, [])


def test_the_list_is_searched(client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)
    one = initiative(cast.payments, "Refunds", horizon="h2")
    line(cast.payments, "a-1", date(2025, 1, 7), "10", initiative=one, text="Licences")
    line(cast.payments, "b-1", date(2025, 1, 7), "20", horizon="h1", text="Coffee")
    base = "/portfolio/ledger/?quarter=2025-q1"
    for query, shown, hidden in (("q=coff", "b-1", "a-1"), ("q=a-", "a-1", "b-1"), ("horizon=h2", "a-1", "b-1")):
        text = client.get(f"{base}&{query}").content.decode()
        assert (shown in text, hidden in text) == (True, False)
    assert "b-1" not in client.get(f"{base}&as_of=2025-01-06").content.decode()


class TestApi:
    def usual(self, **fields: str) -> dict[str, Any]:
        known = {"key": "a", "posted_on": "2025-01-06", "amount": "10.50", "stream": "payments"}
        return {"lines": [known | fields]}

    def test_post_and_read(self, cast: Cast) -> None:
        call = Api(cast.stream_pmo)
        assert call("post", "ledger/", self.usual()) == (200, {"created": 1, "changed": 0, "unchanged": 0})
        assert call("post", "ledger/", self.usual(amount="11")) == (200, {"created": 0, "changed": 1, "unchanged": 0})
        _, found = call("get", "ledger/?quarter=2025-q1")
        assert [(row["key"], row["amount"]) for row in found["results"]] == [("a", "11.00")]  # type: ignore[index]

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"stream": "platform"}, "stream"),
            ({"currency": "USD"}, "currency"),
            ({"posted_on": "2999-01-01"}, "posted_on"),
        ],
    )
    def test_what_is_refused(self, cast: Cast, fields: dict[str, str], field: str) -> None:
        status, said = Api(cast.stream_pmo)("post", "ledger/", self.usual(**fields))
        assert status == 400
        assert str(said["lines"][0]["field"]) == field  # type: ignore[index]
        assert entries() == []

    def test_two_of_the_same_key(self, cast: Cast) -> None:
        twice = {"lines": self.usual()["lines"] * 2}
        assert Api(cast.stream_pmo)("post", "ledger/", twice)[0] == 400


def test_a_line_of_today_is_taken(cast: Cast) -> None:
    today = timezone.localdate().isoformat()
    assert check(cast.pmo, f"{today},10,payments,,,a,").problems == []
    assert ValueStream.objects.count() == 2
