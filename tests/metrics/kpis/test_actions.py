"""Key figures and their values: who may, what is refused, what stands after it, what the audit trail says."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEntry
from metrics import actions, kpis
from metrics.actions.kpis import Entry
from metrics.models import Kpi, KpiValue
from portfolio.models import Initiative
from tests.cast import Cast

DAY = date(2025, 3, 3)


def figure(cast: Cast, **fields: Any) -> Kpi:
    given = {"actor": None, "stream": cast.payments, "name": "Refunds in a day", "unit": "%"}
    return actions.create_kpi(**given | fields)


def record(kpi: Kpi, on: date, value: float, **fields: Any) -> KpiValue:
    return actions.record_value(actor=None, kpi=kpi, on=on, value=value, **fields)


@pytest.mark.parametrize("person", ["coach", "leader", "stream_pmo", "pmo", "administrator"])
def test_who_leads_or_coaches_a_stream_makes_them(cast: Cast, person: str) -> None:
    made = figure(cast, actor=cast.person(person), target=80, target_on=DAY)
    assert (made.slug, made.stream, made.target) == ("payments-refunds-in-a-day", cast.payments, 80)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_id, entry.data["target"]) == ("created", cast.person(person).pk, 80)


@pytest.mark.parametrize("person", ["outsider", "member", "viewer"])
def test_members_may_not_but_owners_record(cast: Cast, person: str) -> None:
    with pytest.raises(PermissionDenied):
        figure(cast, actor=cast.person(person))
    made = figure(cast)
    with pytest.raises(PermissionDenied):
        actions.record_value(actor=cast.person(person), kpi=made, on=DAY, value=1)
    owned = actions.change_kpi(actor=cast.leader, kpi=made, owner=cast.person(person))
    assert actions.record_value(actor=cast.person(person), kpi=owned, on=DAY, value=1).by == cast.person(person)
    with pytest.raises(PermissionDenied):
        actions.change_kpi(actor=cast.person(person), kpi=owned, name="Mine")


def test_the_value_as_of_a_day_is_the_latest_before_it(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first, second, third = (figure(cast, name=f"Figure {n}") for n in range(3))
    record(first, DAY, 40)
    record(first, DAY + timedelta(days=7), 44, note="new clearing")
    record(second, DAY + timedelta(days=3), 5)
    with django_assert_num_queries(1):
        found = kpis.value_at([first.pk, second.pk, third.pk], DAY + timedelta(days=2))
    assert {pk: (at.on, at.value) for pk, at in found.items()} == {first.pk: (DAY, 40)}
    found = kpis.value_at([first.pk, second.pk, third.pk], DAY + timedelta(days=7))
    assert {pk: (at.value, at.note) for pk, at in found.items()} == {first.pk: (44, "new clearing"), second.pk: (5, "")}


def test_correcting_a_past_day_changes_it_at_that_day_only(cast: Cast) -> None:
    kpi, later = figure(cast), DAY + timedelta(days=7)
    record(kpi, DAY, 40)
    record(kpi, later, 50)
    record(kpi, DAY, 42)
    assert [(at.on, at.value) for at in kpis.history(kpi.pk, later)] == [(DAY, 42), (later, 50)]
    assert kpis.value_at([kpi.pk], later)[kpi.pk].value == 50
    assert AuditEntry.objects.filter(verb="recorded").first().data == {"2025-03-03": [40, 42]}  # type: ignore[union-attr]


def test_many_values_are_counted_and_the_same_again_changes_nothing(cast: Cast) -> None:
    kpi, other = figure(cast), figure(cast, name="Other")
    record(kpi, DAY, 40)
    record(kpi, DAY + timedelta(days=1), 41)
    entries = [
        Entry(kpi, DAY, 40),  # as it is
        Entry(kpi, DAY + timedelta(days=1), 43),  # corrected
        Entry(kpi, DAY + timedelta(days=2), 44),  # new
        Entry(other, DAY, 1),  # new
    ]
    assert actions.record_values(actor=None, entries=entries, origin="api") == (2, 1, 1)
    before = AuditEntry.objects.count()
    assert actions.record_values(actor=None, entries=entries, origin="api") == (0, 0, 4)
    assert AuditEntry.objects.count() == before
    assert kpi.values.get(on=DAY).origin == "hand"
    assert kpi.values.get(on=DAY + timedelta(days=1)).origin == "api"


def test_what_cannot_be_is_refused_by_field(cast: Cast) -> None:
    kpi = figure(cast, name="Ended")
    actions.end_kpi(actor=None, kpi=kpi, on=DAY)
    kpi.refresh_from_db()
    tomorrow = timezone.localdate() + timedelta(days=1)
    for field, on, value in (
        ("on", tomorrow, 1.0),
        ("on", date(1969, 12, 31), 1.0),
        ("on", DAY + timedelta(days=1), 1.0),
        ("value", DAY, float("nan")),
        ("value", DAY, float("inf")),
        ("value", DAY, 2e15),
    ):
        with pytest.raises(ValidationError) as refused:
            record(kpi, on, value)
        assert list(refused.value.message_dict) == [field]
    assert not KpiValue.objects.exists()
    with pytest.raises(ValidationError) as refused:
        figure(cast, target_on=DAY)
    assert list(refused.value.message_dict) == ["target"]
    elsewhere = Initiative.objects.create(slug="x", name="Elsewhere", stream=cast.platform)
    for fields in (
        {"initiative": elsewhere},
        {"team": cast.kite},
        {"measure": "happiness"},
        {"measure": "throughput", "percentile": 85},
        {"measure": "cycle_time", "percentile": 100},
        {"target": float("nan")},
    ):
        with pytest.raises(ValidationError):
            figure(cast, **fields)
    figure(cast)
    with pytest.raises(ValidationError, match="a figure of this name already"):
        figure(cast)


def test_it_does_not_end_before_its_last_value(cast: Cast) -> None:
    kpi = figure(cast)
    record(kpi, DAY, 40)
    with pytest.raises(ValidationError, match="values after that day"):
        actions.end_kpi(actor=None, kpi=kpi, on=DAY - timedelta(days=1))
    actions.end_kpi(actor=None, kpi=kpi, on=DAY)
    later = DAY + timedelta(days=1)
    assert kpis.of_stream(cast.payments.pk, cast.leader, later) == []
    assert len(kpis.of_stream(cast.payments.pk, cast.leader, DAY)) == 1
    actions.reopen_kpi(actor=None, kpi=kpi)
    assert len(kpis.of_stream(cast.payments.pk, cast.leader, later)) == 1


@pytest.mark.parametrize(
    ("better", "value", "target_on", "state"),
    [
        ("more", 80, None, "reached"),
        ("more", 79.9, None, "open"),
        ("less", 80, None, "reached"),
        ("less", 80.1, None, "open"),
        # The day itself is still in time.
        ("more", 79.9, DAY, "open"),
        ("more", 79.9, DAY - timedelta(days=1), "late"),
    ],
)
def test_the_state(cast: Cast, better: str, value: float, target_on: date | None, state: str) -> None:
    kpi = figure(cast, target=80, better=better, target_on=target_on)
    assert kpis.lines([kpi], DAY)[0].state == "empty"
    record(kpi, DAY, value)
    assert kpis.lines([kpi], DAY)[0].state == state


def test_the_change_is_against_four_weeks_before(cast: Cast) -> None:
    kpi = figure(cast, better="less")
    record(kpi, DAY - timedelta(days=29), 30)
    record(kpi, DAY - timedelta(days=27), 90)
    record(kpi, DAY, 26.5)
    # 26.5 − 30 = −3.5: the value four weeks before DAY is that of the 29th day before it.
    assert kpis.lines([kpi], DAY)[0].change_text == "−3.5\u00a0percentage points since 2 Feb, better"


def test_the_finding_counts_those_with_a_target(cast: Cast) -> None:
    assert kpis.finding([]) == "No key figures yet"
    made = [figure(cast, name=f"Figure {n}", target=10 * n or None) for n in range(4)]
    for kpi in made:
        record(kpi, DAY, 15)
    # Targets are none, 10, 20 and 30: 15 reaches the first of the three.
    assert kpis.finding(kpis.lines(made, DAY)) == "1 of 3 key figures with a target has reached it"
