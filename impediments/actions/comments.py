"""Comments on impediments: whoever may work on one may write; its owner and who logged it hear of it."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from accounts.models import User
from core import comments
from core.models import Comment
from impediments import notices
from impediments.actions.held import publish
from impediments.models import Impediment
from impediments.notices import Event
from impediments.rules import require_work
from portfolio.rules import Person, can


def may_manage(user: Person, impediment: Impediment) -> bool:
    """Whether somebody may take away what others wrote: who manages impediments there."""
    return can(user, "manage_impediments", impediment.team)


def _teller(impediment: Impediment, actor: Person) -> comments.Tell:
    """Tells those whom a comment names."""

    def tell(row: Comment, people: Sequence[AbstractBaseUser]) -> None:
        named = [person for person in people if isinstance(person, User)]
        notices.tell(impediment, Event.MENTIONED, named, key=f"mention:{row.pk}", actor=actor, why=row.text)

    return tell


def add_comment(*, actor: Person, impediment: Impediment, text: str, at: datetime | None = None) -> Comment:
    """Write a comment; those it names (“@Ada Keller”) are told, and so are the owner and who logged the impediment."""
    require_work(actor, impediment)
    writer = actor if isinstance(actor, User) else None
    with transaction.atomic():
        row = comments.add(
            actor=writer,
            target=impediment,
            text=text,
            people=notices.readers(impediment) if "@" in text else (),
            tell=_teller(impediment, actor),
            at=at,
        )
        named = set(row.mentions.values_list("pk", flat=True))
        others = {one for one in (impediment.owner, impediment.logged_by) if one is not None and one.pk not in named}
        if others:
            notices.tell(impediment, Event.COMMENTED, others, key=f"comment:{row.pk}", actor=actor, why=row.text)
        publish(impediment, "commented")
    return row


def edit_comment(*, actor: User, impediment: Impediment, comment: Comment, text: str) -> Comment:
    """Change one's own comment; whoever it names now and did not before is told."""
    require_work(actor, impediment)
    with transaction.atomic():
        row = comments.edit(
            actor=actor,
            comment=comment,
            text=text,
            target=impediment,
            people=notices.readers(impediment) if "@" in text else (),
            tell=_teller(impediment, actor),
        )
        publish(impediment, "commented")
    return row


def remove_comment(*, actor: User, impediment: Impediment, comment: Comment) -> Comment:
    """Take a comment away: one's own, or as somebody who manages impediments there."""
    require_work(actor, impediment)
    with transaction.atomic():
        manages = may_manage(actor, impediment)
        row = comments.remove(actor=actor, comment=comment, target=impediment, is_manager=manages)
        publish(impediment, "commented")
    return row


def restore_comment(*, actor: User, impediment: Impediment, comment: Comment) -> Comment:
    """Undo of taking it away."""
    require_work(actor, impediment)
    with transaction.atomic():
        manages = may_manage(actor, impediment)
        row = comments.restore(actor=actor, comment=comment, target=impediment, is_manager=manages)
        publish(impediment, "commented")
    return row
