"""Figures that are measures of the portal: it writes a value for each day that is over, twice nothing twice."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import F
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.models import AuditEntry
from metrics import actions, load
from metrics.actions.measured import PAST_DAYS, linked
from metrics.models import Kpi, Source
from metrics.tasks import write_kpi
from tests.cast import Cast
from tests.metrics.cast import at, source
from tests.metrics.kpis.test_actions import figure
from tests.metrics.test_behaviour import finish, on
from tests.metrics.test_flow import STATUSES

# A Monday at noon: Sunday the 26th is the last day that is over.
NOW = datetime(2025, 1, 27, 12, tzinfo=UTC)


@pytest.fixture
def throughput(cast: Cast) -> Kpi:
    """Falcon finished 2 items on Wednesday 8 Jan and 3 on Wednesday 15 Jan 2025."""
    board = source(cast.falcon, synced_at=at("2025-01-27"))
    load.upsert(board, STATUSES)
    finish(board, [2, 3])
    return figure(cast, name="Finished", measure="throughput", team=cast.falcon, window_days=7)


def values(kpi: Kpi) -> dict[date, float]:
    return dict(kpi.values.values_list("on", "value"))


def test_a_value_for_each_day_that_is_over(throughput: Kpi) -> None:
    assert on(0) == datetime(2025, 1, 6, on(0).hour, tzinfo=UTC)
    assert throughput.unit == "items"
    written = actions.write_measure(kpi_id=throughput.pk, now=NOW)
    found = values(throughput)
    assert written == len(found)
    # The seven days up to Tuesday hold nothing, up to Wednesday the 8th 2, until the 15th brings 3 as the 2 fall out.
    said = {day: found[date(2025, 1, day)] for day in (7, 8, 14, 15, 21, 22, 26)}
    assert said == {7: 0, 8: 2, 14: 2, 15: 3, 21: 3, 22: 0, 26: 0}
    assert max(found) == date(2025, 1, 26)
    assert min(found) >= date(2025, 1, 26) - timedelta(days=PAST_DAYS - 1)
    row = throughput.values.get(on=date(2025, 1, 15))
    assert (row.origin, row.note, row.by) == ("measure", "measured by the portal", None)


def test_twice_writes_nothing_twice(throughput: Kpi) -> None:
    actions.write_measure(kpi_id=throughput.pk, now=NOW)
    before, entries = values(throughput), AuditEntry.objects.count()
    assert actions.write_measure(kpi_id=throughput.pk, now=NOW) == 0
    assert (values(throughput), AuditEntry.objects.count()) == (before, entries)
    assert actions.write_measure(kpi_id=throughput.pk, now=NOW + timedelta(days=1)) == 1
    write_kpi(throughput.pk)
    write_kpi(throughput.pk)


def test_what_came_late_is_measured_again(throughput: Kpi, cast: Cast) -> None:
    actions.write_measure(kpi_id=throughput.pk, now=NOW)
    assert values(throughput)[date(2025, 1, 24)] == 0
    board = cast.falcon.sources.get()
    # Two more weeks with nothing, then one of 4 items, finished on Wednesday the 22nd: known only now.
    finish(board, [2, 3, 4])
    # A sync says that its source has other data now.
    Source.objects.update(data_version=F("data_version") + 1)
    assert actions.write_measure(kpi_id=throughput.pk, now=NOW) == 3
    assert [values(throughput)[date(2025, 1, day)] for day in (23, 24, 26)] == [0, 4, 4]


def test_a_percentile_in_its_own_unit(cast: Cast, throughput: Kpi) -> None:
    cycle = figure(cast, name="Cycle", measure="cycle_time", percentile=85, team=cast.falcon, window_days=28)
    assert cycle.unit == "days"
    actions.write_measure(kpi_id=cycle.pk, now=NOW)
    # Begun on a Monday, finished on its Wednesday: 3 days each. Before the first finish there is no value at all.
    assert set(values(cycle).values()) == {3}
    assert min(values(cycle)) == date(2025, 1, 8)
    share = figure(cast, name="Flow efficiency", measure="flow_efficiency", team=cast.falcon)
    assert share.unit == "%"
    actions.write_measure(kpi_id=share.pk, now=NOW)
    # They were active all the time: 100 % of it, not 1.
    assert set(values(share).values()) == {100}


def test_another_measure_begins_anew(throughput: Kpi) -> None:
    actions.write_measure(kpi_id=throughput.pk, now=NOW)
    changed = actions.change_kpi(actor=None, kpi=throughput, measure="cycle_time")
    assert changed.unit == "days"
    assert values(changed) == {}
    unlinked = actions.change_kpi(actor=None, kpi=changed, measure="")
    assert actions.write_measure(kpi_id=unlinked.pk, now=NOW) == 0
    assert linked(NOW) == []


def test_a_new_one_is_written_by_a_worker_after_the_commit(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        figure(cast, name="Linked", measure="throughput")
    assert len(callbacks) == 1
    with django_capture_on_commit_callbacks() as callbacks:
        figure(cast, name="By hand")
    assert callbacks == []
