"""Comments on any thing: written, changed, taken away and back; whoever is named in one is told, once.

Who may write about a thing, who may be named because they see it, and how they are told is said by the app that calls.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import audit
from core.models import AuditEntry, Comment

LONGEST = 10_000
REMOVED = "removed a comment from"


# Tells those who are named in a comment for the first time; its writer is never among them.
Tell = Callable[[Comment, Sequence[AbstractBaseUser]], object]


def _of(target: models.Model) -> Q:
    return Q(target_type=target._meta.label_lower, target_id=str(target.pk))


def comments_of(*targets: models.Model, as_of: datetime | None = None) -> QuerySet[Comment]:
    """The comments on these things that stand, oldest first, with authors and those they name; by then, if asked."""
    wanted = Q(pk=None)
    for target in targets:
        wanted |= _of(target)
    found = Comment.objects.filter(wanted, removed_at=None)
    if as_of is not None:
        found = found.filter(at__lte=as_of)
    return found.select_related("author").prefetch_related("mentions")


def spans(text: str, names: Iterable[str]) -> list[tuple[int, int]]:
    """Where `text` names one of `names` with an @ before it, in their order: whole names only, the longest wins."""
    known = sorted({name for name in names if name}, key=lambda name: (-len(name), name))
    if not known:
        return []
    pattern = r"(?<!\w)@(?:" + "|".join(map(re.escape, known)) + r")(?!\w)"
    return [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]


def named(text: str, people: Iterable[AbstractBaseUser]) -> list[AbstractBaseUser]:
    """Those of `people` whom `text` names (“@Ada Keller”), whatever the case; two of one name are both meant."""
    known = list(people)
    said = {text[first + 1 : last].casefold() for first, last in spans(text, map(str, known))}
    return [person for person in known if str(person).casefold() in said]


def _clean(text: str) -> str:
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not text:
        raise ValidationError({"text": "Say something."})
    if len(text) > LONGEST:
        raise ValidationError({"text": f"A comment has at most {LONGEST:,} characters; this one has {len(text):,}."})
    return text


def add(
    *,
    actor: AbstractBaseUser | None,
    target: models.Model,
    text: str,
    people: Iterable[AbstractBaseUser] = (),
    tell: Tell | None = None,
    at: datetime | None = None,
) -> Comment:
    """Write a comment; those of `people` whom it names are told by `tell`. `actor` None is the portal itself."""
    text = _clean(text)
    with transaction.atomic():
        row = Comment.objects.create(
            target_type=target._meta.label_lower,
            target_id=str(target.pk),
            author_id=actor.pk if actor else None,
            author_name=str(actor or ""),
            text=text,
            at=at or timezone.now(),
        )
        audit.record(actor=actor, verb="commented on", target=target, data={"comment": row.pk, "text": text})
        _name(row, named(text, people), tell)
    return row


def edit(
    *,
    actor: AbstractBaseUser,
    comment: Comment,
    text: str,
    target: models.Model,
    people: Iterable[AbstractBaseUser] = (),
    tell: Tell | None = None,
) -> Comment:
    """Change what one wrote oneself; whoever is named now and was not before is told."""
    text = _clean(text)
    with transaction.atomic():
        row = _lock(comment)
        if row.author_id != actor.pk:
            raise PermissionDenied("Only who wrote a comment can change it.")
        if row.text != text:
            before, row.text, row.edited_at = row.text, text, timezone.now()
            row.save(update_fields=["text", "edited_at"])
            data = {"comment": row.pk, "text": [before, text]}
            audit.record(actor=actor, verb="changed a comment on", target=target, data=data)
            _name(row, named(text, people), tell)
    return row


def _lock(comment: Comment) -> Comment:
    row = Comment.objects.select_for_update(of=("self",)).get(pk=comment.pk)
    if row.removed_at is not None:
        raise ValidationError("This comment was taken away meanwhile.")
    return row


def remove(*, actor: AbstractBaseUser, comment: Comment, target: models.Model, is_manager: bool = False) -> Comment:
    """Take a comment away: one's own, or (`is_manager`) anybody's. The audit trail keeps its text."""
    with transaction.atomic():
        row = _lock(comment)
        _check_remover(actor, row, is_manager=is_manager)
        row.removed_at = timezone.now()
        row.save(update_fields=["removed_at"])
        data = {"comment": row.pk, "text": row.text}
        audit.record(actor=actor, verb=REMOVED, target=target, data=data)
    return row


def restore(*, actor: AbstractBaseUser, comment: Comment, target: models.Model, is_manager: bool = False) -> Comment:
    """Undo of `remove`, by whoever did it or (`is_manager`) anybody; doing it twice does no harm."""
    with transaction.atomic():
        row = Comment.objects.select_for_update(of=("self",)).get(pk=comment.pk)
        _check_remover(actor, row, is_manager=is_manager)
        if row.removed_at is not None:
            if not is_manager and _remover(row) != actor.pk:
                raise PermissionDenied("Somebody else took this comment away.")
            row.removed_at = None
            row.save(update_fields=["removed_at"])
            audit.record(actor=actor, verb="put a comment back on", target=target, data={"comment": row.pk})
    return row


def _check_remover(actor: AbstractBaseUser, row: Comment, *, is_manager: bool) -> None:
    if row.author_id != actor.pk and not is_manager:
        raise PermissionDenied("Only who wrote a comment can take it away.")


def _remover(row: Comment) -> int | None:
    """Who took a comment away last, as the audit trail says."""
    deeds = AuditEntry.objects.filter(target_type=row.target_type, target_id=row.target_id, verb=REMOVED)
    return deeds.filter(data__comment=row.pk).order_by("-pk").values_list("actor", flat=True).first()


def _name(row: Comment, people: Sequence[AbstractBaseUser], tell: Tell | None) -> None:
    """Keep whom a comment names, and tell those it did not name before."""
    known = set(row.mentions.values_list("pk", flat=True))
    row.mentions.set(people)  # type: ignore[arg-type]
    new = [person for person in people if person.pk not in known and person.pk != row.author_id]
    if new and tell is not None:
        tell(row, new)
