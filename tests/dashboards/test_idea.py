"""From idea to customer: days in each stage up to the first production deployment of a change that names an item."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboards.queries import idea
from metrics import actions as metrics
from metrics.load import upsert
from portfolio import actions
from portfolio.models import Initiative
from tests.cast import Cast
from tests.metrics import delivery_cast as delivery
from tests.metrics.cast import source
from tests.metrics.test_epics import STATUSES, item

URL = "/portfolio/idea-to-customer/"
LATER = datetime(2025, 8, 1, tzinfo=UTC)


def initiative(cast: Cast, name: str, funnel: date, analysing: date, implementing: date) -> Initiative:
    made = actions.create_initiative(actor=None, stream=cast.payments, name=name, on=funnel)
    actions.move_initiative(actor=None, initiative=made, stage="analysing", on=analysing)
    return actions.move_initiative(actor=None, initiative=made, stage="implementing", on=implementing)


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    """In the funnel on 20 May, analysed from 26 May, implemented from 2 June; A-1 was deployed on 10 June."""
    made = initiative(cast, "Refunds", date(2025, 5, 20), date(2025, 5, 26), date(2025, 6, 2))
    board = source(cast.falcon)
    upsert(board, [*STATUSES, *item("A-1", "E-1")])
    feature = actions.create_feature(actor=None, team=cast.falcon, name="Part", initiative=made)
    metrics.link_epic(actor=None, feature=feature, source=board, parent="E-1")
    repo = delivery.source(cast.falcon, delivery.service(cast.falcon))
    pull = delivery.pull("7", "c5", "squash", ("x1",), merged="06-05 08:00", opened="06-04 08:00")
    rows = [*delivery.commits(delivery.TRUNK), pull._replace(title="a-1: Refunds at once")]
    runs = [delivery.run("first", "c3", "06-03 10:00"), delivery.run("second", "c6", "06-10 10:00")]
    delivery.deliver(repo, [*rows, *runs])
    return made


def test_days_add_up_to_the_whole_way(cast: Cast, refunds: Initiative) -> None:
    """20 to 26 May: 6 days; to 2 June: 7; to 10 June, both ends: 9. Together 22, as from 20 May to 10 June."""
    [way] = idea.ways(cast.leader, LATER).rows
    assert dict(way.named) == {"Funnel": 6, "Reviewing": 0, "Analysing": 7, "Backlog": 0, "Implementing": 9}
    assert (way.total, way.arrived_on, way.longest) == (22, date(2025, 6, 10), "Implementing")


def test_half_and_most_are_by_nearest_rank(cast: Cast, refunds: Initiative) -> None:
    """One has arrived, after 22 days; another is on its way from 1 May to 1 August, 93 days, and does not count."""
    initiative(cast, "Slow", date(2025, 5, 1), date(2025, 5, 2), date(2025, 5, 3))
    found = idea.ways(cast.leader, LATER)
    assert (found.median, found.most, found.arrived) == (22, 22, 1)
    slow = found.rows[1]
    # 1 day in the funnel, 1 in analysing, 3 May to 1 August with both ends = 91.
    assert (slow.total, slow.arrived_on, list(slow.days)) == (93, None, [1, 0, 1, 0, 91])
    # 9 + 91 of 22 + 93 days were in implementing.
    assert [round(share, 4) for _, _, share in found.shares] == [0.0609, 0.0, 0.0696, 0.0, 0.8696]
    assert (
        found.finding
        == "Half of the ideas reach customers within 22 days; ideas spend 87 % of their way in implementing"
    )


def test_as_of_a_day_before_the_deployment_it_had_not_arrived(cast: Cast, refunds: Initiative) -> None:
    [way] = idea.ways(cast.leader, datetime(2025, 6, 4, 23, 59, tzinfo=UTC)).rows
    assert (way.arrived_on, list(way.days)) == (None, [6, 0, 7, 0, 3])
    assert idea.ways(cast.leader, datetime(2025, 5, 1, tzinfo=UTC)).rows == []


def test_what_was_closed_before_counts_until_then(cast: Cast) -> None:
    made = initiative(cast, "Given up", date(2025, 5, 20), date(2025, 5, 26), date(2025, 6, 2))
    actions.close_initiative(actor=None, initiative=made, on=date(2025, 6, 4), verdict="stop")
    [way] = idea.ways(cast.leader, LATER).rows
    # 20 May to 4 June, both ends counted: 12 + 4 days, 6 + 7 of them before 2 June.
    assert (way.total, way.has_ended, list(way.days)) == (16, True, [6, 0, 7, 0, 3])


def test_the_page_and_its_rows(client: Client, cast: Cast, refunds: Initiative) -> None:
    client.force_login(cast.leader)
    seen = client.get(URL).content.decode()
    assert "Half of the ideas reach customers within 22 days" in seen
    assert "1 of 1 initiative has reached customers" in seen
    lines = b"".join(client.get("/portfolio/idea-to-customer.csv")).decode().splitlines()
    assert lines[1] == "refunds,payments,2025-05-20,2025-06-10,22,6,0,7,0,9"
    client.force_login(cast.outsider)
    assert "No idea is on its way yet" in client.get(URL).content.decode()


def test_nothing_deployed_is_not_zero_days(client: Client, cast: Cast) -> None:
    initiative(cast, "Slow", date(2025, 5, 1), date(2025, 5, 2), date(2025, 5, 3))
    client.force_login(cast.leader)
    seen = client.get(URL).content.decode()
    assert "None has reached customers yet" in seen
    assert "No pull request that was deployed names the key of an item" in seen


def test_as_many_queries_for_one_as_for_three(client: Client, cast: Cast, refunds: Initiative) -> None:
    client.force_login(cast.leader)

    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(URL).status_code == 200
        return len(found)

    count()
    one = count()
    for name in ("A", "B"):
        initiative(cast, name, date(2025, 5, 1), date(2025, 5, 2), date(2025, 5, 3))
    assert count() == one
