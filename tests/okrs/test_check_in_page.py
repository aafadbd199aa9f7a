"""The check-in pages: of one key result, of everything that waits for a person; the same rules by the API."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from metrics.models import Kpi, KpiValue
from okrs.actions.automatic import write_linked
from okrs.models import CheckIn, KeyResult
from tests.cast import Cast
from tests.okrs.goals import cycle, key_result, objective, running_cycle, said

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2025, 7, 7), date(2025, 9, 28)
API = "/api/v1/check-ins/"


@pytest.fixture
def settle(cast: Cast) -> KeyResult:
    """In a cycle that is over and open: its last day stands in the form."""
    return key_result(objective(cycle(FIRST, LAST), cast.falcon), cast.member)


def as_(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(one: KeyResult) -> str:
    return reverse("check-in", args=[one.pk])


def typed(**more: Any) -> dict[str, Any]:
    return {"value": "30", "confidence": "7", "note": "Two banks", "blocker": "", "on": "2025-07-28"} | more


def test_the_last_value_stands_in_the_form_and_one_button_keeps_it(cast: Cast, settle: KeyResult) -> None:
    said(settle, date(2025, 7, 14), 36.5, 4)
    client = as_(cast.member)
    form = client.get(page(settle)).context["form"]
    assert (form["value"].value(), form["confidence"].value(), form["on"].value()) == ("36.5", None, LAST)
    answer = client.post(page(settle), typed(), follow=True)
    assert "Hours to settle: 30\u00a0h on 28 Jul, confidence 7 of 10." in answer.content.decode()
    made = settle.check_ins.get(on=date(2025, 7, 28))
    assert (made.value, made.confidence, made.note, made.by) == (30, 7, "Two banks", cast.member)


def test_correcting_a_day_and_taking_the_correction_back(cast: Cast, settle: KeyResult) -> None:
    said(settle, date(2025, 7, 28), 30, 7, note="Two banks")
    client = as_(cast.member)
    form = client.get(f"{page(settle)}?on=2025-07-28").context["form"]
    assert (form["value"].value(), form["confidence"].value(), form["note"].value()) == ("30", 7, "Two banks")
    answer = client.post(page(settle), typed(value="31", confidence="2"), follow=True)
    assert state(settle) == (31, 2)
    client.post(undo(answer))
    assert state(settle) == (30, 7)


def state(one: KeyResult) -> tuple[float, int | None]:
    row = one.check_ins.get(on=date(2025, 7, 28))
    return row.value, row.confidence


def undo(answer: Any) -> str:
    """Where the message's Undo button leads."""
    return str(next(message.extra_tags for message in answer.context["messages"] if message.extra_tags))


def test_deleting_with_undo(cast: Cast, settle: KeyResult) -> None:
    one = said(settle, date(2025, 7, 28), 30, 7, note="Two banks", blocker="No contract")
    client = as_(cast.member)
    answer = client.post(reverse("check-in-delete", args=[one.pk]), follow=True)
    assert not settle.check_ins.exists()
    client.post(undo(answer))
    back = settle.check_ins.get()
    assert (back.value, back.confidence, back.note, back.blocker) == (30, 7, "Two banks", "No contract")
    # A new one is taken back by deleting it.
    answer = client.post(page(settle), typed(on="2025-08-04"), follow=True)
    client.post(undo(answer))
    assert settle.check_ins.get().on == date(2025, 7, 28)


BAD = [
    ({"on": "2025-07-06"}, "on", "Now begins on 7 Jul 2025: choose a day from then on."),
    ({"on": "2025-09-29"}, "on", "Now ended on 28 Sep 2025: say what held on that day."),
    ({"on": "2999-01-01"}, "on", "This day has not come yet."),
    ({"value": "many"}, "value", "Enter a number."),
    ({"value": ""}, "value", "This field is required."),
    ({"confidence": ""}, "confidence", "Choose from 0 (no hope) to 10 (certain)."),
    ({"confidence": "11"}, "confidence", "Select a valid choice. 11 is not one of the available choices."),
    ({"note": "x" * 301}, "note", "Ensure this value has at most 300 characters (it has 301)."),
]


