"""Celery's part: costs are prepared again where syncs, links, rates, calendars or midnight left them behind."""

from celery import shared_task
from django.utils import timezone

from funding import rollups


@shared_task
def prepare_costs() -> int:
    """Prepare what is behind; running twice or being killed does no harm. The number of teams computed."""
    return rollups.prepare(timezone.now())
