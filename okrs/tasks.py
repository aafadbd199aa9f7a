"""Celery's part: check-ins that the portal writes by itself, reminders, and chances that are kept to be scored."""

from celery import shared_task
from django.utils import timezone

from okrs import reminders
from okrs.actions.automatic import write_linked
from okrs.actions.forecasts import decide_chances, keep_chances


@shared_task
def write_linked_check_ins() -> None:
    """Key results that are linked to a key figure follow it; running twice does no harm."""
    write_linked()


@shared_task
def remind_of_check_ins() -> None:
    """Remind people of check-ins that are due; each step once, also when this is killed half-way."""
    reminders.remind()


@shared_task
def keep_first_chances() -> None:
    """Keep the first chance of each key result, decide what came of those that are due; twice does no harm."""
    now = timezone.now()
    keep_chances(now=now)
    decide_chances(now=now)
