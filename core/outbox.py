"""Mails and notices: written in the transaction of what they tell, sent by a worker, each once.

A mail is a leased row (core/jobs.py): a killed worker's mail is handed out again. A mail server that took a mail and
lost the line before it said so is the one way to a second copy.
"""

import logging
import re
import smtplib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from core import jobs
from core.models import JobState, Mail, Notice

log = logging.getLogger(__name__)
# A mail server that is away is asked again after so many minutes, each time twice as many.
FIRST_PAUSE = timedelta(minutes=1)
MOST_ATTEMPTS = 8
# A header of every mail of the portal, with its name: one that comes back to it is a loop.
OURS = "X-VMO-Portal"


def absolute(path: str) -> str:
    """The address of a page of the portal as mails name it."""
    return f"{settings.PORTAL_URL}{path}"


def letter(name: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """A mail as text and as HTML, from templates/mail/NAME.txt and NAME.html (both extend the base beside them)."""
    values = {"portal_url": settings.PORTAL_URL, **context}
    text, html = (render_to_string(f"mail/{name}.{kind}", values) for kind in ("txt", "html"))
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n", html


def send(*, key: str, to: str, subject: str, text: str, html: str = "", reply_to: str = "", thread: str = "") -> bool:
    """Have a mail sent after the commit; False when one with this `key` was asked for before.

    `reply_to`: where an answer goes. `thread`: mails of one name stand together in the reader's mail program, and an
    answer says which it belongs to (see `thread_of`).
    """
    subject = " ".join(subject.split())[:300]
    with transaction.atomic():
        mail, is_new = Mail.objects.get_or_create(
            key=key,
            defaults={
                "to": to,
                "subject": subject,
                "text": text,
                "html": html,
                "reply_to": reply_to,
                "thread": thread,
            },
        )
        if is_new:
            transaction.on_commit(lambda: _wake([mail.pk]), robust=True)
    return is_new


def _wake(mail_ids: Iterable[int]) -> None:
    from core.tasks import send_mail

    for mail_id in mail_ids:
        send_mail.delay(mail_id)


def deliver(mail_id: int) -> None:
    """Send the mail, unless it was sent or is in somebody's hands; called twice it does no harm."""
    mail = jobs.claim(Mail.objects.all(), mail_id)
    if mail is None:
        return
    message = EmailMultiAlternatives(
        mail.subject,
        mail.text,
        to=[mail.to],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers=headers_of(mail),
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    try:
        with jobs.keep_alive(mail):
            message.send()
    except (OSError, smtplib.SMTPException) as error:
        _again(mail, error)
    else:
        jobs.finish(mail, JobState.SUCCEEDED)


def headers_of(mail: Mail) -> dict[str, str]:
    """What says to other programs that no person wrote it (they do not answer then), and which thread it belongs to."""
    headers = {"Auto-Submitted": "auto-generated", OURS: host()}
    if mail.thread:
        first = f"<{mail.thread}@{host()}>"
        headers |= {
            "Message-ID": f"<{mail.thread}.{mail.pk}@{host()}>",
            "In-Reply-To": first,
            "References": first,
        }
    return headers


def host() -> str:
    """The name under which the portal writes mails."""
    return urlsplit(settings.PORTAL_URL).hostname or "localhost"


def thread_of(references: str) -> str:
    """The newest thread of ours that an answer's In-Reply-To or References name; empty when there is none."""
    found = re.findall(rf"<([a-z]+-\d{{1,18}})(?:\.\d+)?@{re.escape(host())}>", references)
    return str(found[-1]) if found else ""


def _again(mail: Mail, error: Exception) -> None:
    """Put it off, or give it up."""
    log.warning("The mail %s could not be sent (attempt %s): %s", mail.key, mail.attempts, error)
    if mail.attempts >= MOST_ATTEMPTS:
        jobs.finish(mail, JobState.FAILED, error=str(error))
        return
    jobs.put_off(mail, FIRST_PAUSE * 2 ** (mail.attempts - 1), error=str(error))


def sweep() -> None:
    """Wake workers for the mails that wait and that nobody works on."""
    _wake(jobs.hand_out(Mail.objects.all()))


def notify(*, user_id: int, key: str, text: str, url: str = "") -> bool:
    """Tell a person in the portal; False when they were told by this `key` before."""
    _, is_new = Notice.objects.get_or_create(user_id=user_id, key=key, defaults={"text": text[:300], "url": url})
    return is_new


def mark_read(*, user_id: int, notice_id: int | None = None) -> int:
    """Mark a notice of a person as read, or all of theirs (None); how many were unread. Doing it twice does no harm."""
    unread = Notice.objects.filter(user_id=user_id, read_at=None)
    return (unread if notice_id is None else unread.filter(pk=notice_id)).update(read_at=Now())


def unread(user_id: int) -> int:
    """How many notices a person has not read."""
    return Notice.objects.filter(user_id=user_id, read_at=None).count()
