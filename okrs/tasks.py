"""Celery's part: check-ins that the portal writes by itself, and reminders of those that people owe."""

from celery import shared_task

from okrs import reminders
from okrs.actions.automatic import write_linked


@shared_task
def write_linked_check_ins() -> None:
    """Key results that are linked to a key figure follow it; running twice does no harm."""
    write_linked()


@shared_task
def remind_of_check_ins() -> None:
    """Remind people of check-ins that are due; each step once, also when this is killed half-way."""
    reminders.remind()
