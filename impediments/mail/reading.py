"""What becomes of a mail: an impediment, a comment on one, or nothing, with the reason; each mail once.

What is made of a mail and the word that it was read are one transaction under the lease of its row (core/jobs.py), so
a worker that is killed, or that two work at once, makes no second impediment.
"""

import logging
import re
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import comments, jobs, outbox
from core.models import JobState
from impediments.actions import attach, log_impediment
from impediments.actions.comments import add_comment
from impediments.attachments import MOST_FILES, File, checked
from impediments.mail.addresses import address_of
from impediments.mail.letters import Letter, Part, Unreadable, letter_of
from impediments.models import Category, Impediment, IncomingMail, Verdict, Via
from impediments.notices import number, page_of, thread
from impediments.rules import may_log, may_work_on
from portfolio.models import Team

log = logging.getLogger(__name__)
# One person does not write more within an hour: two programs answer each other.
MOST_PER_SENDER = 30
MOST_ATTEMPTS = 5
MOST_WHAT = 200
NO_SUBJECT = "(no subject)"
PREFIX = re.compile(r"^((re|fwd?|aw|wg|tr)\s*:\s*)+", re.I)


class Refused(Exception):
    """Nothing is made of it. `to`: who may be told why; nobody when it may be an answer of a program."""

    def __init__(self, note: str, to: User | None = None) -> None:
        super().__init__(note)
        self.to = to


@dataclass(frozen=True, slots=True)
class Made:
    """What a mail became, and which of its files were left out."""

    verdict: Verdict
    impediment: Impediment
    by: User
    left_out: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        return " ".join(self.left_out)[:500]


def read(mail_id: int) -> None:
    """Read a mail that was kept, unless that was done or is in somebody's hands."""
    mail = jobs.claim(IncomingMail.objects.select_related("team__stream", "team__calendar"), mail_id)
    if mail is None or mail.team is None:
        return
    try:
        made = _made(mail, mail.team)
    except Refused as refused:
        _refuse(mail, mail.team, refused)
    except jobs.LeaseLost:
        log.warning("The mail %s was read by somebody else meanwhile", mail.pk)
    else:
        log.info("The mail %s of %s: %s %s", mail.pk, mail.team, made.verdict, number(made.impediment))


def _made(mail: IncomingMail, team: Team) -> Made:
    if mail.attempts > MOST_ATTEMPTS:
        raise Refused(f"It could not be read in {MOST_ATTEMPTS} attempts: see the worker's log.")
    try:
        letter = letter_of(bytes(mail.raw))
    except Unreadable as error:
        raise Refused(str(error)) from None
    sender = _sender(mail, letter)
    files, left_out = _files(letter.parts)
    with transaction.atomic():
        row = _answered(letter, sender, team)
        made = _comment(row, letter, sender) if row else _log(team, letter, sender)
        made = Made(made.verdict, made.impediment, sender, left_out + _attach(made.impediment, sender, files))
        _confirm(mail, made)
        done = {"verdict": made.verdict, "note": made.note, "impediment": made.impediment}
        jobs.finish(mail, JobState.SUCCEEDED, **done)
    return made


def _sender(mail: IncomingMail, letter: Letter) -> User:
    """The person who wrote it. Raises Refused for programs, strangers, and for more than a person writes."""
    head = letter.head
    if head.automatic:
        raise Refused(head.automatic)
    if not head.sender:
        raise Refused("It names no sender, or several.")
    user = User.objects.filter(email__iexact=head.sender, is_active=True).first()
    if user is None:
        raise Refused(f"Nobody in this portal has the address {head.sender}.")
    since = timezone.now() - timedelta(hours=1)
    read_of = IncomingMail.objects.filter(sender=mail.sender, finished_at__gt=since, state=JobState.SUCCEEDED)
    if read_of.count() >= MOST_PER_SENDER:
        raise Refused(f"More than {MOST_PER_SENDER} mails came from this sender within an hour: it looks like a loop.")
    return user


