"""manage.py sync NAME: one sync of a source, in this process."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from connectors import actions, sync
from connectors.models import SyncRun
from core import jobs
from core.models import JobState
from metrics.models import Source

# Seconds between looks at a run that somebody else works on.
LOOK_EVERY = 0.5


def line(run: SyncRun) -> str:
    """How far a run is, in one line."""
    of = f" of {run.total:,}" if run.total is not None else ""
    return f"{run.phase or run.get_state_display()}: {run.done:,}{of}"


def counts(run: SyncRun) -> str:
    """What a run came to, in one line."""
    names = ("read", "written", "unchanged", "rejected", "deleted")
    return ", ".join(f"{name} {getattr(run, name)}" for name in names)


class Command(BaseCommand):
    help = "Sync a source now, in this process: `sync NAME [--full]`. Exit code 1 when it fails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="Name or short name of the source.")
        parser.add_argument("--full", action="store_true", help="Read everything again, not only what changed.")

    def handle(self, *args: Any, **options: Any) -> None:
        run = self._run(self._source(options["name"]), options["full"])
        self._tell(run)
        for rejection in run.rejections.all()[:20]:
            self.stdout.write(f"Rejected {rejection.place}: {rejection.reason}")
        self.stdout.write(f"{run.source.name}: {counts(run)}")
        for warning in run.warning.splitlines():
            self.stdout.write(f"Note: {warning}")
        if run.state != JobState.SUCCEEDED:
            raise CommandError(run.error or "The sync was cancelled.")

    def _source(self, name: str) -> Source:
        found = Source.objects.filter(Q(name=name) | Q(slug=name)).order_by("pk")
        # One source's name may be the short name of another; the name as written comes first.
        source = next((source for source in found if source.name == name), None) or found.first()
        if source is None:
            known = ", ".join(Source.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no source “{name}”; there are: {known}.")
        return source

    def _run(self, source: Source, full: bool) -> SyncRun:
        """Do the sync, or see the one to its end that a worker is at; a full one is then done after it."""
        run = actions.request_sync(actor=None, source=source, full=full, enqueue=False)
        mine = jobs.claim(SyncRun.objects.select_related("source"), run.pk)
        if mine is not None:
            self._execute(mine)
            return mine if mine.is_over else self._follow(mine)
        followed = self._follow(run)
        return self._run(source, full) if full and not followed.is_full else followed

    def _follow(self, run: SyncRun) -> SyncRun:
        self.stdout.write("A worker is syncing this source already; following it.")
        while not run.is_over:
            time.sleep(LOOK_EVERY)
            run.refresh_from_db()
            self._tell(run)
            mine = jobs.claim(SyncRun.objects.select_related("source"), run.pk)
            if mine is not None:
                self._execute(mine)
                return mine
        return run

    def _execute(self, run: SyncRun) -> None:
        try:
            sync.execute(run, self._tell)
        except KeyboardInterrupt:
            # Whoever asks next, or a worker, goes on where we are.
            jobs.release(run)
            raise
        run.refresh_from_db()

    def _tell(self, run: SyncRun) -> None:
        if run.state == JobState.RUNNING:
            self.stdout.write(line(run))
            self.stdout.flush()
