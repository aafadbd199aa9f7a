"""Impediments by the API: every verb, 409 for the stale, money left out, figures as the pages have them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from impediments import actions
from impediments.models import BlockedDay, Impediment, Proposal
from metrics.models import WorkItem
from portfolio.models import Team
from tests.access import Props
from tests.cast import Cast

API = "/api/v1/impediments/"


@pytest.fixture
def props(cast: Cast) -> Props:
    return Props(cast)


class Api:
    """Speaks JSON as somebody."""

    def __init__(self, client: Client, person: Any) -> None:
        client.force_login(person)
        self.client = client

    def __call__(self, path: str, body: Any = None, method: str = "post") -> Any:
        return getattr(self.client, method)(f"{API}{path}", body or {}, "application/json")

    def get(self, path: str = "") -> Any:
        return self.client.get(f"{API}{path}")


@pytest.fixture
def api(client: Client, cast: Cast) -> Api:
    return Api(client, cast.member)


def logged(team: Team, **fields: Any) -> Impediment:
    return actions.log_impediment(
        **{"actor": None, "what": "No test environment", "category": "infrastructure", "team": team} | fields
    )


def test_logging_says_what_is_known_at_once(api: Api, props: Props, cast: Cast) -> None:
    since = timezone.now() - timedelta(days=3)
    body = {
        "what": "No rights",
        "category": "access",
        "team": "falcon",
        "items": [props.item.pk],
        "since": "2025-03-03",
    }
    # An item cannot be blocked before it was there: its block begins with it.
    answer = api("", body)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["state"], made["level"], made["via"], made["stream"]) == ("new", 1, "api", "payments")
    # The start of Monday, 3 March 2025, in the zone of Falcon (UTC): 9:00.
    assert datetime.fromisoformat(made["since"]) == datetime(2025, 3, 3, 9, tzinfo=UTC)
    assert [one["key"] for one in made["blocks"]] == ["FAL-1"]
    assert made["level_hours_limit"] == 8
    instant = api("", {"what": "No net", "category": "other", "team": "falcon", "since": since.isoformat()}).json()
    assert datetime.fromisoformat(instant["since"]) == since


def test_every_step(api: Api, props: Props, cast: Cast) -> None:
    row = logged(cast.falcon)
    one = f"{row.pk}/"
    assert api(f"{one}take/").json()["owner"] == cast.member.pk
    assert api(one, {"asked": "A date"}, "patch").json()["asked"] == "A date"
    assert api(f"{one}move/", {"state": "waiting"}).json()["state"] == "waiting"
    assert api(f"{one}level/", {"level": 2, "reason": "Two teams wait"}).json()["level"] == 2
    paused = api(f"{one}pause/", {"reason": "The vendor answers on Friday"}).json()
    assert (paused["is_paused"], paused["paused_because"]) == (True, "The vendor answers on Friday")
    assert api(f"{one}resume/").json()["is_paused"] is False
    assert len(api(f"{one}block/", {"items": [props.item.pk]}).json()["blocks"]) == 1
    assert api(f"{one}unblock/", {"items": [props.item.pk]}).json()["blocks"] == []
    missing = api(f"{one}resolve/", {"resolution": "Bought"})
    assert (missing.status_code, list(missing.json())) == (400, ["root_cause"])
    done = api(f"{one}resolve/", {"resolution": "Bought", "root_cause": "process"}).json()
    assert (done["state"], done["root_cause"], done["breach_at"]) == ("resolved", "process", None)
    assert api(f"{one}resolve/", {"resolution": "Again", "root_cause": "process"}).status_code == 409
    assert api(f"{one}reopen/", {"reason": "It is back"}).json()["state"] == "active"
    other = logged(cast.falcon, what="No environment for tests")
    assert api(f"{other.pk}/merge/", {"into": row.pk}).json()["merged_into"] == row.pk


def test_whoever_saw_an_older_version_is_told(api: Api, cast: Cast) -> None:
    row = logged(cast.falcon)
    actions.change_impediment(actor=cast.coach, impediment=row, asked="A date")
    for path, body in ((f"{row.pk}/move/", {"state": "active"}), (f"{row.pk}/take/", {})):
        stale = api(path, body | {"version": 1})
        assert (stale.status_code, stale.json()["who"], stale.json()["version"]) == (409, "Cora Lind", 2)
    assert api(f"{row.pk}/", {"what": "Mine", "version": 1}, "patch").status_code == 409
    row.refresh_from_db()
    assert (row.what, row.state) == ("No test environment", "new")


def test_comments(api: Api, cast: Cast) -> None:
    row = logged(cast.falcon)
    made = api(f"{row.pk}/comments/", {"text": "Asked again"})
    assert (made.status_code, made.json()["author"]) == (201, "Max Weber")
    address = f"{row.pk}/comments/{made.json()['id']}/"
    assert api(address, {"text": "Asked twice"}, "patch").json()["text"] == "Asked twice"
    assert [one["text"] for one in api.get(f"{row.pk}/comments/").json()] == ["Asked twice"]
    api.client.force_login(cast.coach)
    assert api(address, {"text": "Not mine"}, "patch").status_code == 403
    api.client.force_login(cast.member)
    assert api(address, method="delete").status_code == 204
    assert api.get(f"{row.pk}/comments/").json() == []


def test_it_leads_to_an_action_and_a_decision(client: Client, cast: Cast) -> None:
    api, row = Api(client, cast.leader), logged(cast.falcon, asked="Buy ten licences")
    action = api(f"{row.pk}/improve/", {"name": "Order a quarter ahead", "owner": cast.member.pk})
    assert (action.status_code, action.json()["team"]) == (201, "falcon")
    decision = api(f"{row.pk}/decide/", {"kind": "other", "question": "Ten licences now?"}).json()
    assert (decision["stream"], decision["why"]) == ("payments", "Buy ten licences")
    kept = {fact["key"]: fact["text"] for fact in decision["evidence"]}
    assert kept["question.impediment.level"] == "1 · Team"
    assert list(row.actions.values_list("name", flat=True)) == ["Order a quarter ahead"]
    assert list(row.decisions.values_list("question", flat=True)) == ["Ten licences now?"]
    api = Api(client, cast.member)
    assert api(f"{row.pk}/decide/", {"kind": "other", "question": "Ten?"}).status_code == 403


def test_money_is_left_out_of_what_members_read(client: Client, cast: Cast) -> None:
    row = logged(cast.falcon)
    BlockedDay.objects.create(
        impediment=row, team=cast.falcon, on=timezone.localdate(), items=1, in_progress=4, amount=600
    )
    told = {}
    for name in ("leader", "member"):
        api = Api(client, cast.person(name))
        listed = api.get().json()["results"][0]
        costs = api.get(f"{row.pk}/costs/").json()
        whole = client.get("/api/v1/impediment-costs/?scope=team:falcon").json()
        told[name] = (
            listed.get("capacity_cost"),
            costs["capacity"].get("cost"),
            whole["whole"]["capacity"].get("cost"),
        )
        assert (listed["lost_item_days"], costs["capacity"]["item_days"]) == (1, 1)
    assert told == {"leader": ("600.00", "600.00", "600.00"), "member": (None, None, None)}


def test_filters_and_pages(api: Api, cast: Cast) -> None:
    first, second = logged(cast.falcon), logged(cast.falcon, category="legal")
    logged(cast.kite)
    actions.resolve(actor=None, impediment=second, resolution="Signed", root_cause="policy")
    found = {
        query: [one["id"] for one in api.get(f"?{query}").json()["results"]]
        for query in ("", "state=open", "category=legal", "level=2", "team=falcon&state=resolved")
    }
    assert found == {
        "": [first.pk, second.pk],
        "state=open": [first.pk],
        "category=legal": [second.pk],
        "level=2": [],
        "team=falcon&state=resolved": [second.pk],
    }
    for query, name in (
        ("state=x", "state"),
        ("team=kite", "team"),
        ("as_of=2999-01-01", "as_of"),
        ("level=9", "level"),
    ):
        refused = api.get(f"?{query}")
        assert (refused.status_code, list(refused.json())) == (400, [name])


def test_by_place_by_who_acts_and_by_age(client: Client, cast: Cast) -> None:
    api = Api(client, cast.pmo)
    # 8 hours a day; 5 May 2025 is a Monday. On Friday evening: Falcon's is 5 days old, Heron's 4, Kite's 3.
    rows = [
        logged(team, at=datetime(2025, 5, day, 9, tzinfo=UTC), since=datetime(2025, 5, day, 9, tzinfo=UTC))
        for team, day in ((cast.falcon, 5), (cast.heron, 6), (cast.kite, 7))
    ]
    actions.change_impediment(actor=None, impediment=rows[0], owner=cast.pmo)
    actions.change_impediment(actor=None, impediment=rows[1], owner=cast.coach)

    def found(query: str) -> list[str]:
        return [one["team"] for one in api.get(f"?{query}").json()["results"]]

    friday = "as_of=2025-05-09"
    asked = ("stream=payments", "stream=platform", "team=heron", "owner=me", f"owner={cast.coach.pk}", "owner=none")
    assert [found(query) for query in asked] == [
        ["falcon", "heron"], ["kite"], ["heron"], ["falcon"], ["heron"], ["kite"],
    ]  # fmt: skip
    assert [found(f"{friday}&age={days}") for days in (0, 4, 5, 6)] == [
        ["falcon", "heron", "kite"], ["falcon", "heron"], ["falcon"], [],
    ]  # fmt: skip
    assert found(f"{friday}&age=4&stream=payments&owner={cast.coach.pk}") == ["heron"]
    assert found("owner=999999999") == []
    for name in ("owner", "age", "stream"):
        refused = api.get(f"?{name}=-1")
        assert (refused.status_code, list(refused.json())) == (400, [name])


def test_as_often_for_three_as_for_one(api: Api, cast: Cast, props: Props) -> None:
    counts = []
    for more in (1, 2):
        for _ in range(more):
            logged(cast.falcon, items=[props.item])
        with CaptureQueriesContext(connection) as asked:
            assert api.get().status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_proposals_are_answered(api: Api, props: Props, cast: Cast) -> None:
    now = timezone.now()
    at = {"since_at": now, "found_at": now, "seen_at": now}
    rows = [
        Proposal.objects.create(
            trigger="reason",
            stream=cast.payments,
            team=cast.falcon,
            cause=f"reason:{n}",
            what=f"Proxy {n}",
            why="3",
            **at,
        )
        for n in range(2)
    ]
    base = "/api/v1/impediment-proposals/"
    made = api.client.post(f"{base}{rows[0].pk}/accept/", {"category": "vendor"}, "application/json").json()
    assert made["state"] == "accepted"
    assert Impediment.objects.get(pk=made["impediment"]).via == "data"
    assert api.client.post(f"{base}{rows[0].pk}/dismiss/", {}, "application/json").status_code == 409
    gone = api.client.post(f"{base}{rows[1].pk}/dismiss/", {"reason": "Known"}, "application/json").json()
    assert (gone["state"], gone["answer_reason"]) == ("dismissed", "Known")
    assert api.client.post(f"{base}{rows[1].pk}/restore/").json()["state"] == "open"
    open_now = {one["id"] for one in api.client.get(f"{base}?state=open").json()["results"]}
    assert open_now & {row.pk for row in rows} == {rows[1].pk}


def test_limits_are_the_pmos(client: Client, cast: Cast) -> None:
    path = "/api/v1/impediment-limits/"
    client.force_login(cast.member)
    body = {"level": 1, "category": "legal", "hours": 4}
    assert client.put(path, body, "application/json").status_code == 403
    client.force_login(cast.pmo)
    assert client.put(path, body, "application/json").status_code == 200
    [own] = [one for one in client.get(path).json() if one["is_own"]]
    assert (own["level"], own["category"], float(own["hours"])) == (1, "legal", 4)
    assert client.put(path, body | {"hours": None}, "application/json").status_code == 200
    assert client.put(path, body | {"hours": 0}, "application/json").status_code == 400
    assert client.put(path, body | {"level": 4}, "application/json").status_code == 400


def test_the_analysis_says_what_the_page_says(api: Api, cast: Cast) -> None:
    logged(cast.falcon)
    found = api.client.get("/api/v1/impediment-analysis/?scope=team:falcon").json()
    assert found["finding"]
    assert {"resolution", "ageing", "levels", "pareto"} <= {one["key"] for one in found["parts"]}
    assert api.client.get("/api/v1/impediment-analysis/?by=whim").status_code == 400


def test_strangers_find_nothing(client: Client, cast: Cast) -> None:
    row = logged(cast.kite)
    api = Api(client, cast.member)
    assert api.get(f"{row.pk}/").status_code == 404
    assert api.get(f"{row.pk}/costs/").status_code == 404
    assert api(f"{row.pk}/comments/", {"text": "Hello"}).status_code == 404
    item = WorkItem.objects.filter(team=cast.kite).first()
    assert api("", {"what": "x", "category": "other", "team": "kite"}).status_code == 400
    assert item is None
