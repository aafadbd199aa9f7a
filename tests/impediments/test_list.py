"""The list: filters, order, past days, the same rows as a file, and money for those alone who may see it."""

import csv
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from impediments.actions import resolve, set_level
from impediments.models import BlockedDay, Impediment
from tests.cast import Cast
from tests.impediments.clocks_cast import at, in_berlin, logged

pytestmark = pytest.mark.django_db
LIST = "/impediments/list/"


@pytest.fixture
def pmo(cast: Cast, client: Client) -> Client:
    in_berlin(cast)
    client.force_login(cast.pmo)
    return client


def rows(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{LIST}?format=csv&{query}")
    return list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]


def names(client: Client, query: str = "") -> list[str]:
    return [row["what"] for row in rows(client, query)]


@pytest.fixture
def three(cast: Cast) -> list[Impediment]:
    """A, the oldest; B at the VMO board; C of another kind, resolved on 9 May 2025, a Friday."""
    a = logged(cast, "2025-05-05 09:00", what="A", owner=cast.coach)
    b = logged(cast, "2025-05-06 09:00", what="B", asked="Sign it")
    c = logged(cast, "2025-05-07 09:00", what="C", category="legal")
    set_level(actor=None, impediment=b, level=3, reason="Late", at=at("2025-05-08 09:00"))
    resolve(actor=None, impediment=c, resolution="Signed", root_cause="policy", at=at("2025-05-09 13:00"))
    return [a, b, c]


def test_filters_and_order(pmo: Client, cast: Cast, three: list[Impediment]) -> None:
    assert names(pmo) == ["B", "A"]
    assert names(pmo, "sort=-age") == ["A", "B"]
    assert names(pmo, "sort=what&state=all") == ["A", "B", "C"]
    assert names(pmo, "state=resolved") == ["C"]
    assert names(pmo, "level=3") == ["B"]
    assert names(pmo, "category=legal&state=all") == ["C"]
    assert names(pmo, f"owner={cast.coach.pk}") == ["A"]
    assert names(pmo, "owner=none") == ["B"]
    assert names(pmo, "q=sign") == ["B"]
    assert "Select a valid choice" in pmo.get(f"{LIST}?level=9").content.decode()
    assert "No impediment is like that" in pmo.get(f"{LIST}?q=zzz").content.decode()


def test_of_a_stream_or_team_alone(pmo: Client, cast: Cast, three: list[Impediment]) -> None:
    logged(cast, "2025-05-06 09:00", what="H", team=cast.heron, actor=None)
    logged(cast, "2025-05-07 09:00", what="K", team=cast.kite, actor=None)
    assert names(pmo, "sort=what") == ["A", "B", "H", "K"]
    assert names(pmo, "sort=what&stream=payments") == ["A", "B", "H"]
    assert names(pmo, "stream=platform") == ["K"]
    assert names(pmo, "sort=what&team=falcon") == ["A", "B"]
    assert names(pmo, "team=heron") == ["H"]
    assert names(pmo, "stream=platform&team=heron") == []
    # Who acts, and age: K since Wednesday, 7 May.
    assert names(pmo, f"stream=payments&owner={cast.coach.pk}") == ["A"]
    assert names(pmo, "as_of=2025-05-12&age=5&sort=what") == ["A", "B", "H"]
    # A team of nobody's narrows nothing, and is said.
    assert names(pmo, "sort=what&team=nope") == ["A", "B", "H", "K"]
    assert "Select a valid choice" in pmo.get(f"{LIST}?team=nope").content.decode()


def test_a_past_day_knows_what_was_open_then_at_which_level_and_how_old(pmo: Client, three: list[Impediment]) -> None:
    # The end of 7 May: A since Monday 9:00 = 3 days of 8 h, B 2, C 1; B is not raised yet.
    then = {row["what"]: row for row in rows(pmo, "as_of=2025-05-07&state=all")}
    assert {name: float(row["age_working_days"]) for name, row in then.items()} == {"A": 3, "B": 2, "C": 1}
    assert (then["B"]["level"], then["C"]["state"], then["C"]["resolution"]) == ("1", "open", "")
    assert {name: float(row["level_hours_used"]) for name, row in then.items()} == {"A": 24, "B": 16, "C": 8}
    # The end of 9 May: C ended at 13:00 after 2 days and 4 h.
    later = {row["what"]: row for row in rows(pmo, "as_of=2025-05-09&state=all")}
    assert (later["C"]["state"], float(later["C"]["age_working_days"])) == ("resolved", 2.5)
    assert (later["B"]["level"], float(later["B"]["level_hours_used"])) == ("3", 16)
    html = pmo.get(f"{LIST}?as_of=2025-05-07&state=all").content.decode()
    assert "3 impediments stand in the way, the oldest for 3\u00a0working days, as of 7 May 2025" in html
    # Of (1, 2, 3) the median is 2, the 85th percentile 3, by nearest rank.
    assert "Half are older than 2\u00a0working days, 15&nbsp;% older than 3\u00a0working days" in html
    assert "wide-only" not in html
    assert names(pmo, "as_of=2025-05-05") == ["A"]
    # The end of Monday 12 May: A 6 days, B 5, C 2.5.
    assert names(pmo, "as_of=2025-05-12&age=5&state=all") == ["B", "A"]


def test_money_is_for_those_who_may_see_it(pmo: Client, cast: Cast, three: list[Impediment]) -> None:
    BlockedDay.objects.create(
        impediment=three[0], team=cast.falcon, on=date(2025, 5, 6), items=1.5, in_progress=4, amount=Decimal("1234.5")
    )
    assert {row["what"]: row["cost_eur"] for row in rows(pmo)} == {"A": "1234.50", "B": "0.00"}
    html = pmo.get(LIST).content.decode()
    assert "1,234" in html
    pmo.force_login(cast.member)
    assert [(row["what"], row["lost_item_days"]) for row in rows(pmo, "sort=what")] == [("A", "1.5"), ("B", "0")]
    for address in (LIST, f"{LIST}?format=csv", "/impediments/", f"/impediments/{three[0].pk}/"):
        answer = pmo.get(address)
        html = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()  # type: ignore[attr-defined]
        assert "1,234" not in html
        assert "1234" not in html
        assert "EUR" not in html


def test_a_cell_is_no_formula_and_strangers_see_nothing(pmo: Client, cast: Cast) -> None:
    logged(cast, "2025-05-05 09:00", what="=1+1")
    assert names(pmo) == ["'=1+1"]
    pmo.force_login(cast.outsider)
    assert names(pmo, "state=all") == []


def test_as_many_queries_for_one_as_for_three(pmo: Client, cast: Cast) -> None:
    counts = []
    for number in range(3):
        logged(cast, "2025-05-06 10:00", what=f"Number {number}", owner=cast.coach)
        with CaptureQueriesContext(connection) as caught:
            pmo.get(LIST)
        counts.append(len(caught))
    assert counts[1] == counts[2]
