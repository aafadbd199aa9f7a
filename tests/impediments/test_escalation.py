"""What was left for too long climbs a level, once, and who acts there is told once: whoever looks, however often."""

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from threading import Barrier

import pytest
from django.db import connection, transaction

from core.models import AuditEntry, Hook, HookCall, Mail, Notice
from impediments.actions import log_impediment, pause, resolve, resume
from impediments.actions.spells import reckon_all
from impediments.escalation import end_due_pauses, escalate
from impediments.models import Escalation, Impediment, Limit, Spell
from impediments.tasks import escalate as job
from portfolio.models import Grant, Role
from tests.cast import Cast
from tests.conftest import ROOT, Worker, environment
from tests.impediments.clocks_cast import at, in_berlin, logged
from tests.waiting import until

# Monday 5 May 2025, 9:00: the team's 8 hours are over at 17:00.
BEGIN, BREACH, LATER = "2025-05-05 09:00", "2025-05-05 17:00", "2025-05-06 09:30"


@pytest.fixture
def licence(cast: Cast) -> Impediment:
    in_berlin(cast)
    return logged(cast, BEGIN)


def look(now: str) -> list[int]:
    """What the job does at an instant."""
    end_due_pauses(at(now))
    return [pk for pk in reckon_all(at(now)) if escalate(impediment_id=pk, now=at(now))]


def hooked() -> None:
    """A program that is told of Falcon's impediments; workers refuse to call it, since its address is private."""
    Hook.objects.create(name="Room", url="http://127.0.0.1:9/x", scope="stream:payments", made_at=at(BEGIN))


def told() -> list[str]:
    return sorted(notice.user.get_short_name() for notice in Notice.objects.select_related("user"))


@pytest.mark.django_db
def test_not_a_microsecond_before(licence: Impediment) -> None:
    assert look("2025-05-05 16:59:59.999999") == []
    assert look(BREACH) == [licence.pk]
    # Once per breach: the next level's clock has begun, and has 24 hours (three days: until Thursday 17:00).
    assert look("2025-05-05 17:01") == []
    licence.refresh_from_db()
    assert (licence.level, licence.version) == (2, 2)
    made = Escalation.objects.get()
    assert (made.at, made.breached_at, made.to_level) == (at(BREACH), at(BREACH), 2)
    first, second = licence.spells.all()
    assert (first.level, first.to_at, first.breach_at) == (1, at(BREACH), None)
    assert (second.level, second.from_at, second.breach_at) == (2, at(BREACH), at("2025-05-08 17:00"))


@pytest.mark.django_db
def test_up_to_the_executives_and_no_further(cast: Cast, licence: Impediment) -> None:
    # The job was away for a day: level 1 is left when it looks, and the PMO have their 24 hours from then on.
    assert look(LATER) == [licence.pk]
    assert Escalation.objects.get().breached_at == at(BREACH)
    # Paul is PMO of Payments, Pia of all.
    assert told() == ["Paul", "Pia"]
    # From Tuesday 9:30 24 hours: Friday 9:30. Then 40: five days later, Friday 16 May 9:30.
    assert look("2025-05-09 09:29") == []
    assert look("2025-05-09 09:30") == [licence.pk]
    # The leader of all, since Payments has none of its own, and the PMO again.
    assert told() == ["Leo", "Paul", "Paul", "Pia", "Pia"]
    assert look("2025-05-16 09:29") == []
    assert look("2025-05-16 09:30") == [licence.pk]
    assert told() == ["Leo", "Leo", "Paul", "Paul", "Pia", "Pia"]
    licence.refresh_from_db()
    assert licence.level == 4
    assert look("2026-05-16 09:30") == []
    assert [entry.actor_name for entry in AuditEntry.objects.filter(verb="escalated")] == ["", "", ""]


@pytest.mark.django_db
def test_the_leaders_of_the_stream_where_there_are_some_and_the_owner(cast: Cast, licence: Impediment) -> None:
    Grant.objects.create(user=cast.coach, role=Role.LEADER, stream=cast.payments)
    Impediment.objects.update(owner=cast.member)
    look(LATER)
    look("2025-05-09 09:30")
    assert told() == ["Cora", "Max", "Max", "Paul", "Paul", "Pia", "Pia"]
    mail = Mail.objects.get(to=cast.coach.email)
    assert mail.key == f"escalation:{Spell.objects.get(level=2).pk}:{cast.coach.pk}"
    assert "24 business hours" in mail.text


@pytest.mark.django_db
def test_other_programs_are_called_once(cast: Cast, licence: Impediment) -> None:
    hooked()
    look(LATER)
    look(LATER)
    call = HookCall.objects.get()
    assert (call.event, call.body["impediment"]["level"]) == ("impediment.escalated", 2)


@pytest.mark.django_db
def test_a_pause_until_a_day_ends_by_itself(cast: Cast, licence: Impediment) -> None:
    day = date(2025, 5, 8)
    pause(actor=cast.member, impediment=licence, reason="Answer due", until_on=day, at=at("2025-05-05 12:00"))
    assert look("2025-05-08 08:59") == []
    assert licence.pauses.get().to_at is None
    # The job was late: the clock runs since 9:00 all the same, and 5 of 8 hours were left then.
    assert look("2025-05-08 10:00") == []
    assert licence.pauses.get().to_at == at("2025-05-08 09:00")
    assert licence.spells.get().breach_at == at("2025-05-08 14:00")
    assert look("2025-05-08 14:00") == [licence.pk]
    assert AuditEntry.objects.filter(verb="resumed", actor_name="").count() == 1
    # Max had paused it: he hears that the day has come; the PMO that it is theirs.
    assert told() == ["Max", "Paul", "Pia"]


