"""The board: columns and cards, moving on it, what a resolution asks, who was faster, and back again."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from impediments.actions import log_impediment, move_impediment, resolve, set_level
from impediments.models import Impediment
from tests.cast import Cast
from tests.impediments.clocks_cast import at, in_berlin, logged
from tests.impediments.work_cast import items

pytestmark = pytest.mark.django_db
PART = {"part": "board"}
HOW: dict[str, Any] = {"resolution": "Bought", "root_cause": "process"}


@pytest.fixture
def pmo(cast: Cast, client: Client) -> Client:
    client.force_login(cast.pmo)
    return client


def column(html: str, state: str) -> str:
    return html.split(f'data-board-column="{state}"')[1].split("</section>")[0].split("data-board-column=")[0]


def move(client: Client, one: Impediment, **posted: object) -> tuple[int, str]:
    answer = client.post(f"/impediments/{one.pk}/move/", posted | PART)
    return answer.status_code, answer.content.decode()


def test_each_stands_in_its_column_those_most_is_asked_for_first(cast: Cast, pmo: Client) -> None:
    old, young = logged(cast, "2025-05-06 10:00", what="Old"), logged(cast, "2025-06-06 10:00", what="Young")
    high = logged(cast, "2025-07-01 10:00", what="High", owner=cast.coach)
    set_level(actor=cast.pmo, impediment=high, level=3, reason="Two teams")
    move_impediment(actor=cast.pmo, impediment=young, state="waiting")
    html = pmo.get("/impediments/").content.decode()
    new = column(html, "new")
    assert new.index("High") < new.index("Old")
    assert "3 · VMO board" in new
    assert cast.coach.name in new
    assert "Young" in column(html, "waiting")
    assert "3 impediments stand in the way" in html
    assert "1 with the VMO board or above" in html
    # Nothing of it for somebody who sees neither team nor impediment.
    pmo.force_login(cast.outsider)
    assert "Nothing stands in the way" in pmo.get("/impediments/").content.decode()
    assert old.pk


def test_what_was_resolved_long_ago_is_counted_only(cast: Cast, pmo: Client) -> None:
    old, fresh = logged(cast, "2025-05-06 10:00", what="Old"), logged(cast, "2025-06-06 10:00", what="Fresh")
    resolve(actor=None, impediment=old, at=timezone.now() - timedelta(days=15), **HOW)
    resolve(actor=None, impediment=fresh, at=timezone.now() - timedelta(days=13), **HOW)
    html = column(pmo.get("/impediments/").content.decode(), "resolved")
    assert "Fresh" in html
    assert ">Old<" not in html
    assert "1 more</a>, resolved over 14 days ago" in html


def test_a_move_and_its_undo(cast: Cast, pmo: Client) -> None:
    one = logged(cast, "2025-05-06 10:00")
    status, html = move(pmo, one, state="waiting", version=one.version)
    assert (status, "No licence: waiting for others." in html) == (200, True)
    one.refresh_from_db()
    assert one.state == "waiting"
    assert f"/impediments/{one.pk}/move/?state=new&amp;version={one.version}" in html
    pmo.post(f"/impediments/{one.pk}/move/?state=new&version={one.version}", PART)
    one.refresh_from_db()
    assert one.state == "new"


def test_a_resolution_asks_how_and_why_then_ends_it_and_can_be_undone(cast: Cast, pmo: Client) -> None:
    (item,) = items(cast.falcon, "FAL-1")
    one = logged(cast, "2025-05-06 10:00", items=[item])
    # A card that is dropped there is asked, without a word of blame.
    status, html = move(pmo, one, state="resolved", version=one.version)
    assert (status, "How was it resolved?" in html, "aria-invalid" in html) == (400, True, False)
    status, html = move(pmo, one, state="resolved", version=one.version, resolution="Bought", root_cause="")
    assert (status, "Choose why it could happen." in html, "Bought" in html) == (400, True, True)
    one.refresh_from_db()
    assert one.is_open
    status, _ = move(pmo, one, state="resolved", version=one.version, **HOW)
    one.refresh_from_db()
    assert (status, one.state, one.blocks.get().to_at is not None) == (200, "resolved", True)
    pmo.post(f"/impediments/{one.pk}/move/?undo=1&version={one.version}", PART)
    one.refresh_from_db()
    assert (one.state, one.periods.count(), one.blocks.get().to_at) == ("new", 1, None)


def test_who_was_faster_is_told_and_one_click_applies_it_all_the_same(cast: Cast, pmo: Client) -> None:
    one = logged(cast, "2025-05-06 10:00")
    seen = one.version
    move_impediment(actor=cast.coach, impediment=one, state="active")
    status, html = move(pmo, one, state="waiting", version=seen)
    assert status == 409
    assert "Cora Lind moved it" in html
    assert "in progress" in html
    one.refresh_from_db()
    assert one.state == "active"
    assert f'name="version" value="{one.version}"' in html
    assert move(pmo, one, state="waiting", version=one.version)[0] == 200


def test_a_promised_day_goes_with_waiting(cast: Cast, pmo: Client) -> None:
    one = logged(cast, "2025-05-06 10:00")
    assert "Promised for" in pmo.get(f"/impediments/{one.pk}/move/?to=waiting").content.decode()
    day = timezone.localdate() + timedelta(days=9)
    pmo.post(f"/impediments/{one.pk}/move/", {"state": "waiting", "promised_on": day})
    one.refresh_from_db()
    assert (one.state, one.promised_on) == ("waiting", day)
    # Dropped there, the day stays as it was.
    move(pmo, one, state="active")
    move(pmo, one, state="waiting")
    one.refresh_from_db()
    assert one.promised_on == day


def test_filters_and_those_who_may_not_move(cast: Cast, pmo: Client) -> None:
    logged(cast, "2025-05-06 10:00", what="Mine", owner=cast.pmo)
    logged(cast, "2025-05-06 10:00", what="Nobodys", category="legal")
    assert "Nobodys" not in pmo.get("/impediments/?owner=me").content.decode()
    assert ">Mine<" not in pmo.get("/impediments/?category=legal").content.decode()
    assert "No impediment is like that" in pmo.get("/impediments/?level=4").content.decode()
    assert pmo.get("/impediments/?team=%00&level=x&owner=999&stream=nope").status_code == 200
    pmo.force_login(cast.viewer)
    assert "data-move" not in pmo.get("/impediments/").content.decode()


def test_of_a_stream_or_team_alone(cast: Cast, pmo: Client) -> None:
    for team in (cast.falcon, cast.heron, cast.kite):
        log_impediment(actor=None, what=f"In {team.name}", category="other", team=team)

    def shown(query: str) -> list[str]:
        return re.findall(r'data-name="In (\w+)"', pmo.get(f"/impediments/?{query}").content.decode())

    assert sorted(shown("")) == ["Falcon", "Heron", "Kite"]
    assert sorted(shown("stream=payments")) == ["Falcon", "Heron"]
    assert shown("stream=platform") == ["Kite"]
    assert shown("team=heron") == ["Heron"]
    assert shown("stream=platform&team=heron") == []
    # What nobody knows is said nowhere on the board, and narrows nothing.
    assert len(shown("team=nope")) == 3


def test_by_age_and_so_is_what_was_resolved_long_ago(cast: Cast, pmo: Client) -> None:
    """8 hours a day from 9 to 17 in Berlin; 5 May 2025 is a Monday."""
    in_berlin(cast)
    logged(cast, "2025-05-05 09:00", what="Old")
    log_impediment(actor=None, what="Young", category="other", team=cast.falcon)
    # From Monday, 9:00, to Friday: until 17:00 it is five days, a minute earlier not quite; Monday alone is one.
    for what, end in (("Five", "2025-05-09 17:00"), ("Fewer", "2025-05-09 16:59"), ("One", "2025-05-05 17:00")):
        resolve(actor=None, impediment=logged(cast, "2025-05-05 09:00", what=what), at=at(end), **HOW)
    whole, aged = (pmo.get(f"/impediments/{query}").content.decode() for query in ("", "?age=5"))
    assert ('data-name="Old"' in whole, 'data-name="Young"' in whole) == (True, True)
    assert ('data-name="Old"' in aged, 'data-name="Young"' in aged) == (True, False)
    assert "1 impediment stands in the way" in aged
    assert "3 resolved over 14 days ago" in column(whole, "resolved")
    assert "1 resolved over 14 days ago" in column(aged, "resolved")
    assert "resolved over" not in column(pmo.get("/impediments/?age=10").content.decode(), "resolved")
    # The way to them keeps what was chosen.
    href = unescape(re.search(r'href="([^"]*state=resolved[^"]*)"', aged).group(1))  # type: ignore[union-attr]
    assert href == "/impediments/list/?state=resolved&age=5"
    listed = pmo.get(href).content.decode()
    assert (">Five<" in listed, ">Fewer<" in listed) == (True, False)
    # One of the pickers asks for it, and says what is chosen.
    assert re.search(r'class="key">Age</span> 5 working days or more', aged)
    assert "?age=10" in whole


def test_as_many_queries_for_one_as_for_three(cast: Cast, pmo: Client) -> None:
    counts = []
    for number in range(3):
        made = items(cast.falcon, f"FAL-{number}")
        logged(cast, "2025-05-06 10:00", what=f"Number {number}", items=made, owner=cast.coach)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            pmo.get("/impediments/?part=board")
        counts.append(len(caught))
    assert counts[1] == counts[2]
