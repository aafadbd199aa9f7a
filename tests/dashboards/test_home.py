"""The overview: what its heading says, every stream with its figures, where to look first, how fresh it is."""

import re
from collections.abc import Callable
from datetime import UTC, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from bench.leader import Size, make
from dashboards.queries.home import flow
from metrics.measurement import Measurement
from metrics.models import Source
from portfolio.models import Grant, Role, ValueStream
from portfolio.queries import Scope
from tests.cast import Cast
from tests.dashboards.conftest import WINDOW


def test_the_leader_sees_every_stream_with_its_figures(leader: Client) -> None:
    html = leader.get("/", WINDOW).content.decode()
    for stream in ("Payments", "Onboarding", "Platform"):
        assert re.search(rf'<th scope="row"><a href="/\?scope=stream:[^"]+">{stream}</a>\s*</th>', html)
    for question in ("Which decisions are due?", "Where should I look first?", "Does money become value?"):
        assert f"<h2>{question}</h2>" in html


def test_a_stream_shows_its_teams(leader: Client) -> None:
    html = leader.get("/", {**WINDOW, "scope": "stream:payments"}).content.decode()
    for team in ("Falcon", "Heron"):
        assert re.search(rf'<th scope="row"><a href="/flow/\?scope=team:[^"]+">{team}</a>\s*</th>', html)
    assert "Kite" not in re.sub(r"<details.*?</details>", "", html, flags=re.S).split("<h1>")[1].split("picker")[-1]


def test_a_member_sees_their_team_only(as_demo: Callable[[str], Client]) -> None:
    html = as_demo("member").get("/", WINDOW).content.decode()
    assert ">Falcon</a>" in html
    assert "Heron" not in html
    assert "Payments" not in html
    assert "Does money become value?" not in html
    assert "Which decisions are due?" not in html


def test_a_cell_leads_to_its_rows(leader: Client) -> None:
    html = leader.get("/", WINDOW).content.decode()
    link = re.search(r'href="(/explain/cycle_time/\?scope=stream:payments[^"]+)"', html)
    assert link
    assert leader.get(link[1].replace("&amp;", "&")).status_code == 200


def test_every_widget_has_its_why_its_rows_and_its_csv(leader: Client) -> None:
    html = leader.get("/", WINDOW).content.decode()
    keys = re.findall(r'<section class="widget [^"]+" id="([a-z]+)"', html)
    assert keys == ["decisions", "objectives", "money", "first", "flow", "impediments", "changes", "fresh"]
    for key in keys:
        rows = leader.get(f"/overview/{key}/", WINDOW)
        assert rows.status_code == 200
        assert 'id="why"' in rows.content.decode()
        assert f'href="/?scope=portfolio&amp;from=2025-04-01&amp;to=2025-06-29&amp;as_of={WINDOW["as_of"][:10]}' in (
            rows.content.decode()
        ), "and the way back"
        csv = leader.get(f"/overview/{key}.csv", WINDOW).getvalue().decode()
        heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', rows.content.decode())
        # Heads with a comma are in quotes.
        assert not heads or csv.splitlines()[0].replace('"', "") == ",".join(heads)


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
    assert "Nothing waits for a decision" in html
    assert "No value stream has a budget" in html
    assert "No key result is running" in html
    assert re.search(r"<h1>\s*Nothing needs you", html)


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
    assert flow.is_more_than_chance(now, before) is notable


def test_what_got_worse_is_said_as_a_sentence() -> None:
    falcon = Scope("team", "falcon", "Falcon", UTC, ())  # type: ignore[arg-type]

    def said(key: str, now: Measurement, before: Measurement) -> str:
        return flow.worst_said([flow.Line(falcon, [flow.moved(key, 0, now, before, "")], "")])[0][3]

    fewer = said("deployment_frequency", counted(40, 0.5, "per day"), counted(80, 1.0, "per day"))
    assert fewer == "Falcon deploys 50\u00a0% less often"
    longer = said("change_lead_time", counted(40, 7200, "seconds"), counted(80, 3600, "seconds"))
    assert longer == "Changes at Falcon take 100\u00a0% longer to reach production"
    assert set(flow.SAID) == {key for key, _, _ in flow.COLUMNS}


def test_sources_are_named_only_when_they_need_somebody(cast: Cast, client: Client) -> None:
    client.force_login(cast.leader)
    now = timezone.now()
    fresh = {"team": cast.falcon, "tool": "git", "schedule_minutes": 15}
    Source.objects.create(slug="a", name="Calm", synced_at=now - timedelta(minutes=5), **fresh)
    Source.objects.create(slug="b", name="Quiet", synced_at=now - timedelta(minutes=9), **fresh)
    html = client.get("/").content.decode()
    assert "Nothing is stale: the oldest of 2 sources was synced 9 min ago." in html
    assert ">Calm<" not in html
    Source.objects.filter(slug="a").update(synced_at=now - timedelta(hours=2))
    html = client.get("/").content.decode()
    assert "1 of 2 sources has no fresh data." in html
    assert ">Calm<" in html
    assert ">Quiet<" not in html
    # Every widget says so: stale beats green.
    assert html.count('class="stale"') >= 5


def queries_of(client: Client, address: str) -> int:
    """The queries of the page when nothing of it is kept."""
    cache.clear()
    client.get("/organisation/")
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_the_number_of_queries_is_the_same_for_two_streams_and_for_seven(db: None, client: Client) -> None:
    """The organisation of bench/leader.py, small; bench/leader.md has forty streams."""
    make(Size(streams=7, teams=14, initiatives=28, key_results=56, items=30))
    leader = User.objects.create_user("leader@example.org", "correct-horse-battery", name="Leo Brandt")
    Grant.objects.create(user=leader, role=Role.LEADER)
    client.force_login(leader)
    client.get("/")
    seven = queries_of(client, "/")
    ValueStream.objects.exclude(position__lte=2).update(ended_on=timezone.localdate() - timedelta(days=1))
    assert queries_of(client, "/") == seven <= 90
