"""When initiatives and features land: many at once, each by its own day; expected chances by hand."""

from datetime import UTC, date, datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from metrics.forecasts.landing import Ask, Landing, landings
from portfolio import actions
from portfolio.models import Feature, Initiative, Verdict
from tests.cast import Cast
from tests.metrics.forecast_board import NOON, TODAY, board, feature, item, open_items

pytestmark = pytest.mark.django_db
THURSDAY, FRIDAY = date(2025, 6, 5), date(2025, 6, 6)


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


def refunds(cast: Cast, **fields: object) -> Initiative:
    return Initiative.objects.create(slug="refunds", name="Refunds", stream=cast.payments, **fields)


def of(thing: Feature | Initiative, by: date, at: datetime = NOON) -> Landing:
    ask = Ask("feature" if isinstance(thing, Feature) else "initiative", thing.pk, by)
    return landings([ask], at)[ask]


def test_a_feature_by_a_day(cast: Cast) -> None:
    # An item on every second working day: three items within the three days to Thursday with 1/8, within the four to
    # Friday with (4 + 1) / 16.
    one = feature(board(cast.falcon, every=2), "Card", 1, *open_items("Card", 3))
    assert of(one, THURSDAY).chance == pytest.approx(1 / 8)
    assert of(one, FRIDAY).chance == pytest.approx(5 / 16)
    assert of(one, TODAY).chance == 0


def test_an_initiative_waits_for_all_its_features(cast: Cast) -> None:
    initiative = refunds(cast)
    made = board(cast.falcon, every=2)
    feature(made, "Card", 1, *open_items("Card", 2), initiative=initiative)
    last = feature(made, "Bank", 2, *open_items("Bank", 1), initiative=initiative)
    feature(board(cast.heron), "Mail", 1, *open_items("Mail", 3), initiative=initiative)
    # Heron finishes one a day: certain by Thursday. Falcon's three items: 1/8 as above.
    assert of(initiative, THURSDAY).chance == of(last, THURSDAY).chance == pytest.approx(1 / 8)


def test_what_has_landed(cast: Cast) -> None:
    initiative = refunds(cast)
    made = board(cast.falcon)
    done = [item(f"Card-{n}", f"2025-05-{day} done", parent="Card") for n, day in enumerate((20, 22))]
    card = feature(made, "Card", 1, *done, initiative=initiative)
    assert of(card, THURSDAY) == Landing(1.0, landed_on=date(2025, 5, 22))
    assert of(card, date(2025, 5, 21)) == Landing(0.0, landed_on=date(2025, 5, 22))
    assert of(initiative, THURSDAY) == Landing(1.0, landed_on=date(2025, 5, 22))
    # As of the day between, one item was still open.
    before = of(card, THURSDAY, datetime(2025, 5, 21, 12, tzinfo=UTC))
    assert before.landed_on is None
    assert before.chance == pytest.approx(1)
    feature(made, "Bank", 2, *open_items("Bank", 1), initiative=initiative)
    cache.clear()
    assert of(initiative, THURSDAY).landed_on is None


def test_what_was_stopped_or_dropped_never_lands(cast: Cast) -> None:
    made = board(cast.falcon)
    dropped = feature(made, "Card", 1, *open_items("Card", 1), ended_on=date(2025, 5, 30))
    without = Feature.objects.create(team=cast.falcon, name="Talk", ended_on=date(2025, 5, 30))
    initiative = refunds(cast, stage="done", verdict=Verdict.STOP, ended_on=date(2025, 5, 30))
    assert of(dropped, FRIDAY) == Landing(0.0, "Card was closed before it was finished")
    assert of(initiative, FRIDAY) == Landing(0.0, "Refunds was stopped")
    assert of(without, FRIDAY) == Landing(1.0, landed_on=date(2025, 5, 30))
    Initiative.objects.update(verdict=Verdict.PERSEVERE)
    cache.clear()
    assert of(initiative, FRIDAY) == Landing(1.0, landed_on=date(2025, 5, 30))


def test_what_cannot_be_told_says_why(cast: Cast) -> None:
    # Heron has finished nothing in the last 84 days.
    board(cast.falcon)
    one = feature(board(cast.heron, every=0), "Mail", 1, *open_items("Mail", 1))
    found = of(one, FRIDAY)
    assert (found.chance, found.landed_on) == (None, None)
    assert "Heron" in found.reason
    nobody = of(refunds(cast), FRIDAY)
    assert (nobody.chance, nobody.reason) == (None, "no feature and no team: nothing says who would do it")
    gone = Ask("feature", 0, FRIDAY)
    assert landings([gone], NOON)[gone] == Landing(None, "it is not there any more")


def test_a_change_of_the_queue_is_seen_at_once(cast: Cast) -> None:
    made = board(cast.falcon, every=2)
    first = feature(made, "Card", 1, *open_items("Card", 3))
    second = feature(made, "Bank", 2, *open_items("Bank", 3))
    assert of(second, THURSDAY).chance == 0
    actions.move_feature(actor=None, feature=second, to=1)
    assert of(second, THURSDAY).chance == pytest.approx(1 / 8)
    assert of(first, THURSDAY).chance == 0


def test_as_many_queries_for_one_as_for_many(cast: Cast) -> None:
    made = board(cast.falcon)
    initiative = refunds(cast)
    parts = [feature(made, f"F{n}", n, *open_items(f"F{n}", 2), initiative=initiative) for n in range(4)]
    counts = []
    for asks in (
        [Ask("feature", parts[0].pk, FRIDAY), Ask("initiative", initiative.pk, FRIDAY)],
        [*(Ask("feature", one.pk, THURSDAY) for one in parts), Ask("initiative", initiative.pk, THURSDAY)],
    ):
        with CaptureQueriesContext(connection) as queries:
            assert len(landings(asks, NOON)) == len(asks)
        counts.append(len(queries))
    assert counts[0] == counts[1]
