"""The two ways a mail comes in, as a mail server uses them: SMTP to `serve_mail`, and the pipe to `receive_mail`."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from impediments.actions import channels
from impediments.mail.addresses import address
from impediments.models import Impediment, IncomingMail, Verdict
from tests.cast import Cast, make_cast
from tests.conftest import ROOT, Worker, environment
from tests.impediments.letters import mail
from tests.waiting import until
from vmo.services.processes import spawn

pytestmark = pytest.mark.django_db(transaction=True)
DOMAIN = "in.example.org"


@pytest.fixture
def cast(transactional_db: None, settings: Settings) -> Cast:
    settings.MAIL_DOMAIN = DOMAIN
    return make_cast()


@pytest.fixture
def falcon(cast: Cast) -> str:
    """The address of Falcon."""
    return address(cast.falcon, channels.make_address(actor=cast.pmo, team=cast.falcon).token)


@pytest.fixture
def port(cast: Cast, tmp_path: Path) -> Iterator[int]:
    log = tmp_path / "mail.log"
    with log.open("wb") as output:
        command = [sys.executable, "manage.py", "serve_mail", "--port", "0"]
        process = spawn(command, log=output, cwd=ROOT, env=environment() | {"MAIL_DOMAIN": DOMAIN})
    try:
        until(lambda: "on port" in log.read_text() or process.poll() is not None, what="a listening server")
        yield int(log.read_text().rsplit("on port", 1)[1].split()[0])
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()


def send(port: int, to: list[str], raw: bytes, sender: str = "max@example.org") -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        return client.sendmail(sender, to, raw)


def test_a_mail_by_smtp_is_logged_by_a_worker(falcon: str, port: int, worker: Worker) -> None:
    assert send(port, [falcon], mail("No answer", subject="Vendor silent", to=falcon)) == {}
    # It is kept when the server says so; the worker reads it.
    row = IncomingMail.objects.get()
    until(lambda: IncomingMail.objects.get(pk=row.pk).verdict != Verdict.WAITING, what="a mail that was read")
    assert Impediment.objects.get().what == "Vendor silent"
    # Sent again after a lost line, it is the same mail.
    send(port, [falcon], mail("No answer", subject="Vendor silent", to=falcon))
    assert IncomingMail.objects.count() == 1


def test_what_the_server_refuses(falcon: str, port: int) -> None:
    for wrong in (f"falcon@{DOMAIN}", falcon.replace(DOMAIN, "example.org"), "x" * 300 + f"@{DOMAIN}"):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(port, [wrong], mail())
        assert {code for code, _ in refused.value.recipients.values()} <= {550, 501, 500}
    # 30 MB: refused by the size that it says, and also when it says none.
    with pytest.raises((smtplib.SMTPSenderRefused, smtplib.SMTPDataError, smtplib.SMTPServerDisconnected)):
        send(port, [falcon], mail() + b"x" * 76 * 400_000)
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.helo()
        client.mail("max@example.org")
        client.rcpt(falcon)
        code, _ = client.data(mail() + b"\r\n" + (b"x" * 70 + b"\r\n") * 200_000)
        assert code == 552
    assert not IncomingMail.objects.exists()
    # And it goes on for others.
    send(port, [falcon], mail())
    assert IncomingMail.objects.count() == 1


def test_an_empty_sender_is_a_mail_server_speaking(falcon: str, port: int, worker: Worker) -> None:
    send(port, [falcon], mail(), sender="")
    until(lambda: IncomingMail.objects.filter(verdict=Verdict.REFUSED).exists(), what="a bounce that was refused")
    assert not Impediment.objects.exists()


def test_half_a_mail_leaves_nothing(falcon: str, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
        wire.sendall(f"HELO x\r\nMAIL FROM:<max@example.org>\r\nRCPT TO:<{falcon}>\r\nDATA\r\nSubject: x\r\n".encode())
        wire.recv(1000)
    send(port, [falcon], mail())
    assert IncomingMail.objects.count() == 1


def pipe(raw: bytes, *options: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "manage.py", "receive_mail", *options]
    env = environment() | {"MAIL_DOMAIN": DOMAIN} | variables
    return subprocess.run(command, input=raw, cwd=ROOT, env=env, capture_output=True, check=False)


def test_the_pipe_of_a_mail_server(falcon: str) -> None:
    taken = pipe(mail("One", message_id="<1@x.org>"), "--to", falcon)
    assert (taken.returncode, taken.stderr) == (0, b"")
    # The mail's own headers, or the server's variable, name the team as well.
    assert pipe(mail("Two", to=falcon, message_id="<2@x.org>")).returncode == 0
    assert pipe(mail("Three", message_id="<3@x.org>"), ORIGINAL_RECIPIENT=falcon).returncode == 0
    assert b"Known already" in pipe(mail("One", message_id="<1@x.org>"), "--to", falcon).stdout
    assert IncomingMail.objects.count() == 3
    # 65: this mail will never do; the server returns it.
    assert pipe(mail(), "--to", f"nobody@{DOMAIN}").returncode == os.EX_DATAERR
    assert pipe(mail() + b"x" * (30 * 2**20), "--to", falcon).returncode == os.EX_DATAERR
    assert IncomingMail.objects.count() == 3
