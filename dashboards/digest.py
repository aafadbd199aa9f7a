"""The weekly digest: what needs a decision and what changed, by mail, on Mondays, each person once a week.

Everything is what that person would see on the overview. Who has nothing to read gets no mail; who switched it off in
the profile neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core import outbox
from core.models import Mail
from dashboards.queries.base import count
from dashboards.queries.home import ask_of
from dashboards.queries.home.changes import Change, changes
from dashboards.queries.home.decisions import in_words
from metrics import forms
from portfolio.models import Grant
from portfolio.overview import Ask
from portfolio.queries import ScopeNotFound, decisions_due
from portfolio.queries.decisions import DueDecision

# From this hour of a Monday on, in the portal's zone; Tuesday makes up for a Monday on which it did not run.
MORNING, DAYS = 7, (0, 1)
WEEK = timedelta(days=7)
MOST_DECISIONS, MOST_CHANGES = 6, 10


@dataclass(frozen=True, slots=True)
class Digest:
    """What one person is told; decisions and changes are at most so many, the rest are counted."""

    person: User
    due: Sequence[DueDecision]
    news: Sequence[Change]
    is_new: frozenset[int]

    @property
    def subject(self) -> str:
        said = []
        if self.due:
            said.append(f"{in_words(len(self.due))} {'decision is' if len(self.due) == 1 else 'decisions are'} due")
        if self.news:
            said.append(f"{count(len(self.news), 'change')} in a week")
        text = ", ".join(said)
        return text[0].upper() + text[1:]

    @property
    def decisions(self) -> list[tuple[DueDecision, bool, str]]:
        """Those that are told: each with whether it is new, and its address."""
        return [
            (one, one.decision.pk in self.is_new, _address("decision", one.decision.pk))
            for one in self.due[:MOST_DECISIONS]
        ]

    @property
    def changes(self) -> list[tuple[Change, str]]:
        return [(one, outbox.absolute(one.address) if one.address else "") for one in self.news[:MOST_CHANGES]]

    @property
    def more_decisions(self) -> int:
        return max(0, len(self.due) - MOST_DECISIONS)

    @property
    def more_changes(self) -> int:
        return max(0, len(self.news) - MOST_CHANGES)

    @property
    def currency(self) -> str:
        return settings.CURRENCY


def _address(name: str, *args: object) -> str:
    return outbox.absolute(reverse(name, args=args))


def key_of(person: User, now: datetime) -> str:
    """The mail's key: one per person and ISO week."""
    year, week, _ = timezone.localdate(now).isocalendar()
    return f"digest:{person.pk}:{year}-w{week:02}"


def readers(now: datetime) -> "QuerySet[User]":
    """Who may get one: people with a role for the portfolio or a value stream who want it and have none this week."""
    role = Grant.objects.filter(user=OuterRef("pk"), team=None)
    people = User.objects.filter(Exists(role), is_active=True, digest=True).order_by("pk")
    ids = list(people.values_list("pk", flat=True))
    keys = [key_of(User(pk=pk), now) for pk in ids]
    told = set(Mail.objects.filter(key__in=keys).values_list("key", flat=True))
    return people.filter(pk__in=[pk for pk, key in zip(ids, keys, strict=True) if key not in told])


def digest_of(person: User, now: datetime) -> Digest | None:
    """What a person would be told now; None: nothing."""
    ask = _ask(person, now)
    if ask is None:
        return None
    due = decisions_due(person, ask.of_streams, now)
    news = changes(ask, now - WEEK)
    is_new = frozenset(one.decision.pk for one in due if one.decision.raised_at > now - WEEK)
    # What is raised and still waits stands above already.
    news = [one for one in news if not one.text.startswith("Raised: ")]
    return Digest(person, due, news, is_new) if due or news else None


def _ask(person: User, now: datetime) -> Ask | None:
    try:
        asked = forms.ask(QueryDict(), person, now)
    except ScopeNotFound:
        return None
    found = ask_of(asked, person, now)
    if found.is_whole:
        return found
    # Of several streams the page shows one at a time, the mail all.
    return ask_of(asked, person, now, every_stream=True)


def send_digests(now: datetime) -> int:
    """Send what is due at `now`; how many people got one. Running twice sends nothing twice."""
    local = timezone.localtime(now)
    if local.weekday() not in DAYS or (local.weekday() == DAYS[0] and local.hour < MORNING):
        return 0
    return sum(send_digest(person, now) for person in readers(now))


def send_digest(person: User, now: datetime) -> bool:
    """Send a person this week's digest, unless there is nothing to say or they have it."""
    found = digest_of(person, now)
    if found is None:
        return False
    context = {
        "person": person,
        "subject": found.subject,
        "digest": found,
        "page": _address("home"),
        "profile": _address("profile"),
        "all_decisions": _address("decisions"),
    }
    text, html = outbox.letter("digest", context)
    return outbox.send(key=key_of(person, now), to=person.email, subject=found.subject, text=text, html=html)
