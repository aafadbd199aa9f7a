"""Files that belong to impediments are added and taken away."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from impediments.actions.held import publish
from impediments.attachments import MOST_FILES, checked
from impediments.models import Attachment, Impediment
from impediments.rules import require_work
from portfolio.rules import Person


def attach(*, actor: Person, impediment: Impediment, name: str, data: bytes) -> Attachment:
    """Keep a file with an impediment. Raises ValidationError for types, sizes and contents that are not taken."""
    require_work(actor, impediment)
    file = checked(name, data)
    with transaction.atomic():
        Impediment.objects.select_for_update(of=("self",)).get(pk=impediment.pk)
        if impediment.attachments.count() >= MOST_FILES:
            raise ValidationError(f"It has {MOST_FILES} files already: take one away first.")
        row = Attachment.objects.create(
            impediment=impediment,
            name=file.name,
            content_type=file.content_type,
            size=len(file.data),
            data=file.data,
            added_by=actor if isinstance(actor, User) else None,
            added_at=timezone.now(),
        )
        audit.record(actor=actor, verb="attached", target=impediment, data={"file": row.name, "bytes": row.size})
        publish(impediment, "attached")
    return row


def detach(*, actor: Person, attachment: Attachment) -> None:
    """Take a file away, for good; what it was called stays in the audit trail."""
    impediment = attachment.impediment
    require_work(actor, impediment)
    with transaction.atomic():
        data = {"file": attachment.name, "bytes": attachment.size}
        audit.record(actor=actor, verb="removed a file from", target=impediment, data=data)
        attachment.delete()
        publish(impediment, "detached")
