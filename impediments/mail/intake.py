"""Mails are kept first, then read by a worker (reading.py): whoever hands one in need not wait, and nothing is lost."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import BigIntegerField, Count, Func, Sum
from django.utils import timezone

from core import jobs
from impediments.mail.addresses import team_of
from impediments.mail.letters import MOST_BYTES, Head, Unreadable, head_of
from impediments.models import IncomingMail
from portfolio.models import Team

# More mails to one team within an hour are no people: the mail server is asked to try again later.
MOST_PER_HOUR = 120
MOST_BYTES_PER_HOUR = 100 * 2**20
# How long the mail itself is kept, to look for a mistake; what was made of it stays.
RAW_DAYS = 14


class NotTaken(Exception):
    """The mail cannot be kept. `later`: it can, when it comes again."""

    def __init__(self, message: str, *, later: bool = False) -> None:
        super().__init__(message)
        self.later = later


def teams_of(raw: bytes, recipients: Iterable[str] = ()) -> list[Team]:
    """The teams a mail is for: of `recipients`, or, if none are given, of its own headers. Raises NotTaken."""
    given = [one for one in recipients if one] or list(_head(raw).recipients)
    found = {team.pk: team for team in map(team_of, given) if team}
    if not found:
        raise NotTaken("No team has such an address.")
    return list(found.values())


def _head(raw: bytes) -> Head:
    if len(raw) > MOST_BYTES:
        raise NotTaken(f"The mail is larger than {MOST_BYTES // 2**20} MB.")
    if not raw.strip():
        raise NotTaken("The mail is empty.")
    try:
        return head_of(raw)
    except Unreadable as error:
        raise NotTaken(str(error)) from None


def take_in(*, team: Team, raw: bytes, now: datetime | None = None) -> tuple[IncomingMail, bool]:
    """Keep a mail to a team, and have it read; False beside it when it came before. Raises NotTaken."""
    head, now = _head(raw), now or timezone.now()
    known = IncomingMail.objects.filter(team=team, message_id=head.message_id).first()
    if known:
        return known, False
    _check_flood(team, len(raw), now)
    with transaction.atomic():
        mail, is_new = IncomingMail.objects.get_or_create(
            team=team,
            message_id=head.message_id,
            defaults={"sender": head.sender, "subject": head.subject, "raw": raw, "received_at": now},
        )
        if is_new:
            transaction.on_commit(lambda: _wake([mail.pk]), robust=True)
    return mail, is_new


def _check_flood(team: Team, size: int, now: datetime) -> None:
    recent = IncomingMail.objects.filter(team=team, received_at__gt=now - timedelta(hours=1))
    came = recent.aggregate(
        mails=Count("pk"), size=Sum(Func("raw", function="octet_length", output_field=BigIntegerField()))
    )
    if came["mails"] >= MOST_PER_HOUR:
        raise NotTaken(f"More than {MOST_PER_HOUR} mails came for this team within an hour.", later=True)
    if (came["size"] or 0) + size > MOST_BYTES_PER_HOUR:
        raise NotTaken(f"More than {MOST_BYTES_PER_HOUR // 2**20} MB came for this team within an hour.", later=True)


def _wake(mail_ids: Iterable[int]) -> None:
    from impediments.tasks import read_mail

    for mail_id in mail_ids:
        read_mail.delay(mail_id)


def sweep() -> None:
    """Wake workers for the mails that wait and that nobody works on."""
    _wake(jobs.hand_out(IncomingMail.objects.defer("raw")))


def forget(now: datetime | None = None) -> int:
    """Empty the mails that were read long ago; how many."""
    old = (now or timezone.now()) - timedelta(days=RAW_DAYS)
    return IncomingMail.objects.filter(received_at__lt=old, finished_at__lt=old).exclude(raw=b"").update(raw=b"")
