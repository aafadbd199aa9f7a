"""How often expectations were met: whose, since when, of which kind. Values computed by hand."""

from datetime import date
from typing import Any

import pytest

from metrics.load import upsert
from metrics.models import Expectation, Source
from metrics.registry import METRICS, recomputed
from portfolio.models import Team
from tests.metrics.cast import at, source, team
from tests.metrics.test_flow import STATUSES, figure, history
from tests.metrics.test_flow import board as board

pytestmark = pytest.mark.django_db


def expect(days: int, since: str = "2025-01-01", kind: str = "", slug: str = "falcon") -> None:
    owner = Team.objects.get(slug=slug)
    Expectation.objects.create(team=owner, kind=kind, days=days, valid_from=date.fromisoformat(since))


def taking(board: Source, days: int, last: str, **fields: Any) -> None:
    """An item of so many days of cycle time that finished on 2025-03-`last`."""
    key = f"{days} {last} {fields}"
    first = int(last) - days + 1
    upsert(board, history(key, "2025-02-01", f"2025-03-{first:02} 09:00 dev", f"2025-03-{last} 17:00 done", **fields))


def test_met_is_no_longer_than_expected(board: Source) -> None:
    expect(5)
    for days in (4, 5, 6):
        taking(board, days, "14")
    found = figure("expectation_met")
    assert (found.value, found.n, found.parts) == (2 / 3, 3, {"met": 2, "missed": 1})


def test_weeks_are_sums_over_sums(board: Source) -> None:
    expect(5)
    taking(board, 5, "06")
    taking(board, 6, "07")
    taking(board, 6, "14")
    series = figure("expectation_met").series
    assert [(point.at, point.value, point.parts) for point in series] == [
        (date(2025, 3, 3), 0.5, {"met": 1, "finished": 2}),
        (date(2025, 3, 10), 0, {"met": 0, "finished": 1}),
    ]


def test_what_held_at_the_finish_counts(board: Source) -> None:
    expect(3, "2025-03-10")
    expect(6, "2025-03-12")
    taking(board, 5, "09")
    taking(board, 5, "10")
    taking(board, 5, "11")
    taking(board, 5, "12")
    found = figure("expectation_met")
    # Nothing was expected on the 9th; 3 days on the 10th and 11th; 6 from the 12th on.
    assert (found.value, found.n) == (1 / 3, 3)
    rows = found.evidence
    assert rows is not None
    assert [rows.rules[rule] for rule in rows.rule] == [
        "excluded: nothing was expected of it yet", *["finished in the window"] * 3,
    ]  # fmt: skip
    assert recomputed(METRICS["expectation_met"], rows) == found.value


def test_the_latest_counts_whatever_its_days(board: Source) -> None:
    expect(8, "2025-01-01")
    expect(4, "2025-03-01")
    taking(board, 6, "10")
    assert figure("expectation_met").value == 0


def test_a_kind_s_own_goes_before_the_one_for_all(board: Source) -> None:
    expect(3)
    expect(9, "2025-03-10", "defect")
    taking(board, 6, "09", tool_type="Bug")
    taking(board, 6, "10", tool_type="Bug")
    taking(board, 6, "10", tool_type="Story")
    # On the 9th defects had none of their own yet: 3 days.
    assert figure("expectation_met").parts == {"met": 1, "missed": 2}


def test_a_stream_is_the_sum_over_its_teams_each_by_its_own(board: Source) -> None:
    other = source(team("kestrel"), "other", synced_at=at("2025-01-01"))
    upsert(other, STATUSES)
    expect(3)
    expect(9, slug="kestrel")
    taking(board, 6, "10")
    for last in ("10", "11", "12"):
        taking(other, 6, last)
    assert figure("expectation_met", "stream:payments").value == 3 / 4


def test_nothing_expected_is_not_available_and_not_zero(board: Source) -> None:
    taking(board, 6, "10")
    assert figure("expectation_met").reason == "no service level expectation is set"
    expect(3, "2025-04-01")
    assert figure("expectation_met").reason == "nothing was expected yet of any item finished in this window"
    assert figure("expectation_met").value is None
    assert figure("expectation_met", as_of=at("2025-03-09")).reason == "no item finished in this window"
