"""Reminders by real workers and a real mail server: each mail once, also when a worker is killed half-way."""

import threading
from collections.abc import Callable, Generator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from core import outbox
from core.models import Mail
from okrs.models import KeyResult, Reminder
from okrs.reminders import remind
from okrs.tasks import remind_of_check_ins
from tests.cast import Cast, make_cast
from tests.conftest import Worker
from tests.okrs.goals import key_result, objective, running_cycle, said
from tests.smtp import MailServer, body, mail_server
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[MailServer, None, None]:
    """The mail server that workers started in this test use."""
    with mail_server() as found:
        monkeypatch.setenv("EMAIL_HOST", "127.0.0.1")
        monkeypatch.setenv("EMAIL_PORT", str(found.port))
        monkeypatch.setenv("EMAIL_USE_TLS", "0")
        yield found


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Committed; it is about noon where Falcon works, whenever the test runs."""
    cast = make_cast()
    east = 12 - timezone.now().hour
    cast.falcon.timezone = f"Etc/GMT{-east:+d}" if east else "Etc/GMT"
    cast.falcon.save()
    return cast


def due(cast: Cast) -> list[KeyResult]:
    """One of Max and one of Cora, due today."""
    goal, today = objective(running_cycle(), cast.falcon), timezone.now().astimezone(cast.falcon.zone).date()
    made = [key_result(goal, cast.member, "Hours to settle"), key_result(goal, cast.coach, "Failed transfers")]
    for one in made:
        said(one, today - timedelta(days=7), 36)
    return made


def is_done(count: int) -> bool:
    return Mail.objects.filter(state="succeeded").count() == count


def test_a_worker_sends_each_mail_once(cast: Cast, server: MailServer, spawn_worker: Callable[[], Worker]) -> None:
    due(cast)
    spawn_worker()
    for _ in range(3):
        remind_of_check_ins.delay()
    until(lambda: is_done(2), what="two mails")
    remind_of_check_ins.delay()
    remind_of_check_ins.delay()
    # A mail that is asked for after them is sent after them: nothing else is on its way.
    outbox.send(key="last", to="last@example.org", subject="Last", text="Last")
    until(lambda: server.to("last@example.org"), what="the last mail")
    assert sorted(str(mail["To"]) for mail in server.mails[:-1]) == ["cora@example.org", "max@example.org"]
    (mail,) = server.to("max@example.org")
    assert mail["Subject"] == "Check-in due: Hours to settle"
    assert "/objectives/check-in/" in body(mail, "plain")
    assert "/objectives/check-in/" in body(mail, "html")


def test_a_worker_that_is_killed_between_two_people(
    cast: Cast, server: MailServer, spawn_worker: Callable[[], Worker]
) -> None:
    """Max was told when the worker waits for Cora's row, and dies; the next one tells Cora only."""
    due(cast)
    worker = spawn_worker()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=cast.coach.pk)
        remind_of_check_ins.delay()
        until(lambda: _told() == {"Max Weber"}, what="Max being told")
        worker.kill()
    assert _told() == {"Max Weber"}
    spawn_worker()
    remind_of_check_ins.delay()
    until(lambda: _told() == {"Max Weber", "Cora Lind"}, what="both being told")
    until(lambda: is_done(2), what="two mails")
    assert sorted(str(mail["To"]) for mail in server.mails) == ["cora@example.org", "max@example.org"]


def _told() -> set[str]:
    return set(Reminder.objects.values_list("to__name", flat=True))


def test_two_at_once_tell_each_person_once(cast: Cast) -> None:
    due(cast)
    start, sent = threading.Barrier(2), []

    def run() -> None:
        start.wait()
        sent.append(remind())
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == 2
    assert (Mail.objects.count(), Reminder.objects.count()) == (2, 2)
