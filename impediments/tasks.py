"""Celery's part: clocks that run out, pauses that end, marks of tools that are followed."""

from celery import shared_task
from django.utils import timezone

from impediments import escalation
from impediments.actions.spells import reckon_all


@shared_task
def escalate() -> None:
    """End pauses whose day has come, then raise what was left for too long; any number may run at once."""
    now = timezone.now()
    escalation.end_due_pauses(now)
    for impediment_id in reckon_all(now):
        # A task each: one that fails stops no other.
        escalate_one.delay(impediment_id)


@shared_task
def escalate_one(impediment_id: int) -> None:
    """Raise one impediment; running twice raises it once."""
    escalation.escalate(impediment_id=impediment_id)
