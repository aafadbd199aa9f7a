"""Who is told what happens to an impediment: a notice in the portal and a mail to people, a call to other programs.

No money in any of them: mails are read on shared screens, and whoever reads a chat room reads it all.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core import hooks, outbox
from impediments.mail.addresses import address_of
from impediments.models import Impediment
from impediments.rules import may_work_on
from portfolio.models import Grant, Membership
from portfolio.rules import Person


class Event(StrEnum):
    """What may happen; the names are those that other programs get ("impediment.escalated")."""

    LOGGED = "logged"
    ASSIGNED = "assigned"
    MENTIONED = "mentioned"
    COMMENTED = "commented"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    REOPENED = "reopened"


# What other programs are called for; the rest is between people.
CALLED = frozenset({Event.LOGGED, Event.ESCALATED, Event.RESOLVED, Event.REOPENED})
WHY_YOU: dict[Event, str] = {
    Event.LOGGED: "you logged it",
    Event.ASSIGNED: "you own it now",
    Event.MENTIONED: "somebody named you in a comment",
    Event.COMMENTED: "you own it or logged it",
    Event.ESCALATED: "it reached your level, or you own it",
    Event.RESOLVED: "you logged it",
    Event.REOPENED: "you own it or logged it",
}


def number(impediment: Impediment) -> str:
    """How people name it: VMO-12."""
    return f"VMO-{impediment.pk}"


def thread(impediment: Impediment) -> str:
    """What its mails have in common; the answer to one carries it (core/outbox.py)."""
    return f"impediment-{impediment.pk}"


def said(impediment: Impediment, event: Event, who: str = "") -> str:
    """What happened, in one line."""
    by = f" by {who}" if who else ""
    words = {
        Event.LOGGED: f"Logged{by}",
        Event.ASSIGNED: f"Yours{', from ' + who if who else ''}",
        Event.MENTIONED: f"{who or 'Somebody'} named you",
        Event.COMMENTED: f"Comment{by}",
        Event.ESCALATED: f"Now with {level_words(impediment)}",
        Event.RESOLVED: f"Resolved{by}",
        Event.REOPENED: f"Open again{by}",
    }
    return f"{words[event]}: {impediment.what}"


def level_words(impediment: Impediment) -> str:
    """The level as people say it in a sentence: "the PMO", "the VMO board"."""
    return {1: "the team", 2: "the PMO", 3: "the VMO board", 4: "the executives"}[impediment.level]


def readers(impediment: Impediment) -> "QuerySet[User]":
    """The people who may see an impediment: those of Impediment.objects.for_user, asked the other way round."""
    team, today = impediment.team, timezone.localdate()
    here = Q(stream=None, team=None) | Q(stream=team.stream_id) | Q(team=team.pk)
    grants = Grant.objects.filter(here, user=OuterRef("pk"))
    members = Membership.objects.filter(team=team, user=OuterRef("pk"), during__contains=today)
    may = Q(is_superuser=True) | Q(pk=impediment.owner_id) | Exists(grants) | Exists(members)
    return User.objects.filter(may, is_active=True)


def tell(
    impediment: Impediment,
    event: Event,
    people: Iterable[User | None] = (),
    *,
    key: str,
    actor: Person = None,
    why: str = "",
) -> int:
    """Tell `people` (but `actor`, and those who may not see it) and the hooks of its stream; how many were new to it.

    Call it in the transaction of the deed. `key` names the deed ("escalation:12"): nobody is told twice by one key.
    `why` is a sentence or a comment, shown below the headline; it must not hold money.
    """
    wanted = {one.pk for one in people if one is not None}
    if isinstance(actor, User):
        wanted.discard(actor.pk)
    found = readers(impediment).filter(pk__in=wanted) if wanted else ()
    told = sum(_tell(impediment, event, one, f"{key}:{one.pk}", actor, why) for one in found)
    if event in CALLED:
        hooks.call(
            scope=f"stream:{impediment.team.stream.slug}",
            key=key,
            event=f"impediment.{event}",
            body=body_of(impediment, event, why),
        )
    return told


def page_of(impediment: Impediment) -> str:
    return reverse("impediment", args=[impediment.pk])


def _tell(impediment: Impediment, event: Event, person: User, key: str, actor: Person, why: str) -> bool:
    line = said(impediment, event, str(actor) if isinstance(actor, User) else "")
    # The address is a secret of those who may write to it.
    address = address_of(impediment.team) if may_work_on(person, impediment) else ""
    context = {
        "person": person,
        "subject": line,
        "impediment": impediment,
        "number": number(impediment),
        "why": why,
        "page": outbox.absolute(page_of(impediment)),
        "because": WHY_YOU[event],
        "may_answer": bool(address),
    }
    text, html = outbox.letter("impediment", context)
    outbox.send(
        key=key,
        to=person.email,
        subject=f"[{number(impediment)}] {line}",
        text=text,
        html=html,
        reply_to=address,
        thread=thread(impediment),
    )
    return outbox.notify(user_id=person.pk, key=key, text=f"{number(impediment)} · {line}", url=page_of(impediment))


def plain(text: str) -> str:
    """Text that chat programs show as it is: nobody is called by an @, nothing becomes a link or a command."""
    return text.replace("<", "‹").replace(">", "›").replace("@", "@\N{WORD JOINER}")


def body_of(impediment: Impediment, event: Event, why: str = "") -> dict[str, Any]:
    """What other programs are told: `text` for people, the rest for programs."""
    page = outbox.absolute(page_of(impediment))
    line = f"{number(impediment)} ({impediment.team.name}) {said(impediment, event)}"
    return {
        "text": plain(f"{line}. {why}" if why else line) + f"\n{page}",
        "event": f"impediment.{event}",
        "impediment": {
            "id": impediment.pk,
            "what": impediment.what,
            "category": impediment.category,
            "level": impediment.level,
            "team": impediment.team.slug,
            "url": page,
        },
    }
