"""`manage.py up`: run the whole portal, until Ctrl-C."""

import hashlib
import time
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from core import health
from vmo import services
from vmo.services import ServiceError
from vmo.supervisor import Address, Supervisor, check_ports, only_one


class Command(BaseCommand):
    help = "Run web, live stream, worker and beat, with the embedded services, until Ctrl-C or SIGTERM."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.began = time.monotonic()
        address = Address(settings.HOST, settings.PORT, settings.LIVE_PORT)
        supervisor = Supervisor(settings.VMO_HOME, address, self.say)
        try:
            with only_one(settings.VMO_HOME, address), supervisor.signals():
                check_ports(address)
                with services.borrow(settings.VMO_HOME):
                    self.prepare()
                    try:
                        supervisor.run(lambda: self.announce(address))
                    finally:
                        supervisor.stop()
        except ServiceError as error:
            raise CommandError(str(error)) from error
        self.say("stopped")

    def say(self, line: str) -> None:
        self.stdout.write(f"{time.strftime('%H:%M:%S')} {line}")
        self.stdout.flush()

    def prepare(self) -> None:
        """Bring the database, the static files and, at the first start, the demo organisation into place."""
        call_command("check", fail_level="ERROR", verbosity=0)
        if health.migrations():
            self.say("setting up the database")
            call_command("migrate", interactive=False, verbosity=0)
        self.collect_static()
        if settings.DEMO and is_empty():
            self.say("making the demo organisation (DEMO=0 starts without)")
            if "demo" not in get_commands():
                raise CommandError("There is no command `demo` in this version: start with DEMO=0.")
            call_command("demo", stdout=self.stdout)
        connections.close_all()

    def collect_static(self) -> None:
        """Collect and compress the static files, unless they are as last time."""
        stamp, mark = static_stamp(), settings.VMO_HOME / "static.stamp"
        if mark.exists() and mark.read_text() == stamp:
            return
        self.say("collecting static files")
        call_command("collectstatic", interactive=False, verbosity=0)
        mark.write_text(stamp)

    def announce(self, address: Address) -> None:
        self.say(f"the portal is ready after {time.monotonic() - self.began:.1f} s: {address.url}")
        logins = settings.VMO_HOME / "demo-logins"
        if logins.exists():
            self.stdout.write(logins.read_text())
        self.say(f"Ctrl-C stops it; logs are in {settings.VMO_HOME / 'logs'}")


def is_empty() -> bool:
    """Whether nothing was ever put into this portal."""
    from accounts.models import User
    from portfolio.models import ValueStream

    return not User.objects.exists() and not ValueStream.objects.exists()


def static_stamp() -> str:
    """A digest of which static files there are, and which versions of them."""
    found = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = (storage.path(path), *_version(storage.path(path)))
            found.append(repr(stat))
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()


def _version(path: str) -> tuple[int, int]:
    import os

    stat = os.stat(path)
    return stat.st_size, stat.st_mtime_ns
