"""Wall links: a board that is shown without a login, read-only, until it is revoked or its time is over."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core import audit, live
from planning.links import MOST_DAYS, event_topic, new_token
from planning.models import Increment, JoinLink
from planning.rules import require_manage
from portfolio.actions import writing
from portfolio.rules import Person

MOST_LINKS = 50


def make_link(*, actor: Person, increment: Increment, name: str, expires_at: datetime) -> JoinLink:
    """A link for a screen on the wall, until `expires_at` (at most 100 days from now). Raises ValidationError."""
    require_manage(actor, increment.train)
    now = timezone.now()
    if not increment.is_open:
        raise ValidationError(f"{increment} is closed: there is nothing to follow.")
    if not now < expires_at <= now + timedelta(days=MOST_DAYS):
        raise ValidationError({"expires_at": f"Let it end within {MOST_DAYS} days from now."})
    with transaction.atomic():
        Increment.objects.select_for_update(no_key=True, of=("self",)).get(pk=increment.pk)
        if increment.links.filter(revoked_at=None, expires_at__gt=now).count() >= MOST_LINKS:
            raise ValidationError(f"There are {MOST_LINKS} links already: revoke those that nobody needs.")
        row = JoinLink(increment=increment, name=name, expires_at=expires_at, token=new_token())
        row.made_by_id = getattr(actor, "pk", None)
        row.full_clean(exclude=["increment", "made_by"], validate_constraints=False)
        writing.save(row)
        # Its token stays out of the audit trail.
        audit.record(actor=actor, verb="made the link", target=row, data={"expires_at": expires_at.isoformat()})
        live.publish(event_topic(increment), "event", {"part": "links"})
    return row


def revoke_link(*, actor: Person, link: JoinLink) -> JoinLink:
    """It opens nothing from now on, also where it is open; also of a closed increment. Twice does nothing."""
    require_manage(actor, link.increment.train)
    with transaction.atomic():
        held = JoinLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
        if held.revoked_at is not None:
            return held
        held.revoked_at = timezone.now()
        held.save(update_fields=["revoked_at"])
        audit.record(actor=actor, verb="revoked the link", target=held)
        # Open walls are asked for their key again, and end.
        live.publish(event_topic(link.increment), live.KEYS_CHANGED, {})
    return held
