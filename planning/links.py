"""Links that need no login: votes and walls. What they open, for how long, and how little is told by them.

A wall's address is its row's token, signed: what the database holds opens nothing by itself. A vote's token is shown as
a QR code, so it is short. Neither is guessed: both have 192 bits of chance, and guessing is counted (core/limits.py).
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from core import live
from planning.live import topic
from planning.models import Increment, JoinLink, Poll

# A vote's link is of no use after so many days, closed or not.
VOTE_DAYS = 7
# How long a wall may hang, at most.
MOST_DAYS = 100
_SIGNER = Signer(salt="planning.links", sep="~")


def new_token() -> str:
    return secrets.token_urlsafe(24)


def event_topic(increment: Increment) -> str:
    """The live topic of an increment's event: timer, agenda, votes, links, who is here."""
    return f"event:{increment.pk}"


def wall_secret(link: JoinLink) -> str:
    """What stands in the address of a wall."""
    return _SIGNER.sign(link.token)


def wall(secret: str) -> JoinLink | None:
    """The wall of an address, even of one that is over; None when nobody made it."""
    try:
        token = _SIGNER.unsign(secret)
    except BadSignature:
        return None
    return JoinLink.objects.select_related("increment__train").filter(token=token).first()


def is_over(link: JoinLink) -> bool:
    """Whether it was revoked, or its time has come."""
    return link.revoked_at is not None or link.expires_at <= timezone.now()


def poll(token: str) -> Poll | None:
    """The vote of an address, even one that is closed; None when there is none or it is older than VOTE_DAYS."""
    since = timezone.now() - timedelta(days=VOTE_DAYS)
    places = ("increment__train", "lane__team")
    return Poll.objects.select_related(*places).filter(token=token, opened_at__gt=since).first()


def opened_by_wall(secret: str) -> frozenset[str]:
    """The live topics that a wall hears."""
    link = wall(secret)
    if link is None or is_over(link):
        return frozenset()
    return frozenset({topic(link.increment), event_topic(link.increment)})


def opened_by_vote(token: str) -> frozenset[str]:
    """The live topic that a voter's phone hears."""
    found = poll(token)
    return frozenset({event_topic(found.increment)}) if found else frozenset()


def told_to_wall(kind: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """A wall hears that there is something new, and reads its own page again; never who did what."""
    if kind == "written":
        return {"number": data.get("number")}
    if kind == "chances":
        return {}
    return told_to_vote(kind, data)


def told_to_vote(kind: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """A phone hears of the timer, and that a vote was closed."""
    if kind == "timer":
        return dict(data)
    return {} if kind == "event" and data.get("part") == "votes" else None


def register() -> None:
    """Say to the live log what the keys open; called when the app is ready."""
    live.keys("wall", opened_by_wall, told_to_wall)
    live.keys("vote", opened_by_vote, told_to_vote)
