"""What one team's impediments, items and money are not told to those of another: on pages, by the API, in what is kept.

Max is of Falcon (Payments); Heron is of Payments too, Kite of Platform: he sees neither.
"""

from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from core.models import AuditEntry
from impediments import actions
from impediments.models import BlockedDay, Impediment
from metrics.models import WorkItem
from portfolio.models import Decision, Grant, Initiative, Role, Team
from tests.cast import Cast
from tests.impediments.clocks_cast import logged
from tests.impediments.costs_cast import blocks, impediment
from tests.impediments.work_cast import items, stays
from tests.metrics.forecast_board import board, feature, open_items

pytestmark = pytest.mark.django_db
SECRET = "Buy the rival"
NEW = "/impediments/new/"


@pytest.fixture
def max_(cast: Cast, client: Client) -> Client:
    client.force_login(cast.member)
    return client


@pytest.fixture
def secret(cast: Cast) -> WorkItem:
    """An item that Heron has in progress, with a title that nobody else may read."""
    (one,) = items(cast.heron, "HER-1")
    one.title = SECRET
    one.save()
    return one


def test_the_form_names_no_items_of_teams_that_one_does_not_see(cast: Cast, max_: Client, secret: WorkItem) -> None:
    (own,) = items(cast.falcon, "FAL-1")
    said: dict[str, Any] = {"what": "", "team": "falcon", "items": [own.pk, secret.pk]}
    for answer in (
        max_.get(f"{NEW}?team=falcon&item={secret.pk}&items={secret.pk}"),
        max_.get(f"{NEW}items/?team=falcon&items={own.pk}&items={secret.pk}"),
        max_.post(NEW, said),
        max_.post(NEW, said | {"show": "1"}),
    ):
        html = answer.content.decode()
        assert "FAL-1" in html
        assert "HER-1" not in html
        assert SECRET not in html
    # Who sees both keeps what was ticked, whichever team the form is about.
    max_.force_login(cast.pmo)
    assert "HER-1" in max_.get(f"{NEW}items/?team=falcon&items={secret.pk}").content.decode()


def took(one: Impediment, team: Team, amount: int) -> None:
    """So much money on one day of a team."""
    BlockedDay.objects.create(impediment=one, team=team, on=date(2025, 5, 7), items=1, in_progress=4, amount=amount)


def costs_of(decision: Decision) -> list[tuple[str, float]]:
    """The money that is kept with a decision."""
    return [(fact["label"], fact["value"]) for fact in decision.evidence if fact["key"].endswith("impediment.cost")]


def test_a_decision_keeps_the_money_of_its_own_stream(cast: Cast) -> None:
    one = logged(cast, "2025-05-06 13:00")
    took(one, cast.falcon, 1800)
    took(one, cast.kite, 7123459)
    mine = actions.ask_leaders(actor=cast.leader, impediment=one, question="Buy it?")
    other = actions.ask_leaders(actor=cast.leader, impediment=one, question="Lend it?", stream=cast.platform)
    assert costs_of(mine) == [("Capacity cost of Payments", 1800)]
    assert costs_of(other) == [("Capacity cost of Platform", 7123459)]
    # Where the stream of the decision paid nothing, no amount is kept at all.
    BlockedDay.objects.filter(team=cast.falcon).delete()
    assert costs_of(actions.ask_leaders(actor=cast.leader, impediment=one, question="Now?")) == []
    BlockedDay.objects.filter(team=cast.kite).delete()
    took(one, cast.falcon, 1800)
    assert costs_of(actions.ask_leaders(actor=cast.leader, impediment=one, question="?")) == [("Capacity cost", 1800)]


def test_money_that_is_not_all_of_it_says_so(cast: Cast) -> None:
    one = logged(cast, "2025-05-06 13:00")
    took(one, cast.falcon, 1800)
    BlockedDay.objects.create(impediment=one, team=cast.heron, on=date(2025, 5, 7), items=1, in_progress=2, amount=None)
    asked = actions.ask_leaders(actor=cast.leader, impediment=one, question="Buy it?")
    (text,) = [fact["text"] for fact in asked.evidence if fact["key"].endswith("impediment.cost")]
    assert text.replace("\xa0", " ") == "1,800 EUR in part: nobody said what a day of Heron costs"


