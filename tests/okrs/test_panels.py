"""What objectives add to other pages: marks on cards, key results of work, objectives of places, the palette."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from okrs import apps
from okrs.models import Cycle
from okrs.queries.work import marks
from portfolio.models import Initiative
from tests.cast import Cast
from tests.okrs.cast import Goals, check_in, make_goals

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 15, 12, tzinfo=UTC)


@pytest.fixture
def goals(cast: Cast) -> Goals:
    return make_goals(cast)


@pytest.fixture
def work(cast: Cast, goals: Goals) -> Initiative:
    made = Initiative.objects.create(slug="pay", name="Pay by link", stream=cast.payments)
    goals.more.contributions.create(initiative=made, lift=5)
    goals.less.contributions.create(initiative=made, lift=-2)
    return made


def test_marks_on_cards(cast: Cast, goals: Goals, work: Initiative) -> None:
    (mark,) = marks("initiative", [work.pk], cast.leader, AT)[work.pk]
    assert (mark.text, mark.is_tag) == ("2 key results, no confidence yet", False)
    check_in(goals.more, date(2026, 11, 12), 40, 8)
    check_in(goals.less, date(2026, 11, 12), 9, 3)
    (mark,) = marks("initiative", [work.pk], cast.leader, AT)[work.pk]
    assert (mark.text, mark.tone) == ("2 key results, lowest confidence 3", "warn")
    # Before the check-ins nobody had said anything.
    (mark,) = marks("initiative", [work.pk], cast.leader, datetime(2026, 11, 1, tzinfo=UTC))[work.pk]
    assert mark.text == "2 key results, no confidence yet"
    assert marks("initiative", [work.pk], cast.outsider, AT) == {}


def test_marks_take_the_same_queries_for_many(cast: Cast, goals: Goals, work: Initiative) -> None:
    ids = [work.pk]
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as seen:
            marks("initiative", ids, cast.leader, AT)
        counts.append(len(seen))
        other = Initiative.objects.create(slug=f"p{number}", name=f"P{number}", stream=cast.payments)
        goals.more.contributions.create(initiative=other, lift=1)
        ids.append(other.pk)
    assert counts[0] == counts[1]


def test_key_results_on_the_page_of_an_initiative(client: Client, cast: Cast, goals: Goals, work: Initiative) -> None:
    client.force_login(cast.leader)
    shown = client.get("/portfolio/initiatives/pay/").content.decode()
    assert "Key results it should move" in shown
    assert "Days to a refund" in shown
    assert "−2\u00a0days" in shown


def test_objectives_on_the_pages_of_places(client: Client, cast: Cast, goals: Goals) -> None:
    Cycle.objects.update(ends_on=date(2035, 12, 31))
    client.force_login(cast.coach)
    stream = client.get("/organisation/streams/payments/").content.decode()
    assert "Objectives in Q4 2026" in stream
    assert "Refund at once" in stream
    assert "Refunds in two days" in stream
    team = client.get("/organisation/teams/falcon/").content.decode()
    assert "Refunds in two days" in team
    assert "Refund at once" not in team
    # A team without any is taught where to begin, if its reader may.
    assert "Nothing is aimed at yet" in client.get("/organisation/teams/heron/").content.decode()


def test_the_palette_finds_them(cast: Cast, goals: Goals) -> None:
    found = [(hit.label if hasattr(hit, "label") else hit[0]) for hit in apps.find("refund", cast.leader)]
    assert set(found) == {"Refund at once", "Refunds in two days", "Refunds by themselves", "Days to a refund"}
    assert list(apps.find("refund", cast.outsider)) == []
