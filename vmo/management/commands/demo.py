"""`manage.py demo`: load the demo organisation; its history comes through the worker."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from connectors import sync
from connectors.demo import actions
from connectors.demo.people import LOGINS, PASSWORD
from connectors.models import SyncRun
from core import jobs
from core.models import JobState
from vmo import demo
from vmo.demo import settling
from vmo.tasks import settle_demo


class Command(BaseCommand):
    help = "Load the demo organisation (4 value streams, 12 teams, 18 months); running it again adds what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="empty the portal first")
        parser.add_argument("--force", action="store_true", help="with --reset: also when there are other sources")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is an organisation already")
        parser.add_argument("--wait", action="store_true", help="sync in this process instead of handing it to workers")
        parser.add_argument("--until", type=date.fromisoformat, help="last simulated day, such as 2025-06-30")
        parser.add_argument("--seed", type=int, default=1, help="another number gives another history")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reset"]:
            self.empty(options["force"])
        elif options["if_empty"] and not actions.is_empty():
            return
        actions.load(today=timezone.localdate(), until=options["until"], seed=options["seed"])
        demo.load(options["until"] or timezone.localdate())
        runs = actions.request_syncs(enqueue=not options["wait"])
        if options["wait"]:
            self.sync(runs)
            settling.settle(today=options["until"] or timezone.localdate(), now=timezone.now())
        else:
            settle_demo.delay()
        self.say_logins()

    def empty(self, force: bool) -> None:
        try:
            self.clear(force)
        except actions.NotOnlyDemo as error:
            raise CommandError(
                f"This portal has sources that are not the demo's: {error}. "
                "--reset would delete them with everything read from them; add --force if you mean it."
            ) from error

    def clear(self, force: bool) -> None:
        """Nothing is deleted when the portal holds more than the demo."""
        with transaction.atomic():
            if actions.foreign_sources() and not force:
                raise actions.NotOnlyDemo(", ".join(actions.foreign_sources()))
            demo.empty()
            actions.empty(force=force)

    def sync(self, runs: list[SyncRun]) -> None:
        for run in runs:
            claimed = jobs.claim(SyncRun.objects.select_related("source"), run.pk)
            if claimed is None:
                self.stdout.write(f"{run.source.name}: a worker does it")
                continue
            sync.execute(claimed)
            done = SyncRun.objects.get(pk=run.pk)
            if done.state != JobState.SUCCEEDED:
                raise CommandError(f"{run.source.name}: {done.error}")
            self.stdout.write(f"{run.source.name}: {done.written} rows")

    def say_logins(self) -> None:
        self.stdout.write(f"Demo logins, all with the password {PASSWORD}:")
        for login in LOGINS:
            place = login.team or login.stream or "everywhere"
            self.stdout.write(f"  {login.email:24} {login.name:16} {login.role.label}, {place}")
