"""The page of proposals: what is shown to whom, logging it from the form, dismissing, and taking that back."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from impediments.models import Answer, Impediment, Proposal, Trigger, Via
from metrics.load import upsert
from metrics.models import Source, WorkItem
from portfolio.models import Team
from tests.cast import Cast
from tests.metrics.cast import at, source
from tests.metrics.test_flow import STATUSES, history

pytestmark = pytest.mark.django_db
PAGE = "/impediments/proposals/"


@pytest.fixture
def board(cast: Cast) -> Source:
    made = source(cast.falcon, synced_at=at("2025-01-01"))
    upsert(made, STATUSES)
    for name in ("A", "B"):
        upsert(made, history(name, "2025-01-01", "2025-01-06 dev"))
    return made


def proposal(team: Team, what: str = "Procurement", **fields: Any) -> Proposal:
    items = list(WorkItem.objects.filter(team=team).order_by("key"))
    evidence = [
        {"item": item.pk, "key": item.key, "title": "", "url": f"/items/{item.pk}/", "text": "blocked", "now": True}
        | {"team": team.pk}
        for item in items
    ]
    times = dict.fromkeys(("since_at", "found_at", "seen_at"), at("2025-03-20"))
    said = {"trigger": Trigger.REASON, "cause": what, "why": "Three items.", "category": "procurement", **times}
    ids = [item.pk for item in items]
    return Proposal.objects.create(
        stream=team.stream, team=team, what=what, items=ids, evidence=evidence, **(said | fields)
    )


def shown(client: Client) -> str:
    return client.get(PAGE).content.decode()


def test_each_sees_those_of_their_streams_and_teams(client: Client, cast: Cast, board: Source) -> None:
    proposal(cast.falcon)
    proposal(cast.kite, "Certificates")
    for person, seen in (
        (cast.leader, {"Procurement", "Certificates"}),
        (cast.coach, {"Procurement"}),
        (cast.member, {"Procurement"}),
        (cast.outsider, set[str]()),
    ):
        client.force_login(person)
        page = shown(client)
        assert {what for what in ("Procurement", "Certificates") if what in page} == seen
    assert "Nothing is proposed" in page


def test_items_of_other_teams_are_only_counted(client: Client, cast: Cast, board: Source) -> None:
    row = proposal(cast.falcon)
    foreign = {"item": 1, "key": "HER-1", "title": "Secret", "url": "/", "text": "", "team": cast.heron.pk, "now": True}
    Proposal.objects.filter(pk=row.pk).update(evidence=[*row.evidence, foreign])
    client.force_login(cast.member)
    page = shown(client)
    assert "HER-1" not in page
    assert "And 1 item of teams that you may not see." in page
    client.force_login(cast.coach)
    assert "HER-1" in shown(client)


def test_who_may_not_answer_is_offered_nothing(client: Client, cast: Cast, board: Source) -> None:
    row = proposal(cast.falcon)
    client.force_login(cast.viewer)
    assert "Dismiss it" not in shown(client)
    assert client.post(reverse("impediment-proposal-dismiss", args=[row.pk])).status_code == 403


def test_it_is_logged_from_the_form_as_it_was_filled_in(client: Client, cast: Cast, board: Source) -> None:
    row = proposal(cast.falcon)
    client.force_login(cast.member)
    address = reverse("impediment-proposal-accept", args=[row.pk])
    form = client.get(address).context["form"]
    assert [item.key for item in form.initial["items"]] == ["A", "B"]
    sent = {"what": "Purchase order", "category": "procurement", "team": cast.falcon.pk, "since": "2025-03-20"}
    one = WorkItem.objects.get(key="A")
    answer = client.post(address, {**sent, "items": [one.pk], "asked": "Sign it"})
    made = Impediment.objects.get()
    assert answer.headers["Location"] == reverse("impediment", args=[made.pk])
    assert (made.what, made.via, made.asked, made.logged_by) == ("Purchase order", Via.DATA, "Sign it", cast.member)
    # The day was left as it stood: the very instant that was proposed.
    assert made.since_at == at("2025-03-20")
    assert [block.key for block in made.blocks.all()] == ["A"]
    assert Proposal.objects.get().impediment == made


def test_what_was_typed_stays_and_the_message_is_at_the_field(client: Client, cast: Cast, board: Source) -> None:
    row = proposal(cast.falcon)
    client.force_login(cast.member)
    sent = {"what": "Order", "category": "procurement", "team": cast.falcon.pk, "since": "2999-01-01"}
    answer = client.post(reverse("impediment-proposal-accept", args=[row.pk]), sent)
    assert "since" in answer.context["form"].errors
    assert b'value="Order"' in answer.content
    assert not Impediment.objects.exists()
    assert Proposal.objects.get().state == Answer.OPEN


def test_it_is_dismissed_with_a_reason_and_that_is_undone(client: Client, cast: Cast, board: Source) -> None:
    row = proposal(cast.falcon)
    client.force_login(cast.member)
    page = client.post(reverse("impediment-proposal-dismiss", args=[row.pk]), {"reason": "Usual"}, follow=True)
    undo = reverse("impediment-proposal-restore", args=[row.pk])
    assert undo in page.content.decode()
    assert "Usual" in page.content.decode()
    # Somebody else is late.
    client.force_login(cast.leader)
    late = client.get(reverse("impediment-proposal-accept", args=[row.pk]), follow=True)
    assert "Max Weber dismissed it meanwhile" in late.content.decode()
    client.post(undo)
    assert Proposal.objects.get().state == Answer.OPEN


def test_the_page_asks_as_often_for_three_as_for_one(client: Client, cast: Cast, board: Source) -> None:
    client.force_login(cast.member)

    def asked() -> int:
        with CaptureQueriesContext(connection) as log:
            shown(client)
        return len(log)

    proposal(cast.falcon)
    asked()
    first = asked()
    proposal(cast.falcon, "Certificates")
    proposal(cast.falcon, "Access")
    assert asked() == first
