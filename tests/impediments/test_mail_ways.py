"""The two ways a mail comes in, as a mail server uses them: SMTP to `serve_mail`, and the pipe to `receive_mail`."""

import io
import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from pytest_django import Settings

from impediments.actions import channels
from impediments.mail.addresses import address
from impediments.models import Impediment, IncomingMail, Verdict
from tests.cast import Cast, make_cast
from tests.conftest import ROOT, Worker, environment
from tests.impediments.letters import mail
from tests.waiting import until
from vmo.services.processes import spawn

# Whoever takes a mail in wakes a worker: it must have read it before the tables are emptied.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("worker")]
DOMAIN = "in.example.org"


@pytest.fixture
def cast(transactional_db: None, settings: Settings) -> Cast:
    settings.MAIL_DOMAIN = DOMAIN
    return make_cast()


@pytest.fixture
def falcon(cast: Cast) -> str:
    """The address of Falcon."""
    return address(cast.falcon, channels.make_address(actor=cast.pmo, team=cast.falcon).token)


@pytest.fixture(scope="module")
def port(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """One listener for the whole file: it keeps nothing of a mail but the row."""
    log = tmp_path_factory.mktemp("mail") / "mail.log"
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


def pipe(raw: bytes, *options: str, **variables: str) -> tuple[int, bytes, bytes]:
    """Give a mail to a process of its own, as a mail server does: its exit code, output and errors."""
    command = [sys.executable, "manage.py", "receive_mail", *options]
    env = environment() | {"MAIL_DOMAIN": DOMAIN} | variables
    ended = subprocess.run(command, input=raw, cwd=ROOT, env=env, capture_output=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def test_the_pipe_of_a_mail_server(falcon: str) -> None:
    assert pipe(mail("One"), "--to", falcon) == (0, b"Taken in: Access to the test system\n", b"")
    assert IncomingMail.objects.count() == 1


def take(monkeypatch: pytest.MonkeyPatch, raw: bytes, *options: str) -> str:
    """The same command in this process: starting another one takes seconds."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    said = io.StringIO()
    call_command("receive_mail", *options, stdout=said, stderr=said)
    return said.getvalue()


def test_whom_a_piped_mail_is_for(falcon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server says it by an option or a variable, else the mail's own headers do."""
    take(monkeypatch, mail("One", message_id="<1@x.org>"), "--to", falcon)
    take(monkeypatch, mail("Two", to=falcon, message_id="<2@x.org>"))
    monkeypatch.setenv("ORIGINAL_RECIPIENT", falcon)
    take(monkeypatch, mail("Three", message_id="<3@x.org>"))
    assert "Known already" in take(monkeypatch, mail("One", message_id="<1@x.org>"), "--to", falcon)
    assert IncomingMail.objects.count() == 3


def test_the_exit_code_of_mails_that_will_never_do(falcon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """65 of sysexits.h: the server returns it to its sender."""
    for raw, to in ((mail(), f"nobody@{DOMAIN}"), (mail() + b"x" * (30 * 2**20), falcon)):
        with pytest.raises(SystemExit) as ended:
            take(monkeypatch, raw, "--to", to)
        assert ended.value.code == os.EX_DATAERR
    assert not IncomingMail.objects.exists()