@pytest.mark.django_db
def test_what_is_paused_or_resolved_does_not_climb(cast: Cast, licence: Impediment) -> None:
    pause(actor=cast.member, impediment=licence, reason="Waits", at=at("2025-05-05 12:00"))
    other = logged(cast, BEGIN, what="No access")
    resolve(actor=cast.member, impediment=other, resolution="Given", root_cause="policy", at=at("2025-05-05 12:00"))
    assert look("2025-06-05 12:00") == []
    # A limit that was reached before the pause began is reached: nobody had looked.
    resume(actor=cast.member, impediment=licence, at=at("2025-05-05 13:00"))
    pause(actor=cast.member, impediment=licence, reason="Late", at=at("2025-05-06 12:00"))
    assert look("2025-05-06 13:00") == [licence.pk]


@pytest.mark.django_db
def test_a_holiday_that_is_found_later_moves_the_breach(cast: Cast, licence: Impediment) -> None:
    cast.calendar.holidays.create(on=date(2025, 5, 5))
    assert look(BREACH) == []
    assert licence.spells.get().breach_at == at("2025-05-06 17:00")


@pytest.mark.django_db
def test_a_limit_that_was_changed_while_a_clock_began_is_found_by_the_job(cast: Cast, licence: Impediment) -> None:
    Limit.objects.create(level=1, category="procurement", hours=2)
    assert look("2025-05-05 10:59") == []
    assert licence.spells.get().breach_at == at("2025-05-05 11:00")
    assert look("2025-05-05 11:00") == [licence.pk]


# At once, and after a crash


def _run(run: Callable[[], object]) -> object:
    try:
        return run()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_raise_it_once(cast: Cast, licence: Impediment) -> None:
    barrier = Barrier(4)
    hooked()

    def one() -> object:
        due = reckon_all(at(LATER))
        barrier.wait()
        return [escalate(impediment_id=pk, now=at(LATER)) for pk in due]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(_run, [one] * 4))
    # All four saw that it was due; one did it.
    assert sorted(len([one for one in some if one]) for some in found) == [0, 0, 0, 1]  # type: ignore[attr-defined]
    assert Escalation.objects.count() == 1
    assert told() == ["Paul", "Pia"]
    assert (Mail.objects.count(), HookCall.objects.count()) == (2, 1)
    assert AuditEntry.objects.filter(verb="escalated").count() == 1


CRASH = """
import django, os, signal
django.setup()
from datetime import datetime
from impediments import escalation
escalation.publish = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
escalation.escalate(impediment_id={pk}, now=datetime.fromisoformat("{now}"))
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_in_between_leaves_nothing(cast: Cast, licence: Impediment) -> None:
    hooked()
    script = CRASH.format(pk=licence.pk, now=at(LATER).isoformat())
    values = environment() | {"DJANGO_SETTINGS_MODULE": "vmo.settings", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", script], env=values, cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    # The last step was reached, nothing of it was kept.
    rows = (Escalation, Notice, Mail, HookCall)
    assert [row.objects.count() for row in rows] == [0, 0, 0, 0]
    until(lambda: look(LATER) == [licence.pk], what="the lock of the killed worker is gone")
    assert look(LATER) == []
    # One escalation, a notice and a mail for each of the two, one call of the program.
    assert ([row.objects.count() for row in rows], told()) == ([1, 2, 2, 1], ["Paul", "Pia"])


@pytest.mark.django_db(transaction=True)
def test_two_workers_run_the_job(cast: Cast, spawn_worker: Callable[[], Worker]) -> None:
    """Real workers, beat's task sent many times, one of them killed in the midst."""
    hooked()
    started = datetime.fromisoformat("2025-05-05 09:00+00:00")
    for number in range(6):
        log_impediment(
            actor=cast.member, what=f"No {number}", category="other", team=cast.falcon, at=started, since=started
        )
    first = spawn_worker()
    spawn_worker()
    for _ in range(6):
        job.delay()
    until(lambda: Escalation.objects.exists(), what="an escalation")
    first.kill()
    job.delay()
    until(lambda: Escalation.objects.count() == 6, what="all of them")
    for _ in range(3):
        job()
    assert Escalation.objects.count() == 6
    # Each told two people and called one program once, beside the call that it was logged.
    assert (Notice.objects.count(), Mail.objects.count()) == (12, 12)
    calls = HookCall.objects.filter(event="impediment.escalated")
    assert sorted(one.body["impediment"]["what"] for one in calls) == [f"No {number}" for number in range(6)]
    assert set(Impediment.objects.values_list("level", flat=True)) == {2}


@pytest.mark.django_db(transaction=True)
def test_somebody_resolves_it_while_the_job_looks(cast: Cast, licence: Impediment) -> None:
    """The job waits for whoever holds the row, and then finds nothing to raise."""
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        resolve(actor=cast.member, impediment=licence, resolution="Bought", root_cause="process", at=at(LATER))
        running = pool.submit(_run, lambda: escalate(impediment_id=licence.pk, now=at(LATER)))
        until(lambda: _waiting() == 1, what="the job waiting")
    assert running.result() is None
    assert Escalation.objects.count() == 0


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])
