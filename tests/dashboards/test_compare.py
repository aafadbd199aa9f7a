"""The Compare page: small multiples in alphabetical order, each part as its own page says it, no ranking."""

from datetime import date
from functools import partial

import pytest
from django.test import Client

from accounts.models import User
from dashboards.queries.base import Reading
from dashboards.queries.compare import parts
from metrics import queries
from metrics.behaviour import chart, side_by_side
from metrics.forms import Asked
from metrics.load import upsert
from metrics.measurement import Measurement, Window
from metrics.models import Baseline, Source
from portfolio.models import Team, ValueStream
from portfolio.queries import find_scope
from tests.dashboards.flow_cast import board as board
from tests.dashboards.flow_cast import number_of_queries, show
from tests.dashboards.flow_cast import reader as reader
from tests.demo import AS_OF
from tests.metrics.cast import at, source, team
from tests.metrics.test_flow import STATUSES, history

PAGE = "/flow/compare/"


def _with_items(slug: str, n: int, stream: str = "payments") -> Source:
    """A team that finished `n` items, one a day from 4 March on, each started the day before."""
    made = source(team(slug, stream), slug, synced_at=at("2025-01-01"))
    upsert(made, STATUSES)
    for day in range(4, 4 + n):
        key = f"{slug}-{day}"
        upsert(made, history(key, "2025-03-01", f"2025-03-{day - 1:02} 10:00 dev", f"2025-03-{day:02} 11:00 done"))
    return made


@pytest.mark.django_db
def test_teams_stand_side_by_side_in_alphabetical_order(reader: Client) -> None:
    for slug, n in (("kestrel", 3), ("falcon", 1), ("merlin", 2)):
        _with_items(slug, n)
    page = show(reader, PAGE, scope="stream:payments")
    assert page.heading == "Payments: 3 teams side by side, each on its own scale"
    texts = ("how much is finished?", "how long does an item take?", "how much is in progress?")
    assert list(page.widgets) == [f"{name}: {text}" for name in ("Falcon", "Kestrel", "Merlin") for text in texts]
    assert "In alphabetical order." in page.html
    assert "nothing here ranks anybody" in page.html


@pytest.mark.django_db
def test_each_says_its_own_numbers(reader: Client) -> None:
    _with_items("kestrel", 3)
    _with_items("falcon", 1)
    page = show(reader, PAGE, scope="stream:payments").widgets
    assert page["Kestrel: how much is finished?"].answer == (
        "3 items in 28 days; too few full weeks for natural limits."
    )
    assert page["Kestrel: how much is finished?"].trend == "0 items in the 28 days before."
    assert page["Falcon: how much is finished?"].answer.startswith("1 item in 28 days;")
    assert page["Kestrel: how long does an item take?"].answer == "85 % take 2 days or less."
    assert page["Kestrel: how much is in progress?"].answer == "0 items are in progress."
    assert "/flow/?scope=team:kestrel&amp;from=2025-03-03" in page["Kestrel: how much is finished?"].html


@pytest.mark.django_db
def test_the_portfolio_shows_its_streams(reader: Client) -> None:
    _with_items("kestrel", 3)
    _with_items("heron", 2, "lending")
    page = show(reader, PAGE, scope="portfolio")
    assert page.heading == "Portfolio: 2 value streams side by side, each on its own scale"
    assert page.widgets["Lending: how much is finished?"].answer.startswith("2 items in 28 days;")
    assert "/flow/compare/?scope=stream:lending" in page.html


@pytest.mark.django_db
def test_a_team_without_items_says_so(reader: Client) -> None:
    _with_items("kestrel", 3)
    team("falcon")
    said = show(reader, PAGE, scope="stream:payments").widgets["Falcon: how much is finished?"]
    assert (said.answer, said.tag) == ("No work items yet.", "n/a")


@pytest.mark.django_db
def test_a_team_has_nobody_to_stand_beside(board: Source, reader: Client) -> None:
    answer = reader.get(PAGE, {"scope": "team:falcon"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/flow/?scope=team:falcon")
    assert "Compare</a>" not in show(reader).html


@pytest.mark.django_db
def test_as_many_queries_for_three_teams_as_for_one(reader: Client) -> None:
    _with_items("kestrel", 3)
    one = number_of_queries(reader, PAGE, scope="stream:payments")
    _with_items("falcon", 1)
    _with_items("merlin", 2)
    assert number_of_queries(reader, PAGE, scope="stream:payments") == one


def _same(a: Measurement, b: Measurement) -> bool:
    return (a.value, a.n, a.reason, a.percentiles, list(a.series)) == (
        b.value,
        b.n,
        b.reason,
        b.percentiles,
        list(b.series),
    )


@pytest.mark.parametrize("scope", ["stream:payments", "portfolio"])
@pytest.mark.parametrize("key", ["throughput", "cycle_time", "wip", "flow_efficiency", "constraint", "blocked_time"])
def test_a_part_measures_what_its_own_page_does(demo: None, scope: str, key: str) -> None:
    """Seen as parts of one read, teams and streams have the very figures of a read of their own."""
    user = User.objects.get(email="leader@demo.example")
    asked = Asked(find_scope(scope, None), Window(date(2025, 4, 1), date(2025, 6, 29)), AS_OF)
    found = parts(Reading(asked, AS_OF), user)
    assert len(found) >= 2
    for part in found:
        assert _same(part.measure(key), queries.measure(key, part.scope, asked.window, AS_OF)), part.scope.name


@pytest.mark.parametrize("scope", ["stream:payments", "portfolio"])
def test_limits_are_those_of_each_ones_own_limits_page(demo: None, scope: str) -> None:
    """With baselines too: one of a team, one of a stream, one from a day that is still to come."""
    heron, payments = Team.objects.get(slug="heron"), ValueStream.objects.get(slug="payments")
    for place, day in (({"team": heron}, 1), ({"stream": payments}, 5)):
        Baseline.objects.create(measure="throughput", starts_on=date(2025, 4, day), reason="Changed", **place)
    Baseline.objects.create(measure="throughput", starts_on=date(2025, 7, 1), reason="Later", team=heron)
    user = User.objects.get(email="leader@demo.example")
    asked = Asked(find_scope(scope, None), Window(date(2025, 3, 3), date(2025, 6, 29)), AS_OF)
    found = parts(Reading(asked, AS_OF), user)
    measured = [(part.asked, partial(part.measure, "throughput")) for part in found]
    charts = side_by_side("throughput", measured, AS_OF)
    assert charts == [chart("throughput", part.asked, AS_OF) for part in found]
    assert {len(one.segments) for one in charts} == {1, 2}
