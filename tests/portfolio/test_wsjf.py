"""The order of WSJF and the list of initiatives: pages, API, files; ranks by hand, warnings, money, many rows."""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from portfolio import actions
from portfolio.models import WSJF_PARTS, Grant, Initiative, Role
from portfolio.queries.ranking import ranking, shown
from tests.cast import Cast
from tests.portfolio.test_api import Api

LIST, ORDER = "/portfolio/list/", "/portfolio/wsjf/"


def make(cast: Cast, name: str, *scores: int, **fields: Any) -> Initiative:
    parts = dict(zip(WSJF_PARTS, scores, strict=False))
    return actions.create_initiative(actor=None, name=name, **{"stream": cast.payments, **parts, **fields})


@pytest.fixture
def rows(cast: Cast) -> list[Initiative]:
    """Apple 15 ÷ 3 = 5.0, Berry 3 ÷ 1 = 3.0, Cherry 20 ÷ 8 = 2.5, Date without a size, Elder is done."""
    made = [make(cast, "Apple", 5, 8, 2, 3, estimated_cost=Decimal(500)), make(cast, "Berry", 1, 1, 1, 1)]
    made += [make(cast, "Cherry", 13, 5, 2, 8, stream=cast.platform, horizon="h2", estimated_cost=Decimal(900))]
    made += [make(cast, "Date", 20, 20, 20, due_on=date(2020, 1, 31), owner=cast.pmo)]
    made += [make(cast, "Elder", 20, 20, 20, 1)]
    actions.move_initiative(actor=None, initiative=made[-1], stage="done", verdict="stop")
    return made


def client_of(who: Any) -> Client:
    client = Client()
    client.force_login(who)
    return client


def page(who: Any, address: str) -> str:
    return client_of(who).get(address).content.decode()


def names(who: Any, query: str = "") -> list[str]:
    seen = page(who, f"{LIST}{query}").split('id="rows"')[1]
    return re.findall(r'<a class="name"[^>]*>([^<]+)</a>', seen)


def test_order(cast: Cast, rows: list[Initiative]) -> None:
    found = ranking(cast.leader)
    seen = [(row.initiative.name, row.rank.place, row.text, row.rank.computed) for row in found.rows]
    assert seen == [("Apple", 1, "5.0", 1), ("Berry", 2, "3.0", 2), ("Cherry", 3, "2.5", 3), ("Date", 4, "n/a", None)]
    assert found.scored == 3
    text = page(cast.leader, ORDER)
    assert "Apple is worth the most for its size: 5.0" in text
    assert "3 of 4 open initiatives are scored." in text


def test_a_stream_is_ranked_by_itself(cast: Cast, rows: list[Initiative]) -> None:
    assert [row.rank.place for row in ranking(cast.leader, cast.platform).rows] == [1]
    # Cora coaches Payments: she does not see Cherry, and the places count among what she sees.
    assert [row.initiative.name for row in ranking(cast.coach).rows] == ["Apple", "Berry", "Date"]


def test_halves_go_up() -> None:
    # 17 ÷ 20 = 0.85, 1 ÷ 20 = 0.05: not to the even digit as floats do
    assert [shown(make) for make in map(_fraction, ("17/20", "1/20", "4/3"))] == ["0.9", "0.1", "1.3"]


def _fraction(text: str) -> Any:
    from fractions import Fraction

    return Fraction(text)


def test_warnings_are_shown(cast: Cast) -> None:
    for name, size in (("a", 1), ("b", 1), ("c", 2)):
        make(cast, name, 5, 5, {"a": 1}.get(name, 2), size)
    text = page(cast.leader, ORDER)
    # 2 of 3 sizes are 1; business value and time are all 5.
    for said in (
        "Business value: no 1.",
        "Business value: all scores are equal",
        "Time criticality: all scores are equal",
        "Job size: 2 of 3 are 1, more than half.",
    ):
        assert said in text
    assert "Risk reduction or opportunity: no 1" not in text


