"""`manage.py receive_mail`: take in one mail from the standard input, as a mail server's pipe gives it."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from impediments.mail.intake import NotTaken, take_in, teams_of
from impediments.mail.letters import MOST_BYTES


class Command(BaseCommand):
    help = (
        "Take in one mail from the standard input; exit codes are those of sysexits.h, which mail servers understand."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to",
            action="append",
            default=[],
            metavar="ADDRESS",
            help="whom the server delivers it to; without one ORIGINAL_RECIPIENT, else the mail's own headers",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read(MOST_BYTES + 1)
        try:
            for team in teams_of(raw, options["to"] or [os.environ.get("ORIGINAL_RECIPIENT", "")]):
                mail, is_new = take_in(team=team, raw=raw)
                self.stdout.write(f"{'Taken in' if is_new else 'Known already'}: {mail.subject or mail.message_id}")
        except NotTaken as error:
            self._end(os.EX_TEMPFAIL if error.later else os.EX_DATAERR, str(error))
        except DatabaseError as error:
            self._end(os.EX_TEMPFAIL, f"The database is away: {error}")

    def _end(self, code: int, message: str) -> None:
        self.stderr.write(message)
        sys.exit(code)