def _answered(letter: Letter, sender: User, team: Team) -> Impediment | None:
    """The impediment that the mail answers a notice of.

    Raises Refused when that is none of the sender's business, and when it is of another team than the address: what
    one team's secret address takes is written to no other.
    """
    name = outbox.thread_of(letter.head.references)
    known = int(name.rpartition("-")[2]) if name.startswith("impediment-") else letter.head.answers
    if known is None:
        return None
    row = Impediment.objects.for_user(sender).select_related("team__stream").filter(pk=known).first()
    if row is None or not may_work_on(sender, row):
        raise Refused(f"It answers VMO-{known}, which {sender} may not work on.", sender)
    if row.team_id != team.pk:
        raise Refused(f"It answers VMO-{known}, which is not of {team}: answer on its page.", sender)
    return row


def _comment(row: Impediment, letter: Letter, sender: User) -> Made:
    text = (letter.own or letter.text or "(a mail without text)")[: comments.LONGEST]
    since = timezone.now() - timedelta(days=1)
    if comments.comments_of(row).filter(author=sender, text=text, at__gt=since).exists():
        raise Refused(f"{sender} said the same there within a day: it looks like a loop.")
    add_comment(actor=sender, impediment=row, text=text)
    return Made(Verdict.COMMENT, row, sender)


def _log(team: Team, letter: Letter, sender: User) -> Made:
    if not may_log(sender, team):
        raise Refused(f"{sender} may not log impediments of {team}.", sender)
    try:
        row = log_impediment(
            actor=sender,
            what=what_of(letter),
            category=Category.OTHER,
            team=team,
            description=letter.text,
            via=Via.MAIL,
        )
    except (ValidationError, PermissionDenied) as error:
        raise Refused(" ".join(getattr(error, "messages", [str(error)])), sender) from None
    return Made(Verdict.LOGGED, row, sender)


def what_of(letter: Letter) -> str:
    """What is in the way: the subject, else the first line of the text."""
    subject = PREFIX.sub("", letter.head.subject).strip()
    first = subject or next((line.strip() for line in letter.text.split("\n") if line.strip()), NO_SUBJECT)
    return first if len(first) <= MOST_WHAT else f"{first[: MOST_WHAT - 1].rstrip()}…"


def _files(parts: tuple[Part, ...]) -> tuple[list[File], tuple[str, ...]]:
    """The files that may be kept, and a sentence for each that may not."""
    found, left_out = [], []
    for part in parts:
        try:
            found.append(checked(part.name, part.data))
        except ValidationError as error:
            left_out += error.messages
    return found, tuple(left_out)


def _attach(row: Impediment, sender: User, files: list[File]) -> tuple[str, ...]:
    room = max(0, MOST_FILES - row.attachments.count())
    for file in files[:room]:
        attach(actor=sender, impediment=row, name=file.name, data=file.data)
    return (f"More than {MOST_FILES} files: {len(files) - room} were left out.",) if len(files) > room else ()


def _confirm(mail: IncomingMail, made: Made) -> None:
    """Tell the sender that it was logged: answering that mail comments. Comments need no answer, and get none."""
    if made.verdict == Verdict.LOGGED:
        row = made.impediment
        subject = f"[{number(row)}] Logged: {row.what}"
        context = {"row": row, "number": number(row), "page": outbox.absolute(page_of(row)), "note": made.note}
        _answer(f"mail-in:{mail.pk}", made.by, subject, context | {"team": row.team}, row)


def _refuse(mail: IncomingMail, team: Team, refused: Refused) -> None:
    """Keep why. A person of this portal is told, at most once a day: an address in a mail may be somebody else's."""
    with transaction.atomic():
        # What strangers send is not kept: only that it came, and why it was refused.
        kept = {} if refused.to else {"raw": b""}
        jobs.finish(mail, JobState.SUCCEEDED, verdict=Verdict.REFUSED, note=str(refused)[:500], **kept)
        if refused.to:
            subject = f"Not logged: {mail.subject or NO_SUBJECT}"
            key = f"mail-refused:{refused.to.pk}:{timezone.localdate()}"
            _answer(key, refused.to, subject, {"note": str(refused), "team": team})


def _answer(key: str, person: User, subject: str, context: dict[str, object], row: Impediment | None = None) -> None:
    text, html = outbox.letter("mail_read", context | {"person": person, "subject": subject})
    where = {"reply_to": address_of(row.team), "thread": thread(row)} if row else {}
    outbox.send(key=key, to=person.email, subject=subject, text=text, html=html, **where)