def test_an_owner_asks_no_decision_of_their_own_stream_about_another_one(cast: Cast, client: Client) -> None:
    # Paul is PMO of Payments and looks after an impediment of Kite.
    Grant.objects.create(user=cast.stream_pmo, role=Role.VIEWER, team=cast.kite)
    one = actions.log_impediment(actor=None, what="No link", category="other", team=cast.kite, owner=cast.stream_pmo)
    took(one, cast.kite, 7123459)
    with pytest.raises(PermissionDenied):
        actions.ask_leaders(actor=cast.stream_pmo, impediment=one, question="?", stream=cast.payments)
    client.force_login(cast.stream_pmo)
    body = {"kind": "other", "question": "?", "stream": "payments"}
    assert client.post(f"/api/v1/impediments/{one.pk}/decide/", body, "application/json").status_code == 403
    assert not Decision.objects.exists()


def test_history_names_no_decisions_and_actions_of_others(cast: Cast, max_: Client) -> None:
    one = logged(cast, "2025-05-06 13:00")
    actions.ask_leaders(actor=cast.leader, impediment=one, question="Close Platform?", stream=cast.platform)
    actions.improve(actor=cast.leader, impediment=one, name="Move Kite away", stream=cast.platform)
    html = max_.get(f"/impediments/{one.pk}/").content.decode()
    assert "Leo Brandt raised a decision on it" in html
    assert "Leo Brandt agreed on an action for it" in html
    assert "Close Platform?" not in html
    assert "Move Kite away" not in html
    # Who may read them is shown both.
    max_.force_login(cast.leader)
    html = max_.get(f"/impediments/{one.pk}/").content.decode()
    assert "Close Platform?" in html
    assert "Move Kite away" in html


MERGED = "Duplicate of VMO-{}."


@pytest.fixture
def merged(cast: Cast) -> tuple[Impediment, Impediment]:
    """Of Falcon (Cora owns it), merged by Pia into one of Kite that Max may not see."""
    (item,) = items(cast.falcon, "FAL-1")
    mine = logged(cast, "2025-05-06 13:00", owner=cast.coach, items=[item])
    actions.attach(actor=cast.member, impediment=mine, name="letter.txt", data=b"Only Falcon")
    other = actions.log_impediment(actor=None, what=SECRET, category="other", team=cast.kite)
    actions.merge(actor=cast.pmo, impediment=mine, into=other)
    mine.refresh_from_db()
    other.refresh_from_db()
    return mine, other


def test_merging_tells_each_team_of_its_own_only(
    cast: Cast, max_: Client, merged: tuple[Impediment, Impediment]
) -> None:
    mine, other = merged
    assert mine.resolution == MERGED.format(other.pk)
    for address in (f"/impediments/{mine.pk}/", f"/api/v1/impediments/{mine.pk}/", "/impediments/list/?state=all"):
        text = max_.get(address).content.decode()
        assert SECRET not in text
        assert f'href="/impediments/{other.pk}/"' not in text
    assert MERGED.format(other.pk) in max_.get(f"/impediments/{mine.pk}/").content.decode()
    # The reason that stands at Falcon's item is Falcon's.
    assert [reason for *_, reason in stays(WorkItem.objects.get(key="FAL-1"))] == ["No licence"]
    # Cora does not see Kite, so she does not come to own what is Kite's.
    assert other.owner is None
    # And the other way round: a reader of Kite alone.
    Grant.objects.create(user=cast.outsider, role=Role.COACH, team=cast.kite)
    max_.force_login(cast.outsider)
    text = max_.get(f"/impediments/{other.pk}/").content.decode()
    assert "The portal logged it" in text
    assert f"VMO-{mine.pk}" in text
    assert "No licence" not in text
    assert "letter.txt" not in text
    (file,) = mine.attachments.all()
    assert max_.get(f"/impediments/{other.pk}/files/{file.pk}/").status_code == 404
    # Who sees both reads both.
    max_.force_login(cast.pmo)
    text = max_.get(f"/impediments/{other.pk}/").content.decode()
    assert f'href="/impediments/{mine.pk}/files/{file.pk}/">letter.txt' in text
    assert f'href="/impediments/{other.pk}/">{SECRET}' in max_.get(f"/impediments/{mine.pk}/").content.decode()


