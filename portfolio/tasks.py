"""Celery's part: decisions that the rules propose, once a day and when there is news of what they look at."""

from celery import shared_task
from django.utils import timezone

from portfolio import proposals


@shared_task
def propose_decisions() -> None:
    """Raise what the rules propose now; running twice, or twice at once, raises nothing twice."""
    proposals.propose(timezone.now())
