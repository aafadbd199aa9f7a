"""Pages of key figures: the list, a figure with its history, values entered, corrected, removed and brought back."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from metrics import actions
from metrics.models import Kpi, KpiValue
from portfolio.models import Initiative
from tests.cast import Cast
from tests.metrics.kpis.test_actions import DAY, figure, record
from tests.portfolio.test_initiatives import undo_of

URL = "/portfolio/kpis/"


@pytest.fixture
def coach(client: Client, cast: Cast) -> Client:
    client.force_login(cast.coach)
    return client


@pytest.fixture
def refunds(cast: Cast) -> Kpi:
    return figure(cast, slug="refunds", target=80, target_on=date(2025, 12, 31))


def test_an_empty_list_teaches(coach: Client) -> None:
    seen = coach.get(URL).content.decode()
    assert "No key figures yet" in seen
    assert "?stream=payments" in seen
    assert "Add the first figure" in seen


def test_made_changed_and_shown(coach: Client, cast: Cast) -> None:
    sent = {"name": "Refunds in a day", "unit": "%", "better": "more", "target": "80", "position": 0, "window_days": 28}
    answer = coach.post(f"{URL}new/?stream=payments", sent)
    assert answer.headers["Location"] == f"{URL}payments-refunds-in-a-day/"
    made = Kpi.objects.get()
    assert (made.stream, made.target, made.measure) == (cast.payments, 80, "")
    coach.post(f"{URL}{made.slug}/change/", sent | {"target": "90"})
    made.refresh_from_db()
    assert made.target == 90
    record(made, timezone.localdate(), 81)
    seen = coach.get(URL).content.decode()
    assert "The one key figure with a target has not reached it yet" in seen
    assert "81\u00a0%" in seen
    assert "at least 90\u00a0%" in seen
    assert "Refunds in a day" in coach.get("/organisation/streams/payments/").content.decode()


def test_what_is_wrong_is_said_and_nothing_is_lost(coach: Client) -> None:
    sent = {"name": "Refunds", "better": "more", "target_on": "2025-12-31", "position": 0, "window_days": 28}
    seen = coach.post(f"{URL}new/?stream=payments", sent).content.decode()
    assert "Say what it should be by that day." in seen
    assert 'value="2025-12-31"' in seen
    assert not Kpi.objects.exists()


def test_a_value_is_recorded_corrected_and_both_undone(coach: Client, refunds: Kpi) -> None:
    done = coach.post(f"{URL}refunds/values/", {"on": "2025-03-03", "value": "40.5", "note": "first"}, follow=True)
    assert "40.5\u00a0% on 3 Mar 2025 was recorded." in done.content.decode()
    again = coach.post(f"{URL}refunds/values/", {"on": "2025-03-03", "value": "42", "note": ""}, follow=True)
    assert "42\u00a0% on 3 Mar 2025 was corrected." in again.content.decode()
    coach.post(undo_of(again))
    assert list(refunds.values.values_list("value", "note")) == [(40.5, "first")]
    coach.post(undo_of(done))
    assert not refunds.values.exists()


def test_a_value_is_removed_and_brought_back(coach: Client, refunds: Kpi) -> None:
    record(refunds, DAY, 40.5, note="a + b")
    done = coach.post(f"{URL}refunds/values/remove/?on=2025-03-03", follow=True)
    assert not refunds.values.exists()
    coach.post(undo_of(done))
    assert list(refunds.values.values_list("on", "value", "note")) == [(DAY, 40.5, "a + b")]


def test_a_day_to_be_corrected_is_filled_in(coach: Client, refunds: Kpi) -> None:
    record(refunds, DAY, 40.5, note="first")
    form = coach.get(f"{URL}refunds/?on=2025-03-03").context["form"]
    assert form.initial == {"on": DAY, "value": 40.5, "note": "first"}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"on": "2999-01-01", "value": "1"}, "is still to come"),
        ({"on": "2025-03-03", "value": "many"}, "Enter a number."),
        ({"on": "2025-03-03", "value": "nan"}, "Enter a number."),
        ({"on": "2025-03-03", "value": "1e16"}, "at most 15 digits"),
        ({"on": "", "value": "1"}, "This field is required."),
    ],
)
def test_a_value_that_cannot_be(coach: Client, refunds: Kpi, sent: dict[str, str], said: str) -> None:
    seen = coach.post(f"{URL}refunds/values/", sent | {"note": "kept"}).content.decode()
    assert said in seen
    assert "Nothing was saved." in seen
    assert 'value="kept"' in seen
    assert not KpiValue.objects.exists()


def test_as_of_shows_what_was_then_and_offers_no_writing(coach: Client, refunds: Kpi) -> None:
    record(refunds, DAY, 40)
    record(refunds, DAY + timedelta(days=7), 50)
    seen = coach.get(f"{URL}refunds/?as_of=2025-03-09").content.decode()
    assert "Refunds in a day: 40\u00a0% on 3 Mar 2025" in seen
    assert "It is 40\u00a0percentage points below its target, which it should reach by 31 Dec 2025" in seen
    assert "Record a value" not in seen
    listed = coach.get(f"{URL}?as_of=2025-03-10").content.decode()
    assert "50\u00a0%" in listed
    assert "/kpis/new/" not in listed
    assert coach.get(f"{URL}?as_of=soon").status_code == 400
    assert coach.get(f"{URL}refunds/?as_of=2999-01-01").status_code == 400


def test_csv(coach: Client, refunds: Kpi) -> None:
    record(refunds, DAY, 40, note="=1+1")
    values = b"".join(coach.get(f"{URL}refunds/?format=csv")).decode().splitlines()
    assert values[1] == "Refunds in a day,2025-03-03,40.0,%,by hand,'=1+1"
    listed = b"".join(coach.get(f"{URL}?format=csv&as_of=2025-03-03")).decode().splitlines()
    assert listed[1] == "Payments,,Refunds in a day,refunds,%,2025-03-03,40.0,80.0,2025-12-31,,,"


def test_a_leading_measure_stands_on_its_initiatives_page(coach: Client, cast: Cast) -> None:
    initiative = Initiative.objects.create(slug="pilot", name="Pilot", stream=cast.payments)
    kpi = figure(cast, name="Sign-ups", unit="", initiative=initiative)
    record(kpi, timezone.localdate(), 12)
    answer = coach.get("/organisation/initiatives/pilot/", follow=True)
    assert "Sign-ups" in answer.content.decode()
    assert "Leading measures" in answer.content.decode()


def test_a_linked_figure_says_so_and_takes_no_values(coach: Client, cast: Cast) -> None:
    kpi = figure(cast, name="Cycle time", measure="cycle_time", percentile=85, team=cast.falcon)
    seen = coach.get(f"{URL}{kpi.slug}/").content.decode()
    assert "by the portal: Cycle time, 85th percentile of Falcon over 28 days." in seen
    assert "Record a value" not in seen
    refused = coach.post(f"{URL}{kpi.slug}/values/", {"on": "2025-03-03", "value": "1"}).content.decode()
    assert "The portal measures Cycle time itself" in refused
    assert not KpiValue.objects.exists()


@pytest.mark.parametrize("address", [URL, "/organisation/streams/payments/"])
def test_one_figure_asks_as_much_as_three(coach: Client, cast: Cast, address: str) -> None:
    record(figure(cast, name="One"), DAY, 1)
    coach.get(address)
    with CaptureQueriesContext(
        connection,
    ) as one:
        coach.get(address)
    for name in ("Two", "Three"):
        record(figure(cast, name=name, owner=cast.leader), DAY, 1)
    with CaptureQueriesContext(connection) as three:
        coach.get(address)
    assert len(one) == len(three)


def test_it_ends_and_goes_on(coach: Client, refunds: Kpi) -> None:
    done = coach.post(f"{URL}refunds/end/", {"on": "2025-06-30"}, follow=True)
    assert "Refunds in a day" not in coach.get(URL).content.decode()
    assert "Refunds in a day" in coach.get(f"{URL}?ended=1").content.decode()
    coach.post(undo_of(done))
    assert "Refunds in a day" in coach.get(URL).content.decode()


def test_the_owner_records_on_the_page(client: Client, cast: Cast, refunds: Kpi) -> None:
    actions.change_kpi(actor=None, kpi=refunds, owner=cast.member)
    client.force_login(cast.member)
    assert "Record a value" in client.get(f"{URL}refunds/").content.decode()
    assert client.get(f"{URL}refunds/change/").status_code == 403
    client.post(f"{URL}refunds/values/", {"on": "2025-03-03", "value": "40"})
    assert refunds.values.get().by == cast.member