def test_programs_are_told_the_key_alone_of_items_of_others(cast: Cast, max_: Client, secret: WorkItem) -> None:
    (own,) = items(cast.falcon, "FAL-1")
    one = logged(cast, "2025-05-06 13:00", items=[own], actor=cast.pmo)
    actions.block_items(actor=cast.pmo, impediment=one, items=[secret])
    for address in (f"/api/v1/impediments/{one.pk}/", "/api/v1/impediments/"):
        told = max_.get(address).json()
        told = told.get("results", [told])[0]
        assert {block["key"]: (block["item"], block["title"]) for block in told["blocks"]} == {
            "FAL-1": (own.pk, own.title),
            "HER-1": (None, ""),
        }
    max_.force_login(cast.pmo)
    told = max_.get(f"/api/v1/impediments/{one.pk}/").json()["blocks"]
    assert (secret.pk, SECRET) in [(block["item"], block["title"]) for block in told]


@pytest.mark.parametrize("every", [1, 0])
def test_initiatives_of_others_are_not_named(cast: Cast, max_: Client, every: int) -> None:
    """With a landing date (items are finished on each working day), and without."""
    cache.clear()
    one = impediment(cast.falcon, "Licence", "2025-05-26 08:00", promised_on=date(2025, 6, 19))
    for team, name in ((cast.falcon, "Refunds"), (cast.kite, SECRET)):
        made = Initiative.objects.create(slug=f"of-{team.slug}", name=name, stream=team.stream)
        feature(board(team, every=every), team.name, 1, *open_items(team.name, 3), initiative=made)
        blocks(one, WorkItem.objects.get(key=f"{team.name}-0"), "2025-05-26 08:00")
    page, api = f"/impediments/{one.pk}/?as_of=2025-06-02", f"/api/v1/impediments/{one.pk}/costs/?as_of=2025-06-02"
    costs = "/impediments/costs/?scope=team:falcon&as_of=2025-06-02"
    for address in (page, api, costs):
        answer = max_.get(address)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert SECRET not in text
        assert "of-kite" not in text
    text = max_.get(page).content.decode()
    if every:
        # From 5 to 19 June: two weeks.
        assert "nobody said what a week of delay of Refunds and an initiative you do not see costs" in text
        assert "An initiative you do not see waits for it, too." in text
    else:
        assert "Refunds has no landing date: " in text
        assert "; an initiative you do not see has no landing date." in text
    # The delay itself is told, and to leaders of whom.
    assert max_.get(api).json()["delay"]["weeks"] == (2 if every else None)
    max_.force_login(cast.leader)
    assert SECRET in max_.get(page).content.decode()
    assert [one["initiative"] for one in max_.get(api).json()["delay"]["initiatives"]] == ["of-falcon", "of-kite"]


def test_an_owner_has_to_see_the_team(cast: Cast, max_: Client) -> None:
    """To act is to read: who hands an impediment over gives nothing away that was not theirs to read."""
    one, said = logged(cast, "2025-05-06 13:00"), {"what": "x", "category": "other", "team": "falcon"}
    for answer in (
        max_.patch(f"/api/v1/impediments/{one.pk}/", {"owner": cast.outsider.pk}, "application/json"),
        max_.post("/api/v1/impediments/", said | {"owner": cast.outsider.pk}, "application/json"),
    ):
        assert answer.status_code == 400
        assert list(answer.json()) == ["owner"]
        assert "Otto" not in answer.content.decode()
    assert Impediment.objects.get().owner is None
    actions.change_impediment(actor=cast.member, impediment=one, owner=cast.coach)
    # Cora sees Payments: with Heron it stays hers, with Kite it does not; the audit trail says why.
    assert actions.change_impediment(actor=cast.pmo, impediment=one, team=cast.heron).owner == cast.coach
    with pytest.raises(ValidationError) as caught:
        actions.change_impediment(actor=cast.pmo, impediment=one, team=cast.kite, owner=cast.member)
    assert list(caught.value.message_dict) == ["owner"]
    moved = actions.change_impediment(actor=cast.pmo, impediment=one, team=cast.kite, owner=cast.coach)
    assert (moved.team, moved.owner) == (cast.kite, None)
    data = AuditEntry.objects.order_by("-pk")[0].data
    assert data["note"] == "its owner does not see what slows Kite down"
    assert data["owner"][1] is None
