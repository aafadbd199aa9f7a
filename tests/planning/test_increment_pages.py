"""The pages of trains and increments, and their API: what they say, what they refuse, what they keep."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planning.actions.increments import create_increment
from planning.actions.iterations import laid_out
from planning.actions.states import close, commit
from planning.actions.trains import create_train
from planning.actions.writing import write
from planning.models import Increment, Objective, Risk
from tests.cast import Cast, make_team
from tests.planning.cast import Planned, make_planned


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


@pytest.fixture
def pmo(client: Client, cast: Cast) -> Client:
    client.force_login(cast.pmo)
    return client


def _queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_as_many_queries_for_three_trains_as_for_one(cast: Cast, plan: Planned, pmo: Client) -> None:
    one = _queries(pmo, "/planning/")
    for name in ("Osprey", "Swift"):
        train = create_train(actor=cast.pmo, name=name, teams=[make_team(cast.platform, name, cast.calendar)])
        for number in (1, 2):
            spans = laid_out(date(2026, 6, 1), 14, 2)
            create_increment(actor=cast.pmo, train=train, name=f"{name} {number}", iterations=spans)
    assert _queries(pmo, "/planning/") == one


def test_as_many_queries_for_a_large_plan_as_for_a_small_one(cast: Cast, plan: Planned, pmo: Client) -> None:
    def grow() -> None:
        for number in (1, 2, 3):
            provider = plan.card("Provider", plan.heron, 2)
            plan.need(provider, plan.card("Consumer", plan.falcon, number))
        with write(None, plan.increment, "added") as board:
            board.add(Risk(increment=board.increment, text="Late", roam="accepted"))
            board.add(Objective(increment=board.increment, lane=plan.falcon, title="Refunds", planned_value=8))

    grow()
    commit(actor=cast.pmo, increment=plan.increment)
    urls = ("/planning/pi-26-1/", "/planning/pi-26-1/changes/", "/planning/pi-26-1/looking-back/")
    before = [_queries(pmo, url) for url in urls]
    grow()
    assert [_queries(pmo, url) for url in urls] == before


def test_the_next_increment_is_filled_in_as_the_last_was(plan: Planned, pmo: Client) -> None:
    page = pmo.get("/planning/trains/payments-train/increments/new/")
    # The last one ended on Friday, 27 March, having begun on a Monday; five fortnights and one of IP.
    initial = page.context["form"].initial
    assert initial == {"first_on": date(2026, 3, 30), "days": 14, "count": 5, "with_ip": True}
    sent = pmo.post(
        page.request["PATH_INFO"], {"name": "PI 26.2", "first_on": "2026-03-30", "days": 7, "count": 2, "with_ip": "on"}
    )
    assert sent.headers["Location"] == "/planning/pi-26-2/"
    assert Increment.objects.get(slug="pi-26-2").iterations.count() == 3


def test_what_was_typed_stays_when_a_team_is_in_another_train(cast: Cast, plan: Planned, pmo: Client) -> None:
    sent = pmo.post("/planning/trains/new/", {"name": "North", "teams": [cast.falcon.pk], "first": "2026-02-02"})
    assert sent.status_code == 200
    assert "Falcon is in the train Payments train" in sent.context["form"].errors["teams"][0]
    assert 'value="North"' in sent.content.decode()


def test_a_stale_edit_is_answered_with_409_and_one_click_more_saves_it(plan: Planned, pmo: Client) -> None:
    url, data = "/planning/pi-26-1/edit/", {"name": "PI One", "wip_limit": 1, "version": 1}
    assert pmo.post(url, data).status_code == 302
    again = pmo.post(url, {**data, "name": "PI Two"})
    assert again.status_code == 409
    said = again.content.decode()
    assert "Pia Ito renamed PI 26.1 to PI One" in said
    assert 'value="PI Two"' in said
    assert pmo.post(url, {**data, "name": "PI Two", "version": again.context["form"]["version"].value()})
    plan.increment.refresh_from_db()
    assert plan.increment.name == "PI Two"


def test_the_iterations_page_says_how_many_cards_lose_their_place(plan: Planned, pmo: Client) -> None:
    plan.card("Refund API", plan.falcon, 2)
    plan.card("Receipts", plan.falcon, 2)
    assert "2 cards become unplanned" in pmo.get("/planning/pi-26-1/iterations/").content.decode()
    rows = list(plan.increment.iterations.all())
    data: dict[str, object] = {"rows-TOTAL_FORMS": len(rows), "rows-INITIAL_FORMS": len(rows), "version": 1}
    for place, row in enumerate(rows):
        values = {"pk": row.pk, "name": row.name, "first_on": row.first_on, "last_on": row.last_on}
        data |= {f"rows-{place}-{name}": value for name, value in values.items()}
    wrong = pmo.post("/planning/pi-26-1/iterations/", {**data, "rows-0-last_on": "2026-01-01"})
    assert "The last day is before the first." in wrong.content.decode()
    assert pmo.post("/planning/pi-26-1/iterations/", {**data, "rows-1-DELETE": "on"}).status_code == 302
    assert plan.increment.iterations.count() == 5


def test_a_commitment_lists_the_risks_to_discuss(plan: Planned, pmo: Client) -> None:
    with write(None, plan.increment, "added") as board:
        board.add(Risk(increment=board.increment, text="The bank is late"))
    page = pmo.get("/planning/pi-26-1/to/committed/").content.decode()
    assert "1 risk must be discussed before anybody commits" in page
    assert "The bank is late" in page
    sent = pmo.post("/planning/pi-26-1/to/committed/", {"to": "committed", "version": 1})
    assert "Discuss this risk first" in sent.content.decode()
    # A button of a state that is over leads back to the increment.
    assert pmo.get("/planning/pi-26-1/to/closed/").headers["Location"] == "/planning/pi-26-1/"


def test_checklists_tick_themselves_or_are_ticked(plan: Planned, pmo: Client) -> None:
    pmo.post("/planning/pi-26-1/checks/", {"ready_made": "final"})
    pmo.post("/planning/pi-26-1/checks/", {"list": "final", "text": "Cake is there"})
    provider, consumer = plan.card("Ledger", plan.heron, 3), plan.card("Refund API", plan.falcon, 1)
    plan.need(provider, consumer)
    plan.need(provider, plan.card("Fees", plan.kite, 4), agreement="requested")
    found = {line.check.text: line for line in pmo.get("/planning/pi-26-1/").context["page"].lists[1][2]}
    late = found["Nothing is needed before it is provided"]
    assert (late.is_done, late.missing) == (False, "needed before it is provided: Refund API")
    assert found["Every dependency is agreed"].missing == "not agreed yet: Fees"
    assert found["All risks are discussed (ROAM)"].is_done
    cake = found["Cake is there"].check
    pmo.post(f"/planning/checks/{cake.pk}/tick/", {"done": "1", "version": 1})
    cake.refresh_from_db()
    assert cake.done_at
    assert pmo.post(f"/planning/checks/{late.check.pk}/tick/", {"done": "1", "version": 1}).status_code == 302
    late.check.refresh_from_db()
    assert late.check.done_at is None


def test_the_end_and_looking_back(cast: Cast, plan: Planned, pmo: Client) -> None:
    """Two were due: one landed in its iteration, the other a day after it. What it provides came six days late."""
    plan.card("In time", plan.falcon, 1, done_on=date(2026, 1, 16))
    late = plan.card("Late", plan.heron, 1, done_on=date(2026, 1, 17))
    need = plan.need(late, plan.card("Waits", plan.falcon, None), needed_in=plan.iterations[0])
    with write(None, plan.increment, "delivered") as board:
        board.set(board.hold(need), agreement="delivered", delivered_on=date(2026, 1, 22))
        goal = board.add(Objective(increment=board.increment, lane=plan.falcon, title="Refunds", planned_value=8))
    commit(actor=cast.pmo, increment=plan.increment, at=datetime(2026, 1, 2, tzinfo=UTC))
    version = Increment.objects.get().version
    wrong = pmo.post("/planning/pi-26-1/close/", {f"objective-{goal.pk}": "12", "version": version})
    assert 'value="12"' in wrong.content.decode()
    close(actor=cast.pmo, increment=plan.increment, actual_values={goal.pk: 6}, at=datetime(2026, 4, 1, tzinfo=UTC))
    page = pmo.get("/planning/pi-26-1/looking-back/")
    # Iteration 1 ended on Friday, 16 January.
    assert page.context["finding"] == (
        "1 of 2 cards landed in the iteration they were committed to, 1 dependency came late"
    )
    [one] = page.context["page"].late
    assert (one.provider, one.days) == ("Heron", 6)
    # 6 ÷ 8 = 75 %.
    assert "75 %" in pmo.get("/planning/trains/payments-train/").content.decode()
    assert "n/a: too little data: 0 of 10 forecasts" in page.content.decode()


def test_who_left_the_train_reads_what_they_planned_and_no_link_to_it(cast: Cast, plan: Planned) -> None:
    reader, pmo = Client(), Client()
    reader.force_login(cast.member)
    pmo.force_login(cast.pmo)
    plan.train.seats.filter(team=cast.falcon).update(during=DateRange(date(2025, 1, 1), date(2026, 4, 1)))
    for page in ("", "changes/", "looking-back/", "repair/"):
        assert "/planning/trains/payments-train/" in pmo.get(f"/planning/pi-26-1/{page}").content.decode()
        said = reader.get(f"/planning/pi-26-1/{page}").content.decode()
        assert "Payments train" in said
        assert "/planning/trains/payments-train/" not in said, page
    assert reader.get("/planning/trains/payments-train/").status_code == 404


def test_changes_as_a_file(cast: Cast, plan: Planned, pmo: Client) -> None:
    card = plan.card("=Refund API", plan.falcon, 1)
    commit(actor=cast.pmo, increment=plan.increment)
    with write(cast.pmo, plan.increment, "moved") as board:
        board.set(board.hold(card), iteration=plan.iterations[1])
        board.say("moved it")
    lines = b"".join(pmo.get("/planning/pi-26-1/changes/?format=csv")).decode()
    assert '\'=Refund API,card,moved,"from Falcon, Iteration 1 to Falcon, Iteration 2",Pia Ito' in lines
    assert pmo.get("/planning/pi-26-1/changes/?baseline=7").status_code == 404


def test_the_same_by_the_api(cast: Cast, plan: Planned, pmo: Client) -> None:
    url, kind = "/api/v1/increments/pi-26-1/", "application/json"
    assert pmo.get(f"{url}changes/").status_code == 404
    assert pmo.post(f"{url}state/", {"to": "committed", "version": 1}, kind).json()["state"] == "committed"
    stale = pmo.patch(url, {"name": "PI Two", "version": 1}, kind)
    assert stale.status_code == 409
    assert (stale.json()["who"], stale.json()["version"]) == (str(cast.pmo), 2)
    refused = pmo.post(f"{url}state/", {"to": "planning", "version": 2}, kind)
    assert refused.json() == {"reason": ["Say why: it is kept in the log."]}
    assert pmo.get(f"{url}changes/").json()["stability"] is None
    spans = [{"first_on": "2026-06-01", "last_on": "2026-06-14"}, {"first_on": "2026-06-14", "last_on": "2026-06-28"}]
    made = {"train": "payments-train", "name": "PI 26.2", "iterations": spans}
    assert "before Iteration 1 ends" in pmo.post("/api/v1/increments/", made, kind).json()["iterations"][0]
    spans[1]["first_on"] = "2026-06-15"
    assert [row["name"] for row in pmo.post("/api/v1/increments/", made, kind).json()["iterations"]] == [
        "Iteration 1",
        "Iteration 2",
    ]
    fewer = {"teams": ["falcon"], "teams_from": "2026-02-02", "version": 1}
    left = pmo.patch("/api/v1/trains/payments-train/", fewer, kind).json()
    assert {seat["team"]: seat["last"] for seat in left["seats"]} == {
        "falcon": None,
        "heron": "2026-02-01",
        "kite": "2026-02-01",
    }
