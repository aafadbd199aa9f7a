"""The overview: a line per stream with flow and delivery, where to look first, how fresh it is."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from dashboards.queries import home
from metrics.measurement import Measurement
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


def test_the_number_of_queries_is_the_same_for_one_source_and_for_three(cast: Cast, client: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from metrics.models import Source

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
