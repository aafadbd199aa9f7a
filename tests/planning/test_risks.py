"""Risks: an answer needs what it needs (ROAM), the board moves them, un-ROAMed ones come first."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from planning.actions.risks import add_risk, answer_risk, change_risk, remove_risk, restore_risk
from planning.models import Risk
from planning.queries.risks import unanswered
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned

HOME = "/planning/pi-26-1/risks/"
SCRIPT = {"part": "board"}


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


@pytest.fixture
def page(client: Client, cast: Cast) -> Client:
    client.force_login(cast.member)
    return client


def danger(plan: Planned, **fields: Any) -> Risk:
    given: dict[str, Any] = {"text": "The bank may be late", "lane": plan.falcon} | fields
    return add_risk(actor=None, increment=plan.increment, **given)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"roam": "owned"}, {"owner_name", "due_on"}),
        ({"roam": "owned", "owner_name": "Nora"}, {"due_on"}),
        ({"roam": "mitigated", "plan": " "}, {"plan"}),
        ({"roam": "perhaps"}, {"roam"}),
    ],
)
def test_an_answer_says_what_it_needs(plan: Planned, said: dict[str, Any], wrong: set[str]) -> None:
    one = danger(plan)
    with pytest.raises(ValidationError) as raised:
        answer_risk(actor=None, risk=one, **said)
    assert set(raised.value.message_dict) == wrong
    assert Risk.objects.get().roam == ""


def test_discussed_ones_do_not_block_the_final_plan(plan: Planned) -> None:
    one, other, gone = danger(plan), danger(plan, text="Nobody knows"), danger(plan, text="Gone")
    remove_risk(actor=None, risk=gone)
    answer_risk(actor=None, risk=one, roam="owned", owner_name="Nora", due_on=date(2026, 2, 1))
    assert list(unanswered(plan.increment)) == [other]
    restore_risk(actor=None, risk=gone)
    assert set(unanswered(plan.increment)) == {other, gone}
    assert replayed(plan.increment) == stored(plan.increment)


def test_whose_risks_one_may_write(plan: Planned, cast: Cast) -> None:
    assert add_risk(actor=cast.member, increment=plan.increment, text="Of the train").lane is None
    with pytest.raises(PermissionDenied):
        add_risk(actor=cast.member, increment=plan.increment, text="Of Heron", lane=plan.heron)
    one = danger(plan)
    with pytest.raises(PermissionDenied):
        change_risk(actor=cast.member, risk=one, lane=plan.heron)
    with pytest.raises(PermissionDenied):
        answer_risk(actor=cast.viewer, risk=one, roam="accepted")


def test_a_card_dropped_on_owned_is_asked_who_and_until_when(plan: Planned, page: Client) -> None:
    one = danger(plan)
    address = f"/planning/risks/{one.pk}/move/"
    asked = page.post(address, {"roam": "owned", "version": "1"} | SCRIPT)
    assert asked.status_code == 400
    assert 'name="owner_name"' in asked.content.decode()
    assert "Nothing was saved" not in asked.content.decode()
    form = {"roam": "owned", "owner_name": "Nora", "due_on": "2026-02-01", "version": "1"} | SCRIPT
    done = page.post(address, form)
    assert done.status_code == 200
    assert "The bank may be late: owned." in done.content.decode()
    # The way back keeps what was said.
    assert page.post(f"{address}?undo=1&roam=open&version=2", SCRIPT).status_code == 200
    one.refresh_from_db()
    assert (one.roam, one.owner_name, one.due_on) == ("", "Nora", date(2026, 2, 1))


def test_a_stale_card_says_who_was_faster_and_moves_with_one_click(plan: Planned, page: Client, cast: Cast) -> None:
    one = danger(plan)
    answer_risk(actor=cast.coach, risk=one, roam="accepted", version=1)
    address = f"/planning/risks/{one.pk}/move/"
    stale = page.post(address, {"roam": "resolved", "version": "1"} | SCRIPT)
    assert stale.status_code == 409
    said = stale.content.decode()
    assert "Cora Lind accepted the risk “The bank may be late” of Falcon" in said
    assert "Resolved all the same" in said
    assert page.post(address, {"roam": "resolved", "version": "2"} | SCRIPT).status_code == 200
    with pytest.raises(Conflict):
        change_risk(actor=cast.coach, risk=one, version=2, text="Other")


def test_the_page_works_without_script(plan: Planned, page: Client) -> None:
    made = page.post(f"{HOME}new/", {"text": "The bank may be late", "lane": plan.falcon.pk, "roam": "mitigated"})
    assert made.status_code == 400
    assert "Say what is done about it." in made.content.decode()
    made = page.post(f"{HOME}new/", {"text": "The bank may be late", "lane": plan.falcon.pk, "roam": ""})
    assert made.headers["Location"] == HOME
    one = Risk.objects.get()
    assert "Answer…" in page.get(HOME).content.decode()
    assert (
        page.post(f"/planning/risks/{one.pk}/move/", {"roam": "accepted", "version": "1"}).headers["Location"] == HOME
    )
    assert page.post(f"/planning/risks/{one.pk}/remove/", {"version": "2"}).headers["Location"] == HOME
    assert "no risk is written down" in page.get(HOME).content.decode()


def test_the_heading_says_what_is_left(plan: Planned, page: Client) -> None:
    danger(plan)
    danger(plan, text="Late", roam="owned", owner_name="Nora", due_on=date(2020, 1, 1))
    said = page.get(HOME).content.decode()
    assert "1 of 2 risks is not discussed yet" in said
    assert "past its day" in said
    assert "no risk is written down" in page.get(f"{HOME}?lane={plan.heron.pk}").content.decode()
