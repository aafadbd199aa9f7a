"""Improvement actions: agreed on, changed, closed and taken up again; the pages, the API, who may."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import AuditEntry, Notice
from portfolio import actions
from portfolio.models import Action, ActionState
from portfolio.queries import improvements as queries
from tests.cast import Cast

LIST = "/improvement/"
API = "/api/v1/actions/"


@pytest.fixture
def member(client: Client, cast: Cast) -> Client:
    client.force_login(cast.member)
    return client


def agreed(cast: Cast, **fields: Any) -> Action:
    return actions.create_action(**{"actor": None, "name": "Ask legal in week one", "team": cast.falcon} | fields)


def test_agreeing_tells_the_owner_and_leaves_one_entry(cast: Cast) -> None:
    row = agreed(cast, actor=cast.coach, owner=cast.member, name="  Ask legal in week one ")
    assert (row.name, row.state, row.made_by, row.version) == ("Ask legal in week one", "open", cast.coach, 1)
    assert AuditEntry.objects.get(target_type="portfolio.action").verb == "agreed on"
    notice = Notice.objects.get(user=cast.member)
    assert notice.url == f"{LIST}{row.pk}/"
    # Who takes one themselves is not told.
    agreed(cast, actor=cast.coach, owner=cast.coach)
    assert Notice.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "  "}, "name"),
        ({"stream": True}, "team"),
        ({"due_on": date(2020, 1, 1)}, "due_on"),
        ({"ended": True}, "team"),
        ({"gone": True}, "owner"),
    ],
)
def test_bad_actions_are_refused(cast: Cast, fields: dict[str, Any], field: str) -> None:
    if fields.pop("stream", False):
        fields["stream"] = cast.payments
    if fields.pop("ended", False):
        cast.falcon.ended_on = date(2025, 1, 1)
        cast.falcon.save()
    if fields.pop("gone", False):
        cast.viewer.is_active = False
        fields["owner"] = cast.viewer
    with pytest.raises(ValidationError) as refused:
        agreed(cast, **fields)
    assert list(refused.value.message_dict) == [field]
    assert not Action.objects.exists()


def test_who_may(cast: Cast) -> None:
    """A member acts for the own team, its PMO for the stream, leaders for all; an owner changes their own."""
    for who, place in ((cast.member, {"team": cast.falcon}), (cast.leader, {"team": None})):
        assert agreed(cast, actor=who, **place).pk
    refused: list[tuple[Any, dict[str, Any]]] = [
        (cast.viewer, {"team": cast.falcon}),
        (cast.member, {"team": cast.heron}),
        (cast.member, {"team": None, "stream": cast.payments}),
        (cast.stream_pmo, {"team": None}),
    ]
    for who, fields in refused:
        with pytest.raises(PermissionDenied):
            agreed(cast, actor=who, **fields)
    other = agreed(cast, team=cast.kite, owner=cast.viewer)
    assert other in Action.objects.for_user(cast.viewer)
    assert other not in Action.objects.for_user(cast.member)
    assert actions.close_action(actor=cast.viewer, action=other).state == ActionState.DONE


def test_the_end_says_why_and_can_be_undone(cast: Cast) -> None:
    row = agreed(cast)
    with pytest.raises(ValidationError) as refused:
        actions.close_action(actor=None, action=row, state=ActionState.DROPPED)
    assert "outcome" in refused.value.message_dict
    done = actions.close_action(actor=None, action=row, outcome="Answers in 2 days", version=1)
    assert (done.state, done.outcome, done.version) == ("done", "Answers in 2 days", 2)
    with pytest.raises(actions.Conflict):
        actions.close_action(actor=None, action=row)
    again = actions.reopen_action(actor=None, action=row)
    assert (again.state, again.outcome, again.closed_at, again.version) == ("open", "", None, 3)
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["agreed on", "finished", "reopened"]


def test_the_list_as_at_a_day(cast: Cast, member: Client) -> None:
    """Agreed on 3 March, due on the 10th, done on the 12th: late on the 11th, open, and done on the 13th."""
    row = agreed(cast, due_on=date(2025, 3, 10), at=datetime(2025, 3, 3, 9, tzinfo=UTC))
    actions.close_action(actor=None, action=row, at=datetime(2025, 3, 12, 9, tzinfo=UTC))
    heads = {}
    for day in ("2025-03-02", "2025-03-10", "2025-03-11", "2025-03-13"):
        text = member.get(f"{LIST}?as_of={day}").text
        heads[day] = text[text.index("<h1") : text.index("</h1>")].split(">")[1].split(", as of")[0].strip()
    assert heads == {
        "2025-03-02": "No improvement action is open",
        "2025-03-10": "1 improvement action is open",
        "2025-03-11": "1 improvement action is open, 1 past its day",
        "2025-03-13": "No improvement action is open",
    }


def test_a_page_for_each_step(cast: Cast, member: Client) -> None:
    sent = {"name": "Order hardware for a quarter", "place": f"team:{cast.falcon.pk}", "owner": cast.member.pk}
    answer = member.post(f"{LIST}new/", sent, follow=True)
    row = Action.objects.get()
    assert answer.request["PATH_INFO"] == f"{LIST}{row.pk}/"
    assert member.post(f"{LIST}{row.pk}/", sent | {"name": "Order for a year", "version": 1}).status_code == 302
    stale = member.post(f"{LIST}{row.pk}/", sent | {"name": "Order monthly", "version": 1})
    assert stale.status_code == 409
    assert "Max Weber changed it" in stale.text
    assert 'value="Order monthly"' in stale.text
    assert 'name="version" value="2"' in stale.text
    over = member.post(f"{LIST}{row.pk}/", sent | {"name": "Order monthly", "version": 2})
    assert over.status_code == 302
    closed = member.post(f"{LIST}{row.pk}/close/", {"state": "dropped", "outcome": "", "version": 3})
    assert "Say why it is dropped." in closed.text
    assert member.post(f"{LIST}{row.pk}/close/", {"state": "done", "version": 3}, follow=True).status_code == 200
    row.refresh_from_db()
    assert (row.name, row.state) == ("Order monthly", "done")
    member.post(f"{LIST}{row.pk}/reopen/")
    assert Action.objects.get().state == "open"


def test_refusals_stand_at_the_field_with_what_was_typed(cast: Cast, member: Client) -> None:
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    sent = {"name": "Order", "place": f"team:{cast.falcon.pk}", "due_on": yesterday}
    text = member.post(f"{LIST}new/", sent).text
    assert "This day is over" in text
    assert f'value="{yesterday}"' in text
    # A place that is not theirs is none of the choices.
    assert member.post(f"{LIST}new/", sent | {"place": f"team:{cast.kite.pk}"}).status_code == 200
    assert not Action.objects.exists()


def test_a_stream_shows_those_of_its_teams(cast: Cast) -> None:
    of_team, of_stream = agreed(cast), agreed(cast, team=None, stream=cast.payments)
    agreed(cast, team=cast.kite)
    from portfolio.queries import find_scope

    rows = queries.of_scope(queries.actions_for(cast.leader), find_scope("stream:payments", cast.leader))
    assert set(rows) == {of_team, of_stream}


def test_the_api_speaks_the_same_verbs(cast: Cast, client: Client) -> None:
    client.force_login(cast.coach)
    body = {"name": "Ask earlier", "team": "falcon", "owner": cast.member.pk, "due_on": "2999-01-01"}
    made = client.post(API, body, "application/json")
    assert made.status_code == 201
    row = made.json()
    changed = client.patch(f"{API}{row['id']}/", {"name": "Ask now", "version": 1}, "application/json").json()
    assert (changed["name"], changed["version"]) == ("Ask now", 2)
    stale = client.patch(f"{API}{row['id']}/", {"name": "Ask late", "version": 1}, "application/json")
    assert (stale.status_code, stale.json()["version"], stale.json()["who"]) == (409, 2, "Cora Lind")
    assert client.post(f"{API}{row['id']}/close/", {"outcome": "Faster"}, "application/json").json()["state"] == "done"
    assert client.post(f"{API}{row['id']}/close/", {}, "application/json").status_code == 409
    assert client.post(f"{API}{row['id']}/reopen/").json()["state"] == "open"
    assert [one["id"] for one in client.get(f"{API}?state=open&scope=team:falcon").json()["results"]] == [row["id"]]
    assert client.get(f"{API}?scope=team:nobody").status_code == 400
    client.force_login(cast.outsider)
    assert client.get(f"{API}{row['id']}/").status_code == 404


def test_a_file_of_all(cast: Cast, member: Client) -> None:
    actions.close_action(actor=None, action=agreed(cast, name="=1+1"), outcome="Yes")
    text = b"".join(member.get(f"{LIST}?format=csv")).decode()
    assert text.splitlines()[1].startswith("'=1+1,Falcon,,,Done,")


def test_the_list_asks_as_often_for_three_as_for_one(cast: Cast, member: Client) -> None:
    counts = []
    for more in (1, 2):
        for number in range(more):
            agreed(cast, owner=cast.member, name=f"Do {number}")
            actions.close_action(actor=None, action=agreed(cast, name=f"Did {number}", owner=cast.coach))
        with CaptureQueriesContext(connection) as asked:
            assert member.get(LIST).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_team_page_shows_the_open_ones(cast: Cast, member: Client) -> None:
    agreed(cast, name="Ask legal in week one")
    actions.close_action(actor=None, action=agreed(cast, name="Done long ago"))
    text = member.get("/organisation/teams/falcon/").text
    assert "Ask legal in week one" in text
    assert "Done long ago" not in text
