"""What is sent about impediments by mistake or on purpose, by a page and by the API: told in words, nothing written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.models import AuditEntry
from impediments import actions
from impediments.models import BlockedDay, Impediment
from metrics.models import ItemFlow, Source
from tests.access import Props
from tests.cast import Cast

API = "/api/v1/"


def tomorrow() -> str:
    # Tomorrow in every zone.
    return (timezone.now() + timedelta(days=2)).date().isoformat()


def end_falcon(props: Props) -> None:
    props.cast.falcon.ended_on = date(2025, 1, 31)
    props.cast.falcon.save()


def delete_item(props: Props) -> None:
    props.item.deleted_at = timezone.now()
    props.item.save()


def finish_item(props: Props) -> None:
    at = datetime(2025, 2, 3, 12, tzinfo=UTC)  # a month before it would have been blocked
    ItemFlow.objects.create(item=props.item, team=props.cast.falcon, state="done", created_at=at, finished_at=at)


@dataclass(frozen=True)
class Bad:
    """What is sent to a page, and the same to the API; `words` are said at `name` there. `before`: what happened."""

    page: str
    sent: dict[str, Any]
    api: str
    body: dict[str, Any]
    name: str
    words: str
    page_words: str = ""
    before: Callable[[Props], None] = field(default=lambda props: None)


NEW, LOGGED = "/impediments/new/", {"what": "No rights", "category": "access", "team": "falcon", "since": "2025-03-03"}
ONE, OF_ONE = "/impediments/{impediment.pk}/", "impediments/{impediment.pk}/"
NOT_ONE = "Select a valid choice"
CASES = {
    "since tomorrow": Bad(
        NEW, {**LOGGED, "since": tomorrow()}, "impediments/", {**LOGGED, "since": tomorrow()}, "since", "is to come"
    ),
    "since absurdly long ago": Bad(
        NEW,
        {**LOGGED, "since": "0101-01-01"},
        "impediments/",
        {**LOGGED, "since": "0101-01-01"},
        "since",
        "Give a day from 1990 on",
    ),
    "a team that ended": Bad(
        NEW, LOGGED, "impediments/", LOGGED, "team", "Falcon ended on 31 January 2025", NOT_ONE, end_falcon
    ),
    "an item that is gone in its tool": Bad(
        NEW,
        {**LOGGED, "items": "{item.pk}"},
        "impediments/",
        {**LOGGED, "items": ["{item.pk}"]},
        "items",
        "FAL-1: not there any more in its tool",
        before=delete_item,
    ),
    "an item that is finished": Bad(
        NEW,
        {**LOGGED, "items": "{item.pk}"},
        "impediments/",
        {**LOGGED, "items": ["{item.pk}"]},
        "items",
        "nothing blocks it any more",
        before=finish_item,
    ),
    "nothing said": Bad(
        NEW, {**LOGGED, "what": "   "}, "impediments/", {**LOGGED, "what": "   "}, "what", "", "This field is required"
    ),
    "an unknown kind": Bad(
        NEW,
        {**LOGGED, "category": "weather"},
        "impediments/",
        {**LOGGED, "category": "weather"},
        "category",
        "is not a valid choice",
        NOT_ONE,
    ),
    "resolved without a reason": Bad(
        f"{ONE}move/",
        {"state": "resolved", "resolution": "Bought", "root_cause": ""},
        f"{OF_ONE}move/",
        {"state": "resolved", "resolution": "Bought"},
        "root_cause",
        "Choose why it could happen.",
    ),
    "resolved without words": Bad(
        f"{ONE}move/",
        {"state": "resolved", "resolution": " ", "root_cause": "policy"},
        f"{OF_ONE}move/",
        {"state": "resolved", "root_cause": "policy"},
        "resolution",
        "Say in a sentence how it was resolved",
    ),
    "a pause until yesterday": Bad(
        f"{ONE}pause/",
        {"reason": "A date", "until_on": "2025-01-01"},
        f"{OF_ONE}pause/",
        {"reason": "A date", "until_on": "2025-01-01"},
        "until_on",
        "Choose a day to come.",
    ),
    "a pause without a reason": Bad(
        f"{ONE}pause/", {"reason": ""}, f"{OF_ONE}pause/", {"reason": ""}, "reason", "", "This field is required"
    ),
    "a fifth level": Bad(
        f"{ONE}level/",
        {"level": 5, "reason": "All of us"},
        f"{OF_ONE}level/",
        {"level": 5, "reason": "All of us"},
        "level",
        "is not a valid choice",
        NOT_ONE,
    ),
    "a duplicate of itself": Bad(
        f"{ONE}merge/", {"into": "{impediment.pk}"}, f"{OF_ONE}merge/", {"into": "{impediment.pk}"}, "into", "", NOT_ONE
    ),
    "an action of a day that is over": Bad(
        f"{ONE}improve/",
        {"name": "Ask", "place": "team:{falcon.pk}", "due_on": "2025-01-01"},
        f"{OF_ONE}improve/",
        {"name": "Ask", "due_on": "2025-01-01"},
        "due_on",
        "This day is over",
    ),
}


@pytest.fixture
def props(cast: Cast, client: Client) -> Props:
    client.force_login(cast.administrator)
    return Props(cast)


@pytest.mark.parametrize("name", CASES)
def test_a_page_and_the_api_refuse_it_in_words(name: str, props: Props, client: Client) -> None:
    bad = CASES[name]
    bad.before(props)
    before, logged = AuditEntry.objects.count(), Impediment.objects.count()
    page = client.post(props.fill(bad.page), props.fill(bad.sent))
    assert page.status_code in {200, 400}
    assert (bad.page_words or bad.words) in unescape(page.content.decode())
    answer = client.post(f"{API}{props.fill(bad.api)}", props.fill(bad.body), "application/json")
    assert (answer.status_code, list(answer.json())) == (400, [bad.name])
    assert bad.words in str(answer.json()[bad.name])
    # Whatever is written leaves an entry.
    assert (AuditEntry.objects.count(), Impediment.objects.count()) == (before, logged)


def test_an_instant_to_come_is_refused(props: Props, client: Client) -> None:
    since = (timezone.now() + timedelta(minutes=5)).isoformat()
    answer = client.post(f"{API}impediments/", {**LOGGED, "since": since}, "application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["since"])


@pytest.mark.parametrize("how", ["deleted in its tool", "with its source"])
def test_a_linked_item_that_goes_away_leaves_its_key(how: str, props: Props, client: Client) -> None:
    """Every page and route of the impediment says what was blocked, and none falls."""
    one = Impediment.objects.get(pk=props.impediment.pk)
    actions.block_items(actor=None, impediment=one, items=[props.item])
    if how == "with its source":
        Source.objects.get(pk=props.source.pk).delete()
    else:
        delete_item(props)
    here = f"/impediments/{one.pk}/"
    assert "FAL-1" in client.get(here).content.decode()
    for address in ("/impediments/", "/impediments/list/", f"{here}edit/", f"{here}costs.csv", "/impediments/costs/"):
        assert client.get(address).status_code == 200, address
    blocks = client.get(f"{API}impediments/{one.pk}/").json()["blocks"]
    assert [block["key"] for block in blocks] == ["FAL-1"]
    assert client.get(f"{API}impediments/{one.pk}/costs/").json()["capacity"]["item_days"] == 0
    # It can still be resolved, and is in the way again without the item.
    ended = {"resolution": "Gone", "root_cause": "one-off"}
    assert client.post(f"{API}impediments/{one.pk}/resolve/", ended, "application/json").status_code == 200
    again = client.post(f"{API}impediments/{one.pk}/reopen/", {}, "application/json").json()
    assert (again["state"], again["blocks"]) == ("active", [])
    assert not BlockedDay.objects.exists()


def test_limits_that_make_no_sense(props: Props, client: Client) -> None:
    before = AuditEntry.objects.count()
    for body, name in (
        ({"level": 1, "hours": 0}, "hours"),
        ({"level": 1, "hours": -8}, "hours"),
        ({"level": 1, "hours": "1e9"}, "hours"),
        ({"level": 4, "hours": 8}, "level"),
        ({"level": 1, "hours": 8, "category": "weather"}, "category"),
    ):
        answer = client.put(f"{API}impediment-limits/", body, "application/json")
        assert (answer.status_code, list(answer.json())) == (400, [name])
    assert AuditEntry.objects.count() == before
