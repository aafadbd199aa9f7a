"""How likely commitments are now: items, features and initiatives in one go, by hand and as if asked one by one.

The days are those of tests/metrics/forecast_board.py: Falcon finishes one a day, Heron a coin a day.
"""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from metrics import actions, forecasts
from metrics.forecasts import Question
from metrics.load import upsert
from metrics.measurement import Facets
from metrics.models import Forecast, Source
from portfolio.models import Feature, Initiative, Team, ValueStream
from tests.metrics.cast import team
from tests.metrics.forecast_board import NOON, board, done_on, feature, open_items

pytestmark = pytest.mark.django_db
# Wednesday, 4 June: 2 working days from Tuesday on.
DUE = date(2025, 6, 4)


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def boards() -> tuple[Source, Source]:
    return board(team("falcon")), board(team("heron"), every=2)


def committed(due_on: date = DUE, **fields: Any) -> Forecast:
    made = actions.commit_forecast(actor=None, as_of=NOON, due_on=due_on, **fields)
    return forecasts.stored_for(None).get(pk=made.pk)


def now(*rows: Forecast, days: int = 0) -> list[float | None]:
    found = forecasts.chances_now(rows, NOON + timedelta(days=days))
    return [found[row.pk] for row in rows]


def test_at_once_it_is_the_chance_then(boards: tuple[Source, Source]) -> None:
    """Heron, a coin a day: one item within two days has 3/4; Falcon's two have 1. Refunds: both, so 3/4."""
    falcon_board, heron_board = boards
    falcon, heron = falcon_board.team, heron_board.team
    whole = Initiative.objects.create(slug="refunds", name="Refunds", stream=heron.stream)
    first = feature(falcon_board, "F", 1, *open_items("F", 2), initiative=whole)
    feature(heron_board, "H", 1, *open_items("H", 1), initiative=whole)
    rows = [
        committed(team=heron, items=1),
        committed(team=heron, items=2),
        committed(team=falcon, items=2),
        committed(team=falcon, items=2, question=Question(share=50)),
        # Two of Falcon's for certain and a third of Heron's: 3/4 again.
        committed(stream=heron.stream, items=3),
        committed(feature=first),
        committed(initiative=whole),
    ]
    assert now(*rows) == pytest.approx([3 / 4, 1 / 4, 1, 1 / 4, 3 / 4, 1, 3 / 4])
    assert now(*rows) == [row.chance for row in rows]


def test_what_was_finished_since_counts_and_days_gone_do_not_come_back(boards: tuple[Source, Source]) -> None:
    """Of 3 items until Friday, 6 June, Heron finished one on Tuesday: on Wednesday 2 are left for two coins: 1/4."""
    row = committed(date(2025, 6, 6), team=boards[1].team, items=3)
    assert row.chance == pytest.approx(5 / 16)  # three or four of four coins
    upsert(boards[1], done_on("since", ["2025-06-03"]))
    # The sample is now 11 March to 3 June: the finish of 10 March left it, that of 3 June came: still 30 of 60.
    assert now(row, days=2) == pytest.approx([1 / 4])
    upsert(boards[1], done_on("more", ["2025-06-03", "2025-06-04"]))
    assert now(row, days=2) == [1.0]
    # Its day is here: nothing to forecast.
    assert now(row, days=4) == [None]


def test_only_what_was_meant_counts(boards: tuple[Source, Source]) -> None:
    """Defects on every other day; a defect and a feature were finished since: one of the two is left, for a coin."""
    heron = boards[1].team
    days = [f"2025-05-{day:02d}" for day in range(5, 31)]
    upsert(boards[1], done_on("bug", days, tool_type="Bug"))
    of_defects = Question(facets=Facets(kinds=("defect",)))
    row = committed(date(2025, 6, 5), team=heron, items=5, question=of_defects)
    upsert(boards[1], [*done_on("fixed", ["2025-06-03"] * 4, tool_type="Bug"), *done_on("made", ["2025-06-03"])])
    [left] = now(row, days=1)
    upsert(boards[1], done_on("last", ["2025-06-03"], tool_type="Bug"))
    assert left is not None
    assert left < 1
    assert now(row, days=1) == [1.0]


def test_what_is_no_longer_in_a_queue_has_no_chance_and_what_is_done_is_certain(boards: tuple[Source, Source]) -> None:
    one = feature(boards[0], "F", 1, *open_items("F", 1))
    row = committed(feature=one)
    upsert(boards[0], [*done_on("F-", ["2025-06-03"], parent="F")])
    assert now(row, days=1) == [1.0]
    Feature.objects.update(ended_on=date(2025, 6, 2))
    assert now(row, days=1) == [None]


def test_a_team_without_data_has_no_chance(boards: tuple[Source, Source]) -> None:
    row = committed(date(2026, 1, 1), team=boards[0].team, items=3)
    assert now(row, days=200) == [None]


def test_the_queries_are_those_of_one_row(boards: tuple[Source, Source]) -> None:
    falcon_board, heron_board = boards
    stream = ValueStream.objects.get()

    def made(n: int) -> list[Forecast]:
        whole = Initiative.objects.create(slug=f"i{n}", name=f"I{n}", stream=stream)
        first = feature(falcon_board, f"F{n}", n, *open_items(f"F{n}", 2), initiative=whole)
        feature(heron_board, f"H{n}", n, *open_items(f"H{n}", 1), initiative=whole)
        items: list[Any] = [{"team": team} for team in Team.objects.all()] + [{"stream": stream}]
        due = date(2025, 6, 9) + timedelta(days=n)
        said = [committed(due, items=n, **one) for one in items]
        return [*said, committed(due, feature=first), committed(due, initiative=whole)]

    def queries(rows: list[Forecast]) -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as caught:
            now(*rows)
        return len(caught)

    few = made(1)
    assert queries(few + made(2) + made(3)) == queries(few)