@pytest.mark.parametrize(("fault", "field", "words"), BAD)
def test_bad_input_is_told_at_the_field_and_stays(
    cast: Cast, settle: KeyResult, fault: dict[str, str], field: str, words: str
) -> None:
    answer = as_(cast.member).post(page(settle), typed(**fault))
    form = answer.context["form"]
    assert form.errors == {field: [words]}
    assert form["note"].value() == fault.get("note", "Two banks")
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"on": "2025-07-06"}, "on"),
        ({"on": "2025-09-29"}, "on"),
        ({"on": "2999-01-01"}, "on"),
        ({"on": "soon"}, "on"),
        ({"value": "many"}, "value"),
        ({"value": None}, "value"),
        ({"confidence": 11}, "confidence"),
        ({"confidence": None}, "confidence"),
        ({"note": "x" * 301}, "note"),
        ({"key_result": 0}, "key_result"),
    ],
)
def test_the_api_refuses_the_same(cast: Cast, settle: KeyResult, fault: dict[str, Any], field: str) -> None:
    given = {"key_result": settle.pk, "on": "2025-07-28", "value": 30, "confidence": 7} | fault
    answer = as_(cast.member).post(API, given, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not CheckIn.objects.exists()


def test_the_api_checks_in_corrects_lists_and_deletes(cast: Cast, settle: KeyResult) -> None:
    client = as_(cast.member)
    given: dict[str, Any] = {"key_result": settle.pk, "on": "2025-07-28", "value": 30, "confidence": 7}
    answer = client.post(API, given, content_type="application/json")
    assert answer.status_code == 201
    corrected = client.post(API, given | {"value": 31}, content_type="application/json")
    assert (corrected.status_code, corrected.json()["id"], corrected.json()["value"]) == (200, answer.json()["id"], 31)
    client.post(API, given | {"on": "2025-07-14", "value": 36}, content_type="application/json")
    listed = client.get(f"{API}?key_result={settle.pk}&as_of=2025-07-27").json()["results"]
    assert [(one["on"], one["value"], one["by"]) for one in listed] == [("2025-07-14", 36, "Max Weber")]
    assert client.delete(f"{API}{answer.json()['id']}/").status_code == 204
    assert settle.check_ins.get().on == date(2025, 7, 14)


def test_strangers_find_nothing_and_viewers_only_read(cast: Cast, settle: KeyResult) -> None:
    one = said(settle, date(2025, 7, 28), 30)
    outsider, viewer = as_(cast.outsider), as_(cast.viewer)
    assert outsider.get(page(settle)).status_code == 404
    assert outsider.post(page(settle), typed()).status_code == 404
    assert outsider.post(reverse("check-in-delete", args=[one.pk])).status_code == 404
    assert outsider.get(f"{API}{one.pk}/").status_code == 404
    shown = viewer.get(page(settle))
    assert (shown.status_code, shown.context["may"]) == (200, False)
    assert '<form class="form check-in"' not in shown.content.decode()
    assert viewer.post(page(settle), typed()).status_code == 403
    given = {"key_result": settle.pk, "on": "2025-07-28", "value": 31, "confidence": 7}
    assert viewer.post(API, given, content_type="application/json").status_code == 403
    assert viewer.delete(f"{API}{one.pk}/").status_code == 403
    assert state(settle) == (30, 5)


def test_a_milestone_and_a_linked_one_have_their_own_fields(cast: Cast, settle: KeyResult) -> None:
    client = as_(cast.member)
    launched = key_result(settle.objective, cast.member, "Launched", kind="milestone", baseline=None, target=None)
    assert client.get(page(launched)).context["form"]["value"].value() == "0"
    client.post(page(launched), typed(value="1"))
    assert launched.check_ins.get().value == 1
    kpi = Kpi.objects.create(stream=cast.payments, slug="hours", name="Hours", unit="h")
    linked = key_result(settle.objective, cast.member, "Hours", kind="metric", kpi=kpi)
    KpiValue.objects.create(kpi=kpi, on=date(2025, 7, 28), value=33)
    write_linked()
    answer = client.get(page(linked))
    assert "value" not in answer.context["form"].fields
    assert "updates itself from “Hours”" in answer.content.decode()
    assert "The portal writes the values by itself" in answer.content.decode()
    client.post(page(linked), typed(value="1", confidence="3"))
    assert state(linked) == (33, 3)


# Mine, one after the other


def waiting(cast: Cast) -> list[KeyResult]:
    """Of Max: one outdated, one due today, one fresh, one of another person that is outdated."""
    goal, today = objective(running_cycle(), cast.falcon), timezone.localdate()
    made = [
        key_result(goal, owner, name)
        for owner, name in ((cast.member, "Late"), (cast.member, "Due"), (cast.member, "Fresh"), (None, "Nobody's"))
    ]
    for one, days in zip(made, (11, 7, 3, 20), strict=True):
        said(one, today - timedelta(days=days), 35)
    return made


def test_what_is_mine_the_longest_due_first(cast: Cast) -> None:
    late, due, fresh, _ = waiting(cast)
    work = as_(cast.member).get(reverse("check-ins")).context["work"]
    # Every 7 days: 11 days ago was due 4 days ago, beyond 3 days of grace; 7 days ago is due today.
    assert [(one.key_result, one.late, one.state) for one in work.due] == [(late, 4, "outdated"), (due, 0, "due")]
    assert [(one.key_result, one.late) for one in work.later] == [(fresh, -4)]
    assert work.missing == []


def test_one_after_the_other(cast: Cast) -> None:
    late, due, *_ = waiting(cast)
    client, today = as_(cast.member), timezone.localdate().isoformat()
    first = client.get(reverse("check-ins")).context["work"].first
    assert first == late
    shown = client.get(f"{page(late)}?queue=1")
    assert (shown.context["left"], shown.context["queue"]) == (1, True)
    answer = client.post(f"{page(late)}?queue=1", typed(on=today))
    assert answer["Location"] == f"{page(due)}?queue=1"
    answer = client.post(f"{page(due)}?queue=1", typed(on=today))
    assert answer["Location"] == reverse("check-ins")
    assert client.get(reverse("check-ins")).context["work"].due == []


def test_coordinators_see_what_is_outdated_of_others(cast: Cast) -> None:
    late, *_, nobodys = waiting(cast)
    for person in (cast.coach, cast.stream_pmo, cast.leader):
        missing = as_(person).get(reverse("check-ins")).context["work"].missing
        assert [one.key_result for one in missing] == [nobodys, late]
    assert as_(cast.viewer).get(reverse("check-ins")).context["work"].missing == []


def test_one_key_result_costs_as_many_queries_as_three(cast: Cast) -> None:
    client = as_(cast.stream_pmo)
    goal, today = objective(running_cycle(), cast.falcon), timezone.localdate()

    def queries() -> int:
        client.get(reverse("check-ins"))
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get(reverse("check-ins"))
        return len(seen)

    said(key_result(goal, cast.stream_pmo, "One"), today - timedelta(days=12), 35)
    said(key_result(goal, cast.member, "Other"), today - timedelta(days=12), 35)
    before = queries()
    for name in ("Two", "Three"):
        said(key_result(goal, cast.stream_pmo, name), today - timedelta(days=12), 35)
        said(key_result(goal, cast.member, f"Other {name}"), today - timedelta(days=12), 35)
    assert queries() == before


def test_the_undo_address_holds_what_was_said(cast: Cast, settle: KeyResult) -> None:
    one = said(settle, date(2025, 7, 28), 30.25, 7, note="50 % & more")
    answer = as_(cast.member).post(reverse("check-in-delete", args=[one.pk]), follow=True)
    assert parse_qs(urlsplit(undo(answer)).query) == {
        "on": ["2025-07-28"],
        "value": ["30.25"],
        "confidence": ["7"],
        "note": ["50 % & more"],
    }
