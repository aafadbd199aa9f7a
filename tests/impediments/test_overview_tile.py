"""The widget of the leader's page: the five that are most in the way, with their cost for those who may see it."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from impediments.models import BlockedDay, Impediment, Proposal
from impediments.overview import tile
from portfolio.overview import Ask, Tile
from portfolio.queries import find_scope
from tests.cast import Cast
from tests.funding.cast import at
from tests.impediments.costs_cast import impediment

pytestmark = pytest.mark.django_db
# A Friday; 2 March 2026 is a Monday.
NOW = at("2026-03-06")


def ask(user: User, scope: str = "portfolio", *, is_past: bool = False) -> Ask:
    found = find_scope(scope, None)
    of_past = NOW if is_past else None
    first, last = date(2026, 1, 1), date(2026, 3, 6)
    return Ask(user, found, [], first, last, NOW, of_past, None, "", "", is_whole=False)


def shown(user: User, scope: str = "portfolio", *, is_past: bool = False) -> Tile:
    found = tile(ask(user, scope, is_past=is_past))
    assert found is not None
    return found


def raised(one: Impediment, level: int) -> None:
    Impediment.objects.filter(pk=one.pk).update(level=level)
    one.spells.create(level=level, from_at=one.since_at)


def took(one: Impediment, items: float, amount: int) -> None:
    on = date(2026, 3, 2)
    BlockedDay.objects.create(impediment=one, team=one.team, on=on, items=items, in_progress=4, amount=Decimal(amount))


def test_the_highest_level_comes_first_then_what_took_most(cast: Cast) -> None:
    form, law = impediment(cast.falcon, "Form", "2026-03-02"), impediment(cast.heron, "Law", "2026-03-03")
    key, gone = impediment(cast.kite, "Key", "2026-03-05"), impediment(cast.kite, "Gone", "2026-03-02", "2026-03-05")
    raised(key, 3)
    took(law, 2, 1200)
    took(form, 1, 600)
    took(gone, 4, 2400)
    found = shown(cast.leader)
    # Key since Thursday: 1 working day; Law since Tuesday: 3; Form since Monday: 4.
    assert [[cell.text for cell in row[:5]] for row in found.rows] == [
        ["Key", "3 · VMO board", "1", "none", "0"],
        ["Law", "1 · Team", "3", "none", "1,200"],
        ["Form", "1 · Team", "4", "none", "600"],
    ]
    assert found.answer == (
        "Three stand in the way: half for 3\u00a0working days or less, 85 % for 4\u00a0working days."
    )
    assert found.finding == "one impediment waits for the board"
    assert {text: (cell.text, cell.tone) for text, cell in found.heat["Blockers"].items()} == {
        "stream:platform": ("1 at level\u00a03", "bad"),
        "team:kite": ("1 at level\u00a03", "bad"),
        "stream:payments": ("2 open", ""),
        "team:heron": ("1 open", ""),
        "team:falcon": ("1 open", ""),
    }


def test_six_are_there_the_page_shows_the_top_five(client: Client, cast: Cast) -> None:
    """By level, then by the item-days they took, then by age; as they are logged, another order."""
    days = {name: f"2026-03-0{day}" for name, day in (("Old", 2), ("Last", 5), ("Much", 4), ("Some", 3))}
    made = {name: impediment(cast.falcon, name, since) for name, since in days.items()}
    made |= {name: impediment(cast.heron, name, "2026-03-05") for name in ("Office", "Board")}
    raised(made["Office"], 2)
    raised(made["Board"], 3)
    # What took least costs most: item-days decide, not money.
    took(made["Some"], 1, 3000)
    took(made["Much"], 2, 600)
    in_order = ["Board", "Office", "Much", "Some", "Old", "Last"]
    found = shown(cast.leader)
    assert [row[0].text for row in found.rows] == in_order
    assert [line[0][1].text for line in found.lines] == in_order[:5]
    assert (found.more, found.answer[:26]) == (1, "Six stand in the way: half")
    client.force_login(cast.leader)
    html = client.get("/").content.decode()
    widget = html.split('id="impediments"')[1].split("</section>")[0]
    assert re.findall(r'href="/impediments/(\d+)/"', widget) == [str(made[name].pk) for name in in_order[:5]]
    assert "and 1 more impediment<" in widget
    assert ">Last<" not in html


def test_who_may_see_no_money_sees_days_and_no_cost(cast: Cast) -> None:
    took(impediment(cast.falcon, "Form", "2026-03-02"), 1, 600)
    assert "Cost so far, EUR" in [head.label for head in shown(cast.leader).head]
    found = shown(cast.coach, "stream:payments")
    assert "Cost so far, EUR" not in [head.label for head in found.head]
    assert "600" not in str(found.rows)


def test_it_is_of_the_scope_and_of_its_time(cast: Cast) -> None:
    impediment(cast.falcon, "Form", "2026-03-02", "2026-03-07")
    assert shown(cast.leader).heat["Blockers"]["stream:platform"].text == "calm"
    assert len(shown(cast.leader, "stream:payments").rows) == 1
    assert shown(cast.leader, "stream:platform").answer == "Nothing that somebody logged stands in the way."


def test_it_says_how_many_data_propose(cast: Cast) -> None:
    Proposal.objects.create(
        trigger="reason", stream=cast.payments, team=cast.falcon, cause="c", what="Form", why="Why",
        since_at=NOW, found_at=NOW, seen_at=NOW,
    )  # fmt: skip
    assert shown(cast.leader).note == "data propose 1 more that nobody logged"
    assert shown(cast.leader, is_past=True).note == ""


def test_the_page_shows_it_and_asks_as_often_for_three(client: Client, cast: Cast) -> None:
    client.force_login(cast.leader)
    impediment(cast.falcon, "Form that waits", "2026-03-02")
    assert b"Form that waits" in client.get("/").content

    def asked() -> int:
        with CaptureQueriesContext(connection) as log:
            shown(cast.leader)
        return len(log)

    asked()
    first = asked()
    for number in range(2):
        took(impediment(cast.heron, f"Law {number}", "2026-03-03"), 1, 600)
    assert asked() == first
