"""A small SMTP server for the teams' addresses, on a port of its own: it takes mails in, and relays none.

It stands behind the organisation's mail server. Recipients that are no team's address are refused before the mail
comes; a mail is acknowledged when its row is committed, never earlier.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from impediments.mail.addresses import team_of
from impediments.mail.intake import NotTaken, take_in, teams_of
from impediments.mail.letters import MOST_BYTES

T = TypeVar("T")
log = logging.getLogger(__name__)
THREADS = 4
MOST_RECIPIENTS = 20
# Of each command in one connection; whoever has more to say comes again.
MOST_COMMANDS = 200
IDLE_SECONDS = 300.0
MOST_CONNECTIONS = 50
# aiosmtpd writes down every address at level INFO: ours are secrets.
logging.getLogger("mail.log").setLevel(logging.WARNING)
AWAY = "451 4.3.0 The portal's database is away: try again later"


class Handler:
    """Answers of the server. The database is asked in threads, so that one slow mail does not hold up the others."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            known = await self._ask(lambda: team_of(address) is not None)
        except DatabaseError:
            return AWAY
        if known:
            envelope.rcpt_tos.append(address)
            return "250 2.1.5 Ok"
        return "550 5.1.1 No such address"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        # As any last server writes down: an empty sender is a mail server speaking, which is never answered.
        # aiosmtpd gives that one as "<>".
        sender = "".join(sign for sign in envelope.mail_from or "" if sign.isprintable()).strip("<>")
        raw = f"Return-Path: <{sender}>\r\n".encode("utf-8", "replace") + content
        try:
            return await self._ask(lambda: keep(raw, envelope.rcpt_tos))
        except DatabaseError:
            return AWAY

    async def _ask(self, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, _with_connection, question)


def _with_connection(question: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return question()
    except DatabaseError:
        connection.close()
        raise


def keep(raw: bytes, recipients: list[str]) -> str:
    """Take a mail in for each team it is for; the answer to the other server."""
    try:
        for team in teams_of(raw, recipients):
            take_in(team=team, raw=raw)
    except NotTaken as error:
        return f"451 4.7.0 {error}" if error.later else f"554 5.6.0 {error}"
    return "250 2.0.0 Taken in"


class Server(SMTP):
    """With a limit of connections: the portal behind it has other work, too."""

    open_now = 0
    is_one_of_them = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if Server.open_now >= MOST_CONNECTIONS:
            log.warning("More than %s mail connections at once: one was closed", MOST_CONNECTIONS)
            transport.close()
            return
        Server.open_now += 1
        self.is_one_of_them = True
        super().connection_made(transport)

    def eof_received(self) -> bool | None:
        return super().eof_received() if self.is_one_of_them else None

    def connection_lost(self, error: Exception | None) -> None:
        if self.is_one_of_them:
            Server.open_now -= 1
            super().connection_lost(error)


def server(handler: Handler) -> Server:
    """One connection's protocol."""
    return Server(
        handler,
        hostname=settings.MAIL_DOMAIN or "localhost",
        ident="VMO",
        data_size_limit=MOST_BYTES,
        enable_SMTPUTF8=True,
        timeout=IDLE_SECONDS,
        command_call_limit=MOST_COMMANDS,
        auth_exclude_mechanism=["LOGIN", "PLAIN"],
    )


async def serve(host: str, port: int, ready: Callable[[int], None]) -> None:
    """Listen until SIGTERM or Ctrl-C; `ready` is told the port."""
    handler, stop = Handler(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, ValueError):
            loop.add_signal_handler(signum, stop.set)
    listening = await loop.create_server(lambda: server(handler), host, port)
    async with listening:
        ready(listening.sockets[0].getsockname()[1])
        await stop.wait()
    handler.threads.shutdown(wait=True)
