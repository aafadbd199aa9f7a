"""Ways in of a team: its mail address, and whether marks of its tools log impediments."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core import audit
from impediments.mail.addresses import new_token
from impediments.models import Channel
from portfolio.models import Team
from portfolio.rules import Person, require


def _change(actor: Person, team: Team, verb: str, **fields: Any) -> Channel:
    """Set `fields` of the team's channel; the audit trail names the deed, never the secret of the address."""
    require(actor, "manage_impediments", team)
    with transaction.atomic():
        Channel.objects.get_or_create(team=team)
        row = Channel.objects.select_for_update().get(team=team)
        if all(getattr(row, name) == value for name, value in fields.items()):
            return row
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
        audit.record(actor=actor, verb=verb, target=team)
    return row


def make_address(*, actor: Person, team: Team) -> Channel:
    """Give a team a new address for mails; one that it had takes no mail any more. Raises ValidationError."""
    if team.ended_on and team.ended_on < timezone.localdate():
        raise ValidationError(f"{team} has ended: it logs no impediments.")
    return _change(actor, team, "made a mail address for impediments of", token=new_token())


def remove_address(*, actor: Person, team: Team) -> Channel:
    """Take no mails for a team any more."""
    return _change(actor, team, "removed the mail address for impediments of", token="")


def set_logs_marks(*, actor: Person, team: Team, logs_marks: bool) -> Channel:
    """Whether items that a tool marks as blocked from now on log an impediment by themselves."""
    verb = "switched logging of marked items on for" if logs_marks else "switched logging of marked items off for"
    channel = Channel.objects.filter(team=team).first()
    if (channel.logs_marks if channel else False) == logs_marks:
        require(actor, "manage_impediments", team)
        return channel or Channel(team=team)
    since = timezone.now() if logs_marks else None
    return _change(actor, team, verb, logs_marks=logs_marks, marks_since=since)
