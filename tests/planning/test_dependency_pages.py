"""The pages of dependencies: list, matrix, inbox, the page of one and its steps, and the API."""

import csv
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from metrics.models import FlowState, ItemFlow, ItemLink, WorkItem
from planning.actions import dependencies as verbs
from planning.models import Dependency
from planning.queries import inbox as waiting
from planning.queries.dependencies import Asked, listed, rows_of_board
from planning.queries.links import links
from planning.queries.links import matrix as against
from planning.queries.matrix import matrix
from tests.cast import Cast
from tests.metrics.cast import source
from tests.planning.cast import Planned, make_planned


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


def requested(cast: Cast, plan: Planned, number: int = 1) -> Dependency:
    consumer = plan.card(f"Refund API {number}", plan.falcon, 2, key=f"PAY-8{number}")
    given: dict[str, Any] = {
        "provider_lane": plan.heron,
        "what": f"Ledger split {number}",
        "needed_in": plan.iterations[0],
    }
    return verbs.request_dependency(actor=cast.member, consumer=consumer, **given)


def as_user(client: Client, cast: Cast, name: str) -> Client:
    client.force_login(cast.person(name))
    return client


def test_the_list_begins_with_what_is_urgent_and_narrows(cast: Cast, plan: Planned, client: Client) -> None:
    late, early = plan.card("Late", plan.heron, 3), plan.card("Early", plan.kite, 1)
    consumer = plan.card("Payouts", plan.falcon, 2)
    healthy, conflict = plan.need(early, consumer), plan.need(late, consumer)
    open_end = requested(cast, plan)
    rows = listed(plan.increment, cast.pmo, Asked())
    assert [line.row.pk for line in rows] == [conflict.pk, open_end.pk, healthy.pk]
    assert [line.row.pk for line in listed(plan.increment, cast.pmo, Asked(problems=True))] == [
        conflict.pk,
        open_end.pk,
    ]
    assert [line.row.pk for line in listed(plan.increment, cast.pmo, Asked(row=plan.kite.pk))] == [healthy.pk]
    page = as_user(client, cast, "pmo").get(reverse("plan-dependencies", args=["pi-26-1"]))
    assert b"3 dependencies: 1 in conflict, 1 without agreement" in page.content
    answer = client.get(reverse("plan-dependencies", args=["pi-26-1"]), {"schedule": "conflict", "format": "csv"})
    [line] = csv.DictReader(b"".join(answer.streaming_content).decode().splitlines())  # type: ignore[attr-defined]
    told = ("Payouts", "Heron", "Iteration 3", "conflict", "2026-01-30", "")
    names = ("needed_by", "provider_row", "provider_iteration", "schedule", "due_on", "late_risk")
    assert tuple(line[name] for name in names) == told


def test_the_matrix_says_in_words_what_is_wrong(cast: Cast, plan: Planned) -> None:
    consumer = plan.card("Payouts", plan.falcon, 2)
    plan.need(plan.card("Late", plan.heron, 3), consumer)
    plan.need(plan.card("Early", plan.heron, 1), consumer, agreement="requested")
    found = matrix(rows_of_board(plan.increment), listed(plan.increment, cast.pmo, Asked()))
    assert [lane.name for lane in found.consumers] == ["Falcon"]
    [(lane, [square], total)] = found.rows
    assert square is not None
    assert (lane.name, square.total, square.words, square.tone) == ("Heron", 2, "1 in conflict, 1 not agreed", "bad")
    assert (total, found.totals) == (2, [2])


def test_the_inbox_follows_a_request_from_side_to_side(cast: Cast, plan: Planned) -> None:
    row = requested(cast, plan)

    def piles(name: str) -> list[str]:
        found = waiting.inbox(cast.person(name))
        assert waiting.count(cast.person(name)) == sum(len(pile.lines) for pile in found)
        return [pile.key for pile in found]

    # Max is in Falcon, which asks; Cora coaches Falcon and Heron; Vera only looks; Otto sees nothing.
    assert [piles(name) for name in ("member", "coach", "viewer", "outsider")] == [[], ["answer"], [], []]
    row = verbs.counter_dependency(actor=cast.coach, dependency=row, proposed_in=plan.iterations[1])
    assert piles("member") == ["offer"]
    row = verbs.accept_counter(actor=cast.member, dependency=row)
    assert (piles("member"), piles("coach")) == ([], ["card"])
    row = verbs.agree_dependency(actor=cast.coach, dependency=row, title="Split", iteration=plan.iterations[1])
    assert piles("coach") == []
    verbs.decline_dependency(actor=cast.coach, dependency=row, note="No hands")
    assert piles("member") == ["declined"]


