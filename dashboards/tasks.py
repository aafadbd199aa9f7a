"""Celery's part: the weekly digest."""

from celery import shared_task
from django.utils import timezone

from dashboards.digest import send_digests


@shared_task
def send_weekly_digests() -> None:
    """Send the digests that are due; running twice, or twice at once, sends nothing twice."""
    send_digests(timezone.now())
