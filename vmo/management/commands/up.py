"""`manage.py up`: run the whole portal, until Ctrl-C."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
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
        self.check(databases=["default"], display_num_errors=False)
        with self.static_files():
            if health.migrations():
                self.say("setting up the database")
                call_command("migrate", interactive=False, verbosity=0)
            if settings.DEMO:
                self.load_demo()
        connections.close_all()

    @contextmanager
    def static_files(self) -> Iterator[None]:
        """Meanwhile, collect and compress the static files, unless they are as last time."""
        stamp, mark = static_stamp(), settings.STATIC_ROOT / ".stamp"
        if mark.exists() and mark.read_text() == stamp:
            yield
            return
        self.say("collecting static files")
        command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
        with subprocess.Popen(command, cwd=settings.BASE_DIR, stderr=subprocess.PIPE, text=True) as collecting:
            yield
            _, errors = collecting.communicate()
        if collecting.returncode:
            raise CommandError(f"The static files could not be collected: {errors.strip().splitlines()[-1]}")
        mark.write_text(stamp)

    def load_demo(self) -> None:
        """Once, into an empty portal; a load that was cut short has left it empty, its syncs are done by the worker."""
        if "demo" not in get_commands():
            raise CommandError("There is no command `demo` in this version: start with DEMO=0.")
        told = StringIO()
        call_command("demo", if_empty=True, stdout=told)
        if told.getvalue():
            self.say("made the demo organisation; the worker pulls its history now (DEMO=0 starts without)")

    def announce(self, address: Address) -> None:
        self.say(f"the portal is ready after {time.monotonic() - self.began:.1f} s: {address.url}")
        self.stdout.write(logins())
        self.say(f"Ctrl-C stops it; its logs are in {settings.VMO_HOME / 'logs'}")


def logins() -> str:
    """The demo's people with their password, or how to make the first user."""
    from accounts.models import User
    from connectors.demo.people import LOGINS, PASSWORD

    known = set(User.objects.values_list("email", flat=True)[:1000])
    connections.close_all()
    if not known:
        return "         nobody can log in yet: python manage.py createsuperuser"
    lines = [f"         {login.email:28} {login.role.label}" for login in LOGINS if login.email in known]
    return "\n".join([f"         demo logins, password {PASSWORD}:", *lines] if lines else [])


def static_stamp() -> str:
    """A digest of which static files there are, and which versions of them."""
    found = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = (storage.path(path), *_version(storage.path(path)))
            found.append(repr(stat))
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()


def _version(path: str) -> tuple[int, int]:
    stat = os.stat(path)
    return stat.st_size, stat.st_mtime_ns
