"""Who is told of a dependency: the team that is asked, and who asked when there is an answer.

A notice in the portal and, where somebody has to do something, a mail; each once per step. The portal itself (imports,
commands) tells nobody, and nobody is told of their own deeds.
"""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core import outbox
from planning.actions.writing import Board
from planning.models import Dependency, Increment, Lane
from planning.queries.strings import lane_of, provider_of
from portfolio.models import Grant, Membership
from portfolio.rules import ROLES


def planners(lane: Lane | None) -> "QuerySet[User]":
    """The people of a row's team: who is in it today, and who holds a role that plans on the team itself.

    Not those with a role on its value stream or the whole portal: they would be told of everything.
    """
    if lane is None or lane.team_id is None:
        return User.objects.none()
    members = Membership.objects.filter(team=lane.team_id, user=OuterRef("pk"), during__contains=timezone.localdate())
    grants = Grant.objects.filter(team=lane.team_id, role__in=ROLES["plan"], user=OuterRef("pk"))
    return User.objects.filter(Exists(members) | Exists(grants), is_active=True)


def tell_provider(board: Board, row: Dependency, did: str, *, by_mail: bool = True) -> None:
    """Tell the team that provides, in the transaction of the deed; `did` is what the consumer's side did."""
    who = row.consumer.lane.name if row.consumer.lane else "Somebody"
    _tell(board, row, planners(lane_of(row)), f"{who} {did}", row.note, by_mail)


def tell_consumer(board: Board, row: Dependency, did: str, note: str = "", *, by_mail: bool = True) -> None:
    """Tell who asked, as long as they see the board; `did` is what the provider's side did."""
    asker = User.objects.filter(pk=row.requested_by_id or 0, is_active=True)
    people = [one for one in asker if Increment.objects.for_user(one).filter(pk=board.increment.pk).exists()]
    _tell(board, row, people, f"{lane_of(row).name} {did}", note, by_mail)


def _tell(board: Board, row: Dependency, people: Iterable[User], did: str, note: str, by_mail: bool) -> None:
    if board.actor is None:
        return
    page = reverse("plan-dependency", args=[row.pk])
    line = f"{did}: {_what(row)} for {row.consumer.title}"
    for person in people:
        if person.pk == board.actor.pk:
            continue
        key = f"dependency:{row.pk}:{row.version}:{person.pk}"
        outbox.notify(user_id=person.pk, key=key, text=f"{board.increment.name} · {line}", url=page)
        if by_mail:
            _write(board, row, person, key, line, note)


def _what(row: Dependency) -> str:
    provider = provider_of(row)
    return row.what or (provider.title if provider else "something")


def _write(board: Board, row: Dependency, person: User, key: str, line: str, note: str) -> None:
    context = {
        "person": person,
        "subject": line,
        "increment": board.increment,
        "row": row,
        "provider_lane": lane_of(row),
        "note": note,
        "page": outbox.absolute(reverse("plan-dependency", args=[row.pk])),
        "because": "you asked for it" if person.pk == row.requested_by_id else "your team is asked",
    }
    text, html = outbox.letter("dependency", context)
    outbox.send(key=key, to=person.email, subject=line, text=text, html=html, thread=f"dependency-{row.pk}")
