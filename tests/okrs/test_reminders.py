"""Reminders of check-ins: who gets which step on which day, each once, and when nobody is there to be reminded."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import Mail, Notice
from metrics.models import Kpi
from okrs.models import KeyResult, Reminder
from okrs.reminders import remind
from portfolio.models import Grant, Membership, Role
from tests.cast import Cast
from tests.okrs.goals import cycle, key_result, objective, said

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2025, 7, 7), date(2025, 9, 28)
# The last check-in was on Monday 14 July: the next is due on Monday 21 July; 22, 23, 24 are the days of grace.
SAID, DUE = date(2025, 7, 14), date(2025, 7, 21)


@pytest.fixture
def settle(cast: Cast) -> KeyResult:
    one = key_result(objective(cycle(FIRST, LAST), cast.falcon), cast.member)
    said(one, SAID, 36.5, 4)
    return one


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def sent(day: date, hour: int = 9) -> list[tuple[str, str]]:
    """Who gets which step at this hour."""
    before = set(Reminder.objects.values_list("pk", flat=True))
    mails = remind(at(day, hour))
    new = Reminder.objects.exclude(pk__in=before).select_related("to").order_by("to__name", "key_result", "step")
    assert mails == len({row.to_id for row in new})
    return [(row.to.get_short_name(), row.step) for row in new]


def days(first: date, count: int) -> list[list[tuple[str, str]]]:
    return [sent(first + timedelta(days=number)) for number in range(count)]


def test_due_next_day_outdated_then_the_coordinators(cast: Cast, settle: KeyResult) -> None:
    """Paul is the PMO of Payments, Cora its coach; of Falcon itself there is nobody."""
    assert days(DUE - timedelta(days=2), 9) == [
        [],
        [],
        [("Max", "due")],
        [("Max", "next-day")],
        [],
        [("Max", "outdated")],
        [("Cora", "coordinator"), ("Paul", "coordinator")],
        [],
        [],
    ]
    assert Mail.objects.count() == 5
    assert Notice.objects.count() == 5


def test_each_once_however_often_the_job_runs(cast: Cast, settle: KeyResult) -> None:
    assert sent(DUE) == [("Max", "due")]
    assert [sent(DUE, hour) for hour in (9, 10, 23)] == [[], [], []]
    assert (Mail.objects.count(), Notice.objects.count()) == (1, 1)


def test_a_check_in_ends_it_and_the_next_due_day_begins_anew(cast: Cast, settle: KeyResult) -> None:
    assert days(DUE, 2) == [[("Max", "due")], [("Max", "next-day")]]
    said(settle, date(2025, 7, 23), 30)
    # 23 + 7 = 30 July.
    assert days(date(2025, 7, 24), 7) == [[], [], [], [], [], [], [("Max", "due")]]


def test_in_the_morning_of_the_team(cast: Cast, settle: KeyResult) -> None:
    """In Auckland (UTC+12 in July) it is 7 on Monday when it is 19 on Sunday in UTC."""
    cast.falcon.timezone = "Pacific/Auckland"
    cast.falcon.save()
    assert sent(DUE - timedelta(days=1), 18) == []
    assert sent(DUE - timedelta(days=1), 19) == [("Max", "due")]


def test_what_was_missed_is_not_made_up_for(cast: Cast, settle: KeyResult) -> None:
    """The portal was off for ten days: the owner hears the last step only, the coordinators theirs."""
    assert sent(DUE + timedelta(days=10)) == [("Cora", "coordinator"), ("Max", "outdated"), ("Paul", "coordinator")]
    assert sent(DUE + timedelta(days=11)) == []
    other = key_result(settle.objective, cast.member, "Long ago")
    # Pending since the cycle's first week: due on 13 July, told until 31 days later, 13 August.
    assert sent(date(2025, 8, 14)) == []
    assert sent(date(2025, 8, 13)) != []
    assert Reminder.objects.filter(key_result=other, due_on=date(2025, 7, 13)).exists()


def test_nobody_to_remind(cast: Cast, settle: KeyResult) -> None:
    """No owner, one who left, one who may not see it any more: the coordinators on the due day."""
    coordinators = [("Cora", "coordinator"), ("Paul", "coordinator")]
    KeyResult.objects.update(owner=None)
    assert days(DUE, 2) == [coordinators, []]
    Reminder.objects.all().delete()
    Mail.objects.all().delete()
    KeyResult.objects.update(owner=cast.member)
    Membership.objects.filter(user=cast.member).delete()
    assert days(DUE, 2) == [coordinators, []]
    Reminder.objects.all().delete()
    Mail.objects.all().delete()
    cast.member.is_active = False
    cast.member.save()
    assert days(DUE, 2) == [coordinators, []]
    assert not Mail.objects.filter(to=cast.member.email).exists()


def test_without_an_owner_the_objectives_owner_is_asked(cast: Cast, settle: KeyResult) -> None:
    KeyResult.objects.update(owner=None)
    settle.objective.owner = cast.coach
    settle.objective.save()
    assert sent(DUE) == [("Cora", "due")]
    # Whoever owns it is not told of it as a coordinator: the other one is.
    assert days(DUE + timedelta(days=1), 4) == [
        [("Cora", "next-day")],
        [],
        [("Cora", "outdated")],
        [("Paul", "coordinator")],
    ]


def test_the_nearest_coordinator_then_the_next_wider_place(cast: Cast, settle: KeyResult) -> None:
    KeyResult.objects.update(owner=None)
    Grant.objects.create(user=cast.viewer, role=Role.COACH, team=cast.falcon)
    assert sent(DUE) == [("Vera", "coordinator")]
    Grant.objects.exclude(role__in=[Role.ADMINISTRATOR, Role.LEADER]).exclude(stream=None, team=None).delete()
    assert sent(DUE) == [("Pia", "coordinator")]
    Grant.objects.filter(role=Role.PMO).delete()
    assert sent(DUE) == [("Ada", "coordinator")]


def test_who_is_never_reminded(cast: Cast, settle: KeyResult) -> None:
    """What updates itself, what is closed, what has not begun, and what would be due after the cycle."""
    kpi = Kpi.objects.create(stream=cast.payments, slug="hours", name="Hours")
    KeyResult.objects.update(kind="metric", kpi=kpi)
    assert days(DUE, 6) == [[]] * 6
    KeyResult.objects.update(kind="reduce", kpi=None)
    settle.objective.closed_at = at(DUE)
    settle.objective.save()
    assert days(DUE, 6) == [[]] * 6
    settle.objective.closed_at = None
    settle.objective.save()
    settle.objective.cycle.closed_at = at(DUE)
    settle.objective.cycle.save()
    assert days(DUE, 6) == [[]] * 6
    later = objective(cycle(date(2025, 8, 4), date(2025, 8, 10), "Later"), cast.falcon)
    soon = key_result(later, cast.member, "Within a week")
    # 4 August is its first day; seven days from then on end on its last one: due on 10 August.
    assert days(date(2025, 7, 28), 13) == [[]] * 13
    said(soon, date(2025, 8, 9), 30)
    assert days(date(2025, 8, 10), 12) == [[]] * 12


def test_one_mail_a_day_with_everything_that_is_due(cast: Cast, settle: KeyResult) -> None:
    second = key_result(settle.objective, cast.member, "Failed <transfers>", unit="%")
    said(second, SAID - timedelta(days=1), 12, 8)
    third = key_result(settle.objective, None, "Nobody's")
    said(third, SAID, 12)
    assert sent(DUE - timedelta(days=1)) == [("Max", "due")]
    assert sent(DUE) == [("Cora", "coordinator"), ("Max", "due"), ("Max", "next-day"), ("Paul", "coordinator")]
    mail = Mail.objects.get(to=cast.member.email, key__endswith=str(DUE))
    assert mail.subject == "2 check-ins are due"
    for words in (
        "Hours to settle",
        "Failed <transfers>",
        "due today",
        "due since 20 Jul",
        "36.5\u00a0h on 14 Jul, confidence 4",
    ):
        assert words in mail.text
    assert "Nobody's" not in mail.text
    assert "Failed &lt;transfers&gt;" in mail.html
    assert "<transfers>" not in mail.html
    assert Notice.objects.get(key=mail.key, user=cast.member).text == "2 check-ins are due"
    told = Mail.objects.get(to=cast.coach.email)
    assert (told.subject, "nobody is there to check in" in told.text) == ("No check-in: Nobody's", True)


def test_the_links_of_the_mail_open_their_key_results(cast: Cast, settle: KeyResult, settings: object) -> None:
    settings.PORTAL_URL = "https://vmo.example.org"  # type: ignore[attr-defined]
    second = key_result(settle.objective, cast.member, "Failed transfers")
    said(second, SAID, 12)
    sent(DUE)
    mail = Mail.objects.get()
    links = re.findall(r"^  (https://vmo.example.org/objectives/check-in/\S+)$", mail.text, re.M)
    assert len(links) == 2
    assert all(link in mail.html for link in links)
    names = [Client().get(link.removeprefix("https://vmo.example.org")).context["one"].name for link in links]
    assert sorted(names) == ["Failed transfers", "Hours to settle"]


def test_a_mail_of_today_is_not_followed_by_another(cast: Cast, settle: KeyResult) -> None:
    """What becomes due after today's mail comes with tomorrow's."""
    assert sent(DUE) == [("Max", "due")]
    late = key_result(settle.objective, cast.member, "Late comer")
    said(late, SAID, 12)
    assert sent(DUE, 12) == []
    assert sent(DUE + timedelta(days=1)) == [("Max", "next-day"), ("Max", "next-day")]


def test_the_notice_leads_to_the_check_in(cast: Cast, settle: KeyResult) -> None:
    sent(DUE)
    notice = Notice.objects.get()
    assert (notice.user, notice.url) == (cast.member, reverse("check-in", args=[settle.pk]))
    assert notice.text == "Check-in due: Hours to settle"


def test_looking_costs_the_same_however_many_there_are(cast: Cast, settle: KeyResult) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert remind(at(DUE, 12)) == 0
        return len(seen)

    sent(DUE)
    before = queries()
    for number in range(3):
        one = key_result(settle.objective, cast.member, f"More {number}")
        Reminder.objects.create(key_result=one, due_on=DUE, step="due", to=cast.member, sent_at=at(DUE))
        said(one, SAID, 30)
    assert queries() == before