def test_a_rank_by_hand(cast: Cast, rows: list[Initiative]) -> None:
    leader, address = client_of(cast.leader), f"{ORDER}ranks/cherry/"
    text = leader.post(address, {"manual_rank": 1}).content.decode()
    assert 'id="id_manual_rank_reason_error"' in text
    assert "A rank given by hand needs a reason." in text
    answer = leader.post(address, {"manual_rank": 1, "manual_rank_reason": "The law"}, follow=True)
    text = answer.content.decode()
    assert "Rank by hand: The law" in text
    row = ranking(cast.leader).rows[0]
    assert (row.initiative.name, row.rank.place, row.rank.computed, row.rank.is_manual) == ("Cherry", 1, 3, True)
    assert AuditEntry.objects.first().data["manual_rank_reason"] == ["", "The law"]  # type: ignore[union-attr]
    undo = re.search(r'action="(/portfolio/wsjf/ranks/cherry/restore/[^"]*)"', text)
    assert undo
    leader.post(undo[1].replace("&amp;", "&"))
    assert ranking(cast.leader).rows[0].initiative.name == "Apple"


@pytest.mark.parametrize("rank", [0, -1, 100_001])
def test_ranks_that_are_none(cast: Cast, rows: list[Initiative], rank: int) -> None:
    with pytest.raises(ValidationError):
        actions.rank_by_hand(actor=cast.leader, initiative=rows[0], rank=rank, reason="x")
    text = client_of(cast.leader).post(f"{ORDER}ranks/apple/", {"manual_rank": rank, "manual_rank_reason": "x"})
    assert 'id="id_manual_rank_error"' in text.content.decode()


def test_who_ranks_by_hand(cast: Cast, rows: list[Initiative]) -> None:
    with pytest.raises(PermissionDenied):
        actions.rank_by_hand(actor=cast.coach, initiative=rows[0], rank=1, reason="x")
    assert client_of(cast.coach).get(f"{ORDER}ranks/apple/").status_code == 403


def test_two_rank_the_same_initiative(cast: Cast, rows: list[Initiative]) -> None:
    """Pia saved since Leo looked: he is told who and what, and one click saves his."""
    seen = rows[0].version
    actions.rank_by_hand(actor=cast.pmo, initiative=rows[0], rank=3, reason="First things first")
    leader, sent = client_of(cast.leader), {"manual_rank": 2, "manual_rank_reason": "Mine", "version": seen}
    text = leader.post(f"{ORDER}ranks/apple/", sent).content.decode()
    assert "Pia Ito changed Apple since you looked." in text
    assert "the rank is 3 by hand, “First things first” now" in text
    now = re.search(r'name="version" value="(\d+)"><button', text)
    assert now
    leader.post(f"{ORDER}ranks/apple/", sent | {"version": now[1]})
    assert Initiative.objects.get(slug="apple").manual_rank == 2


def test_the_list_in_every_order(cast: Cast, rows: list[Initiative]) -> None:
    for query, wanted in {
        "": ["Apple", "Berry", "Cherry", "Date"],
        "?sort=-name": ["Date", "Cherry", "Berry", "Apple"],
        "?sort=-wsjf": ["Apple", "Berry", "Cherry", "Date"],
        # what has nothing in the column comes last both ways, by rank
        "?sort=cost": ["Apple", "Cherry", "Berry", "Date"],
        "?sort=-cost": ["Cherry", "Apple", "Berry", "Date"],
        "?sort=due": ["Date", "Apple", "Berry", "Cherry"],
        "?sort=owner": ["Date", "Apple", "Berry", "Cherry"],
        "?stage=done": ["Elder"],
        "?stage=all&sort=name": ["Apple", "Berry", "Cherry", "Date", "Elder"],
        "?stream=platform": ["Cherry"],
        "?horizon=h2": ["Cherry"],
        "?horizon=none": ["Apple", "Berry", "Date"],
        "?q=err": ["Berry", "Cherry"],
        f"?owner={cast.pmo.pk}": ["Date"],
        "?group=stream&sort=-name": ["Date", "Berry", "Apple", "Cherry"],
        "?q=nothing": [],
    }.items():
        assert names(cast.leader, query) == wanted, query


