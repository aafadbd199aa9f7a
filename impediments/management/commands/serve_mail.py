"""`manage.py serve_mail`: listen for mails to the teams' addresses, by SMTP."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from impediments.mail.listener import serve


class Command(BaseCommand):
    help = "Take in mails to the teams' addresses by SMTP until it is stopped; `up` starts it when MAIL_IN_PORT is set."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.MAIL_IN_HOST, help="the address to listen on")
        parser.add_argument("--port", type=int, default=settings.MAIL_IN_PORT or 2525, help="0: any that is free")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.MAIL_DOMAIN:
            raise CommandError("Set MAIL_DOMAIN first: the domain of the teams' addresses.")
        host, port = options["host"], options["port"]
        try:
            asyncio.run(serve(host, port, self._ready))
        except OSError as error:
            raise CommandError(f"{host} port {port} cannot be used: {error.strerror or error}.") from error

    def _ready(self, port: int) -> None:
        self.stdout.write(f"Taking in mails for {settings.MAIL_DOMAIN} on port {port}")
        self.stdout.flush()