def test_a_step_by_page_its_errors_and_its_conflict(cast: Cast, plan: Planned, client: Client) -> None:
    row = requested(cast, plan)
    as_user(client, cast, "coach")
    page = client.get(reverse("plan-dependency", args=[row.pk]))
    assert b"Agree, with a card" in page.content
    decline, counter = (reverse("plan-dependency-step", args=[row.pk, key]) for key in ("decline", "counter"))
    empty = client.post(decline, {"note": "", "version": 1})
    assert (empty.status_code, Dependency.objects.get().agreement) == (400, "requested")
    offered = client.post(counter, {"proposed_in": plan.iterations[1].pk, "note": "Audit", "version": 1}, follow=True)
    assert "You offered “Ledger split 1” for PAY-81 in Iteration 2 instead of Iteration 1." in offered.content.decode()
    stale = client.post(decline, {"note": "No hands", "version": 1})
    assert stale.status_code == 409
    text = stale.content.decode()
    assert "Cora Lind offered “Ledger split 1” for PAY-81" in text
    # What was typed stays, with the version that is there now: one click does it.
    assert "No hands</textarea>" in text
    assert 'name="version" value="2"' in text
    assert client.post(decline, {"note": "No hands", "version": 2}).status_code == 302
    board: dict[str, Any] = {"headers": {"X-Requested-With": "board"}}
    asked = as_user(client, cast, "member").post(
        reverse("plan-dependency-step", args=[row.pk, "ask"]), {"what": "Half of it", "version": 3}, **board
    )
    assert asked.json()["text"] == "You asked Heron again for “Half of it” for PAY-81."
    assert asked.json()["undo"]
    assert client.post(reverse("plan-dependency-step", args=[row.pk, "nonsense"])).status_code == 404


def test_a_request_by_page_starts_from_a_card(cast: Cast, plan: Planned, client: Client) -> None:
    card = plan.card("Refund API", plan.falcon, 3)
    as_user(client, cast, "member")
    address = reverse("plan-dependency-new", args=["pi-26-1"])
    page = client.get(address, {"consumer": card.pk, "row": plan.heron.pk}).content.decode()
    assert f'<option value="row-{plan.heron.pk}" selected>' in page
    # Needed in the iteration before the card's own.
    assert f'<option value="{plan.iterations[1].pk}" selected>Iteration 2' in page
    assert client.post(address, {"consumer": card.pk, "provider": f"row-{plan.heron.pk}"}).status_code == 400
    posted = {"consumer": card.pk, "provider": f"row-{plan.heron.pk}", "what": "Ledger", "next": "/planning/inbox/"}
    assert client.post(address, posted).headers["Location"] == "/planning/inbox/"
    assert Dependency.objects.get().what == "Ledger"


def test_the_api_asks_answers_and_tells_who_was_faster(cast: Cast, plan: Planned, client: Client) -> None:
    card = plan.card("Refund API", plan.falcon, 2, key="PAY-81")
    as_user(client, cast, "pmo")

    def post(name: str, data: dict[str, Any], **args: Any) -> Any:
        return client.post(reverse(f"api-plan-dependency-{name}", kwargs=args), data, content_type="application/json")

    made = post("list", {"consumer": card.pk, "provider_row": plan.heron.pk, "what": "Ledger"})
    assert made.status_code == 201
    body = made.json()
    assert (body["schedule"], body["agreement"], body["version"]) == ("unplanned", "requested", 1)
    assert body["consumer"] == {
        "id": card.pk,
        "key": "PAY-81",
        "title": "Refund API",
        "row": "Falcon",
        "iteration": "Iteration 2",
    }
    agreed = post("agree", {"title": "Split", "iteration": plan.iterations[0].pk, "version": 1}, pk=body["id"])
    assert (agreed.json()["schedule"], agreed.json()["provider"]["title"]) == ("healthy", "Split")
    stale = post("decline", {"note": "No", "version": 1}, pk=body["id"])
    assert (stale.status_code, stale.json()["version"]) == (409, 2)
    circle = post("list", {"consumer": agreed.json()["provider"]["id"], "provider": card.pk})
    way = "They would wait for each other in a circle: “Split” → PAY-81 → “Split”."
    assert circle.json() == {"provider": [way]}
    assert post("withdraw", {"version": 2}, pk=body["id"]).status_code == 204
    assert client.get(reverse("api-plan-dependency-list")).json()["results"] == []


def test_as_many_queries_for_three_as_for_one(cast: Cast, plan: Planned, client: Client) -> None:
    as_user(client, cast, "pmo")
    pages = [reverse("plan-inbox"), reverse("plan-dependencies", args=["pi-26-1"])]
    pages += [reverse("plan-dependency-matrix", args=["pi-26-1"]), reverse("api-plan-dependency-list")]
    counts = []
    for number in range(1, 4):
        requested(cast, plan, number)
        if number == 2:
            continue
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            found.append(len(queries))
        counts.append(found)
    assert counts[0] == counts[1]


