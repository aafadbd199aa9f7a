"""Celery's part: once a day, what came of the forecasts that are due."""

from celery import shared_task
from django.utils import timezone

from metrics.actions import decide_outcomes


@shared_task
def decide_forecasts() -> None:
    """Decide the outcomes of stored forecasts; running twice does no harm."""
    decide_outcomes(now=timezone.now())
