"""The form that logs an impediment: what is filled in and offered, what is refused at which field, what stays typed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from impediments.models import Impediment
from impediments.queries.items import SHOWN
from tests.cast import Cast
from tests.impediments.clocks_cast import logged
from tests.impediments.work_cast import items, mark

pytestmark = pytest.mark.django_db
NEW = "/impediments/new/"


def page(client: Client, query: str = "", status: int = 200, **posted: Any) -> str:
    answer = client.post(NEW, posted) if posted else client.get(f"{NEW}?{query}")
    assert answer.status_code == status
    return answer.content.decode()


def offered(html: str) -> list[str]:
    return re.findall(r'class="key">([^<]+)<', html)


@pytest.fixture
def max_(cast: Cast, client: Client) -> Client:
    client.force_login(cast.member)
    return client


def test_at_most_five_fields_must_be_filled_and_team_and_day_are(cast: Cast, max_: Client) -> None:
    html = page(max_)
    fields = html.split('<form class="form log"')[1].split("</form>")[0]
    required = set(re.findall(r'name="(\w+)"[^>]*\srequired', fields))
    assert required == {"what", "category", "team", "since"}
    assert '<option value="falcon" selected>' in html
    assert f'value="{timezone.localdate().isoformat()}"' in html


def test_items_in_progress_are_offered_those_marked_first_then_the_oldest(cast: Cast, max_: Client) -> None:
    young, old = items(cast.falcon, "FAL-1", began="2025-06-02 08:00"), items(cast.falcon, "FAL-2", "FAL-3")
    mark(young[0], "2025-06-03 08:00", "No test data")
    html = page(max_)
    assert offered(html) == ["FAL-1", "FAL-2", "FAL-3"]
    assert "blocked in its tool" in html
    assert "No test data" in html
    # One that an impediment blocks already comes last.
    logged(cast, "2025-06-04 10:00", items=[old[0]])
    assert offered(page(max_)) == ["FAL-1", "FAL-3", "FAL-2"]


def test_many_items_are_folded_away(cast: Cast, max_: Client) -> None:
    items(cast.falcon, *(f"FAL-{n}" for n in range(SHOWN + 3)))
    assert "<summary>3 more in progress</summary>" in page(max_)


def test_it_is_logged_with_what_was_ticked_and_named(cast: Cast, max_: Client) -> None:
    made = items(cast.falcon, "FAL-1", "FAL-2", "FAL-3")
    said = {"what": "No licence", "category": "vendor", "team": "falcon", "since": timezone.localdate() - timedelta(3)}
    answer = max_.post(NEW, said | {"items": [made[0].pk], "keys": "fal-2, FAL-1"}, follow=True)
    one = Impediment.objects.get()
    assert answer.redirect_chain == [(f"/impediments/{one.pk}/", 302)]
    assert "then the PMO is asked" in answer.content.decode()
    assert sorted(one.blocks.values_list("key", flat=True)) == ["FAL-1", "FAL-2"]
    assert (one.logged_by, one.via, one.is_external) == (cast.member, "page", True)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("what", "", "This field is required."),
        ("category", "weather", "Select a valid choice"),
        ("team", "kite", "Select a valid choice"),
        ("since", "2199-01-01", "That day is to come"),
        ("keys", "FAL-9", "You see no item FAL-9."),
        ("items", "123456", "not there (any more)"),
        ("promised_on", "soon", "Enter a valid date."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_the_rest_stays(
    cast: Cast, max_: Client, field: str, value: str, text: str
) -> None:
    (one,) = items(cast.falcon, "FAL-1")
    right: dict[str, Any] = {
        "what": "No licence",
        "category": "vendor",
        "team": "falcon",
        "since": "2025-05-06",
        "items": one.pk,
    }
    html = page(max_, **(right | {"description": "Typed with care", field: value}))
    assert text in html
    assert "Typed with care" in html
    assert not Impediment.objects.exists()
    if field not in ("items", "team"):
        assert f'value="{one.pk}" checked' in html


def test_a_team_that_ended_is_neither_offered_nor_taken(cast: Cast, client: Client) -> None:
    cast.heron.ended_on = timezone.localdate() - timedelta(1)
    cast.heron.save()
    client.force_login(cast.pmo)
    html = page(client, "team=heron")
    assert "heron" not in html.lower().split('id="offers"')[0].split("<form")[-1]
    said: dict[str, Any] = {"what": "No licence", "category": "vendor", "team": "heron", "since": "2025-05-06"}
    assert "Select a valid choice" in page(client, **said)


def test_items_of_another_team_with_and_without_scripts(cast: Cast, client: Client) -> None:
    items(cast.heron, "HER-1")
    client.force_login(cast.pmo)
    assert "Choose the team to see its items" in page(client)
    html = client.get(f"{NEW}items/?team=heron").content.decode()
    assert offered(html) == ["HER-1"]
    # The button that a page without scripts has: what was typed stays, nothing is logged or complained of.
    html = page(client, what="Half a sen", team="heron", show="1")
    assert offered(html) == ["HER-1"]
    assert 'value="Half a sen"' in html
    assert "This field is required" not in html


def test_from_an_item_that_its_tool_marks(cast: Cast, max_: Client) -> None:
    (one,) = items(cast.falcon, "FAL-1")
    mark(one, "2025-06-03 08:00", "No test data")
    html = max_.get("/organisation/teams/falcon/").content.decode()
    assert "Blocked in their tool, not logged" in html
    href = re.search(r'href="(/impediments/new/\?team=falcon&amp;item=[^"]+)"', html)
    assert href is not None
    form = max_.get(href.group(1).replace("&amp;", "&")).content.decode()
    assert f'value="{one.pk}" checked' in form
    assert 'value="No test data"' in form


def test_who_may_log_nothing_is_not_offered_the_form(cast: Cast, client: Client) -> None:
    client.force_login(cast.viewer)
    assert "data-log-link" not in client.get("/impediments/").content.decode()
    assert client.get(NEW).status_code == 403
    client.force_login(cast.member)
    html = client.get("/organisation/teams/falcon/").content.decode()
    assert 'href="/impediments/new/?team=falcon" data-log-link' in html
    assert "Log an impediment" in client.get("/search/?q=imp").content.decode()
