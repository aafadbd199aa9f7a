"""`manage.py doctor`: look at the whole installation and say what to do."""

import json
import platform
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from core import health
from dashboards import paper
from vmo import services
from vmo.celery import app as celery
from vmo.services import locks

Status = Literal["ok", "note", "problem"]
MB = 2**20
LEAST_MB, LITTLE_MB = 200, 1000
CLOCK_SECONDS = 5
# Beat writes down when it ran only every few minutes.
BEAT_MINUTES = 10


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` is empty when it is well."""

    name: str
    status: Status
    message: str
    remedy: str = ""


class Command(BaseCommand):
    help = "Check the installation and say what to do; exit code 1 when something is wrong."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="the findings as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(examine())
        well = all(finding.status != "problem" for finding in findings)
        if options["json"]:
            answer = {"ok": well, "checks": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(answer, indent=2))
        else:
            self.tell(findings)
        if not well:
            sys.exit(1)

    def tell(self, findings: list[Finding]) -> None:
        for finding in findings:
            self.stdout.write(f"{finding.status:8} {finding.name}: {finding.message}")
            if finding.remedy:
                self.stdout.write(f"{'':9}→ {finding.remedy}")
        wrong = sum(finding.status == "problem" for finding in findings)
        self.stdout.write(f"{wrong} to mend." if wrong else "All is well.")


def examine() -> Iterator[Finding]:
    """All findings; without a database, those that need none."""
    for look in (python, configuration, disk, static_files, paper_found, redis):
        yield from look()
    answer = health.database()
    if answer:
        yield Finding("database", "problem", answer, "Start PostgreSQL, or correct DATABASE_URL; see its log.")
        return
    yield from database()
    if missing := health.migrations():
        yield Finding("migrations", "problem", missing, "Run `python manage.py migrate`; `make up` does it too.")
        return
    yield Finding("migrations", "ok", "all applied")
    for look in WITH_DATABASE:
        yield from look()


def python() -> Iterator[Finding]:
    yield Finding("python", "ok", f"{platform.python_version()} in {sys.prefix}")


def configuration() -> Iterator[Finding]:
    messages = run_checks()
    for message in messages:
        status: Status = "problem" if message.level >= ERROR else "note"
        yield Finding("settings", status, message.msg, message.hint or "See docs/operators/settings.md.")
    if not messages:
        yield Finding("settings", "ok", "valid")


def disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.VMO_HOME).free // MB
    remedy = "Free some space, or move VMO_HOME to a larger disk."
    said = f"{free} MB free at {settings.VMO_HOME}"
    if free < LITTLE_MB:
        yield Finding("disk", "problem" if free < LEAST_MB else "note", said, remedy)
    else:
        yield Finding("disk", "ok", said)


def static_files() -> Iterator[Finding]:
    if (settings.STATIC_ROOT / "staticfiles.json").exists():
        yield Finding("static files", "ok", "collected")
    else:
        yield Finding("static files", "problem", "not collected", "Run `python manage.py collectstatic --no-input`.")


def paper_found() -> Iterator[Finding]:
    """What lays out PDFs: without it everything else works."""
    try:
        paper.library()
    except paper.NoPaper as error:
        remedy = "Install libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0; only PDFs need them."
        yield Finding("pdf", "note", f"the overview has no PDF: {error}", remedy)
    else:
        yield Finding("pdf", "ok", "can be made")


def redis() -> Iterator[Finding]:
    if answer := health.broker():
        yield Finding("redis", "problem", answer, "Start Redis, or correct REDIS_URL; see its log.")
    else:
        yield Finding("redis", "ok", "answers")


def database() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), now()")
        version, now = cursor.fetchone()
    yield Finding("database", "ok", f"PostgreSQL {version}")
    apart = abs(timezone.now() - now)
    if apart > timedelta(seconds=CLOCK_SECONDS):
        said = f"this machine and the database are {apart.total_seconds():.0f} s apart"
        yield Finding("clock", "problem", said, "Let both machines follow a time server (NTP).")
    else:
        yield Finding("clock", "ok", "agrees with the database's")


def running() -> Iterator[Finding]:
    """The processes: under `make up` in this home, or elsewhere on the same Redis."""
    up = locks.note_of(settings.VMO_HOME / "up.lock")
    if up:
        yield Finding("portal", "ok", f"runs at {up.partition(' ')[2]} (process {up.partition(' ')[0]})")
    elif services.embedded():
        yield Finding("portal", "note", "does not run here", "Start it with `make up`.")
        return
    yield from workers()
    yield from beat()


def workers() -> Iterator[Finding]:
    """For each queue those who take jobs from it, of all that answer."""
    asked = celery.control.inspect(timeout=1.0).active_queues() or {}
    by_queue: dict[str, list[str]] = {}
    for name, queues in sorted(asked.items()):
        for taken in queues:
            by_queue.setdefault(taken["name"], []).append(name)
    quick = f"celery -A vmo worker --queues {settings.QUICK_QUEUE} --pool solo --hostname quick@%h"
    for label, queue, harm, command in (
        ("worker", settings.CELERY_TASK_DEFAULT_QUEUE, "no source is synced", "celery -A vmo worker"),
        ("quick", settings.QUICK_QUEUE, "landing chances do not follow the plan", quick),
    ):
        if queue in by_queue:
            yield Finding(label, "ok", ", ".join(by_queue[queue]))
        else:
            remedy = f"Start `{command}`; under `make up`, see VMO_HOME/logs/{label}.log."
            yield Finding(label, "problem", f"none answers: {harm}", remedy)


def beat() -> Iterator[Finding]:
    from django_celery_beat.models import PeriodicTask

    last = PeriodicTask.objects.exclude(last_run_at=None).order_by("-last_run_at").first()
    if last and timezone.now() - last.last_run_at < timedelta(minutes=BEAT_MINUTES):
        yield Finding("beat", "ok", f"last wrote {timezone.localtime(last.last_run_at):%H:%M}")
    else:
        remedy = "If the portal has run for longer than that, start one `celery -A vmo beat` (not two)."
        yield Finding("beat", "note", f"has written nothing for {BEAT_MINUTES} minutes", remedy)


def sources() -> Iterator[Finding]:
    from metrics.models import Source, SourceState
    from metrics.rules import freshness

    for source in Source.objects.all():
        if source.state == SourceState.STOPPED:
            remedy = "Correct its settings on its page under Sources, and start it again there."
            yield Finding(f"source {source}", "problem", f"stopped: {source.error}", remedy)
        elif freshness(source, timezone.now()).is_stale:
            seen = (
                f"last read {timezone.localtime(source.synced_at):%Y-%m-%d %H:%M}" if source.synced_at else "never read"
            )
            remedy = f"See its last run on its page, or run `python manage.py sync {source.slug}`."
            yield Finding(f"source {source}", "problem" if source.error else "note", f"stale, {seen}", remedy)
    yield Finding("sources", "ok", f"{Source.objects.count()}")


def people() -> Iterator[Finding]:
    from accounts.models import User
    from portfolio.models import Role

    administrators = Q(is_superuser=True) | Q(grants__role=Role.ADMINISTRATOR)
    if not User.objects.filter(administrators, is_active=True).exists():
        remedy = "Make one: `python manage.py createsuperuser`."
        yield Finding("administrator", "note", "there is none", remedy)


def incoming_mail() -> Iterator[Finding]:
    """The teams' addresses: whether somebody listens, and whether mails that came are read."""
    from impediments.models import IncomingMail, Verdict

    if not settings.MAIL_DOMAIN:
        return
    if settings.MAIL_IN_PORT and (answer := health.listens(settings.MAIL_IN_HOST, settings.MAIL_IN_PORT)):
        remedy = "Start `manage.py serve_mail`; under `make up`, see VMO_HOME/logs/mail.log."
        yield Finding("incoming mail", "problem", answer, remedy)
    late = timezone.now() - timedelta(minutes=BEAT_MINUTES)
    waiting = IncomingMail.objects.filter(verdict=Verdict.WAITING, received_at__lt=late).count()
    if waiting:
        remedy = "A worker reads them: see its log, and whether beat runs."
        yield Finding("incoming mail", "problem", f"{waiting} waiting for over {BEAT_MINUTES} minutes", remedy)
    else:
        yield Finding("incoming mail", "ok", f"taken in for {settings.MAIL_DOMAIN}")


def calls() -> Iterator[Finding]:
    """Programs that were to be told something in the last day, and could not be."""
    from core.models import HookCall, JobState

    failed = HookCall.objects.filter(state=JobState.FAILED, finished_at__gt=timezone.now() - timedelta(days=1))
    for name in failed.order_by().values_list("hook__name", flat=True).distinct():
        remedy = "See its answers on its page under Impediments, Settings."
        yield Finding(f"calls to {name}", "note", "some could not be delivered within the last day", remedy)


WITH_DATABASE: tuple[Callable[[], Iterator[Finding]], ...] = (running, sources, people, incoming_mail, calls)