def test_groups_say_how_many(cast: Cast, rows: list[Initiative]) -> None:
    text = page(cast.leader, f"{LIST}?group=stream")
    assert re.findall(r'scope="rowgroup">(\w+) <span class="muted">([^<]*)<', text) == [
        ("Payments", "3 initiatives"),
        ("Platform", "1 initiative"),
    ]
    assert "No theme" in page(cast.leader, f"{LIST}?group=theme")
    assert "overdue" in text


@pytest.mark.parametrize(
    "query", ["stage=mood", "sort=mood", "group=mood", "stream=nowhere", "owner=x", "q=%00", "page=x", "page=99"]
)
def test_nonsense_is_said_at_the_field_and_passed_over(cast: Cast, rows: list[Initiative], query: str) -> None:
    answer = client_of(cast.leader).get(f"{LIST}?{query}")
    assert answer.status_code == 200
    assert len(re.findall(r'<a class="name"', answer.content.decode())) == 4


def test_money_is_for_those_who_may_see_it(cast: Cast, rows: list[Initiative]) -> None:
    """Cora coaches Payments and is told no money; with a leader's role in Platform she sees that of Cherry."""
    assert "500" in page(cast.leader, LIST)
    text = page(cast.coach, LIST)
    assert "Cost" not in text
    assert "500" not in re.sub(r"\s", "", text.split('id="rows"')[1])
    body = b"".join(client_of(cast.coach).get(f"{LIST}?format=csv")).decode()
    assert "estimated_cost" not in body
    Grant.objects.create(user=cast.coach, role=Role.LEADER, stream=cast.platform)
    sent = b"".join(client_of(cast.coach).get(f"{LIST}?format=csv&sort=-cost")).decode()
    table = list(csv.DictReader(io.StringIO(sent)))
    assert [(one["name"], one["estimated_cost"]) for one in table][:2] == [("Cherry", "900.00"), ("Apple", "")]
    # Sorting by what is hidden does not tell it either.
    assert names(cast.coach, "?sort=cost")[0] == "Cherry"


def test_the_file_has_the_same_filters(cast: Cast, rows: list[Initiative]) -> None:
    sent = b"".join(client_of(cast.leader).get(f"{LIST}?format=csv&q=err&sort=-name")).decode()
    table = list(csv.DictReader(io.StringIO(sent)))
    assert [(one["key"], one["wsjf"], one["rank"], one["computed_rank"]) for one in table] == [
        ("cherry", "2.5", "3", "3"),
        ("berry", "3.0", "2", "2"),
    ]


def test_empty_list_teaches(cast: Cast) -> None:
    assert "Import a list" in page(cast.leader, LIST)
    assert "Import a list" not in page(cast.viewer, LIST)
    assert "No open initiatives yet" in page(cast.outsider, ORDER)


@pytest.mark.parametrize("address", [f"{LIST}?group=theme", ORDER, f"{LIST}?format=csv"])
def test_as_many_queries_for_one_row_as_for_nine(cast: Cast, address: str) -> None:
    client, counts = client_of(cast.leader), []
    for size in (1, 8):
        for number in range(size):
            make(cast, f"{size}-{number}", 5, 8, 2, 3, teams=[cast.falcon], owner=cast.pmo)
        with CaptureQueriesContext(connection) as captured:
            b"".join(client.get(address))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_order_by_the_api(cast: Cast, rows: list[Initiative]) -> None:
    actions.rank_by_hand(actor=None, initiative=rows[2], rank=1, reason="The law")
    status, found = Api(cast.leader)("get", "wsjf/")
    assert status == 200
    assert isinstance(found, dict)
    first = found["initiatives"][0]
    seen = [first[key] for key in ("initiative", "rank", "computed_rank", "wsjf", "manual_rank", "manual_rank_reason")]
    assert seen == ["cherry", 1, 3, 2.5, 1, "The law"]
    assert [one["wsjf"] for one in found["initiatives"]] == [2.5, 5.0, 3.0, None]
    # Business value 5, 1, 13, 20 has a 1; sizes 3, 1, 8 too; risk 2, 1, 2, 20 too.
    assert found["warnings"] == []
    assert Api(cast.coach)("get", "wsjf/?stream=platform")[0] == 404


