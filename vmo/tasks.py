"""Celery's part: the demo organisation is finished once the workers have read its history."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from connectors.demo import promises
from vmo.demo import settling


@shared_task(bind=True, max_retries=240)
def settle_demo(self: Any) -> None:
    """Make what rests on the demo teams' history; looked after every 15 seconds for an hour."""
    if not promises.is_read():
        raise self.retry(countdown=15)
    settling.settle(today=timezone.localdate(), now=timezone.now())
