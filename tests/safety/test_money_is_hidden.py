"""Money is seen only by those who may: every page, list, file and route of the API is read as people who may not see
the money of Payments; none of its amounts is anywhere. A leader, who may, finds them all the same way."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from core.models import Hook, HookCall, Mail, Notice
from impediments import actions
from tests.access import ROUTES, Props
from tests.cast import Cast
from tests.safety.riches import AMOUNTS, Riches, amounts_in, text_of

LINK = re.compile(r'\b(?:href|hx-get|src|data-[a-z-]*url)="([^"#]+)')
# A page is the same page with other filters: so many of its addresses are read.
MOST_PER_PATH = 3
# Every start is read, and so many of the links that they lead to.
MOST_FOLLOWED = 120
SCOPES = ["", "scope=portfolio", "scope=stream:payments", "scope=stream:platform", "scope=team:falcon"]
# These take what they are asked for from the address, in whatever scope.
OF_SCOPES = {
    *("home", "funding", "guardrails", "ledger", "portfolio", "portfolio-list", "decisions", "okr-chances"),
    *("impediment-costs", "impediment-analysis", "api-impediment-costs", "api-impediment-analysis"),
}


@pytest.fixture
def riches(cast: Cast) -> Riches:
    return Riches(Props(cast))


def starts(riches: Riches) -> Iterator[str]:
    """Every GET of the access table, as CSV too, whoever may open it; then what riches have beside it."""
    fill = riches.props.fill
    for name, rows in ROUTES.items():
        for row in [row for row in rows if row.method == "get"]:
            path, query = reverse(name, kwargs=fill(row.args)), fill(row.query)
            own = {query} | (set(SCOPES) if name in OF_SCOPES else set())
            for one in sorted(own):
                yield f"{path}?{one}"
            if not name.startswith("api-"):
                yield f"{path}?{query}&format=csv"
    quarter = riches.quarter.slug
    yield from (f"/portfolio/funding/payments/?quarter={quarter}", f"/imports/ledger/{riches.run.pk}/")
    yield from (f"/api/v1/imports/ledger/{riches.run.pk}/", "/imports/ledger/?scope=stream:payments")
    yield from (f"/api/v1/decisions/{riches.decision.pk}/", "/api/v1/decisions/?page_size=100")
    yield from (f"/api/v1/budgeting-events/{riches.rich_event.pk}/", f"/portfolio/budgeting/{riches.rich_event.pk}/")
    yield f"/portfolio/decisions/{riches.decision.pk}/"
    yield from (f"/search/?q={text}" for text in ("add", "8,123", "Payments", "Refunds", "Rich"))
    yield from (
        f"/live/poll/?topic={topic}&after=0" for topic in ("board:portfolio", f"budgeting:{riches.rich_event.pk}")
    )
    yield from of_impediments(riches)
    for key in ("impediments", "money", "decisions", "changes", "okrs", "first", "value", "flow"):
        yield from (f"/overview/{key}{end}?{scope}" for end in ("/", ".csv") for scope in SCOPES)


def of_impediments(riches: Riches) -> Iterator[str]:
    """Every part of their figures as a file, the question that was raised about one, what is live."""
    for scope in SCOPES:
        for part in ("category", "place", "month", "impediment", "day"):
            yield f"/impediments/costs/?{scope}&format=csv&part={part}"
        for part in ("resolution", "ageing", "levels", "pareto", "reasons", "roots", "origin"):
            yield f"/impediments/analysis/?{scope}&format=csv&part={part}"
        yield from (f"/impediments/analysis/?{scope}&ranked=cost{more}" for more in ("", "&format=csv&part=pareto"))
        yield f"/api/v1/impediment-analysis/?{scope}&ranked=cost"
    one = riches.impediment.pk
    yield from (f"/impediments/{one}/", f"/impediments/{one}/?until=2030-01-01", f"/impediments/{one}/costs.csv")
    yield from (f"/portfolio/decisions/{riches.blocked.pk}/", f"/api/v1/decisions/{riches.blocked.pk}/")
    yield from (f"/live/poll/?topic={topic}&after=0" for topic in ("impediments:all", f"impediments:{one}"))
    yield from ("/search/?q=rights", "/notices/")


def read(client: Client, first: Iterator[str]) -> dict[str, set[str]]:
    """What amounts each address tells; links are followed. What there is as CSV is read as a workbook too."""
    todo, read_of, told = list(first), dict[str, int](), dict[str, set[str]]()
    known, most = set(todo), len(todo) + MOST_FOLLOWED
    while todo and len(told) < most:
        address = todo.pop(0)
        answer: Any = client.get(address)
        assert answer.status_code < 500, address
        text = text_of(answer)
        told[address] = amounts_in(text)
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("text/csv") and address.endswith("format=csv"):
            todo.append(f"{address.removesuffix('csv')}xlsx")
            most += 1
        for link in LINK.findall(text) if "html" in kind else ():
            found = urljoin(address, unescape(link))
            path = urlsplit(found).path
            is_ours = (
                path.startswith("/") and not path.startswith(("/static/", "/logout", "/admin/")) and "://" not in found
            )
            if is_ours and found not in known and read_of.get(path, 0) < MOST_PER_PATH:
                read_of[path] = read_of.get(path, 0) + 1
                known.add(found)
                todo.append(found)
    return told


@pytest.mark.parametrize("person", ["member", "coach", "platform_pmo"])
def test_who_may_not_see_money_finds_none(person: str, riches: Riches, client: Client) -> None:
    client.force_login(riches.who(person))
    told = read(client, starts(riches))
    assert len(told) > 200  # it did read them
    assert {address: amounts for address, amounts in told.items() if amounts} == {}


def test_a_leader_finds_every_amount(riches: Riches, client: Client) -> None:
    client.force_login(riches.who("leader"))
    told = read(client, starts(riches))
    found = set().union(*told.values())
    assert found >= set(AMOUNTS) - {"import"}


def test_nothing_that_is_sent_about_impediments_carries_money(riches: Riches) -> None:
    """Mails, notices and calls of other programs: who reads them is not known."""
    one, leader = riches.impediment, riches.cast.leader
    Hook.objects.create(name="Chat", url="https://chat.example.org/hook")
    actions.change_impediment(actor=riches.cast.pmo, impediment=one, owner=leader)
    actions.set_level(actor=None, impediment=one, level=3, reason="Two teams wait")
    actions.resolve(actor=None, impediment=one, resolution="Bought", root_cause="process")
    assert Mail.objects.exists()
    assert HookCall.objects.exists()
    sent = [*Mail.objects.values_list("subject", "text", "html"), *Notice.objects.values_list("text")]
    said = [str(parts) for parts in sent] + [str(body) for body in HookCall.objects.values_list("body", flat=True)]
    assert {"blocked day", "day rate"} & set().union(*map(amounts_in, said)) == set()
