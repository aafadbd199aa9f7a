"""The overview: a line per stream with flow and delivery, where to look first, how fresh it is."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from dashboards.queries import home
from metrics.forms import Asked
from metrics.measurement import Measurement, Window
from metrics.models import Source
from portfolio.queries import find_scope
from tests.cast import Cast
from tests.dashboards.conftest import WINDOW


def test_the_leader_sees_every_stream_with_its_figures(leader: Client) -> None:
    html = leader.get("/", WINDOW).content.decode()
    for stream in ("Payments", "Onboarding", "Platform"):
        assert html.count(f'class="name">{stream}</a>') == 2, "once in each table"
    assert "Where should I look first?" in html
    assert "How fresh is what I see?" in html


def test_a_stream_shows_its_teams(leader: Client) -> None:
    html = leader.get("/", {**WINDOW, "scope": "stream:payments"}).content.decode()
    assert html.count('class="name">Falcon</a>') == html.count('class="name">Heron</a>') == 2
    assert 'class="name">Kite</a>' not in html


def test_a_member_sees_their_team_only(as_demo: Callable[[str], Client]) -> None:
    html = as_demo("member").get("/", WINDOW).content.decode()
    assert 'class="name">Falcon</a>' in html
    assert "Heron" not in html
    assert "Payments" not in html


def test_a_cell_leads_to_its_rows(leader: Client) -> None:
    html = leader.get("/", WINDOW).content.decode()
    link = re.search(r'href="(/explain/cycle_time/\?scope=stream:payments[^"]+)"', html)
    assert link
    assert leader.get(link[1].replace("&amp;", "&")).status_code == 200


def test_who_sees_no_team_is_told_what_to_do(cast: Cast, client: Client) -> None:
    client.force_login(cast.outsider)
    html = client.get("/").content.decode()
    assert "You see no team yet" in html
    assert client.get("/", {"scope": "team:falcon"}).status_code == 404


def test_without_data_the_overview_stands_and_says_why(cast: Cast, client: Client) -> None:
    client.force_login(cast.leader)
    html = client.get("/").content.decode()
    assert html.count(">n/a<") >= 10
    assert "No source is connected yet" in html


def counted(n: int, value: float, unit: str) -> Measurement:
    return Measurement(value, unit, n=n)


@pytest.mark.parametrize(
    ("now", "before", "notable"),
    [
        # 6 of 50 after 3 of 50: could be chance; 30 of 50 after 3 of 50: could not.
        (counted(50, 0.12, "ratio"), counted(50, 0.06, "ratio"), False),
        (counted(50, 0.60, "ratio"), counted(50, 0.06, "ratio"), True),
        (counted(30, 30, "items"), counted(40, 40, "items"), False),
        (counted(200, 200, "items"), counted(400, 400, "items"), True),
        (counted(19, 9, "days"), counted(300, 3, "days"), False),
        (counted(25, 9, "days"), counted(300, 3, "days"), True),
    ],
)
def test_a_change_is_marked_only_when_it_is_more_than_chance(
    now: Measurement, before: Measurement, notable: bool
) -> None:
    assert home._is_more_than_chance(now, before) is notable


def test_what_got_worse_is_said_as_a_sentence(cast: Cast) -> None:
    asked = Asked(find_scope("team:falcon", cast.leader), Window(date(2026, 1, 1), date(2026, 3, 31)), None)

    def said(key: str, now: Measurement, before: Measurement) -> str:
        cell = home._cell(key, key, 0, now, before, asked)
        line = home.Line(asked.scope, [cell], "", "", "")
        return home._worst([line], 90)[0].text

    fewer = said("deployment_frequency", counted(40, 0.5, "per day"), counted(80, 1.0, "per day"))
    assert fewer == "Falcon deploys 50\u00a0% less often"
    longer = said("change_lead_time", counted(40, 7200, "seconds"), counted(80, 3600, "seconds"))
    assert longer == "Changes at Falcon take 100\u00a0% longer to reach production"
    assert set(home.SAID) == {key for key, _, _ in home.COLUMNS}


def test_sources_are_named_only_when_they_need_somebody(cast: Cast, client: Client) -> None:
    client.force_login(cast.leader)
    now = timezone.now()
    fresh = {"team": cast.falcon, "tool": "git", "schedule_minutes": 15}
    Source.objects.create(slug="a", name="Calm", synced_at=now - timedelta(minutes=5), **fresh)
    Source.objects.create(slug="b", name="Quiet", synced_at=now - timedelta(minutes=9), **fresh)
    html = client.get("/").content.decode()
    assert "Nothing is stale: the oldest of 2 sources was synced 9 min ago." in html
    assert "Calm" not in html
    Source.objects.filter(slug="a").update(synced_at=now - timedelta(hours=2))
    html = client.get("/").content.decode()
    assert "1 of 2 sources has no fresh data." in html
    assert "Calm" in html
    assert "Quiet" not in html


def test_the_number_of_queries_is_the_same_for_one_source_and_for_three(cast: Cast, client: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(user: User) -> int:
        client.force_login(user)
        client.get("/sources/")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get("/sources/").status_code == 200
        return len(caught)

    Source.objects.create(slug="a", name="A", tool="git", team=cast.falcon)
    one = queries(cast.leader)
    Source.objects.create(slug="b", name="B", tool="git", team=cast.heron)
    Source.objects.create(slug="c", name="C", tool="csv", team=cast.kite)
    assert queries(cast.leader) == one
