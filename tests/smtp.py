"""A mail server that keeps what it is given: enough of SMTP for Django, on a port of its own."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

QUICK = {b"EHLO": b"250 tests", b"HELO": b"250 tests", b"MAIL": b"250 ok", b"RCPT": b"250 ok", b"RSET": b"250 ok"}


class _Session(socketserver.StreamRequestHandler):
    """One connection: answers each command, keeps each message before it says so."""

    server: "MailServer"

    def handle(self) -> None:
        self._say(b"220 tests")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"QUIT":
                self._say(b"221 bye")
                return
            if verb == b"DATA":
                self._say(b"354 go on")
                self.server.keep(self._read())
                self._say(b"250 kept")
            else:
                self._say(QUICK.get(verb, b"502 unknown"))

    def _read(self) -> bytes:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, text: bytes) -> None:
        self.wfile.write(text + b"\r\n")


class MailServer(socketserver.ThreadingTCPServer):
    """`mails` in the order they came."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[EmailMessage] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def keep(self, data: bytes) -> None:
        mail = message_from_bytes(data, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def body(mail: EmailMessage, kind: str) -> str:
    """The part of a mail that is "plain" or "html"."""
    part = mail.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content())