def test_a_session_by_the_api(cast: Cast, rows: list[Initiative]) -> None:
    pmo, coach = Api(cast.pmo), Api(cast.coach)
    sent = {"name": "Q1", "stream": "payments", "initiatives": ["apple", "berry"]}
    status, made = pmo("post", "scoring-sessions/", sent)
    assert status == 201
    assert isinstance(made, dict)
    at = f"scoring-sessions/{made['id']}"
    score = {"initiative": "apple", "part": "business_value", "score": 13}
    assert coach("post", f"{at}/estimate/", score)[0] == 200
    assert coach("post", f"{at}/estimate/", score | {"score": 4})[0] == 400
    hidden = pmo("get", f"{at}/round/")[1]["lines"][0]  # type: ignore[index]
    assert (hidden["own"], hidden["count"], hidden["spread"]) == (None, 1, None)
    assert pmo("post", f"{at}/agree/", score)[0] == 400
    assert coach("post", f"{at}/reveal/", {})[0] == 403
    shown_line = pmo("post", f"{at}/reveal/", {})[1]["lines"][0]  # type: ignore[index]
    assert shown_line["spread"] == {"counts": [[13, 1]], "low": 13, "high": 13, "middle": 13, "steps": 0}
    assert pmo("post", f"{at}/agree/", score | {"version": 0})[0] == 200
    # Leo saw nothing agreed: he is told who settled on what, with the version there is now.
    status, told = Api(cast.leader)("post", f"{at}/agree/", score | {"score": 8, "version": 0})
    assert status == 409
    assert isinstance(told, dict)
    assert (told["who"], told["what"], told["version"]) == ("Pia Ito", "agreed on", 1)
    assert Api(cast.leader)("post", f"{at}/agree/", score | {"score": 8, "version": 1})[0] == 200
    assert pmo("post", f"{at}/part/", {"part": "mood"})[0] == 400
    assert pmo("post", f"{at}/close/", {})[0] == 200
    assert Initiative.objects.get(slug="apple").business_value == 8
    assert coach("post", f"{at}/estimate/", score)[1] == ["This session is closed."]
    assert Api(cast.viewer)("get", f"{at}/round/")[0] == 404


def test_an_import_by_the_api(cast: Cast) -> None:
    pmo = Api(cast.pmo)
    text = "key,name,stream,job_size\ncards,Cards,payments,3\n"
    status, run = pmo("post", "imports/initiatives/", {"text": text, "name": "list.csv"})
    assert status == 201
    assert isinstance(run, dict)
    assert (run["created"], run["problems"], run["state"]) == (1, [], "checked")
    assert not Initiative.objects.exists()
    at = f"imports/initiatives/{run['id']}"
    assert pmo("post", f"{at}/apply/", {})[1]["state"] == "applied"  # type: ignore[index]
    assert Initiative.objects.get().job_size == 3
    assert pmo("post", f"{at}/apply/", {}) == (400, {"detail": ["This file was imported already."]})
    assert pmo("post", f"{at}/roll-back/", {})[1]["state"] == "rolled-back"  # type: ignore[index]
    assert not Initiative.objects.exists()
    bad = pmo("post", "imports/initiatives/", {"text": text.replace(",3", ",0")})[1]
    assert [one["column"] for one in bad["problems"]] == ["job_size"]  # type: ignore[index]
    refused = pmo("post", f"imports/initiatives/{bad['id']}/apply/", {})  # type: ignore[index]
    assert refused[0] == 400
    for sent, said in (({"text": "a,b\n1,2"}, "There is no column key"), ({}, "Give either a file or a text.")):
        status, told = pmo("post", "imports/initiatives/", sent)
        assert status == 400
        assert said in told["file"][0]  # type: ignore[index]
    assert pmo("post", "imports/initiatives/", [])[0] == 400
    assert Api(cast.viewer)("post", "imports/initiatives/", {"text": text})[0] == 403
    assert Api(cast.coach)("get", f"{at}/")[0] == 404
    million = "key\n" + "x\n" * 20_001
    assert "more than 2,000 rows" in pmo("post", "imports/initiatives/", {"text": million})[1]["file"][0]  # type: ignore[index]