def between_falcon_and_heron(cast: Cast) -> None:
    """PAY-1 of Falcon waits for LED-1 of Heron, which is being worked on, and for LED-2, which is finished."""
    falcon, heron = source(cast.falcon), source(cast.heron, slug="ledger-tool")

    def item(of: Any, key: str, state: str = FlowState.ACTIVE) -> WorkItem:
        made = WorkItem.objects.create(source=of, external_id=key, key=key, title=f"Title of {key}", team=of.team)
        at = "2026-01-05T09:00Z"
        done = at if state == FlowState.DONE else None
        ItemFlow.objects.create(item=made, team=of.team, state=state, created_at=at, finished_at=done)
        return made

    waits, own = item(falcon, "PAY-1"), item(falcon, "PAY-2")
    item(heron, "LED-1"), item(heron, "LED-2", FlowState.DONE)
    # Of the same team, of nobody's: no dependency between teams.
    for number, needs in enumerate(("LED-1", "LED-2", own.key, "GONE-1")):
        ItemLink.objects.create(source=falcon, external_id=str(number), item=waits, needs=needs)


def test_links_of_tools_between_teams(cast: Cast, plan: Planned, client: Client) -> None:
    between_falcon_and_heron(cast)
    found = [(one.item.key, one.other.key, one.is_done) for one in links(cast.pmo)]
    assert found == [("PAY-1", "LED-1", False), ("PAY-1", "LED-2", True)]
    assert [one.sees_other for one in links(cast.member)] == [False, False]
    assert links(cast.outsider) == []
    page = as_user(client, cast, "member").get(reverse("dependencies")).content.decode()
    assert "1 item waits for another team" in page
    assert "Title of PAY-1" in page
    assert "Title of LED-1" not in page
    squares = matrix(rows_of_board(plan.increment), [], links(cast.pmo)).rows
    [(lane, [square], _)] = squares
    assert square is not None
    assert (lane.name, square.consumer.name, square.links) == ("Heron", "Falcon", 1)


def test_links_are_in_the_file_of_an_increment(cast: Cast, plan: Planned, client: Client) -> None:
    between_falcon_and_heron(cast)
    plan.need(plan.card("Ledger split", plan.heron, 1), plan.card("Payouts", plan.falcon, 2))

    def rows(name: str, **query: str | int) -> list[dict[str, str]]:
        address = reverse("plan-dependencies", args=["pi-26-1"])
        answer = as_user(client, cast, name).get(address, {"format": "csv", **query})
        return list(csv.DictReader(answer.getvalue().decode().splitlines()))

    told = [[row[key] for key in ("needed_by", "what", "provider", "kind", "state")] for row in rows("pmo")]
    assert told == [
        ["Payouts", "Ledger split", "Ledger split", "on the board", ""],
        ["PAY-1", "Title of LED-1", "LED-1", "link in a tool", "active"],
        ["PAY-1", "Title of LED-2", "LED-2", "link in a tool", "finished"],
    ]
    last = rows("pmo")[-1]
    assert (last["needed_by_row"], last["provider_row"], last["delivered_on"]) == ("Falcon", "Heron", "2026-01-05")
    # Who does not see Heron reads no title of its items; a filter that links cannot meet leaves them out.
    assert [row["what"] for row in rows("member")] == ["Ledger split", "", ""]
    assert [row["kind"] for row in rows("pmo", schedule="healthy")] == ["on the board"]
    assert [row["kind"] for row in rows("pmo", provider_row=plan.falcon.pk, consumer_row=plan.heron.pk)] == []
    pair: dict[str, str | int] = {"provider_row": plan.heron.pk, "consumer_row": plan.falcon.pk, "problems": "on"}
    assert [row["needed_by"] for row in rows("pmo", **pair)] == ["PAY-1"]


def test_teams_against_each_other_outside_increments(cast: Cast, client: Client) -> None:
    between_falcon_and_heron(cast)
    made = against(links(cast.pmo))
    [(provider, [square], total)] = made.rows
    assert square is not None
    assert (provider, square.consumer, total, made.totals) == (cast.heron, cast.falcon, 1, [1])
    assert (square.waiting, square.finished, square.words) == (1, 1, "waiting, 1 finished")
    page = as_user(client, cast, "member").get(reverse("dependency-matrix")).content.decode()
    assert "?provider=heron&amp;consumer=falcon" in page
    listed_page = client.get(reverse("dependencies"), {"provider": "heron", "consumer": "falcon"}).content.decode()
    assert "What Heron provides to Falcon" in listed_page
    other = client.get(reverse("dependencies"), {"provider": "falcon", "consumer": "heron"}).content.decode()
    assert "No link is like that" in other
